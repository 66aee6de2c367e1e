"""Every address asks who is there, but for a short list; every address that names a row keeps other units out."""

import uuid

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.resolvers import RoutePattern

from brigade.org.states import Role
from brigade.reference.actions import load_reference
from tests.brigade.org.factories import person, unit

pytestmark = pytest.mark.django_db

PUBLIC = {"workbench:login", "workbench:healthz", "workbench:readyz"}
SAMPLES = {"int": 999999, "uuid": uuid.UUID(int=1), "slug": "x", "str": "x", "path": "x"}
PARTS = {"pk": SAMPLES["uuid"], "format": "json"}


def routes(resolver=None, names=()):
    """(name, address, whether a part of it names a row) of every named route of the portal."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from routes(entry, (*names, entry.namespace) if entry.namespace else names)
        elif isinstance(entry, URLPattern) and entry.name:
            name = ":".join((*names, entry.name))
            parts = sample(entry)
            yield name, reverse(name, kwargs=parts), bool(parts.keys() - {"format"})


def sample(entry):
    """Something to stand for each part of an address."""
    if isinstance(entry.pattern, RoutePattern):
        kinds = {part: type(kind).__name__ for part, kind in entry.pattern.converters.items()}
        return {
            part: SAMPLES[kind.removesuffix("Converter").lower().replace("string", "str")]
            for part, kind in kinds.items()
        }
    return {group: PARTS.get(group, "x") for group in entry.pattern.regex.groupindex}


def test_every_address_but_the_public_ones_turns_the_anonymous_away(client):
    opened = set()
    for name, address, _names_row in routes():
        answer = client.get(address)
        to_sign_in = answer.status_code == 302 and answer["Location"].startswith("/login/")
        if not to_sign_in and answer.status_code not in (401, 403):
            opened.add(name)
    assert opened == PUBLIC


def test_a_fragment_asked_for_anonymously_gets_a_bare_401(client):
    for name, address, _names_row in routes():
        if name not in PUBLIC and not address.startswith("/api/"):
            assert client.get(address, headers={"HX-Request": "true"}).status_code == 401, name


@pytest.mark.parametrize("role", Role.values)
def test_every_page_opens_or_refuses_each_role_without_breaking(client, role):
    load_reference()
    client.force_login(person(role, at=unit("东昌府大队")))
    for name, address, names_row in routes():
        if not names_row and name not in PUBLIC | {"workbench:logout"} and ":schema" not in name:
            assert client.get(address).status_code in (200, 204, 302, 403, 405), name


def test_whoever_has_no_role_finds_no_row(client):
    client.force_login(person())
    for name, address, names_row in routes():
        if names_row:
            assert client.get(address).status_code in (403, 404, 405), name
