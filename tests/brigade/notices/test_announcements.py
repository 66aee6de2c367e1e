"""Announcements: who gets one, what counts as read, who is reminded, and what happens to who comes later."""

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from brigade.audit.actions import SYSTEM
from brigade.audit.models import AuditEvent
from brigade.kit.ids import new_id
from brigade.kit.refusals import NotAllowed, Stale
from brigade.notices import actions
from brigade.notices.models import Announcement, Message, Receipt
from brigade.notices.queries import receipt_counts, unread_announcement_count, unread_announcements
from brigade.org.actions import close_unit
from brigade.org.models import Person, Posting
from brigade.org.states import Role, Tree
from tests.brigade.files.samples import picture
from tests.brigade.ledgers.checks import assert_same_queries
from tests.brigade.org.factories import grant, person, unit
from tests.moves import refusal

pytestmark = pytest.mark.django_db


class Town:
    """A brigade with two squadrons of three, and a clerk who writes."""

    def __init__(self):
        self.brigade = unit("东昌府大队")
        self.first, self.second = unit("城区一中队", parent=self.brigade), unit("城区二中队", parent=self.brigade)
        self.clerk = person(Role.CLERK, at=self.brigade, name="韩雪梅")
        self.ones = [person(Role.OFFICER, at=self.first) for _n in range(3)]
        self.twos = [person(Role.OFFICER, at=self.second) for _n in range(3)]


@pytest.fixture
def town(time_machine):
    time_machine.move_to("2026-11-20 10:00 +0800", tick=False)
    return Town()


def issue(town, *units, **fields) -> Announcement:
    given = {"by": town.clerk, "id": new_id(), "title": "停电检修", "text": "周五下午停电", "now": timezone.now()}
    return actions.issue_announcement(**(given | {"units": units or [town.first]} | fields))


def opened(client, somebody, row):
    client.force_login(somebody)
    return client.get(row.get_absolute_url())


# Publishing


def test_everybody_in_the_units_and_below_gets_one_receipt_the_author_none(town):
    assert set(issue(town, town.brigade).receipts.values_list("person", flat=True)) == {
        somebody.pk for somebody in town.ones + town.twos
    }


def test_units_and_people_by_name_are_reached_once(town):
    row = issue(town, town.first, people=[town.ones[0], town.twos[0]])
    assert row.receipts.count() == 4


def test_who_works_elsewhere_but_holds_a_role_in_the_unit_is_reached_too(town):
    branch = unit("一支部", parent=town.brigade, tree=Tree.PARTY)
    grant(town.twos[0], Role.MEMBER, branch)
    assert [receipt.person for receipt in issue(town, branch).receipts.all()] == [town.twos[0]]


def test_stopped_accounts_and_outside_organisations_are_not_reached_by_the_units_above(town):
    outside = unit("公路站", parent=town.brigade, tree=Tree.OUTSIDE)
    liaison = person(Role.OWNER_LIAISON, at=outside)
    type(liaison).objects.filter(pk=town.ones[0].pk).update(is_active=False)
    reached = set(issue(town, town.brigade).receipts.values_list("person", flat=True))
    assert not {liaison.pk, town.ones[0].pk} & reached
    assert issue(town, outside).receipts.get().person == liaison


def test_the_same_form_sent_twice_publishes_once(town):
    key = new_id()
    assert issue(town, id=key) == issue(town, id=key)
    assert AuditEvent.objects.filter(verb="announcement.published").count() == 1
    assert Receipt.objects.count() == 3


def test_what_cannot_be_published_is_refused_in_words(town):
    closed = unit("城区三中队", parent=town.brigade)
    close_unit(by=SYSTEM, unit=closed, closed_on=date(2026, 11, 1))
    empty = unit("城区四中队", parent=town.brigade)
    foreign = unit("邻县大队")
    assert refusal(lambda: issue(town, closed)) == "城区三中队已于2026-11-01撤销。"
    assert "没有在用的账号" in refusal(lambda: issue(town, empty))
    assert "选发给哪些单位" in refusal(lambda: issue(town, units=[]))
    assert "写明标题" in refusal(lambda: issue(town, title=" "))
    assert "写明内容" in refusal(lambda: issue(town, text=" "))
    assert "不归你管" in refusal(lambda: issue(town, foreign), NotAllowed)
    assert "不在你的单位" in refusal(lambda: issue(town, people=[person(at=foreign)]), NotAllowed)
    assert "由领导和内勤发" in refusal(lambda: issue(town, by=town.ones[0]), NotAllowed)
    assert Announcement.objects.count() == 0


def test_a_draft_is_nobodys_until_it_is_published_and_two_writers_do_not_overwrite_each_other(town):
    given = {"by": town.clerk, "id": new_id(), "title": "草", "text": "稿", "units": [town.first]}
    row = actions.draft_announcement(**given, now=timezone.now())
    assert not Announcement.objects.visible_to(town.ones[0]).exists()
    actions.draft_announcement(**given, version=1, now=timezone.now())
    assert "刚被韩雪梅改过" in refusal(
        lambda: actions.draft_announcement(**given, version=1, now=timezone.now()), Stale
    )
    actions.publish_announcement(by=town.clerk, announcement=row, now=timezone.now())
    assert Announcement.objects.visible_to(town.ones[0]).get() == row
    assert "不能改" in refusal(lambda: actions.draft_announcement(**given, now=timezone.now()))


def opened_form(client, address):
    """What the form says when it is opened, as a browser would send it back."""
    page = client.get(address)
    shown = page.context["form"]
    typed = {name: shown[name].value() for name in ("id", "title", "text", "version", "units")}
    return typed | {"base": page.context["base"], "intent": "draft"}


def test_what_two_people_write_into_one_draft_is_put_together(client, town):
    given = {"by": town.clerk, "id": new_id(), "title": "停电", "text": "周五停电", "units": [town.first]}
    row = actions.draft_announcement(**given, now=timezone.now())
    leader = person(Role.BRIGADE_LEADER, at=town.brigade, name="秦志刚")
    edit = reverse("workbench:announcement_edit", args=[row.pk])
    client.force_login(town.clerk)
    typed = opened_form(client, edit)
    client.force_login(leader)
    hers = opened_form(client, edit) | {"text": "周六停电", "units": [town.first.pk, town.second.pk]}
    assert client.post(edit, hers).status_code == 302
    client.force_login(town.clerk)
    answer = client.post(edit, typed | {"title": "停电检修"}, follow=True)
    assert "秦志刚改的" in answer.text and "内容" in answer.text
    row.refresh_from_db()
    assert (row.title, row.text, row.version) == ("停电检修", "周六停电", 3)
    assert set(row.units.all()) == {town.first, town.second}
    answer = client.post(edit, typed | {"text": "周日停电"})
    assert answer.status_code == 409
    assert "有1处你和别人都改了" in answer.text and "周六停电" in answer.text and "周日停电" in answer.text
    row.refresh_from_db()
    assert row.text == "周六停电"


# Reading and signing


def test_a_plain_one_is_read_by_opening_it(client, town):
    row, reader = issue(town), town.ones[0]
    assert unread_announcements(reader) == [row]
    assert opened(client, reader, row).status_code == 200
    receipt = row.receipts.get(person=reader)
    assert receipt.read_at == receipt.done_at == timezone.now()
    assert (unread_announcement_count(reader), receipt_counts(row)) == (0, (1, 3))


def test_one_that_asks_for_it_is_read_when_it_is_signed_and_only_once(client, town):
    row, reader = issue(town, needs_signature=True), town.ones[0]
    opened(client, reader, row)
    assert unread_announcement_count(reader) == 1
    address = reverse("workbench:announcement_sign", args=[row.pk])
    assert [client.post(address).status_code for _twice in range(2)] == [302, 302]
    assert row.receipts.get(person=reader).signed_at == timezone.now()
    assert AuditEvent.objects.filter(verb="announcement.signed").count() == 1
    assert unread_announcement_count(reader) == 0


def test_nobody_signs_what_was_not_sent_to_him(town):
    row = issue(town, needs_signature=True)
    sign = actions.sign_announcement
    assert "没有发给你" in refusal(lambda: sign(by=town.clerk, announcement=row, now=timezone.now()), NotAllowed)
    plain = issue(town)
    assert "不用签收" in refusal(lambda: sign(by=town.ones[0], announcement=plain, now=timezone.now()))


def test_another_units_announcement_is_not_there(client, town):
    row = issue(town, files=())
    assert opened(client, town.twos[0], row).status_code == 404
    assert client.get(reverse("workbench:announcement_receipts", args=[row.pk])).status_code == 404


def test_who_got_it_does_not_see_who_has_read_it(client, town):
    row = issue(town)
    page = opened(client, town.ones[0], row).content.decode()
    assert "看名单" not in page
    assert client.get(reverse("workbench:announcement_receipts", args=[row.pk])).status_code == 404


def test_who_left_before_reading_is_not_waited_for_and_what_he_read_stays_read(client, town):
    row = issue(town)
    opened(client, town.ones[0], row)
    Person.objects.filter(pk__in=[town.ones[0].pk, town.ones[1].pk]).update(is_active=False)
    assert receipt_counts(row) == (1, 2)
    page = opened(client, town.clerk, row).text
    assert "提醒没看的1人" in page and town.ones[1].name not in page
    receipts = reverse("workbench:announcement_receipts", args=[row.pk])
    assert town.ones[1].name not in client.get(f"{receipts}?read=no").text
    assert town.ones[1].name in client.get(f"{receipts}?all=1").text, "that it went to him stays on the list"
    assert "1/2" in client.get(reverse("workbench:announcement_list") + "?mine=sent").text


# Reminding


def test_only_the_unread_are_reminded_and_once_a_day(client, town, time_machine):
    row = issue(town)
    opened(client, town.ones[0], row)
    remind = actions.remind_unread
    assert remind(by=town.clerk, announcement=row, now=timezone.now()) == 2
    told = Message.objects.filter(code="notices.announcement_reminder")
    assert set(told.values_list("recipient", flat=True)) == {town.ones[1].pk, town.ones[2].pk}
    assert "今天已经提醒过" in refusal(lambda: remind(by=town.clerk, announcement=row, now=timezone.now()))
    opened(client, town.ones[1], row)
    time_machine.move_to("2026-11-21 09:00 +0800", tick=False)
    assert remind(by=town.clerk, announcement=row, now=timezone.now()) == 1
    opened(client, town.ones[2], row)
    assert "都看过了" in refusal(lambda: remind(by=town.clerk, announcement=row, now=timezone.now()))


def test_reading_it_reads_the_reminder_too(client, town):
    row = issue(town)
    actions.remind_unread(by=town.clerk, announcement=row, now=timezone.now())
    opened(client, town.ones[0], row)
    assert Message.objects.visible_to(town.ones[0]).get().read_at is not None


def test_recipients_cannot_remind(client, town):
    row = issue(town)
    client.force_login(town.ones[0])
    for step in ("remind", "withdraw", "send_on", "publish", "edit"):
        assert client.post(reverse(f"workbench:announcement_{step}", args=[row.pk])).status_code == 403, step


# Later


def test_who_comes_later_has_no_receipt_until_it_is_sent_on_to_him(client, town):
    row = issue(town)
    new = person(Role.OFFICER, at=town.first)
    assert opened(client, new, row).status_code == 404
    assert "新到1人" in opened(client, town.clerk, row).content.decode()
    assert actions.send_to_newcomers(by=town.clerk, announcement=row, now=timezone.now()) == 1
    assert opened(client, new, row).status_code == 200
    assert "没有新到的人" in refusal(
        lambda: actions.send_to_newcomers(by=town.clerk, announcement=row, now=timezone.now())
    )


def test_who_has_left_keeps_his_receipt_and_his_name_stays_in_the_count(town):
    row, gone = issue(town), town.ones[0]
    Posting.objects.filter(person=gone).update(ends_on=date(2026, 11, 21))
    assert receipt_counts(row) == (0, 3)


def test_a_withdrawn_one_says_why_and_asks_nothing_any_more(client, town):
    row = issue(town, needs_signature=True)
    assert "写明撤回的原因" in refusal(
        lambda: actions.withdraw_announcement(by=town.clerk, announcement=row, reason=" ", now=timezone.now())
    )
    actions.withdraw_announcement(by=town.clerk, announcement=row, reason="时间写错", now=timezone.now())
    page = opened(client, town.ones[0], row).content.decode()
    assert "时间写错" in page
    assert "周五下午停电" not in page
    assert unread_announcement_count(town.ones[0]) == 0
    for act in (actions.remind_unread, actions.sign_announcement):
        assert refusal(lambda act=act: act(by=town.ones[0], announcement=row, now=timezone.now()))


# The pages


def form(town, **fields):
    given = {"id": new_id(), "title": "停电检修", "text": "周五下午", "units": [town.first.pk, town.second.pk]}
    return given | fields


def test_the_form_publishes_to_two_units_with_a_file_and_shows_who_has_not_read_it(client, town):
    client.force_login(town.clerk)
    sent = form(town, files=[SimpleUploadedFile("图.jpg", picture())])
    answer = client.post(reverse("workbench:announcement_create"), sent, follow=True)
    page = answer.content.decode()
    assert "0/6" in page and "提醒没看的6人" in page and "图.jpg" in page
    row = Announcement.objects.get()
    client.force_login(town.twos[0])
    file = reverse("workbench:announcement_file", args=[row.pk, row.files.get().pk])
    assert client.get(file).getvalue().startswith(b"\xff\xd8")
    actions.withdraw_announcement(by=town.clerk, announcement=row, reason="错", now=timezone.now())
    assert client.get(file).status_code == 404


def test_a_draft_is_kept_gone_on_with_and_published(client, town):
    client.force_login(town.clerk)
    client.post(reverse("workbench:announcement_create"), form(town, intent="draft"))
    row = Announcement.objects.get()
    assert row.state == "draft"
    edit = reverse("workbench:announcement_edit", args=[row.pk])
    assert "周五下午" in client.get(edit).content.decode()
    changed = form(town, id=row.pk, version=row.version, title="改期检修", intent="draft")
    assert client.post(edit, changed).status_code == 302
    client.post(reverse("workbench:announcement_publish", args=[row.pk]))
    row.refresh_from_db()
    assert (row.state, row.title) == ("published", "改期检修")


def test_what_the_form_finds_wrong_stands_beside_the_field_and_nothing_is_lost(client, town):
    client.force_login(town.clerk)
    closed = unit("城区三中队", parent=town.brigade)
    close_unit(by=SYSTEM, unit=closed, closed_on=date(2026, 11, 1))
    answer = client.post(reverse("workbench:announcement_create"), form(town, units=[closed.pk]))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "城区三中队已于2026-11-01撤销" in page and "周五下午" in page


def test_the_workbench_shows_what_is_unread_and_leads_straight_to_it(client, town):
    row = issue(town)
    client.force_login(town.ones[0])
    assert f'href="{row.get_absolute_url()}"' in client.get("/").content.decode()
    client.get(row.get_absolute_url())
    assert f'href="{row.get_absolute_url()}"' not in client.get("/").content.decode()


def test_the_list_shows_ones_own_state_and_the_count_only_to_who_follows_it(client, town):
    row = issue(town)
    client.force_login(town.ones[0])
    page = client.get(reverse("workbench:announcement_list")).content.decode()
    assert "未看" in page and "0/3" not in page
    opened(client, town.ones[0], row)
    client.force_login(town.clerk)
    assert "1/3" in client.get(reverse("workbench:announcement_list") + "?mine=sent").content.decode()
    receipts = reverse("workbench:announcement_receipts", args=[row.pk])
    assert town.ones[1].name in client.get(f"{receipts}?read=no").content.decode()
    assert town.ones[0].name not in client.get(f"{receipts}?read=no").content.decode()


def test_the_list_costs_the_same_queries_however_long_it_is(client, town):
    client.force_login(town.clerk)

    def more(n):
        for at in range(n):
            issue(town, now=timezone.now() - timedelta(minutes=at))

    assert_same_queries(client, reverse("workbench:announcement_list"), more, limit=9)
