// The industrial graph: links as cards, flows as lines whose width is the flow and which move while it flows.
import { h, say, svg } from "../dom";
import { lasting, NONE, number, t, title } from "../i18n";
import { marksOf, signs, told } from "../marks";
import { place, type Placed } from "../layers";
import { routeOf, type Maker } from "../picture";
import { counts, dress, lookOf } from "../state_look";
import { store } from "../store";
import type { Chain, Edge, KpiRow, Link } from "../types";

const W = 196, H = 104, GAP_X = 92, GAP_Y = 22, PAD = 14;
/** A chain of few links is not blown up further. */
const MOST_SCALE = 1.25;
const CAPACITY = "chain_link_capacity_per_day";

interface Part { update(): void }
interface Spot { x: number; y: number }

function spots(placed: Placed[]): { at: Map<string, Spot>; width: number; height: number } {
  const low = Math.min(...placed.map((one) => one.row)), high = Math.max(...placed.map((one) => one.row));
  const at = new Map(placed.map((one) => [one.link.id, {
    x: PAD + one.column * (W + GAP_X), y: PAD + (one.row - low) * (H + GAP_Y),
  }]));
  const columns = Math.max(...placed.map((one) => one.column)) + 1;
  return { at, width: columns * (W + GAP_X) - GAP_X + 2 * PAD, height: (high - low + 1) * (H + GAP_Y) - GAP_Y + 2 * PAD };
}

function row(chain: Chain, link: string, kpi: string): KpiRow | undefined {
  return store.figure(`${chain.path}/${link}`, kpi, "live").row;
}

/** A figure of a link with its signs. */
function write(element: SVGElement, kpi: string, of: KpiRow | undefined, digits: number, unit: string): void {
  const value = of?.v ?? null, marks = marksOf(kpi, of);
  say(element, value === null ? NONE : `${number(value, digits)} ${unit}${signs(marks)}`);
  told(element, marks);
}

function bottleneck(chain: Chain): Link | undefined {
  const index = store.figure(chain.path, "bottleneck_link", "live").row?.v;
  return index === null || index === undefined ? undefined : chain.links[index];
}

function destination(link: Link): string {
  const first = link.units[0];
  return first ? routeOf(first.split("/").slice(0, 2).join("/")) : "#/";
}

function card(chain: Chain, link: Link, { x, y }: Spot): { element: SVGElement } & Part {
  const capacity = svg("text", { x: 14, y: 66, class: "capacity" }), stock = svg("text", { x: W - 14, y: 66, class: "stock" });
  const word = svg("text", { x: W - 61, y: 4.5, class: "flag" });
  const flag = svg("g", { class: "flag-box" }, svg("rect", { x: W - 112, y: -11, width: 102, height: 22, rx: 11 }), word);
  const bars = svg("g", { transform: `translate(14 ${H - 18})` });
  const unnamed = !link.units.length && link.status !== "blank" ? svg("text", { x: 14, y: H - 12, class: "caption" }, `⚠ ${t("link.unnamed")}`) : null;
  const box = svg("rect", { class: "card", width: W, height: H, rx: 12 });
  const name = svg("text", { x: 14, y: 26, class: "name" }, title(link));
  const element = svg("a", { class: "link", href: destination(link), transform: `translate(${x} ${y})`, "data-link": link.id },
    box, name, flag,
    svg("text", { x: 14, y: 46, class: "caption" }, t("link.capacity")), capacity,
    svg("text", { x: W - 14, y: 46, class: "caption end" }, t("link.stock")), stock, bars, unnamed);
  let shown = "";
  const update = (): void => {
    const narrow = bottleneck(chain)?.id === link.id;
    element.classList.toggle("narrow", narrow);
    say(word, narrow ? `▲ ${t("bottleneck")}` : "");
    write(capacity, CAPACITY, row(chain, link.id, CAPACITY), 0, t("per_day"));
    write(stock, "days_of_stock", row(chain, link.id, "days_of_stock"), 1, t("unit.d"));
    const found = counts(link.units), key = found.join();
    if (key !== shown) { shown = key; bars.replaceChildren(...stateBar(found, link.units.length)); }
  };
  return { element, update };
}

function stateBar(found: [string, number, boolean][], all: number): SVGElement[] {
  let x = 0;
  return found.map(([name, n, stale]) => {
    const of = lookOf(name, stale), width = ((W - 28) * n) / Math.max(1, all);
    const part = svg("rect", { class: "part", x, y: 0, width: Math.max(0, width - 1.5), height: 7, rx: 3 },
      svg("title", {}, `${of.words}: ${n}`));
    dress(part, of);
    x += width;
    return part;
  });
}

function flow(chain: Chain, edge: Edge, at: Map<string, Spot>): { element: SVGElement } & Part {
  const from = at.get(edge.source), to = at.get(edge.target);
  const x0 = (from?.x ?? 0) + W, y0 = (from?.y ?? 0) + H / 2, x1 = (to?.x ?? 0) - 3, y1 = (to?.y ?? 0) + H / 2;
  const bend = Math.max(30, (x1 - x0) / 2);
  const d = `M ${x0} ${y0} C ${x0 + bend} ${y0}, ${x1 - bend} ${y1}, ${x1} ${y1}`;
  const tube = svg("path", { class: "tube", d }), moving = svg("path", { class: "moving", d });
  const words = [edge.distance_km ? `${number(edge.distance_km, 0)} km` : "", edge.time_s ? lasting(edge.time_s) : ""].filter(Boolean).join(" · ");
  const element = svg("g", { class: "edge" }, tube, moving, svg("title", {}, words));
  const update = (): void => {
    const made = store.figure(chain.path, "chain_throughput_per_day", "live").row?.v ?? null;
    const source = chain.links.find((link) => link.id === edge.source);
    const units = source?.units ?? [];
    const running = units.some((unit) => store.states.get(unit)?.s === "PRODUCING" && !store.stale(unit));
    const able = row(chain, edge.source, CAPACITY)?.v ?? null;
    const load = made !== null && able !== null && able > 0 ? Math.min(1, made / able) : null;
    tube.style.strokeWidth = `${load === null ? 5 : 5 + 9 * load}px`;
    moving.style.strokeWidth = `${load === null ? 2 : 2 + 3 * load}px`;
    element.classList.toggle("running", running);
    element.classList.toggle("idle", !running);
  };
  return { element, update };
}

export const chainGraph: Maker = ({ panel }) => {
  const chain = store.chain();
  if (!chain || !chain.links.length) return { element: h("p", { class: "nothing" }, t("no_chain")), update: () => undefined, empty: () => true };
  const { at, width, height } = spots(place(chain.links, chain.edges));
  const flows = chain.edges.filter((edge) => at.has(edge.source) && at.has(edge.target)).map((edge) => flow(chain, edge, at));
  const cards = chain.links.map((link) => card(chain, link, at.get(link.id) ?? { x: 0, y: 0 }));
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": `${title(panel)}: ${title(chain)}` },
    flows.map((one) => one.element), cards.map((one) => one.element));
  picture.style.maxWidth = `${Math.round(width * MOST_SCALE)}px`;
  picture.style.minWidth = `${Math.min(width, 900)}px`;
  const element = h("div", { class: "chain" }, picture);
  return { element, update: () => { for (const part of [...flows, ...cards]) part.update(); } };
};
