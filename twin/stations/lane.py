"""A way of transport between two places of a supply network."""

from __future__ import annotations

from collections import deque
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from twin.behaviours.calendar import DAYS
from twin.config.plant import Config, StationConfig
from twin.counters import TRANSPORT_ACTIVITY, TRANSPORT_CO2, TRANSPORT_COST, TRANSPORTED
from twin.distributions import Durations
from twin.engine.codes import IDLE_NO_ORDER, PRODUCING
from twin.engine.events import Event
from twin.engine.station import Setting, Station
from twin.quantities import Distance, Mass, Money, TransportFactor
from twin.records import RecordKind
from twin.stations import stations
from twin.supply.network import LATE, Carrier, Consignment
from twin.tags import TagSpec
from twin.timetable import Timetable

KG_PER_TKM = {"road": 0.1, "rail": 0.02, "barge": 0.03, "air": 0.8}
"""CO2 in kg per tonne and km: our own round numbers of the usual order; set your own where they matter."""
Time = Annotated[str, Field(pattern=r"^\d\d:\d\d$")]


class DeparturesConfig(Config):
    """When vehicles leave, by local time."""

    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = Field(
        default=("mon", "tue", "wed", "thu", "fri", "sat", "sun"), min_length=1, description="days of departure"
    )
    times: tuple[Time, ...] = Field(min_length=1, description="local times of each such day, hh:mm")


class LaneConfig(StationConfig):
    """Carries what a supplier or stocking point ships to the stocking point or customer after it.

    Without ``departures`` each consignment leaves at once; with them it waits for the next departure
    with room. A perturbation ``stop`` closes the lane: nothing leaves, what is under way arrives; ``slow``
    makes it a detour for what leaves from then on. The cost, CO2 and tonne-kilometres of what leaves are counted
    when it leaves, where they are known: a cost, or a ``weight`` and a ``distance``.
    """

    conveys: ClassVar[bool] = True
    fed: ClassVar[bool] = True
    network: ClassVar[bool] = True

    mode: Literal["road", "rail", "air", "barge"] = Field(default="road", description="mode of transport")
    time: Durations = Field(description="transport time")
    departures: DeparturesConfig | None = Field(default=None, description="departures; None: at any time")
    capacity: int | None = Field(default=None, ge=1, description="pieces that one departure takes; None: all")
    overtaking: bool = Field(default=False, description="a later consignment may arrive before an earlier one")
    distance: Distance = Field(default=0.0, description="length of the way")
    weight: Mass = Field(default=0.0, description="weight of one piece")
    cost: Money = Field(default=0.0, description="cost of one departure")
    cost_per_piece: Money = Field(default=0.0, description="cost of one piece")
    co2: TransportFactor | None = Field(default=None, description="CO2 of the transport; default: by mode")

    @model_validator(mode="after")
    def _scheduled(self) -> Self:
        if self.capacity is not None and self.departures is None:
            raise ValueError("expected departures for a capacity, got none (it is the room of one departure)")
        return self

    @property
    def tkm_per_piece(self) -> float:
        """Transport activity of carrying one piece in tonne-kilometres."""
        return self.weight / 1000 * self.distance

    @property
    def co2_per_piece(self) -> float:
        """CO2 in kg of carrying one piece."""
        return (KG_PER_TKM[self.mode] if self.co2 is None else self.co2) * self.tkm_per_piece

    def counters(self) -> tuple[TagSpec, ...]:
        cost = (TRANSPORT_COST,) if self.cost or self.cost_per_piece else ()
        return (TRANSPORTED, *cost, *((TRANSPORT_CO2, TRANSPORT_ACTIVITY) if self.tkm_per_piece else ()))


@stations.register("lane", config=LaneConfig)
class Lane(Carrier):
    """Carries consignments; PRODUCING while some are waiting or under way, else IDLE_NO_ORDER.

    Attributes:
        transported_pieces: Pieces that have departed so far.
        transport_cost_cny: Cost of that.
        transport_co2_kg: CO2 of that.
        transport_tkm: Tonne-kilometres of that.
        steps: Simulated time and growth of these four each time they grew, where intervals are kept.
    """

    titles = ("Lane", "运输线路")
    role = "carry"
    config = LaneConfig
    __slots__ = (
        "called",
        "carried",
        "departures",
        "last",
        "queue",
        "steps",
        "times",
        "transport_co2_kg",
        "transport_cost_cny",
        "transport_tkm",
        "transported_pieces",
    )

    def __init__(self, setting: Setting[Any]):
        super().__init__(setting)
        config = self.settings
        self.times = self.stream("time", config.time)
        self.departures: Timetable | None = None
        if config.departures is not None:
            days = [DAYS.index(day) for day in config.departures.days]
            self.departures = Timetable(config.departures.times, setting.axis, days)
        self.queue: deque[Consignment] = deque()
        self.carried, self.last, self.called = 0, 0.0, -1.0
        self.transported_pieces = 0
        self.transport_cost_cny = self.transport_co2_kg = self.transport_tkm = 0.0
        self.steps: list[tuple[float, dict[str, float]]] = []

    @property
    def settings(self) -> LaneConfig:
        """Its configuration."""
        config: LaneConfig = self.setting.config
        return config

    def link(self, successors: tuple[Station, ...], predecessors: tuple[Station, ...]) -> None:
        super().link(successors, predecessors)
        self.next = self.feed = None

    def expected(self, from_s: float) -> float:
        departure = from_s if self.departures is None else self.departures.following(from_s)
        return departure + self.settings.time.mean_s

    def send(self, consignment: Consignment) -> None:
        self.queue.append(consignment)
        self.call()
        self.show()

    def call(self) -> None:
        """See to it that what waits leaves."""
        if self.closed or not self.queue:
            return
        now = self.kernel._now
        time = now if self.departures is None else self.departures.following(now)
        if self.called != time:
            self.called = time
            self.kernel.at(time, self.depart, LATE)

    def depart(self) -> None:
        """A vehicle leaves with as much as it takes."""
        if self.kernel._now != self.called or self.closed:
            return
        self.called = -1.0
        config = self.settings
        room = config.capacity
        arrival = self.kernel._now + self.slow * self.times.draw()
        arrival = arrival if config.overtaking else max(arrival, self.last)
        self.last = arrival
        if self.departures is not None:
            self._count(0, config.cost)
        while self.queue and room != 0:
            load = self._loaded(room)
            room = None if room is None else room - load.pieces
            self._leave(load, arrival)
        if self.queue and self.departures is not None:
            self.called = self.departures.following(self.kernel._now + 1.0)
            self.kernel.at(self.called, self.depart, LATE)

    def _loaded(self, room: int | None) -> Consignment:
        head = self.queue[0]
        if room is None or head.pieces <= room:
            return self.queue.popleft()
        head.pieces -= room
        return Consignment(head.order, room)

    def _leave(self, load: Consignment, arrival: float) -> None:
        config = self.settings
        own = config.cost if self.departures is None else 0.0
        self._count(load.pieces, own + load.pieces * config.cost_per_piece)
        load.name = self.new_name()
        self.carried += 1
        if self.recording:
            self.say(RecordKind.SHIPMENT, self._values(load, "departed"))
        self.kernel.at(arrival, load.arrive)

    def _count(self, pieces: int, cost_cny: float) -> None:
        """Count pieces that depart and what that costs."""
        config = self.settings
        co2_kg, tkm = pieces * config.co2_per_piece, pieces * config.tkm_per_piece
        self.transported_pieces += pieces
        self.transport_cost_cny += cost_cny
        self.transport_co2_kg += co2_kg
        self.transport_tkm += tkm
        if self.journal.intervals:
            names = (TRANSPORTED.name, TRANSPORT_COST.name, TRANSPORT_CO2.name, TRANSPORT_ACTIVITY.name)
            self.steps.append((self.kernel._now, dict(zip(names, (pieces, cost_cny, co2_kg, tkm), strict=True))))

    def _values(self, load: Consignment, event: str) -> tuple[object, ...]:
        origin, destination = str(load.order.source.vendor.path), str(load.order.buyer.path)
        return (load.name, event, load.order.item, load.pieces, origin, destination)

    def arrived(self, consignment: Consignment) -> None:
        self.carried -= 1
        self.parts += consignment.pieces
        if self.recording:
            buyer = consignment.order.buyer
            event = Event(buyer.setting.unit, RecordKind.SHIPMENT, self._values(consignment, "arrived"))
            self.log.extend((self.kernel._now, event))
        self.show()

    def suspend(self) -> None:
        self.called = -1.0
        super().suspend()

    def resume(self) -> None:
        self.call()
        super().resume()

    def active(self) -> int:
        return PRODUCING if self.carried or self.queue else IDLE_NO_ORDER
