"""The methods of a unit, as clients see them; names after the commands of PackML where it has them."""

from __future__ import annotations

from typing import NamedTuple

from asyncua import ua

TEXT, NUMBER = ua.VariantType.String, ua.VariantType.Double


class MethodArgument(NamedTuple):
    """An input argument.

    Args:
        name: Its name.
        variant: Its type.
        en: What it is.
        field: Field of the command that it becomes.
        optional: It may be left empty.
        least: Least value of a number.
    """

    name: str
    variant: ua.VariantType
    en: str
    field: str
    optional: bool = False
    least: float = 0.0

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
    """

    name: str
    zh: str
    arguments: tuple[MethodArgument, ...] = ()


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
)
"""All methods of a unit."""
OUTPUT = argument("Message", TEXT, "what is done, and when")
