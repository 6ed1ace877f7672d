"""Keys of our own, certificates of servers, and what to do when one of both does not please."""

from __future__ import annotations

import asyncio
import re
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from asyncua import Client, ua
from asyncua.crypto import security_policies
from asyncua.crypto.cert_gen import setup_self_signed_certificate
from asyncua.crypto.uacrypto import CertProperties
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID

from devices.connections.opcua.options import OpcUaOptions
from twin.errors import FactoryError, Problem, ProblemsError, RetriableError

URI = "http://opcfoundation.org/UA/SecurityPolicy#"
POLICIES = {
    "Aes256_Sha256_RsaPss": security_policies.SecurityPolicyAes256Sha256RsaPss,
    "Basic256Sha256": security_policies.SecurityPolicyBasic256Sha256,
    "Aes128_Sha256_RsaOaep": security_policies.SecurityPolicyAes128Sha256RsaOaep,
}
"""Policies that are not broken, the strongest first."""
MODES = {
    "encrypt": (ua.MessageSecurityMode.SignAndEncrypt,),
    "sign": (ua.MessageSecurityMode.SignAndEncrypt, ua.MessageSecurityMode.Sign),
}
USER = {"BadUserAccessDenied", "BadIdentityTokenRejected", "BadIdentityTokenInvalid", "BadUserSignatureInvalid"}
"""The server does not let this user in."""
OURS = {"BadSecurityChecksFailed", "BadSecurityPolicyRejected", "BadSecurityModeRejected"}
"""The server does not take our certificate, or says no more than that something of the security is wrong."""


class Offer(NamedTuple):
    """An endpoint that is good enough."""

    policy: str
    mode: Any
    certificate: bytes


def application_uri() -> str:
    """Our name at servers; certificates are bound to it."""
    return f"urn:{socket.gethostname()}:future-factory:client"


async def secure(client: Client, options: OpcUaOptions, base: Path) -> None:
    """Prepare a client for the security that is asked for.

    Raises:
        ProblemsError: The server does not offer it, or its certificate is not trusted.
    """
    client.application_uri = application_uri()
    client.name = client.description = "Future Factory"
    if options.security == "none":
        return
    offer = _best(await client.connect_and_get_server_endpoints(), options)
    folder = base / options.keys
    await asyncio.to_thread(judge, offer.certificate, folder, options)
    key, own = folder / "own.key.pem", folder / "own.der"
    await _own(key, own)
    certificate = CertProperties(offer.certificate, "der")
    await client.set_security(POLICIES[offer.policy], own, key, None, certificate, offer.mode)


async def _own(key: Path, certificate: Path) -> None:
    """Make key and certificate where there are none, or where the certificate has ended."""
    key.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    uses = [ExtendedKeyUsageOID.CLIENT_AUTH]
    names = {"commonName": "Future Factory", "organizationName": "Future Factory"}
    await setup_self_signed_certificate(key, certificate, application_uri(), socket.gethostname(), uses, names)
    await asyncio.to_thread(key.chmod, 0o600)


def _best(endpoints: list[Any], options: OpcUaOptions) -> Offer:
    """The strongest endpoint of those that are good enough."""
    names = [options.policy] if options.policy else list(POLICIES)
    for mode in MODES[options.security]:
        for name in names:
            for one in endpoints:
                if one.SecurityMode == mode and one.SecurityPolicyUri == URI + name and one.ServerCertificate:
                    return Offer(name, mode, _first(one.ServerCertificate))
    offered = {f"{one.SecurityPolicyUri.rpartition('#')[2]} ({one.SecurityMode.name})" for one in endpoints}
    expected = f"an endpoint with security {options.security} and {' or '.join(names)}"
    hint = "switch it on at the server; or security: none, where nobody else is in the network"
    got = f"only {', '.join(sorted(offered)) or 'none'}"
    raise ProblemsError([Problem(f"{options.endpoint} options.security", expected, got, hint)])


def _first(chain: bytes) -> bytes:
    """The first certificate of a chain in DER form."""
    return bytes(chain[: int.from_bytes(chain[2:4], "big") + 4])


def judge(certificate: bytes, folder: Path, options: OpcUaOptions) -> None:
    """Refuse a server's certificate that is not trusted; take it at the first contact, where that is the rule.

    Raises:
        ProblemsError: It is not trusted; it is kept in ``refused`` for who knows better.
    """
    name = re.sub(r"[^\w.-]+", "_", options.endpoint.removeprefix("opc.tcp://")) + ".der"
    trusted = folder / "trusted"
    known = {place: _print(place.read_bytes()) for place in sorted(trusted.glob("*.der"))}
    presented = x509.load_der_x509_certificate(certificate)
    shown = presented.fingerprint(hashes.SHA256())
    if shown in known.values():
        return
    ended = presented.not_valid_after_utc < datetime.now(UTC)
    if options.trust == "first" and trusted / name not in known and not ended:
        trusted.mkdir(parents=True, exist_ok=True, mode=0o700)
        (trusted / name).write_bytes(certificate)
        return
    refused = folder / "refused" / name
    refused.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    refused.write_bytes(certificate)
    expected = "the certificate that was trusted before" if trusted / name in known else "a certificate that is trusted"
    ends = f", which has ended on {presented.not_valid_after_utc:%Y-%m-%d}" if ended else ""
    got = f"one with the fingerprint {shown.hex()[:16]}…{ends}"
    hint = f"if it is the server's, move {refused} to {trusted}"
    raise ProblemsError([Problem(f"{options.endpoint} certificate", expected, got, hint)])


def _print(certificate: bytes) -> bytes:
    return x509.load_der_x509_certificate(certificate).fingerprint(hashes.SHA256())


def explained(error: BaseException, options: OpcUaOptions, base: Path) -> FactoryError:
    """What an error at the opening means, and what to do about it."""
    where = options.endpoint
    if isinstance(error, FactoryError):
        return error
    # asyncua asserts that its channel was opened: what came is a fault, and it does not say which
    name = "a refused channel" if isinstance(error, AssertionError) else type(error).__name__
    if name in USER:
        who = f"the user {options.user!r}" if options.user else "an anonymous session"
        hint = "check user and password, and what the server allows them"
        return ProblemsError([Problem(f"{where} options.user", f"a server that lets {who} in", name, hint)])
    if name in OURS or name.startswith("BadCertificate") or isinstance(error, AssertionError):
        own = base / options.keys / "own.der"
        hint = f"put {own} among the certificates that the server trusts; check the clocks of both"
        return ProblemsError([Problem(f"{where} options.security", "a server that takes our certificate", name, hint)])
    if isinstance(error, ua.UaStatusCodeError | OSError | TimeoutError | ua.UaError):
        said = name if isinstance(error, ua.UaStatusCodeError) else str(error) or "no answer"
        return RetriableError(f"{where}: expected an OPC UA server, got {said}")
    raise error
