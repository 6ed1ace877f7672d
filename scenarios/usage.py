"""A command line that is not as the commands want it, told as every other mistake is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from twin.errors import Problem

WORDS = (
    (r"less than or equal to (\S+)$", r"at most \1"),
    (r"greater than or equal to (\S+)$", r"at least \1"),
    (r"less than (\S+)$", r"less than \1"),
    (r"greater than (\S+)$", r"more than \1"),
    (r"valid integer", "a whole number"),
    (r"valid number|valid float", "a number"),
    (r"finite number", "a finite number"),
    (r"valid boolean", "true or false"),
    (r"is not one of (.+?)\.?$", r"one of \1"),
)
"""What the library of the command line says is wrong with a value, and our words."""


def mistake(error: Any, arguments: Sequence[str]) -> Problem:
    """What is wrong with a command line.

    Args:
        error: What the library of the command line found.
        arguments: The command line.
    """
    context = getattr(error, "ctx", None)
    command = getattr(context, "command_path", "factory")
    more = f"{command} --help tells more"
    option = getattr(error, "option_name", None)
    if getattr(error, "possibilities", None) is not None or type(error).__name__ == "NoSuchOption":
        near = ", ".join(sorted(getattr(error, "possibilities", None) or ()))
        return Problem(str(option), f"an option of {command}", "none", f"did you mean {near}?" if near else more)
    if option is not None:
        return Problem(str(option), "a value", "nothing", more)
    place = _place(error)
    if type(error).__name__ == "MissingParameter":
        return Problem(place, "a value", "nothing", more)
    if place == command:
        return _of_command(command, str(error.message), more)
    if found := re.match(r"\w+ '(.+)' is not (readable|writable)", str(error.message), re.DOTALL):
        return Problem(found[1], f"a {found[2]} file", "one without permission", f"change its rights, or {more}")
    return Problem(place, _wanted(str(error.message)), _given(place, arguments), more)


def _of_command(command: str, message: str, more: str) -> Problem:
    """What is wrong with the command itself, or with what follows it."""
    if found := re.match(r"No such command '(.+?)'(?:.*(did you mean .+\?))?", message, re.IGNORECASE):
        return Problem(command, "a command", repr(found[1]), (found[2] or more).replace("Did", "did", 1))
    if found := re.match(r"Got unexpected extra arguments?(?:\(s\))? \((.+)\)", message):
        return Problem(command, "no further arguments", found[1], more)
    return Problem(command, "a command line as its help says", message.rstrip("."), more)


def _place(error: Any) -> str:
    """The option or argument that is meant, else the command."""
    param, hint = getattr(error, "param", None), getattr(error, "param_hint", None)
    if param is not None:
        longest = max(getattr(param, "opts", ()), key=len, default="")
        return longest if longest.startswith("-") else str(getattr(param, "human_readable_name", longest))
    if hint:
        return str(hint if isinstance(hint, str) else hint[0]).strip("'\"")
    return str(getattr(getattr(error, "ctx", None), "command_path", "factory"))


def _wanted(message: str) -> str:
    for pattern, words in WORDS:
        found = re.search(pattern, message)
        if found:
            return found.expand(words)
    return "another value"


def _given(place: str, arguments: Sequence[str]) -> str:
    """The value of an option as it was written."""
    for number, argument in enumerate(arguments):
        if argument == place and number + 1 < len(arguments):
            return repr(arguments[number + 1])
        if argument.startswith(f"{place}="):
            return repr(argument.removeprefix(f"{place}="))
    return "what it cannot be"
