"""What every configuration is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import UnionType
from typing import Annotated, Any, Literal, Self, Union, get_args, get_origin

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
from pydantic_core import InitErrorDetails, PydanticCustomError
from pydantic_core.core_schema import ErrorType

from twin.equipment import SEGMENT

TYPES = frozenset(get_args(ErrorType))
SEQUENCES = (list, tuple, set, frozenset, Sequence)
Identifier = Annotated[str, Field(pattern=rf"^{SEGMENT.pattern}$")]


class Config(BaseModel):
    """Base of all configuration: frozen, no unknown keys, everything that is wrong told at once."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    @model_validator(mode="wrap")
    @classmethod
    def _told_at_once(cls, given: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if isinstance(given, dict) and any(type(value) in (bool, dict, list) for value in given.values()):
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
    shapes = _shapes(model)
    return {name: shapes[name].without_truths(value) if name in shapes else value for name, value in given.items()}


class _Shape:
    """What a field may be: a number or not, a mapping or a list of such.

    Args:
        annotations: One of these.
    """

    def __init__(self, annotations: Iterable[Any]):
        options = [option for annotation in annotations for option in _options(annotation)]
        self._number = bool({int, float} & {*options}) and not {bool, str, Any} & {*options}
        of = [(get_origin(option), get_args(option)) for option in options]
        values = [args[1] for origin, args in of if origin in (dict, Mapping)]
        items = [one for origin, args in of if origin in SEQUENCES for one in args if one is not ...]
        self._values = _Shape(values) if values else None
        self._items = _Shape(items) if items else None

    def without_truths(self, value: Any) -> Any:
        """A value with its truths as words where it should be a number, or hold some."""
        if type(value) is bool:
            return str(value).lower() if self._number else value
        if type(value) is dict and self._values is not None:
            return {name: self._values.without_truths(one) for name, one in value.items()}
        if type(value) is list and self._items is not None:
            return [self._items.without_truths(one) for one in value]
        return value


@lru_cache(maxsize=1024)
def _shapes(model: type[BaseModel]) -> dict[str, _Shape]:
    return {name: _Shape([field.annotation]) for name, field in model.model_fields.items()}


def _options(annotation: Any) -> Iterator[Any]:
    """What an annotation stands for; of literals their types."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        yield from map(type, inner)
    elif origin is Annotated:
        yield from _options(inner[0])
    elif origin in (Union, UnionType):
        for one in inner:
            yield from _options(one)
    else:
        yield annotation


def _again(row: Any) -> InitErrorDetails:
    if row["type"] not in TYPES:  # one of ours, which the library does not know by its name
        own = PydanticCustomError(row["type"], row["msg"], row.get("ctx"))
        return InitErrorDetails(type=own, loc=row["loc"], input=row["input"])
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
    if isinstance(value, str):
        return {"en": value, "zh": value}
    if not isinstance(value, dict | Title):
        raise PydanticCustomError("title_type", "expected a text, or en and zh with one each")
    return value


Titled = Annotated[Title, BeforeValidator(_title)]
