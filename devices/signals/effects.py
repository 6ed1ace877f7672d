"""Sensor effects: layers that change a reading, never the plant.

Each is one entry of ``device.options.sensor_effects``. Whether and when it acts follows from the seed
and the time of the sample only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from devices.signals.streams import normal_at, stream_keys, uniform_at
from twin.config.plant import Config
from twin.instants import Instant
from twin.quantities import Duration, Ratio
from twin.records import BAD, UNCERTAIN
from twin.tags import TagSpec
from twin.zone import Axis

Row = NDArray[np.float64]
DAY_S = 86_400.0


class EffectConfig(Config):
    """One sensor effect on one device."""

    effect: Literal["noise", "drift", "stuck", "dropout", "spike", "clock_skew"] = Field(
        description="noise, drift and spike falsify the value; stuck holds it as UNCERTAIN; "
        "dropout: no value, BAD; clock_skew moves the stamp"
    )
    tags: tuple[str, ...] | None = Field(
        default=None, description="tags it acts on; default: all but energy, power, part count and state"
    )
    start: Instant = Field(default=0.0, description="when it begins")
    duration: Annotated[Duration, Field(gt=0)] | None = Field(default=None, description="how long; default: for good")
    share: Ratio = Field(default=1.0, description="share of the samples it acts on, drawn at random (dropout, spike)")
    amplitude: Ratio = Field(
        default=0.02, description="size relative to the tag's normal range; for drift per day (noise, drift, spike)"
    )
    skew: Duration = Field(default=0.0, description="how far the clock of the device is off (clock_skew)")
    direction: Literal["ahead", "behind"] = Field(default="behind", description="direction of the clock's error")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.effect == "clock_skew" and not self.skew:
            raise ValueError("expected the option skew for clock_skew, got none")
        return self


@dataclass
class Reading:
    """The row of one device at one sample, before it is sent; effects change it in place.

    Args:
        sim_s: Time of the sample.
        time_ns: Stamp.
        values: [tags].
        quality: [tags].
    """

    sim_s: float
    time_ns: int
    values: Row
    quality: NDArray[np.uint8]


class SensorEffect:
    """One layer on one device; keeps what a stuck sensor last showed."""

    def __init__(
        self, config: EffectConfig, tags: Sequence[TagSpec], exact: set[str], seed: int, name: str, axis: Axis
    ) -> None:
        self.config, self._start_s = config, axis.second(config.start)
        names = [tag.name for tag in tags]
        chosen = config.tags or [name for name in names if name not in exact]
        self._columns = np.array([names.index(each) for each in chosen], dtype=np.intp)
        self._range = np.array([tag.high - tag.low for tag in tags])[self._columns]
        names_of = [f"{name}:{tag}" for tag in chosen]
        self._hit_keys = stream_keys(seed, names_of, f"{config.effect} hit")
        self._size_keys = stream_keys(seed, names_of, f"{config.effect} size")
        self._held: Row | None = None

    def apply(self, reading: Reading) -> None:
        """Change the reading if the effect acts at its time."""
        since = reading.sim_s - self._start_s
        if since < 0 or (self.config.duration is not None and since >= self.config.duration):
            self._held = None
            return
        getattr(self, f"_{self.config.effect}")(reading, since)

    def _draws(self, reading: Reading) -> tuple[NDArray[np.bool_], Row]:
        place = round(reading.sim_s * 1e9)
        return uniform_at(self._hit_keys, place) < self.config.share, normal_at(self._size_keys, place)

    def _noise(self, reading: Reading, since: float) -> None:  # noqa: ARG002 - one signature for all
        _, normal = self._draws(reading)
        reading.values[self._columns] += self.config.amplitude * self._range * normal

    def _drift(self, reading: Reading, since: float) -> None:
        reading.values[self._columns] += self.config.amplitude * self._range * since / DAY_S

    def _spike(self, reading: Reading, since: float) -> None:  # noqa: ARG002 - one signature for all
        hit, normal = self._draws(reading)
        reading.values[self._columns] += hit * np.sign(normal) * self.config.amplitude * self._range

    def _stuck(self, reading: Reading, since: float) -> None:  # noqa: ARG002 - one signature for all
        if self._held is None:
            self._held = reading.values[self._columns].copy()
            return
        reading.values[self._columns] = self._held
        reading.quality[self._columns] = UNCERTAIN

    def _dropout(self, reading: Reading, since: float) -> None:  # noqa: ARG002 - one signature for all
        hit, _ = self._draws(reading)
        reading.values[self._columns[hit]] = np.nan
        reading.quality[self._columns[hit]] = BAD

    def _clock_skew(self, reading: Reading, since: float) -> None:  # noqa: ARG002 - one signature for all
        off_ns = round(self.config.skew * 1e9)
        reading.time_ns += off_ns if self.config.direction == "ahead" else -off_ns


def unknown_tags(effects: Sequence[EffectConfig], tags: Sequence[TagSpec]) -> list[str]:
    """Tags named by effects that a profile does not have."""
    known = {tag.name for tag in tags}
    return sorted({tag for effect in effects for tag in effect.tags or () if tag not in known})


def layers(effects: Sequence[EffectConfig], *made_of: Any) -> list[SensorEffect]:
    """The layers of a device; ``made_of`` are the further arguments of :class:`SensorEffect`."""
    return [SensorEffect(effect, *made_of) for effect in effects]
