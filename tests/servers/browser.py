"""Headless Chromium that tells everything that goes wrong on a page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, async_playwright, expect

from tests.counterparts import PEERS, missing, needed

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


AXE = PEERS / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
    .filter(one => ["serious", "critical"].includes(one.impact))
    .map(one => `${one.id}: ${one.help}: ${one.nodes.slice(0, 4).map(node => node.html).join(" | ")}`)"""

expect.set_options(timeout=30_000)  # ms; a busy machine draws late


async def barriers(page: Page) -> list[str]:
    """What axe-core finds on a page as it is shown, of serious or critical impact."""
    if not AXE.is_file():
        missing("axe-core is not installed (make install-test)")
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = await page.evaluate(RUN)
    return found


@dataclass
class Window:
    """A page and what it has complained about.

    Args:
        page: The page.
        problems: Console errors and warnings, uncaught errors, failed and external requests.
    """

    page: Page
    problems: list[str] = field(default_factory=list)

    def listen(self, origin: str) -> None:
        """Note everything that should not happen."""
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        self.page.on("requestfailed", self._failed)
        self.page.on("request", lambda request: self._asked(request, origin))

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(f"{message.type}: {message.text}")

    def _failed(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # a page that is left ends its own stream and questions
            self.problems.append(f"failed: {request.url} {request.failure}")

    def _asked(self, request: Request, origin: str) -> None:
        if not request.url.startswith((origin, "data:")):
            self.problems.append(f"external: {request.url}")


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """A running browser; tests that use it run in the event loop of the session and take a profile of their own."""
    program = needed("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def browsing(chromium: Browser) -> AsyncIterator[BrowserContext]:
    """A fresh profile at 1280x800."""
    context = await chromium.new_context(viewport={"width": 1280, "height": 800})
    yield context
    await context.close()
