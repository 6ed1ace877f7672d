"""Planned run times of tools, from the recipes alone."""

from __future__ import annotations

from typing import Any

from twin.config.plant import PlantConfig, StationConfig
from twin.config.recipes import PoolConfig, StepConfig


def planned_run_s(config: PlantConfig) -> dict[str, float]:
    """Planned run time per item (PRI) in s of the tools of each pool: the plain mean over the steps that it does.

    Of lots as large as the largest that is released; the exact one comes with every part.
    """
    size = max((lot.size for _, _, station in config.stations() for lot in _lots(station)), default=1)
    times: dict[str, list[float]] = {}
    for recipe in config.recipes.values():
        for step in recipe.steps:
            if step.pool is not None and step.time is not None:
                pool = config.pools.get(step.pool, PoolConfig())
                times.setdefault(step.pool, []).append(per_piece_s(step, pool, size))
    return {id: sum(some) / len(some) for id, some in times.items()}


def pool_of(tool: StationConfig) -> str:
    """Pool whose queue a tool works from."""
    return getattr(tool, "pool", None) or tool.id


def _lots(station: StationConfig) -> tuple[Any, ...]:
    return (*getattr(station, "release", ()), *getattr(station, "started", ()))


def per_piece_s(step: StepConfig, pool: PoolConfig, size: int) -> float:
    """What a tool that is always full needs at a step for each piece of a lot, in s."""
    assert step.time is not None  # noqa: S101 - only steps with a time are asked
    pieces = max(size, step.batch_max or 0)
    if step.cascade is not None:
        return step.cascade if step.per == "piece" else step.cascade / size
    work = step.time.mean_s * (pieces if step.per == "piece" else 1)
    return (work + pool.load + pool.unload) / pieces
