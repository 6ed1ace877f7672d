"""A plug-in whose station fails while it runs."""

from futurefactory import MachineConfig, Processor, stations


class FailingConfig(MachineConfig):
    """A machine with a mistake in its code."""


@stations.register("failing", config=FailingConfig)
class Failing(Processor):
    """Divides by zero at the first item."""

    config = FailingConfig
    __slots__ = ()

    def law(self, item):
        return 1 / 0
