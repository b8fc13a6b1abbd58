// Which page follows which, as a table.
// Here: a real table of shares with the arrow keys to walk it, and its three orders.
// Not here: choosing the pages; the data brings at most 25, and (other) for the rest.

import { csvButton } from "../csv.js";
import { el, hidden, scroller } from "../dom.js";
import { roving } from "../figures/grid.js";
import { int, percent, plural } from "../fmt.js";
import { absent } from "./frame.js";
import { choice, keep } from "../state.js";
import { pageName, short } from "./words.js";

const sum = (numbers) => numbers.reduce((total, n) => total + n, 0);
const ORDERS = { friction: "Friction", volume: "Visits", centrality: "Centrality" };
const PLACES = { "(entry)": -1, "(other)": 1, "(exit)": 2 };
const placeOf = (name) => PLACES[name] ?? 0;

/** What pages are ordered by, the smallest first. */
function weights(data, order) {
  const { nodes } = data.doc.graph;
  const of = (value) => new Map(nodes.map((node) => [data.page(node.page), value(node)]));
  if (order === "volume") return of((node) => -node.n_visits);
  if (order === "centrality") return of((node) => -(node.betweenness ?? -1));
  const ranks = new Map();
  for (const { page, friction_rank: rank } of data.table("chokepoints").rows) {
    if (rank !== null && !ranks.has(page)) ranks.set(page, rank);
  }
  return ranks;
}

/** The pages in an order; (entry), (other) and (exit) keep their places, and so do equals. */
function ordered(data, places, order) {
  const weight = weights(data, order);
  const last = Number.MAX_SAFE_INTEGER;
  return places
    .map((place, index) => ({ name: data.page(place), index }))
    .sort((a, b) =>
      placeOf(a.name) - placeOf(b.name)
      || (weight.get(a.name) ?? last) - (weight.get(b.name) ?? last)
      || a.index - b.index);
}

function ending(from, to) {
  if (to === "(exit)") return from === "(entry)" ? "ended at once" : "ended the session";
  if (to === "(other)") return "went to another page";
  if (from === "(entry)") return `began on ${to}`;
  return to === from ? "stayed on it" : `went on to ${to}`;
}

function said(from, to, n, all) {
  const whole = from === "(entry)" ? plural(all, "session") : `${plural(all, "visit")} to ${from}`;
  return `Of ${whole}, ${int(n)} ${ending(from, to)}${all ? ` (${percent(n / all)})` : ""}`;
}

function cellOf(to, n, all, words) {
  const share = all > 0 ? n / all : 0;
  const kind = `share${to === "(exit)" ? " leaving" : ""}${n === 0 ? " none" : ""}`;
  const text = share < 0.005 ? "<1" : Math.round(share * 100);
  const cell = el(
    "td",
    { class: kind },
    el("span", { "aria-hidden": "true" }, n === 0 ? "·" : text),
    hidden(words),
  );
  cell.style.setProperty("--part", String(share));
  return cell;
}

/** The rows and columns in an order, each row with what its cells say. */
function arranged(data, order) {
  const { from, to, counts } = data.doc.matrix;
  const targets = ordered(data, to, order);
  const lines = ordered(data, from, order).map(({ name, index }) => {
    const row = targets.map((target) => counts[index][target.index]);
    const all = sum(row);
    return { name, row, all, words: row.map((n, i) => said(name, targets[i].name, n, all)) };
  });
  return { targets: targets.map(({ name }) => name), lines };
}

const columnHead = (name) =>
  el(
    "th",
    { scope: "col" },
    el("span", { class: "upright-name", title: name }, el("bdi", {}, short(name, 24))),
  );

const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

/** Where a key leads from a cell; none, or out of range, is nowhere. */
const mover = (wide) => (i, key) => {
  const column = i % wide;
  if (key === "Home") return i - column;
  if (key === "End") return i - column + wide - 1;
  if (!(key in STEPS)) return undefined;
  const [down, right] = STEPS[key];
  return column + right < 0 || column + right >= wide ? i : i + down * wide + right;
};

function grid({ targets, lines }) {
  const cells = lines.map(({ row, all, words }) =>
    row.map((n, i) => cellOf(targets[i], n, all, words[i])));
  const line = ({ name, all }, i) =>
    el(
      "tr",
      { class: placeOf(name) !== 0 && "edge" },
      el("th", { scope: "row" }, pageName(name)),
      cells[i],
      el("td", { class: "num" }, int(all)),
    );
  const count = el("th", { scope: "col", class: "num" }, "n");
  const table = el(
    "table",
    { class: "matrix", role: "grid" },
    el("caption", { class: "vh" },
      "Where the visits of each page went next, in per cent. The arrow keys move between cells."),
    el("thead", {}, el("tr", {}, el("td", {}), targets.map(columnHead), count)),
    el("tbody", {}, lines.map(line)),
  );
  const read = el("p", { class: "readout", "aria-hidden": "true" },
    "Point at a cell, or walk with the arrow keys, to read it.");
  const words = lines.flatMap((one) => one.words);
  roving(table, cells.flat(), 0, mover(targets.length), (i) => { read.textContent = words[i]; });
  return el("div", {}, read, scroller("Transition matrix", table));
}

function orderSwitch(order, change) {
  const radio = ([id, title]) =>
    el(
      "label",
      {},
      el("input", { type: "radio", name: "order", value: id, checked: id === order }),
      el("span", {}, title),
    );
  const node = el(
    "fieldset",
    { class: "switch" },
    el("legend", {}, "Order by"),
    Object.entries(ORDERS).map(radio),
  );
  node.addEventListener("change", (event) => change(event.target.value));
  return node;
}

const caption = ({ doc: { matrix, dataset } }) =>
  `Per cent of the visits in each row, n at its end; ${int(matrix.to.length - 2)} of `
  + `${plural(dataset.n_pages, "page")}, the others are (other). (entry) is where sessions begin, `
  + `(exit) where they end: each adds up to the ${plural(dataset.n_sessions, "session")}.`;

export function drawMatrix(data) {
  if (data.doc.matrix.reason) return absent(data.doc.matrix.reason);
  const [first, ...others] = Object.keys(ORDERS);
  const order = choice("order", [first, ...others]);
  const place = el("div", {});
  let shown = null;
  const draw = (by) => {
    shown = arranged(data, by);
    place.replaceChildren(grid(shown));
  };
  const change = (by) => {
    keep("order", by, first);
    draw(by);
  };
  draw(order);
  const csv = () => [
    ["from", ...shown.targets, "n"],
    ...shown.lines.map(({ name, row, all }) => [name, ...row, all]),
  ];
  return el(
    "figure",
    { class: "figure" },
    el("div", { class: "controls" }, orderSwitch(order, change)),
    place,
    el("figcaption", { class: "muted" }, caption(data)),
    el("div", { class: "tools" }, csvButton(data.file("transitions"), csv)),
  );
}
