// Events per day, as months of a wall calendar.
// Here: one small real table per month (it fits a phone without scrolling), zero days outlined,
// days outside the period drawn as dots, the longest streak ringed. Not here: counting; days and
// bounds come ready from the data.

import { el, hidden, svg } from "../dom.js";
import {
  WEEKDAYS, date, dayNumber, fromDayNumber, longDate, month, plural, weekdayOf,
} from "../fmt.js";
import { legend, roving, shadeOf } from "./grid.js";

const STEPS = {
  ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7, PageUp: -28, PageDown: 28,
};

const FEW_MONTHS = 3; // so few are drawn larger

const words = (n, day) => `${plural(n, "event")}, ${longDate(day)}`;

function model({ period, calendar }) {
  const first = dayNumber(period.start);
  const last = dayNumber(period.end);
  const counts = new Map(calendar.days.map(([day, n]) => [dayNumber(day), n]));
  const run = calendar.longest_streak;
  const streak = run && run.days > 1 ? [dayNumber(run.start), dayNumber(run.end)] : [1, 0];
  return { first, last, counts, streak, levels: calendar.levels };
}

function dayCell(day, data, cells) {
  if (day < data.first || day > data.last) return el("td", { class: "cell outside" });
  const n = data.counts.get(day) ?? 0;
  const ringed = day >= data.streak[0] && day <= data.streak[1];
  const cell = el(
    "td",
    { class: ringed ? "cell streak" : "cell", "data-shade": shadeOf(n, data.levels) },
    hidden(words(n, fromDayNumber(day))),
  );
  cells.push(cell);
  return cell;
}

function monthTable(key, data, cells) {
  const from = dayNumber(`${key}-01`);
  let to = from + 27;
  while (fromDayNumber(to + 1).startsWith(key)) to += 1;
  const weeks = [];
  for (let day = from - weekdayOf(from); day <= to; day += 7) {
    const week = [0, 1, 2, 3, 4, 5, 6].map((offset) =>
      day + offset < from || day + offset > to
        ? el("td", { class: "blank" })
        : dayCell(day + offset, data, cells),
    );
    weeks.push(el("tr", {}, week));
  }
  const head = WEEKDAYS.map((name) => el("th", { scope: "col", abbr: name }, name[0]));
  return el(
    "table",
    { class: "month", role: "grid" },
    el("caption", {}, month(key)),
    el("thead", {}, el("tr", {}, head)),
    el("tbody", {}, weeks),
  );
}

function monthKeys({ first, last }) {
  const keys = new Set();
  for (let day = first; day <= last; day += 1) keys.add(fromDayNumber(day).slice(0, 7));
  return [...keys];
}

const outsideSample = () =>
  el("li", {}, el("span", { class: "cell outside", "aria-hidden": "true" }), "outside the period");

/** All days of the period with their counts, zero days included. */
export function dayRows(report) {
  const { first, last, counts } = model(report);
  const rows = [["date", "events"]];
  for (let day = first; day <= last; day += 1) {
    rows.push([fromDayNumber(day), counts.get(day) ?? 0]);
  }
  return rows;
}

export function calendarTakeaway({ calendar, evidence, period }) {
  if (calendar.days.length === 0) return "Nothing was recorded on these dates.";
  const [day, n] = calendar.days.reduce((best, entry) => (entry[1] > best[1] ? entry : best));
  return `Active on ${evidence.active_days} of ${plural(period.days, "day")}; `
    + `the busiest was ${longDate(day)} with ${plural(n, "event")}.`;
}

function streakLine({ longest_streak: run }) {
  if (!run || run.days < 2) return null;
  return el(
    "p",
    { class: "streak-line" },
    svg("svg", { class: "ring", viewBox: "0 0 16 16", "aria-hidden": "true" },
      svg("rect", { x: 2, y: 2, width: 12, height: 12, rx: 3 })),
    `Longest streak: ${plural(run.days, "day")} in a row, ${date(run.start)} to ${date(run.end)}.`,
  );
}

export function calendarFigure(report) {
  const data = model(report);
  const cells = [];
  const months = monthKeys(data).map((key) => monthTable(key, data, cells));
  const read = el("p", { class: "readout", "aria-hidden": "true" }, "Tap or point at a day to read it.");
  const root = el("div", { class: "months", "data-few": months.length <= FEW_MONTHS }, months);
  const say = (i) => {
    const day = data.first + i;
    read.textContent = words(data.counts.get(day) ?? 0, fromDayNumber(day));
  };
  const move = (i, key) => {
    if (key === "Home") return 0;
    if (key === "End") return cells.length - 1;
    return key in STEPS ? i + STEPS[key] : undefined;
  };
  roving(root, cells, 0, move, say);
  const most = Math.max(0, ...data.counts.values());
  return el(
    "figure",
    { class: "figure" },
    el("figcaption", { class: "vh" }, "Events per day. The arrow keys move from day to day."),
    root,
    read,
    streakLine(report.calendar),
    legend(data.levels, most, outsideSample()),
  );
}
