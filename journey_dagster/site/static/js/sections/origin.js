// Who wrote a part of the text.
// Here: the chip over a part, the reason where no model wrote it, and the note on what was left
// out. Not here: the text itself (sentences.js and the sections).

import { el } from "../dom.js";
import { date, plural } from "../fmt.js";

const UNAVAILABLE = "the model's service was not available";
const UNUSABLE = "the model's answer could not be used";
const REASONS = {
  tier: "too little data for more",
  nothing: "there was nothing to ask a model about",
  waiting: "no model has been asked yet",
  budget: "the budget was spent",
  price: "what the model costs is not known",
  transient: UNAVAILABLE,
  terminal: UNAVAILABLE,
  refused: "the model declined to write it",
  cut: UNUSABLE,
  invalid: UNUSABLE,
  ungrounded: "the model said more than the facts hold",
};

export const sentencesOf = (part) => part.items ?? part.blocks.flatMap((block) => block.sentences);

/** "5 facts": as many as the sentences of a part name. */
export const factsOf = (part) =>
  plural(new Set(sentencesOf(part).flatMap((sentence) => sentence.fact_ids)).size, "fact");

function chip(part) {
  if (part.source === "llm") {
    return `Written by ${part.model}, ${date(part.written_at)}, from ${factsOf(part)}`
      + ` · prompt ${part.prompt_version}`;
  }
  const reason = REASONS[part.status];
  return `Template text${reason ? `: ${reason}` : ` from ${factsOf(part)}`}`;
}

/** Of a model's text only: where a template took over, the chip says why. */
function leftOut({ source, dropped_sentences: n }) {
  if (source !== "llm" || n === 0) return null;
  const them = n === 1 ? "it" : "them";
  return el(
    "p",
    { class: "muted" },
    `${plural(n, "sentence")} left out: the facts did not hold ${them}.`,
  );
}

/** What a part says, between its chip and the note. */
export const told = (part, ...content) =>
  el("div", { class: "told" }, el("p", { class: "chip" }, chip(part)), content, leftOut(part));
