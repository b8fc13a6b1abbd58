// The big numbers.
// Here: value, unit, denominator, what the number stands beside, and the definition behind a control
// that the keyboard reaches. Not here: computing any of them.

import { el, hidden } from "../dom.js";
import { int, percent, plural, quantity } from "../fmt.js";

/** "12 in the last 30 days, 8 in the 30 before: ▲ 50 %"; no change is told of nothing. */
function previously(previous) {
  if (!previous) return null;
  const { days, now, before } = previous;
  const change = before > 0 && now !== before
    ? `: ${now > before ? "▲ up" : "▼ down"} ${percent(Math.abs(now - before) / before)}`
    : "";
  return el(
    "p",
    { class: "beside" },
    `${int(now)} in the last ${plural(days, "day")} of data, ${int(before)} in the ${int(days)} before`,
    change,
  );
}

const placed = (cohort) =>
  cohort && cohort.fewer_percent > 0 &&
  el(
    "p",
    { class: "beside" },
    `More than ${int(cohort.fewer_percent)}\u00a0% of ${plural(cohort.n_others, "other person", "others")}`,
  );

function tile(entry) {
  const [number, unit] = quantity(entry.value, entry.unit);
  const of = entry.of !== null && entry.value !== null ? `of ${int(entry.of)} ` : "";
  const beside = [previously(entry.previous), placed(entry.cohort)];
  const meanings = [entry, entry.previous, entry.cohort].filter(
    (one, i) => one && (i === 0 || beside[i - 1]),
  );
  return el(
    "li",
    { class: "tile" },
    el("p", { class: "tile-label" }, entry.label),
    el(
      "p",
      { class: "tile-value" },
      el("span", { class: "big" }, number),
      " ",
      el("span", { class: "unit" }, `${of}${unit}`),
    ),
    beside,
    el(
      "details",
      { class: "define" },
      el(
        "summary",
        {},
        el("span", { "aria-hidden": "true" }, "?"),
        hidden(`What “${entry.label}” means`),
      ),
      meanings.map(({ definition }) => el("p", {}, definition)),
    ),
  );
}

export const headline = {
  id: "headline",
  title: "At a glance",
  tiers: ["T1", "T2", "T3"],
  takeaway: ({ evidence }) =>
    `${plural(evidence.n_events, "event")} in ${plural(evidence.n_sessions, "session")}, `
    + `on ${plural(evidence.active_days, "active day")}.`,
  draw: (report) => el("ul", { class: "tiles" }, report.headline.map(tile)),
};
