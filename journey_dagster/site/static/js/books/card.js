// A card of the data dictionary, whatever it describes.
// Here: its frame, its columns, its neighbours and its queries, and whether a search finds it. Not
// here: what a table says (entry.js), what a macro says (macro.js), the search itself (data.js).

import { el, scroller, table as grid } from "../dom.js";
import { int } from "../fmt.js";
import { tableLink } from "./words.js";

const SHOWN = 6;

export const paragraphs = (text) => text.split("\n\n").map((part) => el("p", {}, part));

export const neighbours = (label, names) =>
  names.length > 0 && el(
    "div",
    { class: "lineage" },
    el("h4", {}, label),
    el("ul", {}, names.map((name) => el("li", {}, tableLink(name)))),
  );

const NAMED = { head: "Column", rowHead: true, cell: ({ name }) => el("code", {}, name) };
const WORDS = { head: "What it holds", cell: ({ description }) => description };

export const columnTable = ({ name: of, columns }, ...more) =>
  grid(`Columns of ${of}`, [NAMED, ...more, WORDS], columns);

export const query = (title, sql) => [
  el("p", {}, title),
  scroller(title, el("pre", {}, el("code", {}, sql))),
];

/**
 * The card of what is described: {node, fits}; `fits` shows it or hides it, and tells which. It
 * opens at its summary to the details.
 */
export function card(described, { id, title, about, summary, details }) {
  const { name, grain, description } = described;
  const hits = el("p", { class: "muted", hidden: true });
  const node = el(
    "article",
    { id, class: "card entry", "aria-labelledby": `${id}-title` },
    el("h3", { id: `${id}-title` }, el("a", { href: `#${id}` }, el("code", {}, title))),
    el("p", {}, grain),
    about,
    hits,
    el(
      "details",
      {},
      el("summary", {}, summary, el("span", { class: "vh" }, ` of ${name}`)),
      description.map((text) => el("p", {}, text)),
      details,
    ),
  );
  const words = `${name} ${grain}`.toLowerCase();
  const columns = described.columns.map(({ name: column, description: holds }) =>
    [column, `${column} ${holds}`.toLowerCase()]);
  const fits = (needle) => {
    const named = needle ? columns.filter(([, text]) => text.includes(needle)) : [];
    const more = named.length > SHOWN ? ` and ${int(named.length - SHOWN)} more` : "";
    hits.textContent = `In ${named.slice(0, SHOWN).map(([column]) => column).join(", ")}${more}`;
    hits.hidden = named.length === 0;
    node.hidden = !words.includes(needle) && named.length === 0;
    return !node.hidden;
  };
  return { node, fits };
}
