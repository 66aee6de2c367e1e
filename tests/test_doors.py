"""Every address asks who is there, but for a short list; every address that names a row keeps other units out."""

import uuid

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.resolvers import RoutePattern

pytestmark = pytest.mark.django_db

PUBLIC = {"workbench:login", "workbench:healthz", "workbench:readyz"}
SAMPLES = {"int": 1, "uuid": uuid.UUID(int=1), "slug": "x", "str": "x", "path": "x"}


def routes(resolver=None, names=()):
    """(name, address) of every named route of the portal."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from routes(entry, (*names, entry.namespace) if entry.namespace else names)
        elif isinstance(entry, URLPattern) and entry.name:
            name = ":".join((*names, entry.name))
            yield name, reverse(name, kwargs=sample(entry))


def sample(entry):
    """Something to stand for each part of an address."""
    if isinstance(entry.pattern, RoutePattern):
        kinds = {part: type(kind).__name__ for part, kind in entry.pattern.converters.items()}
        return {
            part: SAMPLES[kind.removesuffix("Converter").lower().replace("string", "str")]
            for part, kind in kinds.items()
        }
    groups = entry.pattern.regex.groupindex
    return {group: "json" if group == "format" else SAMPLES["uuid"] for group in groups}


def test_every_address_but_the_public_ones_turns_the_anonymous_away(client):
    opened = set()
    for name, address in routes():
        answer = client.get(address)
        to_sign_in = answer.status_code == 302 and answer["Location"].startswith("/login/")
        if not to_sign_in and answer.status_code not in (401, 403):
            opened.add(name)
    assert opened == PUBLIC


def test_a_fragment_asked_for_anonymously_gets_a_bare_401(client):
    for name, address in routes():
        if name not in PUBLIC and not address.startswith("/api/"):
            assert client.get(address, headers={"HX-Request": "true"}).status_code == 401, name
