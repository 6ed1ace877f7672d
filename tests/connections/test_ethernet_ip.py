"""EtherNet/IP, against cpppo; structures and the tree of tags, which that has not, against written answers."""

from __future__ import annotations

import builtins
import importlib.util
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from devices.connection import Scalar, Wanted
from devices.connections import connections
from devices.connections.ethernet_ip import tree
from devices.connections.ethernet_ip.values import NOT_ONE, as_value
from tests.connections.contract import Carried, Contract, Machine
from tests.connections.peer import Peer
from tests.counterparts import missing
from twin.errors import ProblemsError

pytestmark = pytest.mark.xdist_group("ethernet_ip")
PROGRAM = Path(__file__).parent / "machines" / "ethernet_ip.py"
TAGS = {
    "Running": "BOOL",
    "Small": "SINT",
    "Count": "INT",
    "Status": "DINT",
    "Total": "LINT",
    "Byte": "USINT",
    "Word": "UINT",
    "Wide": "UDINT",
    "Widest": "ULINT",
    "Speed": "REAL",
    "Length": "LREAL",
    "Order": "SSTRING",
    "Press.Force": "REAL",
    "Zones": "DINT[4]",
}
"""Tags of the controller and their types, written down apart from what is tested."""


def place_of(item: str) -> tuple[str, int]:
    """Tag and element of an item."""
    tag, _, index = item.partition("[")
    return tag.removesuffix(".5"), int(index.rstrip("]") or 0)


class Cpppo(Peer, Machine):
    """The server of cpppo."""

    def __init__(self, first: dict[str, Scalar]) -> None:
        super().__init__()
        for package in ("pylogix", "cpppo"):
            if importlib.util.find_spec(package) is None:
                missing(f"the package {package} is not installed (make install-test)")
        self._first = first

    def command(self) -> Sequence[str]:
        tags = []
        for tag, kind in TAGS.items():
            items = [item for item in self._first if place_of(item)[0] == tag and not item.endswith(".5")]
            values = [self._first[item] for item in sorted(items, key=place_of)]
            tags.append([tag, kind, values])
        return [sys.executable, str(PROGRAM), json.dumps({"port": self.port, "tags": tags})]

    def options(self) -> dict[str, Any]:
        return {"host": "127.0.0.1", "port": self.port, "period": "50 ms", "timeout": "60 s"}

    def show(self, item: str, value: Scalar) -> None:
        tag, at = place_of(item)
        plain = value if not isinstance(value, float) or math.isfinite(value) else repr(value)
        self.ask("set", tag=tag, at=at, value=32 * int(bool(value)) if item.endswith(".5") else plain)

    def shown(self, item: str) -> Scalar:
        tag, at = place_of(item)
        value: Scalar = self.ask("get", tag=tag, at=at)
        kind = TAGS[tag]
        return float(str(value)) if kind.endswith("REAL") else bool(value) if kind == "BOOL" else value


ITEMS = (
    Carried("Running", [True, False]),
    Carried("Small", [-1, -128, 127]),
    Carried("Count", [-1, -(2**15), 2**15 - 1]),
    Carried("Status", [-5, -(2**31), 2**31 - 1]),
    Carried("Total", [-9, -(2**63), 2**63 - 1]),
    Carried("Byte", [1, 255, 0]),
    Carried("Word", [7, 2**16 - 1]),
    Carried("Wide", [70_000, 2**32 - 1]),
    Carried("Widest", [9, 2**64 - 1]),
    Carried("Speed", [20.5, float("nan"), float("inf"), -0.0]),
    Carried("Length", [0.1, float("nan"), -float("inf"), -0.0, 5e-324, sys.float_info.max]),
    Carried("Order", ["ready", "", "x" * 200]),
    Carried("Press.Force", [1.5, -2.25]),
    Carried("Zones[0]", [1, 5]),
    Carried("Zones[1]", [2, 6]),
    Carried("Zones[2]", [3, -7]),
    Carried("Zones[3]", [4, 8]),
)


class TestEthernetIp(Contract):
    kind = "ethernet_ip"
    foreign = "cpppo"
    items = ITEMS
    missing = "Nothing.Here"
    writable = tuple(one.item for one in ITEMS)
    unfit = ("Count", 40_000)
    impatient = "4 s"
    wrong = ("", "7up", "A-B", "Tag[", "Tag[1,2,3,4]", "Tag.64", "Tag.", ".Tag", "Program:.Tag", "Tag[-1]", "Ta g",
             "Tag.5:string", "Täg", "Tag[٣]", "a" * 500, "Program:Main")  # fmt: skip

    def make(self, folder: Path) -> Machine:
        return Cpppo(self.at_start())

    async def test_a_bit_of_an_integer_is_a_boolean(self, machine: Machine, tmp_path: Path) -> None:
        self.reset(machine)
        async with self.connected(machine, ["Wide.5", "Wide"], tmp_path) as connection:
            machine.show("Wide", 32)
            await self.until(connection, {"Wide.5": True, "Wide": 32})
            machine.show("Wide", 31)
            await self.until(connection, {"Wide.5": False, "Wide": 31})

    async def test_an_element_behind_the_end_of_an_array_is_bad(self, machine: Machine, tmp_path: Path) -> None:
        self.reset(machine)
        async with self.connected(machine, ["Zones[3]", "Zones[4]", "Count"], tmp_path) as connection:
            first = await self.every(connection, ["Zones[3]", "Zones[4]", "Count"])
        assert (first["Zones[3]"].value, first["Zones[4]"].value, first["Count"].value) == (4, None, -1)
        assert first["Zones[4]"].reason


def test_a_package_that_is_not_there_is_told_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.endswith("ethernet_ip.link"):
            raise ModuleNotFoundError("No module named 'pylogix'", name="pylogix")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    kind = connections["ethernet_ip"]
    with pytest.raises(ProblemsError, match=r"pylogix.*futurefactory\[machines\]"):
        kind.link(kind.Options(host="a"), [Wanted("Count")], tmp_path)  # type: ignore[attr-defined]


def test_structures_are_told_and_string_types_are_texts() -> None:
    order = (5).to_bytes(4, "little") + b"A-117" + bytes(11)
    assert as_value(order, True) == ("A-117", "")
    assert as_value(order, False) == (None, NOT_ONE)
    assert as_value("läuft".encode().decode("latin-1"), False) == ("läuft", "")
    assert as_value("l\xe4uft", False) == ("läuft", "")
    assert as_value(b"\xff\xff\xff\xff", True)[0] is None
    assert as_value(7, True)[0] is None
    assert as_value([1, 2], False)[0] is None


def named(name: str, kind: int, *, array: int = 0, size: int = 0, struct: int = 0) -> SimpleNamespace:
    return SimpleNamespace(TagName=name, SymbolType=kind & 0xFF, DataTypeValue=kind, Array=array, Struct=struct,
                           Size=size, Internal=False)  # fmt: skip


def test_tags_are_taken_apart_to_what_is_one_value() -> None:
    """As pylogix tells the tags of a controller: no server that can be installed has structures."""
    text = SimpleNamespace(Name="STRING", Fields=[named("LEN", 0xC4), named("DATA", 0xC2, array=1, size=82)])
    own = SimpleNamespace(Name="STRING20", Fields=text.Fields)
    motor = SimpleNamespace(
        Name="MOTOR",
        Fields=[named("ZZZZZZZZZZMotor0", 0xC2), named("Run", 0xC1), named("Speed", 0xCA), named("Name", 9, struct=1)],
    )
    loop = SimpleNamespace(Name="LOOP", Fields=[named("Again", 8, struct=1)])
    tags = [
        named("Program:Press.Motor", 7, struct=1),
        named("Lanes", 7, array=1, size=2, struct=1),
        named("Order", 10, struct=1),
        named("Flags", 0xD3, array=1, size=1),
        named("Grid", 0xC4, array=2, size=3),
        named("Loop", 8, struct=1),
        named("Odd", 0x12),
    ]
    found = {one.item: one for one in tree.items(tags, {7: motor, 8: loop, 9: text, 10: own})}  # type: ignore[arg-type]
    assert {item: one.type for item, one in found.items() if not item.startswith("Flags")} == {
        "Program:Press.Motor.Run": "bool",
        "Program:Press.Motor.Speed": "float32",
        "Program:Press.Motor.Name": "text",
        "Lanes[0].Run": "bool",
        "Lanes[0].Speed": "float32",
        "Lanes[0].Name": "text",
        "Lanes[1].Run": "bool",
        "Lanes[1].Speed": "float32",
        "Lanes[1].Name": "text",
        "Order:string": "text",
        "Grid[0,0]": "int32",
    }
    assert [f"Flags[{at}]" for at in range(32)] == [item for item in found if item.startswith("Flags")]
    assert found["Program:Press.Motor.Speed"].folders == ("Press", "Motor")
    wrong = connections["ethernet_ip"].wrong
    assert [item for item in found if wrong(item)] == []
