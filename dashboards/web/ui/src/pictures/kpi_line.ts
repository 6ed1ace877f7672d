// KPI records over the last windows, one line per KPI and element.
import type uPlot from "uplot";
import { ask } from "../api";
import { box, chart, fit, PALETTE } from "../chart";
import { h, replace } from "../dom";
import { spec, t, title, unit } from "../i18n";
import { doubtful, onLine, told } from "../marks";
import { elements, nameOf, noFigure, nowMs, pointless, spanS, windowOf, type Context, type Maker } from "../picture";
import type { KpiRow } from "../types";

/** Lines that are told apart: each colour plain, then dashed. */
const MOST = 2 * PALETTE.length;

interface Wanted { path: string; kpi: string; label: string }

function wanted(context: Context): Wanted[] {
  const ids = context.panel.shows.ids ?? [], paths = elements(context);
  return paths.flatMap((path) => ids.map((kpi) => ({
    path, kpi, label: paths.length > 1 ? title(nameOf(path)) : t(`kpi.${kpi}`),
  })));
}

export const kpiLine: Maker = (context) => {
  const { panel, signal } = context;
  const all = wanted(context), lines = all.slice(0, MOST);
  const about = spec(lines[0]?.kpi ?? "");
  const target = box(title(panel));
  replace(target, h("p", { class: "nothing" }, t("loading")));
  const note = unit(about?.unit ?? "");
  const rest = all.length > lines.length ? h("p", { class: "note" }, t("lines.rest", { n: lines.length, all: all.length })) : null;
  const element = h("div", { class: "lines" }, note ? h("div", { class: "axis-unit" }, note) : null, target, rest);
  let plot: uPlot | null = null, drawn = "-";
  let done = (): void => undefined;
  let doubts: boolean[][] = [];
  const draw = (found: KpiRow[][]): void => {
    const there = found.map((rows) => rows.some((row) => row.v !== null)), data = found.filter((_, index) => there[index]);
    const shown = lines.filter((_, index) => there[index]);
    const times = [...new Set(data.flat().map((row) => row.t))].sort((a, b) => a - b);
    const columns = data.map((rows) => {
      const values = new Map(rows.map((row) => [row.t, row.v]));
      return times.map((time) => values.get(time) ?? null);
    });
    doubts = data.map((rows) => doubtful(times, rows));
    if (shown.map((one) => one.label).join() !== drawn) {
      drawn = shown.map((one) => one.label).join();
      done();
      plot = shown.length ? begin(shown) : null;
      if (!plot) replace(target, h("p", { class: "nothing" }, noFigure(context.path)));
    }
    plot?.setData([times.map((time) => time / 1000), ...columns]);
    told(target, data.flatMap((rows, index) => rows.flatMap((row) => onLine(shown[index]?.kpi ?? "", row))));
  };
  const begin = (shown: Wanted[]): uPlot => {
    replace(target);
    const made = chart(target, {
      height: Math.max(120, panel.height * 30 - (lines.length > 1 ? 96 : 64)), low: panel.low, high: panel.high, legend: lines.length > 1,
      lines: shown.map((one, index) => ({
        label: one.label, colour: PALETTE[lines.indexOf(one) % PALETTE.length] ?? "#4da3ff", dash: lines.indexOf(one) < PALETTE.length ? [] : [6, 4], percent: about?.unit === "1" && about.high === 1,
        fill: lines.length === 1, doubtful: (at) => doubts[index]?.[at] ?? false,
      })),
    });
    done = fit(made, target);
    return made;
  };
  const reload = (): void => {
    const t1 = nowMs() + 3_600_000, t0 = nowMs() - Math.max(spanS(), 43_200) * 1000;
    Promise.all(lines.map((one) => ask<KpiRow[]>("kpi-series", { path: one.path, kpi: one.kpi, window: windowOf(panel), t0, t1 }, signal)))
      .then(draw).catch(() => undefined);
  };
  return { element, update: () => undefined, reload, close: () => done(), empty: () => pointless(context) };
};
