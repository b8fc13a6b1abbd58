// Sessions and paths that hold chokepoints, and what recurs.
// Here: five lists, each with its counts and what they are compared with. Not here: finding them.

import { el, hidden } from "../dom.js";
import { decimal, int, percent, plural } from "../fmt.js";
import { column, count, number, only, pageAndEvent, path, sessions } from "./columns.js";
import { absent, tabs } from "./frame.js";
import { rateBar } from "./interval.js";
import { heldOf, listing } from "./listing.js";
import { choice, keep } from "../state.js";
import { measure, pathOf, rate, seconds } from "./words.js";

const yes = (flag) => (flag === null ? "–" : flag ? "yes" : "no");

const lift = (hint) =>
  number("lift", "Lift", (row) => (row.lift === null ? "–" : `${measure(row.lift)}×`), { hint });

/** A list of a mart, or the reason why there is none. */
function list(data, name, options) {
  const found = data.table(name);
  if (found.reason) return absent(found.reason);
  return listing(data, { name, rows: found.rows, note: heldOf(found), ...options });
}

const lost = (row) => [
  rateBar(row.lost_rate, row.lost_rate_low, row.lost_rate_high, row.baseline_rate),
  el("span", { class: "rate-text" }, rate(row.lost_rate, row.lost_rate_low, row.lost_rate_high)),
  el("span", { class: "path" }, `${int(row.n_lost)} of ${int(row.n_sessions)}`),
];

const baseline = (row) => [
  el("span", {}, rate(row.baseline_rate, null, null)),
  el("span", { class: "path" }, `${int(row.baseline_n_lost)} of ${int(row.baseline_n_sessions)}`),
];

const paths = (data) =>
  list(data, "fragile_paths", {
    label: "Fragile paths",
    text: (row) => row.path.join(" "),
    findLabel: "Find a page",
    columns: [
      path(data),
      sessions(data, (row) => `on ${row.path.join(" → ")}`),
      count("n_users", "Users"),
      count("n_completed", "Completed", "Reached where journeys are meant to end"),
      number("lost_rate", "Lost", lost, { order: (row) => row.lost_rate_low }),
      only("n_lost"),
      number("baseline_rate", "All sessions", baseline, { hint: "What the path is compared with" }),
      only("baseline_n_lost"),
      only("baseline_n_sessions"),
      lift("Lost on the path over lost of all sessions"),
      number("median_seconds", "Median time", (row) => seconds(row.median_seconds)),
    ],
  });

const began = (row) =>
  el("span", { class: "day-name" }, row.started_at.replace("T", " ").replace("Z", ""));

function flows(data) {
  const { rows } = data.table("fragile_flows");
  return list(data, "fragile_flows", {
    label: "Fragile sessions",
    rows: rows.map((row) => ({ ...row, ...row.sessions[0] })),
    text: (row) => `${row.session_id} ${row.path.join(" ")}`,
    findLabel: "Find a page or session",
    columns: [
      column("session_id", "Session", (r) => el("code", {}, r.session_id), { rowHead: true }),
      column("started_at", "Began (UTC)", began),
      count("n_chokepoint_steps", "Chokepoints"),
      count("n_steps", "Steps"),
      column("ends_at_chokepoint", "Lost", (row) => yes(row.ends_at_chokepoint)),
      column("is_completed", "Completed", (row) => yes(row.is_completed)),
      { ...path(data), head: "Pages", rowHead: false,
        cell: (row) => pathOf(data, row.path, row.n_steps) },
    ],
  });
}

const PAIRS = {
  all: "All pairs",
  from: "From a chokepoint",
  to: "To a chokepoint",
  both: "Between chokepoints",
};

const end = (side) => (row) => [
  row[`is_${side}_chokepoint`] && [
    el("span", { "aria-hidden": "true" }, "▲ "), hidden("Chokepoint: "),
  ],
  pageAndEvent(row[`${side}_page`], row[`${side}_event`]),
];

function pairs(data) {
  const ids = Object.keys(PAIRS);
  let which = choice("pairs", ids);
  const chosenOnes = (row) =>
    (!["from", "both"].includes(which) || row.is_from_chokepoint)
    && (!["to", "both"].includes(which) || row.is_to_chokepoint);
  const controls = (redraw) => {
    const option = (id) => el("option", { value: id, selected: id === which }, PAIRS[id]);
    const select = el("select", {}, ids.map(option));
    select.addEventListener("change", () => {
      which = select.value;
      keep("pairs", which, ids[0]);
      redraw();
    });
    return el("label", { class: "field" }, el("span", {}, "Show"), select);
  };
  return list(data, "pairs", {
    label: "Steps from one page and event to the next",
    text: (row) => `${row.from_page} ${row.from_event} ${row.to_page} ${row.to_event}`,
    findLabel: "Find a page or event",
    by: "-n",
    keepRow: chosenOnes,
    controls,
    columns: [
      column("from_page", "From", end("from"), { rowHead: true }),
      only("from_event"),
      column("to_page", "To", end("to")),
      only("to_event"),
      count("n", "Times"),
      sessions(data, (row) => `from ${row.from_page} to ${row.to_page}`),
      count("n_users", "Users"),
    ],
  });
}

const loops = (data) =>
  list(data, "loops", {
    label: "Loops",
    text: (row) => `${row.page} ${row.via_page ?? ""}`,
    findLabel: "Find a page",
    columns: [
      column("kind", "Kind", (row) => (row.kind === "repeat" ? "Repeat" : "Backtrack")),
      column("page", "Loop", (row) => pathOf(data, [row.page, row.via_page ?? row.page, row.page]
        .slice(row.via_page === null ? 1 : 0)), { rowHead: true }),
      only("via_page"),
      count("n", "Times"),
      sessions(data, (row) => `that came back to ${row.page}`),
      count("n_users", "Users"),
    ],
  });

const recurring = (data) =>
  list(data, "recurring", {
    label: "Sequences of pages that recur",
    text: (row) => row.path.join(" "),
    findLabel: "Find a page",
    columns: [
      path(data),
      count("n", "Times"),
      number("expected_n", "Expected", (r) => (r.expected_n === null ? "–" : decimal(r.expected_n)),
        { hint: "If each page depended on the one before it alone" }),
      lift("Times it happened over times expected"),
      count("n_sessions", "Sessions"),
      count("n_users", "Users"),
    ],
  });

export const fragile = {
  id: "fragile",
  title: "Fragile flows",
  lead: (data) => {
    const { total, reason } = data.table("fragile_flows");
    if (reason) return null;
    const all = data.doc.dataset.n_sessions;
    return `${plural(total, "session")} of ${int(all)} (${percent(total / all)}) passed two or `
      + "more chokepoints. Pages that hold one are marked ▲.";
  },
  draw: (data) => tabs("flows", "Fragile flows", [
    { id: "paths", title: "Paths", draw: () => paths(data) },
    { id: "sessions", title: "Sessions", draw: () => flows(data) },
    { id: "pairs", title: "Transition pairs", draw: () => pairs(data) },
    { id: "loops", title: "Loops", draw: () => loops(data) },
    { id: "recurring", title: "Recurring paths", draw: () => recurring(data) },
  ]),
};
