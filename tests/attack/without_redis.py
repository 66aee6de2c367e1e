"""A further process whose Redis does not answer: a clerk works, an administrator looks. Prints what they got."""

import json
import sys
import time
import uuid

import django

django.setup()

from django.test import Client  # noqa: E402, TID251 - a process of its own has no fixtures

from brigade.org.models import Person  # noqa: E402
from services.requests.models import ServiceRequest  # noqa: E402


def main(clerk: str, admin: str, form: str) -> dict:
    browser, found = Client(SERVER_NAME="localhost"), {}
    browser.force_login(Person.objects.get(pk=clerk))
    begun = time.monotonic()
    for address in ("/", "/services/requests/", "/services/requests/new/", "/notices/", "/org/people/", "/readyz"):
        found[address] = browser.get(address).status_code
    sent = {**json.loads(form), "id": str(uuid.uuid4())}
    found["saved"] = browser.post("/services/requests/new/", sent).status_code
    found["record"] = ServiceRequest.objects.filter(pk=sent["id"]).count()
    found["banner for the clerk"] = "banner" in browser.get("/").content.decode()
    browser.force_login(Person.objects.get(pk=admin))
    found["asked of the worker"] = browser.post("/audit/check/").status_code
    found["banner for the administrator"] = "后台任务暂时没有应答" in browser.get("/").content.decode()
    found["seconds"] = time.monotonic() - begun
    return found


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
