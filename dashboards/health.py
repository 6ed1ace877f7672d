"""How a run does, hop by hop from the machines to the pages: what waits, was late, refused or lost, and why.

One row a hop, in the direction of the data, so that nothing is lost without a place where it is told. A hop is
declared once (:data:`HOPS`): where its numbers come from, and which of them mean that records are lost or that
somebody should look at it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = Any
Counters = Mapping[str, Any]

GOOD, WARN, BAD, UNKNOWN = "good", "warn", "bad", "unknown"
LAG_S = 10.0
"""Lag of a plant or of a gateway from which it counts as behind."""
OF_BROKER = "broker: "
"""What the reasons begin with for which a broker refused something."""
PROCESSES = "processes"
"""The hop of what is of no other in particular."""
SILENT, ENDED = "silent", "ended"
MOST_NAMED = 20
"""Units that are named of those that are silent."""
PAST = (SILENT, ENDED)
"""Of a role that nobody watches: it has told nothing for long, or has said goodbye."""
MISSED = {
    "lost": "rows that were acknowledged and were not in the file when it was opened",
    "retired": "rows that the server did not keep: older than its retention",
    "unreadable": "rows or lines that are no records, left out when read",
}
"""What a store does not have or cannot give, by the name of its counter."""


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known of a run.

    Args:
        sites: Heartbeat of each site, all its publishers together: ``sent``, ``dropped``, ``lag_s``, ``stale``, and
            units that are ``silent``.
        counters: Counters of ingest, store and brain, as the hub gives them; empty while nothing is live. What else
            it tells stands by hop in ``hops``, and what it cannot do at present, with the reason, in ``troubles``.
        roles: How the processes do, as their supervisor tells or they themselves, with what they tell by hop, and what
            they cannot do at present; by the role, of those that share the sites with these behind it. One that is not
            watched has ``age_s``, that of its last word.
        pages: Counters of the live state and the stream.
        chains: Links of each chain that no unit completes, by the chain's path.
    """

    sites: Mapping[str, Counters] = field(default_factory=dict)
    counters: Counters = field(default_factory=dict)
    roles: Mapping[str, Counters] = field(default_factory=dict)
    pages: Counters = field(default_factory=dict)
    chains: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """Numbers of a hop and the reasons of what it did not pass on, with their counts.

    Args:
        counters: The numbers.
        reasons: Why something was not passed on.
        aged: Nobody tells of the present any more: what has happened still counts, whether all is well is not known.
    """

    counters: Counters
    reasons: Mapping[str, int] = field(default_factory=dict)
    aged: bool = False


Take = Callable[[Known], Report | None]
Judge = Callable[[Counters], Any]


@dataclass(frozen=True, slots=True)
class Hop:
    """A hop of the data.

    Args:
        name: Its name.
        take: Its numbers; None: nothing is known of it yet.
        bad: Whether records are lost, or the hop does not work.
        warn: Whether somebody should look at it.
        role: The process that does this work and nothing else: its deaths are told here too.
        optional: Not every run has it; it is left out where nobody tells of it.
    """

    name: str
    take: Take
    bad: Judge
    warn: Judge
    role: str = ""
    optional: bool = False


def above(**limits: float) -> Judge:
    """Whether one of the counters is above its limit."""
    return lambda counters: any(counters.get(name, 0) > limit for name, limit in limits.items())


def hops(known: Known) -> list[Json]:
    """Every hop with its status, its counters and the reasons of what it did not pass on.

    Returns:
        Rows ``{hop, status, counters, reasons}``; the status is ``good``, ``warn``, ``bad`` (records are lost, or the
        hop does not work) or ``unknown``; a reason is ``{reason, count}``.
    """
    troubles = _troubles(known)
    found = ((hop, _with_role(hop, known), troubles.get(hop.name, ())) for hop in HOPS)
    return [_row(hop, report, why) for hop, report, why in found if report is not None or why or not hop.optional]


def _row(hop: Hop, report: Report | None, troubles: Sequence[str]) -> Json:
    counters, reasons = (report.counters, report.reasons) if report else ({}, {})
    told = [{"reason": reason, "count": count} for reason, count in reasons.items() if count]
    if not troubles:
        return {"hop": hop.name, "status": _status(hop, report), "counters": dict(counters), "reasons": told}
    told = [*({"reason": reason, "count": 1} for reason in troubles), *told]
    return {"hop": hop.name, "status": BAD, "counters": {**counters, "failing": len(troubles)}, "reasons": told}


def _troubles(known: Known) -> dict[str, list[str]]:
    """What hub and roles cannot do at present, and why, by the hop; of no hop in particular: the processes."""
    found: dict[str, dict[str, None]] = {}
    for teller in (known.counters, *known.roles.values()):
        for hop, texts in teller.get("troubles", {}).items():
            found.setdefault(hop if hop in NAMES else PROCESSES, {}).update(dict.fromkeys(texts))
    return {hop: list(texts) for hop, texts in found.items()}


def _status(hop: Hop, report: Report | None) -> str:
    if report is None or not report.counters:
        return UNKNOWN
    if hop.bad(report.counters):
        return BAD
    return UNKNOWN if report.aged else WARN if hop.warn(report.counters) else GOOD


def _with_role(hop: Hop, known: Known) -> Report | None:
    """Its numbers, how often its processes have died, and which of them say nothing any more."""
    report, roles = hop.take(known), {name: role for name, role in known.roles.items() if name.split()[0] == hop.role}
    if not roles:
        return report
    report = report or Report({})
    ages = [role["age_s"] for role in roles.values() if "age_s" in role]
    counters = {**report.counters, "down": _down(roles), "restarts": _sum(list(roles.values()), "restarts")}
    counters |= {"age_s": max(ages)} if ages else {}
    ends = {str(role["last_end"]): int(role["restarts"]) for role in roles.values() if role.get("last_end")}
    aged = {f"{name}: {role['status']}": 1 for name, role in roles.items() if role.get("status") in PAST}
    return Report(counters, {**aged, **ends, **report.reasons}, aged=len(aged) == len(roles))


def _down(roles: Mapping[str, Counters]) -> int:
    return sum(role.get("status") not in ("up", *PAST) for role in roles.values())


def _told(name: str) -> Take:
    """What hub and roles tell of a hop, together."""

    def take(known: Known) -> Report | None:
        tellers = [known.counters, *known.roles.values()]
        told = [hops[name] for teller in tellers if name in (hops := teller.get("hops", {}))]
        counters: dict[str, float] = {}
        reasons: Counter[str] = Counter()
        for one in told:
            for counter, value in one["counters"].items():
                before = counters.get(counter, 0)
                counters[counter] = max(before, value) if counter.endswith("_s") else before + value
            reasons.update(one["reasons"])
        return Report(counters, dict(reasons)) if told else None

    return take


def _processes(known: Known) -> Report | None:
    roles = known.roles
    counted = {
        "roles": len(roles),
        "down": _down(roles),
        "silent": sum(role.get("status") == SILENT for role in roles.values()),
        "restarts": _sum(list(roles.values()), "restarts"),
    }
    lost = {
        f"{name}: {reason}": count for name, role in roles.items() for reason, count in role.get("counters", {}).items()
    }
    ends = {
        f"{name}: {role['last_end']}": role.get("restarts", 0) for name, role in roles.items() if role.get("last_end")
    }
    counted["faults"] = sum(lost.values())
    silent = {f"{name}: {SILENT}": 1 for name, role in roles.items() if role.get("status") == SILENT}
    return Report(counted, silent | ends | lost) if roles else None


def _publishers(known: Known) -> Report | None:
    beats = list(known.sites.values())
    seen: Sequence[Counters] = known.counters.get("publishers_seen", ())
    silent = {f"{one['publisher']}: {one['state']}": 1 for one in seen if one.get("state") not in (None, "online")}
    quiet = [unit for beat in beats for unit in beat.get("silent", ())]
    silent |= dict.fromkeys((f"{unit}: {SILENT}" for unit in quiet[:MOST_NAMED]), 1)
    counted = {
        "sites": len(beats),
        "stale": sum(bool(beat.get("stale")) for beat in beats),
        "sent": _sum(beats, "sent"),
        "dropped": _sum(beats, "dropped"),
        "lag_s": round(max((beat.get("lag_s") or 0.0 for beat in beats), default=0.0), 1),
        "silent": len(silent) + len(quiet[MOST_NAMED:]),
    }
    told = _told("publishers")(known) or Report({})
    return Report({**counted, **told.counters}, {**silent, **told.reasons}) if beats else None


def _broker(known: Known) -> Report | None:
    counters = known.counters
    refused = {reason: count for reason, count in counters.get("refusals", {}).items() if reason.startswith(OF_BROKER)}
    counted = {"connected": int(bool(counters.get("broker_ok"))), "losses": counters.get("broker_losses", 0)}
    counted["refused"] = sum(refused.values())
    return Report(counted, refused) if "broker_ok" in counters else None


def _ingest(known: Known) -> Report | None:
    counters = known.counters
    names = ("received", "waiting", "duplicates", "late", "lost", "dropped", "malformed", "other_run")
    counted = {name: counters.get(name, 0) for name in names}
    told: Mapping[str, int] = counters.get("refusals", {})
    refusals = {reason: count for reason, count in told.items() if not reason.startswith(OF_BROKER)}
    counted["refused"], counted["failures"] = sum(refusals.values()), counters.get("observer_failures", 0)
    return Report(counted, refusals) if "received" in counters else None


def _store(known: Known) -> Report | None:
    counters = known.counters
    counted = {name: counters.get(name, 0) for name in ("stored", "values", "batches", "refused", "refused_rows")}
    counted["failures"], counted["failing"] = counters.get("store_failures", 0), int(not counters.get("store_ok", True))
    missed: Mapping[str, int] = counters.get("store_missed", {})
    counted |= {name: missed.get(name, 0) for name in MISSED}
    reasons = {reason: counted[name] for name, reason in MISSED.items()}
    return Report(counted, reasons) if counters else None


UNHEARD = "sites: expected heartbeats, without which no window ends (no indicators are made)"


def _brain(known: Known) -> Report | None:
    counters = known.counters
    counted = {
        name.removeprefix("brain_"): value
        for name, value in counters.items()
        if name.startswith("brain_") and isinstance(value, int)
    }
    gone, reason = counted.get("recount_gone", 0), str(counters.get("brain_recount_reason") or "")
    reasons = {**({reason: gone} if reason and gone else {}), **counters.get("brain_failed_why", {})}
    if counted.get("unheard"):
        reasons[UNHEARD] = counted["unheard"]
    return Report(counted, reasons) if counted else None


def _chains(known: Known) -> Report | None:
    unnamed = {f"{chain}: {link}": 1 for chain, links in known.chains.items() for link in links}
    return Report({"chains": len(known.chains), "unnamed": len(unnamed)}, unnamed) if known.chains else None


def _pages(known: Known) -> Report | None:
    counted = {name: value for name, value in known.pages.items() if isinstance(value, int)}
    unshown: Mapping[str, int] = known.pages.get("unshown", {})
    counted |= {"failures": known.counters.get("pages_failures", 0), "unshown": sum(unshown.values())}
    refused = known.pages.get("refused_why", {})
    return Report(counted, {**refused, **unshown, **known.counters.get("pages_failed_why", {})})


def _sum(rows: Sequence[Counters], name: str) -> int:
    return sum(int(row.get(name) or 0) for row in rows)


NEVER = above()
GATEWAY = above(restarts=0, stale=0, lag_s=LAG_S, refused=0, malformed=0, mismatched=0, events_dropped=0)
SERVERS = above(restarts=0, silent=0, refused=0)
HOPS = (
    Hop(PROCESSES, _processes, above(down=0, faults=0), above(restarts=0, silent=0)),
    Hop(
        "machines", _told("machines"), above(down=0), above(away=0, overflowed=0, restarts=0), "machines", optional=True
    ),
    Hop("spool", _told("spool"), above(dropped=0), NEVER, optional=True),
    Hop("publishers", _publishers, above(dropped=0), above(stale=0, silent=0, refused=0, lag_s=LAG_S)),
    Hop("commands", _told("commands"), NEVER, above(unanswered=0), optional=True),
    Hop("broker", _broker, lambda c: not c.get("connected") or c.get("down"), above(restarts=0, refused=0), "broker"),
    Hop("ingest", _ingest, above(lost=0, dropped=0), above(malformed=0, refused=0, other_run=0, failures=0)),
    Hop("store", _store, above(failing=0, refused=0, lost=0), above(retired=0, unreadable=0)),
    Hop("journal", _told("journal"), NEVER, above(damaged=0, quarantined=0, removed=0), optional=True),
    Hop("brain", _brain, NEVER, above(rejected=0, unheard=0, recount_waiting=0, recount_gone=0, failures=0)),
    Hop("chains", _chains, NEVER, above(unnamed=0), optional=True),
    Hop("figures", _told("figures"), above(dropped=0), above(refused=0), optional=True),
    Hop("forecasts", _told("forecasts"), NEVER, above(failed=0), optional=True),
    Hop("gateway", _told("gateway"), above(down=0, dropped=0), GATEWAY, "gateway", optional=True),
    Hop("servers", _told("servers"), above(down=0, dropped=0), SERVERS, "servers", optional=True),
    Hop("pages", _pages, NEVER, above(refused=0, failures=0, unshown=0)),
)
"""All hops in the direction of the data."""
NAMES = frozenset(hop.name for hop in HOPS)
