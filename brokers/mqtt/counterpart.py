"""What an MQTT broker does for a live run, whatever the records look like on it."""

from __future__ import annotations

import socket
from time import monotonic, sleep

from brokers.counterpart import Counterpart
from brokers.mqtt.accounts import AccountReceiver, AccountSender
from brokers.mqtt.address import BrokerAddress
from brokers.mqtt.claim import NameClaim
from brokers.mqtt.commands import CommandReceiver, CommandSender
from twin.errors import FatalError, RetriableError


def check(broker: str) -> None:
    """See that an address is one, whatever the environment says.

    Raises:
        ProblemsError: It is not.
    """
    BrokerAddress.of(broker, {})


def reach(broker: str, limit_s: float = 15.0) -> None:
    """Wait until somebody listens at the address of a broker.

    Raises:
        RetriableError: Nobody does.
        FatalError: There is no such host.
        ProblemsError: The address is none, or its file of certificates cannot be read.
    """
    address, until = BrokerAddress.of(broker), monotonic() + limit_s
    if address.tls:
        address.tls_context()
    while True:
        try:
            return socket.create_connection((address.host, address.port), limit_s).close()
        except socket.gaierror as error:
            raise FatalError(f"{address}: expected a known host, got {error}") from None
        except OSError as error:
            if monotonic() > until:
                reason = error.strerror or error
                raise RetriableError(f"{address}: expected a broker, got {reason} (is it running?)") from None
            sleep(0.2)


MQTT = Counterpart(check, reach, NameClaim, CommandSender, CommandReceiver, tells=AccountSender, hears=AccountReceiver)
