// What was looked at.
// Here: the pages with most events, as a table with bars. Not here: links; a report publishes names
// of pages, never web addresses.

import { bar, el, showAll, table } from "../dom.js";
import { date, int, plural } from "../fmt.js";

const SHOWN = 10;

const pageName = (entry, most) => [
  el("span", { class: "page-title" }, entry.title ?? entry.page),
  entry.title !== null && el("span", { class: "path" }, entry.page),
  bar(entry.n_events, most),
];

function pageTable({ top, other }) {
  const most = Math.max(0, ...top.map((entry) => entry.n_events));
  const node = table("Events per page", [
    { head: "Page", rowHead: true, cell: (entry) => pageName(entry, most) },
    { head: "Events", numeric: true, cell: (entry) => int(entry.n_events) },
    { head: "Days", numeric: true, cell: (entry) => int(entry.n_days) },
    { head: "Last seen", cell: (e) => el("span", { class: "day-name" }, date(e.last_seen_date)) },
  ], top, { class: "ranked" });
  const rest = other.n_pages > 0 &&
    el("p", { class: "muted" },
      `And ${plural(other.n_pages, "other page")} with ${plural(other.n_events, "event")}.`);
  const rows = [...node.querySelectorAll("tbody tr")];
  return el("div", {}, node, showAll(rows, SHOWN, `Show all ${rows.length} pages`), rest);
}

export const pages = {
  id: "pages",
  title: "Pages",
  tiers: ["T2", "T3"],
  takeaway: ({ pages: { top, n_events: events, n_distinct: distinct } }) => {
    if (top.length === 0) return "No events on pages were recorded.";
    const all = `${plural(events, "event")} on ${plural(distinct, "page")}`;
    return `${all}; most often “${top[0].title ?? top[0].page}”, `
      + `${plural(top[0].n_events, "time")} on ${plural(top[0].n_days, "day")}.`;
  },
  coverage: (report) => ({ what: "A title is known for", share: report.pages.coverage }),
  draw: (report) =>
    report.pages.top.length > 0
      ? pageTable(report.pages)
      : el("p", { class: "muted" }, "There is nothing to list."),
  rows: ({ pages: { top } }) => [
    ["page", "title", "events", "days", "last seen"],
    ...top.map((e) => [e.page, e.title, e.n_events, e.n_days, e.last_seen_date]),
  ],
};
