"""What is between the broker and the store, with pages that show it."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from typing import Any

from brokers.door import under
from brokers.isolation import Isolated
from dashboards.guests import Guests
from dashboards.live import LiveState
from dashboards.web.app import create_app
from dashboards.web.doors import own_names, token_for
from dashboards.web.server import WebServer
from dashboards.web.settings import WebSettings
from scenarios.live.parent import Parent
from scenarios.live.settings import RunSettings
from scenarios.live.thinking import Thinking
from twin.config.plant import Title
from twin.records import Frame


class Shown(Thinking):
    """Ingest, store and brain, and the pages of what comes to them.

    What comes to the brain is shown too, and so are its indicators when they come back.

    Args:
        settings: Settings of the run.
        title: Name of the scenario, for the pages.
        parent: The process that started this one.
        listener: Socket of the pages, if it has been made already.
    """

    def __init__(
        self,
        settings: RunSettings,
        title: Title,
        parent: Parent | None = None,
        listener: socket.socket | None = None,
    ):
        super().__init__(settings, parent)
        self._title = title
        self.live = LiveState(guests=Guests(under((*settings.roots, settings.brain))))
        self.live.held_s = lambda: 0.0 if self.ingest is None else self.ingest.held_s
        self._on_pages = Isolated("pages", self._show)
        app = create_app(self.store, self.live, self.web_settings())
        self.web = WebServer(app, settings.host, settings.port, listener)

    def web_settings(self) -> WebSettings:
        """What the pages may be told: those of a brain alone have nothing that commands could be given to."""
        settings = self.settings
        return WebSettings(
            language=settings.language,
            title=self._title,
            hosts=own_names(settings.host, settings.allow_hosts),
            token=token_for(settings.host),
            counters=self.counters,
            roles=self.roles,
        )

    def counters(self) -> Mapping[str, Any]:
        """What the ingest has seen and what the store misses, in all lives of the process, for the health page."""
        told = self._told()
        return {**told, "hops": {name: account.document() for name, account in told["hops"].items()}}

    def _counted(self) -> dict[str, Any]:
        shown = self._on_pages.failures
        return {**super()._counted(), "pages_failures": shown.total(), "pages_failed_why": dict(shown)}

    def roles(self) -> Mapping[str, Any]:
        """How the processes do, as the parent tells."""
        return self.parent.roles

    async def open(self) -> str:
        """Open the store and serve the pages.

        Returns:
            Address of the pages.

        Raises:
            StoreError: Somebody else has the store open; who takes the place of one that died waits a minute for it.
            NotLetInError: The store does not let us in; who was in before waits.
            FatalError: The port is taken.
        """
        await self.open_store()
        address = await self.web.start()
        self._stack.push_async_callback(self.web.stop)
        return address

    async def _observe(self, frames: Sequence[Frame]) -> None:
        self._on_pages(frame for frame in frames if len(frame))
        await super()._observe(frames)

    def _show(self, frame: Frame) -> Sequence[Frame]:
        self.live.feed([frame])
        return ()
