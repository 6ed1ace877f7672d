"""What stands for a unit, on its page: the driver is changed and commands are written after a second question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Locator, expect

from dashboards.web.settings import WebSettings
from tests.servers.browser import barriers
from tests.web.conftest import Served
from tests.web.test_pages import MILL, opened
from twin.errors import ModelError, Problem

pytestmark = pytest.mark.browser


@dataclass
class Machine:
    """One unit that a real machine may stand for, as the hub has it."""

    driver: str = "simulated"
    asked: list[dict[str, Any]] = field(default_factory=list)
    away: bool = False
    drives: bool = False

    def document(self) -> list[dict[str, Any]]:
        """As the hub says it."""
        commands = {"stop": {"value": 3}, "speed": {"least": 0.0, "most": 3000.0}}
        row = {"path": MILL, "driver": self.driver, "drivers": ["simulated", "opcua"], "commands": {"opcua": commands}}
        return [{**row, "drives": self.drives}]

    async def offered(self, path: str) -> Mapping[str, Mapping[str, Sequence[str]]]:
        """As the hub offers it, of the unit alone or beside others."""
        return {} if path == MILL and self.driver == "opcua" else {"stop": {}}

    async def do(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """As the hub answers."""
        if self.away:
            raise ModelError([Problem(f"{MILL} driver opcua", "a machine that is there", "no answer yet")])
        self.asked.append(dict(wanted))
        self.driver = wanted.get("driver", self.driver)
        row = {"time": "2026-03-02T06:00:00.000Z", "at_s": 1.0, "target": MILL, "action": "change_driver"}
        return {"id": "a", "commands": [{**row, "cause": "operator", "factor": 1.0, "detail": "opcua"}]}


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def settings(machine: Machine) -> WebSettings:
    return WebSettings(
        period_s=0.05, command=machine.do, machine=machine.do, machines=machine.document, offered=machine.offered
    )


async def form_of(browsing: BrowserContext, served: Served, language: str = "en") -> Locator:
    window = await opened(browsing, served, f"#/unit/{MILL}", language)
    assert await barriers(window.page) == []
    return window.page.locator("section.machine")


async def test_a_driver_is_changed_and_a_value_written(
    browsing: BrowserContext, served: Served, machine: Machine
) -> None:
    form = await form_of(browsing, served)
    await expect(form.locator(".now")).to_have_text("Driver now: simulated")
    await expect(form.locator("option")).to_have_text(["from now on OPC UA"])
    await form.get_by_role("button", name="Give the command …").click()
    await expect(form.get_by_role("group")).to_contain_text("Mill: from now on OPC UA. Really?")
    assert machine.asked == []
    machine.away = True
    await form.get_by_role("button", name="Yes, do it").click()
    await expect(form.get_by_role("status")).to_contain_text("expected a machine that is there, got no answer yet")
    machine.away = False
    await form.get_by_role("button", name="Give the command …").click()
    await form.get_by_role("button", name="Yes, do it").click()
    await expect(form.locator(".now")).to_have_text("Driver now: OPC UA")
    await expect(form.get_by_role("status")).to_contain_text("kept in the record of the run")
    await form.get_by_label("What to do").select_option("command speed")
    await form.get_by_label("value (0 – 3,000)").fill("1500")
    await form.get_by_role("button", name="Give the command …").click()
    await expect(form.get_by_role("group")).to_contain_text("Mill: write speed = 1500. Really?")
    await form.get_by_role("button", name="Yes, do it").click()
    await expect(form.get_by_role("status")).to_contain_text("kept in the record of the run")
    assert machine.asked == [
        {"target": MILL, "driver": "opcua"}, {"target": MILL, "command": "speed", "value": 1500},
    ]  # fmt: skip


async def test_effects_are_offered_only_while_the_unit_is_simulated_and_its_line_says_so(
    browsing: BrowserContext, served: Served, machine: Machine
) -> None:
    machine.driver = "opcua"
    window = await opened(browsing, served, f"#/unit/{MILL}")
    form, effects = window.page.locator("section.machine"), window.page.locator("section.commands")
    await expect(form.locator(".now")).to_have_text("Driver now: OPC UA")
    await expect(effects).to_be_hidden()
    await form.get_by_label("What to do").select_option("driver simulated")
    await form.get_by_role("button", name="Give the command …").click()
    await form.get_by_role("button", name="Yes, do it").click()
    await expect(effects.get_by_label("Command", exact=True)).to_have_value("stop")
    await expect(effects).not_to_contain_text("Not done by")
    machine.driver = "opcua"
    await window.page.goto(f"{served.url}#/line/beta/west/shop/mill")
    await expect(effects).to_contain_text("Not done by real machines: Mill.")


async def test_a_machine_whose_counts_move_its_neighbours_says_so(
    browsing: BrowserContext, served: Served, machine: Machine
) -> None:
    machine.driver, machine.drives = "opcua", True
    form = await form_of(browsing, served)
    said = "Driver now: OPC UA; what it counts moves the parts of the simulated neighbours"
    await expect(form.locator(".now")).to_have_text(said)


async def test_a_unit_without_real_machine_says_nothing_of_drivers(
    browsing: BrowserContext, served: Served, machine: Machine
) -> None:
    window = await opened(browsing, served, "#/unit/alpha/east/shop/press/press1", "zh")
    url = window.page.url
    await window.page.goto("about:blank")  # no answer to the page before is still to come
    async with window.page.expect_response("**/api/machines"):
        await window.page.goto(url)
    await expect(window.page.locator("[data-panel=unit_state]")).to_be_visible()
    await expect(window.page.locator("section.machine")).to_be_hidden()


async def test_what_is_being_written_stays_when_the_language_changes(
    browsing: BrowserContext, served: Served, machine: Machine
) -> None:
    machine.driver = "opcua"
    form = await form_of(browsing, served)
    await form.get_by_role("combobox").select_option("command speed")
    await form.get_by_role("textbox").fill("1500")
    await form.page.locator("#language").click()
    await expect(form.page.locator("html")).to_have_attribute("lang", "zh-CN")
    await expect(form.get_by_role("combobox")).to_have_value("command speed")
    await expect(form.get_by_role("textbox")).to_have_value("1500")
    await form.locator("button.act").click()
    await form.page.locator("#language").click()
    await form.get_by_role("button", name="Yes, do it").click()
    await expect(form.get_by_role("status")).to_contain_text("Done")
    assert [one["value"] for one in machine.asked] == [1500]
