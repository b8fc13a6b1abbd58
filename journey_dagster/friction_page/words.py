"""The sentences of the friction page: its summary, and what its words mean.

Belongs here: text around numbers that are given. Does not belong here: computing them.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from journey_dagster.friction_page.tables import shown
from journey_dagster.settings import Settings

Row = Mapping[str, Any]

LEADING = 3
"""Chokepoints that the summary names."""

GLOSSARY = {
    "Session": "A run of a user's steps without a pause of more than {gap} minutes. A session that "
    "may still go on is open: it counts as a session, and as lost for nobody.",
    "Lost": "A closed session that ended with this event on this page. Sessions lost and users "
    "lost are counted apart: one user can lose several sessions.",
    "Exit rate": "Sessions lost per visit, where a visit is a step with this event on this page in "
    "a closed session. The interval holds the true rate in 95 of 100 cases (Wilson).",
    "Expected loss": "Sessions lost beyond what the usual exit rate explains, at the least: the "
    "lower bound of the exit rate, less the usual rate, times the visits. The table is "
    "sorted by it, so that few visits never lead.",
    "Usual exit rate": "What everything else loses per visit, at the same part of a session.",
    "Chokepoint": "A page and event that loses more sessions than chance explains, and at least "
    "{ratio:g} times as many as usual. All pairs are tested together: where nothing is wrong, one "
    "page like this in {one_in} would name any. Pairs with fewer than {min_support} visits are "
    "neither tested nor ranked.",
    "Natural exit": "A page or event where leaving is success ({natural_exits}). It is shown, "
    "marked, and neither ranked nor a chokepoint.",
    "Betweenness": "The share of the most likely ways between two other pages that lead over this "
    "page; 0 to 1, as it is. When the graph gives no ranking, the page says why and shows none.",
    "Friction score": "Exit rate times betweenness, as TeloMesh counts it: the value of mending a "
    "page, for an effort of 1. No effort is known here, so none is assumed to differ.",
    "Fragile flow": "A closed session that met at least two chokepoints; one that comes again "
    "counts once.",
    "Lift": "The rate of this path over the rate of the sessions it is compared with; both stand "
    "beside it. 1 is no difference.",
    "Difference": "The exit rate of one side less that of the other, in percentage points, with "
    "its 95 % interval. It is beyond chance when an interval that is wide enough for all pairs "
    "compared leaves out zero. Between two periods it is called a change.",
    "First visit": "A step in the first session that the data has of a user; all later ones are "
    "returning. Who came before the data begins counts as new, and only who wanted to return did.",
    "Loop": "Coming back: A then A again is a repeat, A then B then A is a backtrack.",
}


def glossary(settings: Settings) -> list[dict[str, str]]:
    """What each word of the page means, with the thresholds in force."""
    values = {
        "gap": settings.session_gap_minutes,
        "min_support": settings.min_support,
        "one_in": round(1 / settings.friction_error_rate),
        "ratio": settings.chokepoint_ratio,
        "natural_exits": ", ".join(settings.natural_exits) or "none is configured",
    }
    return [{"term": term, "text": text.format(**values)} for term, text in GLOSSARY.items()]


def summary(
    friction: Sequence[Row],
    compared: Mapping[str, Sequence[Row]],
    n_fragile: int,
    n_sessions: int,
) -> list[dict[str, str]]:
    """A few sentences, each with the numbers it stands on and the section it speaks of.

    Args:
        friction: rows of marts.friction, the highest rank first.
        compared: rows of marts.friction_comparisons, by comparison.
        n_fragile: sessions that hold two or more chokepoints.
        n_sessions: all sessions.
    """
    choking = [row for row in friction if row["is_chokepoint"]]
    told = [_chokepoint(row) for row in choking[:LEADING]] or [_no_chokepoint(friction)]
    sentences = [{"section": "chokepoints", "text": text} for text in told]
    if n_fragile:
        text = (
            f"{_plural(n_fragile, 'session')} of {n_sessions:,} "
            f"({percent(n_fragile / n_sessions)}) passed two or more chokepoints."
        )
        sentences.append({"section": "fragile", "text": text})
    sentences += [
        {"section": "comparisons", "text": tell(compared[name])}
        for name, tell in (("periods", _change), ("visitors", _difference))
        if compared[name]
    ]
    return sentences


def uncompared(dataset: Mapping[str, Any]) -> dict[str, str]:
    """Why there is nothing to compare, by comparison, where the data as a whole tells.

    Args:
        dataset: what the document says of its data.
    """
    reasons: dict[str, str] = {}
    if dataset["period"]:
        first, last = (date.fromisoformat(dataset["period"][end]) for end in ("start", "end"))
        days = dataset["friction_period_days"]
        if last - first <= timedelta(days):
            reasons["periods"] = (
                f"The data begins on {first}, and nothing lies before the last "
                f"{_plural(days, 'whole day')}."
            )
    if dataset["n_sessions"] == dataset["n_users"] > 0:
        reasons["visitors"] = "Nobody has come for a second session yet."
    return reasons


def _chokepoint(row: Row) -> str:
    lost, users = row["n_sessions_lost"], row["n_users_lost"]
    sentence = (
        f"{shown(row['page'])} loses {_rate(row)} of its visits at “{row['event']}” "
        f"(n\u00a0=\u00a0{row['n_visits']:,}): {_plural(lost, 'session')}"
    )
    if users is not None:
        sentence += f" of {_plural(users, 'user')}"
    if row["n_expected_lost"] is not None:
        sentence += f", at least {_about(row['n_expected_lost'])} more than usual"
    return sentence + "."


def _no_chokepoint(friction: Sequence[Row]) -> str:
    tested = [row for row in friction if row["has_support"] and not row["is_natural_exit"]]
    if all(row["is_chokepoint"] is None for row in friction):
        return "Which pages lose more sessions than chance explains has not been tested."
    return (
        f"No page and event loses more sessions than chance explains "
        f"({len(tested):,} of {len(friction):,} have enough visits to be tested)."
    )


def _change(rows: Sequence[Row]) -> str:
    row = _largest(rows)
    if row is None:
        return (
            "No exit rate changed by more than chance explains between the two periods "
            f"({_plural(len(rows), 'pair')} compared)."
        )
    way = "rose" if row["rate_difference"] > 0 else "fell"
    return (
        f"The exit rate at “{row['event']}” on {shown(row['page'])} {way} by "
        f"{points(abs(row['rate_difference']))}, from {_against(row)} to {_one(row)}."
    )


def _difference(rows: Sequence[Row]) -> str:
    row = _largest(rows)
    if row is None:
        return (
            "No exit rate of returning visits differs from that of first visits by more than "
            f"chance explains ({_plural(len(rows), 'pair')} compared)."
        )
    way = "higher" if row["rate_difference"] > 0 else "lower"
    return (
        f"The exit rate of returning visits at “{row['event']}” on {shown(row['page'])} is {way} "
        f"by {points(abs(row['rate_difference']))}: {_one(row)} against {_against(row)} of first "
        "visits."
    )


def _largest(rows: Sequence[Row]) -> Row | None:
    """The largest difference that is beyond chance."""
    beyond = [row for row in rows if row["is_significant"]]
    return max(
        beyond,
        key=lambda row: (abs(row["rate_difference"]), row["page"], row["event"]),
        default=None,
    )


def _one(row: Row) -> str:
    return f"{percent(row['rate'])} (n\u00a0=\u00a0{row['n_visits']:,})"


def _against(row: Row) -> str:
    return f"{percent(row['rate_against'])} (n\u00a0=\u00a0{row['n_visits_against']:,})"


def _rate(row: Row) -> str:
    low, high = row["exit_rate_low"], row["exit_rate_high"]
    interval = "" if low is None else f" [{_whole(low)}\u2013{_whole(high)}\u00a0%]"
    return f"{percent(row['exit_rate'])}{interval}"


def percent(share: float) -> str:
    """A share as text, as the page writes it; never rounds a part to all or to nothing."""
    value = share * 100
    if 99 < value < 100:  # noqa: PLR2004  per cent
        return "over 99\u00a0%"
    if 0 < value < 0.1:  # noqa: PLR2004  per cent
        return "under 0.1\u00a0%"
    return f"{_whole(share)}\u00a0%"


def _whole(share: float) -> str:
    value = share * 100
    return f"{value:.0f}" if value >= 10 or value == 0 else f"{value:.1f}".removesuffix(".0")  # noqa: PLR2004  per cent


def points(change: float) -> str:
    """A difference of two rates, in percentage points."""
    return f"{change * 100:.1f}\u00a0points"


def _about(n: float) -> str:
    return f"{n:,.0f}" if n >= 10 else f"{n:.1f}"  # noqa: PLR2004


def _plural(n: int, one: str) -> str:
    return f"{n:,} {one}{'' if n == 1 else 's'}"
