// Every KPI of every element: sortable, by window, each figure with where it comes from.
import { ask } from "../api";
import type { Page } from "../board";
import { append, h, remember, remembered, replace } from "../dom";
import { clock, day, figure, formula, NONE, number, plain, spec, t, title, unit } from "../i18n";
import { explain, marksOf, reasons, sup } from "../marks";
import { nameOf, routeOf } from "../picture";
import { store } from "../store";
import type { KpiRow, KpiTable } from "../types";

const SCOPES = ["machine", "line", "site", "enterprise", "link", "chain"];
const WINDOWS = ["live", "hour", "shift", "day"];
const ORDER = [
  "oee", "line_oee", "availability", "effectiveness", "quality_ratio", "nee", "throughput_per_h", "good_quantity", "produced_quantity",
  "first_pass_yield", "scrap_ratio", "rework_ratio", "mtbf_h", "mttr_h", "energy_kwh", "energy_per_part_kwh", "co2_kg",
];
const FRESH_MS = 5000;

class KpiBoard implements Page {
  private scope = remembered("kpi.scope", "machine");
  private window = remembered("kpi.window", "live");
  private filter = "";
  private readonly search = h("input", { type: "search", "data-key": "filter" });
  private readonly heading = h("h1");
  private sort: { kpi: string; up: boolean } = { kpi: "", up: true };
  private table: KpiTable = { kpis: [], rows: {}, marks: {}, overtime: {} };
  /** Numerators and denominators of the opened row, asked for when it is opened. */
  private details = new Map<string, KpiRow>();
  private opened: string | null = null;
  private loaded = false;
  private readonly field = h("div", { class: "scroll kpi-board" });
  private readonly meaning = h("p", { class: "note signs", hidden: true });
  private readonly tools = h("div", { class: "tools" });
  private readonly stop = new AbortController();
  private readonly timer: ReturnType<typeof setInterval>;

  constructor(target: HTMLElement) {
    append(target, [h("header", { class: "page-head" }, this.heading, this.tools), this.field, this.meaning]);
    this.search.addEventListener("input", () => { this.filter = this.search.value.trim().toLowerCase(); if (this.loaded) this.draw(); });
    this.drawTools();
    void this.load();
    this.timer = setInterval(() => void this.load(), FRESH_MS);
  }

  close(): void { clearInterval(this.timer); this.stop.abort(); }

  renew(): void { if (this.loaded) this.draw(); }

  reword(): void { this.drawTools(); this.renew(); }

  /** What the pressed buttons ask; an answer to another question is thrown away. */
  private question(): { scope: string; window: string } { return { scope: this.scope, window: this.window }; }

  private asked(question: { scope: string; window: string }): boolean {
    return question.scope === this.scope && question.window === this.window && !this.stop.signal.aborted;
  }

  private async load(): Promise<void> {
    const question = this.question();
    try {
      const [answer] = await Promise.all([ask<KpiTable>("kpi-table", question, this.stop.signal), this.loadDetails()]);
      if (!this.asked(question)) return;
      this.table = answer;
      this.loaded = true;
      this.draw();
    } catch (error) {
      if (this.asked(question) && !this.loaded) replace(this.field, h("p", { class: "nothing" }, `${t("failed_to_load")} ${String(error)}`));
    }
  }

  private async loadDetails(): Promise<void> {
    const path = this.opened, question = this.question();
    if (path === null) return;
    const answer = await ask<KpiRow[]>("kpis", { path, ...question }, this.stop.signal);
    if (this.asked(question) && path === this.opened)
      this.details = new Map(answer.filter((row) => row.path === path).map((row) => [row.kpi ?? "", row]));
  }

  /** Another level or window: nothing of the former stays on the page while the answer is on its way. */
  private turn(): void {
    this.loaded = false;
    this.opened = null;
    this.table = { kpis: [], rows: {}, marks: {}, overtime: {} };
    replace(this.field, h("p", { class: "nothing", role: "status", "aria-busy": "true" }, t("loading")));
    void this.load();
  }

  private open(path: string): void {
    this.opened = this.opened === path ? null : path;
    this.details.clear();
    this.draw();
    void this.loadDetails().then(() => { if (this.opened === path) this.draw(); }).catch(() => undefined);
  }

  private drawTools(): void {
    const choice = (names: string[], now: string, words: (name: string) => string, take: (name: string) => void, label: string): HTMLElement =>
      h("div", { class: "chooser", role: "group", "aria-label": label }, names.map((name) => h("button", {
        type: "button", "data-key": `choice-${name}`, "aria-pressed": name === now ? "true" : "false", click: () => { take(name); this.drawTools(); this.turn(); },
      }, words(name))));
    replace(this.heading, t("kpi_board"));
    this.search.placeholder = this.search.ariaLabel = t("filter");
    replace(this.tools,
      choice(SCOPES, this.scope, (name) => t(`kpi_scope.${name}`), (name) => { this.scope = name; this.sort.kpi = ""; remember("kpi.scope", name); }, t("level")),
      choice(WINDOWS, this.window, (name) => t(`window.${name}`), (name) => { this.window = name; remember("kpi.window", name); }, t("window")),
      this.search);
  }

  private columns(): string[] {
    const rank = (kpi: string): number => (ORDER.includes(kpi) ? ORDER.indexOf(kpi) : 99);
    return [...this.table.kpis].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
  }

  private value(path: string, kpi: string): number | null { return this.table.rows[path]?.[this.table.kpis.indexOf(kpi)] ?? null; }

  private paths(): string[] {
    const shown = Object.keys(this.table.rows).filter((path) =>
      !this.filter || path.includes(this.filter) || this.name(path).toLowerCase().includes(this.filter));
    const value = (path: string): number | null => this.value(path, this.sort.kpi);
    const silent = (path: string): number => Number(store.unit(path) !== undefined && store.unit(path)?.ideal_s === null); // they only hold or pass on
    if (!this.sort.kpi) return shown.sort((a, b) => silent(a) - silent(b) || (this.sort.up ? a.localeCompare(b) : b.localeCompare(a)));
    return shown.sort((a, b) => {
      const x = value(a), y = value(b);
      if (x === null || y === null) return Number(x === null) - Number(y === null); // absent values last, whichever way
      return this.sort.up ? x - y : y - x;
    });
  }

  private draw(): void {
    const columns = this.columns(), paths = this.paths();
    if (!paths.length) return replace(this.field, h("p", { class: "nothing" }, t("no_kpis")));
    const left = this.field.scrollLeft, top = this.field.scrollTop;
    replace(this.field, h("table", {},
      h("thead", {}, h("tr", {}, this.head("", t("equipment"), ""), columns.map((kpi) => this.head(kpi, t(`kpi.${kpi}`), this.symbol(kpi))))),
      h("tbody", {}, paths.flatMap((path) => this.row(path, columns)))));
    explain(this.field, this.meaning);
    this.field.scrollTo(left, top);
  }

  private symbol(kpi: string): string {
    const about = spec(kpi);
    return about?.unit === "1" ? (about.high === 1 ? "%" : "") : unit(about?.unit ?? "");
  }

  private head(kpi: string, words: string, symbol: string): HTMLElement {
    const on = this.sort.kpi === kpi, about = spec(kpi);
    return h("th", { scope: "col", class: kpi ? "figure" : "", "aria-sort": on ? (this.sort.up ? "ascending" : "descending") : "none" },
      h("button", { type: "button", "data-key": `head-${kpi}`, title: about ? `${formula(kpi)}\n${about.source}` : "", click: () => this.sortBy(kpi) },
        words, h("i", { "aria-hidden": "true" }, on ? (this.sort.up ? "▲" : "▼") : ""), h("small", {}, symbol)));
  }

  private sortBy(kpi: string): void {
    const down = spec(kpi)?.trend === "down";
    this.sort = this.sort.kpi === kpi ? { kpi, up: !this.sort.up } : { kpi, up: kpi === "" || !down };
    this.draw();
  }

  private row(path: string, columns: string[]): HTMLElement[] {
    const open = this.opened === path;
    const toggle = h("button", {
      type: "button", class: "toggle", "aria-expanded": open ? "true" : "false", "aria-label": t("trace"), "data-key": `row-${path}`,
      click: () => this.open(path),
    }, open ? "▾" : "▸");
    const main = h("tr", {}, h("th", { scope: "row", title: path }, toggle, h("a", { href: this.route(path) }, this.name(path)),
      h("small", {}, this.where(path))),
    columns.map((kpi) => this.cell(path, kpi)));
    return open ? [main, h("tr", { class: "trace" }, h("td", { colspan: columns.length + 1 }, this.traces(columns)))] : [main];
  }

  private cell(path: string, kpi: string): HTMLElement {
    const q = this.table.marks[path]?.[kpi], v = this.value(path, kpi);
    const marks = marksOf(kpi, { t: 0, t0: 0, v, q: q ?? null, overtime: Number(this.table.overtime[path]?.includes(kpi) ?? false) });
    const words = v === null ? t("no_value") : t(`kpi.${kpi}`);
    return h("td", { class: q && v !== null ? "figure doubt" : "figure", title: [words, reasons(marks)].filter(Boolean).join(" · ") },
      figure(kpi, v).text, sup(marks));
  }

  private traces(columns: string[]): HTMLElement {
    const names = ["figure", "value", "numerator", "denominator", "coverage", "quality", "window", "formula", "rule"];
    return h("table", {}, h("thead", {}, h("tr", {}, names.map((name) => h("th", { scope: "col" }, t(name))))),
      h("tbody", {}, columns.filter((kpi) => this.details.has(kpi)).map((kpi) => {
        const row = this.details.get(kpi) as KpiRow;
        const cells = [t(`kpi.${kpi}`), plain(figure(kpi, row.v)), number(row.num, 3), number(row.den, 3), this.coverage(row), this.quality(kpi, row),
          `${day(row.t0)} ${clock(row.t0, false)}–${clock(row.t, false)}`, formula(kpi), row.rule ?? ""];
        return h("tr", {}, cells.map((cell) => h("td", {}, cell)));
      })));
  }

  private quality(kpi: string, row: KpiRow): string {
    const again = row.rev ? t("revised", { n: row.rev }) : "", above = marksOf(kpi, row).filter((one) => one.sign === "▲");
    return [t(`quality.${row.q ?? "good"}`), reasons(above), again].filter(Boolean).join(" · ");
  }

  private coverage(row: KpiRow): string { return row.cov === null ? NONE : `${number((row.cov ?? 1) * 100, 1)}%`; }

  private name(path: string): string {
    const link = this.link(path);
    return link ? title(link) : title(nameOf(path));
  }

  private link(path: string): { en: string; zh: string } | undefined {
    const [head, id] = path.split("/");
    return id === undefined ? undefined : store.model.chains.find((chain) => chain.path === head)?.links.find((link) => link.id === id);
  }

  private where(path: string): string {
    const depth = path.split("/").length;
    if (this.link(path) || depth < 2) return "";
    const site = title(nameOf(path.split("/").slice(0, 2).join("/")));
    return depth === 2 ? title(nameOf(path.split("/")[0] ?? "")) : depth === 5 ? `${site} · ${title(nameOf(path.split("/").slice(0, 4).join("/")))}` : site;
  }

  private route(path: string): string { return path.startsWith("chain-") ? "#/" : routeOf(path); }
}

export function kpis(target: HTMLElement): Page { return new KpiBoard(target); }
