"""Data inside a page, where `load.js` finds it before it would ask for it.

Belongs here: the element that carries a document. Does not belong here: the page around it.
"""


def carried(path: str, content: bytes) -> bytes:
    """A document as an element of a page; nothing in it can end the element.

    Args:
        path: where the page would fetch it.
        content: the JSON there.
    """
    text = content.strip().replace(b"<", b"\\u003c")
    return b'<script type="application/json" data-path="%b">%b</script>\n' % (path.encode(), text)
