"""XML of strangers: a bounded tree, without definitions of its own."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.parsers import expat

DEEPEST = 200
"""Elements inside one another; no format that is read here has so many."""


class XmlRefusedError(ValueError):
    """What is no XML, or XML that is not read."""


def parsed(content: bytes) -> ElementTree.Element:
    """The root of a document; names have their namespaces in braces.

    A document type is refused whatever the encoding: entities could make much of little, or name files.

    Raises:
        XmlRefusedError: It is none, or not read.

    >>> parsed(b"<a x='1'><b/></a>").get("x")
    '1'
    """
    builder = _Builder()
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = builder.begin
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(content, True)
    except XmlRefusedError:
        raise
    except (expat.ExpatError, LookupError, ValueError) as error:  # also encodings that nobody knows
        raise XmlRefusedError(f"expected XML, got {error}") from None
    return builder.tree.close()


def _refuse(*_: object) -> None:
    raise XmlRefusedError("expected a document without definitions of its own")


class _Builder:
    def __init__(self) -> None:
        self.tree = ElementTree.TreeBuilder()
        self._depth = 0

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise XmlRefusedError(f"expected at most {DEEPEST} elements inside one another")
        self.tree.start(_named(name), {_named(key): value for key, value in attributes.items()})

    def end(self, name: str) -> None:
        self._depth -= 1
        self.tree.end(_named(name))

    def data(self, text: str) -> None:
        self.tree.data(text)


def _named(name: str) -> str:
    return "{" + name if "}" in name else name


def local(element: ElementTree.Element) -> str:
    """Name of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def texts(element: ElementTree.Element, name: str) -> list[str]:
    """Texts of the elements of a name right below, without blanks around."""
    return [(one.text or "").strip() for one in element if local(one) == name]
