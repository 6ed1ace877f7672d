"""What a run is, so that it can go on: kept in its store and in its folder.

The record is one row of master data, so every kind of store has it. From it alone, with the scenario,
the whole history of the run is made again: the same plant at the same hours, the same keys in the store.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from brokers.stores.schema import RECORD_SCHEMA, RECORDS
from scenarios.live.checkpoint import write_whole
from scenarios.live.told import Told
from twin.equipment import EquipmentPath
from twin.errors import Problem, ScenarioError
from twin.ports import History
from twin.records import Frame, RecordKind, records

if TYPE_CHECKING:
    from scenarios.format.document import Scenario

log = logging.getLogger(__name__)

ASIDE = ("title", "description", "brokers", "store", "dashboards", "forecast", "expectations", "run")
"""Sections of a scenario that change nothing in its plant."""
FILE = "record.json"
CHECK = "check"
"""Name of the checksum in a record's file."""
BEGIN_ANEW = "--fresh begins a new run and keeps the old one apart"


class RunRecord(BaseModel):
    """What makes a run the same again.

    Args:
        id: Name of the run; publishers' run ids begin with it.
        scenario: Name of its scenario.
        plant_hash: Hash over what makes its plant.
        seed: Seed of all random streams.
        epoch: Moment of simulated second 0.
        store: Address of its store.
        apart: Part of the store that the run has for itself; empty: the whole.
        commands: What it was told from outside, in order.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str = Field(pattern=r"^[0-9a-f]{12}$")
    scenario: str
    plant_hash: str
    seed: int
    epoch: datetime
    store: str = ""
    apart: str = ""
    commands: tuple[Told, ...] = ()

    @classmethod
    def new(cls, scenario: Scenario, seed: int, epoch: datetime, store: str) -> Self:
        """The record of a run that begins."""
        name = secrets.token_hex(6)
        return cls(
            id=name, scenario=scenario.name, plant_hash=plant_hash(scenario), seed=seed, epoch=epoch, store=store
        )

    def frame(self, now_ns: int) -> Frame:
        """The row for the store, stamped with the time of writing: the newest counts."""
        return records(RecordKind.META, [(path_of(self.scenario), now_ns, (RECORD_SCHEMA, self.model_dump_json()))])

    def told(self, one: Told) -> Self:
        """The same with one more instruction, unless it is there."""
        if one.id in {known.id for known in self.commands}:
            return self
        return self.model_copy(update={"commands": (*self.commands, one)})

    def write(self, folder: Path) -> None:
        """Keep it in the run's folder, whole or not at all, with a checksum."""
        content = {**self.model_dump(mode="json"), CHECK: self._check()}
        write_whole(folder / FILE, json.dumps(content, indent=2).encode())

    def _check(self) -> str:
        return hashlib.blake2b(self.model_dump_json().encode(), digest_size=8).hexdigest()

    @classmethod
    def of_folder(cls, folder: Path) -> Self | None:
        """The record of a folder; None when it has none, or a damaged one, which is told."""
        try:
            content = json.loads((folder / FILE).read_text(encoding="utf-8"))
            record = cls.model_validate(content)
            if content.get(CHECK, record._check()) == record._check():  # records of earlier versions have none
                return record
        except OSError:
            return None
        except (ValueError, AttributeError):
            pass
        log.error("%s: expected the record of a run, got a damaged one", folder / FILE)
        return None

    @classmethod
    async def of_store(cls, history: History, scenario: str) -> Self | None:
        """The record of the newest run of a scenario in a store; None when it has none.

        Raises:
            ScenarioError: It has one that this version cannot read.
        """
        found = await history.latest(RecordKind.META, path_of(scenario))
        bodies = [body for schema, body in found.values.tolist() if schema == RECORD_SCHEMA]
        try:
            return cls.model_validate_json(bodies[-1]) if bodies else None
        except ValidationError:
            problem = Problem(
                "store", f"the record of a run of {scenario} as {RECORD_SCHEMA}", "another one", BEGIN_ANEW
            )
            raise ScenarioError([problem]) from None


def path_of(scenario: str) -> EquipmentPath:
    """Where the record of a scenario's run stands in a store."""
    return EquipmentPath.of(RECORDS, scenario)


def plant_hash(scenario: Scenario) -> str:
    """Hash over all of a scenario that its plant is made of."""
    plant = {name: part for name, part in scenario.document().items() if name not in ASIDE}
    text = json.dumps(plant, sort_keys=True, ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
