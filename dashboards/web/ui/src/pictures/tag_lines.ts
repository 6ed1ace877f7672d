// Telemetry of one unit: a small chart per tag, history from the store and live points after it.
import type uPlot from "uplot";
import { ask } from "../api";
import { box, chart, fit, PALETTE } from "../chart";
import { h, say } from "../dom";
import { measure, t, title, unit } from "../i18n";
import { nowMs, spanS, type Context, type Maker } from "../picture";
import { store } from "../store";
import type { Point, Tag } from "../types";

interface Series { path: string; tag: string; t: number[]; v: (number | null)[] }

const MOST_POINTS = 600;
const HELD_POINTS = 2000;

class TagChart {
  readonly element: HTMLElement;
  private readonly target: HTMLElement;
  private readonly now = h("span", { class: "value" });
  private times: number[] = [];
  private values: (number | null)[] = [];
  private plot: uPlot | null = null;
  private heard = false;
  private done: () => void = () => undefined;

  constructor(private readonly path: string, readonly tag: Tag, private readonly colour: string) {
    this.target = box(title(tag));
    const words = h("span", { class: "name", title: tag.name }, title(tag));
    this.element = h("figure", { class: "tag" }, h("figcaption", {}, words, this.now, h("span", { class: "unit" }, unit(tag.unit))), this.target);
  }

  async load(signal: AbortSignal): Promise<void> {
    const t1 = nowMs(), t0 = t1 - spanS() * 1000;
    const answer = await ask<Series>("series", { path: this.path, tag: this.tag.name, t0, t1: t1 + 1, max_points: MOST_POINTS }, signal);
    const later = this.times.findIndex((time) => time > (answer.t.at(-1) ?? 0) / 1000);
    const [times, values] = later < 0 ? [[], []] : [this.times.slice(later), this.values.slice(later)];
    this.times = [...answer.t.map((time) => time / 1000), ...times];
    this.values = [...answer.v, ...values];
    if (!this.heard) say(this.now, measure(this.values.filter((value) => value !== null).at(-1), this.tag.unit).text);
    this.draw();
  }

  push(point: Point): void {
    if (point.t === null || !(this.tag.name in point.values)) return;
    const value = point.values[this.tag.name] ?? null, time = point.t / 1000;
    const bad = point.bad.includes(this.tag.name);
    this.heard = true;
    if (time > (this.times.at(-1) ?? 0)) { this.times.push(time); this.values.push(bad ? null : value); }
    this.now.classList.toggle("bad", bad);
    say(this.now, measure(value, this.tag.unit).text);
  }

  draw(): void {
    const from = nowMs() / 1000 - spanS();
    const first = this.times.findIndex((time) => time >= from);
    if (first > 0 || this.times.length > HELD_POINTS) {
      const cut = Math.max(first, this.times.length - HELD_POINTS);
      this.times.splice(0, cut);
      this.values.splice(0, cut);
    }
    this.plot ??= this.begin();
    this.plot.setData([this.times, this.values]);
  }

  close(): void { this.done(); }

  private begin(): uPlot {
    const plot = chart(this.target, {
      height: 118, sync: this.path,
      ...(this.tag.counter ? {} : { band: [this.tag.low, this.tag.high] as [number, number] }),
      lines: [{ label: title(this.tag), colour: this.colour, fill: !this.tag.counter }],
    });
    this.done = fit(plot, this.target);
    return plot;
  }
}

function tagsOf({ panel, path }: Context): Tag[] {
  const unit = store.unit(path), wanted = panel.shows.tags ?? [];
  if (!unit) return [];
  const elsewhere = store.panels.filter((one) => one.scope === panel.scope && one.id !== panel.id).flatMap((one) => one.shows.tags ?? []);
  return store.tags(unit).filter((tag) => (wanted.length ? wanted.includes(tag.name) : !elsewhere.includes(tag.name)));
}

export const tagLines: Maker = (context) => {
  const charts = tagsOf(context).map((tag, index) => new TagChart(context.path, tag, PALETTE[index % PALETTE.length] ?? "#4da3ff"));
  const element = h("div", { class: "tags" }, charts.length ? charts.map((one) => one.element) : h("p", { class: "nothing" }, t("no_telemetry")));
  const stop = store.onPoints((path, points) => {
    if (path !== context.path) return;
    for (const one of charts) { for (const point of points) one.push(point); one.draw(); }
  });
  const reload = (): void => { for (const one of charts) one.load(context.signal).catch(() => undefined); };
  const close = (): void => { stop(); for (const one of charts) one.close(); };
  return { element, update: () => undefined, reload, close, empty: () => charts.length === 0 };
};
