"""A tool, fixture, gauge or pallet that several stations share."""

from __future__ import annotations

from pydantic import Field

from twin.behaviours.life import CYCLES, renew_life
from twin.behaviours.resource import Resource, ResourceConfig
from twin.config.plant import FailureConfig
from twin.engine.station import Setting
from twin.stations import stations


class FixtureConfig(ResourceConfig):
    """A tool, fixture, gauge or pallet; its skills are the names under which stations ask for it.

    Example: `{id: gauge, kind: fixture, skills: [gauge], failures: [{id: worn, basis: cycles, after: 400 cycles,
    repair: 2 h}]}`
    """

    failures: tuple[FailureConfig, ...] = Field(
        default=(), description="failure modes; cycles are uses, `then` is what becomes of the work it is used for"
    )


@stations.register("fixture", config=FixtureConfig)
class Fixture(Resource):
    """Is at one unit at a time, from the beginning to the end of the phase that needs it, or travels with a part.

    One that is down is not given out. When it fails in use, the work waits, begins anew or its part is spoiled; it
    goes on with another one, or, where it belongs to the part, when it is repaired.
    """

    titles = ("Fixture", "工装")
    role = "fixture"
    config = FixtureConfig
    __slots__ = ()

    def __init__(self, setting: Setting[FixtureConfig]):
        super().__init__(setting)
        config = setting.config
        self.add_failures(config.failures)
        self.counted = tuple(life for life in self.lives if life.basis == CYCLES)
        renew_life(self)
