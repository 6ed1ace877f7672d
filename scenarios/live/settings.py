"""What one live run is made of; handed to the processes of its roles as JSON."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from brokers.connectors import EMBEDDED, connectors
from brokers.counterpart import Counterpart
from brokers.door import Stamp, under
from brokers.hosts import in_url
from devices.servers import servers
from scenarios.format.forecast import ForecastConfig
from scenarios.format.opcua import closed
from scenarios.format.serve import Served, kind_and_names
from scenarios.live.folder import writing
from twin.config.plant import Title
from twin.records import Frame

LISTEN = r"^(#|[a-z0-9][a-z0-9_-]*(/[a-z0-9][a-z0-9_-]*)*)(=(source|server|arrival))?$"
LOOPBACK = "127.0.0.1"


def machines_publisher(site: str) -> str:
    """Publisher id of the real machines of a site, apart from that of its simulated units."""
    return f"{site}/machines"


class ServerPlace(NamedTuple):
    """A server as which simulated machines answer.

    Args:
        kind: Its kind.
        host: Address that it listens on.
        port: Its port; 0: any free one.
        personalities: Kinds of what it does otherwise than one without faults.
    """

    kind: str
    host: str
    port: int
    personalities: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ",".join((f"{self.kind}={in_url(self.host)}:{self.port}", *self.personalities))


class RunSettings(BaseModel):
    """Settings of a live run, after command line and scenario have been joined.

    Args:
        scenario: Scenario file.
        name: Short name of the scenario; client ids at the broker are made from it.
        title: Name of the scenario on the pages.
        seed: Seed of all random streams.
        speed: Simulated seconds per second.
        transport: Kind of transport, e.g. ``uns`` or ``sparkplug``.
        transport_options: Options of that transport.
        roots: Paths of the scenario, at and below which records are taken from the broker; empty text: everything.
        listen: Further such paths; ``#``: everything; with ``=arrival`` or ``=server`` at the end of one, its rows
            have that time.
        stamps: Whose time rows have that do not have their own, by path of the device.
        broker: Address of the broker; None until the embedded one has started.
        own_broker: It is the embedded one.
        store: Address of the store.
        host: Address the pages listen on.
        allow_hosts: Further names under which the pages are served, e.g. of a proxy.
        port: Port of the pages; 0: any free one.
        pages: Whether a brain alone has pages; a hub always has.
        language: Language the pages start in.
        backfill_s: Simulated seconds of history made before going live.
        tick_s: Period of telemetry in simulated seconds.
        sites: Sites that a process of the plant or a gateway serves; none named: all.
        epoch: Moment of simulated second 0 of an anchored run; None: made from the clock when history is made.
        anchored: Simulated now is the present; else the scenario's own epoch holds.
        folder: Folder for what the run keeps.
        run: Name of the run, with which the run ids of its publishers begin; empty: none.
        publishers: Sites of the scenario; what they said in another run is not taken.
        machines: Sites with units that real machines stand for, or may stand for.
        shadows: Units whose simulated machine is said beside the real one.
        opcua_host: Address that the OPC UA server listens on.
        opcua_port: Port of the OPC UA server; None: no server.
        opcua_security: ``sign_encrypt`` or ``none``.
        serve: Servers as which simulated machines answer, as ``KIND``, ``KIND=PORT`` or ``KIND=HOST:PORT``, each with
            personalities behind commas.
        opcua_models: Companion models of the OPC UA server.
        forecast: How far to look ahead, and how often.
        scenario_hash: Hash over the content of the scenario.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    scenario: Path
    name: str = "factory"
    title: Title = Title(en="Future Factory", zh="未来工厂")
    seed: int
    speed: float = Field(default=1.0, gt=0, le=3600)
    transport: str = "uns"
    transport_options: dict[str, Any] = {}
    roots: tuple[str, ...] = ("",)
    listen: tuple[Annotated[str, Field(pattern=LISTEN)], ...] = ()
    stamps: dict[str, Stamp] = {}
    broker: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9]*://[^\s@]+$")
    own_broker: bool = False
    store: str = Field(pattern=r"^[a-z][a-z0-9]*://[^@]*$")
    host: str = "127.0.0.1"
    allow_hosts: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{1,253}$")], ...] = ()
    port: int = Field(default=0, ge=0, le=65535)
    pages: bool = True
    language: Literal["zh", "en"] = "zh"
    backfill_s: float = Field(default=8 * 3600.0, ge=0)
    tick_s: float = Field(default=1.0, gt=0)
    sites: tuple[str, ...] = ()
    epoch: datetime | None = None
    anchored: bool = True
    folder: Path
    run: str = ""
    publishers: tuple[str, ...] = ()
    machines: tuple[str, ...] = ()
    shadows: tuple[str, ...] = ()
    opcua_host: str = LOOPBACK
    opcua_port: int | None = Field(default=None, ge=0, le=65535)
    opcua_security: Literal["sign_encrypt", "none"] = "sign_encrypt"
    serve: Served = ()
    opcua_models: tuple[Literal["machinery", "packml"], ...] = ()
    forecast: ForecastConfig = ForecastConfig()
    scenario_hash: str = ""

    @field_validator("transport")
    @classmethod
    def _known(cls, transport: str) -> str:
        if not connectors.knows(transport):
            raise ValueError(f"expected one of {', '.join(connectors.kinds())}, got {transport!r}")
        return transport

    @field_validator("transport_options")
    @classmethod
    def _options(cls, given: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        transport = info.data.get("transport")
        wrong = connectors[transport].wrong(given) if transport is not None else []
        if wrong:
            raise ValueError("; ".join(f"{name}: expected {expected}, got {got}" for name, expected, got in wrong))
        return given

    @field_validator("broker")
    @classmethod
    def _taken(cls, broker: str | None, info: ValidationInfo) -> str | None:
        transport = info.data.get("transport")
        if transport is not None and not connectors[transport].takes(broker or EMBEDDED):
            raise ValueError(f"expected {connectors[transport].wanted}, got {broker!r}")
        return broker

    @field_validator("opcua_security")
    @classmethod
    def _closed(cls, security: str, info: ValidationInfo) -> str:
        return closed(info.data.get("opcua_host", LOOPBACK), security)

    @property
    def served(self) -> list[ServerPlace]:
        """Each server that is wanted."""
        found = []
        for entry in self.serve:
            kind, names = kind_and_names(entry)
            place = entry.partition(",")[0].partition("=")[2]
            host, _, port = place.rpartition(":")
            at = int(port) if port else servers[kind].usual_port
            found.append(ServerPlace(kind, host.strip("[]") or LOOPBACK, at, names))
        return found

    @property
    def counterpart(self) -> Counterpart:
        """What stands at the address of the broker, the embedded one where there is none."""
        return connectors[self.transport].at(self.broker or EMBEDDED)

    @property
    def file(self) -> Path:
        """Where the settings are for the processes of the roles."""
        return self.folder / "run.json"

    @staticmethod
    def run_of(file: Path) -> str | None:
        """Name of the run whose settings a file has; None where there is none that can be read."""
        try:
            return RunSettings.model_validate_json(file.read_text(encoding="utf-8")).run or None
        except (OSError, ValueError):
            return None

    def write(self) -> None:
        """Write the settings into the run's folder for the processes of the roles, whole or not at all.

        Raises:
            ScenarioError: The disk does not take them.
        """
        draft = self.file.with_suffix(".new")
        with writing(self.folder):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft.write_text(self.model_dump_json(indent=2), encoding="utf-8")
            draft.replace(self.file)

    @property
    def epoch_ns(self) -> int:
        """Moment of simulated second 0 in ns since 1970 UTC; 0 where it is not fixed yet."""
        return 0 if self.epoch is None else round(self.epoch.timestamp() * 1e9)

    @property
    def brain(self) -> str:
        """Publisher id of the indicators."""
        return f"brain/{self.name}"

    @property
    def heard(self) -> tuple[str, ...]:
        """What the ingest listens to: the roots, its own indicators and what was asked for."""
        asked = tuple(path.partition("=")[0] for path in self.listen)
        return ("",) if "" in self.roots or "#" in asked else (*self.roots, self.brain, *asked)

    @property
    def listening(self) -> dict[str, Any]:
        """Options of what listens, which depend on the broker."""
        return dict(connectors[self.transport].embedded) if self.own_broker else {}

    @property
    def receiving(self) -> dict[str, Any]:
        """The same of the ingest, with what the user says of the transport."""
        connector = connectors[self.transport]
        return {**self.listening, **connector.chosen(self.transport_options, connector.receives)}

    @property
    def sending(self) -> dict[str, Any]:
        """Options of what publishes."""
        connector = connectors[self.transport]
        return connector.chosen(self.transport_options, connector.sends)

    @property
    def heard_by_gateway(self) -> tuple[str, ...]:
        """What a gateway listens to: its sites; in Sparkplug their indicators come from a publisher of their own."""
        return (*self.sites, self.brain) if self.sites else self.heard

    def within(self, frame: Frame) -> Frame:
        """The rows of a frame of sites that a process with these settings serves."""
        if not self.sites:
            return frame
        rows = [row for row, path in enumerate(frame.paths) if under(self.sites)(path)]
        return frame if len(rows) == len(frame) else frame.take(rows)

    @property
    def share(self) -> str:
        """What tells processes that share the sites apart, in names of files and clients; empty: one has all."""
        sites = " ".join(sorted(self.sites))
        return f"-{hashlib.blake2b(sites.encode(), digest_size=4).hexdigest()}" if sites else ""

    @property
    def stamps_by_path(self) -> dict[str, Stamp]:
        """Whose time the rows of a path and of all below it have, where it is not their own; empty: all paths."""
        asked: dict[str, Stamp] = {}
        for path, _, stamp in (entry.partition("=") for entry in self.listen):
            if stamp in ("server", "arrival"):
                asked["" if path == "#" else path] = cast(Stamp, stamp)
        roots: dict[str, Stamp] = dict.fromkeys(self.roots, "source") if "" in asked else {}
        return {**asked, **roots, **self.stamps}

    def serves(self, site: str) -> bool:
        """Whether a process with these settings serves a site."""
        return not self.sites or site in self.sites

    @property
    def own_publishers(self) -> frozenset[str]:
        """Those of its sites, and of the real machines of these."""
        return frozenset((*self.publishers, *map(machines_publisher, self.machines)))

    def admits(self, frame: Frame) -> bool:
        """Whether a frame is of this run, or a stranger's."""
        own = bool(self.run) and (frame.publisher == self.brain or frame.publisher in self.own_publishers)
        return not own or frame.run.startswith(f"{self.run}.")

    @property
    def plant_state(self) -> Path:
        """File from which the plant goes on after its history."""
        return self.folder / "plant.state"

    @property
    def own_plant_state(self) -> Path:
        """File from which the plant's process with these settings goes on."""
        return self.folder / f"plant{self.share}.state"

    @property
    def hub_state(self) -> Path:
        """File from which the hub goes on."""
        return self.folder / "hub.state"

    @property
    def snapshot(self) -> Path:
        """File of the last copy of the running plant, for forecasts."""
        return self.folder / "plant.snapshot"
