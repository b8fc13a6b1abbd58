// The kinds of columns that listings have.
// Here: a column from its name, its head and what is seen. Not here: which table has which.

import { el } from "../dom.js";
import { int } from "../fmt.js";
import { sessionCount } from "./drill.js";
import { pageName, pathOf } from "./words.js";

/** In the CSV alone. */
export const only = (key) => ({ key, value: (row) => row[key] });

export const column = (key, head, cell, more = {}) => ({ ...only(key), head, cell, ...more });

export const number = (key, head, cell, more = {}) =>
  column(key, head, cell, { numeric: true, ...more });

/** A whole number. */
export const count = (key, head, hint) =>
  number(key, head, (row) => (row[key] === null ? "–" : int(row[key])), { hint });

/** A number of sessions that opens them; `title` says which they are. */
export const sessions = (data, title) =>
  number("n_sessions", "Sessions", (row) =>
    sessionCount(data, row.n_sessions, row.sessions, `Sessions ${title(row)}`));

export const path = (data) => ({
  key: "path",
  head: "Path",
  rowHead: true,
  cell: (row) => pathOf(data, row.path),
  value: (row) => row.path.join(" > "),
});

/** A page and, below it, the event on it. */
export const pageAndEvent = (page, event) => [
  el("span", { class: "page-title" }, pageName(page)),
  el("span", { class: "path" }, el("bdi", {}, event)),
];
