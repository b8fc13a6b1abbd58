// The sections that are one figure each: calendar, hours, topics.
// Here: which tier shows them and where their words come from. Not here: drawing.

import { calendarFigure, calendarTakeaway, dayRows } from "../figures/calendar.js";
import { hourFigure, hourRows, hourTakeaway } from "../figures/hourweek.js";
import { topicRows, topicsFigure, topicsTakeaway } from "../figures/topics.js";

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

export const topics = {
  id: "topics",
  title: "Interests by month",
  tiers: ["T3"],
  takeaway: topicsTakeaway,
  coverage: (report) => ({ what: "Topics are known for", share: report.topics.coverage }),
  draw: topicsFigure,
  rows: topicRows,
};
