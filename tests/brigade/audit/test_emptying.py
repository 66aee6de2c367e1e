"""The tests that empty the tables leave the triggers standing for the next one."""

import pytest

from brigade.audit import actions, queries
from brigade.audit.models import AuditEvent

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_with_real_transactions_starts_empty_and_guarded(turn):
    assert AuditEvent.objects.count() == 0
    assert queries.triggers_in_place()
    actions.record("night.run", None, by=actions.SYSTEM)
