"""The quality scale of drivers: 20 rules from bronze to platinum, and which level a driver reaches by them.

A rule is either seen in the driver itself, or proved by a test of the contract that every connection keeps. What was
proved stands in ``proof.json``, which is made from the tests (``python -m tests.connections.proof``); of a driver that
is not in it, such as that of a plug-in, nothing is proved. To reach a level all its rules hold, and those of the levels
below; a rule that means nothing for a driver does not count.

Anchor: the integration quality scale of Home Assistant (tiers, rules, exemptions).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from devices.connection import ConnectionOptions
from devices.connections import connections
from devices.derivation.options import MachineOptions
from devices.drivers import drivers, is_real
from devices.secret import Secret
from twin.registry import undescribed_fields

PROOF = Path(__file__).parent / "proof.json"
LEVELS = ("bronze", "silver", "gold", "platinum")
Level = Literal["bronze", "silver", "gold", "platinum"]
SECRET_WORDS = ("password", "token", "secret", "passphrase")


@dataclass(frozen=True)
class QualityRule:
    """One rule.

    Args:
        name: Its name.
        level: Level for which it is needed.
        meaning: What a driver does that keeps it.
        seen: Check of the driver itself.
        test: Test of the contract that proves it, where the driver itself does not show it.
    """

    name: str
    level: Level
    meaning: str
    seen: Callable[[Any], bool] | None = None
    test: str = ""


def _text(entry: Any) -> str:
    return sys.modules[entry.__module__].__doc__ or ""


def _own(entry: Any) -> list[str]:
    """Options that are not those of every machine."""
    return [name for name in entry.Options.model_fields if name not in MachineOptions.model_fields]


def _says_what_it_is(entry: Any) -> bool:
    return bool((entry.__doc__ or "").strip()) and len(_text(entry).split()) > 20


def _describes_options(entry: Any) -> bool:
    try:
        undescribed_fields(entry.Options, entry.__name__)
    except TypeError:
        return False
    return True


def _shows_options(entry: Any) -> bool:
    return all(name in _text(entry) for name in _own(entry))


def _set_up_in_a_line(entry: Any) -> bool:
    return len([field for field in entry.Options.model_fields.values() if field.is_required()]) <= 1


def _keeps_secrets(entry: Any) -> bool:
    fields = entry.Options.model_fields
    names = [name for name in fields if any(word in name for word in SECRET_WORDS)]
    return all(fields[name].annotation in (Secret, Secret | None) for name in names)


def _checks_addresses(entry: Any) -> bool:
    return bool(hasattr(entry, "wrong") and entry.wrong("") and entry.wrong("\0"))


def _takes_a_url(entry: Any) -> bool:
    schemes = getattr(entry.Options, "schemes", ())
    try:
        return bool(schemes) and all(
            entry.Options.model_validate(entry.Options.from_url(f"{each}://10.0.0.5:4000")) for each in schemes
        )
    except (ValidationError, ValueError):
        return False


def _names_its_port(entry: Any) -> bool:
    reached = getattr(entry.Options, "reached_at", None)
    return reached is not None and reached is not ConnectionOptions.reached_at


RULES = (
    QualityRule("purpose", "bronze", "says what it is for and how it is used", _says_what_it_is),
    QualityRule("options_described", "bronze", "every option has a meaning, with its unit", _describes_options),
    QualityRule("options_shown", "bronze", "its page shows every option of its own in an example", _shows_options),
    QualityRule(
        "options_strict", "bronze", "an option that it does not know is refused",
        lambda entry: entry.Options.model_config.get("extra") == "forbid",
    ),
    QualityRule("one_line", "bronze", "at most one option has to be given", _set_up_in_a_line),
    QualityRule("secrets", "bronze", "passwords are named by variable or file, never written out", _keeps_secrets),
    QualityRule("addresses", "bronze", "what is no address is found before anything is opened", _checks_addresses),
    QualityRule(
        "first_values", "silver", "every item is told once after the opening",
        test="test_every_item_is_told_once_after_the_opening",
    ),
    QualityRule(
        "values", "silver", "every value of every type comes unharmed, to the last bit",
        test="test_every_value_of_every_type_comes_unharmed",
    ),
    QualityRule(
        "missing_item", "silver", "an item that is not there is bad with its reason and harms no other",
        test="test_a_missing_item_is_bad_with_its_reason_and_harms_no_other",
    ),
    QualityRule(
        "sign_of_life", "silver", "a machine that has nothing to say is told from one that is away",
        test="test_a_machine_that_answers_and_says_nothing_is_told_from_a_silent_one",
    ),
    QualityRule(
        "times", "silver", "times of the machine are kept, and none is made up",
        test="test_times_of_the_machine_are_kept",
    ),
    QualityRule(
        "reconnect", "silver", "a cut is told, and a new connection works",
        test="test_a_machine_that_is_cut_is_told_and_a_new_connection_works",
    ),
    QualityRule(
        "frozen", "silver", "a machine that stops to answer is noticed and holds nothing up",
        test="test_a_frozen_machine_is_noticed_and_does_not_hold_the_end_up",
    ),
    QualityRule(
        "browse", "gold", "what the machine has can be listed, and ends",
        test="test_browsing_ends_and_names_only_addresses",
    ),
    QualityRule(
        "write", "gold", "what is written stands at the machine", test="test_what_is_written_stands_at_the_machine"
    ),
    QualityRule(
        "refusal", "gold", "a write that is refused says why and changes nothing",
        test="test_a_refused_write_says_why_and_changes_nothing",
    ),
    QualityRule("url", "gold", "`factory browse URL` finds it by the scheme of a URL", _takes_a_url),
    QualityRule("port", "gold", "`factory doctor` can try name and port by themselves", _names_its_port),
    QualityRule(
        "foreign", "platinum", "all that is proved is proved against a server that is not ours",
    ),
)  # fmt: skip
"""All rules, lowest level first."""
OF_CONNECTIONS = {rule.name for rule in RULES if rule.test} | {"addresses", "url", "port"}
"""Rules that mean something only for connections to real machines."""


@dataclass(frozen=True)
class DriverQuality:
    """Where a driver stands.

    Args:
        level: Level that it reaches; empty: none.
        lacks: Rules that it does not keep.
        exempt: Rules that mean nothing for it.
        foreign: Server that is not ours against which it was proved; empty: none.
    """

    level: str
    lacks: tuple[str, ...]
    exempt: tuple[str, ...]
    foreign: str


@cache
def proofs() -> Mapping[str, Mapping[str, Any]]:
    """What tests have proved, by kind."""
    found: dict[str, dict[str, Any]] = json.loads(PROOF.read_text(encoding="utf-8"))
    return found


def standing(kind: str) -> DriverQuality:
    """Where a driver or kind of connection stands."""
    entry = connections[kind] if is_real(kind) else drivers[kind]
    proof = proofs().get(kind, {})
    exempt = tuple(rule.name for rule in RULES if rule.name in proof.get("exempt", ()))
    lacks = tuple(rule.name for rule in RULES if rule.name not in exempt and not _kept(rule, entry, proof))
    return DriverQuality(_level(lacks), lacks, exempt, proof.get("foreign", ""))


def _kept(rule: QualityRule, entry: Any, proof: Mapping[str, Any]) -> bool:
    if rule.seen is not None:
        return rule.seen(entry)
    return rule.name in proof.get("kept", ()) if rule.test else bool(proof.get("foreign"))


def _level(lacks: tuple[str, ...]) -> str:
    reached = ""
    for level in LEVELS:
        if any(rule.level == level and rule.name in lacks for rule in RULES):
            break
        reached = level
    return reached
