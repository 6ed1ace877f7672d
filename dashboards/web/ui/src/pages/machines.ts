// What stands for a unit: its driver, which may be changed, and what may be written to its real machine; asked once more.
import { ApiError, ask, tell } from "../api";
import { h, replace } from "../dom";
import { clock, day, known, number, t, title } from "../i18n";
import { nameOf } from "../picture";
import { store } from "../store";
import type { Given, Machine, Written } from "../types";

const AGAIN_MS = 5_000;

function driverName(kind: string): string { return known(`driver.${kind}`) ? t(`driver.${kind}`) : kind; }

/** A value as its field says it: a number or a truth value where it is one. */
function scalar(text: string): string | number | boolean {
  if (text === "true" || text === "false") return text === "true";
  return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}

export class Machines {
  readonly element = h("section", { class: "panel machine", "aria-labelledby": "machine-title" });
  private machine: Machine | undefined;
  private readonly now = h("p", { class: "now" });
  private readonly choice = h("select", { name: "machine", id: "machine-choice" });
  private readonly value = h("input", { type: "text", name: "value", id: "machine-value", required: true });
  private readonly fields = h("div", { class: "fields" });
  private form = h("form");
  private readonly sure = h("div", { class: "sure" });
  private readonly answer = h("p", { class: "answer", role: "status" });
  private readonly stop = new AbortController();
  private readonly timer: ReturnType<typeof setInterval>;
  private offered = "";
  /** What became of the last wish, in the words of the day. */
  private said: { words: () => string; grade: string } | null = null;

  constructor(private readonly path: string, private readonly turned: () => void) {
    this.element.hidden = true;
    this.choice.addEventListener("change", () => { this.turn(); this.chosen(); });
    this.draw();
    void this.load();
    this.timer = setInterval(() => void this.load(), AGAIN_MS);
  }

  private draw(): void {
    this.form = h("form", { submit: (event: Event) => { event.preventDefault(); this.question(); } },
      h("div", { class: "field" }, h("label", { for: this.choice.id }, t("machine.choice")), this.choice), this.fields,
      h("button", { type: "submit", class: "act" }, t("command.give")));
    replace(this.element, h("header", {}, h("h2", { id: "machine-title" }, t("machine"))), this.now,
      store.vocabulary.commands.able ? [this.form, this.sure, this.answer] : null);
  }

  /** The same in another language: what is being written or asked stays, and what was answered is said anew. */
  reword(): void {
    const choice = this.choice.value, asked = this.sure.hasChildNodes(), { said } = this;
    this.draw();
    if (this.machine === undefined) return;
    this.offer(this.machine);
    this.choice.value = choice;
    this.chosen();
    if (asked) this.question();
    if (said) this.told(said.words, said.grade);
  }

  close(): void { clearInterval(this.timer); this.stop.abort(); }

  /** Which driver stands for the unit now; nothing of units that no real machine may stand for. */
  private async load(): Promise<void> {
    try {
      this.machine = (await ask<Machine[]>("machines", {}, this.stop.signal)).find((one) => one.path === this.path);
    } catch { return; /* the next look, in some seconds, may be answered */ }
    this.element.hidden = this.machine === undefined;
    const offered = JSON.stringify(this.machine);
    if (this.machine === undefined || offered === this.offered) return;
    if (this.offered !== "") this.turned();
    this.offered = offered;
    this.offer(this.machine);
    this.turn();
    this.chosen();
  }

  private offer({ driver, drivers, drives, commands }: Machine): void {
    replace(this.now, t(drives && driver in commands ? "machine.drives" : "machine.now", { driver: driverName(driver) }));
    const changes = drivers.filter((kind) => kind !== driver).map((kind) => h("option", { value: `driver ${kind}` }, t("machine.to", { driver: driverName(kind) })));
    const writes = Object.keys(this.writes()).map((name) => h("option", { value: `command ${name}` }, t("machine.write", { name })));
    replace(this.choice, [...changes, ...writes]);
    this.form.hidden = !changes.length && !writes.length;
  }

  private writes(): Record<string, Written> { return this.machine?.commands[this.machine.driver] ?? {}; }

  private picked(): { what: "driver" | "command"; name: string } {
    const [what, ...name] = this.choice.value.split(" ");
    return { what: what === "command" ? "command" : "driver", name: name.join(" ") };
  }

  /** The field of a value, where the scenario leaves it open. */
  private chosen(): void {
    const { what, name } = this.picked(), about = this.writes()[name];
    const open = what === "command" && about !== undefined && about.value === undefined;
    const bounds = [about?.least, about?.most].map((edge) => (edge === undefined ? "" : number(edge)));
    const words = bounds.some(Boolean) ? `${t("machine.value")} (${bounds.join(" – ")})` : t("machine.value");
    replace(this.fields, open ? h("div", { class: "field" }, h("label", { for: this.value.id }, words), this.value) : null);
  }

  private turn(): void { replace(this.sure); replace(this.answer); this.said = null; }

  private question(): void {
    const { what, name } = this.picked(), fixed = this.writes()[name]?.value;
    const open = this.fields.contains(this.value);
    const wanted = { target: this.path, [what]: name, ...(open ? { value: scalar(this.value.value) } : {}) };
    const words = what === "driver" ? t("machine.to", { driver: driverName(name) }) : `${t("machine.write", { name })} = ${open ? this.value.value : String(fixed)}`;
    const yes = h("button", { type: "button", class: "act", click: () => void this.say(wanted) }, t("command.yes"));
    const leave = (): void => { this.turn(); this.choice.focus(); };
    const no = h("button", { type: "button", click: leave }, t("command.no"));
    this.sure.onkeydown = ({ key }) => { if (key === "Escape") leave(); };
    this.turn();
    replace(this.sure, h("p", { id: "machine-question" }, t("command.question", { unit: title(nameOf(this.path)), what: words })), yes, no);
    this.sure.setAttribute("role", "group");
    this.sure.setAttribute("aria-labelledby", "machine-question");
    yes.focus();
  }

  private async say(wanted: Record<string, string | number | boolean>): Promise<void> {
    replace(this.sure);
    this.told(() => t("machine.waiting"), "busy");
    try {
      const first = (await tell<Given>("machines", wanted, this.stop.signal)).commands[0];
      await this.load();
      this.told(() => t("machine.done", { time: first ? `${day(Date.parse(first.time))} ${clock(Date.parse(first.time))}` : "" }), "good");
    } catch (error) {
      if (this.stop.signal.aborted) return;
      this.told(() => `${t("command.refused")} ${error instanceof ApiError ? error.message : String(error)}`, "bad");
    }
    this.choice.focus();
  }

  private told(words: () => string, grade: string): void {
    this.said = { words, grade };
    this.answer.dataset["grade"] = grade;
    replace(this.answer, words());
  }
}
