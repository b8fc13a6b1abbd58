// How far users get, and whether they come back.
// Here: funnels as bars, and the triangle of weekly retention. Not here: counting either.

import { csvButton } from "../csv.js";
import { bar, el, hidden, scroller, table } from "../dom.js";
import { date, int, plural } from "../fmt.js";
import { absent } from "./frame.js";
import { choice, keep } from "../state.js";
import { rate, seconds } from "./words.js";

function grouped(rows, key) {
  const groups = new Map();
  for (const row of rows) groups.set(row[key], [...(groups.get(row[key]) ?? []), row]);
  return groups;
}

/** The rows as CSV, by the names of some of their columns. */
const csvOf = (rows, names) => [names, ...rows.map((row) => names.map((name) => row[name]))];

/** A rate of a step with its interval, and the users it is of. */
const share = (name, whole) => (row) => {
  if (row[name] === null) return "–";
  const of = row[whole] === null ? null : `${int(row.n_reached)} of ${int(row[whole])}`;
  return [
    el("span", {}, rate(row[name], row[`${name}_low`], row[`${name}_high`])),
    el("span", { class: "path" }, of),
  ];
};

const known = (n) => (n === null ? "–" : int(n));

const windowOf = ({ window_hours: hours }) =>
  hours !== null && el("span", { class: "path" }, `within ${seconds(hours * 3600)}`);

const funnel = ([name, rows]) =>
  el(
    "div",
    { class: "funnel" },
    el("h3", {}, el("bdi", {}, name), windowOf(rows[0])),
    table(`Funnel ${name}`, [
      {
        head: "Step",
        rowHead: true,
        cell: (r) => [el("bdi", {}, r.step), bar(r.n_reached, rows[0].n_reached)],
      },
      { head: "Users", numeric: true, cell: (r) => int(r.n_reached) },
      { head: "Of the step before", numeric: true, cell: share("previous_rate", "n_previous") },
      { head: "Of the start", numeric: true, cell: share("start_rate", "n_users_started") },
      { head: "In progress", numeric: true, cell: (r) => known(r.n_in_progress) },
      { head: "Median time", numeric: true, cell: (r) => seconds(r.median_seconds) },
      { head: "In any order", numeric: true, cell: (r) => known(r.reached_any_order) },
    ], rows, { class: "ranked" }),
  );

const FUNNEL_CSV = [
  "funnel", "step_no", "step", "n_users_started", "n_reached", "n_in_progress", "previous_rate",
  "start_rate", "start_rate_low", "start_rate_high", "median_seconds", "reached_any_order",
];

export const funnels = {
  id: "funnels",
  title: "Funnels",
  lead: () =>
    "Users who took the steps in order and in time. Whoever still has time is in progress, and in "
      + "no rate.",
  draw: (data) => {
    const { rows, reason } = data.table("funnels");
    if (reason) return absent(reason);
    return el(
      "div",
      {},
      [...grouped(rows, "funnel")].map(funnel),
      el("div", { class: "tools" }, csvButton(data.file("funnels"), () => csvOf(rows, FUNNEL_CSV))),
    );
  },
};

const READINGS = {
  on: { title: "In that week", n: "n_retained", rate: "rate" },
  later: { title: "In that week or later", n: "n_retained_or_later", rate: "rate_or_later" },
};

function cell(row, reading) {
  if (!row) return el("td", {});
  const [value, n] = [row[reading.rate], row[reading.n]];
  const told = n === null ? "not known" : `${int(n)} of ${int(row.n_users)}`;
  const node = el(
    "td",
    {
      class: `share${row.is_finished ? "" : " unfinished"}`,
      title: row.is_finished ? told : `${told}; the week is not over for all`,
    },
    row.is_finished ? null : hidden("unfinished: "),
    value === null ? "–" : Math.round(value * 100),
  );
  node.style.setProperty("--part", String(value ?? 0));
  return node;
}

function line(title, rows, weeks, reading) {
  const byWeek = new Map(rows.map((row) => [row.week_no, row]));
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, title),
    el("td", { class: "num" }, known(byWeek.get(0)?.n_users ?? null)),
    weeks.map((no) => cell(byWeek.get(no), reading)),
  );
}

function triangle(rows, reading) {
  const weeks = [...new Set(rows.map((row) => row.week_no))].sort((a, b) => a - b);
  const groups = grouped(rows, "cohort_week");
  const averages = groups.get(null);
  const cohorts = [...groups.keys()].filter((week) => week !== null).sort();
  const heads = [
    el("th", { scope: "col" }, "First week"),
    el("th", { scope: "col", class: "num" }, "Users"),
    weeks.map((no) => el("th", { scope: "col" }, `+${no}`)),
  ];
  return el(
    "table",
    { class: "triangle" },
    el("caption", { class: "vh" }, `Users who came back, in per cent: ${reading.title}`),
    el("thead", {}, el("tr", {}, heads)),
    el("tbody", {}, cohorts.map((week) => line(date(week), groups.get(week), weeks, reading))),
    averages && el("tfoot", {}, line("All, weighted", averages, weeks, reading)),
  );
}

const RETENTION_CSV = [
  "cohort_week", "week_no", "n_users", "n_retained", "rate", "low", "high", "n_retained_or_later",
  "rate_or_later", "low_or_later", "high_or_later", "is_finished",
];

function drawRetention(data) {
  const { rows, reason } = data.table("retention");
  if (reason) return absent(reason);
  const ids = Object.keys(READINGS);
  let which = choice("reading", ids);
  const place = el("div", {});
  const draw = () =>
    place.replaceChildren(scroller("Retention by week", triangle(rows, READINGS[which])));
  const radio = (id) =>
    el(
      "label",
      {},
      el("input", { type: "radio", name: "reading", value: id, checked: id === which }),
      el("span", {}, READINGS[id].title),
    );
  const radios = el(
    "fieldset",
    { class: "switch" },
    el("legend", {}, "Count a user who came"),
    ids.map(radio),
  );
  radios.addEventListener("change", (event) => {
    which = event.target.value;
    keep("reading", which, ids[0]);
    draw();
  });
  draw();
  return el(
    "figure",
    { class: "figure" },
    el("div", { class: "controls" }, radios),
    place,
    el("figcaption", { class: "muted" },
      "Per cent of the users of each row, by weeks since their first. A hatched week is not over "
        + "for all of them and is in no average."),
    el("div", { class: "tools" },
      csvButton(data.file("retention"), () => csvOf(rows, RETENTION_CSV))),
  );
}

export const retention = {
  id: "retention",
  title: "Who comes back",
  lead: (data) => {
    const { rows } = data.table("retention");
    const average = rows.find((row) => row.cohort_week === null && row.week_no === 1);
    if (!average) return null;
    const { n_retained: n, n_users: all } = average;
    return `A week after their first, ${int(n)} of ${plural(all, "user")} came back `
      + `(${rate(average.rate, average.low, average.high)}).`;
  },
  draw: drawRetention,
};
