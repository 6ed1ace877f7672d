// Alarms, or KPIs of the elements side by side.
import { h, replace } from "../dom";
import { clock, day, known, plain, shownIn, t, title } from "../i18n";
import { marksOf, sup } from "../marks";
import { alarmName, elements, nameOf, owner, routeOf, windowOf, type Maker } from "../picture";
import { isUnder, store } from "../store";
import type { AlarmRow, KpiRow } from "../types";

const SHOWN = 12;

export const table: Maker = (context) => (context.panel.shows.of === "kpi" ? kpiTable(context) : alarmTable(context));

function alarmsOf(under: string): [string, string, AlarmRow][] {
  return [...store.alarms]
    .map(([key, row]): [string, string, AlarmRow] => [key.slice(0, key.indexOf("|")), key.slice(key.indexOf("|") + 1), row])
    .filter(([path]) => isUnder(path, under))
    .sort((a, b) => Number(b[2].active) - Number(a[2].active) || b[2].t - a[2].t);
}

const alarmTable: Maker = (context) => {
  const element = h("div", { class: "scroll" });
  let shown = "-";
  const update = (): void => {
    const under = context.panel.scope === "chain" ? "" : context.path;
    const rows = alarmsOf(under).slice(0, SHOWN);
    const key = rows.map(([path, code, row]) => `${path}${code}${row.t}${row.active}`).join();
    if (key === shown) return;
    shown = key;
    if (!rows.length) return replace(element, h("p", { class: "nothing" }, t("no_alarms")));
    replace(element, h("table", {},
      h("thead", {}, h("tr", {}, ["alarm.state", "time", "equipment", "alarm.code"].map((name) => h("th", { scope: "col" }, t(name))))),
      h("tbody", {}, rows.map(([path, code, row]) => h("tr", { class: row.active ? "active" : "" },
        h("td", {}, h("span", { class: `mark ${row.active ? "bad" : "calm"}` }, row.active ? `▲ ${t("alarm.active")}` : `✓ ${t("alarm.cleared")}`)),
        h("td", { title: day(row.t) }, h("time", {}, clock(row.t))),
        h("td", {}, h("a", { href: routeOf(path), title: path }, title(nameOf(path)), under.split("/").length < 2 ? owner(path) : null)),
        h("td", { title: code }, alarmName(path, code, row.text)))))));
  };
  return { element, update };
};

const kpiTable: Maker = (context) => {
  const element = h("div", { class: "scroll" });
  const ids = context.panel.shows.ids ?? [], window = windowOf(context.panel), { each } = context.panel;
  const head = each !== null && known(`one.${each}`) ? `one.${each}` : "equipment";
  const paths = (): string[] => elements(context).filter((path) => context.panel.each !== "unit" || ids.some((id) => store.figure(path, id, window).row));
  let shown = "-";
  const update = (): void => {
    const figures = paths().map((path) => ids.map((id) => store.figure(path, id, window).row));
    const key = JSON.stringify([paths(), figures]);
    if (key === shown) return;
    shown = key;
    const cell = (row: KpiRow | undefined, id: string): HTMLElement =>
      h("td", { class: "figure" }, plain(shownIn(context.panel, id, row?.v)), sup(marksOf(id, row)));
    replace(element, h("table", {},
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t(head)), ids.map((id) => h("th", { class: "figure", scope: "col" }, t(`kpi.${id}`))))),
      h("tbody", {}, paths().map((path, at) => h("tr", {},
        h("td", {}, h("a", { href: routeOf(path) }, title(nameOf(path)))), ids.map((id, column) => cell(figures[at]?.[column], id)))))));
  };
  return { element, update, empty: () => !paths().length };
};
