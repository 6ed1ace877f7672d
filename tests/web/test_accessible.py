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
@pytest.mark.parametrize("name", [*ROUTES, "gone"])
async def test_a_page_has_no_serious_finding(
    browsing: BrowserContext, served: Served, name: str, theme: str, language: str
) -> None:
    if not AXE.is_file():
        missing("axe-core is not installed (make install-test)")
    await browsing.add_init_script(f"localStorage.setItem('ff.theme', '{theme}')")
    route, proof = ROUTES.get(name, ("#/unit/a/b/c/d/gone", "main h1"))
    window = await opened(browsing, served, route, language)
    await window.page.wait_for_selector(proof)
    await served.move(3)
    await window.page.evaluate(AXE.read_text(encoding="utf-8"))
    assert await window.page.evaluate(RUN) == []
