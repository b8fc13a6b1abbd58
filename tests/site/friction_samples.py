"""The document of the friction page for tests in the browser, made by the page's own builder.

Belongs here: which warehouse it is made from. Does not belong here: that warehouse's tables
(`friction_warehouse`), expectations.
"""

import json
from functools import cache

from friction_warehouse import GENERATED_AT, Session, walks, warehouse
from samples import Json

from journey_dagster.friction_page import build
from journey_dagster.settings import Settings

THERE_AND_BACK = [("/list", "View"), ("/item", "View"), ("/list", "View"), ("/item", "View")]


def settings() -> Settings:
    """The defaults in the code, and the natural exit of the shop."""
    fields = {name: field.default for name, field in Settings.model_fields.items()}
    return Settings.model_construct(**{**fields, "natural_exits": ("/done",), "dataset": "shop"})


@cache
def _text() -> str:
    rare = [Session(77, [("/once", "Open")])]
    loops = [Session(i, THERE_AND_BACK) for i in range(4)]
    with warehouse([*rare, *loops, *walks(500)]) as con:
        return json.dumps(build(con, settings(), GENERATED_AT).document)


def document() -> Json:
    """A fresh copy."""
    return json.loads(_text())


def rows(doc: Json, name: str) -> list[Json]:
    """Rows of a table as dictionaries."""
    table = doc["tables"].get(name) or doc[name]
    return [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]


def document_bytes() -> bytes:
    """The same as it lies in its file."""
    return _text().encode()


def empty() -> Json:
    """The document of a warehouse without sessions."""
    with warehouse([]) as con:
        return json.loads(json.dumps(build(con, settings(), GENERATED_AT).document))


def of_one_session_each() -> Json:
    """The document of a week in which nobody came twice, so that nothing can be compared."""
    with warehouse([Session(i, THERE_AND_BACK) for i in range(40)]) as con:
        con.execute("update marts.friction_comparisons set rate_difference = null")
        return json.loads(json.dumps(build(con, settings(), GENERATED_AT).document))
