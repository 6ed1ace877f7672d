// States over time, one row per unit, on a plain canvas; every stretch can be read by pointer or keyboard.
import { ask } from "../api";
import { h, say } from "../dom";
import { clock, lasting, named, t, title } from "../i18n";
import { causeName, elements, nameOf, nowMs, routeOf, spanS, type Maker } from "../picture";
import { hatch, lookOf } from "../state_look";
import { store } from "../store";
import type { StateRow } from "../types";

const ROW = 22, GAP = 5, AXIS = 20, LABEL_ROOM = 34;

interface Stretch { from: number; to: number; row: StateRow }

/** Stretches of one unit in [t0, t1). */
export function stretches(changes: StateRow[], t0: number, t1: number): Stretch[] {
  return changes
    .map((row, index) => ({ row, from: Math.max(t0, row.t), to: Math.min(t1, changes[index + 1]?.t ?? t1) }))
    .filter((one) => one.to > one.from);
}

export const timeline: Maker = (context) => {
  const { panel, path, signal } = context;
  const units = elements(context).filter((unit) => unit === path || store.unit(unit)?.role !== "store");
  const canvas = h("canvas", { tabindex: "0", role: "img" });
  const names = h("div", { class: "row-names" }, units.length > 1 || units[0] !== path ? units.map((unit) =>
    h("a", { href: routeOf(unit), title: unit }, title(nameOf(unit)))) : null);
  const tip = h("div", { class: "tip", role: "status", "aria-live": "polite" });
  const element = h("div", { class: "timeline" }, h("div", { class: "timeline-rows" }, names, h("div", { class: "canvas-box" }, canvas)), tip);
  const rows = new Map<string, StateRow[]>();
  let focus: { unit: number; at: number } | null = null;

  const sight = (): { t0: number; t1: number; width: number } => {
    const t1 = nowMs();
    return { t0: t1 - spanS() * 1000, t1, width: canvas.clientWidth };
  };
  const height = units.length * (ROW + GAP) + AXIS;

  const draw = (): void => {
    const { t0, t1, width } = sight();
    if (width === 0) return;
    const scale = devicePixelRatio || 1;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const pen = canvas.getContext("2d");
    if (!pen) return;
    pen.scale(scale, scale);
    const x = (ms: number): number => ((ms - t0) / (t1 - t0)) * width;
    units.forEach((unit, index) => drawRow(pen, stretches(rows.get(unit) ?? [], t0, t1), index * (ROW + GAP), x));
    drawAxis(pen, t0, t1, x);
  };

  const drawRow = (pen: CanvasRenderingContext2D, parts: Stretch[], y: number, x: (ms: number) => number): void => {
    for (const part of parts) {
      const of = lookOf(part.row.s), left = x(part.from), wide = Math.max(0.7, x(part.to) - left);
      pen.fillStyle = of.colour;
      pen.fillRect(left, y, wide, ROW);
      if (of.hatched) hatch(pen, left, y, wide, ROW);
      if (wide < LABEL_ROOM) continue;
      pen.fillStyle = of.ink;
      pen.font = "600 11px system-ui, 'Noto Sans CJK SC', sans-serif";
      pen.textBaseline = "middle";
      const full = pen.measureText(of.words).width < wide - 10;
      pen.fillText(full ? of.words : of.letter, left + 5, y + ROW / 2 + 0.5);
    }
  };

  const drawAxis = (pen: CanvasRenderingContext2D, t0: number, t1: number, x: (ms: number) => number): void => {
    const style = getComputedStyle(document.documentElement);
    const step = [60, 300, 600, 1800, 3600, 7200, 10800, 21600].find((one) => (spanS() / one) * 70 < canvas.clientWidth) ?? 21600;
    pen.fillStyle = style.getPropertyValue("--muted");
    pen.font = "11px system-ui, 'Noto Sans CJK SC', sans-serif";
    pen.textBaseline = "alphabetic";
    pen.textAlign = "center";
    for (let at = Math.ceil(t0 / 1000 / step) * step; at * 1000 < t1; at += step) {
      const place = x(at * 1000);
      if (place > 20 && place < canvas.clientWidth - 20) pen.fillText(clock(at * 1000, step < 60), place, height - 5);
    }
    pen.textAlign = "start";
  };

  const tell = (unit: number, ms: number): void => {
    const { t0, t1 } = sight();
    const name = units[unit];
    const part = name ? stretches(rows.get(name) ?? [], t0, t1).find((one) => ms >= one.from && ms < one.to) : undefined;
    if (!part || !name) return say(tip, "");
    const facts = [title(nameOf(name)), t(`state.${part.row.s}`), `${clock(part.from)}–${clock(part.to)}`, lasting((part.to - part.from) / 1000)];
    if (part.row.order) facts.push(named("order", causeName(name, part.row.order)));
    if (part.row.cause) facts.push(named("cause", causeName(name, part.row.cause)));
    say(tip, facts.join(" · "));
  };
  canvas.addEventListener("pointermove", (event) => {
    const box = canvas.getBoundingClientRect(), { t0, t1 } = sight();
    tell(Math.floor((event.clientY - box.top) / (ROW + GAP)), t0 + ((event.clientX - box.left) / box.width) * (t1 - t0));
  });
  canvas.addEventListener("pointerleave", () => say(tip, ""));
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key], jump = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (step === undefined && jump === undefined) return;
    event.preventDefault();
    const { t0, t1 } = sight();
    focus ??= { unit: 0, at: t1 - 1 };
    focus.unit = Math.min(units.length - 1, Math.max(0, focus.unit + (jump ?? 0)));
    const parts = stretches(rows.get(units[focus.unit] ?? "") ?? [], t0, t1);
    const here = parts.findIndex((one) => focus !== null && focus.at >= one.from && focus.at < one.to);
    const next = parts[Math.min(parts.length - 1, Math.max(0, here + (step ?? 0)))];
    if (next) focus.at = (next.from + next.to) / 2;
    tell(focus.unit, focus.at);
  });

  const note = (): void => {
    for (const unit of units) {
      const last = store.states.get(unit), known = rows.get(unit);
      if (last && known && (known.at(-1)?.t ?? 0) < last.t) known.push(last);
    }
  };
  const describe = (): void => canvas.setAttribute("aria-label", `${title(panel)}: ${units
    .map((unit) => `${title(nameOf(unit))} ${t(`state.${store.states.get(unit)?.s ?? "UNKNOWN"}`)}`).slice(0, 40).join(", ")}`);
  const reload = (): void => {
    const { t0, t1 } = sight();
    ask<Record<string, StateRow[]>>("states", { path, t0: Math.round(t0), t1: Math.round(t1) + 1, limit: 10000 }, signal).then((answer) => {
      for (const unit of units) rows.set(unit, answer[unit] ?? []);
      note();
      draw();
    }).catch(() => undefined);
  };
  const watcher = new ResizeObserver(() => draw());
  watcher.observe(canvas);
  canvas.style.height = `${height}px`;
  const update = (): void => { note(); draw(); describe(); };
  return { element, update, reload, close: () => watcher.disconnect() };
};
