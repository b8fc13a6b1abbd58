// What a report was made from, and whose it is.
// Here: counts, exclusions, definitions, downloads, privacy. Not here: behaviour.

import { button, el, table } from "../dom.js";
import { int, plural, utc } from "../fmt.js";

const entry = (term, text) => [el("dt", {}, term), el("dd", {}, text)];

function counts({ about }) {
  return el(
    "dl",
    { class: "facts-row" },
    [
      ["Events counted", about.n_events],
      ["Left out as noise", about.n_noise_excluded],
      ["Repeats dropped", about.n_duplicates_dropped],
    ].map(([label, n]) => el("div", {}, el("dt", {}, label), el("dd", {}, int(n)))),
  );
}

const origins = ({ about }) =>
  about.topics.length > 0 &&
  table("Events per event topic", [
    { head: "Event topic", rowHead: true, cell: ({ topic }) => topic },
    { head: "Events", numeric: true, cell: ({ n_events: n }) => int(n) },
  ], about.topics);

const definitions = ({ about }) =>
  about.definitions.length > 0 &&
  el(
    "details",
    { class: "how" },
    el("summary", {}, "How things are counted"),
    el("dl", { class: "terms" }, about.definitions.map(({ id, text }) =>
      entry(id.replaceAll("_", " "), text))),
  );

const privacy = () =>
  el(
    "p",
    {},
    "This page holds no web addresses, only the names of pages. Search engines are asked to leave "
      + "it alone. To have it removed, ask the operator of this site.",
  );

export const about = {
  id: "about",
  title: "About this report",
  tiers: ["T0", "T1", "T2", "T3"],
  takeaway: ({ about: a }) =>
    `Made from ${plural(a.n_events, "event")}, `
    + `after leaving out ${int(a.n_noise_excluded)} as noise.`,
  draw: (report) =>
    el(
      "div",
      {},
      counts(report),
      origins(report),
      definitions(report),
      privacy(),
      el("p", { class: "muted" },
        `Built ${utc(report.generated_at)} · contract version ${report.schema_version}`),
      el(
        "p",
        { class: "tools" },
        el("a", {
          class: "button quiet",
          href: `data/${encodeURIComponent(report.user.slug)}.json`,
          download: `${report.user.slug}.json`,
        }, "Download the data (JSON)"),
        button("Print", () => window.print(), { class: "quiet" }),
      ),
    ),
};
