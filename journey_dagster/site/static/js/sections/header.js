// The top of a report: who, when, how fresh, and the way to another person.
// Here: the hero and the switcher. Not here: any number about behaviour.

import { button, el } from "../dom.js";
import { avatar, date, daysBetween, period, plural, utc, zone } from "../fmt.js";
import { reportAddress } from "../load.js";

const STALE_DAYS = 2;

function switcher(current, users) {
  const others = users.filter((user) => user.status !== "withheld");
  if (others.length < 2) return null;
  const select = el(
    "select",
    { id: "switch" },
    others.map((user) =>
      el("option", { value: user.slug, selected: user.slug === current }, user.display_name),
    ),
  );
  const go = () => window.location.assign(reportAddress(select.value));
  select.addEventListener("keydown", (event) => {
    if (event.key === "Enter") go();
  });
  return el(
    "div",
    { class: "switcher" },
    el("label", { for: "switch" }, "Another person"),
    select,
    button("Open", go),
  );
}

function freshness(report) {
  const behind = daysBetween(report.data_through, report.generated_at);
  const through = report.data_through ? `Data to ${utc(report.data_through)}` : "No data yet";
  const built = `built ${utc(report.generated_at)}`;
  const line = `${through} · ${built} · ${plural(report.evidence.n_events, "event")}`;
  const stale = behind !== null && isStale(report);
  return [
    el("p", { class: "fresh" }, line),
    stale &&
      el(
        "p",
        { class: "notice stale" },
        el("strong", {}, "Not up to date. "),
        `The data ends ${plural(behind, "day")} before this page was built.`,
      ),
  ];
}

function isStale({ data_through: through, generated_at: built }) {
  return Date.parse(built) - Date.parse(through) > STALE_DAYS * 86_400_000;
}

function when(report) {
  if (!report.period) return null;
  const { days } = report.period;
  return el(
    "p",
    { class: "lead" },
    el("span", { class: "period" }, period(report.period)),
    ` · ${plural(days, "day")} · ${zone(report.user)}`,
  );
}

export function header(report, users) {
  const { user } = report;
  const span = report.period ? ` · ${period(report.period)}` : "";
  document.title = `${user.display_name}${span} · Journey`;
  return el(
    "div",
    { class: "hero" },
    el("div", { class: "avatar", "aria-hidden": "true" }, avatar(user)),
    el(
      "div",
      { class: "hero-text" },
      el("h1", {}, user.display_name),
      when(report),
      freshness(report),
    ),
    switcher(user.slug, users),
  );
}

const TIER_WORDS = {
  T1: "A first glimpse",
  T2: "A picture so far",
};

/** Says, below the full tier, why the page is shorter than others. */
export function evidenceNote({ evidence }) {
  const title = TIER_WORDS[evidence.tier];
  if (!title) return null;
  return el(
    "aside",
    { class: "notice early", "aria-label": title },
    el("strong", {}, `${title}. `),
    `${plural(evidence.n_events, "event")} on ${plural(evidence.active_days, "day")} in `
      + `${plural(evidence.n_sessions, "session")}. `
      + "More sections appear once there is more to say.",
    evidence.reasons.length > 0 &&
      el("ul", {}, evidence.reasons.map((reason) => el("li", {}, reason))),
  );
}

/** The page of a person without events. */
export function emptyNote(report) {
  const { data_through: through } = report;
  return el(
    "section",
    { id: "empty", class: "card empty", "aria-labelledby": "empty-title" },
    el("h2", { id: "empty-title" }, "Nothing here yet, and that is fine"),
    el(
      "p",
      { class: "prose" },
      `No events of ${report.user.display_name} have arrived. As soon as they do, the next nightly `
        + "build fills this page by itself: numbers first, then a calendar and the rest.",
    ),
    el(
      "p",
      { class: "muted" },
      through
        ? `The warehouse holds data of other people up to ${date(through)}.`
        : "The warehouse holds no events of anyone so far.",
    ),
  );
}
