"""The reference page of all indicators, generated from their descriptions."""

from __future__ import annotations

from twin.kpi.spec import RULE_VERSION, KpiSpec, kpis

_HEAD = f"""# Indicators

Generated from `twin/kpi/definitions`; do not edit. Rules: `{RULE_VERSION}`.

- Formulas are after ISO 22400-2 where the source says so; no conformance is claimed.
- An indicator whose denominator is 0 is absent: no record, never 0 and never NaN.
- Values are never clipped. Groups and longer windows are ratios of sums, never means of ratios.
- Quality: `good`; `estimated`: a meter was not read at a boundary of the window but before and after it, the true value
  lies between `low` and `high`; `partial`: something of the window is not known, or in doubt; `bad`: unknown.
- Planned busy time (PBT) is that of the calendar, also when the machine says something else; work in a break or outside
  all shifts is overtime and not in it. Without a calendar the machine's states decide.
- Planned run time of an operation is spread over its PRODUCING time, since it began or since the completion before it:
  OEE, NEE, effectiveness and TEEP of closed windows are given again when operations over their end are completed, and
  are `partial` until then. Counts stay with the completion. Figures over a whole window of studies count the planned
  time with the completion too: an operation over the begin of the window counts in full, one over its end not at all.
- FAILED or REPAIR over a break or a night is one failure; so is a minor stop longer than its limit (300 s by default).
- `flag_gt1`: a ratio above 1 where 1 is the ceiling. `overtime`: production outside planned time took part. `revision`:
  0, then one more with every new computation that changed the record.
- value = scale x numerator / denominator; numerator and denominator are in s, kWh, kg or pieces.
- Level `trade`: units that take orders (their records say `machine`) and a chain towards its final customers.
- Level `jobs`: units that release job orders (their records say `machine`), and lines, areas, sites and enterprises
  with such units.
- Level `transport`: lanes (their records say `machine`), lines, areas, sites and enterprises with lanes, and a chain.
- Level `flow`: units and groups, of studies and of `factory simulate --flow`, which see every item; not in the records.
- The scope of a link is the path `chain-<chain>/<link>`.

| Id | Name | 名称 | Formula | Unit | Better | Levels | Source |
|---|---|---|---|---|---|---|---|
"""


def render() -> str:
    """The page as Markdown."""
    return _HEAD + "".join(_row(kpis[kind]) for kind in kpis.kinds())


def _row(spec: KpiSpec) -> str:
    scopes = ", ".join(spec.scopes)
    cells = (f"`{spec.id}`", spec.en, spec.zh, spec.formula, spec.unit, spec.trend, scopes, spec.source)
    return f"| {' | '.join(cells)} |\n"
