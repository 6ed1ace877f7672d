// Thousands of units as small cells on one canvas: only cells whose state has changed are painted again.
import { h } from "./dom";
import { t, title } from "./i18n";
import { nameOf, routeOf } from "./picture";
import { hatch, look } from "./state_look";

const CELL = 20, GAP = 3;

function spoken(unit: string): string { return `${title(nameOf(unit))}: ${look(unit).words}`; }

function ring(pen: CanvasRenderingContext2D, x: number, y: number): void {
  pen.strokeStyle = getComputedStyle(document.documentElement).getPropertyValue("--text");
  pen.lineWidth = 3;
  pen.beginPath();
  pen.roundRect(x + 1.5, y + 1.5, CELL - 3, CELL - 3, 3);
  pen.stroke();
}

export class MiniGrid {
  readonly element: HTMLElement;
  private readonly canvas = h("canvas", { role: "img", tabindex: "0" });
  private painted: string[] = [];
  private columns = 1;
  private at = 0;
  private marked = -1;
  private readonly watcher = new ResizeObserver(() => this.lay());

  constructor(private readonly units: string[], private readonly name: string) {
    this.element = h("div", { class: "mini-grid" }, this.canvas);
    this.watcher.observe(this.element);
    this.canvas.addEventListener("pointermove", (event) => this.say(this.hit(event)));
    this.canvas.addEventListener("click", (event) => this.open(this.hit(event)));
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    for (const kind of ["focus", "blur"]) this.canvas.addEventListener(kind, () => this.mark());
  }

  update(): void {
    const pen = this.canvas.getContext("2d");
    if (!pen || this.canvas.width === 0) return;
    this.units.forEach((unit, index) => {
      const of = look(unit), key = `${of.name}${of.hatched}`;
      if (this.painted[index] === key) return;
      this.painted[index] = key;
      const x = (index % this.columns) * (CELL + GAP), y = Math.floor(index / this.columns) * (CELL + GAP);
      pen.clearRect(x, y, CELL, CELL);
      pen.fillStyle = of.colour;
      pen.beginPath();
      pen.roundRect(x, y, CELL, CELL, 4);
      pen.fill();
      if (of.hatched) hatch(pen, x, y, CELL, CELL);
      if (index === this.marked) ring(pen, x, y);
      pen.fillStyle = of.ink;
      pen.font = "700 11px system-ui, 'Noto Sans CJK SC', sans-serif";
      pen.textAlign = "center";
      pen.textBaseline = "middle";
      pen.fillText(of.letter, x + CELL / 2, y + CELL / 2 + 0.5);
    });
    const unit = this.units[this.marked];
    this.canvas.setAttribute("aria-label", unit ? spoken(unit) : `${this.name}: ${t("units", { n: this.units.length })}`);
  }

  /** The cell that the keyboard is on is seen while the canvas has the focus. */
  private mark(): void {
    delete this.painted[this.marked];
    this.marked = document.activeElement === this.canvas ? this.at : -1;
    delete this.painted[this.marked];
    this.update();
  }

  close(): void { this.watcher.disconnect(); }

  private lay(): void {
    const width = this.element.clientWidth;
    if (width === 0) return;
    this.columns = Math.max(1, Math.floor((width + GAP) / (CELL + GAP)));
    const height = Math.ceil(this.units.length / this.columns) * (CELL + GAP), scale = devicePixelRatio || 1;
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(height * scale);
    this.canvas.style.height = `${height}px`;
    this.canvas.getContext("2d")?.scale(scale, scale);
    this.painted = [];
    this.update();
  }

  private hit(event: MouseEvent): number {
    const box = this.canvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left) / (CELL + GAP)), row = Math.floor((event.clientY - box.top) / (CELL + GAP));
    return column < this.columns ? row * this.columns + column : -1;
  }

  private say(index: number): void {
    const unit = this.units[index];
    this.canvas.title = unit ? spoken(unit) : "";
    this.canvas.classList.toggle("pointing", unit !== undefined);
  }

  private open(index: number): void {
    const unit = this.units[index];
    if (unit) location.hash = routeOf(unit);
  }

  private key(event: KeyboardEvent): void {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.columns, ArrowDown: this.columns }[event.key];
    if (event.key === "Enter") return this.open(this.at);
    if (step === undefined) return;
    event.preventDefault();
    this.at = Math.min(this.units.length - 1, Math.max(0, this.at + step));
    this.mark();
    this.say(this.at);
  }
}
