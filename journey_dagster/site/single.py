"""A page as one file that opens from disk: its styles, its code and its data inside.

Belongs here: putting a page of `static/` together. Does not belong here: what it shows, where the
file goes.

A browser loads no module and fetches no data from disk, so the modules become one plain script,
each in a function of its own, and `load.js` finds the data in the page. Only the few forms of
`import` and `export` that the pages use are understood; any other is an error, no broken page.
"""

import base64
import re
from collections.abc import Mapping
from pathlib import Path
from posixpath import dirname, normpath
from typing import Any

from journey_dagster.site import STATIC

POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)
"""Nothing from anywhere: what the file needs is in it."""

_IMPORT = re.compile(r'^import \{([^}]*)\} from "([^"]+)";\n', re.MULTILINE)
_LATER = re.compile(r'\bimport\("([^"]+)"\)')
_EXPORT = re.compile(r"^export (?=(?:async )?(?:const|function|class) (\w+))", re.MULTILINE)
_MODULE = re.compile(r"^(?:import|export)\b", re.MULTILINE)
_POLICY_TAG = re.compile(r'(<meta http-equiv="Content-Security-Policy" content=")[^"]*(">)')
_STYLE = re.compile(r'^ *<link rel="stylesheet" href="([^"]+)"(?: media="(\w+)")?>\n', re.MULTILINE)
_SCRIPT = re.compile(r'^ *<script src="([^"]+)"></script>\n', re.MULTILINE)
_MAIN = re.compile(r'^ *<script type="module" src="([^"]+)"></script>\n', re.MULTILINE)
_NAV = re.compile(r'^ *<nav class="site-nav".*</nav>\n', re.MULTILINE)
_BRAND = re.compile(r'<a class="brand" href="[^"]+">(.*)</a>')


def single_file(page: str, data: Mapping[str, bytes]) -> str:
    """The page with everything in it.

    Args:
        page: a file of `static/`, such as `friction.html`.
        data: path, as the page asks for it, to the JSON there.

    Returns:
        The text of a file that asks for nothing when it is opened.

    Raises:
        ValueError: a module of the page uses a form of import or export that is not understood.
    """
    text = (STATIC / page).read_text(encoding="utf-8")
    text = _POLICY_TAG.sub(lambda tag: f"{tag[1]}{POLICY}{tag[2]}", text)
    text = _STYLE.sub(lambda tag: _style(tag[1], tag[2]), text)
    text = _SCRIPT.sub(lambda tag: f"<script>\n{_script(_read(tag[1]))}</script>\n", text)
    main = _MAIN.search(text)
    if main is None:
        raise ValueError(f"{page} has no module to start with")
    text = text.replace(main[0], "")
    icon = base64.b64encode((STATIC / "favicon.svg").read_bytes()).decode()
    text = text.replace("favicon.svg", f"data:image/svg+xml;base64,{icon}")
    text = _BRAND.sub(lambda link: f'<span class="brand">{link[1]}</span>', _NAV.sub("", text))
    carried = "".join(
        f'<script type="application/json" data-path="{path}">{_json(content)}</script>\n'
        for path, content in data.items()
    )
    code = f"<script>\n{_script(bundle(main[1]))}</script>\n"
    return text.replace("</body>", f"{carried}{code}</body>")


def file_name(document: Mapping[str, Any], page: str) -> str:
    """What a page's file is called, without an ending: the data, the page, how far it reaches."""
    through = document["data_through"] or document["generated_at"]
    return f"{document['dataset']['name']}-{page}-{through[:10]}"


def bundle(entry: str) -> str:
    """A module and all it imports as one plain script.

    Raises:
        ValueError: a form of import or export that is not understood, or a circle of imports.
    """
    done: dict[str, str] = {}
    _add(entry, done, ())
    return '"use strict";\n' + "".join(done.values())


def _add(name: str, done: dict[str, str], above: tuple[str, ...]) -> None:
    """Put a module behind all it imports."""
    if name in above:
        raise ValueError(f"{' imports '.join([*above, name])}")
    if name in done:
        return
    text = _read(name)

    def place(path: str) -> str:
        return normpath(f"{dirname(name)}/{path}")

    imported = [(names, place(path)) for names, path in _IMPORT.findall(text)]
    for other in [*(other for _, other in imported), *map(place, _LATER.findall(text))]:
        _add(other, done, (*above, name))
    exported: list[str] = _EXPORT.findall(text)
    body = _EXPORT.sub("", _IMPORT.sub("", text))
    body = _LATER.sub(lambda later: f"Promise.resolve({_variable(place(later[1]))})", body)
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


def _read(name: str) -> str:
    path = STATIC / name
    if not path.resolve().is_relative_to(STATIC):
        raise ValueError(f"{name} lies outside the pages")
    return Path(path).read_text(encoding="utf-8")


def _style(name: str, media: str | None) -> str:
    text = _read(name)
    return f"<style>\n{f'@media {media} {{{text}}}' if media else text}</style>\n"


def _script(text: str) -> str:
    """Code inside a page; no string in it may end the element."""
    return text.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _json(content: bytes) -> str:
    return content.decode().strip().replace("<", "\\u003c")
