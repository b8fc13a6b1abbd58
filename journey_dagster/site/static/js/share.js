// Passing a page on.
// Here: copying its address, and handing it to the device where that can. Not here: the card
// (figures/card.js), or a page on disk, whose address means nothing elsewhere.

import { button, el } from "./dom.js";

/** In a bucket a page lies in a release that goes with the next; without it the address stays. */
const address = () => window.location.href.replace(/\/releases\/[0-9a-f]{16}\//, "/");

/** Where nothing can be copied, as on a page without encryption: the address, ready to be. */
function byHand() {
  const field = el("input", { readonly: true, value: address(), "aria-label": "Address of this page" });
  field.addEventListener("focus", () => field.select());
  return ["Copy it from here: ", field];
}

export function shareButtons() {
  if (!window.location.protocol.startsWith("http")) return null;
  const said = el("span", { role: "status" });
  const copy = button("Copy link", async () => {
    try {
      await navigator.clipboard.writeText(address());
      said.replaceChildren("Copied.");
    } catch (error) {
      console.info("the address could not be copied", error.name);
      said.replaceChildren(...byHand());
    }
  }, { class: "quiet" });
  const share = navigator.share && button("Share", async () => {
    try {
      await navigator.share({ title: document.title, url: address() });
    } catch (error) {
      if (error.name !== "AbortError") said.replaceChildren("It could not be shared.");
    }
  }, { class: "quiet" });
  return [copy, share, said];
}
