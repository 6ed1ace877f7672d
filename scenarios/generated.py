"""Files that are made from the code: ``make docs`` renews them all, the tests tell when one is not up to date."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from brokers import reference as wires
from brokers.mqtt import schemas as messages
from dashboards.grafana import provisioning
from devices import reference as devices
from scenarios import scaffold
from scenarios.experiments import schema as study_schema
from scenarios.format import reference, schema
from twin.kpi import reference as indicators

ROOT = Path(__file__).parents[1]


def generated() -> Iterator[tuple[Path, str]]:
    """Every generated file and its text."""
    yield schema.FILE, schema.render()
    yield study_schema.FILE, study_schema.render()
    yield reference.FILE, reference.render()
    yield devices.FILE, devices.render()
    yield wires.FILE, wires.render()
    yield messages.FILE, messages.render()
    yield ROOT / "docs" / "reference" / "kpi.md", indicators.render()
    yield scaffold.GUIDE, scaffold.guide()
    for name, text in provisioning.files().items():
        yield provisioning.FOLDER / name, text


def stale() -> list[Path]:
    """Generated files that are not as the code says."""
    return [file for file, text in generated() if not file.is_file() or file.read_text(encoding="utf-8") != text]


def renew() -> list[Path]:
    """Write what has changed; which files those are."""
    changed = provisioning.renew()  # which also takes away boards that there are no more
    texts = dict(generated())
    for file in stale():
        file.write_text(texts[file], encoding="utf-8")
        changed.append(file)
    return changed


if __name__ == "__main__":
    for one in renew():
        print(one.relative_to(ROOT))
