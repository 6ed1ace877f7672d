"""An encrypted connection, to a broker whose certificate is checked."""

from __future__ import annotations

import datetime as dt
import ipaddress
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from brokers.mqtt.address import BrokerAddress
from brokers.mqtt.connection import Connection, ConnectionConfig
from tests.counterparts import free_port, needed, port_open, wait_for
from twin.errors import FatalError, ProblemsError


def certificate(folder: Path) -> None:
    """A self-signed certificate for the loopback address."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test broker")])
    now = dt.datetime.now(dt.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "broker.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    (folder / "broker.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    )


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[int]:
    """Port of a broker that speaks TLS only."""
    certificate(tmp_path)
    port, config = free_port(), tmp_path / "mosquitto.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nuser root\n"
        f"certfile {tmp_path}/broker.pem\nkeyfile {tmp_path}/broker.key\n"
    )
    process = subprocess.Popen([needed("mosquitto", "/usr/sbin/mosquitto"), "-c", str(config)])
    wait_for(lambda: port_open(port), "mosquitto", process)
    yield port
    process.terminate()
    process.wait(10)


def connection(port: int, environment: dict[str, str]) -> Connection:
    return Connection(BrokerAddress.of(f"mqtts://127.0.0.1:{port}", environment), ConnectionConfig("client"))


async def test_a_trusted_broker_is_talked_to(secured: int, tmp_path: Path) -> None:
    link = connection(secured, {"FF_MQTT_CA": str(tmp_path / "broker.pem")})
    await link.open()
    await link.wait_online()
    await link.publish("a/b", b"c", 1)
    await link.flushed()
    await link.close()


async def test_an_unknown_broker_is_not(secured: int) -> None:
    with pytest.raises(FatalError, match="certificate"):
        await connection(secured, {}).open()


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_a_file_without_certificates_is_told_as_such(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "authority.pem"
    if content is not None:
        file.write_text(content)
    address = BrokerAddress.of("mqtts://plant.example", {"FF_MQTT_CA": str(file)})
    with pytest.raises(
        ProblemsError, match=r"FF_MQTT_CA: expected a file with certificates in PEM form, got .*pem"
    ) as e:
        address.tls_context()
    assert e.value.exit_code == 2


def test_the_password_is_not_shown() -> None:
    address = BrokerAddress.of("mqtts://user:secret@plant.example", {})
    assert "secret" not in f"{address} {address!r}"
    assert (address.user, address.password, address.tls, address.port) == ("user", "secret", True, 8883)


@pytest.mark.parametrize("url", ["http://x", "mqtt://", "mqtt://h:port", "plant", "mqtt://h?version=4"])
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(ProblemsError, match="broker: expected"):
        BrokerAddress.of(url, {})
