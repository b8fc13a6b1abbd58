"""The shop: its steps, where each can lead, and the chance to leave there.

Here belongs the map with its planted friction, and the funnels worth a look on it. Walking it
belongs to `shop`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class Step(NamedTuple):
    """An event on a page."""

    page: str
    event: str


def _step(text: str) -> Step:
    """A step from its short form, the event and then the page."""
    event, _, page = text.rpartition(" ")
    return Step(page, event)


def _steps(weights: Mapping[str, int]) -> dict[Step, int]:
    return {_step(text): weight for text, weight in weights.items()}


# Pages of which there are many; a walk fills in which one.
CATEGORY, PRODUCT = "/category/*", "/product/*"

BASELINE_EXIT_RATE = 0.06
PLANTED_EXIT_RATES = {
    Step("/search", "Search"): 0.40,
    Step("/login", "Login"): 0.45,
    Step("/checkout/shipping", "Form Submit"): 0.35,
    Step("/checkout/payment", "Error"): 0.60,
}
NATURAL_EXIT_RATES = {
    Step("/order/confirmation", "Page View"): 0.85,
    Step("/account", "Logout"): 0.90,
}

ENTRIES = _steps(
    {
        "Page View /": 5,
        "Page View /category/*": 2,
        "Page View /product/*": 3,
        "Page View /cart": 2,
        "Page View /login": 1,
    }
)
_SHORT_FORM: Mapping[str, Mapping[str, int]] = {
    "Page View /": {
        "Scroll /": 3,
        "Page View /category/*": 6,
        "Page View /search": 3,
        "Page View /login": 1,
        "Page View /help": 1,
    },
    "Scroll /": {"Click /": 3, "Page View /category/*": 2, "Page View /search": 2},
    "Click /": {"Page View /category/*": 2, "Page View /product/*": 3},
    "Page View /category/*": {
        "Scroll /category/*": 3,
        "Click /category/*": 4,
        "Page View /category/*": 1,
        "Page View /search": 1,
    },
    "Scroll /category/*": {"Click /category/*": 4, "Page View /category/*": 1, "Page View /": 1},
    "Click /category/*": {"Page View /product/*": 1},
    "Page View /search": {"Search /search": 5, "Page View /": 1},
    "Search /search": {"Click /search": 4, "Page View /search": 1},
    "Click /search": {"Page View /product/*": 1},
    "Page View /product/*": {
        "Scroll /product/*": 4,
        "Click /product/*": 2,
        "Add to Cart /product/*": 5,
        "Page View /category/*": 2,
        "Page View /help": 1,
    },
    "Scroll /product/*": {
        "Add to Cart /product/*": 4,
        "Click /product/*": 2,
        "Page View /category/*": 2,
    },
    "Click /product/*": {"Add to Cart /product/*": 3, "Page View /product/*": 2},
    "Add to Cart /product/*": {"Page View /cart": 5, "Page View /category/*": 1},
    "Page View /cart": {
        "Checkout /cart": 9,
        "Remove from Cart /cart": 1,
        "Page View /product/*": 1,
        "Page View /help": 1,
    },
    "Remove from Cart /cart": {"Page View /cart": 1, "Page View /": 1},
    # With a saved address the way to payment is short.
    "Checkout /cart": {
        "Page View /login": 2,
        "Page View /checkout/shipping": 4,
        "Page View /checkout/payment": 3,
    },
    "Page View /login": {"Login /login": 5, "Register /register": 1},
    "Login /login": {"Page View /checkout/shipping": 2, "Page View /account": 1},
    "Register /register": {"Page View /checkout/shipping": 2, "Page View /account": 1},
    "Page View /checkout/shipping": {"Form Submit /checkout/shipping": 6, "Page View /cart": 1},
    "Form Submit /checkout/shipping": {"Page View /checkout/payment": 1},
    "Page View /checkout/payment": {
        "Form Submit /checkout/payment": 1,
        "Error /checkout/payment": 2,
    },
    "Error /checkout/payment": {"Page View /checkout/payment": 3, "Page View /help": 1},
    "Form Submit /checkout/payment": {"Page View /checkout/review": 1},
    "Page View /checkout/review": {"Form Submit /checkout/review": 6, "Page View /cart": 1},
    "Form Submit /checkout/review": {"Page View /order/confirmation": 1},
    "Page View /order/confirmation": {"Page View /account": 1, "Page View /": 1},
    "Page View /account": {"Logout /account": 3, "Update Profile /account": 2, "Page View /": 2},
    "Update Profile /account": {"Logout /account": 1, "Page View /account": 1},
    "Logout /account": {"Page View /": 1},
    "Page View /help": {"Scroll /help": 3, "Click /help": 2, "Page View /": 1},
    "Scroll /help": {"Click /help": 1, "Page View /": 1, "Page View /search": 1},
    "Click /help": {"Page View /contact": 1, "Page View /cart": 1, "Page View /account": 1},
    "Page View /contact": {"Form Submit /contact": 2, "Page View /help": 1},
    "Form Submit /contact": {"Page View /": 1},
}
NEXT = {_step(text): _steps(weights) for text, weights in _SHORT_FORM.items()}


def exit_rate(step: Step) -> float:
    """The chance that a visit ends with this step."""
    natural = NATURAL_EXIT_RATES.get(step, BASELINE_EXIT_RATE)
    return PLANTED_EXIT_RATES.get(step, natural)


FUNNELS: Sequence[Mapping[str, Any]] = (
    {
        "name": "Checkout",
        "window_hours": 24,
        "steps": [
            {"name": "Added to cart", "event": "Add to Cart"},
            {"name": "Checked out", "page": "/cart", "event": "Checkout"},
            "/checkout/payment",
            "/order/confirmation",
        ],
    },
    {
        "name": "Search",
        "window_hours": 1,
        "steps": [
            {"page": "/search", "event": "Search"},
            {"page": "/search", "event": "Click"},
            {"event": "Add to Cart"},
        ],
    },
)
"""As `funnels.json` has them; both lead over planted friction."""
