"""Saved views: kept under a name, opened by one click, shared to a unit, dropped only by whoever saved them."""

import pytest

from brigade.audit.models import AuditEvent
from brigade.ledgers.models import SavedView
from tests.brigade.org.factories import person, unit

URL = "/toy/units/"
pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.brigade.ledgers.toy")]


@pytest.fixture
def brigade():
    return unit("东昌府大队")


@pytest.fixture
def clerk(client, brigade):
    who = person("clerk", at=brigade, name="刘敏")
    client.force_login(who)
    return who


def save(client, name="只看中队", query="kind=squadron&sort=-code&page=3&foreign=1", **more):
    return client.post(URL, {"view-name": name, "view-query": query, **{f"view-{k}": v for k, v in more.items()}})


def tabs(response):
    return {str(label): (url, current) for label, url, current, _own in response.context["tabs"]}


def test_a_saved_view_keeps_filters_and_sorting_and_becomes_a_tab(client, clerk):
    answer = save(client)
    view = SavedView.objects.get()
    assert view.query == "kind=squadron&sort=-code"
    assert answer["Location"] == f"{URL}?{view.query}&view={view.pk}"
    assert tabs(client.get(answer["Location"]))["只看中队"] == (f"?{view.query}&view={view.pk}", True)
    assert AuditEvent.objects.filter(verb="ledger.view_saved", actor_name="刘敏").exists()


def test_the_same_name_again_replaces_the_view(client, clerk):
    save(client)
    save(client, query="kind=office")
    assert SavedView.objects.get().query == "kind=office"


def test_a_view_without_a_name_is_asked_for_one(client, clerk):
    answer = save(client, name=" ")
    assert answer.status_code == 422
    assert "给视图起个名字" in answer.content.decode()
    assert not SavedView.objects.exists()


def test_more_views_than_fit_are_refused_in_words(client, clerk, monkeypatch):
    monkeypatch.setattr("brigade.ledgers.rules.VIEWS_A_LEDGER", 1)
    save(client)
    answer = save(client, name="另一个")
    assert answer.status_code == 422
    assert "最多存1个视图" in answer.content.decode()


def test_a_view_shared_to_a_unit_is_offered_to_those_who_see_its_rows(client, brigade, clerk):
    squadron = unit("一中队", parent=brigade)
    save(client, unit=squadron.pk)
    client.force_login(person("officer", at=squadron))
    assert "只看中队" in tabs(client.get(URL))
    client.force_login(person("officer", at=unit("二中队", parent=brigade)))
    assert "只看中队" not in tabs(client.get(URL))


def test_a_view_cannot_be_shared_to_a_unit_out_of_scope(client, clerk):
    answer = save(client, unit=unit("外县大队").pk)
    assert answer.status_code == 422
    assert not SavedView.objects.exists()


def test_somebody_elses_view_is_not_found(client, brigade, clerk):
    save(client)
    view = SavedView.objects.get()
    client.force_login(person("clerk", at=brigade))
    assert client.get(f"{URL}?view={view.pk}").status_code == 404
    assert client.get(f"{URL}?view=abc").status_code == 404
    assert client.post(URL, {"drop": view.pk}).status_code == 404
    assert SavedView.objects.exists()


def test_a_shared_view_is_dropped_only_by_whoever_saved_it(client, brigade, clerk):
    save(client, unit=brigade.pk)
    view = SavedView.objects.get()
    client.force_login(person("clerk", at=brigade))
    assert client.post(URL, {"drop": view.pk}).status_code == 404
    client.force_login(clerk)
    assert client.post(URL, {"drop": view.pk}).status_code == 302
    assert not SavedView.objects.exists()
    assert AuditEvent.objects.filter(verb="ledger.view_dropped").exists()


def test_the_ledger_opens_with_its_default_view_until_all_is_asked_for(client, clerk):
    save(client, is_default="on")
    view = SavedView.objects.get()
    assert client.get(URL)["Location"] == f"{URL}?{view.query}&view={view.pk}"
    assert tabs(client.get(f"{URL}?all=1"))["全部"] == ("?all=1", True)


def test_a_second_default_takes_the_place_of_the_first(client, clerk):
    save(client, is_default="on")
    save(client, name="另一个", is_default="on")
    assert SavedView.objects.get(is_default=True).name == "另一个"


def test_the_question_for_a_name_is_a_page_and_a_dialog_at_one_address(client, clerk):
    address = f"{URL}?kind=squadron&save=1"
    page, dialog = client.get(address), client.get(address, headers={"HX-Request": "true"})
    assert "<html" in page.content.decode()
    assert "<html" not in dialog.content.decode()
    assert 'value="kind=squadron"' in dialog.content.decode()
