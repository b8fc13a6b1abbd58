// The sections of a report, in their order.
// Here: which tiers show them, and which are code of the first view. The others are fetched once that
// stands, each by itself, so that none can hold up another. Not here: what a section shows.

import { recent, sessions } from "./activity.js";
import { calendar, hours } from "./figures.js";
import { headline } from "./headline.js";
import { narrative } from "./narrative.js";

const ALL = ["T0", "T1", "T2", "T3"];
const HABITS = ["T2", "T3"];
const YEAR = ["T3"];

const later = (id, title, tiers, load) => ({ id, title, tiers, load });

export const SECTIONS = [
  headline,
  narrative,
  calendar,
  hours,
  later("topics", "Interests by month", YEAR, () => import("./topics.js")),
  later("interests", "Interests in words", YEAR, () => import("./interests.js")),
  later("charts", "Charts picked for you", YEAR, () => import("./charts.js")),
  later("pages", "Pages", HABITS, () => import("./pages.js")),
  later("sources", "Publications and apps", HABITS, () => import("./sources.js")),
  later("authors", "Authors", HABITS, () => import("./sources.js")),
  sessions,
  later("journey", "Step by step", HABITS, () => import("./journey.js")),
  recent,
  later("about", "About this report", ALL, () => import("./about.js")),
];
