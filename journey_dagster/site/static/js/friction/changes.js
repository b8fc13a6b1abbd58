// Two periods side by side.
// Here: the exit rates before and after, their difference and whether it is more than chance.
// Not here: choosing the periods; the data brings them.

import { el } from "../dom.js";
import { date, int, percent, plural } from "../fmt.js";
import { column, number, only, pageAndEvent } from "./columns.js";
import { absent } from "./frame.js";
import { changeBar } from "./interval.js";
import { heldOf, listing } from "./listing.js";
import { choice, keep } from "./state.js";
import { points, signed } from "./words.js";

/** The last day before an instant: periods are half open. */
const dayBefore = (at) => new Date(Date.parse(at) - 1).toISOString().slice(0, 10);
const span = (from, until) => `${date(from)} – ${date(dayBefore(until))}`;

const side = (rate, lost, visits) => (row) => [
  el("span", {}, row[rate] === null ? "–" : percent(row[rate])),
  el("span", { class: "path" }, `${int(row[lost])} of ${int(row[visits])}`),
];

const change = (most) => (row) => {
  const { rate_change: value, change_low: low, change_high: high } = row;
  const isBounded = low !== null && high !== null;
  return [
    changeBar(value, low, high, most),
    el("span", { class: "rate-text" }, points(value)),
    isBounded && el("span", { class: "path" }, `[${signed(low)} to ${signed(high)}]`),
  ];
};

/** What of a change is certain: nothing, where its interval holds zero. */
const surely = ({ rate_change: value, change_low: low, change_high: high }) =>
  value > 0 ? Math.max(0, low ?? 0) : Math.min(0, high ?? 0);

function verdict(row) {
  if (!row.is_significant) return "within chance";
  const isWorse = row.rate_change > 0;
  const kind = isWorse ? "choking" : "natural";
  return el("span", { class: `mark ${kind}` }, isWorse ? "▲ rose" : "▼ fell");
}

const columns = (most) => [
  column("page", "Page and event", (r) => pageAndEvent(r.page, r.event), { rowHead: true }),
  only("event"),
  number("rate_before", "Before", side("rate_before", "n_lost_before", "n_visits_before")),
  only("n_visits_before"),
  number("rate_after", "After", side("rate_after", "n_lost_after", "n_visits_after")),
  only("n_visits_after"),
  number("rate_change", "Change in points", change(most), {
    order: surely,
    hint: "Sorted by the end of the interval nearest to no change",
  }),
  only("change_low"),
  only("change_high"),
  column("is_significant", "Verdict", verdict, {
    order: (row) => (row.is_significant ? surely(row) : 0),
  }),
];

function draw(data) {
  const found = data.table("changes");
  if (found.reason) return absent(found.reason);
  const { rows } = found;
  const bounds = rows.flatMap((r) => [r.rate_change, r.change_low, r.change_high]);
  const most = Math.max(0.01, ...bounds.map((value) => Math.abs(value ?? 0)));
  let onlyBeyond = choice("beyond", ["no", "yes"]) === "yes";
  const controls = (redraw) => {
    const box = el("input", { type: "checkbox", checked: onlyBeyond });
    box.addEventListener("change", () => {
      onlyBeyond = box.checked;
      keep("beyond", onlyBeyond ? "yes" : "no", "no");
      redraw();
    });
    return el("label", { class: "check" }, box, " Only what is beyond chance");
  };
  return listing(data, {
    name: "changes",
    label: "Exit rates before and after",
    rows,
    columns: columns(most),
    text: (row) => `${row.page} ${row.event}`,
    findLabel: "Find a page or event",
    keepRow: (row) => !onlyBeyond || row.is_significant,
    controls,
    note: heldOf(found, "pair"),
  });
}

export const changes = {
  id: "changes",
  title: "Before and after",
  lead: (data) => {
    const { rows, total } = data.table("changes");
    if (rows.length === 0) return null;
    const { before_from: from, after_from: middle, after_until: until } = rows[0];
    const periods = from && middle && until
      ? `${span(middle, until)} against ${span(from, middle)}: ` : "";
    const beyond = plural(data.doc.counts.n_changed, "exit rate");
    return `${periods}${beyond} of ${int(total)} changed by more than `
      + "chance explains.";
  },
  draw,
};
