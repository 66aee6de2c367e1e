"""What leaves the portal, when, once, and what becomes of it when something breaks."""

import json
import time
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from brigade.jobs import actions as jobs
from brigade.jobs.models import Job
from brigade.jobs.states import JobState
from brigade.kit.clocks import CHINA
from brigade.notices import actions, queries
from brigade.notices.models import Message
from brigade.notices.rules import ATTEMPTS, LEASE
from brigade.notices.states import Channel, MessageState
from brigade.org.models import Person, Unit
from brigade.reference.actions import load_reference, set_parameter
from tests.brigade.jobs import child
from tests.brigade.jobs.threads import in_threads
from tests.brigade.notices.conftest import make_people
from tests.brigade.notices.letters import HERE

NOW = datetime(2026, 6, 1, 9, tzinfo=CHINA)
NIGHT = datetime(2026, 6, 1, 21, 30, tzinfo=CHINA)
MORNING = datetime(2026, 6, 2, 8, tzinfo=CHINA)


def post(code, to, now=NOW, what="五月会议记录", **fields):
    actions.post(code, to=to, context={"what": what}, now=now, **fields)


def outside() -> dict[str, int]:
    """State → number of outside messages."""
    found: dict[str, int] = {}
    for state in Message.objects.exclude(channel=Channel.APP).values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


def dropped_files(settings) -> list[Path]:
    return sorted(Path(settings.OUTBOX_DIR).glob("*/*"))


# Ways out


def test_a_channel_that_is_off_gets_no_message_at_all(people, unit, settings):
    settings.SMS_CHANNEL, settings.EMAIL_CHANNEL = "off", "file"
    post("test.outside", people, target=unit)
    assert set(Message.objects.values_list("channel", flat=True)) == {Channel.APP, Channel.EMAIL}


def test_each_message_becomes_one_whole_file(people, unit, channels_on, settings):
    post("test.outside", people, target=unit)
    assert actions.deliver(now=NOW) == "发出6条，核对0条"
    assert actions.deliver(now=NOW) == "发出0条，核对0条"
    assert outside() == {MessageState.SENT: 6}
    files = dropped_files(settings)
    assert [path.suffix for path in files] == [".json"] * 6
    content = json.loads(next(path for path in files if path.parent.name == "sms").read_text(encoding="utf-8"))
    assert content["title"] == "五月会议记录即将到期"
    assert content["police_no"].startswith("3")


def test_outside_texts_carry_no_number_of_a_person_or_vehicle(people, channels_on):
    post("test.urgent", people[:1], what="鲁P12345车主13812345678，身份证37150219900307123X")
    inside, sms = Message.objects.order_by("channel")
    assert inside.title == "鲁P12345车主13812345678，身份证37150219900307123X"
    assert sms.title == "鲁P***45车主138****5678，身份证371502********123X"


def test_a_channel_switched_off_later_sends_nothing_more(people, channels_on, settings):
    post("test.urgent", people)
    settings.SMS_CHANNEL = "off"
    actions.deliver(now=NOW)
    assert outside() == {MessageState.DROPPED: 3}
    assert dropped_files(settings) == []


# When


def test_an_event_at_night_rings_in_the_morning(people, unit, channels_on, settings):
    post("test.outside", people, now=NIGHT, target=unit)
    assert queries.inbox(people[0]).count() == 1  # the portal itself does not ring
    assert set(Message.objects.exclude(channel=Channel.APP).values_list("not_before", flat=True)) == {MORNING}
    for moment in (NIGHT, NIGHT + timedelta(hours=5), MORNING - timedelta(seconds=1)):
        actions.deliver(now=moment)
    assert dropped_files(settings) == []
    actions.deliver(now=MORNING)
    assert outside() == {MessageState.SENT: 6}


def test_what_was_settled_before_the_morning_does_not_ring(people, unit, channels_on, settings):
    post("test.outside", people, now=NIGHT, target=unit)
    Unit.objects.filter(pk=unit.pk).update(closed_on=date(2026, 6, 2))  # at 07:50
    actions.deliver(now=MORNING)
    assert outside() == {MessageState.DROPPED: 6}
    assert dropped_files(settings) == []


def test_a_target_that_is_gone_is_no_longer_spoken_of(people, unit, channels_on):
    post("test.outside", people, target=unit)
    Message.objects.update(target_id=str(unit.pk + 1))
    actions.deliver(now=NOW)
    assert outside() == {MessageState.DROPPED: 6}


def test_an_urgent_message_rings_at_night(people, channels_on):
    post("test.urgent", people, now=NIGHT)
    actions.deliver(now=NIGHT)
    assert outside() == {MessageState.SENT: 3}


def test_the_quiet_hours_are_a_parameter(people, unit, channels_on):
    load_reference()

    class Administrator:
        pk, name, police_no = None, "管数", ""

        def has_perm(self, perm, obj=None):
            return True

    set_parameter(
        by=Administrator(),
        code="notices.quiet_hours",
        value=["22:00", "07:00"],
        valid_from=date(2026, 5, 1),
        source="大队",
    )
    post("test.outside", people, now=NIGHT, target=unit)
    actions.deliver(now=NIGHT)
    assert outside() == {MessageState.SENT: 6}


def test_a_message_that_could_not_leave_in_time_never_leaves(people, channels_on, settings):
    post("test.short", people)
    actions.deliver(now=NOW + timedelta(hours=2, seconds=1))
    assert outside() == {MessageState.EXPIRED: 3}
    assert dropped_files(settings) == []


# When it breaks


def test_a_full_disk_is_tried_again_later_and_given_up_in_the_end(people, channels_on, settings, tmp_path):
    settings.OUTBOX_DIR = tmp_path / "no folder"
    settings.OUTBOX_DIR.write_text("a file stands where the folder should be")
    post("test.urgent", people[:1])
    now = NOW
    for attempt in range(1, ATTEMPTS + 1):
        actions.deliver(now=now)
        message = Message.objects.get(channel=Channel.SMS)
        assert message.attempts == attempt
        now = message.not_before + timedelta(seconds=1)
    assert message.state == MessageState.FAILED
    assert message.note


def test_a_message_of_unknown_fate_is_never_sent_again_by_itself(people, settings):
    settings.SMS_CHANNEL = f"{HERE}.Doubtful"
    post("test.urgent", people)
    for hours in range(3):
        actions.deliver(now=NOW + timedelta(hours=hours))
    assert outside() == {MessageState.UNKNOWN: 3}
    doubtful = Message.objects.filter(state=MessageState.UNKNOWN)
    assert set(doubtful.values_list("attempts", "note")) == {(1, "TimeoutError")}


def test_after_a_dead_sender_the_channel_is_asked_and_only_what_did_not_leave_is_sent(people, channels_on, settings):
    post("test.urgent", people)
    sent, lost, waiting = Message.objects.filter(channel=Channel.SMS).order_by("pk")
    died = {"lease_owner": "dead", "lease_until": NOW + LEASE}
    Message.objects.filter(pk__in=[sent.pk, lost.pk]).update(state=MessageState.SENDING, attempts=1, **died)
    Message.objects.filter(pk=waiting.pk).update(**died)
    actions.FileDrop().send(sent)
    written = dropped_files(settings)[0].stat().st_mtime_ns

    actions.deliver(now=NOW + LEASE - timedelta(minutes=1))  # the lease still holds
    assert outside() == {MessageState.SENDING: 2, MessageState.WAITING: 1}
    assert actions.deliver(now=NOW + LEASE + timedelta(seconds=1)) == "发出2条，核对2条"
    assert outside() == {MessageState.SENT: 3}
    assert len(dropped_files(settings)) == 3
    assert min(path.stat().st_mtime_ns for path in dropped_files(settings)) == written
    assert sorted(Message.objects.filter(channel=Channel.SMS).values_list("attempts", flat=True)) == [1, 1, 2]


def test_after_a_dead_sender_a_channel_that_cannot_say_leaves_it_open(people, settings):
    settings.SMS_CHANNEL = f"{HERE}.Doubtful"
    post("test.urgent", people[:1])
    Message.objects.filter(channel=Channel.SMS).update(
        state=MessageState.SENDING, lease_owner="dead", lease_until=NOW, attempts=1
    )
    actions.deliver(now=NOW + timedelta(seconds=1))
    assert outside() == {MessageState.UNKNOWN: 1}


def test_a_message_that_kills_its_sender_every_time_is_given_up(people, channels_on):
    post("test.urgent", people[:1])
    Message.objects.filter(channel=Channel.SMS).update(
        state=MessageState.SENDING, lease_owner="dead", lease_until=NOW, attempts=ATTEMPTS
    )
    actions.deliver(now=NOW + timedelta(seconds=1))
    assert outside() == {MessageState.FAILED: 1}


@pytest.mark.django_db(transaction=True)
def test_two_runs_that_post_the_same_effects_at_once_leave_one_message_each(channels_on):
    people = make_people(30)
    in_threads(4, lambda: post("test.urgent", people, period="2026-06-01"))
    assert Message.objects.filter(channel=Channel.APP).count() == 30
    assert Message.objects.filter(channel=Channel.SMS).count() == 30


@pytest.mark.django_db(transaction=True)
def test_four_senders_at_once_send_each_message_once(channels_on, settings):
    people = make_people(60)
    settings.SMS_CHANNEL = f"{HERE}.SlowDrop"
    post("test.urgent", people)
    in_threads(4, lambda: actions.deliver(now=NOW))
    actions.deliver(now=NOW)
    assert outside() == {MessageState.SENT: 60}
    log = (Path(settings.OUTBOX_DIR) / "log").read_text().split()
    assert (len(log), len(set(log))) == (60, 60)


@pytest.mark.django_db(transaction=True)
def test_a_sender_killed_in_the_act_loses_nothing_and_doubles_nothing(own_environment, settings, channels_on):
    people = make_people(60)
    settings.SMS_CHANNEL = f"{HERE}.SlowDrop"
    post("test.urgent", people)
    process = child.start(
        own_environment,
        f"{HERE}.deliver_in_child",
        NOW.isoformat(),
        SMS_CHANNEL=settings.SMS_CHANNEL,
        OUTBOX_DIR=str(settings.OUTBOX_DIR),
    )
    wait_for(lambda: outside().get(MessageState.SENT, 0) >= 10)
    process.kill()
    process.wait()
    left = outside()
    assert 10 <= left[MessageState.SENT] < 60
    assert left.get(MessageState.SENDING, 0) <= 1

    assert actions.deliver(now=NOW).startswith("发出0条")  # what the dead sender holds is left to its lease
    actions.deliver(now=NOW + LEASE + timedelta(minutes=2))
    assert outside() == {MessageState.SENT: 60}
    assert len(dropped_files(settings)) == 60
    log = (Path(settings.OUTBOX_DIR) / "log").read_text().split()
    assert len(log) == len(set(log))
    assert len(log) >= 59  # the last one before the kill may have left without its line
    assert Message.objects.filter(channel=Channel.APP).count() == 60


@pytest.mark.django_db(transaction=True)
def test_ten_thousand_reminders_survive_a_killed_worker_with_none_lost_and_none_twice(own_environment, settings):
    settings.SCHEDULE = HERE
    people = make_people(10_000)
    job = jobs.enqueue("remind", key="remind 2026-06-01")
    process = child.start(own_environment, f"{HERE}.remind_in_child", job.pk, SCHEDULE=HERE)
    wait_for(lambda: Message.objects.count() >= 1000)
    process.kill()
    process.wait()
    job.refresh_from_db()
    done = Message.objects.count()
    assert 1000 <= done < 10_000
    assert done % 250 == 0  # a batch is whole or not there
    assert (job.state, job.progress > 0) == (JobState.RUNNING, True)

    later = job.lease_until + timedelta(seconds=1)
    jobs.tick(now=later)
    assert jobs.run(job.pk, now=later)
    assert Job.objects.get().state == JobState.DONE
    assert Message.objects.count() == 10_000
    assert Message.objects.values("recipient").distinct().count() == len(people) == Person.objects.count()


def wait_for(condition, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)
