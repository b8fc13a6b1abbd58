// The status page.
// Here: fetching its document, what stands at the top, and the order of the sections. Not here:
// drawing a section (books/), or the words of a failure (errors.js).

import { el } from "./dom.js";
import { loadFailure } from "./errors.js";
import { int, plural, utc } from "./fmt.js";
import { loadStatus } from "./load.js";
import { checks, files, records, tables, topics } from "./books/status.js";
import { frame } from "./friction/frame.js";

const main = document.getElementById("main");

function show(...nodes) {
  main.replaceChildren(...nodes.filter(Boolean));
  main.setAttribute("aria-busy", "false");
}

const tile = (label, value, more) =>
  el("div", {}, el("dt", {}, label), el("dd", {}, el("strong", {}, value), " ", more));

function atAGlance({ checks: all, records: read, reports }) {
  const passed = all.filter(({ outcome }) => outcome === "passed").length;
  const held = reports.withheld > 0 && `${int(reports.withheld)} held back`;
  const without = reports.no_data > 0 && `${int(reports.no_data)} without events`;
  return el(
    "dl",
    { class: "tiles" },
    tile("Checks that passed", int(passed), `of ${int(all.length)}`),
    tile("Records read", read ? int(read.n_consumed) : "none", read && "and accounted for"),
    tile("Set aside", read ? int(read.n_quarantined) : "none", "could not be read"),
    tile("Reports out", int(reports.published), [held, without].filter(Boolean).join(", ")),
  );
}

function top(doc) {
  const { state, text } = doc.freshness;
  const through = doc.data_through ? `Data to ${utc(doc.data_through)}` : "No data yet";
  return el(
    "div",
    { class: "hero" },
    el(
      "div",
      { class: "hero-text" },
      el("h1", {}, "Status"),
      el("p", { class: "lead" }, el("span", { class: "period" }, through)),
      el("p", { class: "fresh" }, `${doc.dataset} · written ${utc(doc.generated_at)}`),
      el("p", { class: state === "current" ? "fresh" : "notice stale" }, text),
    ),
    atAGlance(doc),
  );
}

function draw(doc) {
  document.title = `Status · ${doc.dataset} · Journey`;
  show(top(doc), ...[checks, records, topics, tables, files].map((each) => frame(each, doc)));
  document.getElementById("print-source").textContent =
    `status.html · written ${utc(doc.generated_at)} · ${plural(doc.checks.length, "check")}`;
}

loadStatus().then(draw).catch((error) => show(loadFailure(error)));
