"""A shipped scenario gives the same run everywhere: from day to day, in other processes, from a saved state.

The fingerprints of two hours are kept in ``golden/fingerprints.json``; ``RENEW_GOLDEN=1`` writes them anew.
A change of one of them says that the model, or the order in which it draws random numbers, has changed.
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from devices.bank import DeviceBank
from scenarios.headless.feed import Feed
from scenarios.loader import LIBRARY, load
from tests.scenario.far import TICK_S, advanced, digest
from twin.plant.plant import Plant
from twin.records import Frame

NAMES = sorted(path.stem for path in LIBRARY.glob("*.yaml"))
GOLDEN = Path(__file__).parent / "golden" / "fingerprints.json"
ROOT = Path(__file__).parents[2]
SEED = 20260105
HOUR_S = 3600.0


def elsewhere(hash_seed: int, until_s: float, *things: str) -> list[str]:
    """What :mod:`tests.scenario.far` prints in a process with other hashes of strings."""
    command = [sys.executable, "-m", "tests.scenario.far", str(until_s), *things]
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=120)
    return done.stdout.splitlines()


def test_two_hours_of_every_shipped_scenario_have_their_golden_fingerprint() -> None:
    found = {}
    for name in NAMES:
        plant = Plant(load(name).plant(), SEED, trace=False)
        plant.run_until(2 * HOUR_S)
        found[name] = {"fingerprint": plant.fingerprint(), "events": plant.events}
    if os.environ.get("RENEW_GOLDEN"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    assert found == json.loads(GOLDEN.read_text(encoding="utf-8"))


def test_events_telemetry_and_indicators_do_not_depend_on_hashes_of_strings() -> None:
    one, other = (elsewhere(seed, 1.5 * HOUR_S, *NAMES) for seed in (1, 4242))
    assert len(one) == len(NAMES)
    assert one == other


@pytest.mark.parametrize("name", NAMES)
def test_a_saved_run_goes_on_in_another_process_as_it_would_have_here(name: str, tmp_path: Path) -> None:
    feed = Feed.of(load(name), SEED)
    advanced(feed, HOUR_S)
    saved = tmp_path / "run.state"
    feed.save(saved)
    assert elsewhere(7, 2 * HOUR_S, str(saved)) == [advanced(feed, 2 * HOUR_S)]


def said(plant: Plant, banks: list[DeviceBank], until_s: float) -> list[Frame]:
    """What the devices of all sites say on the way to a time."""
    frames: list[Frame] = []
    while plant.now_s < until_s:
        plant.run_until(plant.now_s + TICK_S)
        view, rows = plant.view(), plant.drain()
        frames += [frame for bank in banks for frame in bank.frames(plant.now_s, view, rows)]
    return frames


def test_forks_of_the_chain_with_their_devices_go_on_bit_for_bit() -> None:
    scenario = load("nev_chain")
    config = scenario.plant()
    plant = Plant(config, SEED)
    banks = [DeviceBank(config, path, SEED, base=scenario.base) for path, _ in config.sites()]
    said(plant, banks, HOUR_S)
    copies = [(copy, pickle.loads(pickle.dumps(banks))) for copy in plant.fork(2)]  # noqa: S301 - own bytes
    first, *others = [
        (digest(said(one, mine, 2 * HOUR_S)), one.fingerprint()) for one, mine in ((plant, banks), *copies)
    ]
    assert others == [first, first]
