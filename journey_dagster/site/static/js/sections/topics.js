// Interests: the figure by month, and the lists that rules make of them.
// Here: core, rising and fading topics with their numbers, and the avatar that the topics suggest.
// Not here: the rules (the data states them), topics in words (interests.js).

import { el } from "../dom.js";
import { topicRows, topicsFigure, topicsTakeaway } from "../figures/topics.js";
import { int, plural } from "../fmt.js";

const moved = ({ before, now }) => `${int(before)} → ${plural(now, "event")}`;

const LISTS = [
  ["core", "Core", "Often, in most months.", ({ n_events: n }) => plural(n, "event")],
  ["rising", "Rising", "90 days before → last 90 days of data.", moved],
  ["fading", "Fading", "90 days before → last 90 days of data.", moved],
];

const item = (entry, told) =>
  el("li", {}, el("strong", {}, entry.topic), " ", el("span", { class: "path" }, told(entry)));

const list = ([kind, title, note, told], lists) =>
  el(
    "div",
    {},
    el("h3", {}, title),
    el("p", { class: "path" }, note),
    lists[kind].length > 0
      ? el("ul", {}, lists[kind].map((entry) => item(entry, told)))
      : el("p", { class: "muted" }, "None by the rule."),
  );

function suggestion({ suggested_avatar: found }) {
  if (!found) return null;
  const { emoji, topic, word, n_events: n } = found;
  return el(
    "p",
    { class: "suggested" },
    el("span", { class: "avatar", "aria-hidden": "true" }, emoji),
    el(
      "span",
      {},
      `An avatar that fits: ${emoji}, for “${word}” in the topic “${topic}” with `
        + `${plural(n, "event")}.`,
    ),
  );
}

export const topics = {
  id: "topics",
  title: "Interests by month",
  tiers: ["T3"],
  takeaway: topicsTakeaway,
  coverage: (report) => ({ what: "Topics are known for", share: report.topics.coverage }),
  draw: (report) =>
    el(
      "div",
      {},
      topicsFigure(report),
      el("div", { class: "lists" }, LISTS.map((one) => list(one, report.topics.lists))),
      suggestion(report.user),
    ),
  rows: topicRows,
};
