"""The indicators of job orders: of the units that release them, and of every level above."""

from __future__ import annotations

from collections.abc import Sequence

from twin.brain.jobs import Jobs, together
from twin.brain.reports.sheet import Coverage, Sheet, known_share
from twin.brain.scopes import Scope
from twin.brain.site import Table
from twin.kpi.amounts import NS_PER_S
from twin.kpi.definitions.jobs import JobFlow
from twin.kpi.spec import specs


def report_jobs(sheet: Sheet, table: Table, scopes: Sequence[Scope]) -> None:
    """Write down the indicators of every unit that has released job orders, and of every scope with such units."""
    end_ns = sheet.window.t1_ns
    offices = {row: unit.jobs for row, unit in enumerate(table.units) if unit.jobs.first_ns < end_ns}
    found = {row: log.ended(sheet.window.t0_ns, end_ns) for row, log in offices.items()}
    for scope in scopes if found else ():
        rows = [row for row in scope.units if row in found]
        if rows:
            jobs = together([found[row] for row in rows])
            flow = _flow(jobs)
            known = min(known_share(table, row) for row in rows)
            told = all(unit.site.trusts([unit], sheet.window) for unit in (table.units[row] for row in rows))
            coverage = Coverage(known, 0.0, exact=True, settled=told and not jobs.early)
            for spec in specs("jobs"):
                sheet.one(spec, scope.path, scope.name, flow, coverage)


def _flow(jobs: Jobs) -> JobFlow:
    return JobFlow(
        completed=jobs.completed,
        timed=jobs.timed,
        flow_s=jobs.flow_ns / NS_PER_S,
        due=jobs.due,
        on_time=jobs.on_time,
        late_s=jobs.late_ns / NS_PER_S,
    )
