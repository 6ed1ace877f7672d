"""What a station is given when it is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from twin.config.plant import StationConfig
from twin.engine.journal import Journal
from twin.engine.kernel import Kernel
from twin.engine.loads import Parts
from twin.equipment import EquipmentPath
from twin.zone import Axis


class Allocates(Protocol):
    """Who gives people and tools to units: :class:`twin.behaviours.requests.Allocator`, with its requests."""

    def offer(self, resource: Any, skills: tuple[str, ...], place: Any) -> None:
        """A person or a tool is free from now on, and was last at a unit."""

    def withdraw(self, resource: Any, skills: tuple[str, ...], place: Any) -> None:
        """One that was free at a unit is not free any more."""

    def ask(self, request: Any) -> None:
        """Put a request in the queue."""

    def give_back(self, request: Any) -> None:
        """End a request, whether it was served or not."""

    def hand_over(self, request: Any, skill: str, owner: Any) -> Any:
        """Give those that serve one skill of a request to another owner, as a request of its own."""

    def wake(self) -> None:
        """Look at the queue at the end of the present step."""


C = TypeVar("C", bound=StationConfig, covariant=True)


@dataclass(frozen=True, slots=True)
class Setting(Generic[C]):
    """What a station is given when it is built; a kind says in its constructor of what configuration it is.

    Args:
        path: Its path.
        unit: Its number.
        config: Its configuration.
        order: Standing job order of its line.
        seed: Seed of the run.
        kernel: The event queue.
        journal: The log.
        parts: The shared parts.
        allocator: Gives people and tools to units.
        axis: Simulated time and the local time along it.
        volumes: Volume of one of each item in m³, where it is known.
    """

    path: EquipmentPath
    unit: int
    config: C
    order: str
    seed: int
    kernel: Kernel
    journal: Journal
    parts: Parts
    allocator: Allocates
    axis: Axis
    volumes: Mapping[str, float] = field(default_factory=dict)
