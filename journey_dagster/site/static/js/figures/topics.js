// Interests, month by month.
// Here: one row of bars per topic on one common scale, labelled directly, and the same as a table.
// Not here: choosing topics; the data brings them in order.

import { el, folded, svg, table } from "../dom.js";
import { int, month, plural } from "../fmt.js";

const HUES = 6; // beyond six hues colours stop telling things apart
const HEIGHT = 34;
const STEP = 20;

/** The months of one row, `most` being the height of the whole. */
export function monthBars(topic, counts, months, most, hue) {
  const width = months.length * STEP;
  const top = counts.indexOf(Math.max(...counts));
  const shapes = counts.map((n, i) => {
    const height = n === 0 ? 0 : Math.max(2, (n / most) * (HEIGHT - 2));
    return svg("rect", { x: i * STEP + 2, y: HEIGHT - height, width: STEP - 4, height, rx: 2 });
  });
  const name = `${topic}: most in ${month(months[top], true)}, ${plural(counts[top], "event")}`;
  return svg(
    "svg",
    {
      class: "topic-bars",
      "data-hue": hue < HUES ? hue : "rest",
      role: "img",
      "aria-label": name,
      viewBox: `0 0 ${width} ${HEIGHT}`,
      preserveAspectRatio: "none",
    },
    svg("line", { x1: 0, x2: width, y1: HEIGHT, y2: HEIGHT }),
    shapes,
  );
}

function row(entry, index, months, most) {
  return el(
    "li",
    {},
    el("p", { class: "topic-name" }, el("strong", {}, entry.topic), ` ${int(entry.n)}`),
    monthBars(entry.topic, entry.by_month, months, most, index),
  );
}

export function topicsTakeaway({ topics }) {
  if (topics.top.length === 0) return "No event carries a topic.";
  const [first, second] = topics.top;
  const and = second ? `, followed by ${second.topic} with ${int(second.n)}` : "";
  return `Most often ${first.topic}, with ${plural(first.n, "event")}${and}.`;
}

export const topicRows = ({ topics }) => [
  ["topic", ...topics.months, "all"],
  ...topics.top.map((entry) => [entry.topic, ...entry.by_month, entry.n]),
];

/** The numbers of rows of bars, {name, by_month, n} each, behind a fold. */
export function monthTable(label, head, months, rows) {
  const columns = [
    { head, rowHead: true, cell: (entry) => entry.name },
    ...months.map((key, i) => ({
      head: month(key),
      numeric: true,
      cell: (entry) => int(entry.by_month[i]),
    })),
    { head: "All", numeric: true, cell: (entry) => int(entry.n) },
  ];
  return folded("Show data as table", () => table(label, columns, rows));
}

export function topicsFigure({ topics }) {
  const { months, top } = topics;
  if (top.length === 0) return el("p", { class: "muted" }, "There is nothing to draw.");
  const most = Math.max(1, ...top.flatMap((entry) => entry.by_month));
  const middle = months[Math.floor((months.length - 1) / 2)];
  const axis = [...new Set([months[0], middle, months.at(-1)])];
  return el(
    "figure",
    { class: "figure" },
    el("ul", { class: "topics" }, top.map((entry, i) => row(entry, i, months, most))),
    el(
      "p",
      { class: "axis", "aria-hidden": "true" },
      axis.map((key) => el("span", {}, month(key))),
    ),
    el(
      "figcaption",
      { class: "muted" },
      `One bar per month, all rows on one scale: the tallest is ${plural(most, "event")}. `
        + "An event with two topics counts for both.",
    ),
    monthTable(
      "Events per topic and month",
      "Topic",
      months,
      top.map(({ topic, by_month, n }) => ({ name: topic, by_month, n })),
    ),
  );
}
