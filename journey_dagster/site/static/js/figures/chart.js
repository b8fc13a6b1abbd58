// A chart of the report's own numbers.
// Here: lines or bars from the data of a Chart.js configuration, with scale, axis and names; what
// it cannot draw rightly it refuses. Not here: Chart.js itself (nothing is fetched), the sentence
// and the table (sections/charts.js).

import { el, svg } from "../dom.js";
import { WEEKDAYS, int, month, plural } from "../fmt.js";

const MAX_SERIES = 4; // more lines than that cannot be told apart
const FEW = 4; // so many labels of months or hours fit a phone
const ENDS = [1, 2, 3, 4, 5, 6, 8, 10];

function checked({ type, data: { labels, datasets } }) {
  const isWhole = ({ data }) =>
    data.length === labels.length && data.every((n) => Number.isFinite(n) && n >= 0);
  const isDrawable = ["line", "bar"].includes(type) && labels.length > 0
    && datasets.length > 0 && datasets.length <= MAX_SERIES && datasets.every(isWhole);
  if (!isDrawable) throw new Error("a kind, a number of series or a value that is not drawn");
  return { type, labels, datasets };
}

/** A round number for the scale to end at, no less than `most`. */
function endOf(most) {
  const unit = 10 ** Math.floor(Math.log10(Math.max(1, most)));
  return ENDS.map((times) => times * unit).find((end) => end >= most);
}

const shortLabel = (label) => (WEEKDAYS.includes(label) ? label.slice(0, 3) : month(label));

/** One label per place, most of them blank where all would not fit. */
function ticks(labels) {
  const every = labels.every((label) => WEEKDAYS.includes(label))
    ? 1
    : Math.ceil(labels.length / FEW);
  return labels.map((label, i) => el("span", {}, i % every === 0 && shortLabel(label)));
}

const MARKS = {
  line: ({ data }, end) => {
    const points = data.map((n, i) => `${i + 0.5} ${end - n}`);
    return [
      svg("path", { class: "line", d: `M${points.join("L")}` }),
      svg("path", { class: "points", d: points.map((point) => `M${point}h0`).join("") }),
    ];
  },
  bar: ({ data }, end) =>
    data.map((n, i) => svg("rect", { x: i + 0.15, y: end - n, width: 0.7, height: n })),
};

const KEYS = {
  line: { width: 32, d: "M1 6h30" },
  bar: { width: 12, d: "M6 0v12" },
};

function name(type, hue, label) {
  const { width, d } = KEYS[type];
  const size = { width, height: 12, viewBox: `0 0 ${width} 12` };
  return el(
    "li",
    {},
    svg(
      "svg",
      { class: "key", "data-hue": hue, "aria-hidden": "true", ...size },
      svg("path", { class: type, d }),
    ),
    label,
  );
}

function summary({ label, data }, labels) {
  const most = Math.max(...data);
  return `${label}: most in ${month(labels[data.indexOf(most)], true)}, ${plural(most, "event")}`;
}

/** One place of the axis is one unit wide and one event one unit high; the drawing is stretched. */
function plot(series, { type, labels, datasets }, end) {
  const scale = [end, end / 2, 0].filter(Number.isInteger);
  return el(
    "div",
    { class: "plot" },
    el("ul", { class: "legend" }, series.map((one) => name(type, datasets.indexOf(one), one.label))),
    el("p", { class: "scale", "aria-hidden": "true" }, scale.map((n) => el("span", {}, int(n)))),
    svg(
      "svg",
      {
        class: "drawn",
        role: "img",
        "aria-label": series.map((one) => summary(one, labels)).join("; "),
        viewBox: `0 0 ${labels.length} ${end}`,
        preserveAspectRatio: "none",
      },
      scale.map((n) => svg("path", { class: "level", d: `M0 ${end - n}h${labels.length}` })),
      series.map((one) => svg("g", { "data-hue": datasets.indexOf(one) }, MARKS[type](one, end))),
    ),
    el("p", { class: "ticks", "aria-hidden": "true" }, ticks(labels)),
  );
}

/** Lines share a plot; bars of several series stand one below the other, on one scale. */
export function chart(config) {
  const parts = checked(config);
  const end = endOf(Math.max(...parts.datasets.flatMap(({ data }) => data)));
  const plots = parts.type === "line" ? [parts.datasets] : parts.datasets.map((one) => [one]);
  return el("div", { class: "plots" }, plots.map((series) => plot(series, parts, end)));
}
