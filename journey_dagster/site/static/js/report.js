// The report page.
// Here: finding out whose report it is, fetching it, and putting the sections in order.
// Not here: drawing a section (sections/), or the words of a failure (errors.js).

import { loadFailure, unknownUser, withheldUser } from "./errors.js";
import { LoadError, SLUG, loadReport, loadUsers } from "./load.js";
import { utc } from "./fmt.js";
import { about } from "./sections/about.js";
import { recent, sessions } from "./sections/activity.js";
import { charts } from "./sections/charts.js";
import { calendar, hours, topics } from "./sections/figures.js";
import { emptyNote, evidenceNote, header } from "./sections/header.js";
import { headline } from "./sections/headline.js";
import { interests } from "./sections/interests.js";
import { narrative } from "./sections/narrative.js";
import { pages, sources } from "./sections/pages.js";
import { build } from "./sections/shell.js";

const SECTIONS = [
  headline, narrative, calendar, hours, topics, interests, charts, pages, sources, sessions, recent,
  about,
];
const main = document.getElementById("main");

function show(...nodes) {
  main.replaceChildren(...nodes.filter(Boolean));
  main.setAttribute("aria-busy", "false");
}

/** The registry, or nothing when it cannot be read: the report itself may still be there. */
async function registry() {
  try {
    return (await loadUsers()).users;
  } catch (error) {
    if (!(error instanceof LoadError)) throw error;
    console.error("the list of people could not be read", error);
    return null;
  }
}

function draw(report, users) {
  const { tier } = report.evidence;
  const fitting = SECTIONS.filter((section) => section.tiers.includes(tier));
  show(
    header(report, users),
    tier === "T0" ? emptyNote(report) : evidenceNote(report),
    ...fitting.map((section) => build(section, report)),
  );
  document.getElementById("print-source").textContent =
    `report.html?user=${report.user.slug} · built ${utc(report.generated_at)}`;
  if (window.location.hash) {
    document.getElementById(window.location.hash.slice(1))?.scrollIntoView();
  }
}

async function start() {
  const slug = new URLSearchParams(window.location.search).get("user") ?? "";
  const users = await registry();
  const user = users?.find((entry) => entry.slug === slug);
  if (!SLUG.test(slug) || (users && !user)) return show(unknownUser(slug, users ?? []));
  if (user?.status === "withheld") return show(withheldUser(user));
  return draw(await loadReport(slug), users ?? []);
}

start().catch((error) => show(loadFailure(error)));
