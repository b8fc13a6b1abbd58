"""What can go wrong when a site leaves the machine.

Belongs here: the errors. Does not belong here: their exit codes (`cli`).
"""


class PublishError(Exception):
    """The site, or where it should go, is wrong; the message says how to mend it."""


class TargetError(Exception):
    """The target failed or cannot be reached; what stood there still stands."""


class OvertakenError(Exception):
    """Somebody else published meanwhile; publishing again starts from what they published."""


class LeakError(Exception):
    """What would go out holds what must not; the message names files and kinds, no secret."""
