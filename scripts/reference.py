"""Writes docs/reference/tables.md from the SQL files; a test holds the page against them."""

from pathlib import Path

from journey_dagster.models import Model, every_model

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "tables.md"


def page() -> str:
    """The reference of all tables and checks, as Markdown."""
    models = every_model()
    lines = ["# Tables and checks", "", "Made by `make docs` from the files below `sql/`."]
    for model in models:
        if model.schema != "checks":
            lines += ["", f"## {model.name}", "", model.description, *_reads(model), ""]
            lines += ["| column | |", "|---|---|"]
            lines += [f"| `{name}` | {words} |" for name, words in model.columns.items()]
    lines += ["", "# Checks", "", "A check selects what is wrong; no row is well."]
    for model in models:
        if model.schema == "checks":
            lines += ["", f"## {model.table}", "", model.description, *_reads(model)]
    return "\n".join(lines) + "\n"


def _reads(model: Model) -> list[str]:
    read = ", ".join(f"`{name}`" for name in sorted(model.reads))
    return ["", f"Reads {read}."] if read else []


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
