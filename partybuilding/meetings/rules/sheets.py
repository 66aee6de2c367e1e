"""A meeting as one form writes it down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.utils import timezone

from partybuilding.meetings.states import Ballot, Mode


@dataclass(frozen=True, slots=True)
class Span:
    """A segment: what it was, from when to when."""

    kind: str
    starts_at: datetime
    ends_at: datetime
    topic: str = ""
    lecturer_id: int | None = None
    group_id: int | None = None

    @property
    def minutes(self) -> int:
        return int((self.ends_at - self.starts_at) / timedelta(minutes=1))


@dataclass(frozen=True, slots=True)
class Batch:
    """One shift of a meeting held in several, and who came to it."""

    starts_at: datetime
    ends_at: datetime
    present: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Mark:
    """An exception of the roll-call; whoever has none was there."""

    person_id: int
    status: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Opinion:
    """A written opinion on an admission or confirmation of somebody who could not come."""

    person_id: int
    handed_in_at: datetime
    is_aye: bool = True


@dataclass(frozen=True, slots=True)
class Count:
    """What a vote came to."""

    kind: str
    ayes: int
    noes: int = 0
    abstain: int = 0
    ballot: str = Ballot.HANDS
    candidates: tuple[int, ...] = ()
    opinions: tuple[Opinion, ...] = ()


@dataclass(frozen=True, slots=True)
class Task:
    """A decision: what, who, by when. `id` is that of a decision that is already known."""

    title: str
    owner_id: int
    due_on: date
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Topic:
    """A point of the agenda."""

    kind: str
    title: str
    speaker: str = ""
    summary: str = ""
    dissent: str = ""
    resolution: str = ""
    votes: tuple[Count, ...] = ()
    tasks: tuple[Task, ...] = ()


@dataclass(frozen=True, slots=True)
class Picture:
    """A photo that was stored before."""

    file_id: UUID
    caption: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A meeting as one form writes it down: only exceptions of the roll are in `marks`.

    `branches` names the branches whose roll was called at an assembly of the general branch.
    """

    unit_id: int
    title: str
    starts_at: datetime
    ends_at: datetime
    spans: tuple[Span, ...]
    theme: str = ""
    place: str = ""
    mode: str = Mode.ONSITE
    chair_id: int | None = None
    recorder_id: int | None = None
    summary: str = ""
    attributed_year: int | None = None
    backfill_reason: str = ""
    marks: tuple[Mark, ...] = ()
    batches: tuple[Batch, ...] = ()
    topics: tuple[Topic, ...] = ()
    photos: tuple[Picture, ...] = ()
    branches: tuple[int, ...] = ()

    @property
    def day(self) -> date:
        return timezone.localdate(self.starts_at)

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(span.kind for span in self.spans)

    @property
    def group_ids(self) -> frozenset[int]:
        return frozenset(span.group_id for span in self.spans if span.group_id is not None)
