// Numbers and times as text.
// Here: pure functions. Dates are taken apart as strings and never pass through the viewer's time
// zone; the locale is fixed, so a page reads the same everywhere. Not here: elements.

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const MONTHS_LONG = (
  "January February March April May June July August September October November December"
).split(" ");
export const WEEKDAYS = (
  "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"
).split(" ");
const DAY_MS = 86_400_000;
const UNITS = {
  events: ["event", "events"],
  days: ["day", "days"],
  sessions: ["session", "sessions"],
  pages: ["page", "pages"],
  steps: ["step", "steps"],
};

// The first call of anything in Intl costs a phone as much as drawing the figures, so it is not used.
/** What a reader takes for one letter: with its marks, and an emoji with all that is joined to it. */
const GRAPHEME = /\p{RI}\p{RI}|.(?:[\p{M}\p{EMod}]|\u200d.)*/gsu;

/** As Intl.NumberFormat("en-GB") has it. */
const written = (n) => String(n).replace(/\B(?=(?:\d{3})+(?!\d))/g, ",");
const rounded = (n) => Math.sign(n) * Math.round(Math.abs(n));

export const int = (n) => written(rounded(n));
export const decimal = (n) => written(rounded(n * 10) / 10);
export const plural = (n, one, many = `${one}s`) => `${int(n)} ${n === 1 ? one : many}`;
export const pad = (n) => String(n).padStart(2, "0");

/** A share as text; never rounds a part to all or to nothing. */
export function percent(share) {
  const value = share * 100;
  if (value > 99 && value < 100) return "over 99\u00a0%";
  if (value > 0 && value < 0.1) return "under 0.1\u00a0%";
  return `${value < 10 ? decimal(value) : int(value)}\u00a0%`;
}

/** Minutes as people say them: "under 1 min", "12 min", "1 h 5 min". */
export function minutes(value) {
  if (value === null) return "not known";
  if (value < 1) return "under 1\u00a0min";
  const whole = Math.round(value);
  if (whole < 60) return `${whole}\u00a0min`;
  const rest = whole % 60;
  return `${int(Math.floor(whole / 60))}\u00a0h${rest ? ` ${rest}\u00a0min` : ""}`;
}

/** The number and the unit of a headline, apart, so that they can be set in two sizes. */
export function quantity(value, unit) {
  if (value === null) return ["–", "not known"];
  if (unit === "minutes") {
    if (value >= 59.5) return [minutes(value), ""];
    return [value < 1 ? "<\u00a01" : int(Math.round(value)), "min"];
  }
  const [one, many] = UNITS[unit] ?? [unit, unit];
  return [decimal(value), value === 1 ? one : many];
}

function parts(text) {
  const match = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2}))?/.exec(text);
  if (!match || +match[2] < 1 || +match[2] > 12) return null;
  return { y: +match[1], m: +match[2], d: +match[3], time: match[4] && `${match[4]}:${match[5]}` };
}

/** Days since 1970 of a "YYYY-MM-DD": the arithmetic of dates without a clock. */
export function dayNumber(text) {
  const p = parts(text);
  if (!p) throw new Error(`not a date: ${text}`);
  return Date.UTC(p.y, p.m - 1, p.d) / DAY_MS;
}

export function fromDayNumber(number) {
  const at = new Date(number * DAY_MS);
  return `${at.getUTCFullYear()}-${pad(at.getUTCMonth() + 1)}-${pad(at.getUTCDate())}`;
}

/** 0 Monday to 6 Sunday; the first of January 1970 was a Thursday. */
export const weekdayOf = (number) => (((number + 3) % 7) + 7) % 7;

export function date(text) {
  const p = parts(text);
  return p ? `${p.d}\u00a0${MONTHS[p.m - 1]} ${p.y}` : String(text);
}

export function longDate(text) {
  return parts(text)
    ? `${WEEKDAYS[weekdayOf(dayNumber(text))].slice(0, 3)} ${date(text)}`
    : String(text);
}

export const clock = (text) => parts(text)?.time ?? String(text);
export const utc = (text) => `${date(text)}, ${clock(text)} UTC`;
export const hourRange = (hour) => `${pad(hour)}:00–${pad((hour + 1) % 24)}:00`;

export function month(text, long = false) {
  const p = parts(`${text}-01`);
  return p ? `${(long ? MONTHS_LONG : MONTHS)[p.m - 1]} ${p.y}` : String(text);
}

export function period({ start, end }) {
  if (start === end) return date(start);
  const sameYear = start.slice(0, 4) === end.slice(0, 4);
  const first = sameYear ? date(start).replace(/ \d{4}$/, "") : date(start);
  return `${first} – ${date(end)}`;
}

/** "Denver time (America/Denver)": the zone's own name, made readable. */
export function zone({ tz, tz_is_known: known }) {
  if (!known) return `${tz}, because the person's own time zone is not known`;
  const city = tz.split("/").pop().replaceAll("_", " ");
  return tz.includes("/") ? `${city} time (${tz})` : tz;
}

/** Whole days between two UTC instants; null when either is missing. */
export const daysBetween = (from, to) =>
  from && to ? Math.floor((Date.parse(to) - Date.parse(from)) / DAY_MS) : null;

/** An emoji or two letters for the round mark beside a name. */
export function avatar({ avatar: given, display_name: name }) {
  const graphemes = (text) => text.match(GRAPHEME) ?? [];
  if (given) return graphemes(given).slice(0, 2).join("");
  const words = name.split(/\s+/).filter(Boolean);
  const initials = words.map((word) => graphemes(word)[0]);
  return (initials.length > 1 ? [initials[0], initials.at(-1)] : initials).join("").toUpperCase();
}
