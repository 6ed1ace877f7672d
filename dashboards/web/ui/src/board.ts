// A board: the panels declared for one level, drawn for one element, kept up to date.
import { append, h, replace, say } from "./dom";
import { lasting, t, title } from "./i18n";
import { explain } from "./marks";
import { setSpan, spanOf, spans, spanS, type Context, type Maker, type Picture } from "./picture";
import { band } from "./pictures/band";
import { bar } from "./pictures/bar";
import { chainGraph } from "./pictures/chain_graph";
import { gauge } from "./pictures/gauge";
import { grid } from "./pictures/grid";
import { line } from "./pictures/line";
import { stat } from "./pictures/stat";
import { table } from "./pictures/table";
import { timeline } from "./pictures/timeline";
import { store, type Section } from "./store";
import type { Panel, Scope } from "./types";

const MAKERS: Record<string, Maker> = {
  stat, gauge, band, bar, table, line, grid, state_timeline: timeline, chain_graph: chainGraph,
};
const RELOAD_MS = 15_000;
/** Pictures of KPIs that do not say themselves of which window their figures are. */
const UNDATED = new Set(["gauge", "bar", "table"]);

export interface Page {
  close(): void;
  update?(changed: Set<Section>): void;
  /** Shows other equipment, or other colours, and keeps what somebody is writing; without it the page is made anew. */
  renew?(): void;
  /** Says the same in another language, and keeps what somebody is writing; without it the page is made anew. */
  reword?(): void;
}

interface Card { context: Context; element: HTMLElement; picture: Picture; when: HTMLElement; words: HTMLElement }

export class Board implements Page {
  private readonly cards: Card[] = [];
  private readonly stop = new AbortController();
  private readonly timer: ReturnType<typeof setInterval>;

  constructor(target: HTMLElement, scope: Scope, path: string, only: (panel: Panel) => boolean = () => true) {
    const field = h("div", { class: "board" });
    append(target, [field]);
    for (const panel of store.panels.filter((one) => one.scope === scope && only(one))) this.add(field, panel, path);
    this.update(new Set<Section>(["states", "stock", "alarms", "kpis", "sites", "events", "link"]));
    this.reload();
    this.timer = setInterval(() => this.reload(), RELOAD_MS);
  }

  update(changed: Set<Section>): void {
    for (const { context, picture, element, when, words } of this.cards) {
      picture.update(changed);
      if (context.panel.shows.of === "kpi" && UNDATED.has(context.panel.picture)) say(when, spanOf(context));
      explain(picture.element, words);
      if (picture.empty) element.hidden = picture.empty();
    }
  }

  reload(): void { for (const { picture } of this.cards) picture.reload?.(); }

  close(): void {
    clearInterval(this.timer);
    this.stop.abort();
    for (const { picture } of this.cards) picture.close?.();
  }

  private add(field: HTMLElement, panel: Panel, path: string): void {
    const maker = MAKERS[panel.picture];
    if (!maker) return;
    const context = { panel, path, signal: this.stop.signal };
    const picture = maker(context);
    const id = `panel-${panel.id}`;
    const when = h("span", { class: "note" }), words = h("p", { class: "note signs", hidden: true });
    const element = h("section", { class: `panel of-${panel.picture}`, "aria-labelledby": id, "data-panel": panel.id },
      h("header", {}, h("h2", { id }, title(panel)), when), picture.element, words);
    element.style.setProperty("--width", String(panel.width));
    element.style.setProperty("--height", String(panel.height));
    field.append(element);
    this.cards.push({ context, element, picture, when, words });
  }
}

/** Buttons that choose how far back the lines go. */
export function spanChooser(changed: () => void): HTMLElement {
  const element = h("div", { class: "chooser", role: "group", "aria-label": t("span") });
  const draw = (): void => replace(element, spans().map((seconds) => h("button", {
    type: "button", "data-key": `span-${seconds}`, "aria-pressed": seconds === spanS() ? "true" : "false",
    click: () => { setSpan(seconds); draw(); changed(); },
  }, lasting(seconds).replace(" 00 min", "").replace(" 00 s", ""))));
  draw();
  return element;
}
