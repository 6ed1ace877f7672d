// One bar per element: a KPI, or the stock of units that store against their capacity; of a single element also its course.
import { h, replace, say } from "../dom";
import { grade, number, plain, shownIn, t, title, type Shown } from "../i18n";
import { marksOf, reasons, sign, type Mark } from "../marks";
import { elements, nameOf, pointless, routeOf, senseless, windowOf, type Context, type Maker, type Picture } from "../picture";
import { store } from "../store";
import type { Panel } from "../types";
import { line } from "./line";

interface Bar { fill: HTMLElement; text: HTMLElement; mark: HTMLElement; row: HTMLElement }
interface Reading { value: number | null; share: number; shown: string; marks: Mark[] }

function reader(panel: Panel, paths: string[]): (path: string) => Reading {
  if (panel.shows.of === "events") {
    return (path) => {
      const value = store.onHand(path), room = store.unit(path)?.capacity ?? null;
      const share = value === null ? 0 : value / (room ?? Math.max(1, value));
      return { value, share, shown: `${number(value)}${room ? ` / ${number(room)}` : ""}`, marks: [] };
    };
  }
  const kpi = panel.shows.ids?.[0] ?? "", window = windowOf(panel);
  return (path) => {
    const { row } = store.figure(path, kpi, window), value = row?.v ?? null;
    const high = panel.high ?? Math.max(1e-9, ...paths.map((one) => store.figure(one, kpi, window).row?.v ?? 0));
    const shown: Shown = shownIn(panel, kpi, value);
    return { value, share: value === null ? 0 : value / high, shown: plain(shown), marks: marksOf(kpi, row) };
  };
}

function shownOf(context: Context): string[] {
  const all = elements(context);
  if (context.panel.shows.of === "events") return all.filter((path) => store.onHand(path) !== null);
  if (context.panel.each !== "unit") return all.filter((path) => !senseless(context.panel, path));
  return all.filter((path) => store.unit(path)?.role === "work");
}

const bars: Maker = (context) => {
  const { panel } = context;
  const element = h("div", { class: "bars", role: "list" });
  const bars = new Map<string, Bar>();
  let paths: string[] = [];
  const build = (): void => {
    bars.clear();
    replace(element, paths.length === 0 ? h("p", { class: "nothing" }, t("nothing")) : paths.map((path) => {
      const fill = h("i", { class: "fill" }), text = h("span", { class: "amount" }), mark = h("span", { class: "signs" });
      const row = h("a", { class: "bar", href: routeOf(path), title: path },
        h("span", { class: "name" }, title(nameOf(path))), h("span", { class: "track" }, fill), h("span", { class: "amounts" }, text, mark));
      bars.set(path, { fill, text, mark, row });
      return h("div", { role: "listitem" }, row);
    }));
  };
  const update = (): void => {
    const wanted = shownOf(context);
    if (wanted.join() !== paths.join() || !element.childElementCount) { paths = wanted; build(); }
    const read = reader(panel, paths);
    for (const [path, { fill, text, mark, row }] of bars) {
      const { value, share, shown, marks } = read(path);
      fill.style.width = `${(Math.min(1, Math.max(0, share)) * 100).toFixed(1)}%`;
      say(text, shown);
      sign(mark, marks);
      row.title = [path, reasons(marks)].filter(Boolean).join(" · ");
      row.dataset["grade"] = marks.some((one) => one.sign === "▲") ? "" : grade(value, panel);
      row.classList.toggle("absent", value === null);
      row.classList.toggle("stale", store.stale(path));
    }
  };
  return { element, update, empty: () => (panel.shows.of === "events" ? shownOf(context).length === 0 : pointless(context)) };
};

export const bar: Maker = (context) => {
  const { panel, signal } = context;
  const all = bars(context), course = h("div", { class: "course" });
  let alone = "", picture: Picture | null = null;
  const follow = (path: string): void => {
    picture?.close?.();
    alone = path;
    picture = path === "" ? null : line({ panel: { ...panel, each: null }, path, signal });
    replace(course, picture?.element);
    picture?.reload?.();
  };
  const update: Picture["update"] = (changed) => {
    const shown = shownOf(context), only = shown.length === 1 ? shown[0] ?? "" : "";
    if (only !== alone) follow(only);
    all.update(changed);
    picture?.update(changed);
  };
  return {
    ...all, element: h("div", {}, all.element, course), update,
    reload: () => picture?.reload?.(), close: () => picture?.close?.(),
  };
};
