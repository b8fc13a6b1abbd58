// What the status and the data page say alike.
// Here: verdicts, times and links to a table. Not here: a section of either page.

import { el } from "../dom.js";
import { utc } from "../fmt.js";

const OUTCOMES = {
  failed: ["✗", "failed"],
  warned: ["!", "warned"],
  unknown: ["?", "not judged"],
  passed: ["✓", "passed"],
};
const ORDER = Object.keys(OUTCOMES);
const known = (check) => (ORDER.includes(check.outcome) ? check.outcome : "unknown");

/** What is wrong comes first. */
export const rank = (check) => ORDER.indexOf(known(check));

/** A sign and a word; never colour alone. */
export function outcome(check) {
  const [sign, word] = OUTCOMES[known(check)];
  const mark = el("span", { "aria-hidden": "true" }, sign);
  return el("span", { class: `outcome ${known(check)}` }, mark, ` ${word}`);
}

export const when = (at) => el("span", { class: "when" }, at ? utc(at) : "not known");

/** Tables that analysts get have a place in the dictionary; raw and published ones have none. */
const hasPlace = (name) => /^(core|marts|meta)\.\w+$/.test(name);

export const tableLink = (name) =>
  hasPlace(name)
    ? el("a", { href: `data.html#${name}` }, el("code", {}, name))
    : el("code", {}, name);
