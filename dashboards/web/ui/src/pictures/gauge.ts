// A ratio on an arc, graded by thresholds that are drawn beside it.
import { h, say, svg } from "../dom";
import { grade, NONE, plain, shownIn, t } from "../i18n";
import { marksOf, reasons, signs } from "../marks";
import { noFigure, untold, windowOf, type Maker } from "../picture";
import { store } from "../store";
import { traced } from "./stat";

const FROM = -210, SWEEP = 240, R = 52, CX = 70, CY = 66;

function at(share: number, radius: number): string {
  const angle = ((FROM + SWEEP * share) * Math.PI) / 180;
  return `${(CX + radius * Math.cos(angle)).toFixed(2)} ${(CY + radius * Math.sin(angle)).toFixed(2)}`;
}

function arc(from: number, to: number, radius: number): string {
  return `M ${at(from, radius)} A ${radius} ${radius} 0 ${(to - from) * SWEEP > 180 ? 1 : 0} 1 ${at(to, radius)}`;
}

export const gauge: Maker = (context) => {
  const { panel, path } = context;
  const kpi = panel.shows.ids?.[0] ?? "";
  const low = panel.low ?? 0, high = panel.high ?? 1;
  const share = (value: number): number => Math.min(1, Math.max(0, (value - low) / (high - low)));
  const hand = svg("path", { class: "hand" });
  const text = svg("text", { x: CX, y: CY + 4, class: "value" });
  const unit = svg("text", { x: CX, y: CY + 24, class: "unit" });
  const edges = [low, ...panel.thresholds.map((step) => step.value), high];
  const grades = [panel.below ?? "", ...panel.thresholds.map((step) => step.grade)];
  const scale = edges.slice(0, -1).map((from, index) =>
    svg("path", { class: "scale", "data-grade": grades[index], d: arc(share(from), share(edges[index + 1] ?? high), R + 9) }));
  const picture = svg("svg", { viewBox: "0 0 140 112", role: "img" },
    svg("path", { class: "track", d: arc(0, 1, R) }), scale, hand, text, unit);
  const note = h("div", { class: "note", hidden: true });
  const element = h("div", { class: "gauge" }, picture, note);
  const update = (): void => {
    const { row } = store.figure(path, kpi, windowOf(panel));
    const value = row?.v ?? null;
    const shown = shownIn(panel, kpi, value);
    say(text, shown.text);
    const marks = marksOf(kpi, row), why = reasons(marks), above = marks.some((one) => one.sign === "▲");
    say(unit, `${shown.unit || (shown.text === NONE ? noFigure(path) : "")} ${signs(marks)}`.trim());
    say(note, marks.map((one) => `${one.sign} ${one.why}`).join(" · "));
    note.hidden = !marks.length;
    hand.setAttribute("d", value === null || share(value) <= 0 ? "" : arc(0, share(value), R));
    element.dataset["grade"] = above ? "" : grade(value, panel);
    picture.setAttribute("aria-label", [`${t(`kpi.${kpi}`)}: ${plain(shown)}`, why].filter(Boolean).join(". "));
    element.title = row ? traced(kpi, row) : "";
  };
  return { element, update, empty: () => untold(context) };
};
