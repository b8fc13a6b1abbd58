// How the friction page writes its numbers, pages and paths.
// Here: pure functions to text, and the few elements that stand for a page or a path.
// Not here: tables and figures.

import { el, hidden } from "../dom.js";
import { decimal, int, percent, plural } from "../fmt.js";

const whole = (share) => {
  const value = share * 100;
  return value < 10 && value > 0 ? decimal(value) : int(value);
};

/** "66 % [54–76 %]"; a rate without an interval, or with one of no width, stands alone. */
export function rate(value, low, high) {
  if (value === null) return "not known";
  const isSure = low === null || high === null || low === high;
  const interval = isSure ? "" : ` [${whole(low)}–${whole(high)}\u00a0%]`;
  return `${percent(value)}${interval}`;
}

/** A difference of rates in percentage points: "+3.1". */
export function signed(change) {
  const sign = change > 0 ? "+" : change < 0 ? "−" : "±";
  return `${sign}${(Math.abs(change) * 100).toFixed(1)}`;
}

export const points = (change) => `${signed(change)}\u00a0points`;

/** A measure to two significant digits; never in powers of ten. */
export function measure(value) {
  if (value === null) return "–";
  const size = Math.abs(value);
  const digits = size > 0 && size < 1 ? 1 - Math.floor(Math.log10(size)) : 1;
  const text = size >= 10 ? int(size) : String(Number(size.toPrecision(2)));
  const plain = text.includes("e") ? size.toFixed(Math.min(digits, 9)) : text;
  return value < 0 ? `−${plain}` : plain;
}

export function seconds(value) {
  if (value === null) return "–";
  if (value < 60) return `${decimal(value)}\u00a0s`;
  if (value < 3600) return `${decimal(value / 60)}\u00a0min`;
  if (value < 172_800) return `${decimal(value / 3600)}\u00a0h`;
  return `${decimal(value / 86_400)}\u00a0days`;
}

/** How much of a total is listed: "The first 10 of 44 sessions". */
export const firstOf = (shown, total, one) =>
  shown < total ? `The first ${int(shown)} of ${plural(total, one)}` : plural(total, one);

/** A long name with its middle left out, for where there is no room. */
export const short = (name, room) =>
  name.length <= room
    ? name
    : `${name.slice(0, Math.ceil(room / 2) - 1)}…${name.slice(-Math.floor(room / 2))}`;

/** A page's name, kept apart from the direction of the text around it. */
export const pageName = (name) => el("bdi", { class: "page", title: name }, name);

/** A path as pages with arrows between them; pages that hold a chokepoint are marked. */
export function pathOf(data, path, total = path.length) {
  const stops = [];
  for (const page of path) {
    const last = stops.at(-1);
    if (last?.page === page) last.n += 1;
    else stops.push({ page, n: 1 });
  }
  const stop = ({ page, n }) =>
    el(
      "li",
      { class: data.isChoking(page) ? "stop choking" : "stop" },
      data.isChoking(page) && [el("span", { "aria-hidden": "true" }, "▲ "), hidden("chokepoint ")],
      pageName(page),
      n > 1 && el("span", { class: "times" }, ` ×${n}`),
    );
  const rest = total - path.length;
  return el(
    "ol",
    { class: "path-list" },
    stops.map(stop),
    rest > 0 && el("li", { class: "stop" }, `… ${plural(rest, "more step")}`),
  );
}
