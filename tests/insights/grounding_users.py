"""Facts of users who do not exist, as `marts.user_facts` would hold them."""

from journey_dagster.facts import Fact
from journey_dagster.insights.strangers import Strangers

UNITS = {
    "n_sessions": "sessions", "n_pages": "pages", "n_sources": "publications",
    "n_topics": "topics", "n_authors": "authors", "n_revisited": "pages",
    "median_steps": "steps", "peak_hour": "hour", "top_daypart": "daypart", "first_page": "title",
    "revisited_page": "days", "longest_streak_start": "date", "top_month": "month",
    "weekend_share": "%",
}  # fmt: skip


def unit(name: str) -> str:
    if name in UNITS:
        return UNITS[name]
    for end, found in (
        ("_date", "date"), ("weekday", "weekday"), ("_days", "days"), ("streak", "days"),
        ("_session", "minutes"), ("_months", "months"),
    ):  # fmt: skip
        if name.endswith(end) and not name.startswith("cohort_"):
            return found
    for start, found in (("cohort_", "%"), ("topic_peak", "month"), ("recent_", "title")):
        if name.startswith(start) and name != "recent_events":
            return found
    return "events"


def facts(**told: float | str | tuple[float | None, str]) -> dict[str, Fact]:
    found: dict[str, Fact] = {}
    for name, held in told.items():
        value, text = held if isinstance(held, tuple) else (held, None)
        if isinstance(value, str):
            value, text = None, value
        found[name] = Fact(name, name, value, text, unit(name), None, 57)
    return found


USERS = {
    "ana": facts(
        n_events=1234, n_sessions=412, active_days=118, span_days=340, n_pages=356, n_sources=6,
        n_topics=24, n_authors=17, first_date="2025-01-06", last_date="2025-12-11",
        busiest_date=(41, "2025-03-03"), longest_streak=12, longest_streak_start="2025-05-04",
        current_streak=3, first_page="How to Tune a Derailleur", first_topic=(88, "bike repair"),
        median_session=9.4, p90_session=31.0, longest_session=96.0, median_steps=4, peak_weekday=0,
        peak_hour=7, top_weekday=0, top_daypart=(610, "morning"), weekend_share=22,
        recent_events=96, previous_events=61, top_month=(201, "2025-06"),
        top_page=(43, "The 10 Best Gravel Bikes of 2025"),
        top_page_2=(29, "Winter Layering, Explained"),
        revisited_page=(14, "The 10 Best Gravel Bikes of 2025"), n_revisited=37,
        top_source=(310, "Fernwell"), top_source_2=(120, "Ridgeline Review"),
        top_author_1=(84, "Mara Quill"), top_author_2=(40, "Tobias Wren"),
        top_topic=(212, "gravel"), top_topic_2=(150, "bikepacking"), top_topic_3=(97, "training"),
        topic_peak_1=(44, "2025-06"), topic_peak_2=(51, "2025-11"), core_1=(212, "gravel"),
        casual_1=(15, "photography"), emerging_1=(22, "trail running"),
        rising_1=(58, "bikepacking"), rising_1_before=21, fading_1=(6, "road racing"),
        fading_1_before=30, seasonal_1=(46, "skiing"), seasonal_1_months="12-02",
        recent_1="Packing Light for the Divide", recent_1_date="2025-12-11",
        recent_2="Tyre Pressure, Demystified", recent_2_date="2025-12-09",
        cohort_events=80, cohort_active_days=75, cohort_sessions=85,
    ),
    "ben": facts(
        n_events=5870, n_sessions=903, active_days=204, span_days=355, n_pages=1420, n_sources=3,
        n_topics=41, n_authors=58, first_date="2025-01-02", last_date="2025-12-22",
        busiest_date=(133, "2025-02-15"), longest_streak=23, longest_streak_start="2025-02-01",
        first_page="What the Rate Cut Changes", first_topic=(140, "economy"),
        median_session=14.0, p90_session=52.0, longest_session=187.0, median_steps=6,
        peak_weekday=5, peak_hour=20, top_weekday=5, top_daypart=(2900, "evening"),
        weekend_share=47, recent_events=88, previous_events=312, top_month=(990, "2025-02"),
        top_page=(61, "Markets Today"), top_page_2=(48, "The Long Read: Ports"),
        revisited_page=(33, "Markets Today"), n_revisited=220, top_source=(3100, "The Harbour"),
        top_source_2=(1900, "Ledgerline"), top_author_1=(210, "Ines Okafor"),
        top_author_2=(180, "Pell Adair"), top_topic=(1100, "shipping"),
        top_topic_2=(870, "energy"), top_topic_3=(640, "chess"), topic_peak_1=(300, "2025-02"),
        core_1=(1100, "shipping"), core_2=(870, "energy"), casual_1=(25, "gardening"),
        fading_1=(12, "energy"), fading_1_before=75, rising_1=(92, "chess"), rising_1_before=34,
        seasonal_1=(66, "gardening"), seasonal_1_months="04-06",
        recent_1="A Quiet Year for Tankers", recent_1_date="2025-12-22",
    ),
    "cleo": facts(
        n_events=46, n_sessions=11, active_days=6, span_days=19, n_pages=28, n_sources=2,
        n_topics=5, n_authors=4, first_date="2025-09-12", last_date="2025-09-30",
        busiest_date=(17, "2025-09-14"), longest_streak=3, longest_streak_start="2025-09-12",
        first_page="Sourdough for Beginners", first_topic=(13, "baking"), median_session=6.0,
        longest_session=25.0, median_steps=3, peak_weekday=6, peak_hour=15, top_weekday=6,
        top_daypart=(26, "afternoon"), weekend_share=63, recent_events=46,
        top_month=(46, "2025-09"), top_page=(8, "Sourdough for Beginners"),
        revisited_page=(4, "Sourdough for Beginners"), n_revisited=7, top_source=(31, "Crumb"),
        top_author_1=(12, "Odile Marsh"), top_topic=(19, "baking"), top_topic_2=(10, "ceramics"),
        recent_1="Glazing Without a Kiln", recent_1_date="2025-09-30",
    ),
    "dan": facts(
        n_events=2310, n_sessions=640, active_days=151, span_days=311, n_pages=502, n_sources=4,
        n_topics=19, first_date="2025-02-10", last_date="2025-12-17",
        busiest_date=(77, "2025-11-28"), longest_streak=19, longest_streak_start="2025-11-20",
        current_streak=5, first_page="Mechanical Keyboards: A Primer",
        first_topic=(205, "keyboards"), median_session=11.0, p90_session=40.0,
        longest_session=143.0, median_steps=5, peak_weekday=3, peak_hour=23, top_weekday=3,
        top_daypart=(1010, "night"), weekend_share=31, recent_events=240, previous_events=150,
        top_month=(410, "2025-11"), top_page=(52, "Switch Guide"), n_revisited=64,
        revisited_page=(21, "Switch Guide"), top_source=(1200, "Clack"),
        top_source_2=(700, "Pixelpost"), top_topic=(520, "keyboards"),
        top_topic_2=(330, "synthesizers"), topic_peak_2=(90, "2025-10"),
        core_1=(520, "keyboards"), emerging_1=(31, "soldering"), rising_1=(140, "synthesizers"),
        rising_1_before=50, recent_1="Ten Patches to Start With", recent_1_date="2025-12-17",
        cohort_events=95, cohort_active_days=90,
    ),
}  # fmt: skip

STRANGERS = Strangers.named(
    [
        "Kate Miller",
        "kate-miller",
        "kate",
        "u-4711",
        "Trevor Banks",
        "trevor_banks",
        "zelda",
        "read",
    ]
)
