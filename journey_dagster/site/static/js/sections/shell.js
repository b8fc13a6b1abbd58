// The frame every section of a report stands in.
// Here: heading, takeaway, coverage, definition, downloads, and the rule that a section which
// throws says so and leaves the rest standing. Not here: what any one section shows.
//
// A section is {id, title, tiers, takeaway, coverage?, draw, rows?}, the last four functions of the
// report: `takeaway` returns one sentence, `coverage` {what, share}, `draw` the figure or table and
// `rows` the lines of its CSV.

import { csvButton } from "../csv.js";
import { el } from "../dom.js";
import { percent } from "../fmt.js";

/** What `make` returns, or nothing where it throws. */
export function guarded(what, make) {
  try {
    return make();
  } catch (error) {
    console.error(`${what} failed`, error);
    return null;
  }
}

export const failed = () =>
  el("p", { class: "notice", role: "note" }, "Could not draw this chart.");

function definition(section, report) {
  const found = report.about.definitions.find((entry) => entry.id === section.id);
  if (!found) return null;
  return el(
    "details",
    { class: "how" },
    el("summary", {}, "How is this computed?"),
    el("p", {}, found.text),
  );
}

function coverageLine(section, report) {
  const coverage = section.coverage?.(report);
  if (!coverage || coverage.share === null) return null;
  return el("p", { class: "coverage" }, `${coverage.what} ${percent(coverage.share)} of events.`);
}

function headOf(section, report) {
  const line = guarded(`section ${section.id}: the takeaway`, () => section.takeaway(report));
  return el(
    "div",
    { class: "card-head" },
    heading(section),
    line && el("p", { class: "takeaway" }, line),
    guarded(`section ${section.id}: the coverage`, () => coverageLine(section, report)),
  );
}

function bodyOf(section, report) {
  const figure = guarded(`section ${section.id}: the figure`, () => section.draw(report));
  const tools = [
    section.rows && csvButton(`${report.user.slug}-${section.id}`, () => section.rows(report)),
    guarded(`section ${section.id}: the definition`, () => definition(section, report)),
  ].filter(Boolean);
  return el(
    "div",
    { class: "card-body" },
    figure ?? failed(),
    tools.length > 0 && el("div", { class: "tools" }, tools),
  );
}

const frame = (section, attrs, ...content) =>
  el(
    "section",
    { id: section.id, class: "card", "aria-labelledby": `${section.id}-title`, ...attrs },
    content,
  );

/** The heading leads to the section itself, so that its address can be had. */
const heading = ({ id, title }) =>
  el("h2", { id: `${id}-title` }, el("a", { class: "anchor", href: `#${id}` }, title));

/** A section that is about to be drawn. */
export const waiting = (section) =>
  frame(
    section,
    { "aria-busy": "true" },
    el("div", { class: "card-head" }, heading(section)),
    el("div", { class: "card-body" }, el("div", { class: "skeleton tall" })),
  );

export const build = (section, report) =>
  frame(section, {}, headOf(section, report), bodyOf(section, report));
