"""A plug-in with a mistake: a field without a description."""

from pydantic import Field

from futurefactory import StationConfig, stations


class SpoiltConfig(StationConfig):
    """Says nothing of its field."""

    depth: int = Field(default=1)


@stations.register("spoilt", config=SpoiltConfig)
class Spoilt:
    """Nothing."""

    config = SpoiltConfig
