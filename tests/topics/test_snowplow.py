"""Enriched events of Snowplow: 131 cells without a header, and the first collected counts."""

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from topic_files import Home, event, lines, micros, read, reason

from journey_dagster.topics import TopicError
from journey_dagster.topics.exports import layout_of
from journey_dagster.topics.files import Layout, split
from journey_dagster.topics.snowplow import COLUMNS
from journey_dagster.topics.values import Event, Rejection

quick = settings(database=None, deadline=None, max_examples=100)

SNOWPLOW = Layout("snowplow", delimiter="\t", header=COLUMNS, encoding="tsv")
NOBODY = "00000000-0000-0000-0000-000000000000"
COLLECTED, DERIVED = "2026-03-01 10:00:05.500", "2026-03-01 10:00:01.250"
SCREEN = {
    "schema": "iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0",
    "data": {"schema": "iglu:org.example/screen_view/jsonschema/1-0-0", "data": {"name": "Home"}},
}
VIEW = {
    "app_id": "magazine",
    "platform": "web",
    "etl_tstamp": "2026-03-01 10:01:00.000",
    "collector_tstamp": COLLECTED,
    "dvce_created_tstamp": "2026-03-01 09:59:00.000",
    "event": "page_view",
    "event_id": "e-1",
    "user_id": "synthetic-1",
    "user_ipaddress": "192.0.2.1",
    "domain_userid": "d-1",
    "network_userid": "n-1",
    "page_url": "https://x.org/a?b=1",
    "page_title": "A",
    "page_referrer": "https://y.org/",
    "dvce_sent_tstamp": "2026-03-01 09:59:04.000",
    "domain_sessionid": "s-1",
    "derived_tstamp": DERIVED,
    "event_name": "page_view",
}


def row(**cells: str) -> bytes:
    """A row of the pipeline; a cell that is not named is empty."""
    said = VIEW | cells
    assert said.keys() <= set(COLUMNS)
    return "\t".join(said.get(name, "") for name in COLUMNS).encode()


def of(**cells: str) -> Event:
    """The event of such a row."""
    return event(row(**cells), SNOWPLOW)


# ---- the columns --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("app_id", 0), ("collector_tstamp", 3), ("event_id", 6), ("user_id", 12),
        ("domain_userid", 15), ("domain_sessionidx", 16), ("page_url", 29), ("contexts", 52),
        ("unstruct_event", 58), ("tr_orderid", 59), ("useragent", 77), ("br_cookies", 93),
        ("doc_height", 107), ("dvce_sent_tstamp", 119), ("derived_contexts", 122),
        ("domain_sessionid", 123), ("derived_tstamp", 124), ("event_name", 126),
        ("event_fingerprint", 129), ("true_tstamp", 130),
    ],
)  # fmt: skip
def test_a_column_has_its_place(name: str, place: int) -> None:
    assert COLUMNS[place] == name


def test_there_are_131_columns() -> None:
    assert len(COLUMNS) == len(set(COLUMNS)) == 131


# ---- what an event is ---------------------------------------------------------------------------


def test_a_page_view() -> None:
    made = of()
    assert made._replace(fingerprint="") == Event(
        occurred_at=micros("2026-03-01T10:00:01.250Z"),
        fingerprint="",
        user_id="synthetic-1",
        anonymous_id="d-1",
        message_id="e-1",
        session_id="s-1",
        received_at=micros("2026-03-01T10:00:05.500Z"),
        event_name="page_view",
        url="https://x.org/a?b=1",
        title="A",
        referrer="https://y.org/",
        publication="magazine",
        properties=made.properties,
        revision=-micros("2026-03-01T10:00:05.500Z"),
    )
    assert json.loads(made.properties) == {
        "dvce_created_tstamp": "2026-03-01 09:59:00.000",
        "dvce_sent_tstamp": "2026-03-01 09:59:04.000",
        "etl_tstamp": "2026-03-01 10:01:00.000",
        "event": "page_view",
        "network_userid": "n-1",
        "platform": "web",
        "user_ipaddress": "192.0.2.1",
    }


@pytest.mark.parametrize(
    ("cells", "name", "noise"),
    [
        ({}, "page_view", None),
        ({"event": "page_ping", "event_name": "page_ping"}, "page_ping", "system_event"),
        ({"event": "struct", "event_name": "event", "se_action": "play"}, "play", None),
        ({"event": "struct", "event_name": "event"}, "struct", None),
        ({"event": "unstruct", "event_name": "link_click"}, "link_click", None),
        ({"event": "unstruct", "event_name": ""}, "unstruct", None),
        ({"event": "transaction_item", "event_name": "transaction_item"}, "transaction_item", None),
        ({"event": "", "event_name": "link_click"}, "link_click", None),
        ({"event": "", "event_name": ""}, None, None),
    ],
)
def test_what_happened(cells: dict[str, str], name: str | None, noise: str | None) -> None:
    made = of(**cells)
    assert (made.event_name, made.noise_reason) == (name, noise)


@pytest.mark.parametrize(
    ("said", "page"),
    [(SCREEN, "Home"), ({"data": {"data": {}}}, None), ({"data": []}, None), ({}, None)],
)
def test_a_screen_is_a_page_by_its_name(said: object, page: str | None) -> None:
    cells = {"event": "unstruct", "event_name": "screen_view", "page_url": ""}
    made = of(**cells, unstruct_event=json.dumps(said))
    assert (made.event_name, made.page, made.url) == ("screen_view", page, None)


def test_a_page_without_an_address_is_its_path() -> None:
    assert of(page_url="", page_urlpath="/a").url == "/a"


def test_contexts_are_objects_among_the_properties() -> None:
    context = {"schema": "iglu:org.example/contexts/1-0-0", "data": [{"data": {"plan": "free"}}]}
    made = of(contexts=json.dumps(context), derived_contexts=json.dumps(context),
              unstruct_event=json.dumps(SCREEN))  # fmt: skip
    found = json.loads(made.properties)
    assert (found["contexts"], found["derived_contexts"]) == (context, context)
    assert found["unstruct_event"] == SCREEN


# ---- whose --------------------------------------------------------------------------------------


@pytest.mark.parametrize("nobody", [NOBODY, "nil", "", "undefined"])
def test_an_id_of_zeros_is_nobodys(nobody: str) -> None:
    made = of(user_id=nobody, domain_userid=nobody, domain_sessionid=nobody, network_userid=nobody)
    assert (made.user_id, made.anonymous_id, made.session_id) == (None, None, None)


# ---- when ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({}, DERIVED),
        ({"true_tstamp": "2026-03-01 08:00:00.000"}, "2026-03-01 08:00:00.000"),
        ({"derived_tstamp": ""}, "2026-03-01 10:00:01.500"),
        ({"derived_tstamp": "", "dvce_sent_tstamp": ""}, COLLECTED),
        ({"derived_tstamp": "", "dvce_created_tstamp": ""}, COLLECTED),
        ({"derived_tstamp": "", "dvce_sent_tstamp": "2026-03-01 09:58:00.000"}, COLLECTED),
    ],
    ids=["derived", "true", "collected less waited", "not sent", "not created", "clock set back"],
)
def test_the_true_time_counts_then_the_derived(cells: dict[str, str], expected: str) -> None:
    assert of(**cells).occurred_at == micros(f"{expected}+00:00")


def test_all_times_are_utc_whatever_the_zone_of_the_project() -> None:
    elsewhere = Layout("snowplow", "Asia/Kolkata", "\t", COLUMNS, encoding="tsv")
    assert event(row(), elsewhere) == of()


# ---- set aside ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (row(collector_tstamp="", derived_tstamp=""), "missing_time"),
        (row(derived_tstamp="yesterday"), "bad_time"),
        (row(collector_tstamp="x"), "bad_time"),
        (row(contexts="{"), "bad_json"),
        (row(unstruct_event="[1]"), "not_object"),
        (row(derived_contexts='{"a":1,"a":2}'), "duplicate_key"),
        (row() + b"\t", "bad_row"),
        (row() + b"\tx", "bad_row"),
        (row()[:-1], "bad_row"),
        (row().replace(b"\tA\t", b"\t\xff\t"), "bad_encoding"),
        (b"", "bad_row"),
    ],
)
def test_what_cannot_be_an_event_is_set_aside(value: bytes, expected: str) -> None:
    assert reason(value, SNOWPLOW) == expected


def test_the_column_of_bad_json_is_told() -> None:
    outcome = read(row(contexts="{"), SNOWPLOW)
    assert isinstance(outcome, Rejection)
    assert outcome.message.startswith("contexts: ")


# ---- once ---------------------------------------------------------------------------------------


AGAIN = {
    "collector_tstamp": "2026-03-01 10:00:02.000",
    "derived_tstamp": "2026-03-01 10:00:00.900",
    "etl_tstamp": "2026-03-01 11:00:00.000",
    "network_userid": "n-2",
    "user_ipaddress": "192.0.2.9",
    "geo_city": "Berlin",
}
COUNTS = "message_id, n_deliveries, is_id_conflict, occurred_at at time zone 'UTC'"


@pytest.mark.parametrize("mark", ["", "f-1"])
def test_of_two_deliveries_the_first_collected_counts(home: Home, mark: str) -> None:
    later, first = row(event_fingerprint=mark), row(event_fingerprint=mark, **AGAIN)
    home.take("events.tsv", lines(later, first), "snowplow")
    assert home.events(COUNTS) == [("e-1", "2", "false", "2026-03-01 10:00:00.9")]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"event_fingerprint": "f-1"}, {"event_fingerprint": "f-2"}),
        ({"page_title": "A"}, {"page_title": "B"}),
    ],
)
def test_one_id_that_says_two_things_is_kept_and_flagged(
    home: Home, one: dict[str, str], other: dict[str, str]
) -> None:
    home.take("events.tsv", lines(row(**one), row(**other)), "snowplow")
    assert home.events("message_id, is_id_conflict") == [("e-1", "true")] * 2


def test_the_fingerprint_is_the_vendors_where_there_is_one() -> None:
    assert of(event_fingerprint="f-1", page_title="B")[1] == of(event_fingerprint="f-1")[1]
    # Without an id of the event the mark alone would make one of all that look alike.
    nameless = of(event_fingerprint="f-1", event_id="")
    assert nameless[1] != of(event_fingerprint="f-1", event_id="", page_title="B")[1]


def test_pings_are_noise(home: Home) -> None:
    ping = row(event="page_ping", event_id="e-2")
    home.take("events.tsv", lines(row(), ping), "snowplow")
    assert home.events("message_id, noise_reason") == [("e-1", None), ("e-2", "system_event")]


# ---- as a file ----------------------------------------------------------------------------------


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_rows_have_no_header_and_keep_their_blanks(tmp_path: Path, pack, end: bytes) -> None:
    path = tmp_path / "part-0"
    quoted = row(app_id="", page_title='said "so', user_id="")
    path.write_bytes(pack(end.join([row(), quoted, b"", row(event_id="e-3")])))
    assert layout_of(path, "snowplow") == SNOWPLOW
    assert list(split(path, SNOWPLOW)) == [row(), quoted, row(event_id="e-3")]
    assert event(quoted, SNOWPLOW).title == 'said "so'


def test_rows_of_another_width_are_no_file_of_this_shape(home: Home) -> None:
    with pytest.raises(TopicError, match=r"132 cells where the header names 131.*Nothing was"):
        home.take("events.tsv", lines(row() + b"\t", row() + b"\tx"), "snowplow")
    assert home.holds_nothing()


def test_a_row_of_another_width_costs_no_other(home: Home) -> None:
    receipt = home.take("events.tsv", lines(row(), row() + b"\tx"), "snowplow")
    assert (receipt.n_accepted, receipt.quarantined) == (1, {"bad_row": 1})


@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_a_warehouse_writes_a_header(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "x"
    names = (*VIEW, "load_tstamp")
    cells = (*VIEW.values(), "2026-03-01 12:00:00")
    path.write_text(f"{delimiter.join(names)}\n{delimiter.join(cells)}\n")
    layout = layout_of(path, "snowplow")
    assert layout == Layout("snowplow", None, delimiter, names, encoding="csv")
    (value,) = split(path, layout)
    assert event(value, layout)._replace(properties="") == of()._replace(properties="")


def test_objects_are_read_by_the_same_names() -> None:
    context = {"schema": "s", "data": []}
    said = VIEW | {"contexts": context, "contexts_org_example_1": [{"plan": "free"}]}
    made = event(json.dumps(said).encode(), Layout("snowplow"))
    assert (made.event_name, made.anonymous_id, made.url) == ("page_view", "d-1", VIEW["page_url"])
    found = json.loads(made.properties)
    assert (found["contexts"], found["contexts_org_example_1"]) == (context, [{"plan": "free"}])


# ---- properties ---------------------------------------------------------------------------------


cell = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\t\r\n"), max_size=9)


@quick
@given(st.dictionaries(st.sampled_from(COLUMNS), cell))
def test_any_row_is_an_event_or_set_aside(cells: dict[str, str]) -> None:
    read(row(**cells), SNOWPLOW)


@quick
@given(st.binary(max_size=200))
def test_any_bytes_are_an_event_or_set_aside(value: bytes) -> None:
    read(value, SNOWPLOW)


@quick
@given(
    st.dictionaries(st.sampled_from(sorted(VIEW)), st.none() | st.integers() | st.lists(st.none()))
)
def test_any_object_is_an_event_or_set_aside(strange: dict[str, object]) -> None:
    read(json.dumps(VIEW | strange).encode(), Layout("snowplow"))


@quick
@given(st.permutations(list(VIEW.items())))
def test_the_order_of_keys_is_nothing(items: list[tuple[str, str]]) -> None:
    layout = Layout("snowplow")
    assert event(json.dumps(dict(items)).encode(), layout) == event(
        json.dumps(VIEW).encode(), layout
    )


@quick
@given(st.sets(st.sampled_from([c for c in COLUMNS if c.startswith(("geo_", "ip_"))])))
def test_what_the_pipeline_adds_says_nothing(added: set[str]) -> None:
    assert of(**dict.fromkeys(added, "1")).fingerprint == of().fingerprint
