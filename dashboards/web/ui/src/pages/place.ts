// Pages of one enterprise, site, line or machine: its board under a heading that says where one is.
import { Board, spanChooser, type Page } from "../board";
import { append, h, replace, say } from "../dom";
import { number, t, title } from "../i18n";
import { heard, nameOf, routeOf } from "../picture";
import { store, type Section } from "../store";
import { Commands } from "./commands";
import { Machines } from "./machines";
import type { Scope, Unit } from "../types";

/** Kind of the units of strangers that say nothing of themselves. */
const FOREIGN = "unit";

/** Whether the page says something of commands: on every one where a plant is, else on those of units that could have one. */
function commandable(scope: Scope, path: string): boolean {
  const unit = store.unit(path);
  return store.vocabulary.commands.why === "no_plant" ? unit !== undefined && unit.kind !== FOREIGN : scope !== "enterprise";
}

function crumbs(path: string): HTMLElement {
  const parts = path.split("/");
  const steps = parts.map((_, index) => parts.slice(0, index + 1).join("/")).filter((one) => one.split("/").length !== 3);
  return h("nav", { class: "crumbs", "aria-label": t("where") }, h("a", { href: "#/" }, t("overview")),
    steps.slice(0, -1).map((one) => [h("span", { "aria-hidden": "true" }, "›"), h("a", { href: routeOf(one) }, title(nameOf(one)))]));
}

function facts(unit: Unit): HTMLElement {
  const rows: [string, string][] = [[t("fact.kind"), title({ en: unit.kind_en, zh: unit.kind_zh })]];
  if (unit.profile !== null) rows.push([t("fact.profile"), title({ en: unit.profile_en || unit.profile, zh: unit.profile_zh || unit.profile })]);
  if (unit.ideal_s !== null) rows.push([t("fact.ideal"), `${number(unit.ideal_s)} s`]);
  rows.push([t("fact.path"), unit.path]);
  if (unit.capacity !== null) rows.push([t("fact.capacity"), number(unit.capacity)]);
  const next = unit.to.map((path) => h("a", { href: routeOf(path) }, title(nameOf(path))));
  return h("dl", { class: "facts" }, rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
    next.length ? h("div", {}, h("dt", {}, t("fact.to")), h("dd", {}, next.flatMap((one, index) => (index ? [t("comma"), one] : [one])))) : null);
}

function heading(target: HTMLElement, path: string, tools: HTMLElement | null): { update(): void } {
  const unit = store.unit(path), place = store.place(path);
  const age = h("span", { class: "age" });
  append(target, [h("header", { class: "page-head" },
    h("div", {}, crumbs(path), h("h1", {}, title(nameOf(path)), place?.district ? h("small", {}, title({ en: place.district_en, zh: place.district_zh })) : null)),
    h("div", { class: "tools" }, age, tools)), unit ? facts(unit) : null]);
  return {
    update: () => {
      if (!path.includes("/")) return;
      say(age, heard(path));
      age.classList.toggle("stale", store.stale(path));
    },
  };
}

export function place(target: HTMLElement, scope: Scope, path: string): Page {
  const shown = h("div", { class: "renewed" }), forms = h("div", { class: "renewed" });
  let board: Board | null = null, head: { update(): void } | null = null;
  let commands: Commands | null = null, machines: Machines | null = null;
  const renew = (): void => {
    board?.close();
    replace(shown);
    head = heading(shown, path, spanChooser(() => board?.reload()));
    board = new Board(shown, scope, path);
    if (scope === "unit" && store.vocabulary.commands.why !== "no_plant") machines ??= new Machines(path, () => void commands?.ask());
    if (commandable(scope, path)) commands ??= new Commands(path);
    for (const { element } of [machines, commands].filter((one) => one !== null)) if (!element.isConnected) forms.append(element);
    head.update();
  };
  append(target, [shown, forms]);
  renew();
  return {
    update: (changed?: Set<Section>) => { board?.update(changed ?? new Set<Section>(["kpis"])); head?.update(); },
    close: () => { board?.close(); machines?.close(); commands?.close(); },
    renew,
    reword: () => { renew(); machines?.reword(); commands?.reword(); },
  };
}
