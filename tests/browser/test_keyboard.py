"""What a hand that never leaves the keys meets: the place on the page is not lost."""

from tests.browser.test_journeys import RECORDER


def test_more_conditions_of_a_ledger_take_the_keyboard_to_the_first_of_them(officer):
    recorder = officer(RECORDER)
    recorder.begin("/party/meetings/")
    page = recorder.page
    page.get_by_role("button", name="更多条件").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.closest('[data-filters-more]') !== null")
