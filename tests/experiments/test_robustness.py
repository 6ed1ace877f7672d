"""Whatever stands in a study document, it is read or refused with problems; nothing else happens.

A place gets a third of the strange values, its neighbours the others; all of them in ``make validation``.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from scenarios.experiments.optimisation.checked import load_optimisation
from scenarios.experiments.points import load_experiment
from tests.experiments.made import LINE, study
from tests.experiments.test_optimise import task_file
from twin.errors import ScenarioError

STRANGE: tuple[Any, ...] = (None, -1, 1.5, "", [], {}, [1], {"kind": "kn"}, 1e308, "2 kW", [[]])
FRACTION = {"kind": "fractional", "generators": {"pace": ["room"]}}
LISTED = {"kind": "list", "points": [{"room": 1, "pace": "9 s"}]}
FOUND = {"detect": "mser5", "bucket": "9 s"}
KN = {"kind": "kn", "response": "output", "indifference": 1.0}
PAIRED = {"kind": "paired", "response": "output", "baseline": {"room": 1}}


def places(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths of everything in a document."""
    yield path
    pairs = (
        document.items() if isinstance(document, dict) else enumerate(document if isinstance(document, list) else ())
    )
    for key, value in pairs:
        yield from places(value, (*path, key))


def with_value(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy of a document with something else at a place."""
    if not path:
        return value
    changed = copy.deepcopy(document)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return changed


@pytest.mark.parametrize("share", [3, pytest.param(1, marks=pytest.mark.endurance)], ids=["a third", "all"])
@pytest.mark.parametrize(
    ("write", "load", "fields"),
    [
        (
            study,
            load_experiment,
            {"comparison": KN, "design": FRACTION, "warm_up": FOUND},
        ),
        (
            study,
            load_experiment,
            {"comparison": PAIRED, "design": LISTED},
        ),
        (study, load_experiment, {"factors": None, "design": {"kind": "sensitivity", "scope": LINE}}),
        (task_file, load_optimisation, {"constraints": [{"sum": {"room": 1}, "at_most": 4}]}),
    ],
    ids=["fractional", "list", "sensitivity", "optimisation"],
)
def test_strange_values_are_read_or_refused(
    write: Callable[..., Path], load: Callable[[Path], Any], fields: dict[str, Any], share: int, tmp_path: Path
) -> None:
    file = write(tmp_path, **fields)
    document = yaml.safe_load(file.read_text("utf-8"))
    refused: list[str] = []
    for number, path in enumerate(places(document)):
        for value in STRANGE[number % share :: share]:
            text = yaml.dump(with_value(document, path, value), sort_keys=False, Dumper=yaml.CSafeDumper)
            file.write_text(text, encoding="utf-8")
            try:
                load(file)
            except ScenarioError as error:
                refused.append(str(error))
    assert len(refused) > 50
    assert all(": expected " in text for text in refused)
