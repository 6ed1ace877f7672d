// uPlot with the page's colours, the plant's local time and no styles of its own making.
import uPlot from "uplot";
import { h } from "./dom";
import { number, offsetAt } from "./i18n";

/** Neither red nor amber: those say that something is wrong. */
export const PALETTE = ["#3b8df0", "#22a877", "#9b6cf0", "#a9744f", "#c95fc0", "#17a9c4", "#7fae1e", "#8194b5"];

export interface Line { label: string; colour: string; dash?: number[]; stepped?: boolean; percent?: boolean; fill?: boolean; thin?: boolean
  /** Whether the value at a place is no plain one: drawn as a point. */
  doubtful?: (index: number) => boolean }
export interface ChartOptions { height: number; lines: Line[]; low?: number | null; high?: number | null; band?: [number, number]; bands?: uPlot.Band[]; sync?: string
  /** Whether the lines are named below; default: where there are several. */
  legend?: boolean }

function css(name: string): string { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }

function band(range: [number, number]): uPlot.Plugin {
  return {
    hooks: {
      drawClear: (plot) => {
        const top = plot.valToPos(range[1], "y", true), bottom = plot.valToPos(range[0], "y", true);
        const { left, width, top: boxTop, height } = plot.bbox;
        const from = Math.max(boxTop, Math.min(top, boxTop + height)), to = Math.max(boxTop, Math.min(bottom, boxTop + height));
        plot.ctx.fillStyle = css("--band");
        plot.ctx.fillRect(left, from, width, to - from);
      },
    },
  };
}

function axis(): uPlot.Axis {
  return {
    stroke: css("--muted"), grid: { stroke: css("--grid"), width: 1 }, ticks: { show: false },
    font: "11px system-ui, 'Noto Sans CJK SC', sans-serif",
  };
}

/** Bounds of the values with a little air, wide enough that noise does not look like news beside what is normal. */
function range(low: number | null, high: number | null, normal: number): uPlot.Range.Function {
  return (_, min, max) => {
    if (min === null || max === null || !Number.isFinite(min) || (min === 0 && max === 0)) return [low ?? 0, high ?? 1];
    const air = Math.max((max - min) * 0.12, Math.abs(max) * 0.01, normal * 0.01, 1e-6);
    const from = low !== null && min - air < low && min >= low ? low : min >= 0 ? Math.max(0, min - air) : min - air;
    const to = high !== null && max + air > high && max <= high ? high : max + air;
    return [from, to];
  };
}

export function chart(target: HTMLElement, options: ChartOptions): uPlot {
  const percent = options.lines.some((line) => line.percent);
  const show = (value: number | null): string => (value === null ? "—" : percent ? `${number(value * 100, 1)}%` : number(value));
  const series: uPlot.Series[] = [{ label: "t", value: (_, at) => (at === null ? "—" : uPlot.fmtDate("{HH}:{mm}:{ss}")(tz(at))) }];
  for (const line of options.lines) {
    series.push({
      label: line.label, stroke: line.colour, width: line.thin ? 0.6 : 1.6, dash: line.dash ?? [], points: pointsOf(line), spanGaps: false,
      ...(line.fill ? { fill: `${line.colour}1f` } : {}),
      ...(line.stepped && uPlot.paths.stepped ? { paths: uPlot.paths.stepped({ align: 1 }) } : {}),
      value: (_, value) => (value === null ? "" : show(value)),
    });
  }
  return new uPlot({
    width: Math.max(80, target.clientWidth), height: options.height, series,
    tzDate: tz, pxAlign: true, padding: [8, 18, 0, 0],
    legend: { show: options.legend ?? options.lines.length > 1, live: true },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 }, ...(options.sync ? { sync: { key: options.sync } } : {}) },
    scales: { x: { time: true, range: (_, min, max) => (min === max && min !== null ? [min - 3600, max + 3600] : [min, max]) }, y: { range: range(options.low ?? null, options.high ?? null, options.band ? options.band[1] - options.band[0] : 0) } },
    axes: [ // of which the figures are as exact as the steps between them, and all of them are seen
      { ...axis(), values: ticks, space: 64, size: 28 },
      { ...axis(), space: 26, size: (_, shown) => Math.max(52, ...(shown ?? []).map((one) => 16 + 6.5 * one.length)),
        values: (_, values, __, ___, step) => values.map((value) => (percent ? `${number(value * 100, digitsOf(step * 100))}%` : number(value, digitsOf(step)))) },
    ],
    bands: options.bands ?? [],
    plugins: options.band ? [band(options.band)] : [],
  }, [[], ...options.lines.map(() => [])], target);
}

/** Digits behind the point that tell the steps of an axis apart. */
function digitsOf(step: number): number { return (step.toFixed(6).replace(/0+$/, "").split(".")[1] ?? "").length; }

/** Points only where a value is no plain one, or is the only one. */
function pointsOf({ doubtful, colour }: Line): uPlot.Series.Points {
  const times = (plot: uPlot): number[] => [...(plot.data[0] ?? [])];
  const unsure = (plot: uPlot): number[] => (doubtful ? times(plot).map((_, index) => index).filter(doubtful) : []);
  const filter = (plot: uPlot): number[] => (times(plot).length === 1 ? [0] : unsure(plot));
  return { show: true, size: 8, width: 2, stroke: (plot) => (unsure(plot).length ? css("--warn") : colour), fill: css("--card"), filter };
}

function tz(seconds: number): Date {
  const here = new Date(seconds * 1000);
  return new Date((seconds + offsetAt(seconds * 1000) + here.getTimezoneOffset() * 60) * 1000);
}

function ticks(_: uPlot, splits: number[], __: number, ___: number, step: number): string[] {
  const format = uPlot.fmtDate(step >= 86400 ? "{MM}-{DD}" : step < 60 ? "{HH}:{mm}:{ss}" : "{HH}:{mm}");
  return splits.map((at) => format(tz(at)));
}

/** Keeps a chart as wide as its box. */
export function fit(plot: uPlot, target: HTMLElement): () => void {
  const watcher = new ResizeObserver(() => {
    if (target.clientWidth > 80 && Math.abs(target.clientWidth - plot.width) > 1) plot.setSize({ width: target.clientWidth, height: plot.height });
  });
  watcher.observe(target);
  return () => { watcher.disconnect(); plot.destroy(); };
}

/** A box for a chart with words for those who cannot see it. */
export function box(words: string): HTMLElement { return h("div", { class: "chart", role: "img", "aria-label": words, tabindex: "0" }); }
