"""Numbers without gaps, also when two give them out at once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, transaction

from brigade.reference.actions import next_number
from brigade.reference.models import Counter
from tests.brigade.reference.conftest import make_unit


@pytest.mark.django_db
def test_numbers_run_from_one_for_each_unit_kind_and_year(unit):
    assert [next_number(unit.pk, "meeting", 2026) for _time in range(3)] == [1, 2, 3]
    assert next_number(unit.pk, "meeting", 2027) == 1
    assert next_number(unit.pk, "request", 2026) == 1


@pytest.mark.django_db
def test_a_rolled_back_number_is_given_out_again(unit):
    next_number(unit.pk, "meeting", 2026)
    with transaction.atomic():
        assert next_number(unit.pk, "meeting", 2026) == 2
        transaction.set_rollback(True)
    assert next_number(unit.pk, "meeting", 2026) == 2


@pytest.mark.django_db(transaction=True)
def test_a_number_outside_a_transaction_is_refused():
    with pytest.raises(transaction.TransactionManagementError):
        next_number(1, "meeting", 2026)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_no", range(3))
def test_eight_threads_that_begin_a_counter_together_leave_no_gap_and_no_double(round_no):
    unit = make_unit()
    together = Barrier(8)

    def take(worker: int) -> list[int]:
        taken = []
        together.wait()
        try:
            for turn in range(10):
                with transaction.atomic():
                    number = next_number(unit.pk, "meeting", 2026)
                    if turn % 5 == worker % 5:
                        transaction.set_rollback(True)
                    else:
                        taken.append(number)
        finally:
            connection.close()
        return taken

    with ThreadPoolExecutor(8) as pool:
        taken = sorted(number for numbers in pool.map(take, range(8)) for number in numbers)
    assert taken == list(range(1, 65))
    assert Counter.objects.get().last == 64
