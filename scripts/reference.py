"""Writes docs/reference/tables.md from the SQL files; a test holds the page against them."""

from pathlib import Path

from journey_dagster.macros import Macro, every_macro
from journey_dagster.models import QUERIES, Model, every_model

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "tables.md"


def page() -> str:
    """The reference of all tables, macros and checks, as Markdown."""
    models = every_model()
    lines = ["# Tables, macros and checks", "", "Made by `make docs` from the files below `sql/`."]
    for model in models:
        if model.schema not in QUERIES:
            lines += ["", f"## {model.name}", "", model.description, *_reads(model), ""]
            lines += ["| column | |", "|---|---|"]
            lines += [f"| `{name}` | {words} |" for name, words in model.columns.items()]
    lines += [
        "",
        "# Macros",
        "",
        "Questions to ask of the analysts' copy, as tables with parameters.",
    ]
    for macro in every_macro():
        lines += _macro(macro)
    lines += ["", "# Checks", "", "A check selects what is wrong; no row is well."]
    for model in models:
        if model.schema == "checks":
            lines += ["", f"## {model.table}", "", model.description, *_reads(model)]
    return "\n".join(lines) + "\n"


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


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
