// The sections of the status page.
// Here: checks, records, topics, tables and files, each {id, title, lead, draw} of the document.
// Not here: the frame around a section (friction/frame.js), the top of the page (status.js).

import { el, table } from "../dom.js";
import { int, plural } from "../fmt.js";
import { absent } from "../friction/frame.js";
import { outcome, rank, tableLink, when } from "./words.js";

const count = (key, head) => ({ head, numeric: true, cell: (row) => int(row[key]) });

const RECORDS = [
  ["n_events", "Events, seen here first"],
  ["n_duplicates", "Deliveries of an event seen elsewhere"],
  ["n_superseded", "Replaced by a newer record"],
  ["n_quarantined", "Set aside, because they could not be read"],
  ["n_tombstones", "Without a value"],
  ["n_erased", "Taken out because somebody asked to be forgotten"],
];

export const checks = {
  id: "checks",
  title: "Checks",
  lead: ({ checks: all }) => {
    const of = (wanted) => all.filter((check) => check.outcome === wanted).length;
    const rest = [["warned", "warned"], ["failed", "failed"], ["unknown", "not judged"]]
      .filter(([name]) => of(name) > 0)
      .map(([name, word]) => `${int(of(name))} ${word}`);
    return `${int(of("passed"))} of ${plural(all.length, "check")} passed`
      + `${rest.length > 0 ? `; ${rest.join(", ")}` : ""}.`;
  },
  draw: ({ checks: all }) =>
    table(
      "Every check and its verdict",
      [
        { head: "Check", rowHead: true, cell: ({ name, description }) =>
          [el("code", {}, name), el("p", { class: "muted" }, description.split("\n\n")[0])] },
        { head: "Outcome", cell: outcome },
        { head: "On", cell: ({ table: name }) => tableLink(name) },
        { head: "At fault", numeric: true, cell: ({ n_wrong: n }) => (n === null ? "–" : int(n)) },
        { head: "Judged", cell: ({ judged_at: at }) => when(at) },
      ],
      [...all].sort((a, b) => rank(a) - rank(b)),
    ),
};

export const records = {
  id: "records",
  title: "Records",
  lead: ({ records: read }) =>
    read && `${plural(read.n_consumed, "record")} were read, and this became of them.`,
  draw: ({ records: read, events }) => {
    if (!read) return absent("nothing was read yet.");
    const parts = RECORDS.map(([key, text]) => [text, read[key]]);
    const rows = [...parts, ["All that were read", read.n_consumed]];
    const columns = [
      { head: "What became of them", rowHead: true, cell: ([text]) => text },
      { head: "Records", numeric: true, cell: ([, n]) => int(n) },
    ];
    const late = `${plural(read.n_late, "event")} came more than a day after they happened. `;
    const left = events
      ? `${int(events.n_noise)} are left out of journeys as noise, `
        + `and ${int(events.n_unattributed)} because nobody is known to have caused them.`
      : "";
    return el(
      "div",
      {},
      table("What became of every record", columns, rows),
      el("p", { class: "muted below" }, `Of the events, ${late}${left}`),
    );
  },
};

export const topics = {
  id: "topics",
  title: "Topics",
  lead: ({ topics: all }) => all.length > 0 && `${plural(all.length, "topic")} arrived here.`,
  draw: ({ topics: all }) => {
    if (all.length === 0) return absent("no topic was read yet.");
    const name = ({ topic }) => topic ?? el("em", {}, "A topic named after somebody");
    return table(
      "Every topic that was read",
      [
        { head: "Topic", rowHead: true, cell: name },
        { head: "Shape", cell: ({ source }) => source },
        { head: "How far", cell: ({ state_text: text }) => text },
        { head: "Last segment", cell: ({ landed_at: at }) => when(at) },
        count("n_consumed", "Records"),
        count("n_events", "Events"),
        count("n_duplicates", "Duplicates"),
        count("n_quarantined", "Set aside"),
        count("n_late", "Late"),
      ],
      all,
    );
  },
};

const WORDS = { view: "computed when read", missing: "not built yet" };

export const tables = {
  id: "tables",
  title: "Tables",
  lead: ({ tables: all }) =>
    `${plural(all.reduce((sum, { n_rows: n }) => sum + (n ?? 0), 0), "row")} `
    + `in ${plural(all.length, "table")}.`,
  draw: ({ tables: all }) =>
    table(
      "Every table and its rows",
      [
        { head: "Table", rowHead: true, cell: ({ name }) => tableLink(name) },
        { head: "Rows", numeric: true, cell: ({ state, n_rows: n }) =>
          n === null ? WORDS[state] ?? "not known" : int(n) },
        { head: "Brought up to date", cell: ({ computed_at: at }) => when(at) },
      ],
      all,
    ),
};

/** Bytes as people say them. */
function size(n) {
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  const step = Math.min(units.length - 1, n > 0 ? Math.floor(Math.log10(n) / 3) : 0);
  const value = n / 1000 ** step;
  return `${value < 10 && step > 0 ? value.toFixed(1) : int(value)}\u00a0${units[step]}`;
}

export const files = {
  id: "files",
  title: "Files",
  lead: ({ sizes }) => `${size(sizes.reduce((sum, { n_bytes: n }) => sum + n, 0))} on the disk.`,
  draw: ({ sizes }) =>
    table(
      "Files and their sizes",
      [
        { head: "What", rowHead: true, cell: ({ name }) => name },
        { head: "Size", numeric: true, cell: ({ n_bytes: n }) => size(n) },
      ],
      sizes,
    ),
};
