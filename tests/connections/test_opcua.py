"""OPC UA, against a server of node-opcua."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from devices.connection import Scalar
from tests.connections.contract import Carried, Contract, Machine
from tests.connections.peer import Peer
from tests.counterparts import needed, npm_peer

pytestmark = pytest.mark.xdist_group("opcua_connection")
PROGRAM = Path(__file__).parent / "machines" / "opcua.mjs"
TYPES = {
    "Flag": "Boolean",
    "Small": "Int16",
    "Whole": "Int32",
    "Long": "Int64",
    "Huge": "UInt64",
    "Single": "Float",
    "Double": "Double",
    "Text": "String",
    "Fixed": "Double",
}
FIRST: dict[str, Scalar] = {
    "Flag": False,
    "Small": 1,
    "Whole": 2,
    "Long": 3,
    "Huge": 4,
    "Single": 0.5,
    "Double": 20.5,
    "Text": "ready",
    "Fixed": 7.5,
}


def sent(value: Scalar, name: str) -> Any:
    """A value as the server is told: what JSON does not have, as text."""
    if isinstance(value, float) and (value != value or value in (float("inf"), -float("inf")) or str(value) == "-0.0"):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity", "-0.0": "-0"}[str(value)]
    return str(value) if name in ("Long", "Huge") else value


class NodeOpcUa(Peer, Machine):
    """The server of node-opcua."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        super().__init__()
        self._folder, self._settings = folder, settings
        self._modules = npm_peer("node-opcua-server")

    def command(self) -> Sequence[str]:
        variables = [
            {"name": name, "type": TYPES[name], "value": sent(value, name), "writable": name != "Fixed"}
            for name, value in FIRST.items()
        ]
        task = {"port": self.port, "folder": str(self._folder), "variables": variables} | self._settings
        return [needed("node"), str(PROGRAM), json.dumps(task), str(self._modules)]

    def options(self) -> dict[str, Any]:
        return {"endpoint": f"opc.tcp://127.0.0.1:{self.port}/machine", "security": "none", "check": "0.5 s"}

    def show(self, item: str, value: Scalar) -> None:
        name = item.rpartition("s=")[2]
        self.ask("set", name=name, type=TYPES[name], value=sent(value, name))

    def shown(self, item: str) -> Scalar:
        name = item.rpartition("s=")[2]
        value: Scalar = self.ask("read", name=name)
        if name in ("Single", "Double") and value is not None:
            return float(value)
        return int(value) if name in ("Long", "Huge") and value is not None else value


def node(name: str) -> str:
    return f"ns=2;s={name}" if name in ("Flag", "Small") else f"nsu=http://maker.example/UA;s={name}"


class TestOpcUa(Contract):
    kind = "opcua"
    foreign = "node-opcua-server"
    items = (
        Carried(node("Flag"), [False, True]),
        Carried(node("Small"), [1, -(2**15), 2**15 - 1]),
        Carried(node("Whole"), [2, -(2**31), 2**31 - 1]),
        Carried(node("Long"), [3, -(2**63), 2**63 - 1]),
        Carried(node("Huge"), [4, 2**64 - 1, 0]),
        Carried(node("Single"), [0.5, float("nan"), -0.0, 2.0**127]),
        Carried(node("Double"), [20.5, float("nan"), float("inf"), -float("inf"), -0.0, sys.float_info.max, 5e-324]),
        Carried(node("Text"), ["ready", "", "Zerspanung läuft 加工中 🏭", "x" * 20_000]),
    )  # fmt: skip
    missing = "ns=2;s=Nowhere"
    writable = tuple(one.item for one in items)
    guarded = node("Fixed")
    unfit = (node("Small"), "much")
    wrong = ("", "Speed", "ns=2", "ns=2;x=3", "/Objects//2:A", "ns=99999;i=1", "i=-1", "g=1", "/a:b:c")
    source_time = True

    def make(self, folder: Path) -> Machine:
        return NodeOpcUa(folder)
