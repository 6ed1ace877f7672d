"""How a run does, hop by hop from the machines to the pages: what waits, was late, refused or lost, and why.

One row a hop, in the direction of the data, so that nothing is lost without a place where it is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Json = Any
Counters = Mapping[str, Any]

GOOD, WARN, BAD, UNKNOWN = "good", "warn", "bad", "unknown"
LAG_S = 10.0
"""Lag of a plant from which it counts as behind."""
MISSED = {
    "lost": "rows that were acknowledged and were not in the file when it was opened",
    "retired": "rows that the server did not keep: older than its retention",
    "unreadable": "rows or lines that are no records, left out when read",
}
"""What a store does not have or cannot give, by the name of its counter."""


def hops(
    sites: Mapping[str, Counters], counters: Counters, roles: Mapping[str, Counters], pages: Counters
) -> list[Json]:
    """Every hop with its status, its counters and the reasons of what it did not pass on.

    Args:
        sites: Last heartbeat of each site: ``sent``, ``dropped``, ``lag_s``, ``stale``.
        counters: Counters of ingest, store and brain, as the hub gives them; empty while nothing is live.
        roles: How the processes do, as their supervisor tells; empty for a role alone.
        pages: Counters of the live state and the stream.

    Returns:
        Rows ``{hop, status, counters, reasons}``; the status is ``good``, ``warn``, ``bad`` (records are lost, or the
        hop does not work) or ``unknown``; a reason is ``{reason, count}``.
    """
    return [
        _processes(roles),
        _publishers(sites, counters),
        _broker(counters),
        _ingest(counters),
        _store(counters),
        _brain(counters),
        _pages({**pages, "failures": counters.get("pages_failures", 0)}),
    ]


def _row(hop: str, status: str, counters: Counters, reasons: Mapping[str, int] | None = None) -> Json:
    told = [{"reason": reason, "count": count} for reason, count in (reasons or {}).items() if count]
    return {"hop": hop, "status": status, "counters": dict(counters), "reasons": told}


def _processes(roles: Mapping[str, Counters]) -> Json:
    down = [name for name, role in roles.items() if role.get("status") != "up"]
    counted = {
        "roles": len(roles),
        "down": len(down),
        "restarts": sum(role.get("restarts", 0) for role in roles.values()),
    }
    lost = {
        f"{name}: {reason}": count for name, role in roles.items() for reason, count in role.get("counters", {}).items()
    }
    ends = {
        f"{name}: {role['last_end']}": role.get("restarts", 0) for name, role in roles.items() if role.get("last_end")
    }
    status = UNKNOWN if not roles else BAD if down or any(lost.values()) else WARN if counted["restarts"] else GOOD
    return _row("processes", status, counted, ends | lost)


def _publishers(sites: Mapping[str, Counters], counters: Counters) -> Json:
    beats = list(sites.values())
    seen: Sequence[Counters] = counters.get("publishers_seen", ())
    silent = {f"{one['publisher']}: {one['state']}": 1 for one in seen if one.get("state") not in (None, "online")}
    counted = {
        "sites": len(beats),
        "stale": sum(bool(beat.get("stale")) for beat in beats),
        "sent": _sum(beats, "sent"),
        "dropped": _sum(beats, "dropped"),
        "lag_s": round(max((beat.get("lag_s") or 0.0 for beat in beats), default=0.0), 1),
    }
    late = counted["stale"] or counted["lag_s"] > LAG_S or silent
    status = UNKNOWN if not beats else BAD if counted["dropped"] else WARN if late else GOOD
    return _row("publishers", status, counted, silent)


def _broker(counters: Counters) -> Json:
    known = {"connected": int(bool(counters.get("broker_ok"))), "losses": counters.get("broker_losses", 0)}
    status = UNKNOWN if not counters else GOOD if counters.get("broker_ok") else BAD
    return _row("broker", status, known)


def _ingest(counters: Counters) -> Json:
    names = ("received", "waiting", "duplicates", "late", "lost", "dropped", "malformed", "other_run")
    counted = {name: counters.get(name, 0) for name in names}
    lost = counted["lost"] or counted["dropped"]
    odd = counted["malformed"] or counted["other_run"] or counters.get("refusals")
    status = UNKNOWN if not counters else BAD if lost else WARN if odd else GOOD
    return _row("ingest", status, counted, counters.get("refusals"))


def _store(counters: Counters) -> Json:
    counted = {name: counters.get(name, 0) for name in ("stored", "values", "batches", "refused", "refused_rows")}
    counted["failures"] = counters.get("store_failures", 0)
    missed: Mapping[str, int] = counters.get("store_missed", {})
    counted |= {name: missed.get(name, 0) for name in MISSED}
    bad = not counters.get("store_ok", True) or counted["refused"] or counted["lost"]
    status = UNKNOWN if not counters else BAD if bad else WARN if any(missed.values()) else GOOD
    return _row("store", status, counted, {reason: counted[name] for name, reason in MISSED.items()})


UNHEARD = "sites: expected heartbeats, without which no window ends (no indicators are made)"


def _brain(counters: Counters) -> Json:
    counted = {
        name.removeprefix("brain_"): value
        for name, value in counters.items()
        if name.startswith("brain_") and isinstance(value, int)
    }
    odd = any(counted.get(name) for name in ("rejected", "unheard", "recount_waiting", "recount_gone", "failures"))
    gone, reason = counted.get("recount_gone", 0), str(counters.get("brain_recount_reason") or "")
    reasons = {reason: gone} if reason and gone else {}
    if counted.get("unheard"):
        reasons[UNHEARD] = counted["unheard"]
    status = UNKNOWN if not counted else WARN if odd else GOOD
    return _row("brain", status, counted, reasons)


def _pages(pages: Counters) -> Json:
    counted = {name: value for name, value in pages.items() if isinstance(value, int)}
    unshown: Mapping[str, int] = pages.get("unshown", {})
    odd = counted.get("refused") or counted.get("failures") or unshown
    return _row("pages", WARN if odd else GOOD, counted, unshown)


def _sum(rows: Sequence[Counters], name: str) -> int:
    return sum(int(row.get(name) or 0) for row in rows)
