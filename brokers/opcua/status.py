"""What the bridge tells of itself."""

from __future__ import annotations

from dataclasses import dataclass

from brokers.opcua.gate import Counts


@dataclass(frozen=True, slots=True)
class Status:
    """What the bridge has done.

    Args:
        values: Counts of offered, suppressed and written values.
        waiting: Values that wait for the rate limit.
        variables: Variables in the address space.
        nodes: Nodes of the plant.
        refused_nodes: Nodes refused because there were too many.
        unknown: Values of tags that master data did not announce.
        mismatched: Values of another type than their variable's, sent as bad.
        skipped: Historical frames, which must not become current values.
        malformed: Records that are not what their kind demands.
        events: Events sent.
        events_dropped: Events over the limit.
        sources: Sources of values that were heard of.
        silent: Of these, the ones that are not heard any more.
        service_level: ServiceLevel that clients are told, 255 when all is well.
        stale: Variables that say that their source has gone.
        lag_s: How long the value that waits longest has waited.
        connections: Clients that are connected.
        subscriptions: Their subscriptions.
        calls: Method calls.
        calls_refused: Method calls refused.
    """

    values: Counts
    waiting: int
    variables: int
    nodes: int
    refused_nodes: int
    unknown: int
    mismatched: int
    skipped: int
    malformed: int
    events: int
    events_dropped: int
    sources: int
    silent: int
    service_level: int
    stale: int
    lag_s: float
    connections: int
    subscriptions: int
    calls: int
    calls_refused: int
