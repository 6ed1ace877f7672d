// One bar per element: a KPI, or the stock of units that store against their capacity.
import { h, replace, say } from "../dom";
import { figure, grade, number, t, title, type Shown } from "../i18n";
import { elements, nameOf, routeOf, windowOf, type Context, type Maker } from "../picture";
import { store } from "../store";
import type { Panel } from "../types";

interface Bar { fill: HTMLElement; text: HTMLElement; row: HTMLElement }
interface Reading { value: number | null; share: number; shown: string }

function reader(panel: Panel, paths: string[]): (path: string) => Reading {
  if (panel.shows.of === "events") {
    return (path) => {
      const value = store.onHand(path), room = store.unit(path)?.capacity ?? null;
      const share = value === null ? 0 : value / (room ?? Math.max(1, value));
      return { value, share, shown: `${number(value)}${room ? ` / ${number(room)}` : ""}` };
    };
  }
  const kpi = panel.shows.ids?.[0] ?? "", window = windowOf(panel);
  return (path) => {
    const value = store.figure(path, kpi, window).row?.v ?? null;
    const high = panel.high ?? Math.max(1e-9, ...paths.map((one) => store.figure(one, kpi, window).row?.v ?? 0));
    const shown: Shown = figure(kpi, value);
    return { value, share: value === null ? 0 : value / high, shown: shown.text + (shown.unit === "%" ? "%" : "") };
  };
}

function shownOf(context: Context): string[] {
  const all = elements(context);
  if (context.panel.shows.of === "events") return all.filter((path) => store.onHand(path) !== null);
  if (context.panel.each !== "unit") return all;
  return all.filter((path) => store.unit(path)?.role === "work");
}

export const bar: Maker = (context) => {
  const { panel } = context;
  const element = h("div", { class: "bars", role: "list" });
  const bars = new Map<string, Bar>();
  let paths: string[] = [];
  const build = (): void => {
    bars.clear();
    replace(element, paths.length === 0 ? h("p", { class: "nothing" }, t("nothing")) : paths.map((path) => {
      const fill = h("i", { class: "fill" }), text = h("span", { class: "amount" });
      const row = h("a", { class: "bar", href: routeOf(path), role: "listitem", title: path },
        h("span", { class: "name" }, title(nameOf(path))), h("span", { class: "track" }, fill), text);
      bars.set(path, { fill, text, row });
      return row;
    }));
  };
  const update = (): void => {
    const wanted = shownOf(context);
    if (wanted.join() !== paths.join() || !element.childElementCount) { paths = wanted; build(); }
    const read = reader(panel, paths);
    for (const [path, { fill, text, row }] of bars) {
      const { value, share, shown } = read(path);
      fill.style.width = `${(Math.min(1, Math.max(0, share)) * 100).toFixed(1)}%`;
      say(text, shown);
      row.dataset["grade"] = grade(value, panel);
      row.classList.toggle("absent", value === null);
      row.classList.toggle("stale", store.stale(path));
    }
  };
  return { element, update, empty: () => panel.shows.of === "events" && shownOf(context).length === 0 };
};
