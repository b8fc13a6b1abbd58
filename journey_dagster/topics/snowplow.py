"""The shape snowplow: enriched events, as they leave the pipeline or a warehouse.

Belongs here: the order of the columns, which of them means what.
Does not belong here: how values are read (`values`), how a row becomes fields (`fields`).

The pipeline writes no header and always as many columns; new facts go into the contexts. So a row
of another width is not read, since its columns could be any. All times are UTC.
"""

from collections.abc import Callable
from typing import Any, cast

from journey_dagster.topics.fields import Fields
from journey_dagster.topics.files import Layout
from journey_dagster.topics.values import (
    Event,
    RejectedError,
    as_json,
    event_id,
    fingerprint,
    identity,
    moment,
    parse_object,
    text,
    zone_of,
)

COLUMNS = (
    "app_id", "platform", "etl_tstamp", "collector_tstamp", "dvce_created_tstamp", "event",
    "event_id", "txn_id", "name_tracker", "v_tracker", "v_collector", "v_etl", "user_id",
    "user_ipaddress", "user_fingerprint", "domain_userid", "domain_sessionidx", "network_userid",
    "geo_country", "geo_region", "geo_city", "geo_zipcode", "geo_latitude", "geo_longitude",
    "geo_region_name", "ip_isp", "ip_organization", "ip_domain", "ip_netspeed", "page_url",
    "page_title", "page_referrer", "page_urlscheme", "page_urlhost", "page_urlport",
    "page_urlpath", "page_urlquery", "page_urlfragment", "refr_urlscheme", "refr_urlhost",
    "refr_urlport", "refr_urlpath", "refr_urlquery", "refr_urlfragment", "refr_medium",
    "refr_source", "refr_term", "mkt_medium", "mkt_source", "mkt_term", "mkt_content",
    "mkt_campaign", "contexts", "se_category", "se_action", "se_label", "se_property", "se_value",
    "unstruct_event", "tr_orderid", "tr_affiliation", "tr_total", "tr_tax", "tr_shipping",
    "tr_city", "tr_state", "tr_country", "ti_orderid", "ti_sku", "ti_name", "ti_category",
    "ti_price", "ti_quantity", "pp_xoffset_min", "pp_xoffset_max", "pp_yoffset_min",
    "pp_yoffset_max", "useragent", "br_name", "br_family", "br_version", "br_type",
    "br_renderengine", "br_lang", "br_features_pdf", "br_features_flash", "br_features_java",
    "br_features_director", "br_features_quicktime", "br_features_realplayer",
    "br_features_windowsmedia", "br_features_gears", "br_features_silverlight", "br_cookies",
    "br_colordepth", "br_viewwidth", "br_viewheight", "os_name", "os_family", "os_manufacturer",
    "os_timezone", "dvce_type", "dvce_ismobile", "dvce_screenwidth", "dvce_screenheight",
    "doc_charset", "doc_width", "doc_height", "tr_currency", "tr_total_base", "tr_tax_base",
    "tr_shipping_base", "ti_currency", "ti_price_base", "base_currency", "geo_timezone",
    "mkt_clickid", "mkt_network", "etl_tags", "dvce_sent_tstamp", "refr_domain_userid",
    "refr_dvce_tstamp", "derived_contexts", "domain_sessionid", "derived_tstamp", "event_vendor",
    "event_name", "event_format", "event_version", "event_fingerprint", "true_tstamp",
)  # fmt: skip
"""Of an enriched event, in their order."""

_ANONYMOUS = "00000000-0000-0000-0000-000000000000"
"""Whom a tracker without identifiers names."""
_OBJECTS = ("contexts", "unstruct_event", "derived_contexts")
_TAKEN = frozenset({
    "app_id", "collector_tstamp", "event_id", "user_id", "domain_userid", "domain_sessionid",
    "page_url", "page_title", "page_referrer", "se_action", "derived_tstamp", "event_name",
    "event_fingerprint", "true_tstamp",
})  # fmt: skip
"""Fields that have a column of their own."""
_DELIVERY = frozenset({
    "event_fingerprint", "collector_tstamp", "dvce_sent_tstamp", "derived_tstamp", "etl_tstamp",
    "load_tstamp", "etl_tags", "v_collector", "v_etl", "derived_contexts", "network_userid",
    "user_ipaddress", *(name for name in COLUMNS if name.startswith(("geo_", "ip_"))),
})  # fmt: skip
"""What the way of an event adds to it, each time it is sent."""


def is_like(record: Fields) -> bool:
    """Whether a record has the field names of this shape."""
    return "collector_tstamp" in record and "event_id" in record


def reader(_layout: Layout) -> Callable[[bytes | None, Fields], Event]:
    """Reads the fields of one record; raises `RejectedError`."""
    utc = zone_of("UTC")

    def when(record: Fields, collected: int | None) -> int:
        for name in ("true_tstamp", "derived_tstamp"):
            if (stated := moment(name, record.get(name), utc)) is not None:
                return stated
        if collected is None:
            raise RejectedError("missing_time", "derived_tstamp and collector_tstamp are empty")
        created = moment("dvce_created_tstamp", record.get("dvce_created_tstamp"), utc)
        sent = moment("dvce_sent_tstamp", record.get("dvce_sent_tstamp"), utc)
        # A device whose clock ran backwards in between cannot tell how long it had waited.
        waited = 0 if created is None or sent is None else max(sent - created, 0)
        return collected - waited

    def read(_key: bytes | None, record: Fields) -> Event:
        collected = moment("collector_tstamp", record.get("collector_tstamp"), utc)
        message_id = event_id("event_id", record.get("event_id"))
        mark = text("event_fingerprint", record.get("event_fingerprint"))
        kind = text("event", record.get("event"))
        name = text("event_name", record.get("event_name"))
        said = {k: v for k, v in record.items() if v or v == 0}
        objects = {field: _object(field, said[field]) for field in _OBJECTS if field in said}
        is_marked = mark is not None and message_id is not None
        return Event(
            occurred_at=when(record, collected),
            fingerprint=fingerprint(
                {"mark": mark}
                if is_marked
                else {k: v for k, v in said.items() if k not in _DELIVERY}
            ),
            user_id=_somebody("user_id", record),
            anonymous_id=_somebody("domain_userid", record),
            message_id=message_id,
            session_id=_somebody("domain_sessionid", record),
            received_at=collected,
            event_name=_name(kind, name, record),
            page=_screen(objects.get("unstruct_event")) if name == "screen_view" else None,
            url=text("page_url", record.get("page_url") or record.get("page_urlpath")),
            title=text("page_title", record.get("page_title")),
            referrer=text("page_referrer", record.get("page_referrer")),
            publication=text("app_id", record.get("app_id")),
            properties=as_json({k: v for k, v in said.items() if k not in _TAKEN} | objects),
            # Of several deliveries the one that was collected first counts.
            revision=None if collected is None else -collected,
            noise_reason="system_event" if kind == "page_ping" else None,
        )

    return read


def _somebody(field: str, record: Fields) -> str | None:
    found = identity(field, record.get(field))
    return None if found == _ANONYMOUS else found


def _name(kind: str | None, name: str | None, record: Fields) -> str | None:
    """What happened; the words are the site's own for events that it made up."""
    if kind == "struct":
        return text("se_action", record.get("se_action")) or kind
    return name or kind if kind == "unstruct" else kind or name


def _object(field: str, value: object) -> Any:  # noqa: ANN401  checked where it is looked into
    """JSON in a cell; a loader may have made something else of it, which stands as it is."""
    if not isinstance(value, str):
        return value
    try:
        return parse_object(value.encode())
    except RejectedError as error:
        reason, message = error.rejection
        raise RejectedError(reason, f"{field}: {message}") from error


def _screen(unstruct: object) -> str | None:
    """The name of a screen: event within its schema within the schema of all such events."""
    for key in ("data", "data", "name"):
        unstruct = cast("Fields", unstruct).get(key) if isinstance(unstruct, dict) else None
    return unstruct if isinstance(unstruct, str) and unstruct else None
