"""An asyncua server with safe settings."""

from __future__ import annotations

import asyncio
import logging
import math
import socket
from dataclasses import replace

from asyncua import Server, ua
from asyncua.common.connection import TransportLimits
from asyncua.crypto.validator import CertificateValidator

from brokers.hosts import family
from brokers.opcua.config import OpcUaServerConfig
from brokers.opcua.security import (
    CallerRuleset,
    ClosedServer,
    Users,
    credentials,
    private_folder,
    server_certificate,
    server_key,
    trusted_fingerprints,
)
from twin.errors import FatalError

LOG = logging.getLogger(__name__)
BUFFER = 65_535
MOST_BYTES = 16 * 1024 * 1024
"""Longest message that is taken or sent."""
ENCRYPTED = [ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt]
PLAIN = [ua.SecurityPolicyType.NoSecurity]
UNLOCKED = (
    "OPC UA: security is 'none': no encryption, anyone who reaches %s can read, and passwords travel in clear text"
)


def with_port(config: OpcUaServerConfig) -> OpcUaServerConfig:
    """The settings with a free port in the place of 0."""
    if config.port:
        return config
    with socket.socket(family(config.host)) as probe:
        probe.bind((config.host, 0))
        return replace(config, port=probe.getsockname()[1])


async def make_server(config: OpcUaServerConfig) -> Server:
    """A server with the standard nodes, not listening yet; takes about 2 s.

    Raises:
        FatalError: The state folder cannot be used.
    """
    try:
        users = _users(config)
        server = Server(iserver=ClosedServer(user_manager=users))
        await _identify(server, config)
    except OSError as error:
        raise FatalError(f"{config.state}: expected a folder to write to, got {error}") from error
    _limit(server)
    _secure(server, config)
    return server


def _users(config: OpcUaServerConfig) -> Users:
    private_folder(config.state)
    encrypted = config.security == "sign_encrypt"
    trusted = trusted_fingerprints(config.trusted) if config.trusted else None
    return Users(credentials(config), encrypted, trusted)


async def _identify(server: Server, config: OpcUaServerConfig) -> None:
    key = server_key(config)
    certificate = server_certificate(config, key)
    server.product_uri = "urn:futurefactory:opcua"
    server.manufacturer_name = "Future Factory"
    server.set_server_name("Future Factory OPC UA server")
    server.application_type = ua.ApplicationType.Server
    await server.init()
    await server.set_application_uri(config.application_uri)
    server.set_endpoint(config.url)
    server.iserver.certificate = certificate
    server.iserver.private_key = key


def _limit(server: Server) -> None:
    server.limits = TransportLimits(
        max_recv_buffer=BUFFER,
        max_send_buffer=BUFFER,
        max_chunk_count=math.ceil(MOST_BYTES / BUFFER),
        max_message_size=MOST_BYTES,
    )
    server.iserver.max_connections = 100
    server.iserver.max_subscriptions = 200


def _secure(server: Server, config: OpcUaServerConfig) -> None:
    server.allow_remote_admin(False)
    server.set_certificate_validator(CertificateValidator())
    if config.security == "none":
        LOG.warning(UNLOCKED, config.url)
        server.set_security_policy(PLAIN, CallerRuleset())
        server.set_identity_tokens([ua.AnonymousIdentityToken, ua.UserNameIdentityToken])
        return
    server.set_security_policy(ENCRYPTED, CallerRuleset())
    server.set_identity_tokens([ua.UserNameIdentityToken])
    LOG.info("OPC UA: users and passwords are in %s", config.credentials)


async def listen(server: Server, config: OpcUaServerConfig) -> None:
    """Start to listen.

    Raises:
        FatalError: The address cannot be listened on.
    """
    try:
        await server.start()
    except OSError as error:
        raise FatalError(f"{config.url}: expected a free address, got {error} (choose another port)") from error
    LOG.info("OPC UA: listening on %s", config.url)


def watched(server: Server) -> tuple[int, int]:
    """Number of clients that are connected, and of their subscriptions."""
    connections = 0 if server.bserver is None else len(server.bserver.clients)
    return connections, len(server.iserver.subscription_service.subscriptions)


async def stop(server: Server) -> None:
    """Stop listening and let go; does nothing for a server that never listened."""
    if server.bserver is not None:
        await asyncio.shield(server.stop())
