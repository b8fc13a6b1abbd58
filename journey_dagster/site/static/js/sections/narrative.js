// The text, and the facts that all texts stand on.
// Here: the story and the table of all facts. Not here: a sentence and its links (sentences.js), or
// the note on who wrote it (origin.js).

import { el, folded, table } from "../dom.js";
import { int, percent, plural } from "../fmt.js";
import { factsOf, sentencesOf, told } from "./origin.js";
import { anchor, prose } from "./sentences.js";

function factTable(facts) {
  const rows = facts.map((fact, index) => ({ fact, index }));
  return table("The facts behind the texts", [
    {
      head: "No.",
      cell: ({ index }) => el("span", { id: anchor(index), tabindex: "-1" }, index + 1),
    },
    {
      head: "Fact",
      rowHead: true,
      cell: ({ fact }) => [
        el("span", { class: "path" }, fact.label),
        el("span", { class: "page-title" }, fact.text),
        fact.definition && el("span", { class: "path" }, fact.definition),
      ],
    },
    { head: "Rests on", numeric: true, cell: ({ fact }) => int(fact.n) },
    {
      head: "Coverage",
      numeric: true,
      cell: ({ fact }) => (fact.coverage === null ? "–" : percent(fact.coverage)),
    },
  ], rows, { class: "ranked" });
}

export const narrative = {
  id: "narrative",
  title: "In words",
  tiers: ["T1", "T2", "T3"],
  takeaway: ({ narrative: text }) =>
    `${plural(sentencesOf(text).length, "sentence")} on ${factsOf(text)}; `
    + "a small number leads to its fact.",
  draw: ({ narrative: text, facts }) =>
    el(
      "div",
      {},
      told(text, prose(text, facts)),
      folded("The facts behind the texts", () => factTable(facts), { id: "facts" }),
    ),
};
