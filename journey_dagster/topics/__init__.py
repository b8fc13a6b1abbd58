"""From a source to raw segments, and from segments to decoded records. No Dagster inside.

A file is a topic and a record's ordinal its offset, so that what follows need not know where a
record came from. The modules in the order of the way: `files` splits a source into records,
`segments` keeps their bytes, `decode` reads them, `load` does it all in one transaction.
"""


class TopicError(Exception):
    """A source cannot be taken as it is; the message says what, where and how to mend it."""
