"""Commands on the page of a unit: asked once more, then done by the plant or refused with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Locator, Page, expect

from dashboards.web.settings import WebSettings
from scenarios.live.told import Told, instruction_of
from tests.servers.browser import barriers
from tests.web.conftest import Served
from tests.web.test_pages import MILL, opened
from twin.errors import ModelError, Problem

pytestmark = pytest.mark.browser


@dataclass
class Desk:
    """Looks at commands as a live plant does, and keeps them.

    Args:
        plant: The plant, once there is one.
        kept: Documents of what it accepted.
        shares: Whether several processes share its sites.
    """

    plant: Any = None
    kept: list[dict[str, Any]] = field(default_factory=list)
    shares: bool = False

    async def send(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Answer as the hub does."""
        if self.shares:
            raise ModelError([Problem("command", "a plant in one process", "one whose processes share sites")])
        told = Told(f"{len(self.kept)}", self.plant.instructed(instruction_of(wanted)))
        self.kept.append(told.document(self.plant.epoch_ns))
        return self.kept[-1]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def settings(desk: Desk) -> WebSettings:
    return WebSettings(period_s=0.05, command=desk.send, commanded=lambda: list(desk.kept))


async def form_of(browsing: BrowserContext, served: Served, desk: Desk, language: str = "en") -> tuple[Page, Locator]:
    desk.plant = served.pipeline.feed.plant  # type: ignore[attr-defined]
    window = await opened(browsing, served, f"#/unit/{MILL}", language)
    return window.page, window.page.locator("section.commands")


async def test_a_command_is_asked_once_more_then_left_or_done_and_listed(
    browsing: BrowserContext, served: Served, desk: Desk
) -> None:
    page, form = await form_of(browsing, served, desk)
    await form.get_by_label("Command", exact=True).select_option("stop")
    await form.get_by_role("button", name="Give the command …").click()
    await form.get_by_role("button", name="Leave it").click()
    await expect(form.get_by_role("group")).to_have_count(0)
    assert desk.kept == []

    await form.get_by_label("Command", exact=True).select_option("slow")
    await form.get_by_label("factor").fill("1.5")
    await form.get_by_label("for, min").fill("10")
    await form.get_by_role("button", name="Give the command …").click()
    await expect(form.get_by_role("group")).to_contain_text("Mill: Slow down × 1.5 for 10 min. Really?")
    assert desk.kept == []
    assert await barriers(page) == []
    await expect(form.get_by_role("button", name="Yes, do it")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(form.get_by_role("status")).to_contain_text("kept in the record of the run")
    begin, end = desk.kept[0]["commands"]
    assert (begin["target"], begin["action"], begin["factor"]) == (MILL, "slow", 1.5)
    assert end["at_s"] - begin["at_s"] == 600
    await expect(form.locator(".given li").first).to_contain_text("operator")
    await expect(form.locator(".given li")).to_have_count(2)


async def test_a_refusal_is_shown_with_its_reason(browsing: BrowserContext, served: Served, desk: Desk) -> None:
    _, form = await form_of(browsing, served, desk)
    desk.shares = True
    await given(form, "stop")
    await expect(form.get_by_role("status")).to_contain_text("Refused: command: expected a plant in one process")
    desk.shares = False
    await given(form, "supply")
    await expect(form.get_by_role("status")).to_contain_text("Refused:")
    assert desk.kept == []


async def given(form: Locator, effect: str) -> None:
    await form.get_by_label("Command", exact=True).select_option(effect)
    await form.get_by_role("button", name="Give the command …").click()
    await form.get_by_role("button", name="Yes, do it").click()


async def test_what_lasts_without_another_command_can_be_ended(
    browsing: BrowserContext, served: Served, desk: Desk
) -> None:
    _, form = await form_of(browsing, served, desk)
    await form.get_by_label("Command", exact=True).select_option("slow")
    await form.get_by_label("end what was begun").check()
    await expect(form.get_by_label("factor")).to_have_count(0)
    await form.get_by_role("button", name="Give the command …").click()
    await form.get_by_role("button", name="Yes, do it").click()
    await expect(form.get_by_role("status")).to_contain_text("Takes effect at")
    assert [row["factor"] for row in desk.kept[0]["commands"]] == [1.0]


async def test_every_effect_has_a_name_in_both_languages(browsing: BrowserContext, served: Served, desk: Desk) -> None:
    for language in ("en", "zh"):
        page, form = await form_of(browsing, served, desk, language)
        options = form.locator("option")
        names = await options.evaluate_all("all => all.map(one => [one.value, one.textContent])")
        assert names
        assert [name for name, words in names if name == words] == []
        await page.close()
        await browsing.clear_cookies()


class TestWithoutCommands:
    """Pages that take none."""

    @pytest.fixture(params=["No live plant", "carries no commands", "need no token beyond this computer"])
    def words(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    @pytest.fixture
    def settings(self, desk: Desk, words: str) -> WebSettings:
        send = None if "plant" in words else desk.send
        return WebSettings(period_s=0.05, command=send, carried="carries" not in words, commandable=False)

    async def test_the_page_says_why(self, browsing: BrowserContext, served: Served, desk: Desk, words: str) -> None:
        _, form = await form_of(browsing, served, desk)
        await expect(form).to_contain_text(words)
        await expect(form.get_by_role("button")).to_have_count(0)
