// Start: words, model, stream, then the page that the address names.
import "uplot/dist/uPlot.min.css";
import type { Page } from "./board";
import { h, keepFocus, remember, remembered, replace, say } from "./dom";
import { choose, clock, current, day, describe, keep, lasting, preferred, setZone, t, title } from "./i18n";
import { health } from "./pages/health";
import { kpis } from "./pages/kpis";
import { overview } from "./pages/overview";
import { place } from "./pages/place";
import { heard, routeOf } from "./picture";
import { store, type Section } from "./store";
import type { Scope } from "./types";

const LEVELS: Record<string, Scope> = { enterprise: "enterprise", site: "site", line: "line", unit: "unit" };

let page: Page | null = null;
let refresh = 0;
/** Until then a page that was made anew is as high as it was before. */
const LATER_MS = 3000;
const pending = new Set<Section>();
const root = document.getElementById("app") as HTMLElement;
const main = h("main", { id: "main", tabindex: "-1" });
const time = h("time", { class: "data-clock" });
const link = h("span", { class: "link-state", role: "status" });

function route(): { name: string; path: string } {
  const [, name = "", ...rest] = location.hash.slice(1).split("/");
  return { name, path: rest.map(decoded).join("/") };
}

/** A part of an address as text; one that is escaped wrongly is taken as it stands. */
function decoded(part: string): string {
  try { return decodeURIComponent(part); } catch { return part; }
}

/** The unit that the address names, when there is one: an old bookmark must not end the stream. */
function watched(): string[] {
  const { name, path } = route();
  return name === "unit" && store.unit(path) ? [path] : [];
}

function show(): void {
  page?.close();
  replace(main);
  const { name, path } = route();
  useLocalTime(path);
  store.watch(watched());
  const scope = LEVELS[name];
  if (name === "kpis") page = kpis(main);
  else if (name === "health") page = health(main);
  else if (scope && (store.unit(path) ?? store.place(path))) page = place(main, scope, path);
  else if (scope) page = unknown(path);
  else page = overview(main);
  named(name, path);
}

function named(name: string, path: string): void {
  document.title = `${main.querySelector("h1")?.firstChild?.textContent ?? ""} · Future Factory`;
  markNav(name, path);
}

/** The same page with other equipment: what somebody is writing there stays. */
function renew(): void {
  const { name, path } = route();
  if (!page?.renew) return build();
  document.getElementById("side")?.replaceWith(nav());
  useLocalTime(path);
  store.watch(watched());
  page.renew();
  named(name, path);
}

/** Another address: from its top, and the keyboard goes on in it when what it was on has gone. */
function turn(): void {
  show();
  scrollTo(0, 0);
  if (document.activeElement === document.body) main.focus({ preventScroll: true });
}

/** The same page anew, in another language or with other equipment: neither its place nor the keyboard's is lost. */
function again(change: () => void): void {
  const top = scrollY;
  main.style.minHeight = `${main.offsetHeight}px`; // charts come later
  keepFocus(root, change);
  scrollTo(0, top);
  setTimeout(() => { main.style.minHeight = ""; }, LATER_MS);
}

function unknown(path: string): Page {
  replace(main, h("h1", {}, t("unknown_place")), h("p", {}, path), h("p", {}, h("a", { href: "#/" }, t("to_overview"))));
  return { close: () => undefined };
}

function header(): HTMLElement {
  const other = current() === "zh" ? "en" : "zh";
  const toggle = h("button", { type: "button", class: "icon", id: "language", lang: other, title: t("other_language"), click: () => void switchTo(other) }, other === "zh" ? "中文" : "EN");
  const theme = h("button", { type: "button", class: "icon", id: "theme", title: t("theme"), "aria-label": t("theme"), click: flip }, "◐");
  const menu = h("button", { type: "button", class: "icon menu", id: "menu", "aria-label": t("sites"), "aria-controls": "side", "aria-expanded": "false", click: () => openMenu(!document.body.classList.contains("menu-open")) }, "☰");
  return h("header", { class: "top" }, menu, h("a", { class: "brand", href: "#/" }, logo(), h("span", {}, "Future Factory")),
    h("span", { class: "scenario" }, title(store.vocabulary.title)), h("span", { class: "spring" }), h("a", { href: "#/health", title: t("health") }, link), time, toggle, theme);
}

/** On small screens the sites lie over the page while they are asked for. */
function openMenu(open: boolean): void {
  document.body.classList.toggle("menu-open", open);
  document.getElementById("menu")?.setAttribute("aria-expanded", String(open));
}

function logo(): Element {
  const mark = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  mark.setAttribute("viewBox", "0 0 24 24");
  mark.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", "M2 21V10l6 4v-4l6 4V3h4l1 11 3 2v5z M7 17h2v2H7z M12 17h2v2h-2z");
  path.setAttribute("fill-rule", "evenodd");
  mark.append(path);
  return mark;
}

function nav(): HTMLElement {
  const item = (href: string, words: string, kind = ""): HTMLElement => h("a", { href, class: kind, click: () => openMenu(false) }, words);
  return h("nav", { class: "side", id: "side", "aria-label": t("sites") },
    item("#/", t("overview"), "primary"), item("#/kpis", t("kpi_board"), "primary"), item("#/health", t("health"), "primary"),
    store.ofLevel("enterprise").map((enterprise) => [
      item(routeOf(enterprise.path), title(enterprise), "enterprise"),
      store.ofLevel("site", enterprise.path).map((site) => {
        const one = item(routeOf(site.path), title(site), "site");
        one.prepend(h("i", { class: "dot", "data-site": site.path }));
        return one;
      }),
    ]));
}

function markNav(name: string, path: string): void {
  const site = path.split("/").slice(0, 2).join("/");
  const here = name === "" ? "#/" : name === "kpis" || name === "health" ? `#/${name}` : routeOf(name === "enterprise" ? path : site);
  for (const one of document.querySelectorAll("nav.side a")) {
    if (one.getAttribute("href") === here) one.setAttribute("aria-current", "page"); else one.removeAttribute("aria-current");
  }
}

function marks(): void {
  say(time, store.data ? `${day(store.data)} ${clock(store.data)}` : "—");
  const stale = store.ofLevel("site").filter((site) => store.stale(site.path)).length;
  const nothing = !store.ofLevel("site").length; // nobody has said anything: that is no live data
  const words = !store.connected ? t("link.lost") : nothing ? t("link.nothing") : store.heldS ? t("link.held", { span: lasting(store.heldS) }) : stale ? t("link.stale", { n: stale }) : t("link.live");
  say(link, words);
  link.className = `link-state ${!store.connected ? "bad" : stale || nothing || store.heldS ? "warn" : "good"}`;
  for (const dot of document.querySelectorAll<HTMLElement>("i.dot[data-site]")) {
    const site = dot.dataset["site"] ?? "";
    const down = store.unitsUnder(site).some((unit) => ["FAILED", "REPAIR"].includes(store.states.get(unit.path)?.s ?? ""));
    dot.className = `dot ${store.stale(site) ? "stale" : down ? "bad" : "good"}`;
    dot.title = store.stale(site) ? heard(site) : down ? t("some_down") : t("fresh");
  }
}

async function switchTo(language: "en" | "zh"): Promise<void> {
  keep(language);
  await choose(language);
  again(() => {
    if (!page?.reword) return build();
    frame();
    page.reword();
    const { name, path } = route();
    named(name, path);
    marks();
  });
}

function flip(): void {
  const light = document.documentElement.dataset["theme"] !== "light";
  document.documentElement.dataset["theme"] = light ? "light" : "dark";
  remember("theme", light ? "light" : "dark");
  again(() => { if (page?.renew) page.renew(); else show(); });
}

/** What is around every page; the page itself stays where it is. */
function frame(): void {
  const skip = h("a", { class: "skip", href: "#main", click: (event: Event) => { event.preventDefault(); main.focus(); } }, t("skip"));
  for (const one of [...root.children]) if (one !== main) one.remove();
  root.prepend(skip, header(), nav());
  if (!main.isConnected) root.append(main);
}

function build(): void {
  frame();
  show();
  marks();
}

/** At most one painting per display frame, however many changes come. */
function schedule(changed: Set<Section>): void {
  for (const section of changed) pending.add(section);
  refresh ||= requestAnimationFrame(() => {
    refresh = 0;
    const now = new Set(pending);
    pending.clear();
    if (now.has("model")) again(renew); else page?.update?.(now);
    marks();
    if (!store.firstPaint && store.states.size) {
      store.firstPaint = performance.now();
      performance.mark("live-paint");
      document.documentElement.dataset["live"] = String(Math.round(store.firstPaint));
    }
  });
}

/** Show the local time of the site of a path; elsewhere that of the first place that says one. */
function useLocalTime(path: string): void {
  const here = store.place(path.split("/").slice(0, 2).join("/"));
  const place = here?.told ? here : store.model.places.find((one) => one.zone !== "" || one.utc_offset_s !== 0);
  setZone(place?.zone ?? "", place?.utc_offset_s ?? 0);
}

async function start(): Promise<void> {
  document.documentElement.dataset["theme"] = remembered("theme", "dark");
  await store.begin();
  useLocalTime("");
  describe(store.vocabulary.kpis);
  await choose(preferred(store.vocabulary.language));
  store.watch(watched());
  await Promise.race([store.first, new Promise((resolve) => setTimeout(resolve, 3000))]);
  store.subscribe(schedule);
  build();
  schedule(new Set<Section>(["states"]));
  addEventListener("hashchange", turn);
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !document.body.classList.contains("menu-open")) return;
    openMenu(false);
    document.getElementById("menu")?.focus();
  });
  setInterval(() => schedule(new Set<Section>(["sites", "states"])), 1000);
}

start().catch((error: unknown) => {
  replace(root, h("main", { id: "main" }, h("h1", {}, "Future Factory"), h("p", { role: "alert" }, `No answer from the server / 服务器无应答: ${String(error)}`)));
  setTimeout(() => location.reload(), 5000);
});

