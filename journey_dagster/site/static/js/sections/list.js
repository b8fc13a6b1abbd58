// The sections of a report, in their order.
// Here: which there are. Not here: who gets to see one (its `tiers`), or what it shows.

import { about } from "./about.js";
import { recent, sessions } from "./activity.js";
import { charts } from "./charts.js";
import { calendar, hours } from "./figures.js";
import { headline } from "./headline.js";
import { interests } from "./interests.js";
import { journey } from "./journey.js";
import { narrative } from "./narrative.js";
import { pages } from "./pages.js";
import { authors, sources } from "./sources.js";
import { topics } from "./topics.js";

export const SECTIONS = [
  headline, narrative, calendar, hours, topics, interests, charts, pages, sources, authors, sessions,
  journey, recent, about,
];
