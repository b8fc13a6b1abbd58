// One table in the data dictionary.
// Here: its card, and whether a search finds it. Not here: the search itself (data.js).

import { el, scroller, table as grid } from "../dom.js";
import { int, plural } from "../fmt.js";
import { outcome, tableLink, when } from "./words.js";

const SHOWN = 6;

const rows = ({ state, n_rows: n }) => {
  if (state === "missing") return "not built yet";
  return n === null ? "a view, computed when it is read" : plural(n, "row");
};

const list = (label, names) =>
  names.length > 0 && el(
    "div",
    { class: "lineage" },
    el("h4", {}, label),
    el("ul", {}, names.map((name) => el("li", {}, tableLink(name)))),
  );

const columnTable = ({ name: of, columns }) =>
  grid(
    `Columns of ${of}`,
    [
      { head: "Column", rowHead: true, cell: ({ name }) => el("code", {}, name) },
      { head: "Type", cell: ({ type }) => el("code", {}, type || "not built yet") },
      { head: "What it holds", cell: ({ description }) => description },
    ],
    columns,
  );

const paragraphs = (text) => text.split("\n\n").map((part) => el("p", {}, part));

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
    examples.map(({ title, sql }) => [
      el("p", {}, title),
      scroller(title, el("pre", {}, el("code", {}, sql))),
    ]),
  ];

const details = (table, status) =>
  el(
    "details",
    {},
    el("summary", {}, [
      plural(table.columns.length, "column"),
      table.checks.length > 0 && plural(table.checks.length, "check"),
      table.examples.length > 0 && plural(table.examples.length, "query", "queries"),
    ].filter(Boolean).join(" · "), el("span", { class: "vh" }, ` of ${table.name}`)),
    table.description.map((text) => el("p", {}, text)),
    columnTable(table),
    list("Made of", table.reads),
    list("Read by", table.read_by),
    checkList(table, status),
    exampleList(table),
  );

/** The card of a table: {table, node, fits}; `fits` shows it or hides it, and tells which. */
export function entry(table, status) {
  const computed = status?.tables.find(({ name }) => name === table.name)?.computed_at;
  const updated = computed && [" · brought up to date ", when(computed)];
  const hits = el("p", { class: "muted", hidden: true });
  const node = el(
    "article",
    { id: table.name, class: "card entry", "aria-labelledby": `${table.name}-title` },
    el("h3", { id: `${table.name}-title` },
      el("a", { href: `#${table.name}` }, el("code", {}, table.name))),
    el("p", {}, table.grain),
    el("p", { class: "muted" }, rows(table), updated),
    hits,
    details(table, status),
  );
  const words = `${table.name} ${table.grain}`.toLowerCase();
  const columns = table.columns.map(({ name, description }) =>
    [name, `${name} ${description}`.toLowerCase()]);
  const fits = (needle) => {
    const named = needle ? columns.filter(([, text]) => text.includes(needle)) : [];
    const more = named.length > SHOWN ? ` and ${int(named.length - SHOWN)} more` : "";
    hits.textContent = `In ${named.slice(0, SHOWN).map(([name]) => name).join(", ")}${more}`;
    hits.hidden = named.length === 0;
    node.hidden = !words.includes(needle) && named.length === 0;
    return !node.hidden;
  };
  return { table, node, fits };
}
