"""Where the pages listen, and what is told where they cannot."""

from __future__ import annotations

import socket
from contextlib import closing

import pytest

from dashboards.web.listening import listening
from twin.errors import FatalError


def test_a_taken_port() -> None:
    with closing(listening("127.0.0.1", 0)) as first:
        port = first.getsockname()[1]
        with pytest.raises(FatalError, match=rf"web: expected a free port, got 127\.0\.0\.1:{port} in use .*--port"):
            listening("127.0.0.1", port)


@pytest.mark.parametrize("host", ["192.0.2.7", "2001:db8::7", "no name at all"])
def test_an_address_of_another_machine(host: str) -> None:
    """Addresses for documentation are nobody's."""
    told = f"OPC UA: expected an address of this machine, got {host} \\(choose one with --opcua-host\\)"
    with pytest.raises(FatalError, match=told):
        listening(host, 0, "OPC UA", "--opcua-port")


def test_a_port_that_this_user_may_not_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(FatalError, match=r"expected a port that this user may open, got 80 \(choose one from 1024"):
        listening("127.0.0.1", 80)
