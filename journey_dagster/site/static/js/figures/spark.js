// Twelve months in the space of a word.
// Here: the sparkline of a card. Not here: its data; months without events may be missing.

import { svg } from "../dom.js";
import { month, pad, plural } from "../fmt.js";

const MONTHS = 12;
const HEIGHT = 28;
const STEP = 10;

/** The twelve months that end with `last` ("YYYY-MM"). */
function lastMonths(last) {
  const [year, number] = last.split("-").map(Number);
  return Array.from({ length: MONTHS }, (_, i) => {
    const index = year * 12 + number - 1 - (MONTHS - 1 - i);
    return `${Math.floor(index / 12)}-${pad((index % 12) + 1)}`;
  });
}

export function sparkline(months, through) {
  const counts = new Map(months);
  const keys = lastMonths(through);
  const values = keys.map((key) => counts.get(key) ?? 0);
  const most = Math.max(1, ...values);
  const total = values.reduce((sum, n) => sum + n, 0);
  const bars = values.map((n, i) => {
    const height = n === 0 ? 1 : Math.max(3, (n / most) * HEIGHT);
    return svg("rect", { x: i * STEP, y: HEIGHT - height, width: STEP - 3, height, rx: 1.5 });
  });
  const label = `${plural(total, "event")} from ${month(keys[0])} to ${month(keys.at(-1))}`;
  return svg(
    "svg",
    {
      class: "spark",
      role: "img",
      "aria-label": label,
      viewBox: `0 0 ${MONTHS * STEP - 3} ${HEIGHT}`,
      preserveAspectRatio: "none",
    },
    bars,
  );
}
