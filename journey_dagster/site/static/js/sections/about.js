// What a report was made from, and whose it is.
// Here: counts, what was left out, coverage, who wrote the texts and at what cost, definitions,
// downloads, privacy. Not here: behaviour.

import { save } from "../csv.js";
import { button, el, table } from "../dom.js";
import { date, int, percent, plural, utc } from "../fmt.js";
import { shareButtons } from "../share.js";

const PARTS = [
  ["narrative", "In words"],
  ["spotlight", "Recent activity"],
  ["interests", "Interests in words"],
  ["charts", "Charts"],
];

const entry = (term, text) => [el("dt", {}, term), el("dd", {}, text)];

const row = (...entries) =>
  el(
    "dl",
    { class: "facts-row" },
    entries.map(([label, text]) => el("div", {}, el("dt", {}, label), el("dd", {}, text))),
  );

const counts = ({ about }) =>
  row(
    ["Events counted", int(about.n_events)],
    ["Left out as noise", int(about.n_noise_excluded)],
    ["Repeats dropped", int(about.n_duplicates_dropped)],
  );

const filters = ({ about: { noise } }) =>
  noise.length > 0 &&
  el(
    "p",
    { class: "muted" },
    `Noise is ${noise.map(({ reason, n_events: n }) =>
      `“${reason.replaceAll("_", " ")}” (${plural(n, "event")})`).join(", ")}.`,
  );

const share = (value) => (value === null ? "–" : percent(value));

const coverage = ({ about: { coverage: known }, user }) => [
  el("h3", {}, "What is known of the events"),
  row(
    ["A title", share(known.titles)],
    ["Topics", share(known.topics)],
    ["A source", share(known.sources)],
    ["Authors", share(known.authors)],
  ),
  !user.tz_is_known &&
    el("p", { class: "muted" }, `The time zone is not known; ${user.tz} stands in for it.`),
];

const origins = ({ about }) => [
  el("h3", {}, "Where they came from"),
  table("Events per event topic", [
    { head: "Event topic", rowHead: true, cell: ({ topic }) => topic },
    { head: "Events", numeric: true, cell: ({ n_events: n }) => int(n) },
  ], about.topics),
];

function usd(cost) {
  if (cost === null) return "–";
  if (cost > 0 && cost < 0.0001) return "under $0.0001";
  return cost === 0 ? "$0" : `$${cost.toFixed(cost < 1 ? 4 : 2)}`;
}

const texts = (report) => [
  el("h3", {}, "Who wrote the texts"),
  table("Writer and cost of each text", [
    { head: "Text", rowHead: true, cell: ([, title]) => title },
    { head: "Written by", cell: ([part]) => report[part].model ?? "a template" },
    { head: "Prompt", cell: ([part]) => report[part].prompt_version ?? "–" },
    { head: "On", cell: ([part]) => (report[part].written_at ? date(report[part].written_at) : "–") },
    { head: "Cost", numeric: true, cell: ([part]) => usd(report[part].cost_usd) },
  ], PARTS),
];

const definitions = ({ about }) =>
  about.definitions.length > 0 &&
  el(
    "details",
    { class: "how" },
    el("summary", {}, "How things are counted"),
    el("dl", { class: "terms" }, about.definitions.map(({ id, text }) =>
      entry(id.replaceAll("_", " "), text))),
  );

const privacy = () => [
  el("h3", {}, "Privacy and removal"),
  el(
    "p",
    { class: "prose-s" },
    "This page holds names of pages and no web addresses, no account ids, no e-mail address and no "
      + "place but the time zone. It sets no cookie, keeps nothing but the choice of colours, and "
      + "asks search engines to leave it alone.",
  ),
  el(
    "p",
    { class: "prose-s" },
    "To have it corrected or removed, ask the operator of this site, by the name in its address: once "
      + "taken from the list of people, the page and its data are gone with the next build. Copies "
      + "that somebody saved are theirs to delete.",
  ),
];

/** What the page was drawn from: a single file has nothing beside it to link to. */
const json = (report) =>
  button(
    "Download the data (JSON)",
    () =>
      save(
        `${report.user.slug}.json`,
        new Blob([JSON.stringify(report)], { type: "application/json" }),
      ),
    { class: "quiet" },
  );

function sharing(report) {
  if (!report.period) return null;
  const place = el("div", { class: "share-place" });
  const open = button("Make a card to share", async () => {
    open.disabled = true;
    try {
      const { shareCard } = await import("../figures/card.js");
      place.replaceChildren(shareCard(report));
    } catch (error) {
      console.error("the card failed", error);
      place.replaceChildren(el("p", { class: "notice", role: "note" }, "Could not draw the card."));
    }
  }, { class: "quiet" });
  return { open, place };
}

export const about = {
  id: "about",
  title: "About this report",
  tiers: ["T0", "T1", "T2", "T3"],
  takeaway: ({ about: a }) =>
    `Made from ${plural(a.n_events, "event")}, `
    + `after leaving out ${int(a.n_noise_excluded)} as noise.`,
  draw: (report) => {
    const shared = sharing(report);
    const hasEvents = report.about.n_events > 0;
    return el(
      "div",
      {},
      counts(report),
      filters(report),
      hasEvents && [coverage(report), origins(report), texts(report)],
      definitions(report),
      privacy(),
      el("p", { class: "muted" },
        `Built ${utc(report.generated_at)} · contract version ${report.schema_version}`),
      el(
        "div",
        { class: "tools" },
        shareButtons(),
        json(report),
        button("Print", () => window.print(), { class: "quiet" }),
        shared?.open,
      ),
      shared?.place,
    );
  },
};
