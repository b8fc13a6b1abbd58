// The way of the sessions.
// Here: the diagram of steps, or the paths alone where there are few sessions, with their tables.
// Not here: drawing (figures/sankey.js).

import { csvButton } from "../csv.js";
import { el, folded, table } from "../dom.js";
import { OTHER, nameOf, opened, sankey } from "../figures/sankey.js";
import { int, percent, plural } from "../fmt.js";

const pathOf = ({ pages, is_longer: isLonger }) => [...pages, isLonger && "…"].filter(Boolean);

const pathTable = ({ paths, n_sessions: all }) =>
  table("Sessions per path", [
    { head: "Path", rowHead: true, cell: (path) => pathOf(path).join(" → ") },
    { head: "Sessions", numeric: true, cell: ({ n }) => int(n) },
    { head: "Of all", numeric: true, cell: ({ n }) => percent(n / all) },
  ], paths, { class: "ranked" });

const stepTable = (flow) =>
  table("Sessions per step", [
    { head: "Step", numeric: true, cell: ({ step }) => int(step) },
    { head: "Pages", rowHead: true, cell: nameOf },
    { head: "Sessions", numeric: true, cell: ({ n }) => int(n) },
    {
      head: "Of the step before",
      numeric: true,
      cell: ({ ofPrevious }) => (ofPrevious === null ? "–" : percent(ofPrevious)),
    },
    { head: "Of all", numeric: true, cell: ({ n }) => percent(n / flow.all) },
  ], flow.nodes);

const pathRows = ({ paths }) => [
  ["path", "sessions"],
  ...paths.map((path) => [pathOf(path).join(" > "), path.n]),
];

const caption = ({ all, last, longer }) =>
  `Every step holds all ${plural(all, "session")}; ${int(longer)} of them go on behind step ${last}. `
  + `Groups that are not among a step's busiest are “${OTHER}”. Beside a place: sessions, and their `
  + "share of all.";

function diagram(journey, slug) {
  const flow = opened(journey);
  return el(
    "figure",
    { class: "figure" },
    sankey(flow),
    el("figcaption", { class: "muted" }, caption(flow)),
    folded("Show data as table", () => stepTable(flow)),
    folded(`The commonest paths, ${int(journey.paths.length)} of ${int(journey.n_paths)}`, () => [
      pathTable(journey),
      csvButton(`${slug}-paths`, () => pathRows(journey)),
    ]),
  );
}

export const journey = {
  id: "journey",
  title: "Step by step",
  tiers: ["T2", "T3"],
  takeaway: ({ journey: j }) => {
    if (j.paths.length === 0) return "There is no session.";
    const [first] = j.paths;
    if (first.n === 1) return `No two of ${plural(j.n_sessions, "session")} took the same path.`;
    return `${plural(first.n, "session")} of ${int(j.n_sessions)} took the commonest of `
      + `${plural(j.n_paths, "path")}: “${pathOf(first).join(" → ")}”.`;
  },
  draw: ({ journey: j, user }) =>
    j.nodes.length > 0
      ? diagram(j, user.slug)
      : el(
        "div",
        {},
        pathTable(j),
        el(
          "p",
          { class: "muted" },
          `Steps are drawn from ${plural(j.least_sessions, "session")} on.`,
        ),
      ),
  rows: ({ journey: j }) =>
    j.nodes.length === 0
      ? pathRows(j)
      : [
        ["step", "pages", "sessions", "of all"],
        ...opened(j).nodes.map((node) => [node.step, nameOf(node), node.n, node.n / j.n_sessions]),
      ],
};
