"""The description of the API: committed as it is served, and readable in the portal."""

from pathlib import Path

import pytest
from django.core.management import call_command

from brigade.org.models import Person

COMMITTED = Path(__file__).resolve().parents[3] / "docs" / "openapi.yaml"


def test_the_committed_description_is_the_one_that_is_served(tmp_path):
    call_command("spectacular", file=str(tmp_path / "now.yaml"), validate=True, fail_on_warn=True)
    assert COMMITTED.read_text("utf-8") == (tmp_path / "now.yaml").read_text("utf-8"), "run `make schema`"


@pytest.mark.django_db
def test_the_description_is_read_by_people_who_signed_in(client):
    assert client.get("/api/docs/").status_code == 403
    client.force_login(Person.objects.create(police_no="D1", name="测试", must_change_password=False))
    page = client.get("/api/docs/").content.decode()
    assert "swagger-ui" in page
    assert "<style" not in page
    assert client.get("/api/schema/").status_code == 200
