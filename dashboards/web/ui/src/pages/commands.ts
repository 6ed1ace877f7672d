// Commands to the live plant: what a unit can be told, asked once more before it is said, and what was said before.
import { ApiError, ask, tell } from "../api";
import { h, replace } from "../dom";
import { clock, day, known, number, t, title } from "../i18n";
import { nameOf } from "../picture";
import { isUnder, store } from "../store";
import type { Effect, Given, Unit } from "../types";

const LISTED = 8;
const AGAIN_MS = 15_000;
/** What is asked for most comes first. */
const FIRST = ["stop", "restart", "hold", "release", "slow", "fail", "repair", "scrap", "supply", "demand"];
/** Effects that are asked of whole sites: a unit has no envelope of its own. */
const OF_SITES = new Set(["share"]);

function effectName(name: string): string { return known(`effect.${name}`) ? t(`effect.${name}`) : name; }

function field(words: string, input: HTMLInputElement | HTMLSelectElement): HTMLElement {
  input.id = `command-${input.name}`;
  return h("div", { class: "field" }, h("label", { for: input.id }, words), input);
}

export class Commands {
  readonly element = h("section", { class: "panel commands", "aria-labelledby": "commands-title" });
  private readonly effects: Effect[];
  private readonly choice = h("select", { name: "effect" });
  private readonly factor = h("input", { type: "number", name: "factor", min: 0, step: "any", required: true });
  private readonly minutes = h("input", { type: "number", name: "minutes", min: 0, step: "any", placeholder: t("command.for_good") });
  private readonly end = h("input", { type: "checkbox", name: "end" });
  private readonly fields = h("div", { class: "fields" });
  private readonly sure = h("div", { class: "sure" });
  private readonly answer = h("p", { class: "answer", role: "status" });
  private readonly list = h("ol", { class: "given" });
  private readonly stop = new AbortController();
  private readonly timer: ReturnType<typeof setInterval>;

  constructor(private readonly unit: Unit) {
    const { effects, able, why } = store.vocabulary.commands;
    const rank = (name: string): number => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
    this.effects = effects.filter((one) => !OF_SITES.has(one.value)).sort((a, b) => rank(a.name) - rank(b.name));
    const form = h("form", { submit: (event: Event) => { event.preventDefault(); this.question(); } },
      field(t("command.effect"), this.choice), this.fields, h("button", { type: "submit", class: "act" }, t("command.give")));
    replace(this.choice, this.effects.map((one) => h("option", { value: one.name }, effectName(one.name))));
    this.choice.addEventListener("change", () => this.chosen());
    this.end.addEventListener("change", () => this.chosen());
    replace(this.element, h("header", {}, h("h2", { id: "commands-title" }, t("commands"))),
      able ? [form, this.sure, this.answer] : h("p", { class: "nothing" }, t(`command.${why}`)), this.list);
    this.chosen();
    void this.load();
    this.timer = setInterval(() => void this.load(), AGAIN_MS);
  }

  close(): void { clearInterval(this.timer); this.stop.abort(); }

  private effect(): Effect | undefined { return this.effects.find((one) => one.name === this.choice.value); }

  /** The fields that the chosen effect has. */
  private chosen(): void {
    const effect = this.effect();
    this.turn();
    if (effect === undefined) return;
    const ends = effect.lasts && effect.ended_by === null, sized = effect.value === "factor" && !(ends && this.end.checked);
    this.factor.required = effect.needed;
    replace(this.fields, sized ? field(t("command.factor"), this.factor) : null,
      effect.lasts && !this.end.checked ? field(t("command.minutes"), this.minutes) : null,
      ends ? h("label", { class: "check" }, this.end, h("span", {}, t("command.end"))) : null);
    if (!ends) this.end.checked = false;
  }

  private turn(): void { replace(this.sure); replace(this.answer); }

  /** What is to be sent; of empty fields nothing. */
  private wanted(): Record<string, string | number | boolean> {
    const shown = (input: HTMLInputElement): boolean => this.fields.contains(input) && input.value !== "";
    return {
      target: this.unit.path, effect: this.choice.value,
      ...(shown(this.factor) ? { factor: this.factor.valueAsNumber } : {}),
      ...(shown(this.minutes) ? { duration: `${this.minutes.valueAsNumber} min` } : {}),
      ...(this.fields.contains(this.end) && this.end.checked ? { end: true } : {}),
    };
  }

  private question(): void {
    const wanted = this.wanted();
    const words = [effectName(String(wanted["effect"])), wanted["end"] ? t("command.end") : "",
      wanted["factor"] === undefined ? "" : `× ${number(Number(wanted["factor"]))}`,
      wanted["duration"] === undefined ? "" : t("command.lasting", { n: number(this.minutes.valueAsNumber) })];
    const yes = h("button", { type: "button", class: "act", click: () => void this.say(wanted) }, t("command.yes"));
    const no = h("button", { type: "button", click: () => { this.turn(); this.choice.focus(); } }, t("command.no"));
    replace(this.answer);
    replace(this.sure, h("p", { id: "command-question" }, t("command.question", { unit: title(this.unit), what: words.filter(Boolean).join(" ") })), yes, no);
    this.sure.setAttribute("role", "group");
    this.sure.setAttribute("aria-labelledby", "command-question");
    yes.focus();
  }

  private async say(wanted: Record<string, string | number | boolean>): Promise<void> {
    replace(this.sure);
    this.told(t("command.waiting"), "busy");
    try {
      const given = await tell<Given>("commands", wanted, this.stop.signal);
      const first = given.commands[0];
      this.told(t("command.done", { time: first ? this.when(first.time) : "" }), "good");
    } catch (error) {
      if (this.stop.signal.aborted) return;
      this.told(`${t("command.refused")} ${error instanceof ApiError ? error.message : String(error)}`, "bad");
    }
    this.choice.focus();
    await this.load();
  }

  private told(words: string, grade: string): void {
    this.answer.dataset["grade"] = grade;
    replace(this.answer, words);
  }

  private when(time: string): string { return `${day(Date.parse(time))} ${clock(Date.parse(time))}`; }

  /** The last commands to the unit, or to what it is a part of. */
  private async load(): Promise<void> {
    try {
      const given = await ask<Given[]>("commands", {}, this.stop.signal);
      const mine = given.flatMap((one) => one.commands).filter((one) => isUnder(this.unit.path, one.target)).slice(-LISTED).reverse();
      replace(this.list, mine.map((one) => h("li", {}, h("time", { datetime: one.time }, this.when(one.time)),
        h("b", {}, effectName(one.action)), one.factor === 1 ? null : `× ${number(one.factor)}`,
        one.target === this.unit.path ? null : title(nameOf(one.target)),
        h("small", {}, one.cause === "operator" ? t("command.operator") : one.cause))));
    } catch { /* the next look, in some seconds, may be answered */ }
  }
}
