"""Every page, judged by axe-core as a browser shows it, in both themes and languages."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import BrowserContext

from tests.counterparts import missing
from tests.web.conftest import Served
from tests.web.test_pages import ROUTES, opened

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

AXE = Path(__file__).parents[1] / "peers" / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
    .filter(one => ["serious", "critical"].includes(one.impact))
    .map(one => `${one.id}: ${one.help}: ${one.nodes.slice(0, 4).map(node => node.html).join(" | ")}`)"""


@pytest.mark.parametrize(("theme", "language"), [("dark", "en"), ("light", "zh")])
async def test_no_page_has_a_serious_finding(
    browsing: BrowserContext, served: Served, theme: str, language: str
) -> None:
    if not AXE.is_file():
        missing("axe-core is not installed (make install-test)")
    await browsing.add_init_script(f"localStorage.setItem('ff.theme', '{theme}')")
    axe, findings = AXE.read_text(encoding="utf-8"), {}
    for name, (route, proof) in {**ROUTES, "gone": ("#/unit/a/b/c/d/gone", "main h1")}.items():
        window = await opened(browsing, served, route, language)
        await window.page.wait_for_selector(proof)
        await served.move(3)
        await window.page.evaluate(axe)
        findings[name] = await window.page.evaluate(RUN)
        await window.page.close()
    assert {name: found for name, found in findings.items() if found} == {}
