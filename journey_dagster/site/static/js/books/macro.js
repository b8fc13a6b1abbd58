// One macro in the data dictionary: a question with parameters, asked as a table.
// Here: what its card says. Not here: the frame of a card (card.js), the search (data.js).

import { el, table as grid } from "../dom.js";
import { plural } from "../fmt.js";
import { card, columnTable, neighbours, query } from "./card.js";

const PARAMETER = [
  { head: "Parameter", rowHead: true, cell: ({ name }) => el("code", {}, name) },
  { head: "By default", cell: ({ default: sql }) =>
    (sql === null ? "has to be given" : el("code", {}, sql)) },
  { head: "What it says", cell: ({ description }) => description },
];

/** The card of a macro. */
export const macro = (told) =>
  card(told, {
    id: `macros.${told.name}`,
    title: told.name,
    about: el("p", { class: "muted" }, el("code", {}, `from ${told.signature}`)),
    summary: [
      plural(told.parameters.length, "parameter"),
      plural(told.columns.length, "column"),
      plural(1, "query", "queries"),
    ].join(" · "),
    details: [
      grid(`Parameters of ${told.name}`, PARAMETER, told.parameters),
      columnTable(told),
      neighbours("Made of", told.reads),
      query("For example", told.example),
    ],
  });
