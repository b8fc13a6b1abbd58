// A way through steps, as a diagram.
// Here: places and bands with their labels, and lighting what belongs to one place. A band leads
// from a step to the next only, so no loop can stop it. Not here: counts; the data brings them, and
// every step of it holds all sessions.

import { el, scroller, svg } from "../dom.js";
import { percent, plural, int } from "../fmt.js";
import { walk } from "../friction/picture.js";

export const OTHER = "other pages";
const TITLES = { other: OTHER, exit: "ended" };
const COLUMN = 178;
const BOX = 10;
const TALL = 300; // all sessions, without the gaps
const SLOT = 15; // a label's line
const GAP = 5;
const HEAD = 24;
const LETTERS = 17;

export const nameOf = ({ kind, page }) => (kind === "page" ? page : TITLES[kind]);

const short = (text) =>
  Array.from(text).length > LETTERS ? `${Array.from(text).slice(0, LETTERS - 1).join("")}…` : text;

/** Places with their shares and coordinates, bands with theirs. */
export function opened({ nodes, links, n_sessions: all, n_longer: longer }) {
  const last = Math.max(...nodes.map(({ step }) => step));
  const going = (step) =>
    nodes.filter((one) => one.step === step && one.kind !== "exit").reduce((sum, { n }) => sum + n, 0);
  const bottoms = {};
  const placed = nodes.map((node) => {
    const height = Math.max(1, (node.n / all) * TALL);
    const y = bottoms[node.step] ?? HEAD;
    bottoms[node.step] = y + Math.max(height, SLOT) + GAP;
    const before = node.step === 1 ? all : going(node.step - 1);
    const ofPrevious = node.kind === "exit" || before === 0 ? null : node.n / before;
    return { ...node, x: (node.step - 1) * COLUMN, y, height, ofPrevious, out: 0, in: 0 };
  });
  const bands = links.map(({ from, to, n }) => {
    const [a, b] = [placed[from], placed[to]];
    const thick = (n / all) * TALL;
    const band = { from, to, n, thick, start: a.y + a.out + thick / 2, end: b.y + b.in + thick / 2 };
    a.out += thick;
    b.in += thick;
    return band;
  });
  return { all, last, longer, nodes: placed, bands, height: Math.max(...Object.values(bottoms)) };
}

function words(node, { all }) {
  const where = { exit: "had ended", other: "on other pages", page: `on ${node.page}` }[node.kind];
  const before = node.ofPrevious === null
    ? ""
    : `${percent(node.ofPrevious)} of ${node.step === 1 ? "those that began" : "the step before"}, `;
  return `Step ${node.step}: ${plural(node.n, "session")} ${where}, ${before}`
    + `${percent(node.n / all)} of all`;
}

function mark(node, flow) {
  const told = words(node, flow);
  const share = `${int(node.n)} · ${percent(node.n / flow.all)}`;
  const left = node.x + BOX + 5;
  const isTall = node.height >= 2 * SLOT;
  const label = isTall
    ? [
      svg("text", { x: left, y: node.y + 12 }, short(nameOf(node))),
      svg("text", { class: "share", x: left, y: node.y + 12 + SLOT }, share),
    ]
    : svg(
      "text",
      { x: left, y: node.y + 11 },
      short(nameOf(node)),
      svg("tspan", { class: "share" }, ` ${int(node.n)}`),
    );
  return svg(
    "g",
    { class: `place ${node.kind}`, role: "button", "aria-pressed": "false", "aria-label": told },
    svg("title", {}, told),
    svg("rect", { x: node.x, y: node.y, width: BOX, height: node.height }),
    svg("rect", {
      class: "reach", x: node.x, y: node.y, width: COLUMN - 20, height: Math.max(SLOT, node.height),
    }),
    label,
  );
}

function bandMark({ from, to, start, end, thick }, { nodes }) {
  const [left, right] = [nodes[from].x + BOX, nodes[to].x];
  const middle = (left + right) / 2;
  const [a, b] = [start.toFixed(1), end.toFixed(1)];
  return svg("path", {
    class: `band ${nodes[to].kind}`,
    d: `M${left} ${a}C${middle} ${a} ${middle} ${b} ${right} ${b}`,
    "stroke-width": Math.max(0.5, thick).toFixed(2),
  });
}

export function sankey(flow) {
  const lines = flow.bands.map((band) => bandMark(band, flow));
  const marks = flow.nodes.map((node) => ({
    node: mark(node, flow), x: node.x, y: node.y + node.height / 2,
  }));
  const told = el("p", { class: "readout", role: "status" });
  let picked = -1;
  const light = (index) => {
    flow.bands.forEach(({ from, to }, i) => {
      const isOf = from === index || to === index;
      lines[i].classList.toggle("lit", isOf);
      lines[i].classList.toggle("dim", index >= 0 && !isOf);
    });
    told.textContent = index < 0 ? "" : `${words(flow.nodes[index], flow)}.`;
  };
  marks.forEach(({ node }, i) => {
    node.addEventListener("focus", () => light(i));
    node.addEventListener("blur", () => light(picked));
    node.addEventListener("pointerenter", () => light(i));
    node.addEventListener("pointerleave", () => light(picked));
  });
  walk(marks, (index) => {
    picked = index === picked ? -1 : index;
    marks.forEach(({ node }, i) => node.setAttribute("aria-pressed", String(i === picked)));
    light(picked);
  });
  const heads = Array.from({ length: flow.last }, (_, i) =>
    svg("text", { class: "head", x: i * COLUMN, y: 13 }, `Step ${i + 1}`));
  const picture = svg(
    "svg",
    {
      class: "sankey",
      viewBox: `0 0 ${flow.last * COLUMN} ${Math.ceil(flow.height)}`,
      role: "group",
      "aria-label": "Sessions step by step. The arrow keys move from place to place.",
    },
    svg("g", { "aria-hidden": "true" }, lines),
    heads,
    marks.map(({ node }) => node),
  );
  return el("div", {}, scroller("Sessions step by step", picture), told);
}
