"""The ready design of a sensitivity study: each station a little faster, each buffer a little larger."""

from __future__ import annotations

from typing import Any

from scenarios.experiments.document import SensitivityConfig
from scenarios.experiments.quantities import node_of
from scenarios.format.document import Scenario
from scenarios.reading.nodes import FileLine, Node
from twin.config.plant import ProcessConfig, StationConfig
from twin.quantities import number_and_unit
from twin.stations.buffer import BufferConfig

CHANGE = "change"
"""Name of the only factor of the design."""
NONE = "none"


def changes(scenario: Scenario, config: SensitivityConfig, mark: FileLine) -> dict[str, dict[str, Node]]:
    """What each change replaces in the scenario, by name; the first changes nothing.

    Args:
        scenario: The scenario.
        config: How much is changed, and where.
        mark: Place for messages.
    """
    found: dict[str, dict[str, Node]] = {NONE: {}}
    for path, _, station in scenario.stations():
        if config.scope is not None and not path.is_under(config.scope):
            continue
        name = path.name if config.scope is not None else str(path)
        if isinstance(station, ProcessConfig) and (station.cycle is not None or station.cycles):
            replaced = _faster(station, 1 - config.faster)
            title = f"{name} cycle -{100 * config.faster:g} %"
            found[title] = {f"{path}.{key}": node_of(value, mark) for key, value in replaced.items()}
        places = getattr(station, "capacity", None)
        if isinstance(station, BufferConfig) and isinstance(places, int) and config.places:
            found[f"{name} +{config.places} places"] = {f"{path}.capacity": node_of(places + config.places, mark)}
    return found


def _faster(station: StationConfig, factor: float) -> dict[str, Any]:
    written = station.model_dump(mode="json", include={"cycle", "cycles"}, exclude_none=True)
    return {key: scaled(value, factor) for key, value in written.items() if value}


def scaled(law: Any, factor: float) -> Any:
    """A written distribution with every duration in it multiplied.

    >>> scaled({"triangular": {"low": "4 s", "mode": "5 s", "high": "6 s"}}, 0.5)
    {'triangular': {'low': '2.0 s', 'mode': '2.5 s', 'high': '3.0 s'}}
    """
    if isinstance(law, dict):
        return {key: scaled(value, factor) for key, value in law.items()}
    if isinstance(law, list):
        return [scaled(value, factor) for value in law]
    if isinstance(law, str):
        amount, unit = number_and_unit(law)
        return f"{amount * factor!r} {unit}"
    return law
