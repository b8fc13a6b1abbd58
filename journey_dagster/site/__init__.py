"""The published site: static pages, one data file per report, one index.

Belongs here: validating documents against their contracts, writing them so that a reader never sees
half a file, serving the folder on this machine.
Does not belong here: what a report says (`reports`), how pages draw it (`static/`).

Content is written first and the index last, each file beside its place and renamed into it. A
report whose content did not change keeps its file, byte for byte.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec

HERE = Path(__file__).parent
STATIC = HERE / "static"
SCHEMAS = HERE / "schemas"


class ContractError(Exception):
    """A document does not keep its contract; the message says where."""


@lru_cache
def _validator(contract: str) -> jsonschema_rs.Draft202012Validator:
    schema = msgspec.json.decode((SCHEMAS / f"{contract}.schema.json").read_bytes())
    return jsonschema_rs.Draft202012Validator(schema)


def validate(contract: str, document: Mapping[str, Any]) -> None:
    """Hold a document against `schemas/<contract>.schema.json`.

    Raises:
        ContractError: naming the first few places where it fails.
    """
    errors = list(_validator(contract).iter_errors(document))
    if errors:
        places = [
            f"{'/'.join(map(str, error.instance_path)) or 'document'}: {error.message[:200]}"
            for error in errors[:3]
        ]
        raise ContractError(f"does not keep {contract}: {'; '.join(places)}")


def write_pages(site: Path) -> int:
    """Copy the static pages; files that no longer belong to them are removed.

    Returns:
        How many files the pages are made of.
    """
    wanted = {path.relative_to(STATIC) for path in STATIC.rglob("*") if path.is_file()}
    for name in sorted(wanted):
        _write(site / name, (STATIC / name).read_bytes())
    for folder in ("js", "css"):
        for path in (site / folder).rglob("*"):
            if path.is_file() and path.relative_to(site) not in wanted:
                path.unlink()
    return len(wanted)


def report_path(site: Path, slug: str) -> Path:
    """Where a user's document lies."""
    return site / "data" / f"{slug}.json"


def write_report(site: Path, document: dict[str, Any]) -> bytes:
    """Validate and write a report; unchanged content keeps the file and its build time.

    Returns:
        The file's bytes.

    Raises:
        ContractError: the document does not keep its contract; nothing is written.
    """
    validate("report.v1", document)
    path = report_path(site, document["user"]["slug"])
    standing = _standing(path)
    if standing and {**document, "generated_at": standing.get("generated_at")} == standing:
        return path.read_bytes()
    text = _encode(document)
    _write(path, text)
    return text


def write_index(site: Path, through: str | None, users: Iterable[Mapping[str, Any]]) -> None:
    """Write the list of users, the pointer to all reports; reports of nobody in it are removed.

    Raises:
        ContractError: the index does not keep its contract; nothing is written.
    """
    listed = list(users)
    index = {"schema_version": "1.0", "data_through": through, "users": listed}
    validate("users.v1", index)
    _write(site / "data" / "users.json", _encode(index))
    kept = {f"{user['slug']}.json" for user in listed if user["status"] != "withheld"}
    for path in (site / "data").glob("*.json"):
        if path.name not in {*kept, "users.json"}:
            path.unlink()


def _standing(path: Path) -> dict[str, Any] | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except (FileNotFoundError, msgspec.MsgspecError):
        return None


def _encode(document: Mapping[str, Any]) -> bytes:
    return msgspec.json.encode(document, order="sorted") + b"\n"


def _write(path: Path, content: bytes) -> None:
    """Write beside the place and rename, unless the same bytes stand there."""
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    new.write_bytes(content)
    new.replace(path)
