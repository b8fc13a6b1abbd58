// The big numbers.
// Here: value, unit, denominator and the definition behind a control that the keyboard reaches.
// Not here: computing any of them.

import { el, hidden } from "../dom.js";
import { int, plural, quantity } from "../fmt.js";

function tile(entry) {
  const [number, unit] = quantity(entry.value, entry.unit);
  const of = entry.of !== null && entry.value !== null ? `of ${int(entry.of)} ` : "";
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
    el(
      "details",
      { class: "define" },
      el(
        "summary",
        {},
        el("span", { "aria-hidden": "true" }, "?"),
        hidden(`What “${entry.label}” means`),
      ),
      el("p", {}, entry.definition),
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
