// Telemetry of one unit: a small chart per tag, history from the store and live points after it.
import type uPlot from "uplot";
import { ask } from "../api";
import { box, chart, fit, PALETTE } from "../chart";
import { h, say } from "../dom";
import { measure, named, t, title, unit } from "../i18n";
import { nowMs, spanS, type Context, type Maker } from "../picture";
import { store } from "../store";
import type { Point, Tag } from "../types";

interface Series { path: string; tag: string; t: number[]; v: (number | null)[] }

const MOST_POINTS = 600;
const HELD_POINTS = 2000;
/** Charts on a page of a unit, of which any number of tags may come unannounced. */
const MOST_CHARTS = 100;

class TagChart {
  readonly element: HTMLElement;
  private readonly target: HTMLElement;
  private readonly now = h("span", { class: "value" });
  private times: number[] = [];
  private values: (number | null)[] = [];
  private plot: uPlot | null = null;
  private heard = false;
  loaded = false;
  /** Whether the store has been asked for the history: before that the few points that came alone would have an axis of seconds. */
  private asked = false;
  private done: () => void = () => undefined;

  constructor(private readonly path: string, readonly tag: Tag) {
    this.target = box(title(tag));
    const words = h("span", { class: "name", title: tag.name }, title(tag));
    this.element = h("figure", { class: "tag" }, h("figcaption", {}, words, this.now, h("span", { class: "unit" }, unit(tag.unit))), this.target);
  }

  async load(signal: AbortSignal): Promise<void> {
    const t1 = nowMs(), t0 = t1 - spanS() * 1000;
    const question = ask<Series>("series", { path: this.path, tag: this.tag.name, t0, t1: t1 + 1, max_points: MOST_POINTS }, signal);
    const answer = await question.finally(() => { this.asked = true; });
    const later = this.times.findIndex((time) => time > (answer.t.at(-1) ?? 0) / 1000);
    const [times, values] = later < 0 ? [[], []] : [this.times.slice(later), this.values.slice(later)];
    this.times = [...answer.t.map((time) => time / 1000), ...times];
    this.values = [...answer.v, ...values];
    this.loaded = true;
    if (!this.heard) say(this.now, measure(this.values.filter((value) => value !== null).at(-1), this.tag.unit).text);
    this.draw();
  }

  push(point: Point): void {
    if (point.t === null || !(this.tag.name in point.values)) return;
    const value = point.values[this.tag.name] ?? null, time = point.t / 1000;
    const bad = point.bad.includes(this.tag.name);
    this.heard ||= value !== null;
    if (time > (this.times.at(-1) ?? 0)) { this.times.push(time); this.values.push(bad ? null : value); }
    this.now.classList.toggle("bad", bad);
    say(this.now, measure(value, this.tag.unit).text);
  }

  /** Whether it has a value in the span, or has had one since the page was opened. */
  get silent(): boolean { return !this.heard && !this.values.some((value) => value !== null); }

  draw(): void {
    this.element.hidden = this.silent;
    if (this.silent || !this.asked) return;
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
      ...(this.tag.counter || !Number.isFinite(this.tag.high - this.tag.low) ? {} : { band: [this.tag.low, this.tag.high] as [number, number] }),
      lines: [{ label: title(this.tag), colour: PALETTE[0] ?? "#3b8df0", fill: !this.tag.counter }],
    });
    this.done = fit(plot, this.target);
    return plot;
  }
}

/** Which tags of a unit the panel shows: those that it names, else all that no other panel shows. */
function chosen({ panel, path }: Context): (name: string) => boolean {
  const wanted = panel.shows.tags ?? [];
  const others = store.panels.filter((one) => one.scope === panel.scope && one.id !== panel.id && (one.shows.kind !== "state" || store.states.has(path)));
  const elsewhere = others.flatMap((one) => one.shows.tags ?? []);
  return (name) => (wanted.length ? wanted.includes(name) : !elsewhere.includes(name));
}

/** A tag of which nobody has said more than its values. */
function bare(name: string): Tag {
  return { name, unit: "1", low: NaN, high: NaN, en: name, zh: name, counter: false, period_s: 1 };
}

export const tagLines: Maker = (context) => {
  const { path, signal } = context, unit = store.unit(path), shows = chosen(context), charts = new Map<string, TagChart>();
  const field = h("div", { class: "tags" }), without = h("p", { class: "note" });
  const element = h("div", {}, field, without);
  const tell = (): void => {
    const names = [...charts.values()].filter((one) => one.loaded && one.silent).map((one) => title(one.tag));
    say(without, names.length ? named("no_telemetry", names.join(t("comma"))) : "");
  };
  const add = (tag: Tag): TagChart => {
    const one = new TagChart(path, tag);
    charts.set(tag.name, one);
    field.append(one.element);
    return one;
  };
  const load = (one: TagChart): void => { one.load(signal).then(tell).catch(() => undefined); };
  for (const tag of unit ? store.tags(unit) : []) if (shows(tag.name)) add(tag);
  const stop = store.onPoints((of, points) => {
    if (of !== path) return;
    const untold = new Set(points.flatMap((point) => Object.keys(point.values)).filter((name) => !charts.has(name) && shows(name)));
    for (const name of [...untold].slice(0, Math.max(0, MOST_CHARTS - charts.size))) load(add(bare(name)));
    for (const one of charts.values()) { for (const point of points) one.push(point); one.draw(); }
    tell();
  });
  return {
    element, update: () => undefined, empty: () => charts.size === 0,
    reload: () => { for (const one of charts.values()) load(one); },
    close: () => { stop(); for (const one of charts.values()) one.close(); },
  };
};
