// A card to share.
// Here: a picture of name, three numbers and the days, drawn with its own colours so that it looks
// the same everywhere, and saving it as PNG or SVG. It holds no address and no place, and loads
// nothing. Not here: which numbers there are.

import { save } from "../csv.js";
import { button, el, svg } from "../dom.js";
import { avatar, dayNumber, period, quantity, weekdayOf } from "../fmt.js";
import { shadeOf } from "./grid.js";

const WIDTH = 1200;
const HEIGHT = 630;
const LEFT = 72;
const CELL = 20;
const WEEKS = Math.floor((WIDTH - 2 * LEFT) / CELL);
const NUMBERS = ["n_events", "active_days", "longest_streak"];
const INK = "#16191d";
const SOFT = "#464c54";
const SHADES = ["#ece7dc", "#b5d6ec", "#74b3dc", "#2f8bc6", "#0b6199", "#06395c"];
const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif";
const LETTERS = 30;

const text = (x, y, size, fill, content, attrs = {}) =>
  svg("text", { x, y, "font-size": size, fill, "font-family": FONT, ...attrs }, content);

const short = (name) =>
  Array.from(name).length > LETTERS ? `${Array.from(name).slice(0, LETTERS - 1).join("")}…` : name;

function number(entry, x) {
  const [value, unit] = quantity(entry.value, entry.unit);
  return [
    text(x, 290, 64, INK, value, { "font-weight": 720 }),
    text(x, 328, 24, SOFT, `${entry.label}${unit === "days" || unit === "day" ? `, ${unit}` : ""}`),
  ];
}

/** The last weeks of the period, a column each, Monday on top. */
function days({ calendar: { days: list, levels }, period: { end } }) {
  const last = dayNumber(end);
  const monday = last - weekdayOf(last) - 7 * (WEEKS - 1);
  const counts = new Map(list.map(([day, n]) => [dayNumber(day), n]));
  return Array.from({ length: last - monday + 1 }, (_, i) =>
    svg("rect", {
      x: LEFT + Math.floor(i / 7) * CELL,
      y: 392 + (i % 7) * CELL,
      width: CELL - 4,
      height: CELL - 4,
      rx: 4,
      fill: SHADES[shadeOf(counts.get(monday + i) ?? 0, levels)],
    }));
}

export function card(report) {
  const { user } = report;
  const shown = NUMBERS.map((id) => report.headline.find((entry) => entry.id === id)).filter(Boolean);
  return svg(
    "svg",
    {
      class: "share-card",
      width: WIDTH,
      height: HEIGHT,
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      role: "img",
      "aria-label": `Card of ${user.display_name}, ${period(report.period)}`,
    },
    svg("rect", { width: WIDTH, height: HEIGHT, fill: "#f6f4ef" }),
    text(LEFT, 128, 64, INK, `${avatar(user)}  ${short(user.display_name)}`, { "font-weight": 720 }),
    text(LEFT, 180, 28, SOFT, period(report.period)),
    shown.map((entry, i) => number(entry, LEFT + i * 360)),
    days(report),
    text(LEFT, 584, 22, SOFT, "Journey"),
  );
}

const textOf = (drawing) => new XMLSerializer().serializeToString(drawing);

async function asPng(drawing) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(textOf(drawing))}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  canvas.getContext("2d").drawImage(image, 0, 0);
  return new Promise((resolve) => {
    canvas.toBlob(resolve, "image/png");
  });
}

export function shareCard(report) {
  const drawing = card(report);
  const name = `${report.user.slug}-card`;
  return el(
    "figure",
    { class: "figure share" },
    drawing,
    el(
      "div",
      { class: "tools" },
      button("Download PNG", async () => save(`${name}.png`, await asPng(drawing)), { class: "quiet" }),
      button(
        "Download SVG",
        () => save(`${name}.svg`, new Blob([textOf(drawing)], { type: "image/svg+xml" })),
        { class: "quiet" },
      ),
    ),
  );
}
