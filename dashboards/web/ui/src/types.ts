// Shapes of the API's answers (documented at /api/docs.json).
export interface StateRow { s: string; t: number; order: string | null; cause: string | null }
export interface StockRow { t: number; n: number | null }
export interface AlarmRow { t: number; severity: number; active: boolean; text: string | null }
export interface KpiRow {
  /** What the stream leaves out goes without saying: good quality, whole coverage; of single units what a value was made of. */
  t: number; t0: number; v: number | null; num?: number | null; den?: number | null;
  cov?: number | null; q?: string | null; rule?: string | null;
  path?: string; kpi?: string; window?: string;
  /** 1 where a ratio exceeds its ceiling of 1, and where work outside the planned time took part. */
  gt1?: number; overtime?: number;
  /** How often the window was computed again. */
  rev?: number;
}
/** Values by path in the order of `kpis`; `marks`: qualities that are not good, by path and KPI; `overtime`: KPIs with work outside the plan. */
export interface KpiTable { kpis: string[]; rows: Record<string, (number | null)[]>; marks: Record<string, Record<string, string>>; overtime: Record<string, string[]> }
export interface SiteRow {
  t: number; sent: number | null; dropped: number | null; lag_s: number | null;
  age_s: number | null; power_kw: number | null;
  /** Seconds since units that are not heard any more were, though their site is. */
  silent: Record<string, number>;
}
export interface EventRow {
  kind: "failed" | "alarm" | "cleared" | "departed" | "arrived"; path: string; t: number;
  code?: string; cause?: string | null; item?: string; quantity?: number; text?: string | null;
  origin?: string; destination?: string;
}
export interface Point { t: number | null; values: Record<string, number | null>; bad: string[] }
export interface Tag {
  name: string; unit: string; low: number; high: number; en: string; zh: string; counter: boolean; period_s: number;
}
export interface Titled { en: string; zh: string }
export interface Place extends Titled {
  path: string; level: "enterprise" | "site" | "area" | "line"; told: boolean; district: string | null; utc_offset_s: number; zone: string;
  district_en: string; district_zh: string; items: Record<string, Titled>; causes: Record<string, Titled>;
}
export interface Unit extends Titled {
  path: string; kind: string; kind_en: string; kind_zh: string; profile: string | null; profile_en: string; profile_zh: string; role: string; position: number; ideal_s: number | null;
  capacity: number | null; to: string[]; link: string | null; final: boolean; tag_set: string;
}
export interface Link extends Titled {
  id: string; segment: string; item: string; quantity: number; key: boolean; status: string; units: string[];
}
export interface Edge { source: string; target: string; distance_km: number | null; time_s: number | null }
export interface Chain extends Titled {
  path: string; id: string; final_item: string; demand_per_day: number | null; links: Link[]; edges: Edge[];
}
export interface Model { version: number; places: Place[]; units: Unit[]; tags: Record<string, Tag[]>; chains: Chain[] }
export interface KpiSpec {
  id: string; formula: string; formula_zh: string; unit: string; trend: "up" | "down" | "none"; source: string; scopes: string[];
  low: number | null; high: number | null;
  /** Whether it is said of what does not process too, and only where there is one: utilisation of people and fixtures. */
  everywhere: boolean;
}
export interface StateSpec { name: string; number: number; colour: string; element: string }
export interface Vocabulary { states: StateSpec[]; kpis: KpiSpec[]; title: Titled; language: string; stale_s: number;
  /** Windows whose value stands in where there is none of a window yet. */
  instead: Record<string, string[]>; of_tiles: string[]; commands: Commandable }
/** An effect that the plant can be told: the field that says how much, whether it must, and what ends it. */
export interface Effect { name: string; value: string; amounts: string[]; needed: boolean; lasts: boolean; ended_by: string | null }
export interface Commandable { able: boolean; why: "no_plant" | "no_way" | "no_token" | ""; effects: Effect[] }
/** What the plant can be told of a path: effects, each with the values among which one chooses, by field. */
export interface Offered { path: string; effects: Record<string, Record<string, string[]>> }
/** What may be written by a command: one value, or what is given with it, between bounds. */
export interface Written { value?: string | number | boolean; least?: number; most?: number }
/** A unit that real machines stand for, or may stand for: the first of its drivers is none of a real machine. */
export interface Machine { path: string; driver: string; drivers: string[]; drives: boolean; commands: Record<string, Record<string, Written>> }
export interface Given { id: string; commands: { time: string; target: string; action: string; cause: string; factor: number; detail: string }[] }
export type Scope = "chain" | "enterprise" | "site" | "line" | "unit";
export type Grade = "good" | "warn" | "bad";
export interface Shows { of: "telemetry" | "kpi" | "events"; tags?: string[]; ids?: string[]; window?: string; kind?: string }
export interface Panel extends Titled {
  id: string; scope: Scope; picture: string; shows: Shows; unit: string; low: number | null; high: number | null;
  thresholds: { value: number; grade: Grade }[]; below: Grade | null; each: Scope | null;
  width: number; height: number; order: number;
}
/** Of all of it: version of the model, end of the data, and for how many seconds the store has taken nothing newer. */
export interface About { model: number; data: number; held_s: number }
export interface Snapshot extends About {
  states: Record<string, StateRow>; stock: Record<string, StockRow>;
  alarms: Record<string, AlarmRow>; kpis: Record<string, KpiRow>; sites: Record<string, SiteRow>; events: EventRow[];
}
export interface Delta extends Partial<Omit<Snapshot, keyof About | "kpis">> {
  about?: About;
  /** null: a figure of the running window that is no longer said. */
  kpis?: Record<string, KpiRow | null>;
}
export type Watched = Record<string, { points?: Point[]; kpis?: Record<string, KpiRow | null> }>;
