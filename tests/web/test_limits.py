"""What the server refuses, and what it says with every answer."""

from __future__ import annotations

import pytest

from tests.web.conftest import Served

MILL = "beta/west/shop/mill/mill1"


@pytest.mark.parametrize(
    ("path", "question", "code"),
    [
        ("api/series", {"path": "Not/A path", "tag": "x", "t0": 0, "t1": 1}, 422),
        ("api/series", {"path": "a/b/c/d/nobody", "tag": "x", "t0": 0, "t1": 1}, 404),
        ("api/series", {"path": MILL, "tag": "", "t0": 0, "t1": 1}, 422),
        ("api/series", {"path": MILL, "tag": "x", "t0": 5, "t1": 5}, 422),
        ("api/series", {"path": MILL, "tag": "x", "t0": 0, "t1": 10**13}, 422),
        ("api/series", {"path": MILL, "tag": "x", "t0": 0, "t1": 10, "max_points": 10**9}, 422),
        ("api/raw", {"path": MILL, "tag": "x", "t0_ns": 5, "t1_ns": 5}, 422),
        ("api/raw", {"path": MILL, "tag": "x", "t0_ns": 0, "t1_ns": 2**63}, 422),
        ("api/raw", {"path": MILL, "tag": "x", "t0_ns": 0, "t1_ns": 5, "max_points": 10**9}, 422),
        ("api/raw", {"path": "a/b/c/d/nobody", "tag": "x", "t0_ns": 0, "t1_ns": 5}, 404),
        ("api/states", {"path": MILL, "t0": 0, "t1": 10, "limit": 10**6}, 422),
        ("api/kpis", {"window": "century"}, 422),
        ("api/i18n/tlh", {}, 422),
        ("api/live", {"watch": [MILL] * 30}, 422),
        ("api/model", {"x": "y" * 9000}, 414),
        ("../../pyproject.toml", {}, 404),
        ("%2e%2e/%2e%2e/pyproject.toml", {}, 404),
    ],
)
async def test_bad_questions_are_refused(standing: Served, path: str, question: dict[str, str], code: int) -> None:
    async with standing.client() as client:
        answer = await client.get(path, params=question)
    assert answer.status_code == code


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:80", ""])
async def test_a_foreign_host_name_is_refused(standing: Served, host: str) -> None:
    async with standing.client() as client:
        answer = await client.get("api/model", headers={"host": host})
    assert answer.status_code in (400, 421)


async def test_another_origin_is_refused(standing: Served) -> None:
    async with standing.client() as client:
        foreign = await client.get("api/model", headers={"origin": "http://evil.example"})
        own = await client.get("api/model", headers={"origin": standing.url.rstrip("/")})
    assert foreign.status_code == 403
    assert own.status_code == 200
    assert "access-control-allow-origin" not in own.headers


async def test_every_answer_has_the_security_headers(standing: Served) -> None:
    async with standing.client() as client:
        for path in ("", "api/model", "api/none"):
            headers = (await client.get(path)).headers
            policy = headers["content-security-policy"]
            assert "script-src 'self'" in policy
            assert "unsafe" not in policy
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["x-frame-options"] == "DENY"


async def test_nothing_can_be_written(standing: Served) -> None:
    async with standing.client() as client:
        assert (await client.post("api/model", json={})).status_code == 405


async def test_the_server_listens_on_loopback_only(standing: Served) -> None:
    assert standing.url.startswith("http://127.0.0.1:")
