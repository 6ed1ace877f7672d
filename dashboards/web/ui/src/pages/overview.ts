// The whole chain on one page: headline figures, graph, sites and what has just happened.
import { Board, type Page } from "../board";
import { append, h, replace, say } from "../dom";
import { clock, figure, known, NONE, number, t, title } from "../i18n";
import { explain, marksOf, sign } from "../marks";
import { MiniGrid } from "../mini_grid";
import { alarmName, causeName, heard, idle, itemName, nameOf, owner, routeOf } from "../picture";
import { legend } from "../pictures/grid";
import { counts, dress, lookOf } from "../state_look";
import { parent, store, type Section } from "../store";
import type { EventRow, Place } from "../types";

const TICKER = 14;

class SiteTile {
  readonly element: HTMLElement;
  private readonly cells: MiniGrid;
  private readonly units: string[];
  private readonly bar = h("div", { class: "share-bar" });
  private readonly age = h("span", { class: "age" });
  private readonly figures = [0, 1].map(() => {
    const words = h("small"), box = h("b"), mark = h("span");
    return { words, box, mark, element: h("span", {}, words, h("span", { class: "amounts" }, box, mark)) };
  });
  private readonly power = h("b");
  private readonly powered = h("span", {}, h("small", {}, t("power")), this.power);
  private shown = "";

  constructor(private readonly site: Place) {
    this.units = store.unitsUnder(site.path).filter((unit) => unit.role !== "store").map((unit) => unit.path);
    this.cells = new MiniGrid(this.units, title(site));
    this.element = h("article", { class: "site-tile", "data-path": site.path },
      h("header", {}, h("a", { href: routeOf(site.path) }, title(site)), this.age),
      h("p", { class: "owner" }, title(nameOf(parent(site.path)))),
      this.bar, this.cells.element,
      h("footer", {}, this.figures.map((one) => one.element), this.powered));
  }

  update(): void {
    say(this.age, heard(this.site.path));
    this.element.classList.toggle("stale", store.stale(this.site.path));
    const found = counts(this.units), key = found.join();
    if (key !== this.shown) {
      this.shown = key;
      this.bar.replaceChildren(...found.map(([name, n, old]) => {
        const of = lookOf(name, old), part = h("i", { title: `${of.words}: ${n}` });
        dress(part, of);
        part.style.flexGrow = String(n);
        return part;
      }));
    }
    const kpis = this.kpis();
    for (const [index, { words, box, mark, element }] of this.figures.entries()) {
      const kpi = kpis[index] ?? "";
      element.hidden = kpi === "";
      say(words, known(`kpi.${kpi}.short`) ? t(`kpi.${kpi}.short`) : t(`kpi.${kpi}`));
      const { row } = store.figure(this.site.path, kpi, "live"), shown = figure(kpi, row?.v);
      sign(mark, marksOf(kpi, row));
      say(box, shown.text === NONE ? NONE : `${shown.text}${shown.unit === "%" ? "%" : ` ${shown.unit}`}`);
    }
    if (!kpis.length) this.stock();
    const power = store.sites.get(this.site.path)?.power_kw ?? null;
    say(this.power, power === null ? NONE : `${number(power, 0)} kW`);
    this.powered.hidden = power === null && (kpis.length > 0 || idle(this.site.path)); // nobody measures it there
    this.cells.update();
  }

  /** What is on hand, where there is nothing else to tell. */
  private stock(): void {
    const held = store.unitsUnder(this.site.path).map((unit) => store.onHand(unit.path)).filter((value) => value !== null);
    const [first] = this.figures;
    if (!first || !held.length) return;
    first.element.hidden = false;
    say(first.words, t("link.stock"));
    say(first.box, number(held.reduce((sum, value) => sum + value, 0)));
  }

  /** The first two figures that the site has, those of 0 last: works have others than stores and suppliers. */
  private kpis(): string[] {
    const value = (kpi: string): number | null => store.figure(this.site.path, kpi, "live").row?.v ?? null;
    const all = store.vocabulary.of_tiles.filter((kpi) => value(kpi) !== null);
    const found = [...all.filter((kpi) => value(kpi) !== 0), ...all.filter((kpi) => value(kpi) === 0)].slice(0, 2);
    return found.length || idle(this.site.path) ? found : store.vocabulary.of_tiles.slice(0, 2);
  }

  close(): void { this.cells.close(); }
}

function words(event: EventRow): string {
  const item = event.item ? ` ${event.quantity === undefined ? "" : number(event.quantity, 0)} × ${itemName(event.path, event.item)}` : "";
  const what = event.code ? alarmName(event.path, event.code, event.text) : event.cause ? causeName(event.path, event.cause) : "";
  return `${t(`event.${event.kind}`)}${item}${what ? ` · ${what}` : ""}`;
}

function ticker(): { element: HTMLElement; update(): void } {
  const list = h("ol", { class: "ticker", "aria-live": "off" });
  const element = h("section", { class: "panel ticker-panel" }, h("header", {}, h("h2", {}, t("events"))), list);
  let shown: EventRow[] | null = null;
  const update = (): void => {
    if (shown === store.events) return;
    shown = store.events;
    replace(list, shown.length === 0 ? h("li", { class: "nothing" }, t("no_events")) : shown.slice(-TICKER).reverse().map((event) =>
      h("li", { class: event.kind }, h("time", {}, clock(event.t)),
        h("a", { href: routeOf(event.path), title: event.path }, title(nameOf(event.path)), owner(event.path)), h("span", {}, words(event)))));
  };
  return { element, update };
}

/** What to look at when nobody has said anything yet. */
function nobody(): HTMLElement {
  return h("p", { class: "nothing" }, t("no_sites"), " ", h("a", { href: "#/health", class: "inline" }, t("health")));
}

// The figures on top: those of the chain, or of the enterprise where there is no chain and only one enterprise.
function headline(target: HTMLElement, chain: string | undefined): Board[] {
  if (chain) return [new Board(target, "chain", chain, (panel) => panel.order <= 50)];
  const enterprises = store.ofLevel("enterprise");
  return enterprises.length === 1 ? [new Board(target, "enterprise", enterprises[0].path)] : [];
}

export function overview(target: HTMLElement): Page {
  const chain = store.chain();
  append(target, [h("h1", {}, title(chain ?? store.vocabulary.title))]);
  const boards = headline(target, chain?.path);
  const all = legend(store.model.units.filter((unit) => unit.role !== "store").map((unit) => unit.path));
  const tiles = store.ofLevel("site").map((site) => new SiteTile(site));
  const news = ticker(), meaning = h("p", { class: "note signs", hidden: true });
  append(target, [h("div", { class: "split" },
    h("section", { class: "sites", "aria-label": t("sites") }, h("div", { class: "section-head" }, h("h2", {}, t("sites")), all.element),
      tiles.length ? h("div", { class: "site-tiles" }, tiles.map((tile) => tile.element)) : nobody(), meaning),
    news.element)]);
  if (chain) boards.push(new Board(target, "chain", chain.path, (panel) => panel.order > 50));
  const update = (changed?: Set<Section>): void => {
    for (const board of boards) board.update(changed ?? new Set<Section>(["kpis"]));
    for (const tile of tiles) tile.update();
    for (const tile of tiles.slice(0, 1)) explain(tile.element.parentElement ?? tile.element, meaning);
    all.update();
    news.update();
  };
  update();
  return { update, close: () => { for (const one of [...boards, ...tiles]) one.close(); } };
}
