"""The quality scale: what it rests on is there, and every driver of the platform is at least silver."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import Field

from devices.connection import ConnectionOptions, HostOptions
from devices.connections import connections
from devices.drivers import is_real, kinds
from devices.quality import LEVELS, OF_CONNECTIONS, PROOF, RULES, standing
from scenarios.actions.catalogue import registries
from scenarios.actions.catalogue import standing as listed
from tests.connections.contract import Contract
from tests.connections.proof import SKIPPED, text
from twin.registry import Registry

SHIPPED = [kind for kind in kinds() if not (connections if is_real(kind) else registries()["driver"]).origin(kind)]


def test_there_are_twenty_rules_each_with_its_check_or_test() -> None:
    assert len(RULES) == len({rule.name for rule in RULES}) == 20
    assert [rule.level for rule in RULES] == sorted((rule.level for rule in RULES), key=LEVELS.index)
    for rule in RULES:
        assert rule.name == "foreign" or (rule.seen is None) == bool(rule.test), rule.name
        assert not rule.test or rule.test in vars(Contract), rule.name


def test_the_contract_skips_what_counts_as_exempt_and_nothing_else() -> None:
    tests = {rule.name: inspect.getsource(getattr(Contract, rule.test)) for rule in RULES if rule.test}
    assert {name for name, source in tests.items() if "pytest.skip" in source} == set(SKIPPED)


def test_the_proof_is_that_of_the_tests() -> None:
    assert PROOF.read_text(encoding="utf-8") == text(), "python -m tests.connections.proof renews it"


@pytest.mark.parametrize("kind", SHIPPED)
def test_every_driver_of_the_platform_is_at_least_silver(kind: str) -> None:
    found = standing(kind)
    assert LEVELS.index(found.level) >= LEVELS.index("silver"), found
    assert set(found.exempt) <= OF_CONNECTIONS
    assert (found.level == "platinum") <= bool(found.foreign), "platinum needs a foreign server"
    registry: Registry[Any] = registries()["connection" if is_real(kind) else "driver"]
    assert listed(registry, kind) == f"stable · {found.level}"


class Plain(HostOptions):
    """Options of a connection without proof."""

    port: int = Field(default=1, description="port")
    password: str = Field(default="", description="a password in the scenario, as it must not be")


class Unproved:
    """A connection of a plug-in of which no test is known; it is a class with all that a registry wants."""

    Options: ClassVar[type[ConnectionOptions]] = Plain

    def __init__(self, options: Any, wanted: Any, base: Path) -> None:
        """Nothing is opened."""

    @staticmethod
    def wrong(item: str) -> str:
        """An address has a letter."""
        return "" if item.isalnum() else "a letter"

    async def open(self) -> None:
        """Never."""

    async def readings(self) -> Any:
        """Never."""

    async def write(self, item: str, value: Any) -> None:
        """Never."""

    def browse(self) -> Any:
        """Never."""

    async def close(self) -> None:
        """Never."""


def test_a_level_is_computed_from_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    connections.register("unproved", Plain)(Unproved)
    try:
        found = standing("unproved")
        assert found.level == ""
        assert "secrets" in found.lacks
        assert {rule.name for rule in RULES if rule.test} <= set(found.lacks), "nothing is proved of it"
        monkeypatch.setattr(Unproved, "Options", HostOptions)
        monkeypatch.setattr("devices.quality._text", lambda _: "host port and period " * 10)
        monkeypatch.setattr("devices.quality._set_up_in_a_line", lambda _: True)
        assert "secrets" not in standing("unproved").lacks
    finally:
        connections.forget("unproved")


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.level != "platinum"], ids=lambda rule: rule.name)
def test_a_rule_that_is_broken_takes_its_level_away(rule: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    level = LEVELS.index(rule.level)
    assert standing("opcua").level == "platinum"
    monkeypatch.setattr("devices.quality._kept", lambda each, *_: each.name != rule.name)
    assert standing("opcua").level == ("" if level == 0 else LEVELS[level - 1])
