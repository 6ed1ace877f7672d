"""What every configuration is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Annotated, Any, Literal, Self, get_args, get_origin

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_core import InitErrorDetails

from twin.equipment import SEGMENT

Identifier = Annotated[str, Field(pattern=rf"^{SEGMENT.pattern}$")]


class Config(BaseModel):
    """Base of all configuration: frozen, no unknown keys, everything that is wrong told at once."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    @model_validator(mode="wrap")
    @classmethod
    def _told_at_once(cls, given: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if isinstance(given, dict) and bool in map(type, given.values()):
            given = _without_truths(cls, given)
        try:
            return handler(given)
        except ValidationError as error:
            if not (hidden := list(_hidden(cls, given, error))):
                raise
            told = [*map(_again, error.errors()), *hidden]
        raise ValidationError.from_exception_data(cls.__name__, told)


def _without_truths(model: type[BaseModel], given: dict[str, Any]) -> dict[str, Any]:
    """What was given, with true and false of numbers as the words that they are: the library takes them for 1 and 0."""
    numbers = _numbers(model)
    return {
        name: str(value).lower() if type(value) is bool and name in numbers else value for name, value in given.items()
    }


@lru_cache(maxsize=1024)
def _numbers(model: type[BaseModel]) -> frozenset[str]:
    """Fields that are numbers, and neither truths nor texts."""
    kinds = {name: set(_kinds(field.annotation)) for name, field in model.model_fields.items()}
    return frozenset(name for name, found in kinds.items() if found & {int, float} and not found & {bool, str, Any})


def _kinds(annotation: Any) -> Iterator[Any]:
    inner = get_args(annotation)
    if get_origin(annotation) is Literal:
        yield from map(type, inner)
    elif not inner:
        yield annotation
    for one in inner if get_origin(annotation) is not Literal else ():
        yield from _kinds(one)


def _again(row: Any) -> InitErrorDetails:
    kept: InitErrorDetails = {name: row[name] for name in ("type", "loc", "input", "ctx") if name in row}  # type: ignore[assignment]  # those of a row
    return kept


def _hidden(model: type[BaseModel], given: Any, error: ValidationError) -> Iterator[InitErrorDetails]:
    """What the validators of a model as a whole would say, which do not run while a field of it is wrong.

    They are asked with the wrong fields as they were given; one that cannot deal with these says nothing.
    """
    validators = [one for one in model.__pydantic_decorators__.model_validators.values() if one.info.mode == "after"]
    if not validators or not isinstance(given, dict):
        return
    wrong = {row["loc"][0] for row in error.errors() if row["loc"]}
    drafted = model.model_construct(**dict(_fields(model, given, wrong)))
    for one in validators:
        if said := _objection(one.func, drafted):
            yield InitErrorDetails(type="value_error", loc=(), input=given, ctx={"error": said})


def _fields(model: type[BaseModel], given: dict[str, Any], wrong: set[int | str]) -> Iterator[tuple[str, Any]]:
    for name, field in model.model_fields.items():
        if name in given and name in wrong:
            yield name, given[name]
        elif name in given:
            kind: Any = Annotated[field.annotation, field]
            yield name, TypeAdapter(kind).validate_python(given[name])


def _objection(validator: Callable[..., Any], drafted: BaseModel) -> ValueError | None:
    try:
        validator(drafted)
    except ValueError as objection:
        return objection
    except (ArithmeticError, AttributeError, LookupError, TypeError):
        return None  # it met what is told already
    return None


class Title(Config):
    """Name for people in both languages."""

    en: str = Field(description="English")
    zh: str = Field(description="Chinese")


def _title(value: object) -> object:
    return {"en": value, "zh": value} if isinstance(value, str) else value


Titled = Annotated[Title, BeforeValidator(_title)]
