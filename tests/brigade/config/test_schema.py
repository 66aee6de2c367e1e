"""The description of the API: committed as it is served, and readable in the portal."""

import re
from pathlib import Path

import pytest
from django.core.management import call_command

from brigade.org.models import Person

COMMITTED = Path(__file__).resolve().parents[3] / "docs" / "openapi.yaml"


def without_bounds(path):
    """The ranges of whole numbers are those of the database."""
    return re.sub(r"\n +(maximum|minimum|format): (-?\d+|int64)\b", "", path.read_text("utf-8"))


def test_the_committed_description_is_the_one_that_is_served(tmp_path):
    call_command("spectacular", file=str(tmp_path / "now.yaml"), validate=True, fail_on_warn=True)
    assert without_bounds(COMMITTED) == without_bounds(tmp_path / "now.yaml"), "run `make schema`"


@pytest.mark.django_db
def test_the_description_is_read_by_people_who_signed_in(client):
    assert client.get("/api/docs/").status_code == 403
    client.force_login(Person.objects.create(police_no="D1", name="测试", must_change_password=False))
    page = client.get("/api/docs/").content.decode()
    assert "swagger-ui" in page
    assert "<style" not in page
    assert client.get("/api/schema/").status_code == 200
