// How the run does, hop by hop from the machines to the pages.
import { ask } from "../api";
import type { Page } from "../board";
import { h, replace } from "../dom";
import { known, number, t, title } from "../i18n";
import { store } from "../store";

interface Hop {
  hop: string; status: "good" | "warn" | "bad" | "unknown";
  counters: Record<string, number>; reasons: { reason: string; count: number }[];
}

const PERIOD_MS = 2000;

/** A reason in words: whole where it is a known one, else its longest known end, which says how somebody is. */
function inWords(reason: string): string {
  if (known(`reason.${reason}`)) return t(`reason.${reason}`);
  for (let cut = reason.indexOf(": "); cut > 0; cut = reason.indexOf(": ", cut + 2)) {
    const end = `reason.${reason.slice(cut + 2)}`;
    if (known(end)) return `${inWords(reason.slice(0, cut))}: ${t(end)}`;
  }
  const cut = reason.lastIndexOf(": "), begin = reason.slice(0, Math.max(cut, 0));
  return cut > 0 && known(`reason.${begin}`) ? `${t(`reason.${begin}`)}: ${reason.slice(cut + 2)}` : who(reason);
}

/** With the name of the unit or site before its path, where it begins with one. */
function who(reason: string): string {
  const path = reason.split(": ", 1)[0] ?? "", about = store.unit(path) ?? store.place(path);
  return about ? `${title(about)} ${reason}` : reason;
}

function row(one: Hop): HTMLElement {
  const counters = Object.entries(one.counters).map(([name, value]) => h("li", {}, `${t(`count.${name}`)} `, h("b", {}, number(value))));
  const reasons = one.reasons.map(({ reason, count }) => h("li", {}, `${inWords(reason)} `, h("b", {}, `× ${number(count)}`)));
  return h("tr", { "data-hop": one.hop },
    h("th", { scope: "row" }, t(`hop.${one.hop}`)),
    h("td", {}, h("span", { class: `link-state ${one.status}` }, t(`health.${one.status}`))),
    h("td", {}, h("ul", {}, counters)),
    h("td", {}, h("ul", {}, reasons)));
}

export function health(target: HTMLElement): Page {
  const body = h("tbody");
  const head = ["health.hop", "health.state", "health.numbers", "health.reasons"].map((name) => h("th", { scope: "col" }, t(name)));
  const problem = h("p", { role: "alert" });
  replace(target, h("h1", {}, t("health")), h("p", {}, t("health.about")), problem,
    h("div", { class: "scroll" }, h("table", { class: "health" }, h("thead", {}, h("tr", {}, head)), body)));
  const load = async (): Promise<void> => {
    try {
      const { hops } = await ask<{ hops: Hop[] }>("health");
      replace(body, hops.map(row));
      replace(problem);
    } catch (error) {
      replace(problem, `${t("failed_to_load")} ${String(error)}`);
    }
  };
  void load();
  const timer = setInterval(() => void load(), PERIOD_MS);
  return { close: () => clearInterval(timer) };
}
