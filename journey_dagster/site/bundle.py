"""A module of the pages and all it imports as one plain script.

Belongs here: putting modules together. Does not belong here: the page around them (`pages`).

Twenty modules that import each other are five round trips one after the other; one script is one.
A file that is opened from disk may load no module at all. Each module stays a function of its own;
what is imported later comes a turn later, when the first view is drawn. Only the few forms of
`import` and `export` that the pages use are understood; any other is an error, no broken page.
"""

import re
from pathlib import Path
from posixpath import dirname, normpath

STATIC = Path(__file__).parent / "static"

_IMPORT = re.compile(r'^import \{([^}]*)\} from "([^"]+)";\n', re.MULTILINE)
_LATER = re.compile(r'\bimport\("([^"]+)"\)')
_EXPORT = re.compile(r"^export (?=(?:async )?(?:const|function|class) (\w+))", re.MULTILINE)
_MODULE = re.compile(r"^(?:import|export)\b", re.MULTILINE)
_COMMENT = re.compile(r"^ *(?://.*|/\*(?:(?!\*/)(?s:.))*\*/)\n", re.MULTILINE)


def bundle(entry: str) -> str:
    """A module and all it imports.

    Args:
        entry: a file of `static/`, such as `js/report.js`.

    Raises:
        ValueError: a form of import or export that is not understood, or a circle of imports.
    """
    done: dict[str, str] = {}
    _add(entry, done, ())
    return '"use strict";\n' + "".join(done.values())


def code(name: str) -> str:
    """A file of `static/`, a script or a sheet, without the lines that are comments.

    Raises:
        ValueError: it lies elsewhere.
    """
    path = STATIC / name
    if not path.resolve().is_relative_to(STATIC):
        raise ValueError(f"{name} lies outside the pages")
    return _COMMENT.sub("", path.read_text(encoding="utf-8"))


def _add(name: str, done: dict[str, str], above: tuple[str, ...]) -> None:
    """Put a module behind all it imports."""
    if name in above:
        raise ValueError(f"{' imports '.join([*above, name])}")
    if name in done:
        return
    text = code(name)

    def place(path: str) -> str:
        return normpath(f"{dirname(name)}/{path}")

    imported = [(names, place(path)) for names, path in _IMPORT.findall(text)]
    for other in [*(other for _, other in imported), *map(place, _LATER.findall(text))]:
        _add(other, done, (*above, name))
    exported: list[str] = _EXPORT.findall(text)
    body = _EXPORT.sub("", _IMPORT.sub("", text))
    body = _LATER.sub(
        lambda later: f"new Promise((now) => setTimeout(now, 0, {_variable(place(later[1]))}))",
        body,
    )
    if strange := _MODULE.search(body):
        line = body[strange.start() :].splitlines()[0]
        raise ValueError(f"{name}: {line!r} is not understood")
    heads = "".join(
        f"const {{{re.sub(r' as ', ': ', names)}}} = {_variable(other)};\n"
        for names, other in imported
    )
    done[name] = (
        f"const {_variable(name)} = (() => {{\n{heads}{body}"
        f"return {{ {', '.join(exported)} }};\n}})();\n"
    )


def _variable(name: str) -> str:
    return "module_" + re.sub(r"\W", "_", name.removesuffix(".js"))
