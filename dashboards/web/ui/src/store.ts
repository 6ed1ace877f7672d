// What the pages know: the model once, everything that lives from one stream.
import { ask } from "./api";
import type {
  About, AlarmRow, Chain, Delta, EventRow, KpiRow, Model, Panel, Place, Point, SiteRow, Snapshot, StateRow, StateSpec,
  StockRow, Tag, Unit, Vocabulary, Watched,
} from "./types";

export type Section = "states" | "stock" | "alarms" | "kpis" | "sites" | "events" | "link" | "model";
type Listener = (changed: Set<Section>) => void;
type PointListener = (path: string, points: Point[]) => void;

const KEPT_EVENTS = 200;
const SILENCE_MS = 8000;
/** The store is away when it has taken nothing for so long. */
const HELD_S = 5;

class Store {
  model: Model = { version: -1, places: [], units: [], tags: {}, chains: [] };
  vocabulary!: Vocabulary;
  panels: Panel[] = [];
  states = new Map<string, StateRow>();
  stock = new Map<string, Map<string, StockRow>>();
  alarms = new Map<string, AlarmRow>();
  kpis = new Map<string, KpiRow>();
  sites = new Map<string, SiteRow>();
  events: EventRow[] = [];
  data = 0;
  /** For how many seconds the store has taken nothing, so that nothing newer is shown; 0 while it does. */
  heldS = 0;
  connected = false;
  firstPaint = 0;
  private units = new Map<string, Unit>();
  private places = new Map<string, Place>();
  private colours = new Map<string, StateSpec>();
  private lines = new Map<string, Unit[]>();
  private listeners = new Set<Listener>();
  private pointListeners = new Set<PointListener>();
  private source: EventSource | null = null;
  private watched: string[] = [];
  private heardAt = 0;
  private sitesAt = 0;
  private again: ReturnType<typeof setTimeout> | undefined;
  private heard: () => void = () => undefined;
  /** Resolves with the first snapshot, from which on the time of the data is known. */
  readonly first = new Promise<void>((resolve) => { this.heard = resolve; });

  async begin(): Promise<void> {
    [this.vocabulary, this.panels] = await Promise.all([ask<Vocabulary>("vocabulary"), ask<Panel[]>("panels")]);
    for (const state of this.vocabulary.states) this.colours.set(state.name, state);
    await this.loadModel();
    setInterval(() => this.listen(), 1000);
  }

  async loadModel(): Promise<void> {
    this.model = await ask<Model>("model");
    this.units = new Map(this.model.units.map((unit) => [unit.path, unit]));
    this.places = new Map(this.model.places.map((place) => [place.path, place]));
    this.lines.clear();
    for (const unit of this.model.units) {
      const line = parent(unit.path);
      const row = this.lines.get(line);
      if (row) row.push(unit); else this.lines.set(line, [unit]);
    }
  }

  unit(path: string): Unit | undefined { return this.units.get(path); }
  place(path: string): Place | undefined { return this.places.get(path); }
  chain(): Chain | undefined { return this.model.chains[0]; }
  tags(unit: Unit): Tag[] { return this.model.tags[unit.tag_set] ?? []; }
  ofLevel(level: Place["level"], under = ""): Place[] {
    return this.model.places.filter((place) => place.level === level && isUnder(place.path, under));
  }
  unitsOf(line: string): Unit[] { return this.lines.get(line) ?? []; }
  unitsUnder(path: string): Unit[] { return this.model.units.filter((unit) => isUnder(unit.path, path)); }
  kpi(path: string, kpi: string, window: string): KpiRow | undefined { return this.kpis.get(`${path}|${kpi}|${window}`); }
  /** The value of a window; where there is none yet, that of the next longer one, so that nothing is blank with history behind it. */
  figure(path: string, kpi: string, window: string): { row: KpiRow | undefined; window: string } {
    for (const one of [window, ...(this.vocabulary.instead[window] ?? [])]) {
      const row = this.kpi(path, kpi, one);
      if (row !== undefined) return { row, window: one };
    }
    return { row: undefined, window };
  }
  state(name: string): StateSpec { return this.colours.get(name) ?? { name, number: 0, colour: "#9e9e9e", element: "unknown" }; }

  onHand(path: string): number | null {
    const items = this.stock.get(path);
    if (!items) return null;
    let sum = 0;
    for (const row of items.values()) sum += row.n ?? 0;
    return sum;
  }

  /** Seconds since a site, or a unit that is silent, was last heard; null when it has not been heard since the server started. */
  age(path: string): number | null {
    const row = this.sites.get(siteOf(path));
    if (!row || row.age_s === null) return null;
    return (row.silent[path] ?? row.age_s) + (performance.now() - this.sitesAt) / 1000;
  }

  stale(path: string): boolean {
    const site = siteOf(path), age = this.age(site);
    return !this.connected || age === null || age > this.vocabulary.stale_s || path in (this.sites.get(site)?.silent ?? {});
  }

  /** Whether it is the store that keeps back what is new of a path: nothing says then that its site is silent. */
  held(path: string): boolean {
    const age = this.age(path);
    return this.connected && this.heldS > 0 && age !== null && age <= this.vocabulary.stale_s + this.heldS;
  }

  subscribe(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  onPoints(listener: PointListener): () => void {
    this.pointListeners.add(listener);
    return () => this.pointListeners.delete(listener);
  }

  /** Opens the stream, or opens it again with other units watched. */
  watch(paths: string[]): void {
    if (this.source && paths.join() === this.watched.join()) return;
    this.watched = paths;
    this.connect();
  }

  private connect(): void {
    this.source?.close();
    const query = new URLSearchParams(this.watched.map((path) => ["watch", path]));
    const source = new EventSource(`/api/live${query.size ? `?${query}` : ""}`);
    this.source = source;
    this.heardAt = performance.now();
    const on = <T>(name: string, take: (body: T) => void): void =>
      source.addEventListener(name, (event) => {
        this.heardAt = performance.now();
        take(JSON.parse((event as MessageEvent<string>).data) as T);
      });
    on<Snapshot>("snapshot", (body) => this.takeSnapshot(body));
    on<Delta>("delta", (body) => this.takeDelta(body));
    on<Watched>("watched", (body) => this.takeWatched(body));
    source.onerror = () => {
      this.setConnected(false);
      if (source.readyState === EventSource.CLOSED) this.later();
    };
  }

  private later(): void {
    clearTimeout(this.again);
    this.again = setTimeout(() => this.connect(), 2000);
  }

  private listen(): void {
    if (this.connected && performance.now() - this.heardAt > SILENCE_MS) {
      this.setConnected(false);
      this.connect();
    }
  }

  private setConnected(connected: boolean): void {
    if (this.connected === connected) return;
    this.connected = connected;
    this.tell(new Set<Section>(["link", "sites", "states"]));
  }

  private takeSnapshot(body: Snapshot): void {
    this.states = new Map(Object.entries(body.states));
    this.alarms = new Map(Object.entries(body.alarms));
    this.kpis = new Map(Object.entries(body.kpis));
    this.stock.clear();
    this.takeStock(body.stock);
    this.takeSites(body.sites);
    this.events = body.events;
    this.takeAbout(body);
    this.connected = true;
    this.tell(new Set<Section>(["states", "stock", "alarms", "kpis", "sites", "events", "link"]));
    this.heard();
    void this.check(body.model);
  }

  private takeDelta(body: Delta): void {
    const changed = new Set<Section>();
    const merge = <T>(section: "states" | "alarms", target: Map<string, T>, rows?: Record<string, T>): void => {
      if (!rows) return;
      for (const key in rows) target.set(key, rows[key] as T);
      changed.add(section);
    };
    merge("states", this.states, body.states);
    merge("alarms", this.alarms, body.alarms);
    if (body.kpis) { this.takeKpis(body.kpis); changed.add("kpis"); }
    if (body.stock) { this.takeStock(body.stock); changed.add("stock"); }
    if (body.sites) { this.takeSites(body.sites); changed.add("sites"); }
    if (body.events?.length) {
      this.events = [...this.events, ...body.events].slice(-KEPT_EVENTS);
      changed.add("events");
    }
    if (body.about) { this.takeAbout(body.about); void this.check(body.about.model); }
    if (!this.connected) { this.connected = true; changed.add("link"); }
    this.tell(changed);
  }

  private takeAbout({ data, held_s }: About): void {
    this.data = data;
    this.heldS = held_s >= HELD_S ? held_s : 0;
  }

  /** Figures as they change; of one that is no longer said nothing stays. */
  private takeKpis(rows: Record<string, KpiRow | null>): void {
    for (const key in rows) {
      const row = rows[key];
      if (row) this.kpis.set(key, row); else this.kpis.delete(key);
    }
  }

  private takeStock(rows: Record<string, StockRow>): void {
    for (const key in rows) {
      const cut = key.indexOf("|");
      const path = key.slice(0, cut);
      let items = this.stock.get(path);
      if (!items) this.stock.set(path, (items = new Map<string, StockRow>()));
      items.set(key.slice(cut + 1), rows[key] as StockRow);
    }
  }

  private takeSites(rows: Record<string, SiteRow>): void {
    for (const key in rows) this.sites.set(key, rows[key] as SiteRow);
    this.sitesAt = performance.now();
  }

  private takeWatched(body: Watched): void {
    for (const [path, news] of Object.entries(body)) {
      this.takeKpis(news.kpis ?? {});
      if (news.points?.length) for (const listener of this.pointListeners) listener(path, news.points);
      if (news.kpis) this.tell(new Set<Section>(["kpis"]));
    }
  }

  private async check(version: number): Promise<void> {
    if (version === this.model.version) return;
    this.model.version = version;
    await this.loadModel();
    this.tell(new Set<Section>(["model"]));
  }

  private tell(changed: Set<Section>): void { for (const listener of [...this.listeners]) listener(changed); }
}

export function siteOf(path: string): string { return path.split("/").slice(0, 2).join("/"); }
export function parent(path: string): string { return path.slice(0, Math.max(0, path.lastIndexOf("/"))); }
export function isUnder(path: string, other: string): boolean {
  return other === "" || path === other || path.startsWith(`${other}/`);
}

export const store = new Store();
