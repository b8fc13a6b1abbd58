"""A page as one file that opens from anywhere: its styles, its code and its data inside.

Belongs here: putting such a file together. Does not belong here: what it shows, where it goes.

A browser loads no module and fetches no data from disk, so everything stands in the page, and
`load.js` finds the data there. The page's own policy names its styles and scripts by their hashes:
nothing else runs in it, and it asks nobody for anything.
"""

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from journey_dagster.site.carried import carried
from journey_dagster.site.pages import AHEAD, SCRIPT, SHEET, pages

_POLICY = re.compile(r'(?<=<meta http-equiv="Content-Security-Policy" content=")[^"]*')
_NAV = re.compile(r'^ *<nav class="site-nav".*</nav>\n', re.MULTILINE)
_BRAND = re.compile(r'<a class="brand" href="[^"]+">(.*)</a>')


def single_file(page: str, data: Mapping[str, bytes]) -> str:
    """The page with everything in it.

    Args:
        page: a file of `static/`, such as `friction.html`.
        data: path, as the page asks for it, to the JSON there.

    Returns:
        The text of a file that asks for nothing when it is opened.
    """
    text = AHEAD.sub("", pages()[page].decode())
    styles = [_inside(tag[1]) for tag in SHEET.finditer(text)]
    scripts = {tag[0]: _inside(tag[2]) for tag in SCRIPT.finditer(text)}
    text = _POLICY.sub(_policy(scripts.values(), styles), text, count=1)
    icon = base64.b64encode(pages()["favicon.svg"]).decode()
    text = text.replace("favicon.svg", f"data:image/svg+xml;base64,{icon}")
    text = _BRAND.sub(lambda link: f'<span class="brand">{link[1]}</span>', _NAV.sub("", text))
    text = SHEET.sub(lambda _: f"<style>{''.join(styles)}</style>\n", text)
    below = [carried(path, content).decode() for path, content in data.items()]
    for tag, code in scripts.items():
        script = f"<script>{code}</script>\n"
        is_last = 'type="module"' in tag  # it waits for the whole page
        below += [script] if is_last else []
        text = text.replace(tag, "" if is_last else script)
    return text.replace("</body>", f"{''.join(below)}</body>")


def file_name(document: Mapping[str, Any], page: str) -> str:
    """What a page's file is called, without an ending: the data, the page, how far it reaches."""
    through = document["data_through"] or document["generated_at"]
    return f"{document['dataset']['name']}-{page}-{through[:10]}"


def _inside(name: str) -> str:
    """A script or a sheet inside a page; no string in it may end the element."""
    text = pages()[name].decode()
    return text.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _policy(scripts: Iterable[str], styles: Iterable[str]) -> str:
    """Only these run and apply, and nothing is asked for."""
    return (
        f"default-src 'none'; script-src {_hashes(scripts)}; style-src {_hashes(styles)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _hashes(texts: Iterable[str]) -> str:
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()) for text in texts)
    return " ".join(f"'sha256-{digest.decode()}'" for digest in digests)
