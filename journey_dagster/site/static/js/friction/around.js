// What comes before a page and what comes after it.
// Here: a table of shares around one page, which the reader chooses. Not here: counting.

import { csvButton } from "../csv.js";
import { el, hidden, scroller } from "../dom.js";
import { int, percent, plural } from "../fmt.js";
import { absent } from "./frame.js";
import { chosen, keep } from "../state.js";
import { pageName } from "./words.js";

const ENDS = ["(other)", "(entry)", "(exit)"];
const REACH = 3;
const headOf = (distance) =>
  distance === 0 ? "the page" : `${Math.abs(distance)} ${distance < 0 ? "before" : "after"}`;

/** Pages of any column, the busiest first, and after them those that are no page. */
function rowsOf(columns) {
  const sums = new Map();
  for (const column of columns.toSpliced(REACH, 1)) {
    for (const [page, n] of column) sums.set(page, (sums.get(page) ?? 0) + n);
  }
  const place = (page) => ENDS.indexOf(page);
  return [...sums.keys()].sort((a, b) =>
    place(a) - place(b) || sums.get(b) - sums.get(a) || (a < b ? -1 : 1));
}

function cell(n, all, page, distance) {
  if (!n) return el("td", { class: "share none" }, "·");
  const told = `${plural(n, "session")}, ${percent(n / all)}`;
  const node = el(
    "td",
    { class: `share${page === "(exit)" ? " leaving" : ""}`, title: told },
    el("span", { "aria-hidden": "true" }, n / all < 0.005 ? "<1" : Math.round((n / all) * 100)),
    hidden(`${told}, ${headOf(distance)}`),
  );
  node.style.setProperty("--part", String(n / all));
  return node;
}

const sumOf = (column) => [...column.values()].reduce((sum, n) => sum + n, 0);

function grid({ name, n: all, columns }) {
  const distances = columns.map((_, i) => i - REACH);
  const pages = rowsOf(columns);
  const middle = el("td", { class: "middle", rowspan: pages.length }, plural(all, "session"));
  const head = (distance) =>
    el("th", { scope: "col" }, distance === 0 ? pageName(name) : headOf(distance));
  const line = (page, i) =>
    el(
      "tr",
      { class: ENDS.includes(page) && "edge" },
      el("th", { scope: "row" }, pageName(page)),
      distances.map((distance) =>
        distance === 0
          ? i === 0 && middle
          : cell(columns[distance + REACH].get(page), all, page, distance)),
    );
  const foot = (distance) =>
    el("td", {}, distance === 0 ? "" : int(sumOf(columns[distance + REACH])));
  return el(
    "table",
    { class: "matrix around" },
    el("caption", { class: "vh" }, `Sessions before and after ${name}, in per cent`),
    el("thead", {}, el("tr", {}, el("td", {}), distances.map(head))),
    el("tbody", {}, pages.map(line)),
    el("tfoot", {}, el("tr", {}, el("th", { scope: "row" }, "n"), distances.map(foot))),
  );
}

/** The anchors with the names of their pages. */
const opened = (data) =>
  data.doc.around.anchors.map(({ page, n_sessions: n, columns }) => ({
    name: data.page(page),
    n,
    columns: columns.map((column) =>
      new Map(column.map(([place, count]) => [data.page(place), count]))),
  }));

export function drawAround(data) {
  const { around } = data.doc;
  if (around.reason) return absent(around.reason);
  const anchors = opened(data);
  const first = anchors[0].name;
  const wanted = chosen("around", first);
  let anchor = anchors.find(({ name }) => name === wanted) ?? anchors[0];
  const place = el("div", {});
  const draw = () => place.replaceChildren(scroller("Before and after a page", grid(anchor)));
  const select = el("select", {}, anchors.map(({ name }) =>
    el("option", { value: name, selected: name === anchor.name }, name)));
  select.addEventListener("change", () => {
    anchor = anchors.find(({ name }) => name === select.value);
    keep("around", anchor.name, first);
    draw();
  });
  draw();
  const csv = () => [
    ["page", ...anchor.columns.map((_, i) => i - REACH)],
    ...[...new Set([anchor.name, ...rowsOf(anchor.columns)])].map((page) =>
      [page, ...anchor.columns.map((column) => column.get(page) ?? 0)]),
  ];
  return el(
    "figure",
    { class: "figure" },
    el("div", { class: "controls" },
      el("label", { class: "field grow" }, el("span", {}, "Page in the middle"), select)),
    place,
    el("figcaption", { class: "muted" },
      "Per cent of the sessions that came to the page, counted from the first time they did; every "
        + "column adds up to them. (entry): the session had not begun. (exit): it had ended."),
    el("div", { class: "tools" }, csvButton(data.file("around"), csv)),
  );
}
