"""An encrypted connection, to a broker whose certificate is checked."""

from __future__ import annotations

import asyncio
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
from tests.counterparts import ENDS_S, free_port, needed, port_open, wait_for
from tests.transport.parts import LIMIT_S, until
from twin.errors import FatalError, ProblemsError

FORM = serialization.Encoding.PEM


class Authority:
    """Signs certificates for the loopback address."""

    def __init__(self, folder: Path):
        self.folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test authority")])
        made = self._begun(self._name, self._key, days=1)
        authority = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        self.file.write_bytes(authority.sign(self._key, hashes.SHA256()).public_bytes(FORM))

    @property
    def file(self) -> Path:
        return self.folder / "own-authority.pem"

    def _begun(self, name: x509.Name, key: ec.EllipticCurvePrivateKey, days: int) -> x509.CertificateBuilder:
        now = dt.datetime.now(dt.UTC)
        made = x509.CertificateBuilder(self._name, name, key.public_key(), x509.random_serial_number())
        return made.not_valid_before(now - dt.timedelta(days=9)).not_valid_after(now + dt.timedelta(days=days))

    def certify(self, days: int) -> None:
        """A certificate for a broker, valid for so many days from now on, and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test broker")])
        address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        made = self._begun(name, key, days).add_extension(address, critical=False)
        (self.folder / "broker.pem").write_bytes(made.sign(self._key, hashes.SHA256()).public_bytes(FORM))
        plain = serialization.NoEncryption()
        (self.folder / "broker.key").write_bytes(key.private_bytes(FORM, serialization.PrivateFormat.PKCS8, plain))


class Secured:
    """A broker that speaks TLS only."""

    def __init__(self, folder: Path):
        self.folder, self.port, self.authority = folder, free_port(), Authority(folder)

    def start(self, days: int = 1) -> None:
        """With a certificate that is valid for so many days from now on."""
        self.authority.certify(days)
        config = self.folder / "mosquitto.conf"
        config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nuser root\n"
            f"certfile {self.folder}/broker.pem\nkeyfile {self.folder}/broker.key\n"
        )
        self._process = subprocess.Popen([needed("mosquitto", "/usr/sbin/mosquitto"), "-c", str(config)])
        wait_for(lambda: port_open(self.port), "mosquitto", self._process)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(ENDS_S)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Secured]:
    """A broker that speaks TLS only."""
    broker = Secured(tmp_path)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def secured(broker: Secured) -> int:
    """Its port."""
    return broker.port


def connection(port: int, environment: dict[str, str]) -> Connection:
    return Connection(BrokerAddress.of(f"mqtts://127.0.0.1:{port}", environment), ConnectionConfig("client"))


async def test_a_trusted_broker_is_talked_to(secured: int, tmp_path: Path) -> None:
    link = connection(secured, {"FF_MQTT_CA": str(tmp_path / "own-authority.pem")})
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


async def test_a_certificate_that_expires_in_mid_run_is_told_and_waited_for(
    broker: Secured, caplog: pytest.LogCaptureFixture
) -> None:
    link = connection(broker.port, {"FF_MQTT_CA": str(broker.authority.file)})
    await link.open()
    try:
        await link.wait_online()
        broker.stop()
        broker.start(days=-1)
        await until(lambda: link.refusals.counts)
        (reason,) = link.refusals.counts
        assert reason.startswith("broker: expected a certificate to trust (")
        assert "certificate has expired" in reason
        assert not link.online
        broker.stop()
        broker.start()
        async with asyncio.timeout(LIMIT_S):
            await link.wait_online()
    finally:
        await link.close()
    said = [record.getMessage() for record in caplog.records if record.name == "brokers.mqtt.troubles"]
    assert ["certificate to trust, got" in line or "is so again after" in line for line in said] == [True, True]
