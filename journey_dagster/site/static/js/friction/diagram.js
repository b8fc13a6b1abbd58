// The step diagram.
// Here: boxes and bands at the places that the data gives, both shares of every box, and the same
// as a table. Not here: places and sums; every column of the data holds all sessions.

import { csvButton } from "../csv.js";
import { el, scroller, svg, table } from "../dom.js";
import { int, percent, plural } from "../fmt.js";
import { absent } from "./frame.js";
import { svgButton, walk } from "./picture.js";
import { chosen, keep } from "../state.js";
import { pageName, short } from "./words.js";

const WIDTH = 1180;
const HEIGHT = 620;
const TOP = 46;
const BOX = 12;
const LABEL = 150;
const KINDS = { "(exit)": "exit", "(other)": "other", "(more)": "more" };
const TITLES = { "(exit)": "left", "(other)": "other pages", "(more)": "go on" };
const kindOf = (page) => KINDS[page] ?? "page";

/** Sessions that are on a page at a step, or go on behind the last. */
export function stillThere({ doc, page }, step) {
  if (step < 1) return doc.dataset.n_sessions;
  return doc.steps.boxes
    .filter(([at, place]) => at === step && page(place) !== "(exit)")
    .reduce((sum, [, , n]) => sum + n, 0);
}

/** Boxes and bands in the units of the drawing. */
function opened(data) {
  const { boxes, bands, n_steps: last } = data.doc.steps;
  const room = (WIDTH - LABEL - BOX) / Math.max(1, last - 1);
  const counts = Array.from({ length: last + 1 }, (_, step) => stillThere(data, step));
  return {
    all: data.doc.dataset.n_sessions,
    last,
    going: (step) => counts[step],
    boxes: boxes.map(([step, place, n, top, bottom]) => ({
      step,
      page: data.page(place),
      n,
      x: (step - 1) * room,
      y: TOP + top * HEIGHT,
      height: (bottom - top) * HEIGHT,
    })),
    bands: bands.map(([from, to, n, top, bottom, thick]) => ({
      from,
      to,
      n,
      thick: thick * HEIGHT,
      start: TOP + (top + thick / 2) * HEIGHT,
      end: TOP + (bottom + thick / 2) * HEIGHT,
    })),
  };
}

/** What share a box has of those who were there a step before; none of those who have left. */
const ofPrevious = (box, { going }) =>
  box.page === "(exit)" ? null : percent(box.n / going(box.step - 1));

function words(box, flow) {
  const where = {
    exit: "had ended", more: "go on", other: "are on another page", page: `are on ${box.page}`,
  }[kindOf(box.page)];
  const share = ofPrevious(box, flow);
  const previous = share === null ? "" : `, ${share} of those at the step before`;
  return `Step ${box.step}: ${plural(box.n, "session")} ${where}${previous}, `
    + `${percent(box.n / flow.all)} of all`;
}

/** Two lines beside a tall box, one beside a low one, none where there is no room at all. */
function boxLabel({ x, y, n, page, height }, all) {
  if (height < 2) return null;
  const left = x + BOX + 5;
  const name = TITLES[page] ?? page;
  const shares = `${int(n)} · ${percent(n / all)}`;
  const middle = y + height / 2;
  if (height < 24) {
    const share = svg("tspan", { class: "share" }, ` ${shares}`);
    return svg("text", { class: "name", x: left, y: middle + 4 }, short(name, 14), share);
  }
  return [
    svg("text", { class: "name", x: left, y: middle - 3 }, short(name, 20)),
    svg("text", { class: "share", x: left, y: middle + 11 }, shares),
  ];
}

function boxMark(box, flow) {
  const told = words(box, flow);
  const { x, y, height } = box;
  return svg(
    "g",
    {
      class: `box ${kindOf(box.page)}`,
      role: "button",
      "aria-pressed": "false",
      "aria-label": told,
    },
    svg("title", {}, told),
    svg("rect", { x, y, width: BOX, height: Math.max(1, height) }),
    svg("rect", { class: "reach", x, y, width: LABEL, height: Math.max(11, height) }),
    boxLabel(box, flow.all),
  );
}

function bandMark({ from, to, start, end, thick }, { boxes }) {
  const [left, right] = [boxes[from].x + BOX, boxes[to].x];
  const middle = ((left + right) / 2).toFixed(1);
  const [a, b] = [start.toFixed(1), end.toFixed(1)];
  const isGone = boxes[from].page === "(exit)";
  return svg("path", {
    class: `band ${kindOf(boxes[to].page)}${isGone ? " gone" : ""}`,
    d: `M${left.toFixed(1)} ${a}C${middle} ${a} ${middle} ${b} ${right.toFixed(1)} ${b}`,
    "stroke-width": Math.max(0.5, thick).toFixed(2),
  });
}

/** Above each column: who is still there, of the step before and of all. */
const heads = ({ boxes, last, going, all }) =>
  Array.from({ length: last }, (_, i) => {
    const { x } = boxes.find((box) => box.step === i + 1);
    const n = going(i + 1);
    const before = going(i);
    const share = before > 0 ? `${percent(n / before)} of step ${i} · ` : "";
    return svg(
      "g",
      {},
      svg("text", { class: "head", x, y: 14 }, `Step ${i + 1}: ${int(n)}`),
      svg("text", { class: "share", x, y: 30 },
        i === 0 ? "all sessions" : `${share}${percent(n / all)} of all`),
    );
  });

function sideTable(title, bands, side, box, boxes) {
  const columns = [
    { head: "Page", rowHead: true, cell: (band) => pageName(boxes[band[side]].page) },
    { head: "Sessions", numeric: true, cell: (band) => int(band.n) },
    { head: "Of these sessions", numeric: true, cell: (band) => percent(band.n / box.n) },
  ];
  const rows = [...bands].sort((a, b) => b.n - a.n);
  return el("div", {}, el("h4", {}, title), table(title, columns, rows));
}

function details(index, flow) {
  const box = flow.boxes[index];
  const coming = flow.bands.filter((band) => band.to === index);
  const going = flow.bands.filter((band) => band.from === index);
  return el(
    "div",
    { class: "details" },
    el("h3", {}, words(box, flow)),
    el(
      "div",
      { class: "sides" },
      coming.length > 0 && sideTable("Came from", coming, "from", box, flow.boxes),
      going.length > 0 && sideTable("Went on to", going, "to", box, flow.boxes),
    ),
  );
}

const asTable = (flow) =>
  el(
    "details",
    { class: "how" },
    el("summary", {}, "Show data as table"),
    table("Sessions per step and page", [
      { head: "Step", numeric: true, cell: (box) => int(box.step) },
      { head: "Page", rowHead: true, cell: (box) => pageName(box.page) },
      { head: "Sessions", numeric: true, cell: (box) => int(box.n) },
      { head: "Of the step before", numeric: true, cell: (box) => ofPrevious(box, flow) ?? "–" },
      { head: "Of all", numeric: true, cell: (box) => percent(box.n / flow.all) },
    ], flow.boxes),
  );

function drawing(flow) {
  const lines = flow.bands.map((band) => bandMark(band, flow));
  const marks = flow.boxes.map((box) => ({
    node: boxMark(box, flow), x: box.x, y: box.y + box.height / 2,
  }));
  const picture = svg(
    "svg",
    {
      class: "steps",
      viewBox: `0 0 ${WIDTH} ${HEIGHT + TOP + 6}`,
      role: "group",
      "aria-label": "Step diagram. The arrow keys move from box to box, Enter opens one.",
    },
    svg("g", { "aria-hidden": "true" }, lines),
    heads(flow),
    marks.map(({ node }) => node),
  );
  return { picture, lines, marks };
}

function light(bands, { lines, marks }, picked) {
  bands.forEach(({ from, to }, i) => {
    const isOf = from === picked || to === picked;
    lines[i].classList.toggle("lit", isOf);
    lines[i].classList.toggle("dim", picked >= 0 && !isOf);
  });
  marks.forEach(({ node }, i) => node.setAttribute("aria-pressed", String(i === picked)));
}

const caption = (all) =>
  `Every column holds all ${plural(all, "session")}; a step is a page, a page that follows itself `
  + "is one step, and a page that is come back to stands in each column again. Beside a box: "
  + "sessions, and their share of all. What goes on behind the last step has not left.";

export function drawDiagram(data) {
  if (data.doc.steps.reason) return absent(data.doc.steps.reason);
  const flow = opened(data);
  const drawn = drawing(flow);
  const place = el("div", { role: "status" });
  const id = (box) => (box ? `${box.step} ${box.page}` : "");
  let picked = flow.boxes.findIndex((box) => id(box) === chosen("box", ""));
  const show = () => {
    light(flow.bands, drawn, picked);
    const hint = "Choose a box to see where its sessions came from and went.";
    place.replaceChildren(
      picked < 0 ? el("p", { class: "muted" }, hint) : details(picked, flow),
    );
  };
  walk(drawn.marks, (index) => {
    picked = index === picked ? -1 : index;
    keep("box", id(flow.boxes[picked]), "");
    show();
  });
  show();
  return el(
    "figure",
    { class: "figure" },
    scroller("Step diagram", drawn.picture),
    el("figcaption", { class: "muted" }, caption(flow.all)),
    place,
    asTable(flow),
    el("div", { class: "tools" },
      svgButton(data.file("steps"), () => drawn.picture),
      csvButton(data.file("steps"), () => [
        ["step", "page", "n_sessions", "of_all"],
        ...flow.boxes.map(({ step, page, n }) => [step, page, n, n / flow.all]),
      ])),
  );
}
