"""What a site costs the brain, with few and with many of them in one enterprise."""

from __future__ import annotations

import time
from collections import Counter

import pytest

from twin.brain import Brain, BrainConfig
from twin.equipment import EquipmentPath
from twin.master import EquipmentMaster, PlaceMaster, meta_frame
from twin.records import Frame, RecordKind, records

S = 10**9
EPOCH, PERIOD_S, HOURS, MACHINES = 1_700_006_400 * S, 900, 12, 10
MOST = 1.2
"""How much dearer one of a hundred sites may be than one of ten."""


def day(sites: int) -> list[Frame]:
    """What the sites of an enterprise say over some hours, each in its turn."""
    heads = [EquipmentPath(f"works/site{number:03d}") for number in range(sites)]
    units = [[head.child("hall").child("line").child(f"m{k}") for k in range(MACHINES)] for head in heads]
    said = [meta_frame(EPOCH, [(head, PlaceMaster(en="s", zh="s"))]) for head in heads]
    master = EquipmentMaster(kind="machine", en="m", zh="m", ideal_s=60.0)
    said += [meta_frame(EPOCH, [(unit, master) for unit in some]) for some in units]
    for tick in range(HOURS * 3600 // PERIOD_S + 1):
        now = EPOCH + tick * PERIOD_S * S
        for number, (head, some) in enumerate(zip(heads, units, strict=True)):
            state = "PRODUCING" if (tick + number) % 5 else "STARVED"
            said.append(records(RecordKind.STATE, [(unit, now, (state, "o", None)) for unit in some]))
            said.append(records(RecordKind.HEARTBEAT, [(head, now, (0, 0, 0.0))]))
    return said


def worked(sites: int) -> tuple[float, Counter[tuple[str, int]], int]:
    """Processor seconds, records by (scope, end of the window), and how often all sites were asked for their marks."""
    said, brain, given = day(sites), Brain(BrainConfig(live_s=None, gap_s=PERIOD_S)), Counter[tuple[str, int]]()
    begun = time.process_time()
    frames = [figures for frame in said for figures in brain.process(frame)]
    spent = time.process_time() - begun
    for frame in frames:
        given.update((row["scope"], row["time_ns"]) for row in frame.rows() if row["kpi"] == "availability")
    return spent, given, brain._groups["works"].asked


@pytest.mark.bench
def test_a_site_of_a_hundred_costs_what_one_of_ten_costs() -> None:
    ten, hundred = (min((worked(sites) for _ in range(3)), key=lambda one: one[0]) for sites in (10, 100))
    for sites, (_, given, asked) in ((10, ten), (100, hundred)):
        hourly = [count for (scope, _), count in given.items() if scope == "enterprise"]
        assert hourly == [1] * HOURS, "one record of the enterprise an hour, whatever the number of sites"
        assert sum(count for (scope, _), count in given.items() if scope == "machine") == sites * MACHINES * HOURS
        assert asked <= HOURS * 3600 // PERIOD_S + 2, "all sites are asked once a period"
    ratio = hundred[0] / 100 / (ten[0] / 10)
    print(f"a site: {ten[0] / 10 * 1e3:.1f} ms of ten, {hundred[0] / 100 * 1e3:.1f} ms of a hundred, {ratio:.2f}")
    assert ratio <= MOST
