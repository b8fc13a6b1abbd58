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

from journey_dagster.users import RESERVED

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
    validator = _validator(contract)
    if not validator.is_valid(document):
        errors = list(validator.iter_errors(document))
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
    return _write_document(report_path(site, document["user"]["slug"]), document)


def write_page_data(
    site: Path, contract: str, name: str, document: dict[str, Any], twins: Mapping[str, bytes]
) -> bytes:
    """Validate and write a page's document, its CSV twins before it.

    Unchanged content keeps the file and its build time, as with a report. Twins that are no more
    are removed.

    Args:
        site: the site's folder.
        contract: what the document keeps, such as `friction.v1`.
        name: the page's name.
        document: the page's data.
        twins: name of a table to its CSV.

    Returns:
        The document's bytes.

    Raises:
        ContractError: the document does not keep its contract; nothing is written.
    """
    validate(contract, document)
    wanted = {f"{name}-{table}.csv": content for table, content in twins.items()}
    for file, content in sorted(wanted.items()):
        _write(site / "data" / "csv" / file, content)
    for path in (site / "data" / "csv").glob(f"{name}-*.csv"):
        if path.name not in wanted:
            path.unlink()
    return _write_document(site / "data" / f"{name}.json", document)


def write_export(site: Path, name: str, text: str) -> Path:
    """Write a page as the one file that readers take away.

    Returns:
        Where it lies.
    """
    path = site / "export" / f"{name}.html"
    _write(path, text.encode())
    return path


def write_index(site: Path, through: str | None, users: Iterable[Mapping[str, Any]]) -> None:
    """Write the list of users, the pointer to all reports; reports of nobody in it are removed.

    Raises:
        ContractError: the index does not keep its contract; nothing is written.
    """
    listed = list(users)
    index = {"schema_version": "1.0", "data_through": through, "users": listed}
    validate("users.v1", index)
    _write(site / "data" / "users.json", _encode(index))
    kept = {user["slug"] for user in listed if user["status"] != "withheld"} | RESERVED
    for path in (site / "data").glob("*.json"):
        if path.stem not in kept:
            path.unlink()


def _write_document(path: Path, document: dict[str, Any]) -> bytes:
    """Write a document, unless the one that stands differs by its build time alone."""
    standing = _standing(path)
    if standing and {**document, "generated_at": standing.get("generated_at")} == standing:
        return path.read_bytes()
    text = _encode(document)
    _write(path, text)
    return text


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
