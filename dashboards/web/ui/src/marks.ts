// What a figure carries when it is no plain one: a sign beside it, and the sign's words on the page below.
import { h, replace } from "./dom";
import { above, t } from "./i18n";
import type { KpiRow } from "./types";

export interface Mark { sign: string; why: string }

/** Of a figure that is estimated, partial or not to be trusted; empty where it is good or there is none. */
export function doubt(row: KpiRow | undefined): string {
  return row === undefined || row.v === null || !row.q || row.q === "good" ? "" : t(`quality.${row.q}`);
}

/** What is to be said of a figure, most important first. */
export function marksOf(kpi: string, row: KpiRow | undefined): Mark[] {
  const why = above(kpi, row?.v, Boolean(row?.overtime)), unsure = doubt(row);
  return [why ? { sign: "▲", why } : null, unsure ? { sign: "≈", why: unsure } : null].filter((one) => one !== null);
}

export function signs(marks: Mark[]): string { return marks.map((one) => one.sign).join(""); }
export function reasons(marks: Mark[]): string { return marks.map((one) => one.why).join(" · "); }

/** The signs of a figure as elements; `explain` finds their words. */
export function sup(marks: Mark[]): HTMLElement[] {
  return marks.map(({ sign, why }) => h("sup", { class: "sign", title: why, "data-sign": sign, "data-why": why }, sign));
}

/** Puts the signs of a figure into their place, only when they differ. */
export function sign(place: HTMLElement, marks: Mark[]): void {
  const now = marks.map((one) => one.sign + one.why).join();
  if (place.dataset["marks"] === now) return;
  place.dataset["marks"] = now;
  replace(place, sup(marks));
}

/** Parts several signs, and their words, that stand at one place for `explain` to find. */
const APART = "|";

/** Lets `explain` find the words of signs that are part of a text, or of a drawing. */
export function told(place: HTMLElement | SVGElement, marks: Mark[]): void {
  if (!marks.length) { delete place.dataset["why"]; return; }
  const once = [...new Map(marks.map((one) => [one.sign + one.why, one])).values()];
  place.dataset["sign"] = once.map((one) => one.sign).join(APART);
  place.dataset["why"] = once.map((one) => one.why).join(APART);
}

/** At which times of a line a figure is estimated, partial or not to be trusted. */
export function doubtful(times: number[], rows: KpiRow[]): boolean[] {
  const unsure = new Set(rows.filter((row) => doubt(row)).map((row) => row.t));
  return times.map((time) => unsure.has(time));
}

/** The signs of a figure on a line, where what is not good is a point. */
export function onLine(kpi: string, row: KpiRow): Mark[] {
  return marksOf(kpi, row).map(({ sign, why }) => ({ sign: sign === "≈" ? "○" : sign, why }));
}

/** Says what signs mean: each meaning once, after all signs that have it. */
function tell(place: HTMLElement, marks: Mark[]): void {
  const found = new Map<string, Set<string>>();
  for (const { sign, why } of marks) found.set(why, (found.get(why) ?? new Set()).add(sign));
  const now = [...found].map(([why, all]) => `${[...all].join(" ")} ${why}`).join(" · ");
  if (place.textContent !== now) place.textContent = now;
  place.hidden = now === "";
}

/** Says below what the signs within an element mean. */
export function explain(within: Element, place: HTMLElement): void {
  tell(place, [...within.querySelectorAll<HTMLElement | SVGElement>("[data-why]")].flatMap(({ dataset }) => {
    const words = (dataset["why"] ?? "").split(APART);
    return (dataset["sign"] ?? "").split(APART).map((sign, index) => ({ sign, why: words[index] ?? "" }));
  }));
}
