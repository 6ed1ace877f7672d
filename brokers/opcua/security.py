"""Who may connect: certificate, credentials and the doors that asyncua leaves open by default."""

from __future__ import annotations

import hmac
import ipaddress
import json
import os
import secrets
import socket
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from asyncua import ua
from asyncua.common.utils import ServiceError
from asyncua.crypto.cert_gen import (
    dump_private_key_as_pem,
    generate_private_key,
    generate_self_signed_app_certificate,
)
from asyncua.crypto.permission_rules import SimpleRoleRuleset, User, UserRole
from asyncua.server.internal_server import InternalServer
from asyncua.server.internal_session import InternalSession
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.x509.oid import ExtendedKeyUsageOID

from brokers.hosts import ANYWHERE
from brokers.opcua.calls import Calls
from brokers.opcua.config import OpcUaServerConfig
from brokers.opcua.ranges import RangedReads
from brokers.opcua.subscriptions import Subscriptions
from twin.errors import FatalError

CERTIFICATE_DAYS = 3 * 365
ROLES = ("operator", "viewer")
"""Users made at the first start; an operator may call methods."""

caller: ContextVar[str] = ContextVar("caller", default="")
"""Name of the user whose request is being served."""


def write_private(path: Path, content: bytes) -> None:
    """Make a file that only its owner can read; it must not be there yet."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def private_folder(path: Path) -> None:
    """Make the folder, readable by its owner only."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)


def server_key(config: OpcUaServerConfig) -> RSAPrivateKey:
    """The server's private key, generated at the first start."""
    path = config.state / "server.key.pem"
    if not path.exists():
        write_private(path, dump_private_key_as_pem(generate_private_key()))
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, RSAPrivateKey):
        raise FatalError(f"{path}: expected an RSA key, got {type(key).__name__} (remove it to have one made)")
    return key


def server_certificate(config: OpcUaServerConfig, key: RSAPrivateKey) -> x509.Certificate:
    """The server's certificate; made anew when it does not fit the key, the URI or a name, or has ended."""
    if config.certificate.exists():
        present = x509.load_der_x509_certificate(config.certificate.read_bytes())
        if _fits(present, config, key):
            return present
    certificate: x509.Certificate = generate_self_signed_app_certificate(
        key,
        "Future Factory OPC UA",
        {"organizationName": "Future Factory"},
        _names(config),
        extended=[ExtendedKeyUsageOID.SERVER_AUTH],
        days=CERTIFICATE_DAYS,
    )
    config.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.DER))
    return certificate


def _names(config: OpcUaServerConfig) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = [x509.UniformResourceIdentifier(config.application_uri)]
    own = [config.host] if config.host not in ANYWHERE else []
    return names + [_name(text) for text in dict.fromkeys(["localhost", socket.gethostname(), *own, *config.names])]


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _fits(certificate: x509.Certificate, config: OpcUaServerConfig, key: RSAPrivateKey) -> bool:
    present = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    in_time = certificate.not_valid_before_utc <= datetime.now(UTC) < certificate.not_valid_after_utc
    return set(_names(config)) <= set(present) and in_time and certificate.public_key() == key.public_key()


def credentials(config: OpcUaServerConfig) -> dict[str, str]:
    """Passwords by user, generated at the first start and kept in a file of mode 0600."""
    path = config.credentials
    if not path.exists():
        made = {role: secrets.token_urlsafe(24) for role in ROLES}
        write_private(path, json.dumps(made, indent=2).encode())
    path.chmod(0o600)
    users: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return users


def fingerprint(certificate: bytes) -> bytes:
    """SHA-256 of a certificate in DER form."""
    return x509.load_der_x509_certificate(certificate).fingerprint(hashes.SHA256())


def trusted_fingerprints(folder: Path) -> frozenset[bytes]:
    """Fingerprints of the client certificates in a folder; no chains, each client is named."""
    pem = [x509.load_pem_x509_certificate(path.read_bytes()) for path in sorted(folder.glob("*.pem"))]
    der = [x509.load_der_x509_certificate(path.read_bytes()) for path in sorted(folder.glob("*.der"))]
    return frozenset(certificate.fingerprint(hashes.SHA256()) for certificate in (*pem, *der))


@dataclass
class Users:
    """Decides who a session belongs to; there is no administrator.

    Args:
        passwords: Password by user.
        encrypted: Sessions need an encrypted channel, i.e. one with a client certificate.
        trusted: Fingerprints of the client certificates that may connect; None: any.
    """

    passwords: dict[str, str]
    encrypted: bool = True
    trusted: frozenset[bytes] | None = None

    def get_user(
        self,
        iserver: Any,  # noqa: ARG002
        username: str | None = None,
        password: str | None = None,
        certificate: Any = None,
    ) -> User | None:
        """The user of a session, None to refuse it; called by asyncua when a session is activated.

        asyncua opens an unencrypted channel even when no such endpoint is offered (clients ask for
        the endpoints over it); what has no client certificate came that way and gets no session.
        """
        if self.encrypted and not self._channel_is_trusted(certificate):
            return None
        if username is None:
            return None if self.encrypted else User(role=UserRole.User, name="anonymous")
        expected = self.passwords.get(username, "")
        if not expected or not hmac.compare_digest(expected.encode(), (password or "").encode()):
            return None
        return User(role=UserRole.User, name=username)

    def _channel_is_trusted(self, certificate: Any) -> bool:
        if not certificate:
            return False
        return self.trusted is None or fingerprint(bytes(certificate)) in self.trusted


WRITE = ua.NodeId(ua.ObjectIds.WriteRequest_Encoding_DefaultBinary)


class CallerRuleset:
    """asyncua's rules for roles, without writing; notes who is calling, so that methods can tell.

    Nothing of the plant is writable, but some variables of the standard and of companion models are.
    """

    def __init__(self) -> None:
        self._rules = SimpleRoleRuleset()

    def check_validity(self, user: User, action_type: ua.NodeId, body: Any) -> bool:
        """Whether the user's role may use a service."""
        caller.set(user.name or "")
        return action_type != WRITE and bool(self._rules.check_validity(user, action_type, body))


class ClosedServer(InternalServer):  # type: ignore[misc]
    """asyncua's server without its open doors, and with services that look at all that is asked.

    Two defects of asyncua 2.1.0 are closed here. Session tokens count from 1000 and a new channel
    that names one is joined to the session before its credentials are checked, so tokens have to be
    unguessable. And anyone may register servers for discovery without a session.
    """

    def __init__(self, user_manager: Users):
        super().__init__(user_manager=user_manager)
        self.attribute_service = RangedReads(self.aspace)
        self.method_service = Calls(self.aspace)
        self.subscription_service = self.isession.subscription_service = Subscriptions(self.aspace, iserver=self)

    def create_session(self, name: str, user: User | None = None, external: bool = False) -> InternalSession:
        """A session with a random token."""
        session = super().create_session(name, user or User(role=UserRole.Anonymous), external)
        if external:
            self.unregister_external_session(session)
            session.auth_token = ua.NodeId(secrets.token_bytes(32), 0, ua.NodeIdType.ByteString)
            self.register_external_session(session)
        return session

    def register_server(self, server: Any, conf: Any = None) -> None:  # noqa: ARG002
        """Refuse: this is no discovery server."""
        raise ServiceError(ua.StatusCodes.BadServiceUnsupported)
