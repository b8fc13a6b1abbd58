// Sentences that stand on facts.
// Here: a sentence with links to its facts, and paragraphs and lists of them. Not here: the table
// the links lead to (narrative.js), or any rendering of markup; a sentence is plain text.

import { el, hidden, unfold } from "../dom.js";

/** The id of a fact's place in the table. */
export const anchor = (index) => `fact-${index + 1}`;

function open(event) {
  unfold(document.getElementById("facts"));
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

export const sentence = ({ text, fact_ids: ids }, facts) => [
  text,
  el("span", { class: "fact-refs" }, ids.map((id) => factLink(id, facts))),
  " ",
];

/** Neighbouring list items share one list. */
export function prose({ blocks }, facts) {
  const out = [];
  for (const block of blocks) {
    const content = block.sentences.map((one) => sentence(one, facts));
    if (block.type !== "li") out.push(el("p", {}, content));
    else {
      if (out.at(-1)?.tagName !== "UL") out.push(el("ul", {}));
      out.at(-1).append(el("li", {}, content));
    }
  }
  return el("div", { class: "prose" }, out);
}
