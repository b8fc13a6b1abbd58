// The landing page.
// Here: cards made from users.json alone, search and order, which the address keeps, and showing
// them 200 at a time.
// Not here: anything from a report's own file.

import { el } from "./dom.js";
import { loadFailure } from "./errors.js";
import { sparkline } from "./figures/spark.js";
import { avatar, date, int, plural, utc } from "./fmt.js";
import { loadUsers, reportAddress } from "./load.js";
import { choice, chosen, keep } from "./state.js";

const STEP = 200;
const byId = (id) => document.getElementById(id);
const NAMES = new Intl.Collator("en");
const byName = (a, b) =>
  NAMES.compare(a.display_name, b.display_name) || (a.slug < b.slug ? -1 : 1);
/** The first is what the page shows by itself; equal ones stay in the order of their names. */
const ORDERS = {
  name: () => 0,
  activity: (a, b) => b.n_events - a.n_events,
  last: (a, b) => {
    const [here, there] = [a.last_event_date ?? "", b.last_event_date ?? ""];
    return here === there ? 0 : here < there ? 1 : -1;
  },
};
const [BY_NAME] = Object.keys(ORDERS);

const title = (user) =>
  user.status === "withheld"
    ? el("h3", {}, user.display_name)
    : el("h3", {}, el("a", { href: reportAddress(user.slug) }, user.display_name));

const figure = (label, value) => el("div", {}, el("dt", {}, label), el("dd", {}, value));

function numbers(user) {
  if (user.status !== "published") return null;
  return el(
    "dl",
    { class: "card-facts" },
    figure("Events", int(user.n_events)),
    figure("Active days", int(user.active_days)),
    figure("Latest event", user.last_event_date ? date(user.last_event_date) : "none"),
  );
}

function card(user, through) {
  return el(
    "li",
    { class: `person ${user.status}` },
    el("div", { class: "avatar small", "aria-hidden": "true" }, avatar(user)),
    el(
      "div",
      { class: "person-head" },
      title(user),
      el("p", { class: "status" }, user.status_text),
    ),
    user.status === "published" && through && sparkline(user.months, through),
    numbers(user),
  );
}

function emptyRegistry() {
  return el(
    "div",
    { class: "card empty" },
    el("h2", {}, "Nobody is registered yet"),
    el("p", {}, "Add the first person, then build the site again:"),
    el("pre", {}, el("code", {}, "journey users add USER_ID")),
  );
}

/** The month sparklines end with: the warehouse's last, or the latest month anybody has. */
function lastMonth({ data_through: through, users }) {
  if (through) return through.slice(0, 7);
  return users.flatMap((user) => user.months.map(([key]) => key)).sort().at(-1) ?? null;
}

function finder(data) {
  const search = byId("search");
  const sort = byId("sort");
  const more = byId("more");
  const through = lastMonth(data);
  const everybody = [...data.users].sort(byName).map((user) =>
    ({ user, text: `${user.display_name} ${user.slug}`.toLowerCase() }));
  let limit = STEP;
  search.value = chosen("q", "");
  sort.value = choice("sort", Object.keys(ORDERS));
  const draw = () => {
    const needle = search.value.trim().toLowerCase();
    const found = everybody
      .filter(({ text }) => text.includes(needle))
      .map(({ user }) => user)
      .sort(ORDERS[sort.value]);
    byId("people").replaceChildren(...found.slice(0, limit).map((user) => card(user, through)));
    const shown = found.length > limit ? `, ${int(limit)} shown` : "";
    byId("found").textContent = found.length === 0
      ? "Nobody has a name like this."
      : `${plural(found.length, "person", "people")}${shown}`;
    more.hidden = found.length <= limit;
  };
  const restart = () => {
    keep("q", search.value, "");
    keep("sort", sort.value, BY_NAME);
    limit = STEP;
    draw();
  };
  search.addEventListener("input", restart);
  sort.addEventListener("change", restart);
  more.addEventListener("click", () => {
    const next = limit;
    limit += STEP;
    draw();
    byId("people").children[next]?.querySelector("a")?.focus();
  });
  byId("finder").hidden = false;
  draw();
}

/** "3 reports of 5 people, made from 1,204 events; 1 without events yet, 1 not published." */
function counts(users) {
  const of = (status) => users.filter((user) => user.status === status);
  const published = of("published");
  const events = published.reduce((sum, user) => sum + user.n_events, 0);
  const rest = [["no_data", "without events yet"], ["withheld", "not published"]]
    .map(([status, words]) => [of(status).length, words])
    .filter(([n]) => n > 0)
    .map(([n, words]) => `${int(n)} ${words}`);
  return `${plural(published.length, "report")} of ${plural(users.length, "person", "people")}, `
    + `made from ${plural(events, "event")}${rest.length > 0 ? `; ${rest.join(", ")}` : ""}.`;
}

function draw(data) {
  byId("freshness").replaceChildren(
    data.data_through ? `Data to ${utc(data.data_through)}` : "The warehouse holds no data yet",
    " · ",
    el("a", { href: "status.html" }, "Status of the data"),
  );
  if (data.users.length === 0) {
    byId("people").replaceWith(emptyRegistry());
  } else {
    byId("counts").textContent = counts(data.users);
    finder(data);
  }
  byId("main").setAttribute("aria-busy", "false");
}

function fail(error) {
  byId("main").replaceChildren(loadFailure(error));
  byId("main").setAttribute("aria-busy", "false");
}

loadUsers().then(draw).catch(fail);
