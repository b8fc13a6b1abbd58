// The friction page.
// Here: fetching its document, the first view, and then the sections below it. Not here: drawing a
// section (friction/), or the words of a failure (errors.js).

import { el } from "./dom.js";
import { loadFailure } from "./errors.js";
import { period, plural, utc } from "./fmt.js";
import { loadFriction } from "./load.js";
import { chokepoints } from "./friction/chokepoints.js";
import { openDocument } from "./friction/data.js";
import { frame } from "./friction/frame.js";

const BELOW = [
  ["transitions", "From page to page"],
  ["steps", "Step by step"],
  ["fragile", "Fragile flows"],
  ["comparisons", "Comparisons"],
  ["funnels", "Funnels"],
  ["retention", "Who comes back"],
  ["advanced", "Advanced"],
  ["glossary", "Glossary"],
  ["about", "About"],
];
const main = document.getElementById("main");

function show(...nodes) {
  main.replaceChildren(...nodes.filter(Boolean));
  main.setAttribute("aria-busy", "false");
}

function top({ doc }) {
  const { dataset } = doc;
  const counts = `${plural(dataset.n_sessions, "session")} of ${plural(dataset.n_users, "user")} · `
    + `${plural(dataset.n_steps, "step")} on ${plural(dataset.n_pages, "page")}`;
  const built = `built ${utc(doc.generated_at)}`;
  const noise = `${plural(dataset.n_noise_excluded, "event")} left out as noise`;
  const through = doc.data_through ? `Data to ${utc(doc.data_through)}` : "No data yet";
  return el(
    "div",
    { class: "hero" },
    el(
      "div",
      { class: "hero-text" },
      el("h1", {}, "Friction"),
      el(
        "p",
        { class: "lead" },
        dataset.period && [el("span", { class: "period" }, period(dataset.period)), " · "],
        counts,
      ),
      el("p", { class: "fresh" }, [dataset.name, through, built, noise].join(" · ")),
    ),
  );
}

const contents = () =>
  el(
    "nav",
    { class: "contents", "aria-label": "On this page" },
    el("ul", {}, [["chokepoints", chokepoints.title], ...BELOW].map(([id, title]) =>
      el("li", {}, el("a", { href: `#${id}` }, title)))),
  );

const summary = ({ doc }) =>
  el(
    "section",
    { id: "summary", "aria-labelledby": "summary-title" },
    el("h2", { id: "summary-title", class: "vh" }, "Summary"),
    el("ul", { class: "findings" }, doc.summary.map(({ section, text }) =>
      el("li", { class: section }, el("a", { href: `#${section}` }, text)))),
  );

/** A section that is on its way. */
const waiting = ([id, title]) =>
  el(
    "section",
    { id, class: "card full", "aria-busy": "true" },
    el("div", { class: "full-head" }, el("h2", {}, title)),
    el("div", { class: "skeleton tall" }),
  );

/** Fills the sections below the first view, whose code is loaded only now. */
async function drawBelow(data) {
  try {
    const { sections } = await import("./friction/below.js");
    for (const section of sections) {
      document.getElementById(section.id).replaceWith(frame(section, data));
    }
  } catch (error) {
    console.error("the sections below could not be loaded", error);
    for (const section of main.querySelectorAll('[aria-busy="true"]')) {
      section.lastChild.replaceWith(el("p", { class: "notice" }, "Could not load this section."));
      section.removeAttribute("aria-busy");
    }
  }
  if (window.location.hash) {
    document.getElementById(window.location.hash.slice(1))?.scrollIntoView();
  }
}

function draw(doc) {
  const data = openDocument(doc);
  document.title = `Friction · ${doc.dataset.name} · Journey`;
  show(top(data), summary(data), contents(), frame(chokepoints, data), ...BELOW.map(waiting));
  document.getElementById("print-source").textContent =
    `friction.html · built ${utc(doc.generated_at)}`;
  return drawBelow(data);
}

loadFriction().then(draw).catch((error) => show(loadFailure(error)));
