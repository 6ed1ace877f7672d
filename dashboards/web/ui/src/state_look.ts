// How a state looks: colour, letter and words together, never colour alone; unknown and stale are hatched.
import { h } from "./dom";
import { t } from "./i18n";
import { store } from "./store";

export interface Look { name: string; colour: string; ink: string; letter: string; words: string; hatched: boolean }

/** Black or white, whichever is read better on a colour. */
export function ink(colour: string): string {
  const part = (at: number): number => {
    const value = parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5) > 0.25 ? "#0b1220" : "#ffffff";
}

export function lookOf(name: string, stale = false): Look {
  const state = store.state(name);
  const words = t(`state.${name}`);
  return {
    name,
    colour: state.colour,
    ink: ink(state.colour),
    letter: t(`letter.${name}`),
    words: stale && name !== "UNKNOWN" ? `${words} (${t("stale")})` : words,
    hatched: stale || name === "UNKNOWN",
  };
}

export function look(path: string): Look {
  return lookOf(store.states.get(path)?.s ?? "UNKNOWN", store.stale(path));
}

/** Sets the colours of an element by class-free custom properties (allowed by the content policy). */
export function dress(element: HTMLElement | SVGElement, of: Look): void {
  element.style.setProperty("--state", of.colour);
  element.style.setProperty("--ink", of.ink);
  element.classList.toggle("hatched", of.hatched);
}

export function badge(of: Look): HTMLElement {
  const box = h("span", { class: "badge" }, h("b", { "aria-hidden": "true" }, of.letter), h("span", {}, of.words));
  dress(box, of);
  return box;
}

/** Number of units in each state, most frequent first, those apart that are not heard any more. */
export function counts(paths: string[]): [string, number, boolean][] {
  const found = new Map<string, [string, number, boolean]>();
  for (const path of paths) {
    const name = store.states.get(path)?.s ?? "UNKNOWN", stale = store.stale(path), key = `${name}${stale}`;
    const one = found.get(key);
    if (one) one[1] += 1; else found.set(key, [name, 1, stale]);
  }
  return [...found.values()].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));
}

/** Draws diagonal hatching over a rectangle of a canvas. */
export function hatch(context: CanvasRenderingContext2D, x: number, y: number, w: number, height: number): void {
  context.save();
  context.beginPath();
  context.rect(x, y, w, height);
  context.clip();
  context.strokeStyle = "rgba(0,0,0,.45)";
  context.lineWidth = 1.5;
  context.beginPath();
  for (let at = x - height; at < x + w; at += 6) {
    context.moveTo(at, y + height);
    context.lineTo(at + height, y);
  }
  context.stroke();
  context.restore();
}
