// Events per hour and weekday, on the person's own clock.
// Here: a real table of 7 x 24 cells with a bar for every hour and the total of every weekday.
// Not here: any conversion of time; the cells come counted in local time.

import { bar, el, hidden } from "../dom.js";
import { WEEKDAYS, hourRange, int, pad, plural, zone } from "../fmt.js";
import { legend, quintiles, roving, shadeOf } from "./grid.js";

const HOURS = Array.from({ length: 24 }, (_, hour) => hour);
const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -24, ArrowDown: 24 };
const sum = (numbers) => numbers.reduce((total, n) => total + n, 0);
const words = (n, weekday, hour) =>
  `${plural(n, "event")}, ${WEEKDAYS[weekday]} ${hourRange(hour)}`;

export function hourTakeaway({ hour_week: grid }) {
  if (!grid.peak) return "Nothing was recorded at any hour.";
  const { weekday, hour, n } = grid.peak;
  return `The busiest hour of the week is ${WEEKDAYS[weekday]}, ${hourRange(hour)}: `
    + `${int(n)} of ${plural(grid.n, "event")}.`;
}

export const hourRows = ({ hour_week: { counts } }) => [
  ["weekday", "hour", "events"],
  ...counts.flatMap((row, weekday) => row.map((n, hour) => [WEEKDAYS[weekday], hour, n])),
];

const hourHead = (hour) =>
  el("th", { scope: "col" }, hour % 6 === 0 ? pad(hour) : hidden(pad(hour)));

function weekdayRow(counts, weekday, levels, widest, cells) {
  const row = counts.map((n, hour) => {
    const attrs = { class: "cell", "data-shade": shadeOf(n, levels) };
    const cell = el("td", attrs, hidden(words(n, weekday, hour)));
    cells.push(cell);
    return cell;
  });
  const name = WEEKDAYS[weekday];
  const total = sum(counts);
  return el(
    "tr",
    {},
    el("th", { scope: "row", abbr: name }, name.slice(0, 3)),
    row,
    el("td", { class: "total" }, bar(total, widest), el("span", { class: "n" }, int(total))),
  );
}

function hourTotals(counts) {
  const totals = HOURS.map((hour) => sum(counts.map((row) => row[hour])));
  const most = Math.max(...totals);
  const cells = totals.map((n, hour) =>
    el(
      "td",
      { class: "upright" },
      bar(n, most),
      hidden(`${plural(n, "event")} at ${hourRange(hour)}`),
    ),
  );
  return el("tr", {}, el("th", { scope: "row" }, hidden("All days")), cells, el("td", {}));
}

export function hourFigure(report) {
  const { counts } = report.hour_week;
  const flat = counts.flat();
  const levels = quintiles(flat);
  const widest = Math.max(...counts.map(sum));
  const cells = [];
  const rows = counts.map((row, weekday) => weekdayRow(row, weekday, levels, widest, cells));
  const read = el("p", { class: "readout", "aria-hidden": "true" }, "Tap or point at an hour to read it.");
  const head = [
    el("td", {}),
    HOURS.map(hourHead),
    el("th", { scope: "col" }, hidden("All hours")),
  ];
  const grid = el(
    "table",
    { class: "hours", role: "grid" },
    el(
      "caption",
      { class: "vh" },
      "Events per hour and weekday. The arrow keys move from hour to hour.",
    ),
    el("thead", {}, el("tr", {}, head)),
    el("tbody", {}, rows),
    el("tfoot", {}, hourTotals(counts)),
  );
  const move = (i, key) => {
    if (key === "Home") return i - (i % 24);
    if (key === "End") return i - (i % 24) + 23;
    return key in STEPS ? i + STEPS[key] : undefined;
  };
  const peak = report.hour_week.peak;
  const start = peak ? peak.weekday * 24 + peak.hour : 0;
  roving(grid, cells, start, move, (i) => {
    read.textContent = words(flat[i], Math.floor(i / 24), i % 24);
  });
  cells[start].classList.toggle("peak", Boolean(peak));
  return el(
    "figure",
    { class: "figure" },
    grid,
    el("figcaption", { class: "muted" }, caption(report.user)),
    read,
    legend(levels, Math.max(0, ...flat)),
  );
}

const caption = (user) =>
  user.tz_is_known
    ? `Hours are ${zone(user)}, summer and winter time included; a bar sums its column.`
    : `Hours are ${zone(user)}; a bar sums its column.`;
