// Where sessions end that were meant to go on.
// Here: the table of pages and events, its least number of visits, and its marks.
// Not here: the ranking and the tests; the data brings them.

import { el } from "../dom.js";
import { int, percent, plural } from "../fmt.js";
import { column, count, number, only, pageAndEvent } from "./columns.js";
import { sessionCount, userCount } from "./drill.js";
import { absent } from "./frame.js";
import { rateBar } from "./interval.js";
import { heldOf, listing } from "./listing.js";
import { amount, choice, keep } from "../state.js";
import { measure, pageName, points, rate } from "./words.js";

const LEAST = 30; // visits; fewer only where a chokepoint has fewer

const chip = (kind, sign, text, title) =>
  el(
    "span",
    { class: `mark ${kind}`, title },
    el("span", { "aria-hidden": "true" }, sign),
    ` ${text}`,
  );

function marks(row) {
  const p = row.p_adjusted;
  const test = p === null ? null : `p = ${measure(p)}, corrected for all pairs tested`;
  return el(
    "span",
    { class: "marks" },
    row.is_chokepoint && chip("choking", "▲", "Chokepoint", test),
    row.is_natural_exit && chip("natural", "✓", "Natural exit"),
    !row.has_support && chip("few", "·", "Few visits"),
  );
}

const name = (row) => [pageAndEvent(row.page, row.event), marks(row)];

const lost = (data) => (row) => {
  const { n_sessions_lost: n, n_users_lost: users, sessions } = row;
  const where = `lost at “${row.event}” on ${row.page}`;
  return [
    sessionCount(data, n, sessions, `Sessions ${where}`),
    users !== null && el(
      "span",
      { class: "path" },
      "of ",
      userCount(data, users, sessions, `Users ${where}`),
      users === 1 ? " user" : " users",
    ),
  ];
};

const exitRate = (row) => [
  rateBar(row.exit_rate, row.exit_rate_low, row.exit_rate_high, row.baseline_exit_rate),
  el("span", { class: "rate-text" }, rate(row.exit_rate, row.exit_rate_low, row.exit_rate_high)),
];

function score(row) {
  if (row.telomesh_score === null) return "–";
  return [
    el("span", {}, measure(row.telomesh_score)),
    el("span", { class: "path" }, `${percent(row.exit_rate)} × ${measure(row.betweenness)}`),
  ];
}

function trend(row) {
  if (row.rate_change === null) return "–";
  const sign = row.rate_change > 0 ? "▲" : row.rate_change < 0 ? "▼" : "";
  return [
    el("span", {}, el("span", { "aria-hidden": "true" }, `${sign} `), points(row.rate_change)),
    el("span", { class: "path" }, row.is_significant ? "beyond chance" : "within chance"),
    el("span", { class: "path" }, `n = ${int(row.n_visits_before)} → ${int(row.n_visits_after)}`),
  ];
}

const onward = (row) =>
  el("ul", { class: "onward" }, row.next.map(({ page, n }) =>
    el("li", {}, el("span", { class: "n" }, int(n)), pageName(page))));

const columns = (data) => [
  number("friction_rank", "Rank", (row) => row.friction_rank ?? "–", {
    rises: true,
    hint: "By expected loss",
  }),
  column("page", "Page and event", name, { rowHead: true }),
  only("event"),
  count("n_visits", "Visits (n)"),
  number("n_sessions_lost", "Sessions lost", lost(data)),
  only("n_users_lost"),
  number("exit_rate", "Exit rate", exitRate, {
    order: (row) => row.exit_rate_low,
    hint: "Sorted by the lower end of the interval",
  }),
  only("exit_rate_low"),
  only("exit_rate_high"),
  only("baseline_exit_rate"),
  number("n_expected_lost", "Expected loss", (row) => measure(row.n_expected_lost), {
    hint: "Sessions lost beyond the usual rate, at the least",
  }),
  number("telomesh_score", "Friction score", score, {
    hint: "Exit rate × betweenness; effort is 1 for all",
  }),
  only("betweenness"),
  number("rate_change", "Change", trend, { hint: "Against the period before" }),
  column("next", "Goes on to", onward, {
    value: (row) => row.next.map(({ page, n }) => `${page} (${n})`).join(" > "),
  }),
  only("is_chokepoint"),
  only("is_natural_exit"),
];

/** What the least number of visits and the natural exits hide. */
function hiddenOf(rows, least, hasNatural) {
  const few = rows.filter((row) => row.n_visits < least).length;
  const natural = rows.filter((row) => row.n_visits >= least && row.is_natural_exit).length;
  const told = `${int(few)} of ${plural(rows.length, "row")} hidden: fewer than ${int(least)} visits`;
  return hasNatural || natural === 0 ? told : `${told}, ${plural(natural, "natural exit")} hidden`;
}

function draw(data) {
  const table = data.table("chokepoints");
  if (table.reason) return absent(table.reason);
  const choking = table.rows.filter((row) => row.is_chokepoint);
  const usual = Math.min(LEAST, ...choking.map((row) => row.n_visits));
  const most = Math.max(...table.rows.map((row) => row.n_visits));
  let least = Math.round(amount("min", usual, 1, most));
  let hasNatural = choice("exits", ["shown", "hidden"]) === "shown";
  const controls = (redraw) => {
    const field = el("input", { type: "number", min: 1, max: most, step: 1, value: least });
    field.addEventListener("input", () => {
      const value = Math.round(Number(field.value));
      if (!Number.isFinite(value) || value < 1) return;
      least = value;
      keep("min", least, usual);
      redraw();
    });
    const box = el("input", { type: "checkbox", checked: hasNatural });
    box.addEventListener("change", () => {
      hasNatural = box.checked;
      keep("exits", hasNatural ? "shown" : "hidden", "shown");
      redraw();
    });
    return [
      el("label", { class: "field" }, el("span", {}, "Least visits (n)"), field),
      el("label", { class: "check" }, box, " Show natural exits"),
    ];
  };
  return listing(data, {
    name: "chokepoints",
    label: "Pages and events by friction",
    columns: columns(data),
    rows: table.rows,
    by: "friction_rank",
    text: (row) => `${row.page} ${row.event}`,
    findLabel: "Find a page or event",
    keepRow: (row) => row.n_visits >= least && (hasNatural || !row.is_natural_exit),
    controls,
    told: () => hiddenOf(table.rows, least, hasNatural),
    note: heldOf(table),
    rowAttrs: (row) => ({ class: row.is_chokepoint ? "choking" : null }),
  });
}

const scoreWords = ({ doc: { graph } }) =>
  graph.degenerate_reason
    ? `There is no friction score: ${graph.degenerate_reason}`
    : "The friction score is exit rate × betweenness, with an effort of 1 for all.";

export const chokepoints = {
  id: "chokepoints",
  title: "Chokepoints",
  lead: (data) => {
    const { total } = data.table("chokepoints");
    const { n_chokepoints: n, n_ranked: ranked } = data.doc.counts;
    return `${plural(n, "chokepoint")} among ${plural(total, "pair")} of page and event; `
      + `${int(ranked)} have the ${int(data.doc.dataset.min_support)} visits to be ranked. Ranked `
      + "by expected loss: the lower end of the exit rate, less the usual rate (the line in each "
      + `bar), times the visits. ${scoreWords(data)}`;
  },
  draw,
};
