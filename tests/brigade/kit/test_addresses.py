"""Addresses that are worked out once a process are the ones that `reverse` gives."""

from uuid import UUID

import pytest
from django.urls import NoReverseMatch, reverse, set_script_prefix

from brigade.kit.addresses import KEPT, _around, _whole, address_of, record_address

MEETING = UUID("01994f6e-1d2c-7a00-8000-00000000abcd")


@pytest.fixture
def below():
    set_script_prefix("/portal/")
    yield
    set_script_prefix("/")


@pytest.mark.parametrize("pk", [MEETING, str(MEETING)])
def test_a_record_is_where_reverse_says(pk):
    assert record_address("meetings:meeting_detail", pk) == reverse("meetings:meeting_detail", args=[pk])


@pytest.mark.parametrize("pk", [1, 7, 10**9])
def test_a_numbered_row_is_where_reverse_says(pk):
    assert record_address("workbench:unit_detail", pk) == reverse("workbench:unit_detail", args=[pk])


def test_a_page_is_where_reverse_says():
    assert address_of("workbench:notices") == reverse("workbench:notices")


def test_a_portal_below_a_prefix_has_addresses_of_its_own(below):
    assert address_of("workbench:notices").startswith("/portal/")
    assert record_address("meetings:meeting_detail", MEETING) == reverse("meetings:meeting_detail", args=[MEETING])


def test_an_unknown_page_is_said_to_be_unknown():
    with pytest.raises(NoReverseMatch):
        address_of("workbench:nowhere")


def test_prefixes_that_come_with_requests_do_not_fill_the_memory(below):
    for n in range(KEPT + 100):
        set_script_prefix(f"/{n}/")
        record_address("workbench:unit_detail", n)
        assert address_of("workbench:home") == f"/{n}/"
    assert _whole.cache_info().currsize <= KEPT and _around.cache_info().currsize <= KEPT
