"""What the contract proves of each kind of connection: ``python -m tests.connections.proof`` writes it down.

A rule is proved where a class of tests runs the test that stands for it; where its class says that the protocol has no
such thing, the test is skipped and the rule exempt. A foreign server is believed only where its program is loaded.
"""

from __future__ import annotations

import importlib
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from devices.drivers import drivers
from devices.quality import OF_CONNECTIONS, PROOF, RULES
from tests.connections.contract import Contract

FOLDER = Path(__file__).parent
SKIPPED = {
    "missing_item": lambda suite: not suite.knows_missing,
    "sign_of_life": lambda suite: not suite.told_alive,
    "write": lambda suite: not suite.writable,
}
"""When the contract skips the test of a rule, as in its code."""


def suites() -> Iterator[type[Contract]]:
    """Classes of tests that keep the contract."""
    for file in sorted(FOLDER.glob("test_*.py")):
        module = importlib.import_module(f"tests.connections.{file.stem}")
        for thing in vars(module).values():
            if isinstance(thing, type) and issubclass(thing, Contract) and thing.__module__ == module.__name__:
                yield thing


def loads(suite: type[Contract]) -> bool:
    """Whether the server that a class of tests names is really loaded: by its module, or by its machine."""
    module = FOLDER / f"{suite.__module__.rpartition('.')[2]}.py"
    texts = [file.read_text(encoding="utf-8") for file in (module, *FOLDER.glob(f"machines/{suite.kind}.*"))]
    name = re.escape(suite.foreign)
    form = rf'require\("{name}"\)|^from (tests\.servers\.)?{name}[. ]'
    return any(re.search(form, text, re.MULTILINE) for text in texts)


def proved() -> dict[str, dict[str, Any]]:
    """What is proved, by kind."""
    found: dict[str, dict[str, Any]] = {}
    own = sorted({*OF_CONNECTIONS})
    for kind in ("replay", "simulated"):
        assert kind in drivers
        found[kind] = {"exempt": own, "foreign": "", "kept": []}
    by_kind: dict[str, list[type[Contract]]] = defaultdict(list)
    for suite in suites():
        by_kind[suite.kind].append(suite)
    for kind, some in by_kind.items():
        tests = [rule for rule in RULES if rule.test]
        exempt = {rule.name for rule in tests if all(SKIPPED.get(rule.name, lambda _: False)(one) for one in some)}
        kept = {rule.name for rule in tests if all(callable(getattr(one, rule.test, None)) for one in some)} - exempt
        foreign = {one.foreign for one in some if one.foreign and loads(one)}
        found[kind] = {
            "exempt": sorted(exempt),
            "foreign": foreign.pop() if len(foreign) == 1 and all(one.foreign for one in some) else "",
            "kept": sorted(kept),
        }
    return dict(sorted(found.items()))


def text() -> str:
    """The file."""
    return json.dumps(proved(), indent=1) + "\n"


if __name__ == "__main__":
    PROOF.write_text(text(), encoding="utf-8")
