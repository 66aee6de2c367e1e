"""What holds for each ledger that the portal has an address for."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, get_resolver, reverse

from brigade.ledgers.tables import cells_of
from brigade.ledgers.views import Listing
from brigade.org.models import Record
from brigade.org.states import PERMISSIONS
from tests.brigade.ledgers.checks import assert_swap_is_fresh, csv_of
from tests.brigade.org.factories import person, unit


def ledgers(patterns: list[Any], space: str = "") -> Iterator[tuple[str, type[Listing]]]:
    for pattern in patterns:
        if not isinstance(pattern, URLPattern):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from ledgers(pattern.url_patterns, inner)
        elif pattern.pattern.converters:  # the rows of one record; its slice tries it
            continue
        elif issubclass(getattr(pattern.callback, "view_class", object), Listing):
            yield f"{space}{pattern.name}", pattern.callback.view_class


LEDGERS = dict(ledgers(get_resolver().url_patterns))
each = pytest.mark.parametrize("name", LEDGERS)


@pytest.fixture
def reader(client, request):
    """Whoever holds a role that may open the ledger."""
    role = min(PERMISSIONS[LEDGERS[request.getfixturevalue("name")].permission])
    who = person(role, at=unit("大队"))
    client.force_login(who)
    return who


def test_there_are_ledgers():
    assert {"requests:servicerequest_list", "meetings:meeting_list"} <= LEDGERS.keys()


@each
def test_it_says_what_it_is_and_what_to_do_when_it_is_empty(name):
    listing = LEDGERS[name]
    assert str(listing.title)
    assert str(listing.empty)
    assert listing.permission in PERMISSIONS


@each
def test_its_columns_and_filters_have_chinese_names(name):
    listing = LEDGERS[name]
    labels = [str(cell.label) for cell in cells_of(listing.table, listing.model)]
    labels += [str(one.label) for one in listing.filterset.base_filters.values()]
    assert not [label for label in labels if label.isascii()]


@each
@pytest.mark.django_db
def test_a_filter_of_yes_or_no_says_of_what(name, client, reader):
    page = client.get(f"{reverse(name)}?all=1").text
    assert "未知</option>" not in page and "是</option>" not in page


@each
def test_records_are_found_by_date_in_one_unit_and_in_many(name):
    """With the second index alone a small unit is slow, with the first alone many units are."""
    listing = LEDGERS[name]
    if not issubclass(listing.model, Record):
        return
    indexes = {tuple(index.fields) for index in listing.model._meta.indexes}
    assert tuple(listing.order) in indexes
    assert ("unit", *listing.order) in indexes


@each
@pytest.mark.django_db
def test_the_swapped_page_is_the_fresh_page(name, client, reader):
    assert_swap_is_fresh(client, f"{reverse(name)}?all=1&per=25")


@each
@pytest.mark.django_db
def test_its_file_has_the_columns_of_the_screen(name, client, reader):
    page = client.get(f"{reverse(name)}?all=1")
    assert csv_of(client, f"{reverse(name)}?all=1")[0] == [
        str(cell.label) for cell, _url, _sorted in page.context["head"]
    ]
