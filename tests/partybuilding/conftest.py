import pytest

from brigade.reference.actions import load_reference
from brigade.reference.queries import kept_calendar, kept_parameters


@pytest.fixture(autouse=True)
def reference(request):
    """The calendar and the parameters that Party rules go by, for tests with a database; kept as after a commit."""
    if request.node.get_closest_marker("django_db"):
        request.getfixturevalue("db")
        load_reference()
        kept_calendar.drop()
        kept_parameters.drop()
