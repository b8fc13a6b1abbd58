"""The published site: static pages, a data file and a page per report, one index.

Belongs here: validating documents against their contracts, writing them so that a reader never sees
half a file, serving the folder on this machine.
Does not belong here: what a report says (`reports`), how pages draw it (`static/`), what a page
is made of (`pages`, `person`, `single`).

Content is written first and the index last, each file beside its place and renamed into it. A
document that says what the one before it said, but for the time it was built, keeps that time: the
same data gives the same site, byte for byte.
"""

import shutil
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec

from journey_dagster.site.pages import pages
from journey_dagster.site.person import person_page
from journey_dagster.site.single import single_file
from journey_dagster.users import RESERVED

SCHEMAS = Path(__file__).parent / "schemas"


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
    """Write the pages; scripts and sheets that no longer belong to them are removed.

    Returns:
        How many files the pages are made of.
    """
    wanted = page_files()
    for name, content in wanted.items():
        _write(site / name, content)
    for path in sorted([*site.glob("js/**/*"), *site.glob("css/**/*")], reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path.relative_to(site).as_posix() not in wanted:
            path.unlink()
    return len(wanted)


@lru_cache
def page_files() -> Mapping[str, bytes]:
    """Path to content of all files that pages are made of, the same for every site.

    Hosts show `404.html` at any address, however far down, so it needs no other file.
    """
    others = {name: content for name, content in pages().items() if Path(name).stem != "404"}
    return {**others, "404.html": single_file("404.html", {}).encode()}


def report_path(site: Path, slug: str) -> Path:
    """Where a user's document lies."""
    return site / "data" / f"{slug}.json"


def person_path(site: Path, slug: str) -> Path:
    """Where a user's own page lies."""
    return site / "u" / slug / "index.html"


def write_report(site: Path, document: dict[str, Any]) -> bytes:
    """Validate and write a report, as data and as a page; unchanged content keeps its build time.

    Returns:
        The bytes of the data.

    Raises:
        ContractError: the document does not keep its contract; nothing is written.
    """
    validate("report.v1", document)
    slug = document["user"]["slug"]
    text, document = _settled(report_path(site, slug), document)
    _write(report_path(site, slug), text)
    _write(person_path(site, slug), person_page(text, document))
    return text


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
    path = site / "data" / f"{name}.json"
    text, _ = _settled(path, document)
    _write(path, text)
    return text


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
    for folder in (site / "u").glob("*"):
        if folder.name not in kept:
            shutil.rmtree(folder)


class _Built(msgspec.Struct):
    """When a document was built; the rest of it is not looked at."""

    generated_at: str


def _settled(path: Path, document: dict[str, Any]) -> tuple[bytes, dict[str, Any]]:
    """A document with its bytes; as it stands, if that differs by its build time alone."""
    try:
        standing = path.read_bytes()
        built = msgspec.json.decode(standing, type=_Built).generated_at
    except (FileNotFoundError, msgspec.MsgspecError):
        return _encode(document), document
    kept = {**document, "generated_at": built}
    text = _encode(kept)
    return (text, kept) if text == standing else (_encode(document), document)


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
