// Stock of a unit that stores, in steps.
import type uPlot from "uplot";
import { ask } from "../api";
import { box, chart, fit, PALETTE } from "../chart";
import { h } from "../dom";
import { title } from "../i18n";
import { itemName, nowMs, spanS, type Maker } from "../picture";
import { store } from "../store";

interface Change { path: string; t: number; item: string; n: number | null }

/** Every item's stock at every change of any of them. */
export function steps(changes: Change[], items: string[], t1: number): uPlot.AlignedData {
  const times: number[] = [];
  const columns: (number | null)[][] = items.map(() => []);
  const last = items.map((): number | null => null);
  const push = (time: number): void => {
    times.push(time / 1000);
    columns.forEach((column, index) => column.push(last[index] ?? null));
  };
  for (const change of changes) {
    last[items.indexOf(change.item)] = change.n;
    if (times.at(-1) === change.t / 1000) columns.forEach((column, index) => (column[column.length - 1] = last[index] ?? null));
    else push(change.t);
  }
  if (times.length) push(Math.max(t1, (times.at(-1) ?? 0) * 1000 + 1));
  return [times, ...columns];
}

export const stockLine: Maker = ({ panel, path, signal }) => {
  const target = box(title(panel));
  const element = h("div", { class: "lines" }, target);
  let plot: uPlot | null = null;
  let drawn = "";
  let done = (): void => undefined;
  const draw = (changes: Change[]): void => {
    const items = [...new Set(changes.map((change) => change.item))].slice(0, 8);
    if (items.join() !== drawn) {
      done();
      drawn = items.join();
      plot = chart(target, {
        height: panel.height * 30 - 96, low: 0,
        lines: items.map((item, index) => ({ label: itemName(path, item), colour: PALETTE[index % PALETTE.length] ?? "#4da3ff", stepped: true })),
      });
      done = fit(plot, target);
    }
    plot?.setData(steps(changes.filter((change) => items.includes(change.item)), items, nowMs()));
  };
  const reload = (): void => {
    ask<Change[]>("stock", { path, t0: nowMs() - spanS() * 1000, t1: nowMs() + 1000 }, signal).then(draw).catch(() => undefined);
  };
  return { element, update: () => undefined, reload, close: () => done(), empty: () => !store.stock.has(path) };
};
