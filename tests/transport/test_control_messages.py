"""Whatever stands on a control topic is read or refused in our words, and in a few of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from brokers.links import Base, base_payload, mark_payload, online_payload, read_base, read_mark, read_online
from brokers.refusals import reason_of
from twin.ports import Mark

NEVER = [
    *(b"", b"null", b"[]", b"{}", b"5", b'"run"', b"\xff\xfe", b"{" * 2000, b'{"run":', b'{"RUN":"r"}', b"\x00"),
    *(b'{"run":"' + b"x" * 100_000 + b'"}', b'[{"run":"r"}]'),
]
RUN = b'{"run":"r"'
READERS: dict[str, tuple[Callable[[bytes], object], list[bytes]]] = {
    "base": (
        lambda payload: read_base("p", payload),
        [RUN + rest for rest in (b"}", b',"first":-1}', b',"first":1e300}', b',"first":"x"}', b',"first":[1]}')],
    ),
    "mark": (
        lambda payload: read_mark("p", payload),
        [
            RUN + b',"stored_to":5' + rest
            for rest in (
                *(b',"missing":5}', b',"missing":{"a":1}}', b',"missing":[5]}', b',"missing":["ab"]}'),
                *(b',"missing":[[1]]}', b',"missing":[[1,2,3]]}', b',"missing":[[1,null]]}', b',"last":"x"}'),
            )
        ]
        + [RUN + b"}", RUN + b',"stored_to":true}', RUN + b',"stored_to":-2}'],
    ),
    "availability": (read_online, [b'{"online":"no"}', b'{"online":null}', b'{"online":1}', RUN + b"}"]),
}


@pytest.mark.parametrize("name", READERS)
def test_what_is_no_control_message_is_refused_in_our_words(name: str) -> None:
    read, own = READERS[name]
    reasons = set()
    for payload in (*NEVER, *own):
        with pytest.raises(ValueError, match=r"^control message: expected ") as caught:
            read(payload)
        reasons.add(reason_of(caught.value))
    assert len(reasons) <= 6, "a reason holds nothing of what was said"


def test_what_we_say_is_read() -> None:
    mark = Mark("p", "r", 7, ((1, 2), (4, 4)), 9)
    assert read_mark("p", mark_payload(mark)) == mark
    assert read_base("p", base_payload(Base("p", "r", 2**63))) == Base("p", "r", 2**63)
    assert [read_online(online_payload(online, "r")) for online in (True, False)] == [True, False]
