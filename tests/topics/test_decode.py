"""A record's bytes become one event or one reason, and nothing is guessed on the way."""

import itertools
import json
import math
import unicodedata

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from topic_files import (
    AT,
    CSV,
    HEADER,
    KSQL,
    event,
    ksql,
    micros,
    raw_ksql,
    read,
    reason,
    stopped_after,
)

from journey_dagster.topics.decode import decode
from journey_dagster.topics.files import Layout
from journey_dagster.topics.values import MAX_BYTES, MAX_DEPTH, Event, Rejection

quick = settings(database=None, deadline=None, max_examples=100)

# ---- poison -------------------------------------------------------------------------------------

OVERLONG = b"\xc0\xaf"
SURROGATE_AS_BYTES = b"\xed\xa0\x80"


POISON: dict[str, tuple[bytes, str]] = {
    "NaN": (raw_ksql(b'"X":NaN'), "bad_json"),
    "NaN as the time": (b'{"TIMESTAMP":NaN}', "bad_json"),
    "Infinity": (raw_ksql(b'"X":Infinity'), "bad_json"),
    "minus Infinity": (raw_ksql(b'"X":-Infinity'), "bad_json"),
    "1e400": (raw_ksql(b'"X":1e400'), "bad_json"),
    "int of 5000 digits": (raw_ksql(b'"X":' + b"9" * 5000), "bad_json"),
    "lone surrogate": (raw_ksql(b'"X":"\\ud800 "'), "bad_json"),
    "surrogate pair in the wrong order": (raw_ksql(b'"X":"\\udc00\\ud800"'), "bad_json"),
    "NUL byte": (raw_ksql(b'"X":"\0"'), "bad_json"),
    "invalid UTF-8": (raw_ksql(b'"X":"\xff"'), "bad_encoding"),
    "invalid UTF-8 in a key": (raw_ksql(b'"\xff":1'), "bad_encoding"),
    "overlong slash": (raw_ksql(b'"X":"' + OVERLONG + b'"'), "bad_encoding"),
    "surrogate as bytes": (raw_ksql(b'"X":"' + SURROGATE_AS_BYTES + b'"'), "bad_encoding"),
    "cut inside a character": (raw_ksql(b'"X":"\xe2\x82"'), "bad_encoding"),
    "UTF-16": (ksql().decode().encode("utf-16"), "bad_encoding"),
    "UTF-16 without a mark": (ksql().decode().encode("utf-16-le"), "bad_json"),
    "byte order mark": (b"\xef\xbb\xbf" + ksql(), "bad_json"),
    "key twice": (raw_ksql(b'"A":1,"A":1'), "duplicate_key"),
    "key twice with spaces": (raw_ksql(b'"A" : 1, "A" : 2'), "duplicate_key"),
    "key twice with tabs": (raw_ksql(b'"A"\t:1,"A"\n:2'), "duplicate_key"),
    "key twice, once spaced, beside text like a key": (
        raw_ksql(b'"A":1,"A" :2,"B":"\\":"'),
        "duplicate_key",
    ),
    "key twice, once escaped": (raw_ksql(b'"A":1,"\\u0041":2'), "duplicate_key"),
    "key twice below": (raw_ksql(b'"X":{"A":1,"A":2}'), "duplicate_key"),
    "key twice in a list": (raw_ksql(b'"X":[{"A":1,"A":2}]'), "duplicate_key"),
    "user id twice": (raw_ksql(b'"USERID":"a","USERID":"b"'), "duplicate_key"),
    "objects 65 deep": (
        raw_ksql(b'"X":' + b'{"a":' * MAX_DEPTH + b"1" + b"}" * MAX_DEPTH),
        "too_deep",
    ),
    "objects 100000 deep": (b'{"a":' * 100_000, "too_deep"),
    "lists 100000 deep": (b"[" * 100_000, "too_deep"),
    "lists 5000 deep, closed": (raw_ksql(b'"X":' + b"[" * 5000 + b"]" * 5000), "too_deep"),
    "a list": (b"[1]", "not_object"),
    "a string": (b'"x"', "not_object"),
    "a number": (b"1", "not_object"),
    "null": (b"null", "not_object"),
    "true": (b"true", "not_object"),
    "text after the object": (ksql() + b" x", "bad_json"),
    "two objects": (ksql() + ksql(), "bad_json"),
    "a comma too many": (raw_ksql(b'"A":1,'), "bad_json"),
    "single quotes": (b"{'TIMESTAMP':1}", "bad_json"),
    "a comment": (b"// x\n" + ksql(), "bad_json"),
    "cut short": (ksql()[:-3], "bad_json"),
    "nothing": (b"", "bad_json"),
    "blanks": (b" \t ", "bad_json"),
    "zero bytes": (b"\0" * 64, "bad_json"),
    "HTML": (b"<!doctype html><title>502</title>", "bad_json"),
    "2 MB": (ksql(X="x" * 2 * 2**20), "too_large"),
    "one byte too many": (ksql(X="x" * (MAX_BYTES + 1 - len(ksql(X="")))), "too_large"),
    "no time": (b'{"USERID":"u"}', "missing_time"),
    "null time": (b'{"TIMESTAMP":null}', "missing_time"),
    "empty time": (b'{"TIMESTAMP":""}', "missing_time"),
    "USERID is a float": (ksql(USERID=1.5), "bad_type"),
    "USERID is a whole float": (ksql(USERID=1.0), "bad_type"),
    "USERID is true": (ksql(USERID=True), "bad_type"),
    "USERID is a list": (ksql(USERID=["u"]), "bad_type"),
    "USERID is an object": (ksql(USERID={"id": "u"}), "bad_type"),
    "_user_id is a list": (ksql(_user_id=["u"]), "bad_type"),
    "MESSAGEID is a list": (ksql(MESSAGEID=["m"]), "bad_type"),
    "MESSAGEID is true": (ksql(MESSAGEID=True), "bad_type"),
    "TITLE is an object": (ksql(TITLE={"a": 1}), "bad_type"),
    "URL is a list": (ksql(URL=["/"]), "bad_type"),
    "TAGS is a number": (ksql(TAGS=5), "bad_type"),
    "TAGS is an object": (ksql(TAGS={"a": 1}), "bad_type"),
    "TIMESTAMP is true": (ksql(TIMESTAMP=True), "bad_time"),
    "TIMESTAMP is a list": (ksql(TIMESTAMP=[AT]), "bad_time"),
}
"""What the record is: its bytes, and the reason it must be set aside for."""


@pytest.mark.parametrize("name", POISON)
def test_poison_is_set_aside_under_its_reason(name: str) -> None:
    value, expected = POISON[name]
    assert reason(value) == expected


def test_poison_costs_no_other_record() -> None:
    values = [value for value, _ in POISON.values()]
    good = ksql(USERID="u")
    outcomes = list(decode([(None, value) for bad in values for value in (bad, good)], KSQL))
    assert len(outcomes) == 2 * len(values)
    assert all(isinstance(outcome, Rejection) for outcome in outcomes[::2])
    assert all(isinstance(outcome, Event) for outcome in outcomes[1::2])


@pytest.mark.parametrize("depth", [100, 900])
def test_lists_deeper_than_the_limit_are_set_aside(depth: int) -> None:
    assert reason(raw_ksql(b'"X":' + b"[" * depth + b"]" * depth)) == "too_deep"


def test_nesting_up_to_the_limit_is_taken() -> None:
    depth = MAX_DEPTH - 2
    assert event(raw_ksql(b'"X":' + b'{"a":' * depth + b"1" + b"}" * depth))


@pytest.mark.parametrize("depth", range(900, 1100, 7))
def test_nesting_near_the_limit_of_the_stack_raises_nothing(depth: int) -> None:
    read(raw_ksql(b'"X":' + b"[" * depth + b"]" * depth))


@pytest.mark.parametrize("format_", ["csv", "ksql"])
def test_a_time_of_5000_digits_is_set_aside(format_: str) -> None:
    digits = "9" * 5000
    if format_ == "csv":
        assert reason(f"u,{digits},/,view".encode(), CSV) == "bad_time"
    else:
        assert reason(ksql(TIMESTAMP=digits)) == "bad_time"


def test_a_hundred_thousand_keys_are_read_in_a_moment() -> None:
    value = raw_ksql(b",".join(b'"%d":{}' % i for i in range(90_000)))
    with stopped_after(3):
        assert event(value)


def test_a_repeated_key_among_a_hundred_thousand_is_found_in_a_moment() -> None:
    value = raw_ksql(b",".join(b'"%d":1' % i for i in range(90_000)) + b',"89999":1')
    with stopped_after(1.5):
        assert reason(value) == "duplicate_key"


def test_what_is_odd_but_valid_is_kept_as_it_is() -> None:
    assert event(raw_ksql(b'"USERID":"a\\u0000b"')).user_id == "a\0b"
    assert event(ksql(TITLE="\u202eabc\u200b\ufeff")).title == "\u202eabc\u200b\ufeff"
    assert event(raw_ksql(b'"TITLE":"\\ud83d\\ude00"')).title == "\N{GRINNING FACE}"
    assert event(raw_ksql(b'"X":' + b"9" * 40)).properties == '{"x":' + "9" * 40 + "}"
    assert event(b" \t" + ksql() + b"\r\n")
    assert event(ksql(X="x" * (MAX_BYTES - len(ksql(X="")))))


def test_numbers_in_properties_are_finite() -> None:
    properties = json.loads(event(raw_ksql(b'"A":1e308,"B":-0.0,"C":1e-400')).properties)
    assert all(math.isfinite(value) for value in properties.values())


# ---- identities ---------------------------------------------------------------------------------

NO_ONE = ["", "None", "none", "NULL", "null", "nil", "undefined", "NaN", "nan"]
NO_ONE_EITHER = [" ", "\t", "\u00a0", "None ", " null", "Null", "NONE", "Undefined", "NIL"]


@pytest.mark.parametrize("no_one", NO_ONE)
def test_the_names_of_no_one_are_no_shared_user(no_one: str) -> None:
    assert event(ksql(USERID=no_one)).user_id is None
    assert event(ksql(_user_id=no_one)).user_id is None
    assert event(ksql(), key=no_one.encode()).user_id is None
    assert event(f"{no_one},{AT},/,view".encode(), CSV).user_id is None


@pytest.mark.parametrize("no_one", NO_ONE_EITHER)
def test_blanks_and_other_spellings_of_no_one_are_no_shared_user(no_one: str) -> None:
    assert event(ksql(USERID=no_one)).user_id is None


def test_an_absent_or_null_id_is_no_user() -> None:
    assert event(ksql()).user_id is None
    assert event(ksql(USERID=None)).user_id is None
    assert event(ksql(), key=b"").user_id is None


def test_a_name_is_no_identity() -> None:
    one, other = (
        event(ksql(USERNAME="Robin", USERID="1")),
        event(ksql(USERNAME="Robin", USERID="2")),
    )
    assert (one.user_id, other.user_id) == ("1", "2")
    assert event(ksql(USERNAME="Robin")).user_id is None


@pytest.mark.parametrize(
    ("value", "user"),
    [(0, "0"), (7, "7"), (-1, "-1"), (2**53 + 1, "9007199254740993"), (10**30, "1" + "0" * 30)],
)
def test_a_whole_number_is_an_id_by_its_digits(value: int, user: str) -> None:
    assert event(ksql(USERID=value)).user_id == user


@given(st.integers(-(2**80), 2**80))
@quick
def test_a_number_and_the_same_as_text_are_one_identity(number: int) -> None:
    assert event(ksql(USERID=number)).user_id == event(ksql(USERID=str(number))).user_id


@pytest.mark.parametrize(("one", "other"), [("1", "01"), ("1", "1.0"), ("a", "A"), ("a", "a ")])
def test_ids_that_only_look_alike_stay_apart(one: str, other: str) -> None:
    assert event(ksql(USERID=one)).user_id != event(ksql(USERID=other)).user_id


@given(st.text(min_size=1))
@quick
def test_composed_and_decomposed_ids_are_one_identity(name: str) -> None:
    forms = [unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name)]
    assert len({event(ksql(USERID=form)).user_id for form in forms}) == 1


def test_the_key_stands_in_where_the_record_names_no_user() -> None:
    assert event(ksql(), key=b"u").user_id == "u"
    assert event(ksql(_user_id="u")).user_id == "u"
    assert event(ksql(USERID="None"), key=b"u").user_id == "u"
    assert event(ksql(USERID=7), key=b"7").user_id == "7"
    assert event(ksql(USERID="e\u0301"), key="\u00e9".encode()).user_id == "\u00e9"


def test_two_users_in_one_record_are_a_conflict() -> None:
    assert reason(ksql(USERID="a"), key=b"b") == "identity_conflict"
    assert reason(ksql(USERID="a", _user_id="b")) == "identity_conflict"
    assert reason(ksql(USERID=1, _user_id=2)) == "identity_conflict"


def test_a_key_that_is_no_text_is_set_aside() -> None:
    assert reason(ksql(), key=b"\xff") == "bad_encoding"


def test_the_user_0_is_a_user_by_key_too() -> None:
    assert event(ksql(_user_id=0)).user_id == "0"


def test_a_key_against_the_users_own_field_is_a_conflict() -> None:
    assert reason(ksql(_user_id="a"), key=b"b") == "identity_conflict"


# ---- times --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (10**8, "1973-03-03T09:46:40+00:00"),
        (10**11 - 1, "5138-11-16T09:46:39+00:00"),
        (10**11, "1973-03-03T09:46:40+00:00"),
        (10**14 - 1, "5138-11-16T09:46:39.999+00:00"),
        (10**14, "1973-03-03T09:46:40+00:00"),
        (10**17 - 1, "5138-11-16T09:46:39.999999+00:00"),
        (10**17, "1973-03-03T09:46:40+00:00"),
        (10**20 - 1, "5138-11-16T09:46:39.999999+00:00"),
        (1767225600, "2026-01-01T00:00:00+00:00"),
        (1767225600123, "2026-01-01T00:00:00.123+00:00"),
        (1767225600123456, "2026-01-01T00:00:00.123456+00:00"),
        (1767225600123456789, "2026-01-01T00:00:00.123456+00:00"),
        (1767225600.5, "2026-01-01T00:00:00.500000+00:00"),
        (41024448000000, "3270-01-05T00:00:00+00:00"),
    ],
)
def test_numbers_are_times_by_their_magnitude(value: float, expected: str) -> None:
    assert event(ksql(TIMESTAMP=value)).occurred_at == micros(expected)
    assert event(ksql(TIMESTAMP=str(value))).occurred_at == micros(expected)
    assert event(f"u,{value},/,view".encode(), CSV).occurred_at == micros(expected)


@pytest.mark.parametrize(
    "value", [0, 1, -1, 10**8 - 1, 10**20, 10**30, 1e300, -1767225600, 0.5, 99999999.999]
)
def test_numbers_of_no_known_unit_are_set_aside(value: float) -> None:
    assert reason(ksql(TIMESTAMP=value)) == "bad_time"
    assert reason(ksql(TIMESTAMP=str(value))) == "bad_time"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00+00:00"),
        ("2026-01-01 00:00:00 UTC", "2026-01-01T00:00:00+00:00"),
        ("2026-01-01T00:00:00.123 UTC", "2026-01-01T00:00:00.123+00:00"),
        ("2026-01-01T05:30:00+05:30", "2026-01-01T00:00:00+00:00"),
        ("2025-12-31T20:30:00-03:30", "2026-01-01T00:00:00+00:00"),
        ("2026-01-01T00:00:00.123456789Z", "2026-01-01T00:00:00.123456+00:00"),
        ("2026-W01-1T10:00:00Z", "2025-12-29T10:00:00+00:00"),
        ("20260101T000000Z", "2026-01-01T00:00:00+00:00"),
        (" 2026-01-01T00:00:00Z ", "2026-01-01T00:00:00+00:00"),
        ("2028-02-29T23:59:59.999999Z", "2028-02-29T23:59:59.999999+00:00"),
        ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.5+00:00"),
        ("2026-11-01T01:30:00-04:00", "2026-11-01T05:30:00+00:00"),
        ("2026-11-01T01:30:00-05:00", "2026-11-01T06:30:00+00:00"),
    ],
)
def test_a_time_that_states_its_offset_needs_no_zone(value: str, expected: str) -> None:
    for zone in (None, "America/New_York"):
        layout = Layout("ksql", zone)
        assert event(ksql(TIMESTAMP=value), layout).occurred_at == micros(expected)


@pytest.mark.parametrize(
    "value",
    [
        "2026-02-30T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2025-02-29T00:00:00Z",
        "2026-01-01T25:00:00Z",
        "2026-01-01T00:00:60Z",
        "0000-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "+10000-01-01T00:00:00Z",
        "2026-W54-1T00:00:00Z",
        "2026-01-01T00:00:00Z UTC",
        "2026-01-01T00:00:00+99:00",
        "01/02/2026 10:00",
        "Thu, 01 Jan 2026 00:00:00 GMT",
        "yesterday",
        "nan",
        "Infinity",
        "1e9",
        "1767225600,5",
        " ",
        "9" * 400,
        "9" * 400 + ".5",
    ],
)
def test_what_is_no_time_is_set_aside(value: str) -> None:
    for zone in (None, "Asia/Kolkata"):
        assert reason(ksql(TIMESTAMP=value), Layout("ksql", zone)) == "bad_time"


def test_a_time_without_a_zone_is_set_aside_unless_the_source_states_one() -> None:
    naive = ksql(TIMESTAMP="2026-01-01 05:30:00")
    assert reason(naive) == "naive_time"
    kolkata = event(naive, Layout("ksql", "Asia/Kolkata"))
    assert kolkata.occurred_at == micros("2026-01-01T00:00:00+00:00")
    assert reason(b"u,2026-01-01 05:30:00,/,view", CSV) == "naive_time"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-07-01 12:00:00", "2026-07-01T16:00:00+00:00"),
        ("2026-12-01 12:00:00", "2026-12-01T17:00:00+00:00"),
        ("2026-11-01 00:59:59", "2026-11-01T04:59:59+00:00"),
        ("2026-11-01 02:00:00", "2026-11-01T07:00:00+00:00"),
    ],
)
def test_a_clock_with_summer_time_is_followed(value: str, expected: str) -> None:
    layout = Layout("ksql", "America/New_York")
    assert event(ksql(TIMESTAMP=value), layout).occurred_at == micros(expected)


def test_an_hour_that_comes_twice_is_its_first_and_one_that_never_comes_runs_on() -> None:
    layout = Layout("ksql", "America/New_York")
    fold = event(ksql(TIMESTAMP="2026-11-01 01:30:00"), layout)
    assert fold.occurred_at == micros("2026-11-01T05:30:00+00:00")
    gap = event(ksql(TIMESTAMP="2027-03-14 02:30:00"), layout)
    assert gap.occurred_at == micros("2027-03-14T07:30:00+00:00")


@pytest.mark.parametrize("value", ["0001-01-01T00:00:00", "9999-12-31T23:59:59.999999"])
@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/St_Johns", "Pacific/Kiritimati"])
def test_the_ends_of_the_calendar_raise_nothing(value: str, zone: str) -> None:
    read(ksql(TIMESTAMP=value), Layout("ksql", zone))


def test_the_brokers_time_is_received_at_and_no_part_of_what_was_said() -> None:
    first, second = (event(ksql(_kafka_timestamp=at)) for at in (1767225600000, 1767225601000))
    assert first.received_at == micros("2026-01-01T00:00:00+00:00")
    assert second.received_at == micros("2026-01-01T00:00:01+00:00")
    assert first.fingerprint == second.fingerprint


# ---- fields of the topic dump -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("", None),
        ("[]", []),
        ("[ ]", []),
        ([], []),
        ("[a]", ["a"]),
        ("[a, b,c ]", ["a", "b", "c"]),
        ("a, b", ["a", "b"]),
        ("[a, a, b]", ["a", "b"]),
        ("[a,,b]", ["a", "b"]),
        ('["a, b","c"]', ["a, b", "c"]),
        (' ["a"] ', ["a"]),
        (["a, b", " c "], ["a, b", "c"]),
        ("[München, 東京]", ["München", "東京"]),
    ],
)
@pytest.mark.parametrize("field", ["TAGS", "AUTHORS"])
def test_lists_in_their_spellings(field: str, value: object, expected: list[str] | None) -> None:
    assert getattr(event(ksql(**{field: value})), field.lower()) == expected


@pytest.mark.parametrize("value", ['["a", b]', '["a"', '["a", 1]'])
def test_a_list_that_starts_as_json_has_to_be_json(value: str) -> None:
    assert reason(ksql(TAGS=value)) == "bad_type"


@pytest.mark.parametrize("value", ['[ "a, b", "c" ]', '[\n"a, b",\n"c"\n]'])
def test_a_json_list_may_hold_blanks(value: str) -> None:
    assert event(ksql(TAGS=value)).tags == ["a, b", "c"]


def test_booleans_in_two_spellings_are_booleans() -> None:
    for yes, no in (("true", "false"), ("True", "False"), (True, False)):
        assert event(ksql(IS_PAID=yes, IS_BOT=no)).properties == '{"is_bot":false,"is_paid":true}'
    assert event(ksql(IS_PAID="yes", TITLE="True")).properties == '{"is_paid":"yes"}'
    assert event(ksql(TITLE="True")).title == "True"


def test_fields_without_a_column_are_properties_and_empty_ones_are_absent() -> None:
    made = event(ksql(B=0, A=[1, {"x": None}], C=None, D="", _topic="t", USERID="u"))
    assert made.properties == '{"a":[1,{"x":null}],"b":0}'
    assert event(ksql()).properties == "{}"


def test_properties_that_differ_in_case_are_both_kept_whatever_their_order() -> None:
    assert len(json.loads(event(ksql(A=1, a=2)).properties)) == 2
    assert event(ksql(A=1, a=2)).properties == event(ksql(a=2, A=1)).properties


def test_the_first_address_and_title_that_are_there_count() -> None:
    made = event(ksql(URL="", PAGE_URL="https://x.org/a", PATH="/a", PAGE_TITLE="A"))
    assert (made.url, made.title, made.page) == ("https://x.org/a", "A", None)


# ---- rows ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (b"", "bad_row"),
        (b"u", "bad_row"),
        (b"u,%s,/" % AT.encode(), "bad_row"),
        (b"u,%s,/,view,more" % AT.encode(), "bad_row"),
        (b'u,%s,"/,view' % AT.encode(), "bad_row"),
        (b'u,%s,"/"x,view' % AT.encode(), "bad_row"),
        (b"u,%s,/\ra,view" % AT.encode(), "bad_row"),
        (b"u,%s,/\xff,view" % AT.encode(), "bad_encoding"),
        (b"u,%s,/%s,view" % (AT.encode(), OVERLONG), "bad_encoding"),
        (b"u,,/,view", "missing_time"),
        (b"u,soon,/,view", "bad_time"),
        (b"u,%s,/%s,view" % (AT.encode(), b"x" * MAX_BYTES), "too_large"),
    ],
    ids=[*range(12)],
)
def test_a_row_that_cannot_be_read_is_set_aside(row: bytes, expected: str) -> None:
    assert reason(row, CSV) == expected


def test_a_row_is_read_by_its_header() -> None:
    layout = Layout("csv", header=("x", "Page_URL", "event_name", "TIMESTAMP", "user_id"))
    made = event(f'1,"https://x.org/a,b",view,{AT},u'.encode(), layout)
    assert made[:3:2] == (micros("2026-01-01T00:00:00+00:00"), "u")
    assert (made.url, made.page, made.event_name) == ("https://x.org/a,b", None, "view")
    assert made.properties == '{"x":"1"}'


def test_quotes_line_breaks_and_odd_spaces_stay_inside_a_cell() -> None:
    made = event(f'"u ""q""",{AT},"/a\r\nb\u2028c\x85",view'.encode(), CSV)
    assert (made.user_id, made.page) == ('u "q"', "/a\r\nb\u2028c\x85")


def test_a_header_with_one_name_in_two_cases_takes_the_exact_one() -> None:
    layout = Layout("csv", header=("user_id", "USER_ID", "timestamp", "page", "event"))
    assert event(f"a,b,{AT},/,view".encode(), layout).user_id == "a"


# ---- what holds for any bytes -------------------------------------------------------------------

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(NO_ONE)
)
nested = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
field_names = st.sampled_from([
    "USERID", "_user_id", "USERNAME", "TIMESTAMP", "_kafka_timestamp", "MESSAGEID", "TITLE", "URL",
    "TAGS", "AUTHORS", "REFERRER", "DOMAIN", "A", "a",
])  # fmt: skip
documents = st.dictionaries(field_names | st.text(), nested).map(
    lambda said: json.dumps({"TIMESTAMP": AT} | said, ensure_ascii=False).encode(
        "utf-8", "surrogatepass"
    )
)
rows = st.lists(st.text() | st.just(AT), min_size=3, max_size=5).map(
    lambda cells: ",".join(cells).encode()
)


@st.composite
def _damaged(draw: st.DrawFn) -> bytes:
    value = bytearray(draw(documents | rows))
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(value)))
        value[place : place + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(value)


anything = st.lists(
    st.tuples(st.none() | st.binary(max_size=4), st.binary() | documents | rows | _damaged())
)


@given(anything, st.sampled_from([KSQL, CSV, Layout("ksql", "Asia/Kolkata")]))
@quick
def test_any_bytes_give_one_outcome_each_in_order(
    records: list[tuple[bytes | None, bytes]], layout: Layout
) -> None:
    outcomes = list(decode(records, layout))
    assert outcomes == [read(value, layout, key) for key, value in records]
    assert all(isinstance(outcome, Event | Rejection) for outcome in outcomes)


@given(st.dictionaries(st.text(), st.integers() | st.text(), max_size=5), st.randoms())
@quick
def test_the_order_of_keys_changes_nothing_that_is_said(
    said: dict[str, object], random: object
) -> None:
    fields = list(said.items())
    random.shuffle(fields)
    one, other = event(ksql(**_plain(said))), event(ksql(**_plain(dict(fields))))
    assert one.fingerprint == other.fingerprint


def _plain(said: dict[str, object]) -> dict[str, object]:
    """Fields under names that the topic dump gives no meaning."""
    return {f"x{name}": value for name, value in said.items()}


def test_nested_keys_in_another_order_are_the_same_said() -> None:
    forms = {
        event(raw_ksql(b'"X":[{%s,%s}]' % pair)).fingerprint
        for pair in itertools.permutations((b'"a":1', b'"b":{"c":2}'))
    }
    assert len(forms) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"A": 1}, {"A": "1"}),
        ({"A": 1}, {"A": True}),
        ({"A": None}, {}),
        ({"A": "x"}, {"B": "x"}),
        ({"A": ["a", "b"]}, {"A": ["b", "a"]}),
        ({"USERID": "a"}, {"USERID": "b"}),
    ],
)
def test_other_words_have_another_fingerprint(
    one: dict[str, object], other: dict[str, object]
) -> None:
    assert event(ksql(**one)).fingerprint != event(ksql(**other)).fingerprint


def test_a_row_has_one_fingerprint_whatever_the_order_of_columns_and_the_quoting() -> None:
    turned = Layout("csv", header=HEADER[::-1])
    assert (
        event(f"u,{AT},/,view".encode(), CSV).fingerprint
        == event(f'"view","/","{AT}","u"'.encode(), turned).fingerprint
    )


@pytest.mark.parametrize("at", ["20240101120000", "202401011200", 20240101120000, 202401011200])
def test_a_date_without_separators_is_no_number_of_seconds(at: object) -> None:
    record = msgspec.json.encode({"TIMESTAMP": at})
    (found,) = decode([(None, record)], Layout("ksql"))
    assert isinstance(found, Rejection)
    assert found.reason == "bad_time"
    assert "ISO" in found.message
