// The floor: areas and lines with one tile per unit in the order of the flow, buffers with their fill.
import { h, say } from "../dom";
import { briefly, figure, known, number, t, title } from "../i18n";
import { marksOf, reasons, sign, signs, told } from "../marks";
import { idle, nowMs, routeOf, type Maker } from "../picture";
import { badge, counts, dress, look, lookOf } from "../state_look";
import { parent, store } from "../store";
import type { Place, Unit } from "../types";

interface Tile { update(): void }

function machineTile(unit: Unit): { element: HTMLElement } & Tile {
  const letter = h("b", { class: "letter", "aria-hidden": "true" }), words = h("span", { class: "words" });
  const since = h("span", { class: "since" }), oee = h("span", { class: "oee" });
  const element = h("a", { class: "tile", href: routeOf(unit.path), "data-path": unit.path, title: unit.path },
    letter, h("span", { class: "name" }, title(unit)), words, h("span", { class: "foot" }, since, oee));
  let shown = "";
  const update = (): void => {
    const of = look(unit.path), row = store.states.get(unit.path);
    if (`${of.name}${of.hatched}${of.words}` !== shown) {
      shown = `${of.name}${of.hatched}${of.words}`;
      dress(element, of);
      element.dataset["state"] = of.name;
      say(letter, of.letter);
      say(words, of.words);
    }
    say(since, row ? briefly((nowMs() - row.t) / 1000) : "");
    const { row: figures } = store.figure(unit.path, "oee", "live"), value = figures?.v ?? null, marks = marksOf("oee", figures);
    say(oee, value === null ? "" : `OEE ${number(value * 100, 0)}%${signs(marks)}`);
    told(oee, marks);
    element.title = [unit.path, reasons(marks)].filter(Boolean).join(" · ");
  };
  return { element, update };
}

function storeTile(unit: Unit): { element: HTMLElement } & Tile {
  const level = h("i"), amount = h("span", { class: "words" });
  const element = h("a", { class: "tile store", href: routeOf(unit.path), "data-path": unit.path, title: unit.path },
    h("span", { class: "level" }, level), h("b", { class: "letter", "aria-hidden": "true" }, known(`kind.${unit.kind}.letter`) ? t(`kind.${unit.kind}.letter`) : "▤"), h("span", { class: "name" }, title(unit)), amount);
  const update = (): void => {
    const value = store.onHand(unit.path);
    const share = value === null || !unit.capacity ? 0 : Math.min(1, value / unit.capacity);
    level.style.height = `${(share * 100).toFixed(0)}%`;
    level.dataset["grade"] = share > 0.95 ? "warn" : "";
    element.classList.toggle("hatched", store.stale(unit.path) || value === null);
    say(amount, `${number(value)}${unit.capacity ? `/\u200b${number(unit.capacity)}` : ""}`);
  };
  return { element, update };
}

function lineRow(line: Place, tiles: Tile[]): HTMLElement {
  const units = store.unitsOf(line.path).map((unit) => (unit.role === "store" ? storeTile(unit) : machineTile(unit)));
  tiles.push(...units);
  const silent = idle(line.path);
  const oee = h("span", { class: "figure" }), words = h("span"), mark = h("span");
  oee.append(words, mark);
  tiles.push({ update: () => {
    const { row } = store.figure(line.path, "line_oee", "live"), value = figure("line_oee", row?.v);
    say(words, row === undefined && silent ? "" : `OEE ${value.text}${value.unit}`);
    sign(mark, marksOf("line_oee", row));
  } });
  return h("section", { class: "floor-line" },
    h("h4", {}, h("a", { href: routeOf(line.path) }, title(line)), oee),
    h("div", { class: "flow" }, units.map((unit) => unit.element)));
}

/** Number of units in each state, as a legend that explains the colours. */
export function legend(paths: string[]): { element: HTMLElement } & Tile {
  const element = h("div", { class: "legend" });
  let shown = "";
  const update = (): void => {
    const found = counts(paths), key = found.join();
    if (key === shown) return;
    shown = key;
    element.replaceChildren(...found.map(([name, n, stale]) => {
      const one = badge(lookOf(name, stale));
      one.append(h("em", {}, String(n)));
      return one;
    }));
  };
  return { element, update };
}

export const grid: Maker = ({ path }) => {
  const tiles: Tile[] = [];
  const machines = store.unitsUnder(path).filter((unit) => unit.role !== "store").map((unit) => unit.path);
  const summary = legend(machines);
  tiles.push(summary);
  const areas = store.ofLevel("area", path).map((area) => h("section", { class: "floor-area" },
    h("h3", {}, title(area)),
    store.ofLevel("line", area.path).filter((line) => parent(line.path) === area.path).map((line) => lineRow(line, tiles))));
  const element = h("div", { class: "floor" }, summary.element, areas);
  return { element, update: () => { for (const tile of tiles) tile.update(); } };
};
