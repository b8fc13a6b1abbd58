// Two sides compared: two periods, or returning visits and first ones.
// Here: the exit rates of both, their difference and whether it is more than chance.
// Not here: choosing the sides; the data brings them.

import { el } from "../dom.js";
import { date, int, percent, plural } from "../fmt.js";
import { column, number, only, pageAndEvent } from "./columns.js";
import { absent } from "./frame.js";
import { changeBar } from "./interval.js";
import { heldOf, listing } from "./listing.js";
import { amount, choice, keep } from "../state.js";
import { points, signed } from "./words.js";

/** The last day before an instant: periods are half open. */
const dayBefore = (at) => new Date(Date.parse(at) - 1).toISOString().slice(0, 10);
const span = (from, until) => `${date(from)} – ${date(dayBefore(until))}`;

function spans(data) {
  const { against_from: from, period_from: middle, period_until: until } =
    data.table("periods").rows[0];
  if (!from || !middle || !until) return "";
  const { start } = data.doc.dataset.period;
  const late = start > from.slice(0, 10) ? ` (the data begins on ${date(start)})` : "";
  return `${span(middle, until)} against ${span(from, middle)}${late}: `;
}

// What each comparison is called, its sides, and what is said of those that differ.
const COMPARISONS = {
  periods: {
    title: (data) => {
      const days = plural(data.doc.dataset.friction_period_days, "day");
      return `The last ${days} against the ${days} before`;
    },
    label: "Exit rates before and after",
    sides: ["Before", "After"],
    verdicts: ["▲ rose", "▼ fell"],
    told: (data, n, total) => `${spans(data)}${plural(n, "exit rate")} of ${int(total)} changed by more `
      + "than chance explains.",
  },
  visitors: {
    title: () => "Returning visits against first visits",
    label: "Exit rates of first and of returning visits",
    sides: ["First visits", "Returning visits"],
    verdicts: ["▲ higher", "▼ lower"],
    told: (data, n, total) => "First visits are those in the first session that the data has of a "
      + `user. At ${int(n)} of ${plural(total, "pair")} of page and event the exit rates differ by more than chance `
      + "explains.",
  },
};

const side = (rate, lost, visits) => (row) => [
  el("span", {}, row[rate] === null ? "–" : percent(row[rate])),
  el("span", { class: "path" }, `${int(row[lost])} of ${int(row[visits])}`),
];

const difference = (most) => (row) => {
  const { rate_difference: value, difference_low: low, difference_high: high } = row;
  const isBounded = low !== null && high !== null;
  return [
    changeBar(value, low, high, most),
    el("span", { class: "rate-text" }, points(value)),
    isBounded && el("span", { class: "path" }, `[${signed(low)} to ${signed(high)}]`),
  ];
};

/** What of a difference is certain: nothing, where its interval holds zero. */
const surely = ({ rate_difference: value, difference_low: low, difference_high: high }) =>
  value > 0 ? Math.max(0, low ?? 0) : Math.min(0, high ?? 0);

const verdict = ([worse, better]) => (row) => {
  if (!row.is_significant) return "within chance";
  const isWorse = row.rate_difference > 0;
  return el("span", { class: `mark ${isWorse ? "choking" : "natural"}` }, isWorse ? worse : better);
};

const columns = ({ sides: [against, one], verdicts }, most) => [
  column("page", "Page and event", (r) => pageAndEvent(r.page, r.event), { rowHead: true }),
  only("event"),
  number("rate_against", against, side("rate_against", "n_lost_against", "n_visits_against")),
  only("n_lost_against"),
  only("n_visits_against"),
  number("rate", one, side("rate", "n_lost", "n_visits")),
  only("n_lost"),
  only("n_visits"),
  number("rate_difference", "Difference in points", difference(most), {
    order: surely,
    hint: "Sorted by the end of the interval nearest to no difference",
  }),
  only("difference_low"),
  only("difference_high"),
  column("is_significant", "Verdict", verdict(verdicts), {
    order: (row) => (row.is_significant ? surely(row) : 0),
  }),
];

const fewer = (row) => Math.min(row.n_visits, row.n_visits_against);

function table(data, id) {
  const found = data.table(id);
  const { rows } = found;
  const words = COMPARISONS[id];
  const bounds = rows.flatMap((r) => [r.rate_difference, r.difference_low, r.difference_high]);
  const widest = Math.max(0.01, ...bounds.map((value) => Math.abs(value ?? 0)));
  const most = Math.max(...rows.map(fewer));
  const usual = Math.min(data.doc.dataset.min_support, most);
  let least = Math.round(amount(`${id}.min`, usual, 1, most));
  let onlyBeyond = choice("beyond", ["no", "yes"]) === "yes";
  const controls = (redraw) => {
    const field = el("input", { type: "number", min: 1, max: most, step: 1, value: least });
    field.addEventListener("input", () => {
      const value = Math.round(Number(field.value));
      if (!Number.isFinite(value) || value < 1) return;
      least = value;
      keep(`${id}.min`, least, usual);
      redraw();
    });
    const box = el("input", { type: "checkbox", checked: onlyBeyond });
    box.addEventListener("change", () => {
      onlyBeyond = box.checked;
      keep("beyond", onlyBeyond ? "yes" : "no", "no");
      redraw();
    });
    return [
      el("label", { class: "field" }, el("span", {}, "Least n on each side"), field),
      el("label", { class: "check" }, box, " Only what is beyond chance"),
    ];
  };
  const hidden = () => {
    const few = rows.filter((row) => fewer(row) < least).length;
    return `${int(few)} of ${plural(rows.length, "row")} hidden: fewer than ${int(least)} visits `
      + "on a side";
  };
  return listing(data, {
    name: id,
    label: words.label,
    rows,
    columns: columns(words, widest),
    text: (row) => `${row.page} ${row.event}`,
    findLabel: "Find a page or event",
    keepRow: (row) => fewer(row) >= least && (!onlyBeyond || row.is_significant),
    controls,
    told: hidden,
    note: heldOf(found, "pair"),
  });
}

/** The chosen comparison, or why it cannot be made. */
function view(data, id) {
  const { reason, total } = data.table(id);
  if (reason) return [absent(reason)];
  const n = data.doc.counts.n_significant[id];
  const told = el("p", { class: "takeaway" }, COMPARISONS[id].told(data, n, total));
  return [el("div", { class: "full-head" }, told), table(data, id)];
}

function draw(data) {
  const ids = Object.keys(COMPARISONS);
  let which = choice("compare", ids);
  const place = el("div", {});
  const option = (id) =>
    el("option", { value: id, selected: id === which }, COMPARISONS[id].title(data));
  const select = el("select", {}, ids.map(option));
  const show = () => place.replaceChildren(...view(data, which));
  select.addEventListener("change", () => {
    which = select.value;
    keep("compare", which, ids[0]);
    show();
  });
  show();
  return el("div", {},
    el("div", { class: "controls" },
      el("label", { class: "field" }, el("span", {}, "Compare"), select)),
    place);
}

export const comparisons = { id: "comparisons", title: "Comparisons", draw };
