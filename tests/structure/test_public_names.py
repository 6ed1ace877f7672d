"""The single-file module exports what it promises."""

from __future__ import annotations

import futurefactory


def test_every_public_name_exists_and_is_sorted() -> None:
    assert list(futurefactory.__all__) == sorted(futurefactory.__all__)
    assert all(hasattr(futurefactory, name) for name in futurefactory.__all__)
