// One table in the data dictionary.
// Here: what its card says. Not here: the frame of a card (card.js), the search (data.js).

import { el } from "../dom.js";
import { plural } from "../fmt.js";
import { card, columnTable, neighbours, paragraphs, query } from "./card.js";
import { outcome, when } from "./words.js";

const rows = ({ state, n_rows: n }) => {
  if (state === "missing") return "not built yet";
  if (state === "copy") return "in the analysts' copy alone, made with it";
  return n === null ? "a view, computed when it is read" : plural(n, "row");
};

const TYPE = { head: "Type", cell: ({ type }) => el("code", {}, type || "not built yet") };

function checkList({ name: of, checks }, status) {
  if (checks.length === 0) return null;
  const judged = (name) =>
    status?.checks.find((check) => check.table === of && check.name === name);
  const item = ({ name, description }) => {
    const verdict = judged(name);
    const at = verdict && el("span", { class: "muted" }, " ", when(verdict.judged_at));
    const head = el("p", {}, el("code", {}, name), verdict && [" ", outcome(verdict)], at);
    return el("li", {}, head, paragraphs(description));
  };
  return [el("h4", {}, "Checks"), el("ul", { class: "checks" }, checks.map(item))];
}

const exampleList = ({ examples }) =>
  examples.length > 0 && [
    el("h4", {}, "Queries to start from"),
    examples.map(({ title, sql }) => query(title, sql)),
  ];

/** The card of a table. */
export function entry(table, status) {
  const computed = status?.tables.find(({ name }) => name === table.name)?.computed_at;
  const updated = computed && [" · brought up to date ", when(computed)];
  return card(table, {
    id: table.name,
    title: table.name,
    about: el("p", { class: "muted" }, rows(table), updated),
    summary: [
      plural(table.columns.length, "column"),
      table.checks.length > 0 && plural(table.checks.length, "check"),
      table.examples.length > 0 && plural(table.examples.length, "query", "queries"),
    ].filter(Boolean).join(" · "),
    details: [
      columnTable(table, TYPE),
      neighbours("Made of", table.reads),
      neighbours("Read by", table.read_by),
      checkList(table, status),
      exampleList(table),
    ],
  });
}
