"""What every configuration is made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from twin.equipment import SEGMENT

Identifier = Annotated[str, Field(pattern=rf"^{SEGMENT.pattern}$")]


class Config(BaseModel):
    """Base of all configuration: frozen, no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Title(Config):
    """Name for people in both languages."""

    en: str = Field(description="English")
    zh: str = Field(description="Chinese")


def _title(value: object) -> object:
    return {"en": value, "zh": value} if isinstance(value, str) else value


Titled = Annotated[Title, BeforeValidator(_title)]
