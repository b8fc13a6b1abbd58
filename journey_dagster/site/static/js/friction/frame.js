// The frame of a section, and tabs inside one.
// Here: heading, one sentence from the data, the body, and the rule that a section which throws
// says so and leaves the rest standing. Not here: what any section shows.
//
// A section is {id, title, lead?, draw}; `lead` and `draw` are functions of the data.

import { el } from "../dom.js";
import { choice, keep } from "../state.js";

function guarded(section, what, make) {
  try {
    return make();
  } catch (error) {
    console.error(`section ${section.id}: ${what} failed`, error);
    return null;
  }
}

const broken = (text) => el("p", { class: "notice", role: "note" }, text);

/** Why a section has nothing to show. */
export const absent = (reason) => el("p", { class: "absent" }, `Nothing to show: ${reason}`);

export function frame(section, data) {
  const lead = section.lead && guarded(section, "the sentence", () => section.lead(data));
  const body = guarded(section, "the figure", () => section.draw(data));
  return el(
    "section",
    { id: section.id, class: "card full", "aria-labelledby": `${section.id}-title` },
    el(
      "div",
      { class: "full-head" },
      el("h2", { id: `${section.id}-title` }, section.title),
      lead && el("p", { class: "takeaway" }, lead),
    ),
    body ?? broken("Could not draw this section."),
  );
}

const STEPS = { ArrowLeft: -1, ArrowRight: 1 };

/** Views of which one is seen: tabs is a list of {id, title, draw}, drawn when first seen. */
export function tabs(name, label, views) {
  const ids = views.map((view) => view.id);
  const list = el("div", { class: "tabs", role: "tablist", "aria-label": label });
  const panels = views.map((view) =>
    el("div", {
      id: `${name}-${view.id}`,
      role: "tabpanel",
      "aria-labelledby": `${name}-${view.id}-tab`,
      hidden: true,
    }),
  );
  const heads = views.map((view) =>
    el("button", {
      type: "button",
      role: "tab",
      id: `${name}-${view.id}-tab`,
      "aria-controls": `${name}-${view.id}`,
    }, view.title),
  );
  const show = (index) => {
    heads.forEach((head, i) => {
      head.setAttribute("aria-selected", String(i === index));
      head.setAttribute("tabindex", i === index ? "0" : "-1");
      panels[i].hidden = i !== index;
    });
    if (!panels[index].hasChildNodes()) {
      const drawn = guarded({ id: `${name}-${ids[index]}` }, "the view", views[index].draw);
      panels[index].append(drawn ?? broken("Could not draw this view."));
    }
    keep(name, ids[index], ids[0]);
  };
  heads.forEach((head, i) => {
    head.addEventListener("click", () => show(i));
    head.addEventListener("keydown", (event) => {
      if (!(event.key in STEPS)) return;
      const next = (i + STEPS[event.key] + views.length) % views.length;
      show(next);
      heads[next].focus();
    });
  });
  list.append(...heads);
  show(ids.indexOf(choice(name, ids)));
  return el("div", {}, list, panels);
}
