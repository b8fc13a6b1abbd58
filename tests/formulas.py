"""Texts that a spreadsheet may run, and how they stand in a file it may open.

Belongs here: the one list that every writer of CSV is held against. Does not belong here: a rule;
each writer states its own, in its own language.
"""

SIGNS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
"""What a formula starts with: also signs of double width, and white space that is skipped."""

GUARDED = {
    **{f"{sign}1+1": f"'{sign}1+1" for sign in SIGNS},
    '=HYPERLINK("x","y")': '\'=HYPERLINK("x","y")',
    "\r\n=1": "'\r\n=1",
    "-5": "'-5",
    "'=1": "''=1",
    "''\uff0b1": "'''\uff0b1",
    # Harmless, so as they are.
    "": "",
    "'": "'",
    "'tis": "'tis",
    " =1": " =1",
    "1=1": "1=1",
    "a\n=1": "a\n=1",
    "/list, /item": "/list, /item",
    '"quoted"': '"quoted"',
}
"""Text to cell."""
