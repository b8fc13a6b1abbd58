// The text, and the facts it stands on.
// Here: paragraphs whose every sentence links to its facts, the table of all facts, and the note on
// who wrote it. Not here: any rendering of markup; a sentence is plain text.

import { el, hidden, table } from "../dom.js";
import { int, percent, plural } from "../fmt.js";

const anchor = (index) => `fact-${index + 1}`;

function open(event) {
  const details = document.getElementById("facts");
  details.open = true;
  const target = document.getElementById(event.currentTarget.hash.slice(1));
  target.focus();
  target.scrollIntoView({ block: "center" });
}

function factLink(id, facts) {
  const index = facts.findIndex((fact) => fact.id === id);
  if (index < 0) return el("span", { class: "fact-ref" }, `[${id}]`);
  const link = el(
    "a",
    { class: "fact-ref", href: `#${anchor(index)}`, title: facts[index].label },
    hidden("fact "),
    index + 1,
  );
  link.addEventListener("click", open);
  return link;
}

const sentence = (facts) => (entry) => [
  entry.text,
  el("span", { class: "fact-refs" }, entry.fact_ids.map((id) => factLink(id, facts))),
  " ",
];

/** Neighbouring list items share one list. */
function blocks(report) {
  const out = [];
  for (const block of report.narrative.blocks) {
    const content = block.sentences.map(sentence(report.facts));
    if (block.type !== "li") out.push(el("p", {}, content));
    else {
      if (out.at(-1)?.tagName !== "UL") out.push(el("ul", {}));
      out.at(-1).append(el("li", {}, content));
    }
  }
  return out;
}

function factTable(facts) {
  const rows = facts.map((fact, index) => ({ fact, index }));
  return table("The facts behind this text", [
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
      ],
    },
    { head: "Rests on", numeric: true, cell: ({ fact }) => int(fact.n) },
    {
      head: "Coverage",
      numeric: true,
      cell: ({ fact }) => (fact.coverage === null ? "–" : percent(fact.coverage)),
    },
  ], rows);
}

function provenance({ narrative, facts }) {
  const from = `from ${plural(facts.length, "fact")}`;
  if (narrative.source === "template") return `Template text ${from}`;
  const version = narrative.prompt_version ? ` · prompt ${narrative.prompt_version}` : "";
  return `Written by ${narrative.model} ${from}${version}`;
}

function dropped({ narrative }) {
  const n = narrative.dropped_sentences;
  if (n === 0) return null;
  const them = n === 1 ? "it" : "them";
  const line = `${plural(n, "sentence")} left out: the facts did not hold ${them}.`;
  return el("p", { class: "muted" }, line);
}

export const narrative = {
  id: "narrative",
  title: "In words",
  tiers: ["T1", "T2", "T3"],
  takeaway: ({ narrative: text, facts }) => {
    const n = text.blocks.reduce((sum, block) => sum + block.sentences.length, 0);
    return `${plural(n, "sentence")} on ${plural(facts.length, "fact")}; `
      + "a small number leads to its fact.";
  },
  draw: (report) =>
    el(
      "div",
      {},
      el("p", { class: `chip ${report.narrative.source}` }, provenance(report)),
      el("div", { class: "prose" }, blocks(report)),
      dropped(report),
      el(
        "details",
        { id: "facts", class: "how" },
        el("summary", {}, "The facts behind this text"),
        factTable(report.facts),
      ),
    ),
};
