// Where sessions are, step by step.
// Here: the section with its three views, and the commonest paths. Not here: the diagram
// (diagram.js), the steps around a page (around.js).

import { int, percent, plural } from "../fmt.js";
import { drawAround } from "./around.js";
import { count, number, path } from "./columns.js";
import { drawDiagram, stillThere } from "./diagram.js";
import { absent, tabs } from "./frame.js";
import { heldOf, listing } from "./listing.js";

function paths(data) {
  const found = data.table("paths");
  if (found.reason) return absent(found.reason);
  return listing(data, {
    name: "paths",
    label: "Commonest paths of whole sessions",
    rows: found.rows,
    text: (row) => row.path.join(" "),
    findLabel: "Find a page",
    note: heldOf(found, "path"),
    columns: [
      path(data),
      count("n_sessions", "Sessions"),
      count("n_users", "Users"),
      number("session_share", "Of all sessions", (row) =>
        (row.session_share === null ? "–" : percent(row.session_share))),
    ],
  });
}

function lead(data) {
  const all = data.doc.dataset.n_sessions;
  if (data.doc.steps.reason) return null;
  const told = (step) => {
    const n = stillThere(data, step);
    return `${int(n)} (${percent(n / all)})`;
  };
  return `Of ${plural(all, "session")}, ${told(2)} saw a second page and ${told(3)} a third.`;
}

export const steps = {
  id: "steps",
  title: "Step by step",
  lead,
  draw: (data) => tabs("steps", "Step by step", [
    { id: "diagram", title: "Diagram", draw: () => drawDiagram(data) },
    { id: "around", title: "Around a page", draw: () => drawAround(data) },
    { id: "paths", title: "Commonest paths", draw: () => paths(data) },
  ]),
};
