// Lines over time: KPIs window by window, telemetry with live points, stock in steps.
import type { Maker } from "../picture";
import { kpiLine } from "./kpi_line";
import { stockLine } from "./stock_line";
import { tagLines } from "./tag_lines";

export const line: Maker = (context) => {
  const of = context.panel.shows.of;
  if (of === "kpi") return kpiLine(context);
  if (of === "telemetry") return tagLines(context);
  return stockLine(context);
};
