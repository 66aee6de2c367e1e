"""Bar and menu are drawn once and kept a while; whatever they show is new at the very next page."""

import re

import pytest
from django.utils import timezone

from brigade.notices.models import Message
from brigade.notices.queries import unread_count
from brigade.org.states import Role
from tests.attack.town import town as build
from tests.brigade.org.factories import person, unit

pytestmark = pytest.mark.django_db


def menu_of(client, who):
    """Bar and menu of a page that itself says nothing of messages or people."""
    client.force_login(who)
    return re.sub(r"<main.*?</main>", "", client.get("/password/").text, flags=re.DOTALL)


def test_a_message_that_was_read_leaves_the_bell_at_the_next_page(client):
    message = build().message
    waiting = unread_count(message.recipient)
    assert f"<b>{waiting}</b>" in menu_of(client, message.recipient)
    Message.objects.filter(recipient=message.recipient).update(read_at=timezone.now())
    assert "bar-bell" in menu_of(client, message.recipient)
    assert f"<b>{waiting}</b>" not in menu_of(client, message.recipient)


def test_a_role_that_ended_is_gone_from_the_menu_at_the_next_page(client):
    town = build()
    holder = town.grant.person
    assert town.grant.get_role_display() in menu_of(client, holder)
    holder.grants.update(ends_on=timezone.localdate())
    assert town.grant.get_role_display() not in menu_of(client, holder)


def test_everybody_reads_his_own_name_and_a_new_one_at_once(client):
    squadron = unit("东城中队", parent=unit("县大队"))
    first, second = (person(Role.OFFICER, at=squadron) for _one in range(2))
    for who in (first, second):
        assert f"<span>{who.police_no}</span>" in menu_of(client, who)
    type(first).objects.filter(pk=first.pk).update(name="新改名")
    assert "新改名" in menu_of(client, first)
    assert "新改名" not in menu_of(client, second)


def test_one_can_sign_out_from_a_kept_bar(client):
    who = person(Role.OFFICER, at=unit("县大队"))
    for _time in range(2):
        page = menu_of(client, who)
    assert 'form="logout"' in page and re.search(r'<form[^>]* id="logout"[^>]*>.*?csrfmiddlewaretoken', page)


def test_the_liaison_of_an_owner_finds_only_what_concerns_him(client):
    house = unit("县大队")
    liaison, clerk = person(Role.OWNER_LIAISON, at=house), person(Role.CLERK, at=house)
    both = person(Role.OWNER_LIAISON, Role.CLERK, at=house)
    inside = ("带班", "人员", "角色", "工作日历", "参数")
    assert not [label for label in inside if label in menu_of(client, liaison)]
    for who in (clerk, both):
        assert [label for label in inside if label in menu_of(client, who)] == list(inside)
