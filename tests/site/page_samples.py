"""A status document and a dictionary that keep their contracts, of one small warehouse.

Belongs here: plain functions that return fresh dictionaries, the same on every call. Does not
belong here: reports and registries (samples.py), the friction page's data (friction_samples.py).
"""

from samples import DATA_THROUGH, GENERATED_AT, Json

JUDGED_AT = "2026-01-01T04:14:40Z"


def _check(name: str, table: str, outcome: str = "passed", n_wrong: int | None = 0) -> Json:
    return {
        "name": name,
        "table": table,
        "description": "What comes in goes out.\n\nElse something was lost.",
        "outcome": outcome,
        "judged_at": None if outcome == "unknown" else JUDGED_AT,
        "n_wrong": n_wrong,
    }


def _topic(name: str | None, state: str, text: str, n_quarantined: int = 0) -> Json:
    return {
        "topic": name,
        "source": "ksql",
        "state": state,
        "state_text": text,
        "n_segments": 2,
        "landed_at": JUDGED_AT,
        "n_consumed": 700,
        "n_events": 640 - n_quarantined,
        "n_duplicates": 60,
        "n_quarantined": n_quarantined,
        "n_late": 4,
    }


def _head() -> Json:
    return {
        "schema_version": "1.0",
        "generated_at": GENERATED_AT,
        "data_through": DATA_THROUGH,
        "dataset": "magazine",
    }


def status() -> Json:
    """One check of each outcome, one topic without a name, a table of each state."""
    return {
        **_head(),
        "freshness": {"state": "current", "text": "Up to date when this was written."},
        "records": {
            "n_consumed": 1400,
            "n_events": 1268,
            "n_duplicates": 120,
            "n_superseded": 0,
            "n_quarantined": 12,
            "n_tombstones": 0,
            "n_erased": 0,
            "n_late": 8,
        },
        "events": {"n_noise": 3, "n_unattributed": 21},
        "reports": {"published": 4, "no_data": 1, "withheld": 1},
        "checks": [
            _check("events_are_unique", "core.events"),
            _check("flows_balance", "marts.page_flows", "failed", 3),
            _check("sessions", "marts.flow_metrics", "warned", None),
            _check("spending_is_capped", "insights.answers", "unknown", None),
        ],
        "topics": [
            _topic("web_page_views", "whole", "Read whole, from files."),
            _topic(None, "behind", "Not read to its end; the next run goes on.", 12),
        ],
        "tables": [
            {
                "name": name,
                "state": state,
                "n_rows": n,
                "computed_at": JUDGED_AT if state != "missing" else None,
            }
            for name, state, n in [
                ("core.events", "built", 1268),
                ("core.steps", "view", None),
                ("marts.page_flows", "missing", None),
            ]
        ],
        "sizes": [
            {"name": "Raw records", "n_bytes": 101_573},
            {"name": "Warehouse", "n_bytes": 16_003_072},
            {"name": "Analysts' copy", "n_bytes": 0},
        ],
    }


def empty_status() -> Json:
    """Of a warehouse in which nothing has happened yet."""
    return {
        **status(),
        "data_through": None,
        "freshness": {"state": "empty", "text": "No events have arrived yet."},
        "records": None,
        "events": None,
        "reports": {"published": 0, "no_data": 0, "withheld": 0},
        "checks": [_check("events_are_unique", "core.events", "unknown", None)],
        "topics": [],
        "tables": [
            {"name": "core.events", "state": "missing", "n_rows": None, "computed_at": None}
        ],
    }


def _column(name: str, kind: str, words: str) -> Json:
    return {"name": name, "type": kind, "description": words}


def dictionary() -> Json:
    """Three tables of two schemas; one is not built. And a macro."""
    return {
        **_head(),
        "schemas": [
            {"name": "core", "description": "One truth."},
            {"name": "marts", "description": "What people ask for."},
        ],
        "tables": [
            {
                "name": "core.events",
                "schema": "core",
                "grain": "One row per event.",
                "description": ["A second delivery is no second event.", "Kept by event_id."],
                "state": "built",
                "n_rows": 1268,
                "columns": [
                    _column("event_id", "VARCHAR", "Hash of what the event says."),
                    _column("tags", "VARCHAR[]", "What it is about."),
                ],
                "reads": ["raw.records"],
                "read_by": ["core.steps", "site.analytics"],
                "checks": [{"name": "events_are_unique", "description": "Each stands once."}],
                "examples": [
                    {"title": "How many there are.", "sql": "select count(*)\nfrom core.events"}
                ],
            },
            {
                "name": "core.steps",
                "schema": "core",
                "grain": "One row per step of a session.",
                "description": [],
                "state": "view",
                "n_rows": None,
                "columns": [_column("step_index", "BIGINT", "Position in the session, from 0.")],
                "reads": ["core.events"],
                "read_by": ["marts.page_flows"],
                "checks": [],
                "examples": [],
            },
            {
                "name": "marts.page_flows",
                "schema": "marts",
                "grain": "One row per page: what comes in and what goes out.",
                "description": [],
                "state": "missing",
                "n_rows": None,
                "columns": [_column("page", "", "Page.")],
                "reads": ["core.steps"],
                "read_by": [],
                "checks": [{"name": "flows_balance", "description": "In is out."}],
                "examples": [],
            },
        ],
        "macros": [
            {
                "name": "ways_to",
                "signature": "ways_to(to_page, most := 5)",
                "grain": "One row per way to a page.",
                "description": ["A page that follows itself is one stop."],
                "parameters": [
                    {"name": "to_page", "default": None, "description": "Where the ways lead."},
                    {"name": "most", "default": "5", "description": "Steps of a way."},
                ],
                "columns": [{"name": "path", "description": "The pages of the way."}],
                "reads": ["core.steps"],
                "example": "from ways_to('/cart', most := 8)",
            }
        ],
    }
