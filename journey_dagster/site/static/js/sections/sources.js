// Publications, applications and authors.
// Here: a card for each of the publications used most, by month, all of them as a table, and the
// authors. Not here: pages (pages.js).

import { bar, el, showAll, table } from "../dom.js";
import { monthBars, monthTable } from "../figures/topics.js";
import { date, int, percent, plural } from "../fmt.js";

const CARDS = 6;
const SHOWN = 10;
const UNKNOWN = "Unknown source";

/** Known sources first, most events first; the unknown one last, whatever its size. */
const ordered = (list) =>
  [...list].sort((a, b) => (a.name === null) - (b.name === null) || b.n_events - a.n_events);

const total = (list) => list.reduce((sum, entry) => sum + entry.n_events, 0);

const nameOf = ({ name }) => (name === null ? el("em", {}, UNKNOWN) : name);

const span = ({ first_seen_date: first, last_seen_date: last }) =>
  first === last ? date(first) : `${date(first)} – ${date(last)}`;

const card = (entry, hue, months, most, all) =>
  el(
    "li",
    {},
    el("h3", {}, entry.name),
    el(
      "p",
      { class: "path" },
      `${plural(entry.n_events, "event")} · ${percent(entry.n_events / all)} of all`,
    ),
    monthBars(entry.name, entry.by_month, months, most, hue),
    el("p", { class: "path" }, span(entry)),
  );

function cards(list, months) {
  const known = ordered(list).filter(({ name }) => name !== null).slice(0, CARDS);
  if (known.length === 0 || months.length < 2) return null;
  const most = Math.max(1, ...known.flatMap((entry) => entry.by_month));
  return el(
    "figure",
    { class: "figure" },
    el(
      "ul",
      { class: "sources" },
      known.map((entry, i) => card(entry, i, months, most, total(list))),
    ),
    el(
      "figcaption",
      { class: "muted" },
      `One bar per month, all cards on one scale: the tallest is ${plural(most, "event")}.`,
    ),
    monthTable(
      "Events per source and month",
      "Source",
      months,
      known.map(({ name, by_month, n_events: n }) => ({ name, by_month, n })),
    ),
  );
}

function allSources(list) {
  const all = total(list);
  const most = Math.max(0, ...list.map((entry) => entry.n_events));
  const node = table("Events per source", [
    { head: "Source", rowHead: true, cell: (e) => [nameOf(e), bar(e.n_events, most)] },
    { head: "Events", numeric: true, cell: (entry) => int(entry.n_events) },
    { head: "Share", numeric: true, cell: (entry) => percent(entry.n_events / all) },
    { head: "Seen", cell: (e) => el("span", { class: "day-name" }, span(e)) },
  ], ordered(list), { class: "ranked" });
  const rows = [...node.querySelectorAll("tbody tr")];
  return [node, showAll(rows, SHOWN, `Show all ${rows.length} sources`)];
}

export const sources = {
  id: "sources",
  title: "Publications and apps",
  tiers: ["T2", "T3"],
  takeaway: ({ sources: list }) => {
    const known = ordered(list).filter((entry) => entry.name !== null);
    if (known.length === 0) return "The source of no event is known.";
    return `Of ${plural(total(known), "event")} with a known source, `
      + `${percent(known[0].n_events / total(known))} came from ${known[0].name}.`;
  },
  coverage: ({ about }) => ({ what: "A source is known for", share: about.coverage.sources }),
  draw: ({ sources: list, topics: { months } }) =>
    el("div", {}, cards(list, months), allSources(list)),
  rows: ({ sources: list, topics: { months } }) => [
    ["source", "events", "first seen", "last seen", ...months],
    ...ordered(list).map((entry) => [
      entry.name ?? UNKNOWN, entry.n_events, entry.first_seen_date, entry.last_seen_date,
      ...entry.by_month,
    ]),
  ],
};

export const authors = {
  id: "authors",
  title: "Authors",
  tiers: ["T2", "T3"],
  takeaway: ({ authors: { n_distinct: n, top } }) =>
    top.length === 0
      ? "The author of no content is known."
      : `${plural(n, "author")}; most often ${top[0].author}, `
        + `with ${plural(top[0].n_events, "event")}.`,
  coverage: ({ authors: { coverage } }) => ({ what: "Authors are known for", share: coverage }),
  draw: ({ authors: { top, n_distinct: n } }) => {
    if (top.length === 0) return el("p", { class: "muted" }, "There is nothing to list.");
    const node = table("Events per author", [
      {
        head: "Author",
        rowHead: true,
        cell: (entry) => [entry.author, bar(entry.n_events, top[0].n_events)],
      },
      { head: "Events", numeric: true, cell: (entry) => int(entry.n_events) },
    ], top, { class: "ranked" });
    const rows = [...node.querySelectorAll("tbody tr")];
    return el(
      "div",
      {},
      node,
      showAll(rows, SHOWN, `Show all ${rows.length} authors`),
      n > top.length && el("p", { class: "muted" }, `And ${plural(n - top.length, "other")}.`),
    );
  },
  rows: ({ authors: { top } }) => [
    ["author", "events"],
    ...top.map((entry) => [entry.author, entry.n_events]),
  ],
};
