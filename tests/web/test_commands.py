"""Commands on the page of a unit: asked once more, then done by the plant or refused with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Locator, Page, expect

from dashboards.web.settings import WebSettings
from dashboards.web.texts import Language, texts
from scenarios.live.told import Told, instruction_of
from tests.servers.browser import barriers
from tests.web.conftest import Served
from tests.web.test_pages import MILL, opened
from twin.config.disturbances import CARRIERS
from twin.effects import effects
from twin.engine.effect import Command
from twin.equipment import EquipmentPath
from twin.errors import ModelError, Problem
from twin.plant.instruction import Instruction
from twin.records import RecordKind, records

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

    async def offered(self, path: str) -> Mapping[str, Mapping[str, Sequence[str]]]:
        """What the plant can be told there."""
        return self.plant.offer(path)  # type: ignore[no-any-return]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def settings(desk: Desk) -> WebSettings:
    return WebSettings(period_s=0.05, command=desk.send, offered=desk.offered, commanded=lambda: list(desk.kept))


async def form_of(
    browsing: BrowserContext, served: Served, desk: Desk, language: str = "en", route: str = f"#/unit/{MILL}"
) -> tuple[Page, Locator]:
    desk.plant = served.pipeline.feed.plant  # type: ignore[attr-defined]
    window = await opened(browsing, served, route, language)
    return window.page, window.page.locator("section.commands")


async def test_a_command_is_asked_once_more_then_left_or_done_and_listed(
    browsing: BrowserContext, served: Served, desk: Desk
) -> None:
    page, form = await form_of(browsing, served, desk)
    await form.get_by_label("Command", exact=True).select_option("stop")
    await form.get_by_role("button", name="Give the command …").click()
    await form.get_by_role("button", name="Leave it").click()
    await expect(form.get_by_role("group")).to_have_count(0)
    await form.get_by_role("button", name="Give the command …").click()
    await page.keyboard.press("Escape")
    await expect(form.get_by_role("group")).to_have_count(0)
    await expect(form.get_by_label("Command", exact=True)).to_be_focused()
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


async def test_what_is_being_written_stays_when_new_equipment_appears(
    browsing: BrowserContext, served: Served, desk: Desk
) -> None:
    page, form = await form_of(browsing, served, desk)
    await form.get_by_label("Command", exact=True).select_option("slow")
    await form.get_by_label("factor").fill("1.5")
    await form.get_by_label("for, min").fill("1")
    new = EquipmentPath("acme/north/hall/line9/press-7")
    served.live.feed([records(RecordKind.STATE, [(new, served.live.data_ns, ("PRODUCING", None, None))])])
    await expect(page.locator("nav.side a[href='#/site/acme/north']")).to_be_attached()
    await expect(page.locator("[data-panel=unit_state]")).to_have_count(1)
    await expect(form).to_have_count(1)
    await expect(form.get_by_label("for, min")).to_be_focused()
    await page.keyboard.type("0")
    await page.locator("#theme").click()
    await form.get_by_role("button", name="Give the command …").click()
    await expect(form.get_by_role("group")).to_contain_text("Mill: Slow down × 1.5 for 10 min. Really?")


async def test_what_is_being_written_stays_when_the_language_changes(
    browsing: BrowserContext, served: Served, desk: Desk
) -> None:
    page, form = await form_of(browsing, served, desk, route="#/site/alpha/east")
    await form.get_by_label("Command", exact=True).select_option("curtail")
    await form.locator("#command-measure").select_option("cap")
    await form.locator("#command-amount").fill("70")
    await form.locator("#command-minutes").fill("30")
    await page.locator("#language").click()
    await expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    await expect(form.locator("h2")).to_have_text("操作指令")
    await expect(form.locator("#command-effect")).to_have_value("curtail")
    await expect(form.locator("#command-minutes")).to_have_value("30")
    await form.locator("button.act").click()
    await expect(form.get_by_role("group")).to_contain_text("70 kW")
    await page.locator("#language").click()
    await expect(form.get_by_role("group")).to_contain_text(
        "East press plant: Curtail power to 70 kW for 30 min. Really?"
    )
    await form.get_by_role("button", name="Yes, do it").click()
    await expect(form.get_by_role("status")).to_contain_text("kept in the record of the run")
    await page.locator("#language").click()
    await expect(form.get_by_role("status")).to_contain_text(texts("zh")["command.done"].partition("{time}")[2])
    await expect(form).to_have_count(1)
    assert len(desk.kept) == 1


async def test_an_item_that_was_chosen_stays_when_the_language_changes(
    browsing: BrowserContext, served: Served, desk: Desk
) -> None:
    page, form = await form_of(browsing, served, desk)
    desk.plant = Desked()
    await page.reload()
    await form.locator("#command-effect").select_option("order")
    await form.locator("#command-item").select_option("lid")
    await form.locator("#command-quantity").fill("40")
    await page.locator("#language").click()
    await expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    await expect(form.locator("#command-item")).to_have_value("lid")
    await expect(form.locator("#command-quantity")).to_have_value("40")


async def test_the_filter_of_the_kpi_board_stays_when_the_language_changes(
    browsing: BrowserContext, served: Served
) -> None:
    page = (await opened(browsing, served, "#/kpis")).page
    await page.get_by_role("searchbox").fill("Mill")
    await page.locator("#language").click()
    await expect(page.get_by_role("searchbox", name="筛选")).to_have_value("Mill")
    await expect(page.locator("h1")).to_have_text("指标看板")
    await expect(page.locator(".kpi-board thead")).to_contain_text("综合设备效率")


async def test_the_filter_of_the_kpi_board_stays_when_new_equipment_appears(
    browsing: BrowserContext, served: Served
) -> None:
    page = (await opened(browsing, served, "#/kpis")).page
    rows = page.locator(".kpi-board tbody tr")
    await page.get_by_role("searchbox").fill("mill1")
    await expect(rows).to_have_count(1)
    new = EquipmentPath("acme/north/hall/line9/press-7")
    served.live.feed([records(RecordKind.STATE, [(new, served.live.data_ns, ("PRODUCING", None, None))])])
    await expect(page.locator("nav.side a[href='#/site/acme/north']")).to_be_attached()
    await expect(page.get_by_role("searchbox")).to_have_value("mill1")
    await expect(page.get_by_role("searchbox")).to_be_focused()
    await expect(rows).to_have_count(1)


async def test_a_refusal_is_shown_with_its_reason(browsing: BrowserContext, served: Served, desk: Desk) -> None:
    _, form = await form_of(browsing, served, desk)
    desk.shares = True
    await given(form, "stop")
    await expect(form.get_by_role("status")).to_contain_text("Refused: command: expected a plant in one process")
    desk.shares = False
    await form.get_by_label("Command", exact=True).select_option("slow")
    await form.get_by_label("factor").fill("0")
    await form.get_by_role("button", name="Give the command …").click()
    desk.plant = Refusing()
    await form.get_by_role("button", name="Yes, do it").click()
    await expect(form.get_by_role("status")).to_contain_text("Refused: command slow: expected 1, got 0")
    assert desk.kept == []


class Refusing:
    """A plant that does nothing."""

    def instructed(self, instruction: object) -> object:
        raise ModelError([Problem("command slow", "1", "0")])


class Desked:
    """A plant in which an order desk stands in place of the mill."""

    epoch_ns = 0

    def offer(self, path: str) -> Mapping[str, Mapping[str, Sequence[str]]]:
        return {"order": {"item": ("case", "lid")}} if path == MILL else {}

    def instructed(self, instruction: Instruction) -> tuple[Command, ...]:
        detail = effects["order"]().detail(instruction._perturbation())
        return (Command(0.0, instruction.target, instruction.effect, instruction.cause, instruction.quantity, detail),)


async def test_a_job_order_has_an_item_and_a_number_of_pieces(
    browsing: BrowserContext, served: Served, desk: Desk
) -> None:
    desk.plant = Desked()
    window = await opened(browsing, served, f"#/unit/{MILL}", "en")
    form = window.page.locator("section.commands")
    await form.get_by_label("Command", exact=True).select_option("order")
    await form.get_by_label("item", exact=True).select_option("lid")
    await form.get_by_label("pieces", exact=True).fill("40")
    await form.get_by_role("button", name="Give the command …").click()
    await expect(form.get_by_role("group")).to_contain_text("Mill: Release a job order lid × 40. Really?")
    await form.get_by_role("button", name="Yes, do it").click()
    await expect(form.get_by_role("status")).to_contain_text("Takes effect at")
    (command,) = desk.kept[0]["commands"]
    assert (command["action"], command["factor"], command["detail"]) == ("order", 40, "item=lid")
    await expect(form.locator(".given li").first).to_contain_text("lid × 40")


async def options_of(form: Locator, label: str) -> list[list[str]]:
    """Values of a choice with their words."""
    options = form.get_by_label(label, exact=True).locator("option")
    found: list[list[str]] = await options.evaluate_all("all => all.map(one => [one.value, one.textContent])")
    return found


@pytest.mark.parametrize(
    ("language", "label", "words"), [("en", "failure mode", "Die jammed"), ("zh", "故障模式", "模具卡滞")]
)
async def test_failure_modes_are_offered_by_their_names(
    browsing: BrowserContext, served: Served, desk: Desk, language: str, label: str, words: str
) -> None:
    _, form = await form_of(browsing, served, desk, language, "#/unit/alpha/east/shop/press/press1")
    await form.locator("#command-effect").select_option("fail")
    assert await options_of(form, label) == [["die", words]]
    await form.locator("button.act").click()
    await expect(form.get_by_role("group")).to_contain_text(words)
    await form.locator(".sure button.act").click()
    await expect(form.locator(".given li").first).to_contain_text(words)
    assert [(row["action"], row["detail"]) for row in desk.kept[0]["commands"]] == [("fail", "die")]


async def test_a_unit_is_offered_what_it_feels(browsing: BrowserContext, served: Served, desk: Desk) -> None:
    _, form = await form_of(browsing, served, desk)
    await expect(form).to_be_visible()
    names = [name for name, _ in await options_of(form, "Command")]
    assert names == ["stop", "restart", "hold", "release", "slow", "scrap"]


async def test_a_site_can_be_curtailed(browsing: BrowserContext, served: Served, desk: Desk) -> None:
    _, form = await form_of(browsing, served, desk, route="#/site/alpha/east")
    await form.get_by_label("Command", exact=True).select_option("curtail")
    assert await options_of(form, "carrier") == [["power", "power"]]
    assert [name for name, _ in await options_of(form, "unit (%: of the highest demand)")] == ["share", "cap"]
    await form.get_by_label("left", exact=True).fill("70")
    await form.get_by_label("for, min").fill("30")
    await form.get_by_role("button", name="Give the command …").click()
    await expect(form.get_by_role("group")).to_contain_text(
        "East press plant: Curtail power to 70% for 30 min. Really?"
    )
    await form.get_by_role("button", name="Yes, do it").click()
    await expect(form.locator(".given li").last).to_contain_text("power to 70%")
    await expect(form.locator(".given li").first).to_contain_text("ended")
    begin, end = desk.kept[0]["commands"]
    assert (begin["target"], begin["factor"], begin["detail"]) == ("alpha/east", 0.7, "share")
    assert end["at_s"] - begin["at_s"] == 1800


async def test_a_site_can_be_left_a_power(browsing: BrowserContext, served: Served, desk: Desk) -> None:
    _, form = await form_of(browsing, served, desk, route="#/site/alpha/east")
    await form.get_by_label("Command", exact=True).select_option("curtail")
    await form.get_by_label("unit (%: of the highest demand)").select_option("cap")
    await form.get_by_label("left", exact=True).fill("20")
    await form.get_by_role("button", name="Give the command …").click()
    await form.get_by_role("button", name="Yes, do it").click()
    await expect(form.locator(".given li").first).to_contain_text("power to 20 kW")
    assert desk.kept[0]["commands"][0]["factor"] == 20.0


async def test_nothing_is_offered_of_what_is_not_of_the_plant(
    browsing: BrowserContext, served: Served, desk: Desk
) -> None:
    stranger = EquipmentPath("acme/north/hall/line9/press-7")
    master = '{"kind": "machine", "en": "Press 7", "zh": "冲床7"}'
    served.live.feed([records(RecordKind.META, [(stranger, served.live.data_ns, ("equipment", master))])])
    page, form = await form_of(browsing, served, desk, route=f"#/unit/{stranger}")
    await expect(page.locator("h1")).to_contain_text("Press 7")
    url = page.url
    await page.goto("about:blank")  # no answer to the page before is still to come
    async with page.expect_response("**/api/commands/offered**") as answer:
        await page.goto(url)
    assert (await (await answer.value).json())["effects"] == {}
    await expect(page.locator("[data-panel=unit_state]")).to_be_visible()
    await expect(form).to_be_hidden()


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


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_effect_and_choice_has_a_name_in_both_languages(language: Language) -> None:
    words = texts(language)
    assert [name for name in effects.kinds() if f"effect.{name}" not in words] == []
    assert [name for name in CARRIERS if f"command.carrier.{name}" not in words] == []


class TestWithoutCommands:
    """Pages that take none."""

    @pytest.fixture(params=["No live plant", "carries no commands", "need no token beyond this computer"])
    def words(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    @pytest.fixture
    def settings(self, desk: Desk, words: str) -> WebSettings:
        send = None if "plant" in words else desk.send
        offered = None if "plant" in words else desk.offered
        carried = "carries" not in words
        return WebSettings(period_s=0.05, command=send, offered=offered, carried=carried, commandable=False)

    async def test_the_page_says_why(self, browsing: BrowserContext, served: Served, desk: Desk, words: str) -> None:
        _, form = await form_of(browsing, served, desk)
        await expect(form).to_contain_text(words)
        await expect(form.get_by_role("button")).to_have_count(0)
