"""Lists of tags as engineering tools export them: names, addresses, types and units; drafts from them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from devices.connections import connections
from devices.profiles import profiles
from devices.tagfiles import LARGEST, read_tags, tagfiles
from devices.xml_tree import XmlRefusedError, parsed
from scenarios.actions import browse
from twin.errors import ScenarioError

L5X = """<?xml version="1.0" encoding="UTF-8"?>
<RSLogix5000Content SchemaRevision="1.0" TargetName="Press" TargetType="Controller">
<Controller Name="Press">
<DataTypes>
<DataType Name="MOTOR" Family="NoFamily"><Members>
<Member Name="ZZZZZZZZZZMOTOR0" DataType="SINT" Dimension="0" Hidden="true"/>
<Member Name="Run" DataType="BIT" Dimension="0" Hidden="false" Target="ZZZZZZZZZZMOTOR0" BitNumber="0"/>
<Member Name="Speed" DataType="REAL" Dimension="0" Hidden="false"/>
<Member Name="Hours" DataType="DINT" Dimension="2" Hidden="false"/>
</Members></DataType>
<DataType Name="STRING20" Family="StringFamily"><Members>
<Member Name="LEN" DataType="DINT" Dimension="0" Hidden="false"/>
<Member Name="DATA" DataType="SINT" Dimension="20" Hidden="false"/>
</Members></DataType>
</DataTypes>
<Tags>
<Tag Name="Spindle" TagType="Base" DataType="MOTOR" ExternalAccess="Read Only">
<Description><![CDATA[Main drive]]></Description></Tag>
<Tag Name="StateCurrent" TagType="Base" DataType="DINT" ExternalAccess="Read/Write"/>
<Tag Name="GoodCount" TagType="Base" DataType="DINT" ExternalAccess="Read/Write"/>
<Tag Name="Order" TagType="Base" DataType="STRING20" ExternalAccess="Read/Write"/>
<Tag Name="Recipe" TagType="Base" DataType="STRING" ExternalAccess="Read/Write"/>
<Tag Name="Grid" TagType="Base" DataType="INT" Dimensions="2 3" ExternalAccess="Read/Write"/>
<Tag Name="Hidden" TagType="Base" DataType="DINT" ExternalAccess="None"/>
<Tag Name="Odd" TagType="Base" DataType="NO_SUCH" ExternalAccess="Read/Write"/>
</Tags>
<Programs><Program Name="Main"><Tags>
<Tag Name="Cycle" TagType="Base" DataType="TIMER" ExternalAccess="Read/Write"/>
</Tags></Program></Programs>
</Controller></RSLogix5000Content>"""
NODESET = """<?xml version="1.0" encoding="utf-8"?>
<UANodeSet xmlns="http://opcfoundation.org/UA/2011/03/UANodeSet.xsd">
<NamespaceUris><Uri>http://maker.example/UA</Uri></NamespaceUris>
<Aliases><Alias Alias="Double">i=11</Alias></Aliases>
<UAObject NodeId="ns=1;i=1" BrowseName="1:Mill"><References>
<Reference ReferenceType="Organizes" IsForward="false">i=85</Reference></References></UAObject>
<UAVariable NodeId="ns=1;s=Speed" BrowseName="1:SpindleSpeed" ParentNodeId="ns=1;i=1" DataType="Double" AccessLevel="3">
<Description>Of the spindle</Description></UAVariable>
<UAVariable NodeId="ns=1;i=3" BrowseName="EngineeringUnits" DataType="i=887"><References>
<Reference ReferenceType="HasProperty" IsForward="false">ns=1;s=Speed</Reference></References>
<Value><ExtensionObject xmlns="http://opcfoundation.org/UA/2008/02/Types.xsd"><Body>
<EUInformation><DisplayName><Text>rpm</Text></DisplayName></EUInformation></Body></ExtensionObject></Value></UAVariable>
<UAVariable NodeId="ns=1;i=4" BrowseName="1:Loads" ParentNodeId="ns=1;i=1" DataType="i=10" ValueRank="1"/>
<UAObjectType NodeId="ns=1;i=9" BrowseName="1:MillType"/>
<UAVariable NodeId="ns=1;i=10" BrowseName="1:Speed" ParentNodeId="ns=1;i=9" DataType="Double"/>
<UAVariable NodeId="i=2258" BrowseName="CurrentTime" DataType="i=294"/>
</UANodeSet>"""
KEPWARE = """Tag Name,Address,Data Type,Respect Data Type,Client Access,Scan Rate,Eng Units,Description
"Press.SpindleSpeed","DB10,REAL4",Float,1,RO,100,rpm,"Speed, actual"
"Press.Running","DB10,X0.1",Boolean,1,R/W,100,,
"Press.Good","DB10.DBD8",DWord,1,RO,100,,
"Press.Nonsense","DB0,Q",DWord,1,RO,100,,
"""
MODBUS = (
    "Tag Name;Address;Data Type;Client Access\nSpeed;400101;Float;R/W\nCount;400103;DWord;RO\nOn;000001;Boolean;R/W\n"
)


def saved(folder: Path, name: str, text: str | bytes) -> Path:
    file = folder / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def test_a_project_of_studio_5000_is_taken_apart_to_what_is_one_value(tmp_path: Path) -> None:
    kind, items = read_tags(saved(tmp_path, "press.L5X", L5X))
    assert kind == "ethernet_ip"
    assert {one.item: one.type for one in items} == {
        "Spindle.Run": "bool",
        "Spindle.Speed": "float32",
        "Spindle.Hours[0]": "int32",
        "Spindle.Hours[1]": "int32",
        "StateCurrent": "int32",
        "GoodCount": "int32",
        "Order:string": "text",
        "Recipe": "text",
        "Grid[0,0]": "int16",
        "Program:Main.Cycle.PRE": "int32",
        "Program:Main.Cycle.ACC": "int32",
        "Program:Main.Cycle.EN": "bool",
        "Program:Main.Cycle.TT": "bool",
        "Program:Main.Cycle.DN": "bool",
    }
    (speed,) = [one for one in items if one.item == "Spindle.Speed"]
    assert (speed.folders, speed.about, speed.writable) == (("Spindle",), "Main drive", False)


def test_a_node_set_gives_the_variables_of_its_instances_by_the_uri(tmp_path: Path) -> None:
    kind, items = read_tags(saved(tmp_path, "mill.NodeSet2.xml", NODESET))
    assert kind == "opcua"
    assert [(one.item, one.name, one.folders, one.type, one.unit, one.writable) for one in items] == [
        ("nsu=http://maker.example/UA;s=Speed", "SpindleSpeed", ("Mill",), "float64", "rpm", True),
        ("nsu=http://maker.example/UA;i=4", "Loads", ("Mill",), "float32[]", "", False),
    ]
    assert items[0].about == "Of the spindle"


def test_a_table_of_kepware_says_by_its_addresses_what_it_is_for(tmp_path: Path) -> None:
    kind, items = read_tags(saved(tmp_path, "press.csv", KEPWARE))
    assert kind == "s7"
    assert [(one.item, one.name, one.type, one.unit, one.writable) for one in items] == [
        ("DB10.DBD4:real", "SpindleSpeed", "float32", "rpm", False),
        ("DB10.DBX0.1", "Running", "bool", "", True),
        ("DB10.DBD8", "Good", "uint32", "", False),
    ]
    assert (items[0].folders, items[0].about) == (("Press",), "Speed, actual")
    kind, items = read_tags(saved(tmp_path, "meter.csv", MODBUS))
    assert (kind, [one.item for one in items]) == ("modbus", ["400101:float32", "400103:uint32", "000001"])
    kind, items = read_tags(
        saved(tmp_path, "logix.csv", "Name,Address,Data Type\nA,Motor.Speed,Float\n"), "ethernet_ip"
    )
    assert (kind, [one.item for one in items]) == ("ethernet_ip", ["Motor.Speed"])


def test_every_address_is_one_that_its_connection_knows(tmp_path: Path) -> None:
    for name, text in (("a.l5x", L5X), ("b.xml", NODESET), ("c.csv", KEPWARE), ("d.csv", MODBUS)):
        kind, items = read_tags(saved(tmp_path, name, text))
        assert items
        assert [one.item for one in items if connections[kind].wrong(one.item)] == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_with_definitions_of_its_own_is_refused_in_any_encoding(encoding: str) -> None:
    evil = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE a [<!ENTITY b "x">]><a>&b;</a>'
    with pytest.raises(XmlRefusedError, match="definitions of its own"):
        parsed(evil.encode(encoding))
    for unknown in ("nonsense-7", "utf-1000", "big5", "shift_jis"):
        with pytest.raises(XmlRefusedError, match="expected XML"):
            parsed(f'<?xml version="1.0" encoding="{unknown}"?><a/>'.encode())
    with pytest.raises(XmlRefusedError, match="inside one another"):
        parsed(b"<a>" * 1000)
    with pytest.raises(XmlRefusedError, match="expected XML"):
        parsed(b"<a></b>")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.l5x", b"<a/>", "expected RSLogix5000Content, got a"),
        ("a.l5x", b"no XML", "expected XML"),
        ("a.xml", L5X.encode(), "expected UANodeSet"),
        ("a.csv", b"", "Tag Name and Address"),
        ("a.csv", b"Name,Address\nx,?\n", "addresses of one protocol"),
        ("a.pdf", b"", "ends with one of"),
    ],
)
def test_what_is_no_list_of_tags_is_told(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    with pytest.raises(ScenarioError, match=told):
        read_tags(saved(tmp_path, name, content))


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    with file.open("wb") as out:
        out.truncate(LARGEST + 1)
    with pytest.raises(ScenarioError, match="expected at most 67108864 bytes, got 67108865"):
        read_tags(file)


def test_no_ending_belongs_to_two_formats() -> None:
    endings = [ending for kind in tagfiles.kinds() for ending in tagfiles[kind].endings]
    assert len(endings) == len(set(endings))


def browsed(capsys: pytest.CaptureFixture[str], *machine: str, draft: str | None = None) -> str:
    browse.act(machine, (None, None), (), draft, 100, as_json=False)
    return capsys.readouterr().out


def test_the_draft_of_a_file_is_the_device_of_a_scenario(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = saved(tmp_path, "press.l5x", L5X)
    device = yaml.safe_load(browsed(capsys, str(file), draft="cnc"))["device"]
    options = device["options"]
    assert device["driver"] == "ethernet_ip"
    assert options["tags"] == {"spindle_speed_rpm": "Spindle.Speed"}
    assert options["state"] == {"item": "StateCurrent", "model": "packml"}
    assert options["parts"] == {"good": "GoodCount"}
    assert connections["ethernet_ip"].Options.model_validate(options).reached_at() == ("machine.example", 44_818)
    assert "spindle_speed_rpm" in {tag.name for tag in profiles["cnc"].tags}
    table = browsed(capsys, "s7", str(saved(tmp_path, "press.csv", KEPWARE)))
    assert "DB10.DBD4:real" in table
    with pytest.raises(ScenarioError, match="a kind of connection"):
        browsed(capsys, "profibus", str(file))
