"""Two who work on one hazard in the same moment."""

from threading import Thread

import pytest
from django.db import connection, transaction

from enforcement.hazards import actions
from enforcement.hazards.models import Hazard
from tests.enforcement.hazards.world import later, reported

DAY = "2025-05-06T08:00"


@pytest.mark.django_db(transaction=True)
def test_what_is_joined_while_its_target_is_found_not_to_be_so_comes_back_with_the_others(world):
    known, again = reported(world, DAY), reported(world, DAY)
    now = later(DAY, hours=2)

    def deny():
        try:
            actions.invalidate(by=world.captain, hazard=known, now=now, reason="现场没有缺口")
        finally:
            connection.close()

    other = Thread(target=deny)
    with transaction.atomic():
        actions.merge(by=world.clerk, hazard=again, target=known, now=now)
        other.start()
        other.join(timeout=1)  # waits for the lock by now
    other.join()
    rows = Hazard.objects.in_bulk([known.pk, again.pk])
    assert rows[known.pk].state == "invalid"
    assert (rows[again.pk].state, rows[again.pk].dup_of) == ("reported", None)
    assert rows[known.pk].reporter_count == 1
