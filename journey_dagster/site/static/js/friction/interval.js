// A rate as a bar, and how sure it is as a whisker.
// Here: two small drawings on one scale per table. Not here: the numbers in words, which always
// stand beside the drawing, so that it is hidden from those who do not see it.

import { svg } from "../dom.js";

const WIDTH = 100;
const HEIGHT = 14;

const frame = (...shapes) =>
  svg(
    "svg",
    {
      class: "interval",
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      preserveAspectRatio: "none",
      "aria-hidden": "true",
      focusable: "false",
    },
    shapes,
  );

const block = (kind, from, to) =>
  svg("rect", { class: kind, x: from, y: 2, width: to - from, height: HEIGHT - 4 });

const mark = (x) => svg("line", { class: "usual", x1: x, x2: x, y1: 0, y2: HEIGHT });

const whisker = (from, to) => [
  svg("line", { class: "whisker", x1: from, x2: to, y1: HEIGHT / 2, y2: HEIGHT / 2 }),
  svg("line", { class: "whisker", x1: from, x2: from, y1: 3, y2: HEIGHT - 3 }),
  svg("line", { class: "whisker", x1: to, x2: to, y1: 3, y2: HEIGHT - 3 }),
];

/** A rate from 0 to 1; `usual` draws a line where the usual rate is. */
export function rateBar(value, low, high, usual = null) {
  const at = (share) => share * WIDTH;
  return frame(
    block("ground", 0, WIDTH),
    block("rate", 0, at(value)),
    usual !== null && mark(at(usual)),
    low !== null && high !== null && whisker(at(low), at(high)),
  );
}

/** A difference from -most to +most, from a line in the middle. */
export function changeBar(value, low, high, most) {
  const at = (change) => WIDTH / 2 + (change / most) * (WIDTH / 2);
  const [from, to] = value < 0 ? [at(value), at(0)] : [at(0), at(value)];
  return frame(
    block("ground", 0, WIDTH),
    block(value > 0 ? "rate worse" : "rate better", from, to),
    mark(at(0)),
    low !== null && high !== null && whisker(at(low), at(high)),
  );
}
