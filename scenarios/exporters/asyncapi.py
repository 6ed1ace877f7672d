"""AsyncAPI: topics and messages of a scenario in the unified namespace, with their JSON Schemas."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import Field

from brokers.mqtt.asyncapi import DescribedPlant, asyncapi
from scenarios.exporters import Subject, register
from twin.config.plant import Config
from twin.equipment import EquipmentPath, Level
from twin.master import Master, read_master
from twin.records import Frame, RecordKind


class AsyncApiOptions(Config):
    """What stands in the document besides the plant."""

    broker: str = Field(
        default="", pattern=r"^(mqtts?://[^\s@]+)?$", description="address of the broker, if it is to say"
    )


@register("asyncapi")
class AsyncApi:
    """AsyncAPI 3 document of all topics of a scenario and the JSON Schemas of their messages; nothing is simulated."""

    Options = AsyncApiOptions
    operations = False
    equipment_only = True

    def __init__(self, out: Path, subject: Subject, options: AsyncApiOptions):
        self._out, self._subject, self._broker = out, subject, options.broker
        self._masters: dict[tuple[EquipmentPath, str], Master] = {}

    def take(self, frame: Frame) -> None:
        """Keep what master data say."""
        if frame.kind is RecordKind.META:
            for path, (schema, body) in zip(frame.paths, frame.values.tolist(), strict=True):
                if (master := read_master(schema, body)) is not None:
                    self._masters[path, schema] = master

    def close(self) -> None:
        """Write the document."""
        masters = [(path, master) for (path, _), master in self._masters.items()]
        sites = [str(path) for path, _ in masters if path.level is Level.SITE]
        name = self._subject.name
        plant = DescribedPlant(name, masters, [*sites, f"brain/{name}"], self._broker)
        text = json.dumps(asyncapi(plant), indent=1, ensure_ascii=False)
        self._out.write_text(f"{text}\n", encoding="utf-8")
