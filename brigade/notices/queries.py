"""The inbox, and what waits or hangs in the outside channels."""

from collections.abc import Iterable
from datetime import datetime, time
from typing import Any

from django.apps import apps
from django.db.models import Exists, OuterRef

from brigade.kit.clocks import CHINA
from brigade.notices.models import Message, MessageQuerySet
from brigade.notices.rules import BADGE_LIMIT, FOLLOW_PERM, NOTICES, UNCLEAR_SHOWN, QuietHours
from brigade.notices.states import MessageState
from brigade.org.models import Grant, Person, Posting
from brigade.reference.queries import parameter


def inbox(person: Any, *, unread_only: bool = False) -> MessageQuerySet:
    """A person's messages in the portal, newest first."""
    messages = Message.objects.visible_to(person)
    return (messages.unread() if unread_only else messages).order_by("-created_at", "-id")


def unread_count(person: Any) -> int:
    """How many messages wait, counted up to one more than the badge shows; one index is all that is read."""
    return len(Message.objects.visible_to(person).unread().values_list("pk")[: BADGE_LIMIT + 1])


def quiet_hours(now: datetime) -> QuietHours:
    """The quiet hours in force; the default where no parameter has been loaded."""
    try:
        start, end = parameter("notices.quiet_hours", now.astimezone(CHINA).date())
    except LookupError:
        return QuietHours()
    return QuietHours(time.fromisoformat(start), time.fromisoformat(end))


def still_true(messages: Iterable[Message]) -> dict[int, bool]:
    """For each message whether what it says still holds; each target is fetched once."""
    answers: dict[tuple[str, str, str], bool] = {}
    found: dict[int, bool] = {}
    for message in messages:
        question = (message.code, message.target_kind, message.target_id)
        if question not in answers:
            answers[question] = _ask(message)
        found[message.pk] = answers[question]
    return found


def _ask(message: Message) -> bool:
    notice = NOTICES.get(message.code)
    if notice is None:
        return False
    if notice.still_true is None or not message.target_kind:
        return True
    target = apps.get_model(message.target_kind)._default_manager.filter(pk=message.target_id).first()
    return target is not None and notice.still_true(target)


def unclear(person: Person, state: MessageState, now: datetime) -> MessageQuerySet:
    """Outside messages of the last days that failed, or of which nobody knows whether they arrived, newest first.

    To those whom the person administers; one state at a time, because each has an index of its own.
    """
    units = person.units_for(FOLLOW_PERM)
    there = {"person": OuterRef("recipient"), "unit__in": units}
    reached = Exists(Posting.objects.filter(**there)) | Exists(Grant.objects.filter(**there))
    found = Message.objects.filter(reached, state=state, created_at__gte=now - UNCLEAR_SHOWN)
    return found.order_by("-created_at", "-id")


def unclear_count(person: Person, now: datetime) -> int:
    """How many of both; nobody without the right is counted for."""
    if not person.has_perm(FOLLOW_PERM):
        return 0
    return sum(unclear(person, state, now).count() for state in (MessageState.UNKNOWN, MessageState.FAILED))
