"""The one anticipated refusal, in the words of the person who reads it."""

from typing import Any


class Refused(Exception):
    """A rule says no, and says what is missing; everything else that is raised is a bug and stays loud.

    `article` names the rule's source where law asks for it, `field` the form field to stand beside. `target` and
    `verb` are set by the door, so that the audit row of the refusal can say what was tried on what.
    """

    status = 422

    def __init__(self, reason: Any, *, article: Any = "", field: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.article = article
        self.field = field
        self.target: Any = None
        self.verb = ""

    def __str__(self) -> str:
        reason = str(self.reason)
        if not self.article:
            return reason
        return f"{reason.removesuffix('。')}（{self.article}）{'。' if reason.endswith('。') else ''}"


class Stale(Refused):
    """Somebody else has changed the record since it was read."""

    status = 409


class NotAllowed(Refused):
    """This person may not do this."""

    status = 403
