// Interests, in words.
// Here: topics in the groups that the rules put them in, each with a sentence. Not here: the rules,
// which the facts state, or topics by month (figures/topics.js).

import { el } from "../dom.js";
import { plural } from "../fmt.js";
import { told } from "./origin.js";
import { sentence } from "./sentences.js";

const GROUPS = [
  ["core", "At the core"],
  ["casual", "Now and then"],
  ["emerging", "New"],
  ["seasonal", "In season"],
];

const item = (entry, facts) =>
  el(
    "li",
    {},
    el("p", { class: "topic-name" }, el("strong", {}, entry.topic), ` ${plural(entry.n, "event")}`),
    el("p", {}, sentence(entry, facts)),
  );

function group([kind, heading], items, facts) {
  const found = items.filter((entry) => entry.kind === kind);
  if (found.length === 0) return null;
  const list = el("ul", {}, found.map((entry) => item(entry, facts)));
  return el("div", {}, el("h3", {}, heading), list);
}

export const interests = {
  id: "interests",
  title: "Interests in words",
  tiers: ["T3"],
  takeaway: ({ interests: { items } }) =>
    items.length === 0
      ? "No topic stands out enough yet."
      : `${plural(items.length, "topic")}, by how they came up.`,
  draw: ({ interests: part, facts }) =>
    part.items.length === 0
      ? el("p", { class: "muted" }, "There is nothing to list.")
      : told(
        part,
        el("div", { class: "interests" }, GROUPS.map((one) => group(one, part.items, facts))),
      ),
};
