"""A seeded mutator: inputs that are nearly right."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

LONGEST = 20_000
"""Bytes of a spoilt input."""
WORDS = [
    b"", b"null", b"true", b"NaN", b"Infinity", b"-0", b"1e999", b"-1", b"0", b"9223372036854775808", b"1e-400",
    b"99999999999999999999999999", b"2147483648", b"\\ud800", b"\\u0000", b"\xff", b"\xd6l", b"\xed\xa0\x80", b"\0",
    b"{", b"}", b"[", b"]", b'"', b"\\", b"\n", b"\r\n", b"\t", b",", b";", b"|", b"=", b"/", b"#", b"%", b"..", b" ",
    b"[[[[[[[[[[[[[[[[", b'{"a":' * 30, b"a/b/c/d/e/f", b"9999-12-31T23:59:59Z", b"0001-01-01T00:00:00+14:00", b"&x *x",
    b"x" * 3000, b"0" * 400, b"1 000", b"$share", b"+", b"1970-01-01T00:00:00.9999999999Z", b"!!python/none",
]  # fmt: skip


def _flip(data: bytearray, dice: random.Random, _: Sequence[bytes]) -> None:
    for _ in range(dice.randint(1, 4)):
        if data:
            data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def _insert(data: bytearray, dice: random.Random, _: Sequence[bytes]) -> None:
    place = dice.randint(0, len(data))
    data[place:place] = dice.choice(WORDS)


def _replace(data: bytearray, dice: random.Random, _: Sequence[bytes]) -> None:
    place = dice.randint(0, len(data))
    data[place : place + dice.randint(1, 12)] = dice.choice(WORDS)


def _cut(data: bytearray, dice: random.Random, _: Sequence[bytes]) -> None:
    place = dice.randint(0, len(data))
    del data[place : place + dice.randint(1, max(1, len(data) // 3))]


def _end(data: bytearray, dice: random.Random, _: Sequence[bytes]) -> None:
    del data[dice.randint(0, len(data)) :]


def _double(data: bytearray, dice: random.Random, _: Sequence[bytes]) -> None:
    place = dice.randint(0, len(data))
    piece = data[place : place + dice.randint(1, 200)]
    data[place:place] = piece * dice.randint(1, 8)


def _splice(data: bytearray, dice: random.Random, seeds: Sequence[bytes]) -> None:
    other = dice.choice(seeds)
    place, start = dice.randint(0, len(data)), dice.randint(0, len(other))
    data[place : place + dice.randint(0, 60)] = other[start : start + dice.randint(1, 200)]


def _swap(data: bytearray, dice: random.Random, _: Sequence[bytes]) -> None:
    lines = bytes(data).split(b"\n")
    a, b = dice.randrange(len(lines)), dice.randrange(len(lines))
    lines[a], lines[b] = lines[b], lines[a]
    data[:] = b"\n".join(lines)


def _number(data: bytearray, dice: random.Random, _: Sequence[bytes]) -> None:
    digits = [place for place, byte in enumerate(data) if 48 <= byte <= 57]
    if digits:
        place = dice.choice(digits)
        data[place : place + 1] = str(dice.choice((-1, 0, 255, 2**31, 2**53 + 1, 2**63, 10**30, 0.5))).encode()


WAYS: list[Callable[[bytearray, random.Random, Sequence[bytes]], None]] = [
    _flip, _flip, _insert, _replace, _replace, _cut, _end, _double, _splice, _swap, _number, _number,
]  # fmt: skip


def spoilt(seeds: Sequence[bytes], dice: random.Random) -> bytes:
    """One of the inputs with one to five mistakes; now and then bytes of no meaning."""
    if dice.random() < 0.01:
        return dice.randbytes(dice.randint(0, 300))
    data = bytearray(dice.choice(seeds))
    for _ in range(dice.choice((1, 1, 1, 2, 2, 3, 5))):
        dice.choice(WAYS)(data, dice, seeds)
    return bytes(data[:LONGEST])
