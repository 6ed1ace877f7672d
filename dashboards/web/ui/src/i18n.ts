// One catalogue for both languages; numbers, times and units as people write them.
import { ask } from "./api";
import { remember, remembered } from "./dom";
import type { Grade, KpiSpec, Panel, Titled } from "./types";

export type Language = "en" | "zh";
let language: Language = "zh";
let texts: Record<string, string> = {};
let offset = 0;
let zone: Intl.DateTimeFormat | null = null;
const offsets = new Map<number, number>();
const figures = new Map<string, KpiSpec>();

export const NONE = "—";

export async function choose(wanted: Language): Promise<void> {
  texts = await ask<Record<string, string>>(`i18n/${wanted}`);
  language = wanted;
  document.documentElement.lang = wanted === "zh" ? "zh-CN" : "en";
}

/** What was chosen here before, else the first of the browser's languages that the pages speak, else that of the run. */
export function preferred(otherwise: string): Language {
  const spoken = navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag === "zh" || tag === "en");
  return remembered("language", spoken ?? otherwise) === "en" ? "en" : "zh";
}

export function keep(wanted: Language): void { remember("language", wanted); }
export function current(): Language { return language; }
export function describe(specs: KpiSpec[]): void { for (const spec of specs) figures.set(spec.id, spec); }
export function spec(kpi: string): KpiSpec | undefined { return figures.get(kpi); }
export function formula(kpi: string): string {
  const about = figures.get(kpi);
  return about === undefined ? "" : language === "zh" ? about.formula_zh : about.formula;
}
/** Local time from now on: that of a named zone, or of a fixed offset from UTC in seconds. */
export function setZone(name: string, seconds: number): void {
  offset = seconds;
  offsets.clear();
  try {
    zone = name === "" ? null : new Intl.DateTimeFormat("en-US", { timeZone: name, timeZoneName: "longOffset" });
  } catch { zone = null; /* a zone that the browser does not know: the offset at the begin of the run */ }
}

/** Offset of local time from UTC at a moment in seconds; zones change it on quarters of an hour only. */
export function offsetAt(ms: number): number {
  if (zone === null) return offset;
  const quarter = Math.floor(ms / 900_000);
  let found = offsets.get(quarter);
  if (found === undefined) {
    const name = zone.formatToParts(quarter * 900_000).find((part) => part.type === "timeZoneName")?.value ?? "GMT";
    const [, sign = "+", hours = "0", minutes = "0", seconds = "0"] = /GMT(?:([+-])(\d+):(\d+)(?::(\d+))?)?/.exec(name) ?? [];
    found = (sign === "-" ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds));
    if (offsets.size > 5000) offsets.clear();
    offsets.set(quarter, found);
  }
  return found;
}

export function t(key: string, values: Record<string, string | number> = {}): string {
  let text = texts[key] ?? key;
  for (const [name, value] of Object.entries(values)) text = text.replaceAll(`{${name}}`, String(value));
  return text;
}

/** A fact with its name before it. */
export function named(key: string, value: string): string { return `${t(key)}${language === "zh" ? "：" : ": "}${value}`; }
export function known(key: string): boolean { return key in texts; }
export function title(thing: Titled): string { return language === "zh" ? thing.zh : thing.en; }

export function unit(symbol: string): string {
  if (symbol === "1" || symbol === "") return "";
  return known(`unit.${symbol}`) ? t(`unit.${symbol}`) : symbol;
}

export function number(value: number | null | undefined, digits?: number): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  const size = Math.abs(value);
  const shown = digits ?? (Number.isInteger(value) || size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 3);
  const rounded = Number(value.toFixed(shown)) + 0; // no figure is -0
  return rounded.toLocaleString(language === "zh" ? "zh-CN" : "en-GB", { maximumFractionDigits: shown });
}

export interface Shown { text: string; unit: string }

/** A value with its unit; ratios as per cent. */
export function measure(value: number | null | undefined, symbol: string, high: number | null = null): Shown {
  if (value === null || value === undefined || !Number.isFinite(value)) return { text: NONE, unit: "" };
  if (symbol === "1" && high === 1) return { text: number(value * 100, 1), unit: "%" };
  return { text: number(value), unit: unit(symbol) };
}

export function figure(kpi: string, value: number | null | undefined): Shown {
  const about = figures.get(kpi);
  return measure(value, about?.unit ?? "1", about?.high ?? null);
}

/** A KPI in a panel: as per cent also where only the panel says that the whole is 1. */
export function shownIn(panel: Pick<Panel, "high">, kpi: string, value: number | null | undefined): Shown {
  const about = figures.get(kpi);
  return measure(value, about?.unit ?? "1", about?.high ?? panel.high);
}

export function plain(shown: Shown): string {
  return shown.unit === "" ? shown.text : shown.unit === "%" ? `${shown.text}%` : `${shown.text} ${shown.unit}`;
}

const REASONS: Record<string, string> = { line_oee: "above.stock", chain_load: "above.stock" };

/** Why a ratio exceeds its ceiling of 1, in words; empty where it does not, as far as its figure shows. */
export function above(kpi: string, value: number | null | undefined, overtime = false): string {
  if (value === null || value === undefined || Math.round(value * 1000) <= 1000 || figures.get(kpi)?.high !== 1) return "";
  return t(overtime ? "above.overtime" : REASONS[kpi] ?? "above.plan");
}

export function grade(value: number | null | undefined, panel: Pick<Panel, "thresholds" | "below">): Grade | "" {
  if (value === null || value === undefined || !panel.thresholds.length) return "";
  let found: Grade | null = panel.below;
  for (const step of panel.thresholds) if (value >= step.value) found = step.grade;
  return found ?? "";
}

function local(ms: number): Date { return new Date(ms + offsetAt(ms) * 1000); }
const two = (value: number): string => String(value).padStart(2, "0");

export function clock(ms: number, seconds = true): string {
  const date = local(ms);
  return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}${seconds ? `:${two(date.getUTCSeconds())}` : ""}`;
}

export function day(ms: number): string {
  const date = local(ms);
  return `${date.getUTCFullYear()}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
}

/** A length of time in few signs, for tight places. */
export function briefly(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 5940) return `${Math.round(whole / 60)} min`;
  return whole < 172800 ? `${number(whole / 3600, 1)} h` : `${number(whole / 86400, 1)} d`;
}

export function lasting(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  if (whole < 172800) return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
  return `${number(whole / 86400, 1)} d`;
}
