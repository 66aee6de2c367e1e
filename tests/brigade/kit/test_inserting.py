"""Rows that were made ready beforehand are those that `bulk_create` would have written."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from brigade.indicators.models import Dirty
from brigade.kit.inserting import insert, made_ready
from brigade.search.models import Entry
from tests.brigade.org.factories import unit

pytestmark = pytest.mark.django_db


def marks(where, days):
    today = timezone.localdate()
    return [Dirty(indicator="x", unit_id=where.pk, day=today - timedelta(days=n)) for n in range(days)]


def test_nothing_is_written_before_and_everything_in_few_statements(django_assert_max_num_queries):
    where = unit("大队")
    rows = made_ready(marks(where, 700))
    assert not Dirty.objects.filter(indicator="x").exists()
    with django_assert_max_num_queries(2 * 700 // 100):
        insert(rows)
    assert Dirty.objects.filter(indicator="x").count() == 700
    assert not any(one._state.adding for one in rows.objects)


def test_of_nothing_comes_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        insert(made_ready([]))


def test_a_field_with_a_way_of_its_own_into_the_database_keeps_it():
    entries = [Entry(kind="x.y", object_id=str(n), print="p", edition=1, words="大队 队的") for n in range(3)]
    insert(made_ready(entries))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM search_entry WHERE kind = %s", ["x.y"])
        assert cursor.fetchone() == (3,)


def test_what_the_database_refuses_leaves_nothing():
    twice = [Entry(kind="x.y", object_id="1", print="p", edition=1, words="") for _n in range(2)]
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(made_ready(twice))
    assert not Entry.objects.filter(kind="x.y").exists()
