"""The page of the search, and the lines below the field of the top bar."""

import pytest
from django.urls import reverse

from brigade.audit.models import AuditEvent
from services.requests.actions import Citizen
from tests.services.requests.conftest import world
from tests.services.requests.world import taken_in

pytestmark = pytest.mark.django_db
PAGE = reverse("workbench:search")

__all__ = ["world"]


@pytest.fixture
def clerk(client, world):
    client.force_login(world.clerk)
    return client


def html(client, **asked):
    below_bar = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": asked.pop("target")} if "target" in asked else {}
    response = client.get(PAGE, asked, **below_bar)
    assert response.status_code == 200
    return response.content.decode()


def test_a_row_is_found_with_its_kind_number_place_and_state_and_what_was_looked_for_is_marked(clerk, world):
    request = taken_in(world, "PL01", "2026-06-12T10:00")
    text = html(clerk, q=request.title[:2])
    assert f"<mark>{request.title[:2]}</mark>" in text
    for words in (request.get_absolute_url(), request.number, world.hall.short_name, "办件", "已受理"):
        assert words in text


def test_what_is_found_by_initials_is_marked_too(clerk, world):
    request = taken_in(world, "PL01", "2026-06-12T10:00")
    assert f"<mark>{request.title[:2]}</mark>" in html(clerk, q=request.item.initials[:2])


def test_below_the_bar_stand_the_first_lines_only_and_on_the_page_of_a_kind_all(clerk, world):
    for _ in range(8):
        taken_in(world, "PL01", "2026-06-12T10:00")
    lines = lambda **asked: html(clerk, q="刘某某", **asked).count('href="/services/requests/01')  # noqa: E731
    assert lines(target="bar-found") == 3 and lines() == 6 and lines(kind="requests.servicerequest") == 8


def test_the_part_that_htmx_asks_for_is_the_part_of_the_page(clerk, world):
    taken_in(world, "PL01", "2026-06-12T10:00")
    assert html(clerk, q="刘某某", target="found").strip() in html(clerk, q="刘某某")


def test_without_words_the_page_says_what_can_be_searched_and_without_rows_that_there_are_none(clerk):
    assert "输两个字就开始找" in html(clerk)
    assert "没有找到“饕餮”" in html(clerk, q="饕餮")


@pytest.mark.parametrize("typed", ["<script>alert(1)</script>", "\x00'\"", "a" * 3000, "😀"])
def test_what_is_typed_is_shown_as_it_is_and_never_as_markup(clerk, typed):
    text = html(clerk, q=typed, kind="no.such")
    assert "<script>alert" not in text and "没有找到" in text


def test_the_field_stands_on_every_page_and_takes_the_slash(clerk):
    bar = clerk.get("/").content.decode()
    assert f'action="{PAGE}"' in bar and 'data-key="/"' in bar


def test_a_page_without_htmx_finds_the_same(clerk, world):
    request = taken_in(world, "PL01", "2026-06-12T10:00")
    assert request.get_absolute_url() in html(clerk, q=request.number)


def noted():
    return [event.changes for event in AuditEvent.objects.filter(verb="search.asked").order_by("id")]


def test_a_phone_of_which_more_than_the_tail_is_known_is_found_by_the_tail_and_the_page_says_so(clerk, world):
    request = taken_in(world, "PL01", "2026-06-12T10:00", citizen=Citizen(name="刘某某", phone="13863514321"))
    text = html(clerk, q="63514321")
    assert request.get_absolute_url() in text and "没有“63514321”，下面是末四位为4321的" in text
    assert "末四位" not in html(clerk, q="13863514321")
    assert "没有找到“13863510000”" in html(clerk, q="13863510000")


def test_a_search_that_was_sent_is_noted_once_and_typing_is_not(clerk, world):
    taken_in(world, "PL01", "2026-06-12T10:00")
    html(clerk, q="刘某", target="bar-found")
    html(clerk, q="")
    assert noted() == []
    for _ in range(2):
        html(clerk, q="刘某某")
    html(clerk, q="饕餮")
    assert noted() == [{"words": "刘某某", "found": 1}, {"words": "饕餮", "found": 0}]
    event = AuditEvent.objects.filter(verb="search.asked").first()
    assert event.actor_id == world.clerk.pk and "搜索“刘某某”，看到1条" in event.sentence


def test_who_looks_for_a_citizen_by_a_number_is_noted_while_typing_and_the_number_is_not(clerk, world):
    for typed in ("138 6351 4321", "１３８６３５１４３２１", "37150219900307003X"):
        html(clerk, q=typed, target="bar-found")
    assert [change["words"] for change in noted()] == ["*******4321", "*******4321", "*******003X"]
    kept = "".join(f"{event.sentence}{event.changes_text}" for event in AuditEvent.objects.all())
    assert "13863514321" not in kept and "6351" not in kept and "3715021990" not in kept
