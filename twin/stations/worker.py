"""A person who does what stations need people for."""

from __future__ import annotations

from twin.behaviours.resource import Resource, ResourceConfig
from twin.stations import stations


class WorkerConfig(ResourceConfig):
    """A person with skills, e.g. an operator, a setter or one of a repair crew."""


@stations.register("worker", config=WorkerConfig)
class Worker(Resource):
    """Works at one unit at a time; its time at work over its attendance is the worker efficiency."""

    titles = ("Worker", "工人")
    config = WorkerConfig
    __slots__ = ()
