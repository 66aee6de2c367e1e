"""Two places that must not know of each other: `here` is full of records, `there` has people with every role."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from brigade.assignments.actions import hand_out
from brigade.assignments.models import Assignment
from brigade.audit.models import AuditEvent
from brigade.files import actions as files
from brigade.kit.clocks import parse_period
from brigade.kit.ids import new_id
from brigade.ledgers.actions import save_draft
from brigade.ledgers.models import Draft, ExportRun, SavedView
from brigade.notices import actions as notices
from brigade.notices.models import Announcement, Message
from brigade.org.models import Grant, Person, Posting, Secondment, Unit, UnitChange
from brigade.org.states import Role, Tree, UnitKind
from brigade.reference import models as reference
from brigade.reference.actions import load_reference
from brigade.reference.queries import kept_calendar, kept_parameters
from brigade.reports import actions as reports
from brigade.reports.models import Report
from brigade.reports.rules import SERIES
from enforcement.hazards import actions as hazards
from enforcement.hazards.models import Hazard, Owner
from enforcement.hazards.rules import Place
from partybuilding.branches import actions as branches
from partybuilding.branches.models import Exemption, PartyMember, Transfer, VotingExclusion
from partybuilding.meetings import actions as meetings
from partybuilding.meetings.models import Decision, Leave, Meeting, Waiver
from partybuilding.meetings.rules import Picture, Task, Topic
from services.requests.actions import load_catalogue
from services.requests.models import ServiceRequest
from tests.brigade.files.samples import picture
from tests.brigade.org.factories import person, unit
from tests.enforcement.hazards import world as roads
from tests.partybuilding import factories as party
from tests.services.requests import world as hall


@dataclass
class Town:
    """A brigade with a branch, a hall and a squadron, one record of every kind, and who made them."""

    brigade: Unit
    branch: party.Branch
    other_branch: party.Branch
    hall: hall.World
    other_hall: Unit
    request: ServiceRequest
    meeting: Meeting
    announced: Meeting
    decision: Decision
    waiver: Waiver
    leave: Leave
    member: PartyMember
    transfer: Transfer
    exemption: Exemption
    exclusion: VotingExclusion
    photo: Any
    draft: Draft
    run: ExportRun
    view: SavedView
    message: Message
    event: AuditEvent
    grant: Grant
    task: Assignment
    announcement: Announcement
    secondment: Secondment
    change: UnitChange
    hazard: Hazard
    owner: Owner
    report: Report

    @property
    def rows(self) -> dict[str, Any]:
        """The row that stands for each part of an address that names one, by the beginning of the route's name."""
        return {
            "meetings:meeting": self.meeting,
            "meetings:leave_create": self.meeting,
            "meetings:decision": self.decision,
            "meetings:waiver": self.waiver,
            "meetings:leave": self.leave,
            "requests:servicerequest": self.request,
            "requests:request": self.request,
            "branches:branch": self.branch.row,
            "branches:group_add": self.branch.row,
            "branches:member_enrol": self.branch.row,
            "branches:group": self.branch.groups[0],
            "branches:term": self.branch.row,
            "branches:committee": self.branch.row,
            "branches:member": self.member,
            "branches:transfer": self.transfer,
            "branches:transfer_create": self.member,
            "branches:exemption": self.exemption,
            "branches:exclusion": self.exclusion,
            "assignments:assignment": self.task,
            "hazards:hazard": self.hazard,
            "hazards:photo_own": self.photo,
            "hazards:owner": self.owner,
            "reports:report": self.report,
            "workbench:announcement": self.announcement,
            "workbench:notice": self.message,
            "workbench:draft": self.draft,
            "workbench:audit": self.event,
            "workbench:unit": self.branch.unit,
            "workbench:grant_end": self.grant,
            "workbench:record_access": self.meeting,
            "workbench:person": self.branch.members[1],
            "workbench:posting": self.branch.members[1],
            "workbench:account": self.branch.members[1],
            "workbench:password": self.branch.members[1],
            "workbench:grant_give": self.branch.members[1],
            "workbench:secondment": self.secondment,
            "workbench:change": self.change,
        }

    @property
    def endpoints(self) -> list[tuple[str, Any, str]]:
        """(noun, record, a move of it) of every endpoint with records."""
        return [
            ("requests", self.request, "start"),
            ("meetings", self.meeting, "archive"),
            ("decisions", self.decision, "finish"),
            ("waivers", self.waiver, "approve"),
            ("leaves", self.leave, "approve"),
            ("transfers", self.transfer, "send"),
            ("assignments", self.task, "urge"),
            ("hazards", self.hazard, "invalidate"),
            ("reports", self.report, "confirm"),
        ]

    def row(self, name: str) -> Any:
        """The row for a route, by the longest beginning of its name that is known."""
        return self.rows[max((start for start in self.rows if name.startswith(start)), key=len)]


def town() -> Town:
    load_reference()
    load_catalogue(today=hall.day("2025-01-01"))
    kept_calendar.drop()
    kept_parameters.drop()
    where = party.world()
    branch = party.branch(where, full=6, groups=2)
    other = party.branch(where, "城区二中队党支部", full=5, groups=1)
    window = _window(where.brigade)
    request = hall.taken_in(window, "PL01", "2026-06-12T10:00")
    photo = files.store(SimpleUploadedFile("现场.jpg", picture()), by=branch.recorder)
    task = Task("修好会议室的灯", branch.members[1].pk, party.moment("2026-07-01").date())
    topics = (Topic("deliberate", "会议室", tasks=(task,)),)
    meeting = party.held(branch, "2026-06-12", "MM", topics=topics, photos=(Picture(photo.pk),))
    announced, leave = _announced(branch)
    now = timezone.now()
    waiver = meetings.ask_waiver(
        by=branch.recorder, unit=branch.unit, requirement="CM", period="2026-06", reason="执勤高峰", now=now
    )
    member = PartyMember.objects.get(person=branch.members[2])
    today = timezone.localdate(now)
    exemption = branches.exempt_member(
        by=branch.secretary, member=member, kind="serious_ill", start_on=today, end_on=None, now=now
    )
    exclusion = branches.exclude_voter(by=where.office, member=member, reason="bedridden", start_on=today, now=now)
    transfer = branches.issue_transfer(
        by=where.office, member=member, to_branch=other.row, letter_no="组转1号", issued_on=today, now=now
    )
    run = ExportRun.objects.create(
        owner=window.clerk, listing="requests:servicerequest_list", path="/services/requests/", title="办件台账",
        format="xlsx", created_at=now,
    )  # fmt: skip
    lines = {"lines": [["external_no", "1"]]}
    draft = save_draft(by=window.clerk, address="/services/requests/new/", name="desk", content=lines, now=now)
    view = SavedView.objects.create(owner=window.clerk, listing=run.listing, name="我的", query="state=accepted")
    leader = person(Role.BRIGADE_LEADER, at=where.brigade)
    [task] = hand_out(
        by=leader, batch=new_id(), to=[(window.hall, Role.HALL_HEAD)], title="窗口午间排班", due_on=today, now=now
    )
    announcement = notices.issue_announcement(
        by=window.head, id=new_id(), title="大厅停电检修", text="周五下午", units=[window.hall], now=now
    )
    return Town(
        brigade=where.brigade,
        branch=branch,
        other_branch=other,
        hall=window,
        other_hall=unit("二号大厅", parent=where.brigade, tree=Tree.HALL, kind=UnitKind.HALL),
        request=request,
        meeting=meeting,
        announced=announced,
        decision=Decision.objects.get(),
        waiver=waiver,
        leave=leave,
        member=member,
        transfer=transfer,
        exemption=exemption,
        exclusion=exclusion,
        photo=photo,
        draft=draft,
        run=run,
        view=view,
        message=Message.objects.filter(channel="app").order_by("pk").first(),
        event=AuditEvent.objects.filter(unit_id=branch.pk).first(),
        grant=Grant.objects.get(person=branch.recorder, unit=branch.unit),
        task=task,
        announcement=announcement,
        secondment=_seconded(window, branch.unit),
        change=_planned(window),
        hazard=_reported(where.brigade),
        owner=_answering(where.brigade),
        report=reports.build(
            by=person(Role.CLERK, at=where.brigade),
            series=SERIES["monthly"],
            unit=where.brigade,
            period=parse_period("2026-06"),
            now=now,
        ),
    )


def _window(brigade: Unit) -> hall.World:
    place = unit("车管所", parent=brigade, tree=Tree.HALL, kind=UnitKind.HALL, code="DCF-CGS")
    roles = (Role.WINDOW_CLERK, Role.WINDOW_CLERK, Role.WINDOW_LEAD, Role.SERVICE_REVIEWER, Role.HALL_HEAD)
    return hall.World(brigade, place, *(person(role, at=place) for role in roles), leader=person(at=brigade))


def _seconded(window: hall.World, to: Unit) -> Secondment:
    """An officer of the window who is somewhere else for a month."""
    today = timezone.localdate()
    posting = Posting.objects.create(
        person=window.other, unit=to, starts_on=today, ends_on=today + timedelta(days=30), is_secondment=True
    )
    return Secondment.objects.create(posting=posting, roles=[], ordered_by="测试")


def _planned(window: hall.World) -> UnitChange:
    """A change of the hall that waits for its day."""
    return UnitChange.objects.create(
        kind="move", unit=window.hall, into=window.brigade, since=timezone.localdate() + timedelta(days=30),
        reason="测试", state="ready", planned_by="测试", planned_at=timezone.now(),
    )  # fmt: skip


def _reported(brigade: Unit) -> Hazard:
    """What a squadron of the brigade was told of a road."""
    hazards.load_categories()
    officer = person(Role.OFFICER, at=unit("城区一中队", parent=brigade))
    now = timezone.now()
    return hazards.report(
        by=officer, id=new_id(), category=roads.category(), source="patrol", town=reference.Town.objects.earliest("pk"),
        place=Place(lat=roads.HERE.lat, lon=roads.HERE.lon, coord_sys="wgs84", geo_source="gps", acc_m=8),
        photos=[roads.photo(officer, now)], is_new=True, now=now,
    )  # fmt: skip


def _answering(brigade: Unit) -> Owner:
    """An organisation outside, with somebody who answers there."""
    highway = unit("区公路中心", parent=brigade, tree=Tree.OUTSIDE, kind=UnitKind.ORGANISATION)
    return Owner.objects.create(unit=highway, owner_type="highway", liaison_name="马会良")


def _announced(branch: party.Branch) -> tuple[Meeting, Leave]:
    """A meeting that is still to come, and that somebody asked to be excused from."""
    now = timezone.now()
    start = now + timedelta(days=3)
    sheet = party.sheet(
        branch, "2026-06-12", spans=(party.Span("MM", start, start + timedelta(hours=1)),),
        starts_at=start, ends_at=start + timedelta(hours=1),
    )  # fmt: skip
    planned = meetings.plan_meeting(by=branch.recorder, sheet=sheet, now=now, meeting_id=new_id())
    announced = meetings.notify_meeting(by=branch.recorder, meeting=planned, now=now)
    away = branch.members[3]
    leave = meetings.file_leave(
        by=away, meeting=announced, person=away, kind="leave_duty", reason="执勤", now=now + timedelta(minutes=1)
    )
    return announced, leave


def strangers(town: Town) -> list[Person]:
    """Who holds every role in another squadron, who holds every role in another brigade, and who holds none.

    What one role opens the sum of all opens too, so these stand for everybody.
    """
    places = (unit("三中队", parent=town.brigade), unit("邻县大队"))
    return [*(person(*Role.values, at=place, name=place.name) for place in places), person(name="nobody")]


def one_of_each_role(town: Town) -> list[Person]:
    """For each role somebody who holds it, and it alone, in another squadron."""
    squadron = unit("四中队", parent=town.brigade)
    return [person(role, at=squadron, name=str(role)) for role in Role.values]
