"""Address of an MQTT broker."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from twin.errors import Problem, ProblemsError

PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where a broker is and who we are there.

    Args:
        host: Host name or address.
        port: TCP port.
        tls: Whether the connection is encrypted and the broker's certificate checked.
        user: User name, None for an anonymous connection.
        password: Password, not shown.
        version: MQTT version to speak, ``5`` or ``3.1.1``; None: 5, and 3.1.1 where that is not understood.
        authority: File with the certificates of authorities to trust instead of the system's.
    """

    host: str
    port: int
    tls: bool = False
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    authority: str | None = None
    version: str | None = None

    @classmethod
    def of(cls, url: str, environment: Mapping[str, str] | None = None) -> BrokerAddress:
        """Read ``mqtt://`` or ``mqtts://``; ``?version=3.1.1`` saves trying MQTT 5 first.

        What the URL does not say comes from the environment: ``FF_MQTT_USER``,
        ``FF_MQTT_PASSWORD``, ``FF_MQTT_CA`` (file of certificates).

        Raises:
            ProblemsError: It is not such a URL.

        >>> BrokerAddress.of("mqtts://plant.example", {}).port
        8883
        """
        known = os.environ if environment is None else environment
        try:
            parts = urlsplit(url)
            port = parts.port or PORTS[parts.scheme]
        except (KeyError, ValueError):
            raise _wrong("mqtt://host:port or mqtts://host:port", repr(url)) from None
        if not parts.hostname:
            raise _wrong("a host name", repr(url))
        user = unquote(parts.username) if parts.username else known.get("FF_MQTT_USER")
        password = unquote(parts.password) if parts.password else known.get("FF_MQTT_PASSWORD")
        options = parse_qs(parts.query, keep_blank_values=True)
        if unknown := sorted(options.keys() - {"version"}):
            hint = "known: version; FF_MQTT_USER, FF_MQTT_PASSWORD and FF_MQTT_CA in the environment"
            raise _wrong("a known option", repr(unknown[0]), hint)
        version = options.get("version", [None])[0]
        if version not in (None, "5", "3.1.1"):
            raise _wrong("version 5 or 3.1.1", repr(version))
        return cls(parts.hostname, port, parts.scheme == "mqtts", user, password, known.get("FF_MQTT_CA"), version)

    def __str__(self) -> str:
        return f"{'mqtts' if self.tls else 'mqtt'}://{self.host}:{self.port}"

    def tls_context(self) -> ssl.SSLContext:
        """Context that checks the broker's certificate and name.

        Raises:
            ProblemsError: The file of certificates cannot be read, or holds none.
        """
        try:
            return ssl.create_default_context(cafile=self.authority)
        except OSError as error:  # ssl.SSLError is one
            reason = error.strerror or str(error)
            problem = Problem("FF_MQTT_CA", "a file with certificates in PEM form", f"{self.authority}: {reason}")
            raise ProblemsError([problem]) from None


def _wrong(expected: str, got: str, hint: str = "") -> ProblemsError:
    return ProblemsError([Problem("broker", expected, got, hint)])
