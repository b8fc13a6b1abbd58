// The sections that are one figure each: calendar and hours.
// Here: which tier shows them and where their words come from. Not here: drawing.

import { calendarFigure, calendarTakeaway, dayRows } from "../figures/calendar.js";
import { hourFigure, hourRows, hourTakeaway } from "../figures/hourweek.js";

export const calendar = {
  id: "calendar",
  title: "Day by day",
  tiers: ["T2", "T3"],
  takeaway: calendarTakeaway,
  draw: calendarFigure,
  rows: dayRows,
};

export const hours = {
  id: "hours",
  title: "Hour by hour",
  tiers: ["T2", "T3"],
  takeaway: hourTakeaway,
  draw: hourFigure,
  rows: hourRows,
};
