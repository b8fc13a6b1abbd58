// What the two drawings share: walking from node to node, and taking the drawing away.
// Here: one tab stop with arrow keys that follow the picture, and the download as an SVG file.
// Not here: drawing.

import { button } from "../dom.js";

const AXES = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
};

/** The nearest mark in a direction, what lies aside of it counting double; -1 if there is none. */
function towards(marks, from, [dx, dy]) {
  let best = -1;
  let least = Infinity;
  marks.forEach(({ x, y }, i) => {
    const [ax, ay] = [x - marks[from].x, y - marks[from].y];
    const ahead = ax * dx + ay * dy;
    const aside = Math.abs(ax * dy) + Math.abs(ay * dx);
    const far = ahead + 2 * aside;
    if (i !== from && ahead > 0.5 && far < least) [best, least] = [i, far];
  });
  return best;
}

/** Makes marks {node, x, y} one tab stop; `pick(index)` is called on a click, Enter or space. */
export function walk(marks, pick) {
  let current = 0;
  marks.forEach(({ node }, i) => {
    node.setAttribute("tabindex", i === 0 ? "0" : "-1");
    node.addEventListener("focus", () => {
      marks[current].node.setAttribute("tabindex", "-1");
      node.setAttribute("tabindex", "0");
      current = i;
    });
    node.addEventListener("click", () => pick(i));
    node.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        pick(i);
      } else if (event.key in AXES) {
        event.preventDefault();
        const next = towards(marks, i, AXES[event.key]);
        if (next >= 0) marks[next].node.focus();
      }
    });
  });
}

const LOOKS = [
  "fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray",
  "opacity", "font-family", "font-size", "font-weight", "text-anchor", "paint-order", "display",
];

/** The drawing as it looks now, in a file that needs no style sheet. */
function asFile(drawing) {
  const copy = drawing.cloneNode(true);
  const from = [drawing, ...drawing.querySelectorAll("*")];
  [copy, ...copy.querySelectorAll("*")].forEach((node, i) => {
    const look = getComputedStyle(from[i]);
    for (const name of LOOKS) node.setAttribute(name, look.getPropertyValue(name));
    node.removeAttribute("class");
    node.removeAttribute("tabindex");
  });
  const ground = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  ground.setAttribute("width", "100%");
  ground.setAttribute("height", "100%");
  ground.setAttribute("fill", getComputedStyle(drawing.closest(".card")).backgroundColor);
  copy.prepend(ground);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return new XMLSerializer().serializeToString(copy);
}

export const svgButton = (name, drawing) =>
  button("Download SVG", () => {
    const blob = new Blob([asFile(drawing())], { type: "image/svg+xml" });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${name}.svg`;
    link.click();
    URL.revokeObjectURL(link.href);
  }, { class: "quiet" });
