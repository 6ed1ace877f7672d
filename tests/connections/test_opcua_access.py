"""OPC UA: who is let in, whom we trust, and nodes that go and come again; against a server of node-opcua."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devices.connection import DataValue, MachineConnection, Wanted
from devices.connections import connections
from tests.connections.contract import LIMIT_S
from tests.connections.test_opcua import NodeOpcUa, node
from twin.errors import ProblemsError
from twin.records import BAD, GOOD, UNCERTAIN

pytestmark = pytest.mark.xdist_group("opcua_access")
SPEED = "/Objects/m:Machine/m:Double"
SPACES = {"m": "http://maker.example/UA"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeOpcUa]:
    made = NodeOpcUa(tmp_path_factory.mktemp("access"))
    made.start()
    yield made
    made.stop()


def connection(server: NodeOpcUa, folder: Path, *wanted: Wanted, **options: Any) -> MachineConnection:
    kind = connections["opcua"]
    given = server.options() | {"namespaces": SPACES, "period": "100 ms"} | options
    made: MachineConnection = kind(kind.Options.model_validate(given), wanted, folder)
    return made


async def first_of(made: MachineConnection) -> DataValue:
    async with asyncio.timeout(LIMIT_S):
        while not (found := await made.readings()):
            pass
    return found[0]


async def next_with(made: MachineConnection, quality: object) -> DataValue:
    async with asyncio.timeout(LIMIT_S):
        while True:
            for one in await made.readings():
                if one.quality == quality:
                    return one


async def refusal(made: MachineConnection) -> str:
    """Why it cannot be opened."""
    try:
        with pytest.raises(ProblemsError) as caught:
            await made.open()
    finally:
        await made.close()
    return str(caught.value)


@pytest.mark.parametrize("security", ["encrypt", "sign"])
async def test_an_encrypted_session_with_a_password_trusts_at_the_first_contact(
    server: NodeOpcUa, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, security: str
) -> None:
    monkeypatch.setenv("CELL_PASSWORD", "öffne dich")
    who = {"user": "line3", "password": {"env": "CELL_PASSWORD"}}
    made = connection(server, tmp_path, Wanted(SPEED, 0.1), security=security, **who)
    try:
        await made.open()
        assert (await first_of(made)).quality == GOOD
    finally:
        await made.close()
    keys = tmp_path / "keys" / "opcua"
    assert [file.name for file in (keys / "trusted").iterdir()] == [f"127.0.0.1_{server.port}_machine.der"]
    assert (keys / "own.key.pem").stat().st_mode & 0o077 == 0
    assert (keys / "own.der").exists()


async def test_a_certificate_that_is_not_trusted_is_kept_and_the_remedy_works(
    server: NodeOpcUa, tmp_path: Path
) -> None:
    asked: dict[str, Any] = {"security": "encrypt", "trust": "known"}
    said = await refusal(connection(server, tmp_path, **asked))
    (refused,) = (tmp_path / "keys" / "opcua" / "refused").iterdir()
    trusted = refused.parents[1] / "trusted"
    assert said.startswith(f"opc.tcp://127.0.0.1:{server.port}/machine certificate: expected a certificate that is")
    assert f"move {refused} to {trusted}" in said
    trusted.mkdir()
    refused.rename(trusted / refused.name)
    made = connection(server, tmp_path, **asked)
    try:
        await made.open()
    finally:
        await made.close()


async def test_another_certificate_than_at_the_first_contact_is_refused(server: NodeOpcUa, tmp_path: Path) -> None:
    made = connection(server, tmp_path, security="encrypt")
    try:
        await made.open()
    finally:
        await made.close()
    keys = tmp_path / "keys" / "opcua"
    (pinned,) = (keys / "trusted").iterdir()
    pinned.write_bytes((keys / "own.der").read_bytes())  # some other one
    assert "expected the certificate that was trusted before" in await refusal(
        connection(server, tmp_path, security="encrypt")
    )


async def test_a_wrong_password_is_told_without_the_password(
    server: NodeOpcUa, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CELL_PASSWORD", "sesame-1234")
    said = await refusal(connection(server, tmp_path, user="line3", password={"env": "CELL_PASSWORD"}))
    assert "options.user: expected a server that lets the user 'line3' in" in said
    assert "sesame" not in said


async def test_a_server_that_refuses_our_certificate_is_explained(tmp_path: Path) -> None:
    server = NodeOpcUa(tmp_path, accept=False, secureOnly=True, policies=["Basic256Sha256"], anonymous=True)
    server.start()
    try:
        said = await refusal(connection(server, tmp_path, security="encrypt"))
        assert f"put {tmp_path / 'keys' / 'opcua' / 'own.der'} among the certificates that the server trusts" in said
        said = await refusal(connection(server, tmp_path, security="encrypt", policy="Aes256_Sha256_RsaPss"))
        assert "expected an endpoint with security encrypt and Aes256_Sha256_RsaPss, got only Basic256Sha256" in said
    finally:
        server.stop()


async def test_a_node_that_goes_with_a_download_and_comes_again(server: NodeOpcUa, tmp_path: Path) -> None:
    made = connection(server, tmp_path, Wanted(SPEED, 0.1), Wanted(node("Whole"), 0.1), check="0.5 s")
    try:
        await made.open()
        assert (await next_with(made, GOOD)).value is not None
        server.ask("remove", name="Double")
        gone = await next_with(made, BAD)
        assert (gone.item, gone.value) == (SPEED, None)
        assert gone.reason.startswith("Bad")
        server.ask("add", name="Double", type="Double", value=99.5)
        back = await next_with(made, GOOD)
        assert (back.item, back.value) == (SPEED, 99.5)
        server.show(node("Double"), 100.5)
        assert (await next_with(made, GOOD)).value == 100.5
    finally:
        await made.close()


async def test_quality_and_time_are_those_of_the_machine(server: NodeOpcUa, tmp_path: Path) -> None:
    made = connection(server, tmp_path, Wanted(node("Text"), 0.1))
    try:
        await made.open()
        await next_with(made, GOOD)
        server.ask("set", name="Text", type="String", value="?", status="UncertainSensorNotAccurate",
                   at="2026-01-02T03:04:05.678Z")  # fmt: skip
        unsure = await next_with(made, UNCERTAIN)
        assert unsure == DataValue(
            node("Text"), "?", 1_767_323_045_678_000_000, UNCERTAIN, "UncertainSensorNotAccurate"
        )
        server.ask("set", name="Text", type="String", value="!", status="BadDeviceFailure")
        bad = await next_with(made, BAD)
        assert (bad.value, bad.reason) == (None, "BadDeviceFailure")
    finally:
        await made.close()


async def test_small_changes_within_the_deadband_are_not_told(server: NodeOpcUa, tmp_path: Path) -> None:
    server.show(node("Single"), 10.0)
    made = connection(server, tmp_path, Wanted(node("Single"), 0.1, 2.0), Wanted(node("Whole"), 0.1), check="0.5 s")
    try:
        await made.open()
        seen: list[DataValue] = []
        for single, whole in ((10.5, 501), (11.5, 502), (12.5, 503)):
            server.show(node("Single"), single)
            server.show(node("Whole"), whole)
            async with asyncio.timeout(LIMIT_S):
                while not seen or seen[-1].value != whole:
                    seen += sorted(await made.readings(), key=lambda one: one.item == node("Whole"))
        async with asyncio.timeout(LIMIT_S):
            while not any(one.value == 12.5 for one in seen):
                seen += await made.readings()
        assert [one.value for one in seen if one.item == node("Single")] == [10.0, 12.5]
    finally:
        await made.close()


async def test_more_items_than_the_server_takes_at_once(server: NodeOpcUa, tmp_path: Path) -> None:
    """It takes 50; all others do not exist, and each is told."""
    items = [Wanted(f"ns=2;s=Nowhere{number}", 0.1) for number in range(180)]
    made = connection(server, tmp_path, *items, Wanted(SPEED, 0.1))
    told: dict[str, DataValue] = {}
    try:
        await made.open()
        async with asyncio.timeout(LIMIT_S):
            while len(told) < 181:
                told |= {one.item: one for one in await made.readings()}
    finally:
        await made.close()
    assert {one.reason for item, one in told.items() if item != SPEED} == {"BadNodeIdUnknown"}
    assert told[SPEED].quality == GOOD


async def test_what_a_server_offers_is_shown_with_type_place_and_right(server: NodeOpcUa, tmp_path: Path) -> None:
    made = connection(server, tmp_path)
    try:
        await made.open()
        async with asyncio.timeout(LIMIT_S):
            found = {one.name: one async for one in made.browse()}
    finally:
        await made.close()
    assert found["Small"].folders == ("Machine",)
    assert (found["Small"].type, found["Small"].writable) == ("int16", True)
    assert (found["Fixed"].type, found["Fixed"].writable, found["Fixed"].value) == ("float64", False, 7.5)
    assert found["Text"].item == "nsu=http://maker.example/UA;s=Text"
    assert {"Flag", "Whole", "Long", "Huge", "Single", "Double"} <= set(found)
