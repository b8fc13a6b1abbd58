"""Writes docs/reference/ from the SQL files and the program; a test holds the pages to them.

Belongs here: what can be read off code: commands, settings, contracts, tables, metrics, the graph.
Does not belong here: what only a person can say (the rest of `docs/`).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import typer
from pydantic import SecretStr

from journey_dagster.analysts_copy import OWN
from journey_dagster.cli import app
from journey_dagster.definitions import build_defs
from journey_dagster.macros import Macro, every_macro
from journey_dagster.models import QUERIES, Model, every_model, model
from journey_dagster.report_definitions import definitions
from journey_dagster.settings import ROOT, InsightsSettings, KafkaSettings, Settings, variables
from journey_dagster.site import SCHEMAS

FOLDER = ROOT / "docs" / "reference"


def pages() -> dict[Path, str]:
    """The pages and what is in them, as Markdown."""
    return {FOLDER / "tables.md": tables(), FOLDER / "commands.md": commands()} | {
        FOLDER / name: "\n".join(lines) + "\n"
        for name, lines in (
            ("settings.md", settings()),
            ("schemas.md", contracts()),
            ("metrics.md", metrics()),
            ("graph.md", graph()),
        )
    }


def tables() -> str:
    """All tables, macros and checks."""
    models = every_model()
    lines = ["# Tables, macros and checks", "", "Made by `make docs` from the files below `sql/`."]
    for each in models:
        if each.schema not in QUERIES:
            lines += _table(each)
    lines += ["", "# The copy itself", "", "Tables that only the analysts' copy has."]
    for each in OWN:
        lines += _table(each)
    lines += [
        "",
        "# Macros",
        "",
        "Questions to ask of the analysts' copy, as tables with parameters.",
    ]
    for macro in every_macro():
        lines += _macro(macro)
    lines += ["", "# Checks", "", "A check selects what is wrong; no row is well."]
    for each in models:
        if each.schema == "checks":
            lines += ["", f"## {each.table}", "", each.description, *_reads(each)]
    return "\n".join(lines) + "\n"


def _table(model: Model) -> list[str]:
    return [
        *("", f"## {model.name}", "", model.description, *_reads(model), ""),
        *("| column | |", "|---|---|"),
        *(f"| `{name}` | {words} |" for name, words in model.columns.items()),
    ]


def _macro(macro: Macro) -> list[str]:
    return [
        *("", f"## {macro.name}", "", macro.description, *_reads(macro.model), ""),
        *("```sql", f"from {macro.signature}", "```", "", "| parameter | |", "|---|---|"),
        *(f"| `{each.name}` | {each.description} |" for each in macro.parameters),
        *("", "| column | |", "|---|---|"),
        *(f"| `{name}` | {words} |" for name, words in macro.model.columns.items()),
        *("", "```sql", macro.example, "```"),
    ]


def _reads(model: Model) -> list[str]:
    read = ", ".join(f"`{name}`" for name in sorted(model.reads))
    return ["", f"Reads {read}."] if read else []


def commands() -> str:
    """All commands of the program, with their arguments and options."""
    lines = [
        "# Commands",
        "",
        "Made by `make docs` from the program, whose `--help` says the same.",
    ]
    for words, command in _leaves("journey", typer.main.get_command(app)):
        lines += ["", f"## {words}", "", command.help]
        if command.params:
            lines += ["", "| | |", "|---|---|", *map(_param, command.params)]
    return "\n".join(lines) + "\n"


def _leaves(words: str, command: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401  Typer's own kind
    """The commands below a group, with the words that call them."""
    inner = getattr(command, "commands", {})
    if not inner:
        yield words, command
    for name, each in inner.items():
        yield from _leaves(f"{words} {name}", each)


def _param(param: Any) -> str:  # noqa: ANN401
    is_option = param.param_type_name == "option"
    name = ", ".join(param.opts) if is_option else param.name.upper()
    told = [param.help or ""]
    if param.required and is_option:
        told.append("Has to be given.")
    if param.default not in {None, False}:
        told.append(f"By default {param.default}.")
    return f"| `{name}` | {' '.join(told)} |"


def settings() -> Iterator[str]:
    """Every variable, its default and its meaning."""
    yield from ("# Settings", "", "Made by `make docs` from `journey_dagster/settings.py`.", "")
    yield "From the environment, or from `.env` beside the Makefile; `.env.example` has them all,"
    yield "to copy. A blank one is at its default. None is needed."
    for of, head in (
        (Settings, "The home, journeys, nights, publishing"),
        (KafkaSettings, "A broker"),
        (InsightsSettings, "Models"),
    ):
        mine = {id(field) for field in of.model_fields.values()}
        yield from ("", f"## {head}", "", "| variable | default | |", "|---|---|---|")
        for name, field in variables().items():
            if id(field) in mine:
                default = _default(name, field.get_default(call_default_factory=True))
                yield f"| `{name}` | {default} | {_cell(field.description or '')} |"


def _default(name: str, value: object) -> str:
    match value:
        case None | "" | () | SecretStr():
            return ""
        case bool():
            return f"`{str(value).lower()}`"
        case Path():
            return f"`{value.relative_to(ROOT)}`"
        case tuple():
            parts: Sequence[object] = value
            return _cell(f"`{(' ' if name == 'JOURNEY_PAGE_IDS' else ',').join(map(str, parts))}`")
        case _:
            return _cell(f"`{value}`") if value != {} else ""


def contracts() -> Iterator[str]:
    """Every document of the site, key by key."""
    yield from ("# Documents of the site", "", "Made by `make docs` from the JSON Schemas in")
    yield "`journey_dagster/site/schemas/`. Each document is validated when it is written. The"
    yield "major number of `schema_version` changes when a reader must change."
    for path in sorted(SCHEMAS.glob("*.json")):
        schema = json.loads(path.read_text(encoding="utf-8"))
        yield from ("", f"## {path.name.removesuffix('.schema.json')}", "")
        yield from (schema["description"], "", "| key | type | |", "|---|---|---|")
        yield from _keys(schema, schema, "")


def _keys(root: Mapping[str, Any], node: Mapping[str, Any], above: str) -> Iterator[str]:
    """A row for each key, with those below it; `[]` is a member of a list."""
    for name, found in node.get("properties", {}).items():
        inner, path = _resolved(root, found), f"{above}{name}"
        told = found.get("description", inner.get("description", ""))
        yield f"| `{path}` | {_type(root, inner)} | {_cell(told)} |"
        while isinstance(inner.get("items"), dict):
            inner, path = _resolved(root, inner["items"]), f"{path}[]"
        for each in (inner, *inner.get("anyOf", ()), *inner.get("oneOf", ())):
            yield from _keys(root, _resolved(root, each), f"{path}.")


def _resolved(root: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Any = root if "$ref" in node else node
    for step in node.get("$ref", "#/").removeprefix("#/").split("/"):
        found = found[step] if step else found
    return found


def _type(root: Mapping[str, Any], node: Mapping[str, Any]) -> str:
    if "const" in node:
        return f"`{json.dumps(node['const'])}`"
    if "enum" in node:
        return _cell(", ".join(f"`{json.dumps(value)}`" for value in node["enum"]))
    if several := (*node.get("anyOf", ()), *node.get("oneOf", ())):
        return " or ".join(dict.fromkeys(_type(root, _resolved(root, each)) for each in several))
    kind = node.get("type", "")
    return " or ".join(kind) if isinstance(kind, list) else kind


def metrics() -> Iterator[str]:
    """What is told of a user, and what each number means."""
    yield from (
        "# Metrics",
        "",
        "Made by `make docs`. A metric is defined once, where it stands:",
        "",
    )
    yield "- columns of marts, by their comments ([tables](tables.md));"
    yield "- facts of a user, below, from `marts.fact_definitions`;"
    yield "- `meta.metrics` of the analysts' copy has both, with unit and query."
    yield from ("", "## On a report", "", "| id | what it is |", "|---|---|")
    for name, words in definitions(Settings.model_construct()).items():
        yield f"| `{name}` | {_cell(words)} |"
    yield from ("", "## Facts of a user", "")
    yield "`{k}` is a place in a list; the tier of evidence says from where on a fact is told."
    with duckdb.connect() as con:
        found = con.execute(f"from ({model('marts/fact_definitions.sql').sql}) as facts")
        names = [column[0] for column in found.description]
        yield from ("", f"| {' | '.join(names)} |", f"|{'---|' * len(names)}")
        for row in found.fetchall():
            yield f"| {' | '.join(_cell(str(value)) for value in row)} |"


def graph() -> Iterator[str]:
    """Every asset, check and job, and what starts them."""
    defs = build_defs(Settings.model_construct())
    of = defs.resolve_asset_graph()
    yield from ("# Jobs, assets and checks", "", "Made by `make docs` from the graph in `assets/`.")
    yield from ("", "## Jobs", "", "| job | |", "|---|---|")
    for job in sorted(defs.resolve_all_job_defs(), key=lambda job: job.name):
        if not job.name.startswith("__"):
            yield f"| `{job.name}` | {_cell(job.description or '')} |"
    yield from ("", "## What starts runs", "", "| name | |", "|---|---|")
    for each in (*(defs.schedules or ()), *(defs.sensors or ())):
        yield f"| `{each.name}` | {_cell(each.description or '')} |"
    yield from ("", "## Assets", "", "Those of a user have a partition for each who is registered.")
    yield from ("", "| asset | group | of a user | |", "|---|---|---|---|")
    for key in sorted(of.get_all_asset_keys()):
        asset = of.get(key)
        about = f"{asset.group_name} | {'yes' if asset.is_partitioned else ''}"
        yield f"| `{key.to_user_string()}` | {about} | {_first(asset.description)} |"
    yield from ("", "## Checks", "", "A blocking one holds back what follows.", "")
    yield from ("| check | on | blocks | |", "|---|---|---|---|")
    for check in sorted(of.asset_check_keys, key=lambda key: (key.asset_key, key.name)):
        yield _check(check, of)


def _check(key: dg.AssetCheckKey, of: Any) -> str:  # noqa: ANN401  Dagster's own graph
    spec = of.get_check_spec(key)
    about = f"`{key.asset_key.to_user_string()}` | {'yes' if spec.blocking else ''}"
    return f"| `{key.name}` | {about} | {_first(spec.description)} |"


def _first(description: str | None) -> str:
    return _cell((description or "").split("\n\n")[0].replace("\n", " "))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
