// One figure, large; for a unit's state the state.
import { h, replace, say } from "../dom";
import { clock, grade, lasting, named, NONE, plain, shownIn, t } from "../i18n";
import { marksOf, reasons, sign } from "../marks";
import { causeName, noFigure, nowMs, untold, windowOf, windowWords, type Maker } from "../picture";
import { badge, look } from "../state_look";
import { store } from "../store";
import type { KpiRow } from "../types";

export const stat: Maker = (context) =>
  context.panel.shows.of === "events" ? stateStat(context) : figureStat(context);

const figureStat: Maker = (context) => {
  const { panel, path } = context;
  const value = h("span", { class: "value" });
  const unit = h("span", { class: "unit" }), mark = h("span");
  const note = h("div", { class: "note" });
  const element = h("div", { class: "stat" }, h("div", { class: "figure" }, value, unit, mark), note);
  const kpi = panel.shows.ids?.[0] ?? "";
  const update = (): void => {
    const { row, window } = store.figure(path, kpi, windowOf(panel));
    const shown = shownIn(panel, kpi, row?.v);
    say(value, shown.text);
    say(unit, shown.unit);
    const marks = marksOf(kpi, row);
    sign(mark, marks);
    element.dataset["grade"] = marks.some((one) => one.sign === "▲") ? "" : grade(row?.v, panel);
    element.classList.toggle("absent", shown.text === NONE);
    const when = row ? windowWords(row, window) : noFigure(path);
    say(note, when);
    element.title = row ? traced(kpi, row) : "";
  };
  return { element, update, empty: () => untold(context) };
};

/** Numerator, denominator and coverage in words. */
export function traced(kpi: string, row: KpiRow): string {
  const { num = null, den = null, cov = 1 } = row;
  const shown = (value: number | null): string => (value === null ? NONE : value.toPrecision(6).replace(/\.?0+$/, ""));
  const parts = [`${t("numerator")} ${shown(num)}`];
  if (den !== null) parts.push(`${t("denominator")} ${shown(den)}`);
  parts.push(`${t("coverage")} ${cov === null ? NONE : plain({ text: (cov * 100).toFixed(1), unit: "%" })}`);
  const why = reasons(marksOf(kpi, row));
  if (why) parts.push(why);
  return `${t(`kpi.${kpi}`)}: ${parts.join(" · ")}`;
}

const stateStat: Maker = ({ path }) => {
  const element = h("div", { class: "stat state-now" });
  const since = h("div", { class: "note" });
  let shown = "";
  const update = (): void => {
    const row = store.states.get(path);
    const of = look(path);
    const key = `${of.name}${of.hatched}${row?.order ?? ""}${row?.cause ?? ""}`;
    if (key !== shown) {
      shown = key;
      const facts = [row?.order ? named("order", causeName(path, row.order)) : "", row?.cause ? named("cause", causeName(path, row.cause)) : ""];
      replace(element, badge(of), since, h("div", { class: "note" }, facts.filter(Boolean).join(" · ")));
    }
    say(since, row ? t("since", { time: clock(row.t), span: lasting((nowMs() - row.t) / 1000) }) : t("no_value"));
  };
  return { element, update };
};
