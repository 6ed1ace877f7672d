"""A tool, fixture or gauge that several stations share."""

from __future__ import annotations

from twin.sim.resource import Resource, ResourceConfig
from twin.stations import stations


class FixtureConfig(ResourceConfig):
    """A tool, fixture or gauge; its skills are the names under which stations ask for it."""


@stations.register("fixture", config=FixtureConfig)
class Fixture(Resource):
    """Is at one unit at a time, from the beginning to the end of the phase that needs it."""

    config = FixtureConfig
    __slots__ = ()
