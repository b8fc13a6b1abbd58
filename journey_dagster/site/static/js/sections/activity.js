// Sessions and the latest events.
// Here: the numbers of the sessions, the last of them as a table, and the last events in words and
// by day. Not here: aggregates over the year.

import { el, showAll, table } from "../dom.js";
import { clock, decimal, int, longDate, minutes, plural } from "../fmt.js";
import { told } from "./origin.js";
import { prose } from "./sentences.js";

const SHOWN = 12;

const figure = (label, value) => el("div", {}, el("dt", {}, label), el("dd", {}, value));

function numbers(sessions) {
  const steps = sessions.median_steps;
  return el(
    "dl",
    { class: "facts-row" },
    figure("Sessions", int(sessions.n)),
    figure("Half last at most", minutes(sessions.median_minutes)),
    figure("Nine in ten at most", minutes(sessions.p90_minutes)),
    figure("Median steps", steps === null ? "not known" : decimal(steps)),
  );
}

const way = ({ entry_page: entry, exit_page: exit }) => [
  el("span", { class: "path" }, entry),
  exit !== entry && el("span", { class: "path" }, "→ ", exit),
];

const started = (entry) => [
  el("span", { class: "page-title" }, `${longDate(entry.started_at_local)}, `
    + `${clock(entry.started_at_local)}${entry.is_open ? " · still open" : ""}`),
  way(entry),
];

const sessionTable = (recent) =>
  table("The latest sessions", [
    { head: "Session", rowHead: true, cell: started },
    { head: "Length", numeric: true, cell: (entry) => minutes(entry.minutes) },
    { head: "Steps", numeric: true, cell: (entry) => int(entry.n_steps) },
  ], recent, { class: "ranked" });

export const sessions = {
  id: "sessions",
  title: "Sessions",
  tiers: ["T1", "T2", "T3"],
  takeaway: ({ sessions: s }) => {
    const all = plural(s.n, "session");
    if (s.median_minutes === null) return `${all}.`;
    const half = `${all}; half of them lasted ${minutes(s.median_minutes)}`;
    return s.median_minutes < 1 ? `${half}.` : `${half} or less.`;
  },
  draw: ({ sessions: s }) =>
    el(
      "div",
      {},
      numbers(s),
      el(
        "p",
        { class: "muted" },
        `A session ends after ${plural(s.gap_minutes, "minute")} without an event. `,
        s.n_open === 1 && "The latest one may still be going on and counts as it stands.",
      ),
      s.recent.length > 0 && el("h3", {}, `Latest ${plural(s.recent.length, "session")}`),
      s.recent.length > 0 && sessionTable(s.recent),
    ),
  rows: ({ sessions: s }) => [
    ["started", "minutes", "steps", "first page", "last page", "open"],
    ...s.recent.map((e) => [
      e.started_at_local, e.minutes, e.n_steps, e.entry_page, e.exit_page, e.is_open ? "yes" : "no",
    ]),
  ],
};

const origin = (item) => [item.title && item.page, item.source].filter(Boolean).join(" · ");

const event = (item) =>
  el(
    "li",
    {},
    el("span", { class: "time" }, clock(item.at_local)),
    el(
      "span",
      { class: "what" },
      el("span", { class: "page-title" }, item.title ?? item.page),
      el("span", { class: "path" }, origin(item)),
    ),
  );

function byDay(items) {
  const days = new Map();
  for (const item of items) {
    const day = item.at_local.slice(0, 10);
    days.set(day, [...(days.get(day) ?? []), item]);
  }
  return [...days].map(([day, list]) =>
    el(
      "div",
      { class: "day" },
      el("h3", {}, longDate(day)),
      el("ul", { class: "events" }, list.map(event)),
    ),
  );
}

/** Whole days, as many as it takes to show `SHOWN` entries. */
function shownDays(days) {
  let entries = 0;
  const enough = days.findIndex((day) => {
    entries += day.querySelectorAll("li").length;
    return entries >= SHOWN;
  });
  return enough < 0 ? days.length : enough + 1;
}

function latest({ items }) {
  if (items.length === 0) return el("p", { class: "muted" }, "There is nothing to list.");
  const days = byDay(items);
  const label = `Show all ${items.length} entries`;
  return [days, showAll(days, shownDays(days), label)];
}

const spotlight = ({ spotlight: part, facts }) =>
  part.blocks.length > 0 && el("div", { class: "spotlight" }, told(part, prose(part, facts)));

export const recent = {
  id: "recent",
  title: "Recent activity",
  tiers: ["T1", "T2", "T3"],
  takeaway: ({ recent: r }) =>
    r.n_events === 0
      ? `No activity in the last ${plural(r.window_days, "day")} of data.`
      : `${plural(r.n_events, "event")} in the last ${plural(r.window_days, "day")} of data.`,
  draw: (report) => el("div", {}, spotlight(report), latest(report.recent)),
  rows: ({ recent: r }) => [
    ["at", "page", "title", "source"],
    ...r.items.map((item) => [item.at_local, item.page, item.title, item.source]),
  ],
};
