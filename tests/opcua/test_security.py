"""Who gets in and who does not: encryption, passwords, certificates, and asyncua's open doors."""

from __future__ import annotations

import asyncio
import logging
import stat
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from socket import gethostname

import pytest
from asyncua import Client, ua
from cryptography import x509

from brokers.opcua import OpcUaPublisher, OpcUaServerConfig
from brokers.opcua.security import Users, credentials, server_certificate, server_key, write_private
from tests.counterparts import free_port
from tests.opcua.conftest import Running, running
from tests.opcua.plants import CELL, client_identity, encrypted_client, passwords
from twin.errors import FatalError

pytestmark = pytest.mark.asyncio(loop_scope="module")
REFUSED = (ua.UaError, ConnectionError, asyncio.TimeoutError)


async def plain_client(plant: Running) -> Client:
    """A client with an open, unencrypted channel that does not care what endpoints are offered."""
    client = Client(plant.publisher.url, timeout=3)
    await client.connect_socket()
    await client.send_hello()
    await client.open_secure_channel()
    return client


async def test_only_one_endpoint_and_it_is_encrypted(plant: Running) -> None:
    endpoints = await Client(plant.publisher.url).connect_and_get_server_endpoints()
    assert [(point.SecurityPolicyUri.split("#")[1], point.SecurityMode.name) for point in endpoints] == [
        ("Basic256Sha256", "SignAndEncrypt")
    ]
    (tokens,) = ([token.TokenType.name for token in point.UserIdentityTokens] for point in endpoints)
    assert tokens == ["UserName"]
    assert endpoints[0].Server.ApplicationUri == plant.publisher.config.application_uri


async def test_an_unencrypted_client_finds_no_endpoint(plant: Running) -> None:
    client = Client(plant.publisher.url, timeout=3)
    client.set_user("viewer")
    client.set_password(passwords(plant.publisher.config)["viewer"])
    with pytest.raises(REFUSED):
        await client.connect()


async def test_a_session_over_an_unencrypted_channel_is_refused_even_with_the_right_password(plant: Running) -> None:
    client = await plain_client(plant)
    params = ua.CreateSessionParameters()
    params.ClientNonce = bytes(32)
    params.EndpointUrl = plant.publisher.url
    params.RequestedSessionTimeout = 60_000
    await client.uaclient.create_session(params)
    token = ua.UserNameIdentityToken()
    token.UserName, token.PolicyId = "viewer", "username"
    token.Password = passwords(plant.publisher.config)["viewer"].encode()
    activate = ua.ActivateSessionParameters()
    activate.UserIdentityToken = token
    with pytest.raises(ua.uaerrors.BadUserAccessDenied):
        await client.uaclient.activate_session(activate)
    with pytest.raises(ua.UaError):
        await client.uaclient.read(ua.ReadParameters())
    client.disconnect_socket()


@pytest.mark.parametrize("user", ["viewer", "admin", "Admin", "nobody"])
async def test_a_wrong_password_is_refused(plant: Running, user: str) -> None:
    client = await plant.client(user, password="wrong")
    with pytest.raises(REFUSED):
        await client.connect()


@pytest.mark.parametrize("user", ["admin", "Admin", "root"])
async def test_there_is_no_administrator(plant: Running, user: str) -> None:
    client = await plant.client(user, password=passwords(plant.publisher.config)["operator"])
    with pytest.raises(REFUSED):
        await client.connect()


async def test_an_anonymous_user_is_refused(plant: Running) -> None:
    client = await plant.client("", password="")
    with pytest.raises(REFUSED):
        await client.connect()


async def test_an_operator_cannot_change_the_address_space(plant: Running) -> None:
    async with await plant.client("operator") as client:
        with pytest.raises(ua.UaError):
            await client.nodes.objects.add_folder(2, "intruder")
        with pytest.raises(ua.UaError):
            await client.delete_nodes([plant.node(client, CELL)])
        with pytest.raises(ua.UaError):
            await client.register_server(plant.publisher._server)


async def test_a_session_cannot_be_taken_over_by_guessing_its_token(plant: Running) -> None:
    async with await plant.client() as victim:
        token = victim.uaclient.protocol.authentication_token
        assert token.NodeIdType == ua.NodeIdType.ByteString
        assert len(token.Identifier) == 32
        intruder = await plain_client(plant)
        for guess in (ua.NodeId(number) for number in range(1000, 1040)):
            intruder.uaclient.protocol.authentication_token = guess
            with pytest.raises(ua.uaerrors.BadSessionIdInvalid):
                await intruder.uaclient.activate_session(ua.ActivateSessionParameters())
        with pytest.raises(ua.UaError):
            await intruder.uaclient.read(ua.ReadParameters())
        intruder.disconnect_socket()


async def test_strangers_cannot_register_servers(plant: Running) -> None:
    client = await plain_client(plant)
    stranger = ua.RegisteredServer(ServerUri="urn:evil", ServerNames=[ua.LocalizedText("evil")])
    with pytest.raises(ua.uaerrors.BadServiceUnsupported):
        await client.uaclient.register_server(stranger)
    client.disconnect_socket()


async def test_only_trusted_certificates_when_a_folder_names_them(tmp_path: Path) -> None:
    trusted = tmp_path / "trusted"
    trusted.mkdir()
    made = await running(tmp_path, trusted=trusted)
    try:
        with pytest.raises(REFUSED):
            await (await made.client()).connect()
    finally:
        await made.publisher.close()
    certificate, _ = client_identity(tmp_path / "client")
    (trusted / "client.der").write_bytes(certificate.read_bytes())
    made = await running(tmp_path, trusted=trusted)
    try:
        async with await made.client() as client:
            assert await made.node(client, CELL).read_display_name()
    finally:
        await made.publisher.close()


async def test_no_security_has_to_be_asked_for_and_warns(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "brokers.opcua"):
        made = await running(tmp_path, security="none")
    try:
        assert "no encryption" in caplog.text
        async with Client(made.publisher.url) as client:
            cell = made.node(client, CELL)
            assert await cell.read_display_name()
            with pytest.raises(ua.uaerrors.BadUserAccessDenied):
                await cell.call_method(made.node(client, f"{CELL}.Start").nodeid)
    finally:
        await made.publisher.close()


async def test_from_another_machine(tmp_path: Path) -> None:
    """Listening everywhere, it gives the address by which a client came, and its certificate names the machine."""
    made = await running(tmp_path, host="0.0.0.0", names=("twin.example", "192.0.2.7"))
    try:
        away = OpcUaPublisher(replace(made.publisher.config, host="127.0.0.2"))
        word = passwords(made.publisher.config)["viewer"]
        async with await encrypted_client(away, "viewer", word, tmp_path / "client") as client:
            assert await made.node(client, CELL).read_display_name()
            offered = {endpoint.EndpointUrl for endpoint in await client.get_endpoints()}
        assert offered == {f"opc.tcp://127.0.0.2:{made.publisher.config.port}/futurefactory"}
    finally:
        await made.publisher.close()
    names = alternatives(x509.load_der_x509_certificate(made.publisher.config.certificate.read_bytes()))
    assert {"localhost", gethostname(), "twin.example"} == set(names.get_values_for_type(x509.DNSName))
    assert names.get_values_for_type(x509.IPAddress) == [ip_address("192.0.2.7")]


async def test_a_certificate_is_kept_until_a_name_is_missing(tmp_path: Path) -> None:
    config = OpcUaServerConfig(tmp_path, names=("one.example", "two.example"))
    key = server_key(config)
    first = server_certificate(config, key)
    assert server_certificate(replace(config, names=("one.example",)), key) == first
    assert server_certificate(replace(config, names=("three.example",)), key) != first


def alternatives(certificate: x509.Certificate) -> x509.SubjectAlternativeName:
    return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value


async def test_a_method_nobody_takes_is_denied(tmp_path: Path) -> None:
    made = await running(tmp_path)
    made.publisher.methods.handler = None
    try:
        async with await made.client("operator") as client:
            with pytest.raises(ua.uaerrors.BadUserAccessDenied):
                await made.node(client, CELL).call_method(made.node(client, f"{CELL}.Start").nodeid)
        assert made.publisher.status().calls_refused == 1
    finally:
        await made.publisher.close()


async def test_a_taken_port_is_told(plant: Running, tmp_path: Path) -> None:
    config = OpcUaServerConfig(tmp_path / "state", port=plant.publisher.config.port)
    second = OpcUaPublisher(config)
    with pytest.raises(FatalError, match="expected a free address"):
        await second.open()
    await second.close()


async def test_what_is_secret_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    config = OpcUaServerConfig(tmp_path / "state", port=free_port())
    config.state.mkdir(mode=0o700)
    first = credentials(config)
    key = server_key(config)
    for name in ("credentials.json", "server.key.pem"):
        assert stat.S_IMODE((config.state / name).stat().st_mode) == 0o600
    assert credentials(config) == first
    assert sorted(first) == ["operator", "viewer"]
    assert min(map(len, first.values())) >= 32
    assert server_key(config).private_numbers() == key.private_numbers()
    with pytest.raises(FileExistsError):
        write_private(config.credentials, b"")


async def test_the_certificate_carries_the_application_uri_and_is_kept(tmp_path: Path) -> None:
    config = OpcUaServerConfig(tmp_path / "state")
    config.state.mkdir()
    key = server_key(config)
    first = server_certificate(config, key)
    names = first.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [config.application_uri]
    assert server_certificate(config, key) == first
    other = OpcUaServerConfig(tmp_path / "state", application_uri="urn:other")
    assert server_certificate(other, key).serial_number != first.serial_number


async def test_users_without_a_password_do_not_exist() -> None:
    users = Users({"viewer": ""}, encrypted=False)
    assert users.get_user(None, "viewer", "") is None
    assert users.get_user(None, "stranger", "") is None
