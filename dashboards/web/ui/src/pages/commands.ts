// Commands to the live plant: what a unit or place can be told, asked once more before it is said, and what was said before.
import { ApiError, ask, tell } from "../api";
import { h, replace, say } from "../dom";
import { clock, day, known, number, plain, t, title, unit } from "../i18n";
import { causeName, nameOf } from "../picture";
import { isUnder, store } from "../store";
import type { Effect, Given, Machine, Offered } from "../types";

const LISTED = 8;
const AGAIN_MS = 15_000;
/** What is asked for most comes first. */
const FIRST = ["stop", "restart", "hold", "release", "slow", "fail", "repair", "scrap", "supply", "demand", "curtail", "order"];
/** Of effects that may leave some of a carrier: the unit of each amount, the carrier that it is of, and how much of the unit is 1. */
const AMOUNTS: Record<string, { unit: string; of: string | null; per: number }> = {
  share: { unit: "%", of: null, per: 100 }, cap: { unit: "kW", of: "power", per: 1 }, flow: { unit: "m3/h", of: "gas", per: 1 },
};

type Wanted = Record<string, string | number | boolean>;
type Input = HTMLInputElement | HTMLSelectElement;

function effectName(name: string): string { return known(`effect.${name}`) ? t(`effect.${name}`) : name; }

function field(words: string, input: Input): HTMLElement {
  input.id = `command-${input.name}`;
  return h("div", { class: "field" }, h("label", { for: input.id }, words), input);
}

function options(select: HTMLSelectElement, values: string[], words: (value: string) => string): void {
  replace(select, values.map((value) => h("option", { value }, words(value))));
}

export class Commands {
  readonly element = h("section", { class: "panel commands", "aria-labelledby": "commands-title" });
  private effects: Effect[] = [];
  private offered: Offered["effects"] = {};
  private readonly choice = h("select", { name: "effect" });
  private readonly factor = h("input", { type: "number", name: "factor", min: 0, step: "any", required: true });
  private readonly quantity = h("input", { type: "number", name: "quantity", min: 1, step: 1, required: true });
  private readonly amount = h("input", { type: "number", name: "amount", min: 0, step: "any", required: true });
  private readonly measure = h("select", { name: "measure" });
  private readonly minutes = h("input", { type: "number", name: "minutes", min: 0, step: "any" });
  private readonly end = h("input", { type: "checkbox", name: "end" });
  private readonly choices = new Map<string, HTMLSelectElement>();
  private readonly fields = h("div", { class: "fields" });
  private readonly sure = h("div", { class: "sure" });
  private readonly answer = h("p", { class: "answer", role: "status" });
  private readonly apart = h("p", { class: "note" });
  private readonly list = h("ol", { class: "given" });
  private machines: Machine[] = [];
  /** What became of the last command, in the words of the day. */
  private said: { words: () => string; grade: string } | null = null;
  private readonly stop = new AbortController();
  private readonly timer: ReturnType<typeof setInterval>;

  constructor(private readonly path: string) {
    const { why } = store.vocabulary.commands;
    this.element.hidden = why !== "no_plant"; // else the plant says first whether it is one of its own
    const chosen = (): void => { this.turn(); this.chosen(); };
    this.choice.addEventListener("change", chosen);
    this.end.addEventListener("change", chosen);
    this.draw();
    if (why !== "no_plant") void this.ask();
    void this.load();
    this.timer = setInterval(() => void this.load(), AGAIN_MS);
  }

  private draw(): void {
    const { able, why } = store.vocabulary.commands;
    this.minutes.placeholder = t("command.for_good");
    replace(this.element, h("header", {}, h("h2", { id: "commands-title" }, t("commands"))),
      able ? [this.form(), this.apart, this.sure, this.answer] : h("p", { class: "nothing" }, t(`command.${why}`)), this.list);
  }

  /** The same in another language: what is being written or asked stays, and what was answered is said anew. */
  reword(): void {
    const chosen = [this.choice.value, this.measure.value] as const, asked = this.sure.hasChildNodes(), { said } = this;
    const names = [...this.choices].map(([name, select]) => [name, select.value] as const);
    this.draw();
    this.tellApart();
    this.offer();
    this.choice.value = chosen[0];
    this.chosen(new Map(names));
    this.measure.value = chosen[1];
    if (asked) this.question();
    if (said) this.told(said.words, said.grade);
    void this.load();
  }

  close(): void { clearInterval(this.timer); this.stop.abort(); }

  private form(): HTMLElement {
    return h("form", { submit: (event: Event) => { event.preventDefault(); this.question(); } },
      field(t("command.effect"), this.choice), this.fields, h("button", { type: "submit", class: "act" }, t("command.give")));
  }

  /** Ask what the plant can be told here; nothing is shown of what is not of the plant, as a real machine is not. */
  async ask(): Promise<void> {
    try {
      const [{ effects }, machines] = await Promise.all([
        ask<Offered>("commands/offered", { path: this.path }, this.stop.signal), ask<Machine[]>("machines", {}, this.stop.signal)]);
      this.offered = effects;
      this.machines = machines;
      this.tellApart();
    } catch (error) {
      if (this.stop.signal.aborted) return;
      this.element.hidden = false;
      return this.told(() => String(error), "bad");
    }
    const rank = ({ name }: Effect): number => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
    this.effects = store.vocabulary.commands.effects.filter(({ name }) => name in this.offered).sort((a, b) => rank(a) - rank(b));
    this.element.hidden = !this.effects.length;
    this.offer();
    this.turn();
    this.chosen();
  }

  private offer(): void { options(this.choice, this.effects.map(({ name }) => name), effectName); }

  /** Which units of a place will not do it: what stands for them is no simulation. */
  private tellApart(): void {
    const real = this.machines.filter(({ path, driver, drivers }) => isUnder(path, this.path) && driver !== drivers[0]);
    say(this.apart, real.length ? t("command.apart", { units: real.map(({ path }) => title(nameOf(path))).join(t("comma")) }) : "");
  }

  private effect(): Effect | undefined { return this.effects.find((one) => one.name === this.choice.value); }

  /** The fields that the chosen effect has; of those that name something what is in them already. */
  private chosen(names = new Map<string, string>()): void {
    const effect = this.effect();
    if (effect === undefined) return;
    const ends = effect.lasts && effect.ended_by === null;
    if (!ends) this.end.checked = false;
    const sized = !this.end.checked;
    this.factor.required = effect.needed;
    this.choices.clear();
    replace(this.fields, Object.entries(this.offered[effect.name] ?? {}).map(([name, values]) => this.selection(name, values)),
      sized && effect.value === "factor" ? field(t("command.factor"), this.factor) : null,
      effect.value === "quantity" ? field(t("command.quantity"), this.quantity) : null,
      sized && effect.amounts.length ? [field(t("command.amount"), this.amount), field(t("command.measure"), this.measure)] : null,
      effect.lasts && sized ? field(t("command.minutes"), this.minutes) : null,
      ends ? h("label", { class: "check" }, this.end, h("span", {}, t("command.end"))) : null);
    for (const [name, value] of names) { const select = this.choices.get(name); if (select) select.value = value; }
    this.measures(effect);
  }

  /** A choice among names: failure modes by what people call them, carriers by their word. */
  private selection(name: string, values: string[]): HTMLElement | null {
    if (!values.length) return null;
    const select = h("select", { name });
    options(select, values, (value) => this.nameOfChoice(name, value));
    select.addEventListener("change", () => { this.turn(); const effect = this.effect(); if (effect) this.measures(effect); });
    this.choices.set(name, select);
    return field(t(`command.${name}`), select);
  }

  private nameOfChoice(name: string, value: string): string {
    return known(`command.${name}.${value}`) ? t(`command.${name}.${value}`) : causeName(this.path, value);
  }

  /** Units in which may be said how much of the chosen carrier is left. */
  private measures(effect: Effect): void {
    const carrier = this.choices.get("carrier")?.value;
    const fitting = effect.amounts.filter((name) => { const of = AMOUNTS[name]?.of ?? null; return of === null || of === carrier; });
    options(this.measure, fitting, (name) => unit(AMOUNTS[name]?.unit ?? ""));
  }

  private turn(): void { replace(this.sure); replace(this.answer); this.said = null; }

  private shown(input: Input): boolean { return this.fields.contains(input) && input.value !== ""; }

  /** How much is left: the field of the command, its value, and the same in words. */
  private left(): { name: string; value: number | string; words: string } | null {
    const name = this.measure.value, about = AMOUNTS[name];
    if (!this.shown(this.amount) || about === undefined) return null;
    const amount = this.amount.valueAsNumber;
    return { name, value: name === "share" ? amount / about.per : `${amount} ${about.unit}`, words: plain({ text: number(amount), unit: unit(about.unit) }) };
  }

  /** What is to be sent; of empty fields nothing. */
  private wanted(): Wanted {
    const left = this.left();
    return {
      target: this.path, effect: this.choice.value,
      ...Object.fromEntries([...this.choices].map(([name, select]) => [name, select.value])),
      ...(this.shown(this.factor) ? { factor: this.factor.valueAsNumber } : {}),
      ...(this.shown(this.quantity) ? { quantity: this.quantity.valueAsNumber } : {}),
      ...(left ? { [left.name]: left.value } : {}),
      ...(this.shown(this.minutes) ? { duration: `${this.minutes.valueAsNumber} min` } : {}),
      ...(this.fields.contains(this.end) && this.end.checked ? { end: true } : {}),
    };
  }

  private question(): void {
    const wanted = this.wanted(), left = this.left();
    const words = [effectName(String(wanted["effect"])), wanted["end"] ? t("command.end") : "",
      ...[...this.choices].map(([name, select]) => this.nameOfChoice(name, select.value)),
      wanted["factor"] === undefined ? "" : `× ${number(Number(wanted["factor"]))}`,
      wanted["quantity"] === undefined ? "" : `× ${number(Number(wanted["quantity"]))}`,
      left ? t("command.left", { amount: left.words }) : "",
      wanted["duration"] === undefined ? "" : t("command.lasting", { n: number(this.minutes.valueAsNumber) })];
    const yes = h("button", { type: "button", class: "act", click: () => void this.give(wanted) }, t("command.yes"));
    const leave = (): void => { this.turn(); this.choice.focus(); };
    const no = h("button", { type: "button", click: leave }, t("command.no"));
    this.sure.onkeydown = ({ key }) => { if (key === "Escape") leave(); };
    this.turn();
    replace(this.sure, h("p", { id: "command-question" }, t("command.question", { unit: title(nameOf(this.path)), what: words.filter(Boolean).join(" ") })), yes, no);
    this.sure.setAttribute("role", "group");
    this.sure.setAttribute("aria-labelledby", "command-question");
    yes.focus();
  }

  private async give(wanted: Wanted): Promise<void> {
    replace(this.sure);
    this.told(() => t("command.waiting"), "busy");
    try {
      const given = await tell<Given>("commands", wanted, this.stop.signal);
      const first = given.commands[0];
      this.told(() => t("command.done", { time: first ? this.when(first.time) : "" }), "good");
    } catch (error) {
      if (this.stop.signal.aborted) return;
      this.told(() => `${t("command.refused")} ${error instanceof ApiError ? error.message : String(error)}`, "bad");
    }
    this.choice.focus();
    await this.load();
  }

  private told(words: () => string, grade: string): void {
    this.said = { words, grade };
    this.answer.dataset["grade"] = grade;
    replace(this.answer, words());
  }

  private when(time: string): string { return `${day(Date.parse(time))} ${clock(Date.parse(time))}`; }

  /** The last commands to the unit or place, or to what it is a part of. */
  private async load(): Promise<void> {
    try {
      const given = await ask<Given[]>("commands", {}, this.stop.signal);
      const mine = given.flatMap((one) => one.commands).filter((one) => isUnder(this.path, one.target)).slice(-LISTED).reverse();
      replace(this.list, mine.map((one) => h("li", {}, h("time", { datetime: one.time }, this.when(one.time)),
        h("b", {}, effectName(one.action)), h("span", {}, how(one)),
        one.target === this.path ? null : title(nameOf(one.target)),
        h("small", {}, one.cause === "operator" ? t("command.operator") : causeName(one.target, one.cause)))));
    } catch { /* the next look, in some seconds, may be answered */ }
  }
}

/** How much of an effect, and of what: a factor, what is left of a carrier, a failure mode. */
/** Actions that no effect of the plant is: what they say of themselves is for people already. */
const OF_MACHINES = ["change_driver", "write"];

function how({ action, factor, detail, target }: Given["commands"][number]): string {
  if (OF_MACHINES.includes(action)) return detail;
  if (action === "order") return [detail.split("item=").at(-1) ?? "", `× ${number(factor)}`].filter(Boolean).join(" ");
  const amounts = store.vocabulary.commands.effects.find((one) => one.name === action)?.amounts ?? [];
  if (!amounts.length) return [factor === 1 ? "" : `× ${number(factor)}`, detail ? causeName(target, detail) : ""].filter(Boolean).join(" ");
  if (factor < 0) return t("command.over");
  const words = detail.split(" "), gas = words.includes("gas");
  const shown = words.includes("share") ? { text: number(factor * 100, 1), unit: "%" } : { text: number(factor), unit: unit(gas ? "m3/h" : "kW") };
  return [t(`command.carrier.${gas ? "gas" : "power"}`), t("command.left", { amount: plain(shown) })].join(" ");
}
