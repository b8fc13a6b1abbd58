// Grids of shaded cells.
// Here: the five shades and their legend, and moving through cells with the arrow keys (one tab
// stop for the whole grid). Not here: what the cells mean; calendar.js and hourweek.js know.

import { el } from "../dom.js";
import { int } from "../fmt.js";

const SHADES = 5;

/** 0 for nothing, else 1 to 5: the first shade whose upper bound is not exceeded. */
export const shadeOf = (n, levels) =>
  n === 0 ? 0 : 1 + levels.filter((bound) => n > bound).length;

/** Bounds that put about the same number of non-zero values in each shade. */
export function quintiles(values) {
  const sorted = values.filter((n) => n > 0).sort((a, b) => a - b);
  if (sorted.length === 0) return [0, 0, 0, 0];
  return [1, 2, 3, 4].map((k) => sorted[Math.ceil((sorted.length * k) / SHADES) - 1] ?? sorted[0]);
}

const swatch = (shade, text) =>
  el("li", {}, el("span", { class: "cell", "data-shade": shade, "aria-hidden": "true" }), text);

/** The shades that occur, with their bounds in numbers; equal bounds leave a shade out. */
export function legend(levels, most, ...extra) {
  const items = [swatch(0, "none")];
  let from = 1;
  [...levels, Math.max(most, levels[3])].forEach((bound, index) => {
    if (bound < from) return;
    items.push(swatch(index + 1, bound === from ? int(bound) : `${int(from)}–${int(bound)}`));
    from = bound + 1;
  });
  return el("ul", { class: "legend", "aria-label": "Events per cell" }, items, extra);
}

/**
 * Makes `cells` one tab stop. `move(index, key)` returns the index to go to, or anything out of
 * range to stay; `read(index)` is called for the cell under the focus or the pointer.
 */
export function roving(root, cells, start, move, read) {
  const index = new Map(cells.map((cell, i) => [cell, i]));
  let current = start;
  const at = (event) => index.get(event.target.closest("td"));
  cells.forEach((cell, i) => cell.setAttribute("tabindex", i === start ? "0" : "-1"));
  const settle = (i) => {
    cells[current].setAttribute("tabindex", "-1");
    cells[i].setAttribute("tabindex", "0");
    current = i;
    read(i);
  };
  root.addEventListener("keydown", (event) => {
    const from = at(event);
    const isPlain = !(event.altKey || event.ctrlKey || event.metaKey);
    const to = from !== undefined && isPlain ? move(from, event.key) : undefined;
    if (to === undefined) return;
    event.preventDefault();
    if (cells[to]) cells[to].focus();
  });
  root.addEventListener("focusin", (event) => at(event) !== undefined && settle(at(event)));
  root.addEventListener("pointerover", (event) => at(event) !== undefined && read(at(event)));
  root.addEventListener("click", (event) => cells[at(event)]?.focus());
}
