"""What every connection keeps, whatever its protocol: one suite, run against a server that is not ours.

A protocol's test module derives a class from :class:`Contract` and says how its machine is made and spoken to.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import pytest

from devices.connection import ALIVE_S, DataValue, MachineConnection, Scalar, Wanted
from devices.connections import connections
from twin.errors import ProblemsError, RetriableError
from twin.records import BAD, GOOD

LIMIT_S = 120
"""Longest wait for anything; generous, as a test may share its processors."""


class Machine:
    """A machine under test: a server of the protocol, in another process."""

    def start(self) -> None:
        """Start it with the first values of all items."""
        raise NotImplementedError

    def stop(self) -> None:
        """End it; ``start`` brings it back at the same address."""
        raise NotImplementedError

    def kill(self) -> None:
        """End it at once."""
        raise NotImplementedError

    def freeze(self) -> None:
        """Stop it where it stands, its sockets open."""
        raise NotImplementedError

    def thaw(self) -> None:
        """Let it go on."""
        raise NotImplementedError

    def options(self) -> dict[str, Any]:
        """Options of a connection to it."""
        raise NotImplementedError

    def show(self, item: str, value: Scalar) -> None:
        """Let an item have a value."""
        raise NotImplementedError

    def shown(self, item: str) -> Scalar:
        """The value that an item has at the machine."""
        raise NotImplementedError


class Carried(NamedTuple):
    """An item of a type, and values that have to come through unharmed; the first is what it has at the start."""

    item: str
    values: Sequence[Scalar]


class Contract:
    """Tests of one protocol."""

    kind: ClassVar[str]
    foreign: ClassVar[str] = ""
    """Package or program, not ours, that answers; empty: a server of our own."""
    items: ClassVar[Sequence[Carried]]
    """Items of every type; two of them at least."""
    missing: ClassVar[str]
    """An address that is right, of an item that the machine does not have."""
    writable: ClassVar[Sequence[str]] = ()
    """Items that can be written."""
    unfit: ClassVar[tuple[str, Scalar] | None] = None
    """An item and a value of the wrong type for it."""
    guarded: ClassVar[str | None] = None
    """An item that the machine does not let anybody write."""
    wrong: ClassVar[Sequence[str]]
    """Texts that are no address."""
    knows_missing: ClassVar[bool] = True
    """Whether the machine says that it does not have an item."""
    source_time: ClassVar[bool] = False
    """Whether it gives times."""
    told_alive: ClassVar[bool] = True
    """Whether the connection knows that a machine is there that says nothing."""
    impatient: ClassVar[str] = "1 s"
    """Longest wait for an answer where a machine does not answer; a server that is slow needs more of it."""
    forgets: ClassVar[bool] = True
    """Whether a machine that has restarted has its first values again."""

    @pytest.fixture(scope="module")
    def machine(self, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
        """The machine of a module."""
        made = self.make(tmp_path_factory.mktemp(self.kind))
        made.start()
        try:
            yield made
        finally:
            made.stop()

    def make(self, folder: Path) -> Machine:
        """The machine; not yet started."""
        raise NotImplementedError

    # help

    @asynccontextmanager
    async def connected(
        self, machine: Machine, items: Sequence[str], folder: Path, **more: Any
    ) -> AsyncIterator[MachineConnection]:
        """An open connection that is closed at the end."""
        made = self.connection(machine, items, folder, **more)
        try:
            async with asyncio.timeout(LIMIT_S):
                await made.open()
            yield made
        finally:
            await made.close()

    def connection(self, machine: Machine, items: Sequence[str], folder: Path, **more: Any) -> MachineConnection:
        """A connection, not yet opened."""
        kind = connections[self.kind]
        options = kind.Options.model_validate(machine.options() | more)
        return kind(options, [Wanted(item, 0.1) for item in items], folder)

    @staticmethod
    async def until(connection: MachineConnection, wanted: dict[str, Scalar]) -> dict[str, DataValue]:
        """The latest readings, once the items have these values."""
        latest: dict[str, DataValue] = {}
        async with asyncio.timeout(LIMIT_S):
            while not all(item in latest and alike(latest[item].value, value) for item, value in wanted.items()):
                latest |= {one.item: one for one in await connection.readings()}
        return latest

    @staticmethod
    async def every(connection: MachineConnection, items: Sequence[str]) -> dict[str, DataValue]:
        """The first reading of each item."""
        first: dict[str, DataValue] = {}
        async with asyncio.timeout(LIMIT_S):
            while not set(items) <= set(first):
                for one in await connection.readings():
                    first.setdefault(one.item, one)
        return first

    @staticmethod
    async def for_ever(connection: MachineConnection) -> None:
        """Take readings without end."""
        async with asyncio.timeout(LIMIT_S):
            while True:
                await connection.readings()

    def at_start(self) -> dict[str, Scalar]:
        """What every item has at the start."""
        return {one.item: one.values[0] for one in self.items}

    def reset(self, machine: Machine) -> None:
        """Give every item its first value."""
        for item, value in self.at_start().items():
            machine.show(item, value)

    # the contract

    async def test_every_item_is_told_once_after_the_opening(self, machine: Machine, tmp_path: Path) -> None:
        self.reset(machine)
        items = list(self.at_start())
        async with self.connected(machine, items, tmp_path) as connection:
            first = await self.every(connection, items)
        for item, value in self.at_start().items():
            assert alike(first[item].value, value), item
            assert (first[item].quality, first[item].reason) == (GOOD, ""), first[item]

    async def test_every_value_of_every_type_comes_unharmed(self, machine: Machine, tmp_path: Path) -> None:
        self.reset(machine)
        async with self.connected(machine, list(self.at_start()), tmp_path) as connection:
            await self.every(connection, list(self.at_start()))
            for turn in range(1, max(len(one.values) for one in self.items)):
                shown = {one.item: one.values[turn] for one in self.items if turn < len(one.values)}
                for item, value in shown.items():
                    machine.show(item, value)
                latest = await self.until(connection, shown)
                assert all(latest[item].quality == GOOD for item in shown)

    async def test_a_missing_item_is_bad_with_its_reason_and_harms_no_other(
        self, machine: Machine, tmp_path: Path
    ) -> None:
        if not self.knows_missing:
            pytest.skip("the protocol does not tell a missing item from one that is silent")
        self.reset(machine)
        items = [*self.at_start(), self.missing]
        async with self.connected(machine, items, tmp_path) as connection:
            first = await self.every(connection, items)
        assert first[self.missing].quality == BAD
        assert first[self.missing].value is None
        assert first[self.missing].reason
        assert all(first[item].quality == GOOD for item in self.at_start())

    async def test_a_machine_that_answers_and_says_nothing_is_told_from_a_silent_one(
        self, machine: Machine, tmp_path: Path
    ) -> None:
        if not self.told_alive:
            pytest.skip("a broker does not know whether the machine is there")
        items = list(self.at_start())
        async with self.connected(machine, items, tmp_path) as connection:
            await self.every(connection, items)
            async with asyncio.timeout(LIMIT_S):
                while await connection.readings():
                    pass  # until a sign of life

    async def test_times_of_the_machine_are_kept(self, machine: Machine, tmp_path: Path) -> None:
        items = list(self.at_start())
        began = time.time_ns()
        self.reset(machine)
        async with self.connected(machine, items, tmp_path) as connection:
            first = await self.every(connection, items)
        for one in first.values():
            if self.source_time:
                assert one.time_ns is not None
                assert began - 10**9 <= one.time_ns <= time.time_ns() + 10**9
            else:
                assert one.time_ns is None

    async def test_a_machine_that_is_cut_is_told_and_a_new_connection_works(
        self, machine: Machine, tmp_path: Path
    ) -> None:
        items = list(self.at_start())
        async with self.connected(machine, items, tmp_path) as connection:
            await self.every(connection, items)
            machine.kill()
            with pytest.raises(RetriableError):
                await self.for_ever(connection)
        with pytest.raises(RetriableError):
            async with self.connected(machine, items, tmp_path):
                pass
        machine.start()
        if not self.forgets:
            self.reset(machine)
        async with self.connected(machine, items, tmp_path) as connection:
            await self.until(connection, self.at_start())

    async def test_a_frozen_machine_is_noticed_and_does_not_hold_the_end_up(
        self, machine: Machine, tmp_path: Path
    ) -> None:
        items = list(self.at_start())
        try:
            async with self.connected(machine, items, tmp_path, timeout=self.impatient) as connection:
                await self.every(connection, items)
                machine.freeze()
                with pytest.raises(RetriableError):
                    await self.for_ever(connection)
            with pytest.raises(RetriableError):
                async with self.connected(machine, items, tmp_path, timeout=self.impatient):
                    pass
        finally:
            machine.thaw()
        async with self.connected(machine, items, tmp_path) as connection:
            await self.every(connection, items)

    async def test_what_is_written_stands_at_the_machine(self, machine: Machine, tmp_path: Path) -> None:
        if not self.writable:
            pytest.skip("the protocol only tells")
        self.reset(machine)
        items = list(self.at_start())
        async with self.connected(machine, items, tmp_path) as connection:
            await self.every(connection, items)
            for one in self.items:
                for value in one.values if one.item in self.writable else ():
                    await connection.write(one.item, value)
                    assert alike(machine.shown(one.item), value), (one.item, value)

    async def test_a_refused_write_says_why_and_changes_nothing(self, machine: Machine, tmp_path: Path) -> None:
        self.reset(machine)
        refused = [(self.guarded, self.at_start().get(self.guarded or "", 1))] if self.guarded else []
        refused += [self.unfit] if self.unfit else []
        async with self.connected(machine, list(self.at_start()), tmp_path) as connection:
            if self.knows_missing:
                refused.append((self.missing, 1))
            for item, value in refused:
                with pytest.raises(ProblemsError) as caught:
                    await connection.write(str(item), value)
                assert all(one.where and one.expected and one.got for one in caught.value.problems)
            await self.until(connection, self.at_start())

    async def test_a_connection_that_was_never_opened_is_closed_without_a_word(
        self, machine: Machine, tmp_path: Path
    ) -> None:
        await self.connection(machine, list(self.at_start()), tmp_path).close()

    async def test_nothing_is_wanted(self, machine: Machine, tmp_path: Path) -> None:
        async with self.connected(machine, [], tmp_path) as connection:
            if self.told_alive:
                async with asyncio.timeout(LIMIT_S):
                    assert await connection.readings() == []

    async def test_browsing_ends_and_names_only_addresses(self, machine: Machine, tmp_path: Path) -> None:
        kind = connections[self.kind]
        self.reset(machine)
        async with self.connected(machine, [], tmp_path) as connection:
            async with asyncio.timeout(LIMIT_S):
                found = [one async for one in connection.browse()]
        assert [one.item for one in found if kind.wrong(one.item)] == []

    def test_a_wrong_address_is_found_before_anything_is_opened(self) -> None:
        kind = connections[self.kind]
        assert [item for item in self.wrong if not kind.wrong(item)] == []
        assert [item for item in [*self.at_start(), self.missing] if kind.wrong(item)] == []

    def test_what_is_wrong_with_an_address_is_told_of_any_text(self) -> None:
        kind = connections[self.kind]
        for text in ("", " ", "\0", "é" * 10_000, "/", ":", "::::", "[", "\n", "a" * 100_000, "%s", "ns=", "0"):
            assert isinstance(kind.wrong(text), str)

    def test_every_option_has_a_meaning(self) -> None:
        fields = connections[self.kind].Options.model_fields
        assert [name for name, field in fields.items() if not field.description] == []
        assert ALIVE_S > 0


def alike(a: Scalar, b: Scalar) -> bool:
    """Whether two values are the same to the last bit; numbers of different kinds are not."""
    if isinstance(a, float) and isinstance(b, float):
        return (math.isnan(a) and math.isnan(b)) or (a == b and math.copysign(1, a) == math.copysign(1, b))
    return type(a) is type(b) and a == b
