// Layout of a directed graph in columns from supply to product.
import type { Edge, Link } from "./types";

export interface Placed { link: Link; column: number; row: number }

/** Longest way from a link without supplier; edges that close a cycle are left out. */
export function columnsOf(links: Link[], edges: Edge[]): Map<string, number> {
  const column = new Map(links.map((link) => [link.id, 0]));
  for (let round = 0; round < links.length; round++) {
    let moved = false;
    for (const edge of edges) {
      const next = (column.get(edge.source) ?? 0) + 1;
      if (column.has(edge.target) && next > (column.get(edge.target) ?? 0) && next < links.length) {
        column.set(edge.target, next);
        moved = true;
      }
    }
    if (!moved) break;
  }
  return column;
}

/** Rows by the mean row of the neighbours, a few sweeps, so that few edges cross. */
export function place(links: Link[], edges: Edge[]): Placed[] {
  const column = columnsOf(links, edges);
  // every link stands right before the first that needs it, so that lines are short and cross no card
  for (const link of [...links].sort((a, b) => (column.get(b.id) ?? 0) - (column.get(a.id) ?? 0))) {
    const targets = edges.filter((edge) => edge.source === link.id).map((edge) => column.get(edge.target) ?? 0);
    if (targets.length) column.set(link.id, Math.max(column.get(link.id) ?? 0, Math.min(...targets) - 1));
  }
  const columns: string[][] = [];
  for (const link of links) (columns[column.get(link.id) ?? 0] ??= []).push(link.id);
  const rowOf = new Map<string, number>();
  const settle = (): void => columns.forEach((ids) => ids?.forEach((id, row) => rowOf.set(id, row - (ids.length - 1) / 2)));
  settle();
  for (let sweep = 0; sweep < 6; sweep++) {
    for (const ids of sweep % 2 ? columns : [...columns].reverse()) {
      ids?.sort((a, b) => mean(a, edges, rowOf) - mean(b, edges, rowOf));
      settle();
    }
  }
  return links.map((link) => ({ link, column: column.get(link.id) ?? 0, row: rowOf.get(link.id) ?? 0 }));
}

function mean(id: string, edges: Edge[], rowOf: Map<string, number>): number {
  const rows = edges.flatMap((edge) => (edge.source === id ? [rowOf.get(edge.target) ?? 0] : edge.target === id ? [rowOf.get(edge.source) ?? 0] : []));
  return rows.length ? rows.reduce((sum, row) => sum + row, 0) / rows.length : rowOf.get(id) ?? 0;
}
