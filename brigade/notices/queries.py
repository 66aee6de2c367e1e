"""The inbox, what waits or hangs in the outside channels, announcements and who has read them."""

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any

from django.apps import apps
from django.db.models import Count, Exists, OuterRef, Q

from brigade.kit.clocks import CHINA
from brigade.notices.models import Announcement, Message, MessageQuerySet, Receipt
from brigade.notices.rules import BADGE_LIMIT, FOLLOW_PERM, NOTICES, UNCLEAR_SHOWN, QuietHours
from brigade.notices.states import MessageState
from brigade.org.models import Grant, Person, Posting, Unit
from brigade.org.states import Tree
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


# Announcements


def unread_announcements(person: Any, limit: int = 5) -> list[Announcement]:
    """What a person still has to read or to sign, the newest first."""
    receipts = Receipt.objects.unread_by(person).select_related("announcement__unit")
    return [receipt.announcement for receipt in receipts.order_by("-announcement__published_at", "-pk")[:limit]]


def unread_announcement_count(person: Any) -> int:
    return Receipt.objects.unread_by(person).count()


def people_reached(units: Iterable[Unit], people: Iterable[Person], day: date) -> dict[int, int | None]:
    """Person → unit of everybody with an account who works in the units or below them on that day, or holds a role
    there (a member his branch), and of the people named. Organisations outside are reached by their own name only."""
    below = Q(pk__in=[])
    for unit in units:
        below |= Q(pk=unit.pk) | (Q(path__startswith=unit.path) & ~Q(tree=Tree.OUTSIDE))
    around = Unit.objects.filter(below) if list(units) else Unit.objects.none()
    found: dict[int, int | None] = {}
    held = Grant.objects.on(day).filter(unit__in=around, person__is_active=True)
    found.update(held.order_by("-pk").values_list("person", "unit"))
    posted = Posting.objects.on(day).filter(unit__in=around, person__is_active=True)
    found.update(posted.order_by("-pk").values_list("person", "unit"))
    for person in people:
        if person.is_active and person.pk not in found:
            found[person.pk] = person.unit_id
    return found


def people_in(units: Iterable[int], day: date) -> set[int]:
    """Ids of whoever works or holds a role in the units on that day."""
    rows = (Posting.objects.on(day).filter(unit__in=units), Grant.objects.on(day).filter(unit__in=units))
    return {pk for found in rows for pk in found.values_list("person", flat=True)}


def newcomers(announcement: Announcement, day: date) -> dict[int, int | None]:
    """Person → unit of those who belong to its units now and have no receipt: they came after it was published."""
    found = people_reached(list(announcement.units.all()), list(announcement.people.all()), day)
    known = set(announcement.receipts.values_list("person", flat=True)) | {announcement.created_by_id}
    return {person: unit for person, unit in found.items() if person not in known}


def receipt_counts(announcement: Announcement) -> tuple[int, int]:
    """How many have read it (signed, where that is asked), of how many; who has left unread does not count."""
    sums = announcement.receipts.counted().aggregate(
        done=Count("pk", filter=Q(done_at__isnull=False)), total=Count("pk")
    )
    return sums["done"], sums["total"]
