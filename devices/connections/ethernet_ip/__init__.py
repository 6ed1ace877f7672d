"""A Logix controller (ControlLogix, CompactLogix, Micro800 and what speaks like them) by EtherNet/IP.

Needs the package ``pylogix``: ``pip install 'futurefactory[machines]'``.

Options (under ``device.options`` with ``driver: ethernet_ip``)::

    host: 10.0.0.5
    port: 44818
    slot: 0              # slot of the controller in its chassis
    micro800: false      # true: a Micro800, which has no slot and answers for one tag at a time
    period: 1 s
    timeout: 3 s         # longest wait for an answer

Addresses are names of tags, as the controller's program writes them::

    Temperature                     # a tag of the controller
    Program:Press.Cycle.ACC         # one of a program; a member of a structure
    Zones[3].Setpoint, Grid[1,2]    # an element of an array, from zero
    Status.5                        # a bit of an integer
    Local:1:I.Data.0                # a module
    Order:string                    # a string type of one's own (LEN and DATA); a plain STRING needs no word

Numbers, booleans and strings are read; a structure as a whole is BAD, as it is not one value: name its member. An array
without an index is its first element. Strings are taken as UTF-8 where they are, else as Latin-1. Numbers are read
together, as many as go into one answer; strings one after another. The controller gives no times.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from devices.connection import ConnectionOptions, Wanted
from devices.connections import connections
from devices.connections._late import LateConnection, Link
from devices.connections.ethernet_ip.address import wrong_address
from devices.connections.ethernet_ip.options import EthernetIpOptions
from twin.errors import Problem, ProblemsError


@connections.register("ethernet_ip", EthernetIpOptions)
class EthernetIpConnection(LateConnection):
    """A Logix controller by EtherNet/IP: tags, members, elements, bits and strings by name."""

    Options: ClassVar[type[ConnectionOptions]] = EthernetIpOptions

    @staticmethod
    def wrong(item: str) -> str:
        """What is wrong with an address; empty when it is one."""
        return wrong_address(item)

    @staticmethod
    def link(options: Any, wanted: Sequence[Wanted], base: Path) -> Link:  # noqa: ARG004
        """A session with the controller.

        Raises:
            ProblemsError: The package that speaks EtherNet/IP is not installed.
        """
        try:
            from devices.connections.ethernet_ip.link import TagLink
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] != "pylogix":
                raise
            hint = "pip install 'futurefactory[machines]'"
            raise ProblemsError([Problem("driver ethernet_ip", "the package pylogix", "none", hint)]) from None
        return TagLink(options, wanted)
