"""Votes, by integers only. Sources: 支部工作条例第十一、十二条; 发展党员工作细则; 基层组织选举工作条例."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from brigade.kit.refusals import Refused
from partybuilding.meetings.rules.sheets import Count, Opinion
from partybuilding.meetings.states import VoteKind


def may_vote(kind: str, present: int, base: int) -> bool:
    """Whether enough voters are there: half of those due, or for admission and confirmation more than half."""
    if base <= 0:
        return False
    if kind in (VoteKind.ADMISSION, VoteKind.CONFIRMATION):
        return 2 * present > base
    return 2 * present >= base


def passes(kind: str, ayes: int, written: int, base: int) -> bool:
    """Whether more than half of the voters *due* agreed; written ayes count for admission and confirmation only."""
    return 2 * (ayes + (written if takes_opinions(kind) else 0)) > base


def takes_opinions(kind: str) -> bool:
    return kind in (VoteKind.ADMISSION, VoteKind.CONFIRMATION)


def check_candidates(count: Count) -> None:
    """People are discussed and voted on one by one; only people are admitted and confirmed."""
    if len(count.candidates) > 1:
        raise Refused(_("每次只能表决一个人，两个人要分两次表决"), field="topics", article=_("发展党员工作细则"))
    if takes_opinions(count.kind) and not count.candidates:
        raise Refused(_("接收和转正要写明表决的是谁"), field="topics")


def check_votes(counts: Collection[Count]) -> None:
    """The votes on one point of the agenda: nobody is voted on twice."""
    for count in counts:
        check_candidates(count)
    candidates = [pk for count in counts for pk in count.candidates]
    if len(set(candidates)) < len(candidates):
        raise Refused(_("一个议题里，同一个人只表决一次"), field="topics")


def written_ayes(
    opinions: Iterable[Opinion], starts_at: datetime, present: Collection[int], voters: Collection[int]
) -> int:
    """Written ayes that count: by voters who are absent, handed in before the meeting; whatever came later does not."""
    found = set()
    for opinion in opinions:
        check_voter(opinion.person_id, voters)
        if opinion.is_aye and opinion.handed_in_at < starts_at and opinion.person_id not in present:
            found.add(opinion.person_id)
    return len(found)


def check_voter(person_id: int, voters: Collection[int]) -> None:
    if person_id not in voters:
        raise Refused(
            _("预备党员、受留党察看处分的和权利中止的党员没有表决权，经批准不计入应到会的也不能计票"), field="topics"
        )


def check_count(count: Count, present: int, base: int) -> None:
    """Refuse a vote that could not be held, or with more ballots than voters who were there."""
    if not may_vote(count.kind, present, base):
        need = _("超过一半") if takes_opinions(count.kind) else _("一半以上")
        raise Refused(
            _("应到会有表决权%(base)d人、实到%(present)d人，不到%(need)s，不能表决")
            % {"base": base, "present": present, "need": need},
            field="topics",
            article=_("支部工作条例第十一条"),
        )
    if count.ayes + count.noes + count.abstain > present:
        raise Refused(
            _("票数%(n)d张，多于实到会有表决权的%(present)d人")
            % {"n": count.ayes + count.noes + count.abstain, "present": present},
            field="topics",
        )


def election_is_valid(present: int, base: int, issued: int | None = None, returned: int | None = None) -> bool:
    """At least four fifths of the voters due are there, and no more ballots come back than went out."""
    if issued is not None and returned is not None and returned > issued:
        return False
    return base > 0 and 5 * present >= 4 * base


def least_candidates(seats: int) -> int:
    """Seats and a fifth more, rounded up."""
    return seats + -(-seats // 5)


def is_elected(ayes: int, present: int) -> bool:
    """More than half of the voters who are *there*."""
    return 2 * ayes > present


def ayes_if_due(base: int) -> int:
    """How many ayes it would take if the voters due were the measure, as one handbook has it; shown as a note."""
    return base // 2 + 1
