"""A small plant in records, a hand-driven clock and clients for the OPC UA tests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from asyncua import Client, Node, ua
from asyncua.crypto.cert_gen import dump_private_key_as_pem, generate_private_key, generate_self_signed_app_certificate
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from brokers.opcua import OpcUaPublisher, OpcUaServerConfig
from twin.equipment import EquipmentPath
from twin.master import EquipmentMaster, Master, PlaceMaster, meta_frame
from twin.records import Frame, RecordKind, records
from twin.tags import TagSpec

NOW_NS = 1_790_000_000_000_000_000
SECOND_NS = 1_000_000_000
PLANT = EquipmentPath("acme/harbour")
LINE = EquipmentPath("acme/harbour/body/welding")
CELL = LINE.child("cell1")
BUFFER = LINE.child("store1")
TAGS = (
    TagSpec("power_kw", "kW", 0.0, 40.0, "Power", "功率", deadband=1.0),
    TagSpec("temperature_c", "Cel", 10.0, 90.0, "Temperature", "温度"),
    TagSpec("energy_kwh", "kW.h", 0.0, 0.0, "Energy", "电能", counter=True),
    TagSpec("state_code", "1", 0.0, 14.0, "State code", "状态代码"),
)
CLIENT_URI = "urn:test:opcua:client"


class HandClock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.ns = NOW_NS
        self.moved = asyncio.Event()

    def now_ns(self) -> int:
        return self.ns

    async def sleep(self, seconds: float) -> None:
        await self.moved.wait()
        self.moved.clear()

    def forward(self, seconds: float) -> None:
        self.ns += round(seconds * SECOND_NS)


def master_data() -> Frame:
    masters: list[tuple[EquipmentPath, Master]] = [
        (EquipmentPath("acme"), PlaceMaster(en="Acme", zh="艾克米")),
        (PLANT, PlaceMaster(en="Harbour plant", zh="港口工厂")),
        (LINE, PlaceMaster(en="Welding line", zh="焊接线")),
        (CELL, EquipmentMaster(kind="machine", profile="robot_cell", tags=TAGS, en="Cell 1", zh="一号单元")),
        (BUFFER, EquipmentMaster(kind="buffer", en="Store", zh="缓存", capacity=20)),
    ]
    return meta_frame(NOW_NS, masters)


def figures(said: Sequence[tuple[str, float]], begin_ns: int, end_ns: int) -> Frame:
    """KPIs of the running window of the whole plant."""
    rows = [(kpi, "site", "live", begin_ns, value, value, 1.0, 1.0, "good", "1") for kpi, value in said]
    return records(RecordKind.KPI, [(PLANT, end_ns, row) for row in rows])


def telemetry(values: list[float], time_ns: int = NOW_NS, path: EquipmentPath = CELL, quality: Any = None) -> Frame:
    tags = tuple(tag.name for tag in TAGS[: len(values)])
    quality = None if quality is None else np.array([quality], dtype=np.uint8)
    return Frame(RecordKind.TELEMETRY, (path,), np.array([time_ns]), tags, np.array([values], dtype=float), quality)


def state(name: str, order: str | None = None, cause: str | None = None, time_ns: int = NOW_NS) -> Frame:
    return records(RecordKind.STATE, [(CELL, time_ns, (name, order, cause))])


def passwords(config: OpcUaServerConfig) -> dict[str, str]:
    return dict(json.loads(config.credentials.read_text()))


def client_identity(folder: Path) -> tuple[Path, Path]:
    """Certificate and key of a client."""
    folder.mkdir(exist_ok=True)
    certificate, key_file = folder / "client.der", folder / "client.pem"
    if not key_file.exists():
        key = generate_private_key()
        key_file.write_bytes(dump_private_key_as_pem(key))
        names: list[x509.GeneralName] = [x509.UniformResourceIdentifier(CLIENT_URI), x509.DNSName("localhost")]
        made = generate_self_signed_app_certificate(
            key, "test client", {}, names, extended=[ExtendedKeyUsageOID.CLIENT_AUTH]
        )
        certificate.write_bytes(made.public_bytes(Encoding.DER))
    return certificate, key_file


async def encrypted_client(publisher: OpcUaPublisher, user: str, password: str, folder: Path) -> Client:
    """A client that is ready to connect over Sign & Encrypt; anonymous without a user."""
    client = Client(publisher.url, timeout=60, watchdog_intervall=10)
    client.application_uri = CLIENT_URI
    certificate, key = client_identity(folder)
    await client.set_security(SecurityPolicyBasic256Sha256, str(certificate), str(key))
    if user:
        client.set_user(user)
        client.set_password(password)
    return client


class Watcher:
    """Collects notifications; ``next`` waits for one."""

    def __init__(self) -> None:
        self.changes: asyncio.Queue[tuple[Any, ua.DataValue]] = asyncio.Queue()
        self.events: asyncio.Queue[Any] = asyncio.Queue()

    def datachange_notification(self, node: Node, value: Any, data: Any) -> None:
        self.changes.put_nowait((value, data.monitored_item.Value))

    def event_notification(self, event: Any) -> None:
        self.events.put_nowait(event)

    async def next(self) -> tuple[Any, ua.DataValue]:
        return await asyncio.wait_for(self.changes.get(), 90)

    async def next_event(self) -> Any:
        return await asyncio.wait_for(self.events.get(), 90)
