"""The REST interface: reads, asks for forecasts, gives the plant commands; documented at ``/api/docs.json``."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from starlette.responses import Response, StreamingResponse

from dashboards.health import Known, hops
from dashboards.live import LiveState
from dashboards.panel import PanelSpec, board, panels
from dashboards.streamed import INSTEAD, OF_TILES
from dashboards.web import answers
from dashboards.web.kpi_table import table
from dashboards.web.metrics import exposition
from dashboards.web.questions import (
    CommandQuestion,
    ForecastQuestion,
    KpiQuestion,
    KpiSeriesQuestion,
    KpiTableQuestion,
    MachineQuestion,
    Path,
    PathQuestion,
    RawQuestion,
    SeriesQuestion,
    Under,
    Watched,
)
from dashboards.web.settings import WebSettings
from dashboards.web.stream import Broadcaster
from dashboards.web.texts import Language, texts
from twin.effects import effects
from twin.engine.effect import Effect
from twin.equipment import EquipmentPath, Level
from twin.errors import ConnectorError, ProblemsError
from twin.kpi.spec import kpis
from twin.ports import History
from twin.records import RecordKind
from twin.states import STATES

Answer = dict[str, Any]
Does = Callable[[Mapping[str, Any]], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Routes:
    """The questions of the pages and who answers them.

    Args:
        history: The store's reading side.
        last: Last values.
        settings: Bounds and words.
        broadcaster: The live stream.
    """

    history: History
    last: LiveState
    settings: WebSettings
    broadcaster: Broadcaster

    def router(self) -> APIRouter:
        """All routes under ``/api``."""
        router = APIRouter(prefix="/api")
        for name in ("model", "vocabulary", "state", "kpis", "alarms", "panels", "health", "live"):
            router.add_api_route(f"/{name}", getattr(self, name), response_model=None)
        for name in ("series", "raw", "states", "stock", "kpi_series", "kpi_table", "alarm_log"):
            router.add_api_route(f"/{name.replace('_', '-')}", getattr(self, name), response_model=None)
        router.add_api_route("/i18n/{language}", self.i18n, response_model=None)
        router.add_api_route("/forecast", self.forecast, methods=["POST"], response_model=None)
        router.add_api_route("/commands", self.commands, response_model=None)
        router.add_api_route("/commands/offered", self.offered, response_model=None)
        router.add_api_route("/commands", self.command, methods=["POST"], response_model=None)
        router.add_api_route("/machines", self.machines, response_model=None)
        router.add_api_route("/machines", self.machine, methods=["POST"], response_model=None)
        return router

    async def model(self) -> Answer:
        """Equipment tree, tags, links and chains from the master data."""
        return self.last.model.document()

    async def vocabulary(self) -> Answer:
        """States with number, colour and time element, and KPI descriptions."""
        states = [
            {"name": state.name, "number": int(state), "colour": row.colour, "element": row.element.value}
            for state, row in STATES.items()
        ]
        told = ("formula", "formula_zh", "unit", "trend", "source", "scopes", "low", "high", "additive", "everywhere")
        figures = ("id", *told)
        specs = [{name: getattr(kpis[kind], name) for name in figures} for kind in kpis.kinds()]
        return {
            "states": states,
            "kpis": specs,
            "title": self.settings.title.model_dump(),
            "language": self.settings.language,
            "stale_s": self.settings.stale_s,
            "instead": INSTEAD,
            "of_tiles": OF_TILES,
            "commands": self._commandable(),
        }

    def _commandable(self) -> Answer:
        """Whether commands are taken here, why not, and what the plant can be told."""
        told = self.settings
        lacks = {"no_plant": told.command is None, "no_way": not told.carried, "no_token": not told.commandable}
        why = next((name for name, lack in lacks.items() if lack), "")
        return {"able": not why, "why": why, "effects": [_effect(name, effects[name]) for name in effects.kinds()]}

    async def state(self, path: Annotated[Under, Query()] = "") -> Answer:
        """Last state of every unit at or below a path, and heartbeats of the sites."""
        rows = self.last.section("states")
        found = {unit: row for (unit,), row in rows.items() if not path or EquipmentPath(unit).is_under(path)}
        return {"states": found, "sites": self.last.sites()}

    async def series(self, question: Annotated[SeriesQuestion, Query()]) -> Answer:
        """One telemetry tag over a span, thinned to ``max_points``."""
        path = self._known(question.path)
        return await answers.series(self.history, path, question.tag, question.ns(), question.max_points)

    async def raw(self, question: Annotated[RawQuestion, Query()]) -> Answer:
        """One telemetry tag over a span of source time in ns, as it is stored: thinned only above ``max_points``."""
        span, path = question.ns(), self._known(question.path)
        return await answers.raw(self.history, path, question.tag, span, question.max_points)

    async def states(self, question: Annotated[PathQuestion, Query()]) -> Answer:
        """State changes of the units at or below a path, each from the begin of the span."""
        path, span = self._known(question.path), question.ns()
        return await answers.states(self.history, self.last.model, path, span, question.limit)

    async def stock(self, question: Annotated[PathQuestion, Query()]) -> list[Answer]:
        """Stock on hand at the begin of a span and after each change in it."""
        return await answers.stock(self.history, self._known(question.path), question.ns(), question.limit)

    async def kpi_series(self, question: Annotated[KpiSeriesQuestion, Query()]) -> list[Answer]:
        """One KPI window by window."""
        where = {"kpi": question.kpi, "window": question.window}
        return await answers.kpi_series(self.history, self._known(question.path), question.ns(), where)

    async def kpis(self, question: Annotated[KpiQuestion, Query()]) -> list[Answer]:
        """Last KPI values with numerator, denominator and coverage.

        A figure of the running window (``live``) that is no longer said, though others of its element are, is left
        out once its window has passed, as on the pages; ``/api/kpi-series`` has it with its time.
        """
        rows = answers.holding(answers.kpi_rows(await self.history.latest(RecordKind.KPI, question.path)))
        wanted = {name: value for name, value in (("window", question.window), ("kpi", question.kpi)) if value}
        found = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
        if question.scope:
            found = [row for row in found if self._scope(row["path"]) == question.scope]
        return found[: question.limit]

    async def kpi_table(self, question: Annotated[KpiTableQuestion, Query()]) -> Answer:
        """Last values of every KPI of every element of one level in one window; small enough to ask for often."""
        entries = (
            (path, kpi, row)
            for path, kpi, window, row in self.last.figures()
            if window == question.window and self._scope(path) == question.scope
        )
        return table(entries)

    async def alarms(
        self, path: Annotated[Under, Query()] = "", *, all_: Annotated[bool, Query(alias="all")] = False
    ) -> list[Answer]:
        """Alarms that are active; with ``all`` also the last of each that is not."""
        found = []
        for (unit, code), row in self.last.section("alarms").items():
            if (all_ or row["active"]) and (not path or EquipmentPath(unit).is_under(path)):
                found.append({"path": unit, "code": code, **row})
        return sorted(found, key=lambda row: (-row["t"], row["path"]))

    async def alarm_log(self, question: Annotated[PathQuestion, Query()]) -> list[Answer]:
        """Alarms raised and cleared over a span."""
        return await answers.alarms(self.history, self._known(question.path), question.ns(), question.limit)

    async def panels(self) -> list[Answer]:
        """Panels of every board in their order."""
        scopes = dict.fromkeys(panels[kind].scope for kind in panels.kinds())
        return [_panel(spec) for scope in scopes for spec in board(scope)]

    async def forecast(self, question: ForecastQuestion) -> Answer:
        """Branch the live plant, run the branches to a horizon and give the quantiles, which are also published."""
        if self.settings.ahead is None:
            raise HTTPException(404, "forecast: expected a live run, got pages alone")
        try:
            return await self.settings.ahead(question.given())
        except ProblemsError as error:
            raise HTTPException(422, str(error)) from None
        except ConnectorError as error:
            raise HTTPException(503, str(error)) from None

    async def commands(self) -> list[Answer]:
        """Commands that the live plant was given, in the order in which it accepted them, and when they take effect."""
        return await to_thread(self.settings.commanded)

    async def offered(self, path: Path) -> Answer:
        """What the plant can be told of a path: effects with the values among which one chooses, by field.

        Nothing for what is not of the plant of this run.
        """
        if self.settings.offered is None:
            return {"path": path, "effects": {}}
        try:
            return {"path": path, "effects": await self.settings.offered(str(path))}
        except ProblemsError as error:
            raise HTTPException(422, str(error)) from None

    async def command(self, question: CommandQuestion) -> Answer:
        """Give the live plant a command; answered when it stands durably in the record of the run.

        ``apart`` of the answer lists units below the target that do not do it, because real machines stand for them;
        where these are all that would do it the command is refused.
        """
        return await self._done("command", self.settings.command, question.given())

    async def machines(self) -> list[Answer]:
        """Units that real machines stand for, or may stand for: their driver, what it may be, what may be written."""
        try:
            return await to_thread(self.settings.machines)
        except ProblemsError as error:
            raise HTTPException(422, str(error)) from None

    async def machine(self, question: MachineQuestion) -> Answer:
        """Change the driver of a unit, or write to its real machine what the scenario allows.

        Answered when it stands durably in the record of the run.
        """
        return await self._done("machine", self.settings.machine, question.given())

    async def _done(self, what: str, do: Does | None, wanted: Answer) -> Answer:
        if do is None:
            raise HTTPException(404, f"{what}: expected a live run, got pages alone")
        if not self.settings.commandable:
            raise HTTPException(403, f"{what}: expected a token beyond loopback, got pages that need none")
        try:
            return await do(wanted)
        except ProblemsError as error:
            raise HTTPException(422, str(error)) from None
        except ConnectorError as error:
            raise HTTPException(503, str(error)) from None

    async def i18n(self, language: Language) -> dict[str, str]:
        """Texts of the pages."""
        return texts(language)

    async def health(self) -> Answer:
        """How the run does, hop by hop (see :mod:`dashboards.health`), and the counters it is made of."""
        live = self.last
        stream = {"clients": len(self.broadcaster.clients), "merged": self.broadcaster.merges}
        taken: Answer = {"frames": live.frames, "refused": live.refused, "rejected_meta": live.model.rejected}
        taken["refused"] += sum(live.guests.refused.values())
        taken["refused_why"] = dict(live.guests.refused)
        taken["unshown"] = {f"{kind} without {what}": count for (kind, what), count in live.unshown.items()}
        sites, counters, roles = live.sites(), dict(self.settings.counters()), dict(self.settings.roles())
        stale_s = self.settings.stale_s + live.held_s()  # what waits for the store says nothing of the sites
        beats = {path: {**row, "stale": (row["age_s"] or 0.0) > stale_s} for path, row in sites.items()}
        unnamed = {str(path): links for path, links in live.model.unnamed_links().items()}
        rows = hops(Known(beats, counters, roles, {**taken, **stream}, unnamed))
        return {"hops": rows, "sites": sites, "stream": stream, "live": taken, "ingest": counters, "roles": roles}

    async def metrics(self) -> Response:
        """The same for Prometheus."""
        body, kind = exposition(await self.health())
        return Response(body, media_type=kind)

    async def live(self, watch: Watched = []) -> StreamingResponse:  # noqa: B006 - never changed
        """Server-sent events: ``snapshot``, then ``delta``, and ``watched`` for the units asked for.

        Units that are not known come once as ``missing``; the stream goes on without them.
        """
        if self.broadcaster.full:
            raise HTTPException(503, f"live stream: expected at most {self.settings.clients} viewers, got one more")
        paths = frozenset(path for path in watch if self._knows(path))
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        stream = self.broadcaster.stream(paths, sorted(set(watch) - paths))
        return StreamingResponse(stream, media_type="text/event-stream", headers=headers)

    def _known(self, path: str) -> EquipmentPath:
        known = EquipmentPath(path)
        if known not in self.last.model:
            raise HTTPException(404, f"path: expected known equipment, got {path!r} (see /api/model)")
        return known

    def _knows(self, path: str) -> bool:
        try:
            return EquipmentPath(path) in self.last.model
        except ValueError:
            return False

    def _scope(self, path: str) -> str:
        known = EquipmentPath(path)
        parent = known.parent
        if known in self.last.model.chains:
            return "chain"
        if parent is not None and parent in self.last.model.chains:
            return "link"
        return "machine" if known.level is Level.UNIT else known.level.name.lower()


def _effect(name: str, effect: type[Effect]) -> Answer:
    """An effect for the pages: the field that says how much of it, and whether that must be given."""
    needed = bool(effect.value) and effect.default is None
    amounts = [effect.value, *effect.instead] if effect.instead else []
    about = {"value": effect.value, "amounts": amounts, "needed": needed}
    return {"name": name, **about, "lasts": effect.lasts, "ended_by": effect.ended_by}


def _panel(spec: PanelSpec) -> Answer:
    """A panel for the pages; ``shows.of`` says which kind of source the rest of ``shows`` describes."""
    return {
        **asdict(spec),
        "shows": {"of": type(spec.shows).__name__.lower(), **asdict(spec.shows)},
        "below": spec.grade_below(),
    }
