// An indicator window by window: what was as a line, what is expected as a median in two bands (5-95 % and 25-75 %).
import type uPlot from "uplot";
import { ask } from "../api";
import { box, chart, fit, PALETTE } from "../chart";
import { h } from "../dom";
import { spec, t, title, unit } from "../i18n";
import { doubtful, onLine, told } from "../marks";
import { nowMs, spanS, windowOf, type Maker } from "../picture";
import type { KpiRow } from "../types";

const QUANTILES = ["p05", "p25", "p50", "p75", "p95"];
const AHEAD_MS = 8 * 86_400_000;
const COLOUR = PALETTE[0] ?? "#3b8df0", EXPECTED = PALETTE[2] ?? "#9b6cf0";

/** Rows of the newest forecast: what older ones said of times that they alone reach is left out. */
export function newest(rows: KpiRow[][]): KpiRow[][] {
  const ends = rows.map((row) => row.map((one) => one.t));
  const known = new Set(ends[0] ?? []);
  const shared = new Set([...known].filter((time) => ends.every((row) => row.includes(time))));
  return rows.map((row) => row.filter((one) => shared.has(one.t)));
}

/** Times in s, then the past and each quantile at these times; the bands begin where the past ends. */
export function columns(past: KpiRow[], ahead: KpiRow[][]): uPlot.AlignedData {
  const last = past.at(-1);
  const joined = ahead.map((rows) => {
    const later = rows.filter((row) => !last || row.t > last.t);
    return last && later.length ? [last, ...later] : later;
  });
  const times = [...new Set([past, ...joined].flat().map((row) => row.t))].sort((a, b) => a - b);
  return [times.map((time) => time / 1000), ...[past, ...joined].map((rows) => {
    const found = new Map(rows.map((row) => [row.t, row.v]));
    return times.map((time) => found.get(time) ?? null);
  })];
}

export const band: Maker = ({ panel, path, signal }) => {
  const kpi = panel.shows.ids?.[0] ?? "";
  const about = spec(kpi), percent = about?.unit === "1" && about.high === 1;
  const target = box(title(panel));
  const note = unit(about?.unit ?? "");
  const element = h("div", { class: "lines" }, note ? h("div", { class: "axis-unit" }, note) : null, target);
  let doubts: boolean[] = [];
  let plot: uPlot | null = null, seen = false;
  let done = (): void => undefined;
  const begin = (): uPlot => {
    const made = chart(target, {
      height: Math.max(120, panel.height * 30 - 96), low: panel.low, high: panel.high,
      lines: [
        { label: t("band.past"), colour: COLOUR, percent, doubtful: (at) => doubts[at] ?? false },
        ...QUANTILES.map((name) => ({ label: t(`band.${name}`), colour: EXPECTED, percent, thin: name !== "p50", dash: [4, 3] })),
      ],
      bands: [{ series: [6, 2], fill: `${EXPECTED}26` }, { series: [5, 3], fill: `${EXPECTED}40` }],
    });
    done = fit(made, target);
    return made;
  };
  const reload = (): void => {
    const end = nowMs(), t0 = end - Math.max(spanS(), 43_200) * 1000;
    const series = (window: string, from: number): Promise<KpiRow[]> =>
      ask<KpiRow[]>("kpi-series", { path, kpi, window, t0: from, t1: end + AHEAD_MS }, signal);
    Promise.all([series(windowOf(panel), t0), ...QUANTILES.map((name) => series(`forecast_${name}`, end))])
      .then(([past, ...ahead]) => {
        seen = ahead.some((rows) => rows.length > 0);
        const parent = element.parentElement;
        if (parent) parent.hidden = !seen;
        if (!seen) return;
        const drawn = columns(past ?? [], newest(ahead));
        doubts = doubtful([...drawn[0]].map((time) => time * 1000), past ?? []);
        plot ??= begin();
        plot.setData(drawn);
        told(target, (past ?? []).flatMap((row) => onLine(kpi, row)));
      }).catch(() => undefined);
  };
  return { element, update: () => undefined, reload, close: () => done(), empty: () => !seen };
};
