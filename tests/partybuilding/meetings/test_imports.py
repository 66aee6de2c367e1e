"""Last year's meetings come in from the branch's own ledger: recorded, marked 补录, to be confirmed; or voided."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from brigade.audit.models import AuditEvent
from brigade.ledgers.models import ImportRun
from brigade.ledgers.queries import checked
from brigade.ledgers.rules import IMPORTS
from brigade.ledgers.states import ImportState
from brigade.obligations.models import Obligation
from brigade.org.models import Person
from brigade.search.models import Entry
from brigade.search.rules import key_of, places
from partybuilding.meetings import actions
from partybuilding.meetings.models import Attendance, Meeting, Segment
from partybuilding.meetings.queries.requirements import requirement_key
from partybuilding.meetings.rules import Span
from partybuilding.meetings.states import MeetingState
from tests.brigade.ledgers.books import again, into, work
from tests.brigade.org.factories import grant, person
from tests.partybuilding.factories import branch, world

URL = "/party/meetings/"
HEAD = ["党支部", "会议主题", "时间", "时长（分钟）", "会议类型", "主持人", "记录人", "授课人", "请假", "缺席"]
upload, bring_in = into(URL, HEAD)
pytestmark = pytest.mark.django_db


@pytest.fixture
def home(client):
    made = branch(world(), full=6)
    client.force_login(made.recorder)
    return made


@pytest.fixture
def lines(home):
    chair, recorder = home.secretary.name, home.recorder.name
    away, absent = home.members[3].name, home.members[4].name
    return [
        [
            "城区一中队党支部",
            "传达学习",
            "2025.3.5 14:30",
            60,
            "主题党日、集中学习",
            chair,
            recorder,
            None,
            away,
            absent,
        ],
        ["城区一中队党支部", "一季度党课", "2025年3月20日 9:00", 90, "党课", chair, recorder, chair, None, None],
    ]


def test_past_meetings_wait_for_their_chair_marked_as_entered_late_with_the_roll_of_their_day(client, home, lines):
    run = bring_in(client, lines)
    assert (run.state, run.counts["new"]) == (ImportState.DONE, 2), (run.error, run.preview)
    meeting = Meeting.objects.get(theme="传达学习")
    assert (meeting.state, meeting.backfill, meeting.backfill_reason) == ("recorded", True, "按原台账导入")
    assert meeting.number.startswith(f"DJ-{home.unit.code}-20250305-")
    assert sorted(meeting.segments.values_list("kind", flat=True)) == ["ST", "TD"]
    statuses = dict(Attendance.objects.filter(meeting=meeting).values_list("person", "status"))
    assert (statuses[home.members[3].pk], statuses[home.members[4].pk]) == ("leave_personal", "absent")
    assert list(statuses.values()).count("present") == len(statuses) - 2
    assert set(meeting.attendances.values_list("source", flat=True)) == {"import"}


def test_the_ledger_of_ones_only_branch_need_not_say_whose_it_is(client, home, lines):
    assert bring_in(client, [line[1:] for line in lines], HEAD[1:]).state == ImportState.DONE
    assert {meeting.unit for meeting in Meeting.objects.all()} == {home.unit}

    grant(home.recorder, "recorder", branch(world(), full=4, name="农村一中队党支部").unit)
    run = upload(client, [lines[1][1:]], HEAD[1:])
    assert "有几个支部，写明是哪个" in client.get(f"{URL}?import={run.pk}").text


def test_the_portal_makes_up_no_time_of_day_and_no_kind(client, home, lines):
    lines[0][2], lines[1][4] = "2025.3.5", "座谈"
    lines[1][3] = None
    run = upload(client, lines)
    page = client.get(f"{URL}?import={run.pk}").content.decode()
    assert run.counts["faulty"] == 2
    for sentence in ("写明几点开始", "“座谈”不在可填的里面", "写明结束时间，或者时长多少分钟"):
        assert sentence in page


def test_study_and_lesson_at_the_same_time_are_a_fault_as_in_the_form(client, home, lines):
    lines[1][4] = "党课、集中学习"
    run = upload(client, lines)
    assert "学习和党课的时段不能重叠" in client.get(f"{URL}?import={run.pk}").content.decode()


def test_a_meeting_that_is_there_is_skipped_and_the_export_comes_back_as_known(client, home, lines):
    bring_in(client, lines)
    assert upload(client, lines).counts["known"] == 2
    client.post(f"{URL}?import=new", {"file": again(client.get(f"{URL}?format=xlsx").getvalue())})
    assert ImportRun.objects.order_by("-created_at").first().counts["known"] == 2


def test_a_number_that_is_taken_while_the_sheet_is_made_ready_is_passed_over_with_all_that_hangs_on_it(
    client, home, lines
):
    run = upload(client, lines)
    sheets = checked(run, IMPORTS[run.listing], by=home.recorder, now=run.created_at).drafts
    batch = next(iter(actions.ready_past(sheets, by=home.recorder, now=run.created_at)))
    at = sheets[0].starts_at + timedelta(days=2)
    between = replace(sheets[0], starts_at=at, ends_at=at + timedelta(hours=1), marks=())
    between = replace(between, spans=(Span("ST", between.starts_at, between.ends_at),))
    taken = actions.record_meeting(by=home.recorder, sheet=between, now=run.created_at)
    made = actions.record_past(batch, by=home.recorder, now=run.created_at)
    assert [one.number[-3:] for one in (taken, *made)] == ["001", "002", "003"]
    for one in made:
        assert AuditEvent.objects.get(target_id=str(one.pk)).target_number == one.number
        entry = Entry.objects.get(kind="meetings.meeting", object_id=key_of(one.pk))
        seen_from = places([home.unit.pk], (row.person_id for row in one.attendances.all()))
        assert all(place in entry.words for place in seen_from)
    assert set(Segment.objects.values_list("meeting", flat=True)) == {taken.pk, *(one.pk for one in made)}


def test_a_past_meeting_is_a_duty_of_its_chair_and_met_by_its_confirmation(client, home, lines):
    assert bring_in(client, lines).state == ImportState.DONE
    meeting = Meeting.objects.get(theme="传达学习")
    waiting = Obligation.objects.get(rule="party.confirm", subject=str(meeting.pk))
    assert (waiting.state, waiting.person_id) == ("open", home.secretary.pk)
    key = requirement_key("TD", meeting.held_on, branch_id=home.unit.pk)
    month = Obligation.objects.get(rule=key.rule, kind=key.kind, subject=key.subject, period=key.period)
    assert month.reason == "已有记录，等主持人确认"


def test_a_long_ledger_is_written_in_as_many_queries_as_a_short_one(client, home, django_assert_max_num_queries):
    asked = []
    for count, year in ((2, 2024), (20, 2025)):
        lines = [["城区一中队党支部", f"学习{n}", f"{year}-3-{n + 1} 9:00", 60, "集中学习"] for n in range(count)]
        run = upload(client, lines, HEAD[:5])
        client.post(f"{URL}?import={run.pk}", {"do": "confirm"})
        with django_assert_max_num_queries(400) as found:
            assert work(run).counts["new"] == count
        asked.append(len(found))
    assert asked[1] <= asked[0] + 5, asked


def test_whoever_was_not_due_that_day_is_no_absentee(client, home, lines):
    lines[0][8] = person(name="路过的").name
    run = upload(client, lines)
    assert (
        "路过的那天不在应到名单里，核对姓名，或者从这一格删去" in client.get(f"{URL}?import={run.pk}").content.decode()
    )


def test_an_import_is_voided_as_a_whole_unless_one_was_confirmed(client, home, lines):
    run = bring_in(client, lines)
    client.post(f"{URL}?import={run.pk}&undo=1", {"reason": "年份错了"})
    work()
    run.refresh_from_db()
    assert run.state == ImportState.UNDONE, run.error
    assert set(Meeting.objects.values_list("state", "state_reason")) == {("void", "年份错了")}
    second = bring_in(client, lines)
    meeting = Meeting.objects.exclude(state=MeetingState.VOID).get(theme="传达学习")
    actions.approve_backfill(by=Person.objects.get(grants__role="party_office"), meeting=meeting, now=timezone.now())
    answer = client.post(f"{URL}?import={second.pk}&undo=1", {"reason": "又错了"})
    assert f"{meeting.number}（待确认）" in answer.content.decode()


def test_a_branch_out_of_ones_reach_is_a_fault(client, home, lines):
    other = branch(world(), "农村一中队党支部", full=3)
    lines[0][0] = other.unit.name
    run = upload(client, lines)
    assert "没有“农村一中队党支部”这个单位，或不在你的范围内" in client.get(f"{URL}?import={run.pk}").content.decode()


@pytest.mark.parametrize(
    ("day", "time"),
    [
        (None, "2025.3.5 14:30-16:00"),
        ("2025年3月5日", "14：30—16：00"),
        ("2025-3-5", "下午2点半至4点"),
        ("2025-3-5", "2025-3-5 14:30～16:00"),
    ],
)
def test_beginning_and_end_may_stand_in_one_cell_and_the_day_beside_it(client, home, lines, day, time):
    head = ["日期", *HEAD]
    lines[0][2], lines[0][3] = time, None
    run = bring_in(client, [[day, *lines[0]]], head)
    assert run.state == ImportState.DONE, run.preview
    meeting = Meeting.objects.get()
    assert [f"{timezone.localtime(at):%m%d %H:%M}" for at in (meeting.starts_at, meeting.ends_at)] == [
        "0305 14:30",
        "0305 16:00",
    ]


def test_a_time_without_a_day_two_days_and_the_same_meeting_twice_are_faults(client, home, lines):
    first, second = list(lines[0]), list(lines[0])
    first[2], second[2] = "14:30-16:00", "2025.3.6 14:30-16:00"
    twice = [[None, *lines[1]], [None, *lines[1]]]
    run = upload(client, [[None, *first], ["2025-3-5", *second], *twice], ["日期", *HEAD])
    page = client.get(f"{URL}?import={run.pk}").content.decode()
    assert run.counts["faulty"] == 3
    for sentence in ("写明是哪天", "和开始时间不是同一天", "与第4行重复"):
        assert sentence in page


def test_why_somebody_was_away_may_stand_behind_his_name(client, home, lines):
    away, absent = home.members[3].name, home.members[4].name
    lines[0][8], lines[0][9] = f"{away}（出差、在外学习） {home.members[2].name}", f"{absent} (不详)"
    run = bring_in(client, lines[:1])
    assert run.state == ImportState.DONE, run.preview
    rows = Attendance.objects.exclude(status="present").values_list("person", "status", "reason")
    assert set(rows) == {
        (home.members[3].pk, "leave_personal", "出差、在外学习"),
        (home.members[2].pk, "leave_personal", ""),
        (home.members[4].pk, "absent", "不详"),
    }


def test_a_meeting_before_the_first_rules_is_told_and_not_taken(client, home, lines):
    lines[0][2] = "2017.3.5 14:30"
    run = upload(client, lines)
    assert run.counts["faulty"] == 1
    assert "2018-10-28以前的会议不导入" in client.get(f"{URL}?import={run.pk}").content.decode()
