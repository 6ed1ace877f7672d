// Small makers of elements; text is always set as text, never as markup.
export type Child = Node | string | number | null | undefined | false | Child[];
type Attributes = Record<string, string | number | boolean | null | undefined | ((event: never) => void)>;

const SVG = "http://www.w3.org/2000/svg";

function fill(element: Element, attributes: Attributes, children: Child[]): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value as EventListener);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  append(element, children);
}

export function append(element: Element, children: Child[]): void {
  for (const child of children) {
    if (Array.isArray(child)) append(element, child);
    else if (child !== null && child !== undefined && child !== false)
      element.append(child instanceof Node ? child : String(child));
  }
}

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K, attributes: Attributes = {}, ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  fill(element, attributes, children);
  return element;
}

export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K, attributes: Attributes = {}, ...children: Child[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS(SVG, tag);
  fill(element, attributes, children);
  return element;
}

/** What finds an element again after it was made anew: its id, its key or where it leads, in its panel; empty when it has none of them. */
function signOf(element: Element | null): string {
  const name = ["id", "data-key", "href"].find((one) => element?.hasAttribute(one));
  const panel = element?.closest("[data-panel]")?.getAttribute("data-panel"), room = panel ? `[data-panel="${panel}"]` : element?.closest("main") ? "main" : "";
  return name === undefined ? "" : `${room} [${name}="${CSS.escape(element?.getAttribute(name) ?? "")}"]`;
}

/** Changes what is within an element; who works with the keyboard stays on what is there afterwards too. */
export function keepFocus(within: Element, change: () => void): void {
  const active = document.activeElement, sign = within.contains(active) ? signOf(active) : "";
  change();
  if (sign && !active?.isConnected) within.querySelector<HTMLElement>(sign)?.focus({ preventScroll: true });
}

export function replace(element: Element, ...children: Child[]): void {
  keepFocus(element, () => {
    element.replaceChildren();
    append(element, children);
  });
}

/** Sets text only when it differs, so that nothing is laid out again for nothing. */
export function say(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function remembered(name: string, otherwise: string): string {
  try { return localStorage.getItem(`ff.${name}`) ?? otherwise; } catch { return otherwise; }
}

export function remember(name: string, value: string): void {
  try { localStorage.setItem(`ff.${name}`, value); } catch { /* storage is switched off: the choice lasts for this page */ }
}
