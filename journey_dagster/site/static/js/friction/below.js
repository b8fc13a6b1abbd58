// The sections below the first view, in their order.
// Here: which there are; they are loaded when the first view stands. Not here: drawing them.

import { advanced, glossary, made } from "./about.js";
import { comparisons } from "./comparisons.js";
import { funnels, retention } from "./cohorts.js";
import { fragile } from "./fragile.js";
import { tabs } from "./frame.js";
import { drawGraph } from "./graph.js";
import { drawMatrix } from "./matrix.js";
import { steps } from "./steps.js";

const transitions = {
  id: "transitions",
  title: "From page to page",
  draw: (data) => tabs("view", "From page to page", [
    { id: "matrix", title: "Matrix", draw: () => drawMatrix(data) },
    { id: "graph", title: "Graph", draw: () => drawGraph(data) },
  ]),
};

export const sections = [
  transitions, steps, fragile, comparisons, funnels, retention, advanced, glossary, made,
];
