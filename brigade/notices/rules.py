"""What can be told to whom, when the outside may be disturbed, and what must not leave the building."""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from brigade.kit.clocks import CHINA, ONE_DAY
from brigade.notices.models import PUBLISH_PERM
from brigade.notices.states import Channel
from brigade.org.states import Role

Text = Any
"""A translatable text with %(name)s places for the context, or a function of the context."""

FOLLOW_PERM = "notices.follow_message"
"""To see what did not leave the portal: to whom and why, never what it says."""
RECEIVE_PERM = "notices.receive_announcement"
GRANTS: dict[str, tuple[Role, ...]] = {
    FOLLOW_PERM: (Role.SYSTEM_ADMIN,),
    RECEIVE_PERM: tuple(Role),
    PUBLISH_PERM: (
        Role.CLERK,
        Role.SQUADRON_LEADER,
        Role.DEPUTY_LEADER,
        Role.BRIGADE_LEADER,
        Role.POLITICAL_OFFICER,
        Role.BRANCH_SECRETARY,
        Role.PARTY_OFFICE,
        Role.GENERAL_SECRETARY,
        Role.HALL_HEAD,
    ),
}

LEASE = timedelta(minutes=5)
BATCH = 200
DELIVER_SECONDS = 120
ATTEMPTS = 5
BACKOFF_MINUTES = (1, 5, 15, 60, 240)
BADGE_LIMIT = 99
UNCLEAR_SHOWN = timedelta(days=7)
TITLE_LENGTH = 120


@dataclass(frozen=True)
class Notice:
    """Something the portal tells people: `code`, a label for settings and the texts.

    `to` names who hears of a record when a move names this notice. `still_true` is asked once more right before an
    outside message leaves: when it says no, nothing is sent. `urgent` ignores the quiet hours. An outside message
    that has not left within `valid_for` never leaves.
    """

    code: str
    label: Text
    title: Text
    body: Text = ""
    to: Callable[[Any], Iterable[Any]] | None = None
    channels: tuple[Channel, ...] = (Channel.APP,)
    still_true: Callable[[Any], bool] | None = None
    valid_for: timedelta | None = None
    urgent: bool = False


NOTICES: dict[str, Notice] = {}
"""All notices by code; filled at start from every slice's list."""


@dataclass(frozen=True)
class QuietHours:
    """From `start` in the evening to `end` in the morning nobody's telephone rings."""

    start: time = time(21, 0)
    end: time = time(8, 0)

    def next_allowed(self, moment: datetime) -> datetime:
        """`moment` itself by day, else the end of the quiet hours it falls into."""
        local = moment.astimezone(CHINA)
        if not self._quiet(local.time()):
            return moment
        ends = datetime.combine(local.date(), self.end, CHINA)
        return ends if ends > local else ends + ONE_DAY

    def _quiet(self, clock: time) -> bool:
        if self.start <= self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end


def effect_key(*, code: str, period: str, subject: str, recipient: object, channel: str, stage: str) -> str:
    """The name of one effect; two attempts at the same effect have the same name."""
    return hashlib.sha256(f"{code}|{period}|{subject}|{recipient}|{channel}|{stage}".encode()).hexdigest()


def worded(text: Text, context: Mapping[str, Any]) -> str:
    return str(text(context) if callable(text) else str(text) % context)


_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_ID_NUMBER = re.compile(r"(?<![0-9A-Za-z])(\d{6})(?:\d{8}(\d{3}[0-9Xx])|\d{5}(\d{4}))(?![0-9A-Za-z])")
_PHONE = re.compile(r"(?<!\d)(1[3-9]\d)[- ]?\d{4}[- ]?(\d{4})(?!\d)")
_PLATE = re.compile(rf"([{_PROVINCES}][A-Z])[·\- ]?[A-Z0-9]{{3,4}}([A-Z0-9][A-Z0-9学警挂])(?![A-Z0-9])")


def outside_text(text: str) -> str:
    """The text as it may leave the portal: identity numbers, telephone numbers and plates without their middle."""
    text = _ID_NUMBER.sub(lambda found: f"{found[1]}********{found[2] or found[3]}", text)
    text = _PHONE.sub(r"\1****\2", text)
    return _PLATE.sub(r"\1***\2", text)


def next_attempt(now: datetime, attempts: int) -> datetime | None:
    """When a message that has failed `attempts` times is tried again; None when it is given up."""
    if attempts >= ATTEMPTS:
        return None
    return now + timedelta(minutes=BACKOFF_MINUTES[attempts - 1])
