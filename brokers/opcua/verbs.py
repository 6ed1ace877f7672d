"""The methods of a unit, as clients see them; names after the commands of PackML where it has them."""

from __future__ import annotations

from typing import NamedTuple

from asyncua import ua

TEXT, COUNT = ua.VariantType.String, ua.VariantType.UInt32
INTEGER = ua.VariantType.Int16


class MethodArgument(NamedTuple):
    """An input argument.

    Args:
        name: Its name.
        variant: Its type.
        en: What it is.
        field: Field of the command that it becomes.
        optional: It may be left empty.
        least: Least value of a number; None: any.
    """

    name: str
    variant: ua.VariantType
    en: str
    field: str
    optional: bool = False
    least: float | None = 0.0

    @property
    def told(self) -> ua.Argument:
        """The same as a client reads it."""
        return argument(self.name, self.variant, self.en)


class MethodVerb(NamedTuple):
    """A method.

    Args:
        name: Its name.
        zh: What it does, in Chinese.
        arguments: What it wants.
        roles: Roles of the units that have it, as their master data say; none named: all.
    """

    name: str
    zh: str
    arguments: tuple[MethodArgument, ...] = ()
    roles: frozenset[str] = frozenset()


def argument(name: str, variant: ua.VariantType, text: str) -> ua.Argument:
    """An argument of a method as a client reads it."""
    return ua.Argument(name, ua.NodeId(variant.value), ua.ValueRank.Scalar, [], ua.LocalizedText(text, "en"))


VERBS = (
    MethodVerb("Start", "结束停机"),
    MethodVerb("Stop", "停机，直到启动或复位"),
    MethodVerb("Hold", "质量保持，直到解除或复位"),
    MethodVerb("Unhold", "解除保持"),
    MethodVerb("Reset", "结束停机和保持"),
    MethodVerb(
        "InjectFault",
        "立即触发一种故障",
        (MethodArgument("Mode", TEXT, "failure mode; empty: the first", "mode", optional=True),),
    ),
    MethodVerb(
        "StartJobOrder",
        "立即下达一个工单",
        (
            MethodArgument("JobOrderID", TEXT, "name of the order; empty: one is made", "order", optional=True),
            MethodArgument("MaterialID", TEXT, "item; empty: the only one", "item", optional=True),
            MethodArgument("Quantity", COUNT, "number of pieces", "quantity", least=1),
            MethodArgument("Due", TEXT, "time until it is due, e.g. 8 h; empty: never", "due", optional=True),
            MethodArgument("Priority", INTEGER, "lower goes first; usually 0", "priority", least=None),
        ),
        frozenset({"desk", "feed"}),
    ),
)
"""All methods that units may have."""


def verbs_of(role: str) -> tuple[MethodVerb, ...]:
    """The methods of a unit with a role."""
    return tuple(verb for verb in VERBS if not verb.roles or role in verb.roles)


OUTPUT = argument("Message", TEXT, "what is done, and when")
