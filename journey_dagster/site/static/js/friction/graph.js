// The pages and the ways between them, for finding a path.
// Here: drawing nodes at the places that the data gives, and what leads to and from a chosen one.
// Not here: places; nothing moves by itself.

import { csvButton } from "../csv.js";
import { el, scroller, svg, table } from "../dom.js";
import { int, percent, plural } from "../fmt.js";
import { absent } from "./frame.js";
import { svgButton, walk } from "./picture.js";
import { amount, chosen, keep } from "../state.js";
import { measure, pageName, pathOf, short } from "./words.js";

const WIDTH = 1180;
const HEIGHT = 640;
const LEAST = 5; // per cent of a page's visits that a way has to have to be drawn
const MARKS = [
  "below the usual exit rate",
  "above the usual",
  "twice the usual",
  "three times the usual",
  "four times the usual or more",
];

const at = ({ x, y }) => ({ x: x * WIDTH, y: 26 + y * (HEIGHT - 52) });
const radius = (n, most) => 5 + 17 * Math.sqrt(n / most);

/** A way as an arc to its left, so that the way there and the way back can both be seen. */
function curve(a, b) {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const [mx, my] = [(a.x + b.x) / 2 + 0.16 * dy, (a.y + b.y) / 2 - 0.16 * dx];
  const points = [a.x, a.y, mx, my, b.x, b.y].map((n) => n.toFixed(1));
  return `M${points[0]} ${points[1]}Q${points[2]} ${points[3]} ${points[4]} ${points[5]}`;
}

function nodeMark(name, node, most) {
  const { x, y } = at(node);
  const r = radius(node.n_visits, most);
  const told = `${name}: ${plural(node.n_visits, "visit")}, ${int(node.n_exits)} ended the `
    + `session, exit rate ${MARKS[node.mark]}`;
  const attrs = { role: "button", "aria-pressed": "false", "aria-label": told };
  const text = (kind, top, words) =>
    svg("text", { class: kind, x, y: top, "text-anchor": "middle" }, words);
  return svg(
    "g",
    { class: "node", "data-mark": node.mark, ...attrs },
    svg("title", {}, told),
    svg("circle", { cx: x, cy: y, r }),
    text("name", y + r + 13, short(name, 20)),
    node.mark > 0 && text("signs", y - r - 4, "▲".repeat(node.mark)),
  );
}

function drawing(data, names) {
  const { nodes, ways } = data.doc.graph;
  const most = Math.max(...nodes.map((node) => node.n_visits));
  const widest = Math.max(1, ...ways.map(([, , n]) => n));
  const lines = ways.map(([from, to, n]) =>
    svg("path", {
      class: "way",
      d: curve(at(nodes[from]), at(nodes[to])),
      "stroke-width": (0.8 + 9 * (n / widest)).toFixed(2),
    }));
  const marks = nodes.map((node, i) => ({ node: nodeMark(names[i], node, most), ...at(node) }));
  const picture = svg(
    "svg",
    {
      class: "graph",
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      role: "group",
      "aria-label": "Flow graph. The arrow keys move from page to page, Enter opens one.",
    },
    svg("g", { "aria-hidden": "true" }, [...lines].reverse()),
    marks.map(({ node }) => node),
  );
  return { picture, lines, marks };
}

function sideTable(title, ways, nameOf, all) {
  const columns = [
    { head: "Page", rowHead: true, cell: (way) => pageName(nameOf(way)) },
    { head: "Steps", numeric: true, cell: ([, , n]) => int(n) },
    { head: "Of its visits", numeric: true, cell: ([, , n]) => percent(n / all) },
  ];
  const none = el("p", { class: "muted" }, "None of those drawn.");
  return el(
    "div",
    {},
    el("h4", {}, title),
    ways.length > 0 ? table(title, columns, ways.slice(0, 10)) : none,
  );
}

/** The commonest whole paths over a page, of those the data lists. */
function pathsOver(data, name) {
  const rows = data.table("paths").rows.filter((row) => row.path.includes(name)).slice(0, 3);
  return rows.length > 0 && [
    el("h4", {}, "Commonest paths over it"),
    table("Commonest paths", [
      { head: "Path", rowHead: true, cell: (row) => pathOf(data, row.path) },
      { head: "Sessions", numeric: true, cell: (row) => int(row.n_sessions) },
    ], rows),
  ];
}

function details(data, names, index) {
  const { nodes, ways } = data.doc.graph;
  const node = nodes[index];
  const all = node.n_visits;
  const facts = [
    ["Visits", int(all)],
    ["Sessions begin here", int(node.n_entries)],
    ["Sessions end here", `${int(node.n_exits)} (${percent(node.n_exits / all)} of visits)`],
    ["Steps that stay", int(node.n_repeats)],
    ["Betweenness", measure(node.betweenness)],
  ];
  const coming = ways.filter(([, to]) => to === index);
  const going = ways.filter(([from]) => from === index);
  return el(
    "div",
    { class: "details" },
    el("h3", {}, pageName(names[index])),
    el("dl", { class: "facts-row" }, facts.map(([term, text]) =>
      el("div", {}, el("dt", {}, term), el("dd", {}, text)))),
    el(
      "div",
      { class: "sides" },
      sideTable("Came from", coming, ([from]) => names[from], all),
      sideTable("Went on to", going, ([, to]) => names[to], all),
    ),
    pathsOver(data, names[index]),
  );
}

const legend = () =>
  el(
    "ul",
    { class: "legend", "aria-label": "Exit rate" },
    MARKS.map((text, mark) =>
      el(
        "li",
        {},
        el("span", { class: "dot", "data-mark": mark, "aria-hidden": "true" }),
        `${"▲".repeat(mark)} ${text}`,
      )),
  );

const caption = ({ nodes, ways, n_ways: n }) =>
  `${plural(nodes.length, "page")} from left to right by when sessions reach them; the larger the `
  + `more visits, the wider a way the more steps. The ${int(ways.length)} commonest of `
  + `${plural(n, "way")} between them. Of a chosen page, full lines lead there and broken ones `
  + "away.";

/** Shows the ways of the chosen page, or those above the least share where none is chosen. */
function light({ nodes, ways }, { lines, marks }, picked, least) {
  const near = new Set([picked]);
  ways.forEach(([from, to, n], i) => {
    const isOf = picked >= 0 && (from === picked || to === picked);
    const isSmall = (n / nodes[from].n_visits) * 100 < least;
    if (isOf) near.add(from).add(to);
    lines[i].classList.toggle("hide", picked >= 0 ? !isOf : isSmall);
    lines[i].classList.toggle("in", isOf && to === picked);
    lines[i].classList.toggle("out", isOf && from === picked);
  });
  marks.forEach(({ node }, i) => {
    node.setAttribute("aria-pressed", String(i === picked));
    node.classList.toggle("far", picked >= 0 && !near.has(i));
  });
}

function finder(names, picked, find) {
  const field = el("input", {
    type: "search", list: "graph-pages", autocomplete: "off", spellcheck: "false",
  });
  field.value = names[picked] ?? "";
  field.addEventListener("input", () => {
    const needle = field.value.trim().toLowerCase();
    const lower = names.map((name) => name.toLowerCase());
    const exact = lower.indexOf(needle);
    find(!needle || exact >= 0 ? exact : lower.findIndex((name) => name.includes(needle)));
  });
  const options = names.map((name) => el("option", { value: name }));
  return [
    el("label", { class: "field grow" }, el("span", {}, "Find a page"), field),
    el("datalist", { id: "graph-pages" }, options),
  ];
}

function slider(least, change) {
  const range = el("input", { type: "range", min: 0, max: 50, step: 1, value: least });
  const said = el("output", {}, `${least}\u00a0%`);
  range.addEventListener("input", () => {
    said.textContent = `${range.value}\u00a0%`;
    change(Number(range.value));
  });
  const words = el("span", {}, "Hide ways below this share of a page's visits");
  return el("label", { class: "field" }, words, range, " ", said);
}

export function drawGraph(data) {
  const { graph } = data.doc;
  if (graph.reason) return absent(graph.reason);
  const names = graph.nodes.map((node) => data.page(node.page));
  const drawn = drawing(data, names);
  const place = el("div", { role: "status" });
  let picked = names.indexOf(chosen("node", ""));
  let least = amount("ways", LEAST, 0, 50);
  const show = () => {
    light(graph, drawn, picked, least);
    const hint = "Choose a page to see what leads there and where it leads.";
    place.replaceChildren(
      picked < 0 ? el("p", { class: "muted" }, hint) : details(data, names, picked),
    );
  };
  const pick = (index) => {
    picked = index;
    keep("node", names[picked] ?? "", "");
    show();
  };
  walk(drawn.marks, (index) => pick(index === picked ? -1 : index));
  const change = (value) => {
    least = value;
    keep("ways", least, LEAST);
    show();
  };
  show();
  return el(
    "figure",
    { class: "figure" },
    el("div", { class: "controls" }, finder(names, picked, pick), slider(least, change)),
    scroller("Flow graph", drawn.picture),
    legend(),
    el("figcaption", { class: "muted" }, caption(graph)),
    place,
    el("div", { class: "tools" },
      svgButton(data.file("graph"), () => drawn.picture),
      csvButton(data.file("ways"), () => [
        ["from_page", "to_page", "n"],
        ...graph.ways.map(([from, to, n]) => [names[from], names[to], n]),
      ])),
  );
}
