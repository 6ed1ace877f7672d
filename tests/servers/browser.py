"""Headless Chromium that tells everything that goes wrong on a page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, async_playwright

from tests.counterparts import needed

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


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


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """A running browser."""
    program = needed("chromium", "chromium-browser", "google-chrome")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield browser
        await browser.close()


@pytest.fixture
async def browsing(chromium: Browser) -> AsyncIterator[BrowserContext]:
    """A fresh profile at 1280x800."""
    context = await chromium.new_context(viewport={"width": 1280, "height": 800})
    yield context
    await context.close()
