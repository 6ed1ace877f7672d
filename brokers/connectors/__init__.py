"""Transports: one module each, found by their kind.

A module registers a :class:`Connector`, which makes the publisher and the source of its protocol.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from brokers.counterpart import PLAIN, Counterpart
from brokers.links import LinkPublisher, LinkSource
from twin.basis import Config
from twin.registry import Registry


class PlainOptions(Config):
    """A transport without settings."""


@dataclass(frozen=True)
class Connector:
    """A transport.

    Args:
        publisher: ``(url, publisher id, **options)`` to a publisher.
        source: ``(url, client id, roots, **options)`` to a source.
        __doc__: Summary of the transport.
        watching: Further options of a source that only watches, such as that of the gateway.
        embedded: Further options of a source at the embedded broker.
        schemes: What the addresses of its counterparts begin with; empty: anything.
        counterpart: What its counterparts do for a live run besides; None: what MQTT brokers do where the address is
            that of one, else nothing.
        options: What a user can set, beside the address.
        sends: Options among these that its publishers take.
        receives: Options among these that the source of an ingest takes.
    """

    publisher: Callable[..., LinkPublisher]
    source: Callable[..., LinkSource]
    __doc__: str
    watching: Mapping[str, Any] = field(default_factory=dict)
    embedded: Mapping[str, Any] = field(default_factory=dict)
    schemes: tuple[str, ...] = ()
    counterpart: Counterpart | None = None
    options: type[Config] = PlainOptions
    sends: tuple[str, ...] = ()
    receives: tuple[str, ...] = ()

    def wrong(self, given: Mapping[str, Any]) -> list[tuple[str, str, str]]:
        """What is wrong with options that a user gave: name, what was expected, what came."""
        known = ", ".join(self.options.model_fields) or "none"
        try:
            self.options.model_validate(dict(given))
        except ValidationError as error:
            return [
                (
                    ".".join(map(str, row["loc"])),
                    f"an option of this transport ({known})" if row["type"] == "extra_forbidden" else row["msg"],
                    repr(row["input"]),
                )
                for row in error.errors(include_url=False)
            ]
        return []

    def chosen(self, given: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
        """Those of some options that were given, as publishers and sources take them."""
        options = self.options.model_validate(dict(given)).model_dump(exclude_unset=True)
        return {name: value for name, value in options.items() if name in names}

    def takes(self, url: str) -> bool:
        """Whether an address is one of its counterparts, as far as its scheme tells."""
        return not self.schemes or url.partition("://")[0] in self.schemes

    @property
    def wanted(self) -> str:
        """What an address has to be, in words."""
        return f"an address that begins with {' or '.join(f'{scheme}://' for scheme in self.schemes) or 'a scheme'}"

    def at(self, url: str) -> Counterpart:
        """What a counterpart does for a live run besides carrying records."""
        if self.counterpart is not None or url.partition("://")[0] not in ("mqtt", "mqtts"):
            return self.counterpart or PLAIN
        from brokers.mqtt.counterpart import MQTT  # here: only runs that speak it load its client

        return MQTT


EMBEDDED = "mqtt://"
"""How the address of the embedded broker begins."""

connectors: Registry[Connector] = Registry("connector", "brokers.connectors", {"publisher": 2, "source": 3, "takes": 1})


def make_publisher(url: str, transport: str, publisher: str, **options: Any) -> LinkPublisher:
    """The publisher of a transport.

    Raises:
        KeyError: No such transport; names the nearest.
    """
    return connectors[transport].publisher(url, publisher, **options)


def make_source(
    url: str, transport: str, client_id: str = "ingest", roots: Sequence[str] = ("",), *, watching: bool = False,
    **options: Any,
) -> LinkSource:  # fmt: skip
    """The source of a transport, perhaps of one who only watches.

    Raises:
        KeyError: No such transport; names the nearest.
    """
    connector = connectors[transport]
    return connector.source(url, client_id, roots, **{**(connector.watching if watching else {}), **options})
