// What a drawn panel is, and which elements it is about.
import { h, remember, remembered } from "./dom";
import { clock, day, known, lasting, spec, t, title } from "./i18n";
import { parent, store, type Section } from "./store";
import type { KpiRow, Panel, Place } from "./types";

export interface Context { panel: Panel; path: string; signal: AbortSignal }

export interface Picture {
  element: HTMLElement;
  /** Shows new values. */
  update(changed: Set<Section>): void;
  /** Asks the store again: the span has changed, or time has gone on. */
  reload?(): void;
  close?(): void;
  /** Takes no room on the page when there is nothing to show. */
  empty?(): boolean;
}

export type Maker = (context: Context) => Picture;

const SPANS = [900, 3600, 28800, 86400];
let span = Number(remembered("span", "3600"));

export function spans(): number[] { return SPANS; }
export function spanS(): number { return SPANS.includes(span) ? span : 3600; }
export function setSpan(seconds: number): void { span = seconds; remember("span", String(seconds)); }

/** The end of the data in ms: what every site has confirmed, or the wall clock before the first heartbeat. */
export function nowMs(): number { return store.data || Date.now(); }

/** Whether nothing at a path works on anything: it only holds material or passes it on. */
export function idle(path: string): boolean {
  const unit = store.unit(path), units = unit ? [unit] : store.unitsUnder(path);
  return units.length > 0 && units.every((one) => one.ideal_s === null);
}

/** Whether the KPIs of this panel make no sense for an element, and it has none. */
export function senseless(panel: Panel, path: string): boolean {
  const ids = panel.shows.ids ?? [];
  return (idle(path) || ids.every((kpi) => spec(kpi)?.everywhere)) && !ids.some((kpi) => (store.figure(path, kpi, windowOf(panel)).row?.v ?? null) !== null);
}

/** Whether that holds for all elements of a panel. */
export function pointless(context: Context): boolean {
  return elements(context).every((path) => senseless(context.panel, path));
}

/** Whether a single figure is left out: it makes no sense here, or it is one of a chain, or of a forecast, that has no value. */
export function untold(context: Context): boolean {
  const { panel, path } = context;
  const kpi = panel.shows.ids?.[0] ?? "", ofForecast = spec(kpi)?.scopes.join() === "forecast";
  return pointless(context) || ((panel.scope === "chain" || ofForecast) && !store.figure(path, kpi, windowOf(panel)).row);
}

/** Why there is no figure of an element: nothing in it that works is in a shift, or nothing has been said yet. */
export function noFigure(path: string): string {
  const unit = store.unit(path), all = unit ? [unit] : store.unitsUnder(path), working = all.filter((one) => one.role === "work");
  const asked = working.length ? working : all;
  return t(asked.length && asked.every((one) => store.states.get(one.path)?.s === "OFF_SHIFT") ? "state.OFF_SHIFT" : "no_value");
}

/** Whether a site or unit is heard, and since when it is not; or that the store keeps back what it says. */
export function heard(path: string): string {
  const age = store.age(path);
  if (!store.stale(path)) return t("fresh");
  if (store.held(path)) return t("held_for", { span: lasting(store.heldS) });
  return age === null ? t("never_heard") : t("stale_for", { span: lasting(age) });
}

/** Elements that the panel shows one entry each of. */
export function elements(context: Context): string[] {
  const { panel, path } = context;
  if (panel.each === null || panel.each === panel.scope) return [path];
  if (panel.each === "unit") return store.unitsUnder(path).map((unit) => unit.path);
  return store.ofLevel(panel.each as Place["level"], path).map((place) => place.path);
}

export function nameOf(path: string): { en: string; zh: string } {
  const chain = store.model.chains.find((one) => one.path === path);
  const last = path.split("/").at(-1) ?? path; // of what nobody has described; the whole path stands where one points at it
  return store.unit(path) ?? store.place(path) ?? chain ?? { en: last, zh: last };
}

function siteOf(path: string): Place | undefined { return store.place(path.split("/").slice(0, 2).join("/")); }

/** The site that a unit belongs to, where there are several. */
export function owner(path: string): HTMLElement | null {
  const site = siteOf(path);
  return site && site.path !== path && store.ofLevel("site").length > 1 ? h("small", { class: "owner" }, title(site)) : null;
}

/** What people call a material of a site. */
export function itemName(path: string, item: string): string {
  const known = siteOf(path)?.items[item] ?? store.ofLevel("site").find((site) => item in site.items)?.items[item];
  return known ? title(known) : item;
}

/** What people call the cause of a state or an alarm, or an order: a failure mode, a job, a perturbation, a neighbour or a material. */
export function causeName(path: string, cause: string): string {
  const word = `cause.${cause.toLowerCase()}`; // what controls of machines say of themselves
  const named = siteOf(path)?.causes[cause] ?? store.unit(cause) ?? store.unit(`${parent(path)}/${cause}`);
  return named ? title(named) : known(word) ? t(word) : itemName(path, cause);
}

/** An alarm in words: the name of its code, else the text that came with it. */
export function alarmName(path: string, code: string, text: string | null | undefined): string {
  const name = causeName(path, code);
  return name === code ? text || code : name;
}

export function windowOf(panel: Panel): string { return panel.shows.window ?? "live"; }

/** Window and span of a figure, with its day where that is not today. */
export function windowWords(row: KpiRow, window: string): string {
  const past = day(row.t - 1) === day(nowMs()) ? "" : `${day(row.t0)} `;
  return `${t(`window.${window}`)} · ${past}${clock(row.t0, false)}–${clock(row.t, false)}`;
}

/** Window and span of the KPIs of a panel with an entry for each element; only the window where their spans differ. */
export function spanOf(context: Context): string {
  const { panel } = context;
  const said = new Set<string>();
  for (const path of elements(context)) for (const kpi of panel.shows.ids ?? []) {
    const { row, window } = store.figure(path, kpi, windowOf(panel));
    if (row) said.add(windowWords(row, window));
  }
  const [one = ""] = said;
  return said.size > 1 ? t(`window.${windowOf(panel)}`) : one;
}

/** The hash route of an element. */
export function routeOf(path: string): string {
  const depth = path.split("/").length;
  return `#/${["", "enterprise", "site", "site", "line", "unit"][depth] ?? "unit"}/${depth === 3 ? path.split("/").slice(0, 2).join("/") : path}`;
}
