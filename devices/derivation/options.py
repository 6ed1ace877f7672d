"""What a scenario says of a real machine: which of its items are our tags, and how states, parts and alarms follow."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from devices.derivation.expression import LONGEST, ConditionText
from devices.derivation.words import MODELS
from twin.basis import Config
from twin.config.named import Item, OwnName
from twin.quantities import Duration
from twin.states import UnitState

STATE_NAMES = [state.name for state in UnitState]


def _state(value: str) -> str:
    if value not in STATE_NAMES:
        raise ValueError(f"expected a state ({', '.join(STATE_NAMES)}), got {value!r}")
    return value


StateName = Annotated[str, AfterValidator(_state), WithJsonSchema({"enum": STATE_NAMES})]


def _word(value: object) -> object:
    """A word of a machine as text, as it may stand in a scenario: number, true or false, text."""
    return str(value).lower() if isinstance(value, bool) else str(value) if isinstance(value, int) else value


def _criterion(text: str) -> str:
    ConditionText(text)
    return text


Word = Annotated[str, BeforeValidator(_word)]
When = Annotated[str, Field(max_length=LONGEST), AfterValidator(_criterion)]
Address = Annotated[str, Field(min_length=1, max_length=1000)]
Bit = Annotated[int, Field(ge=0, le=63)]


def _short(value: object) -> object:
    return {"item": value} if isinstance(value, str) else value


class ItemSource(Config):
    """An item of a machine and how its value is read; the address alone where that is all."""

    item: Address = Field(description="address, in the words of the protocol")
    bit: Bit | None = Field(default=None, description="bit of a word, 0 is the lowest; its value is 0 or 1")
    scale: Annotated[float, "number"] = Field(default=1.0, allow_inf_nan=False, description="multiplies the number")
    offset: Annotated[float, "number"] = Field(default=0.0, allow_inf_nan=False, description="added after that")
    unit: str = Field(
        default="", max_length=25, description="unit of the number after that; converted to that of the tag"
    )
    deadband: Annotated[float, "number"] = Field(
        default=0.0, ge=0, allow_inf_nan=False, description="changes of the item up to this are not told"
    )


SourceOf = Annotated[ItemSource, BeforeValidator(_short)]


class CounterSource(Config):
    """A counter of parts."""

    item: Address = Field(description="address, in the words of the protocol")
    bits: Literal[16, 32] | None = Field(default=None, description="width of an unsigned counter that rolls over")
    rolls_over_at: int | None = Field(default=None, ge=2, description="number of values of one that rolls over")
    largest_step: int = Field(default=1000, ge=1, description="step above which it is not believed")

    @property
    def values(self) -> int | None:
        """Number of values that it has; None: it does not roll over."""
        return self.rolls_over_at if self.bits is None else 2**self.bits

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if self.bits is not None and self.rolls_over_at is not None:
            raise ValueError("expected bits or rolls_over_at, got both")
        return self


CounterOf = Annotated[CounterSource, BeforeValidator(_short)]


class StateRule(Config):
    """A state, and when the unit is in it."""

    when: When = Field(description="condition over tags and inputs")
    state: StateName = Field(description="state while it holds")
    cause: str = Field(default="", max_length=200, description="cause that is told with the state")


class StateSource(Config):
    """How the state of a unit follows; rules come before words, the first that holds counts."""

    item: Address | None = Field(default=None, description="item with the state, a word or a number")
    mode_item: Address | None = Field(default=None, description="item with the unit mode, PackML's UnitModeCurrent")
    model: Literal["packml", "packml_from_0", "e10", "machinery"] | None = Field(
        default=None, description="standard whose words the item has"
    )
    values: dict[Word, StateName] = Field(default={}, description="state by value of the item; over those of the model")
    bits: dict[Bit, StateName] = Field(
        default={}, description="state by bit of the item that is set; the first one written here counts"
    )
    rules: tuple[StateRule, ...] = Field(default=(), max_length=100, description="states by conditions")
    otherwise: StateName = Field(default="UNKNOWN", description="state where nothing else says one")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        words = bool(self.model or self.values or self.bits)
        if self.item is None and (words or not self.rules):
            raise ValueError("expected an item, or rules, got neither")
        if self.item is not None and not words:
            raise ValueError("expected model, values or bits for the item, got none")
        if self.bits and (self.model or self.values):
            raise ValueError("expected bits, or words (model, values), got both")
        return self

    def words(self) -> dict[str, UnitState]:
        """Canonical state by word, in lower case."""
        said = {**(MODELS[self.model] if self.model else {}), **self.values}
        return {word.strip().lower(): UnitState[name] for word, name in said.items()}


class PartsSource(Config):
    """Counters of parts; with ``total`` the good ones are those that are neither scrap nor rework."""

    good: CounterOf | None = Field(default=None, description="counter of good parts")
    scrap: CounterOf | None = Field(default=None, description="counter of scrap")
    rework: CounterOf | None = Field(default=None, description="counter of parts to be reworked")
    total: CounterOf | None = Field(default=None, description="counter of all parts, instead of good")
    makes: Item | None = Field(default=None, description="item that is made; default: what the station makes")
    ideal: Duration | None = Field(default=None, description="planned run time per item; default: the station's")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.good is None) == (self.total is None):
            raise ValueError(f"expected good or total, got {'neither' if self.good is None else 'both'}")
        return self

    def counters(self) -> Iterator[tuple[str, CounterSource]]:
        """Those that there are, by what they count."""
        for name in ("good", "total", "scrap", "rework"):
            counter = getattr(self, name)
            if counter is not None:
                yield name, counter


class AlarmSource(Config):
    """An alarm: a boolean item or a bit of a word, a threshold with hysteresis, or a condition."""

    code: str = Field(min_length=1, max_length=200, description="code of the alarm")
    text: str = Field(default="", max_length=1000, description="text for people")
    severity: int = Field(default=500, ge=1, le=1000, description="severity as in OPC UA, 1 to 1000")
    item: Address | None = Field(default=None, description="item that is true or not 0 while it is active")
    bit: Bit | None = Field(default=None, description="bit of the item that is set while it is active")
    of: OwnName | None = Field(default=None, description="tag or input with a threshold")
    above: Annotated[float, "number"] | None = Field(default=None, description="active from above this")
    below: Annotated[float, "number"] | None = Field(default=None, description="active from below this")
    back: Annotated[float, "number"] | None = Field(
        default=None, description="over when back at this, the hysteresis; default: the threshold"
    )
    when: When | None = Field(default=None, description="condition over tags and inputs while which it is active")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [name for name in ("item", "of", "when") if getattr(self, name) is not None]
        if len(ways) != 1:
            raise ValueError(f"expected one of item, of and when, got {' and '.join(ways) or 'none'}")
        edges = (self.above is not None) + (self.below is not None)
        if edges != (self.of is not None):
            raise ValueError(f"expected one threshold, above or below, with of, got {edges or 'none'}")
        if self.back is not None and not self._inside(self.back):
            raise ValueError(f"expected back on the other side of the threshold, got {self.back:g}")
        return self

    def _inside(self, back: float) -> bool:
        return back <= self.above if self.above is not None else self.below is not None and back >= self.below


class JobSource(Config):
    """The order on a machine; another number is a changeover."""

    item: Address = Field(description="item with the number or name of the order")
    none: tuple[Word, ...] = Field(default=("", "0"), description="values that mean: no order")


class WritableItem(Config):
    """An item that may be written, and with what."""

    item: Address = Field(description="address, in the words of the protocol")
    value: bool | int | float | str | None = Field(
        default=None, description="what is written; default: what is given with the command"
    )
    least: Annotated[float, "number"] | None = Field(
        default=None, allow_inf_nan=False, description="least number that may be given"
    )
    most: Annotated[float, "number"] | None = Field(
        default=None, allow_inf_nan=False, description="largest number that may be given"
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        bounded = self.least is not None or self.most is not None
        if self.value is not None and bounded:
            raise ValueError("expected value, or bounds of what is given (least, most), got both")
        if self.least is not None and self.most is not None and self.least > self.most:
            raise ValueError(f"expected least up to most, got {self.least:g} and {self.most:g}")
        return self

    def chosen(self, given: bool | float | str | None) -> bool | int | float | str:
        """What is written when this is given with a command.

        Raises:
            ValueError: It may not be; as *expected, got*.
        """
        if self.value is not None:
            if given is not None:
                raise ValueError(f"no value: it writes {self.value!r}", repr(given))
            return self.value
        if given is None:
            raise ValueError("a value", "none")
        if self.least is None and self.most is None:
            return given
        least, most = (-inf if self.least is None else self.least, inf if self.most is None else self.most)
        if isinstance(given, bool | str) or not least <= given <= most:
            raise ValueError(f"a number from {least:g} to {most:g}", repr(given))
        return given


WritableOf = Annotated[WritableItem, BeforeValidator(_short)]


class DerivationOptions(Config):
    """What the items of a machine mean, wherever their values come from."""

    tags: dict[OwnName, SourceOf] = Field(default={}, max_length=10_000, description="item by tag of the profile")
    inputs: dict[OwnName, SourceOf] = Field(
        default={}, max_length=1000, description="further items by name, for conditions only"
    )
    state: StateSource | None = Field(default=None, description="how its state follows")
    parts: PartsSource | None = Field(default=None, description="what it counts")
    alarms: tuple[AlarmSource, ...] = Field(default=(), max_length=10_000, description="its alarms")
    job: JobSource | None = Field(default=None, description="the order on it")

    @model_validator(mode="after")
    def _known_names(self) -> Self:
        known = {*self.tags, *self.inputs}
        if both := sorted({*self.tags} & {*self.inputs}):
            raise ValueError(f"expected each name once in tags and inputs, got {', '.join(both)} in both")
        if wrong := sorted({name for name in self._named() if name not in known}):
            hint = f"known: {', '.join(sorted(known))}" if known else "there are neither tags nor inputs"
            raise ValueError(f"expected conditions over tags and inputs ({hint}), got {', '.join(wrong)}")
        return self

    def _named(self) -> Iterator[str]:
        conditions = [rule.when for rule in (self.state.rules if self.state else ())]
        conditions += [alarm.when for alarm in self.alarms if alarm.when is not None]
        for text in conditions:
            yield from ConditionText(text).names
        yield from (alarm.of for alarm in self.alarms if alarm.of is not None)

    def items(self) -> Iterator[tuple[str, float]]:
        """Every item that is needed, with its deadband; one may come more than once."""
        yield from ((source.item, source.deadband) for source in (*self.tags.values(), *self.inputs.values()))
        if self.state is not None:
            yield from ((item, 0.0) for item in (self.state.item, self.state.mode_item) if item is not None)
        if self.parts is not None:
            yield from ((counter.item, 0.0) for _, counter in self.parts.counters())
        yield from ((alarm.item, 0.0) for alarm in self.alarms if alarm.item is not None)
        if self.job is not None:
            yield self.job.item, 0.0


class MachineOptions(DerivationOptions):
    """What holds for a real machine whatever it is connected by."""

    clock: Literal["source", "arrival"] = Field(
        default="source", description="whose time its values have: its own, or that of their arrival here"
    )
    gap: Annotated[Duration, Field(gt=0)] = Field(
        default=10.0, description="silence after which nothing is known of it until it says something again"
    )
    commands: dict[OwnName, WritableOf] = Field(
        default={},
        max_length=1000,
        description="what may be written to it, by the name of the command; nothing else is",
    )


def of_session(options: MachineOptions) -> dict[str, Any]:
    """What is left of options without what means something for the unit: endpoint and session."""
    return {
        name: getattr(options, name) for name in type(options).model_fields if name not in MachineOptions.model_fields
    }
