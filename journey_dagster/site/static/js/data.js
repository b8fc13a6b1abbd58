// The data dictionary.
// Here: fetching its document, finding a table or a macro, and the way to the one that the address
// names.
// Not here: what is shown of one (books/entry.js, books/macro.js), the words of a failure
// (errors.js).

import { el } from "./dom.js";
import { loadFailure } from "./errors.js";
import { int, plural, utc } from "./fmt.js";
import { loadDictionary, loadStatus } from "./load.js";
import { chosen, keep } from "./state.js";
import { entry } from "./books/entry.js";
import { macro } from "./books/macro.js";

const main = document.getElementById("main");

function show(...nodes) {
  main.replaceChildren(...nodes.filter(Boolean));
  main.setAttribute("aria-busy", "false");
}

function top(doc) {
  const through = doc.data_through ? `Data to ${utc(doc.data_through)}` : "No data yet";
  const columns = doc.tables.reduce((sum, each) => sum + each.columns.length, 0);
  return el(
    "div",
    { class: "hero" },
    el(
      "div",
      { class: "hero-text" },
      el("h1", {}, "Data"),
      el("p", { class: "lead" }, `${plural(doc.tables.length, "table")} with `
        + `${plural(columns, "column")}, and ${plural(doc.macros.length, "macro")}, `
        + "for questions of your own: ",
      el("code", {}, "journey sql"), " asks the analysts' copy."),
      el("p", { class: "fresh" }, `${doc.dataset} · ${through}`),
    ),
  );
}

/** The last section: questions that are asked as tables are. */
const MACROS = {
  name: "macros",
  description: "Questions with parameters, asked of the analysts' copy as tables are.",
};

const contents = (sections) =>
  el(
    "nav",
    { class: "contents", "aria-label": "On this page" },
    el("ul", {}, sections.map(({ name }) => el("li", {}, el("a", { href: `#${name}` }, name)))),
  );

const schema = ({ name, description }, entries) =>
  el(
    "section",
    { id: name, class: "schema", "aria-labelledby": `${name}-title` },
    el(
      "div",
      { class: "full-head" },
      el("h2", { id: `${name}-title` }, name),
      el("p", { class: "takeaway" }, description),
    ),
    entries.map(({ node }) => node),
  );

/** The search: cards stay that have the words in their name, their grain or a column. */
function finder(entries) {
  const search = el("input", { type: "search", autocomplete: "off", spellcheck: "false" });
  const found = el("p", { class: "muted", role: "status" });
  search.value = chosen("q", "");
  const draw = () => {
    const needle = search.value.trim().toLowerCase();
    const kept = entries.filter(({ fits }) => fits(needle));
    found.textContent = needle
      ? `${int(kept.length)} of ${plural(entries.length, "entry", "entries")} `
        + `with “${search.value.trim()}”`
      : "";
    for (const section of main.querySelectorAll(".schema")) {
      section.hidden = !section.querySelector(".entry:not([hidden])");
    }
  };
  search.addEventListener("input", () => {
    keep("q", search.value, "");
    draw();
  });
  const label = el("span", {}, "Find a table, a macro or a column");
  return { draw, node: el(
    "div",
    { class: "finder" },
    el("label", { class: "field grow" }, label, search),
    found,
  ) };
}

/** Opens what the address names. */
function follow() {
  const target = document.getElementById(decodeURIComponent(window.location.hash.slice(1)));
  const more = target?.querySelector(":scope > details");
  if (more) more.open = true;
  target?.scrollIntoView();
}

function draw([doc, status]) {
  document.title = `Data · ${doc.dataset} · Journey`;
  const cards = new Map(doc.schemas.map((each) => [
    each,
    doc.tables.filter((table) => table.schema === each.name).map((table) => entry(table, status)),
  ]));
  cards.set(MACROS, doc.macros.map(macro));
  const sections = [...cards].map(([each, entries]) => schema(each, entries));
  const search = finder([...cards.values()].flat());
  show(top(doc), search.node, contents([...cards.keys()]), ...sections);
  search.draw();
  document.getElementById("print-source").textContent =
    `data.html · written ${utc(doc.generated_at)}`;
  window.addEventListener("hashchange", follow);
  if (window.location.hash) follow();
}

/** Times and verdicts are those of the status page; without them the words still stand. */
const statusOrNone = () => loadStatus().catch((error) => {
  console.info("no times and verdicts", error.message);
  return null;
});

Promise.all([loadDictionary(), statusOrNone()])
  .then(draw)
  .catch((error) => show(loadFailure(error)));
