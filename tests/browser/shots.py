"""`make shots`: every page that each role of the demo brigade can reach, as it looks at the desk and on a phone.

Starting at the workbench and at a search, each link is followed once for each kind of page; each move and the import of
each ledger is a kind of its own. The pictures lie in var/shots/<role>/; a
console error, a request to another host, or a link that leads nowhere makes the command fail.
"""

import argparse
import os
import shutil
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from urllib.parse import urljoin, urlsplit

import django
from PIL import Image
from playwright.sync_api import Error, sync_playwright

from tests import scratch
from tests.browser.portal import DESK, PHONE, ROOT, SCREEN, Portal, Watch, chromium, running, sign_in

SIZES = {"desk": DESK, "phone": PHONE}
BOARDS = ("dashboard", "matrix", "screen")
NOT_PAGES = ("logout", "photo", "photo_own", "form_preview")
NO_LINK_LEADS_TO = "/search/?q=中队"
STANDS_STILL = """async () => {
  await document.fonts.ready;
  do await new Promise(requestAnimationFrame); while (document.querySelector(".htmx-request"));
}"""
README = {"matrix.png": ("political_officer", "/party/meetings/matrix/"), "workbench.png": ("hall_head", "/")}


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("roles", nargs="*", help="only these, like recorder or window_clerk")
    options.add_argument("--at", help="address of a demo world that runs already (DEMO_PASSWORD, VAR_DIR)")
    options.add_argument("--readme", action="store_true", help="only the pictures of the README, into docs/images")
    given = options.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder = scratch.folder("shots-")
    with nullcontext(Portal(given.at, {**os.environ})) if given.at else running(folder) as portal:
        os.environ |= portal.environment | {"DJANGO_SETTINGS_MODULE": "brigade.config.settings"}
        django.setup()
        return picture_readme(portal.address) if given.readme else picture_roles(portal.address, given.roles)


def accounts():
    """One person a role, by the code of the role that he holds first."""
    from brigade.workbench.demo.world import ACCOUNTS

    found = {}
    for account in ACCOUNTS:
        found.setdefault(str(account.roles[0][0].value), account.police_no)
    return found


def picture_roles(address, wanted):
    """Two roles at a time: while the portal makes a page for one, the browser draws the other's."""
    people = [(role, police_no) for role, police_no in accounts().items() if not wanted or role in wanted]
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda person: picture_role(address, *person), people)
        problems = [f"{role}: {problem}" for (role, _no), each in zip(people, found, strict=True) for problem in each]
    print(*problems, sep="\n")
    return 1 if problems else 0


def picture_role(address, role, police_no):
    """Every page of one role, and what went wrong on them."""
    place = ROOT / "var" / "shots" / role
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    with sync_playwright() as playwright, chromium(playwright) as browser:
        context = browser.new_context(viewport=DESK, base_url=address, locale="zh-CN")
        watch = Watch(context, address)
        page = context.new_page()
        page.goto("/login/")
        take(page, place, "workbench-login")
        sign_in(page, police_no)
        return [*walk(page, place), *watch.problems]


def walk(page, place):
    """Follow every link, one for each kind of page; yield the links that lead nowhere."""
    waiting, seen = [page.url, urljoin(page.url, NO_LINK_LEADS_TO)], set()
    while waiting:
        address = waiting.pop(0)
        name = kind_of(address)
        if name is None or name in seen:
            continue
        seen.add(name)
        try:
            answer = page.goto(address)
        except Error as error:
            if "Download is starting" not in error.message:
                raise
            continue
        if answer.status >= 400:
            yield f"{answer.status} at {address}"
            continue
        settle(page)
        waiting += links(page)
        take(page, place, name)


def kind_of(address):
    """The name of the page behind an address, None for what is no page of the portal."""
    from django.urls import Resolver404, resolve

    parts = urlsplit(address)
    try:
        match = resolve(parts.path)
    except Resolver404:
        return None
    kind = match.view_name.replace(":", "-")
    if kind.endswith("_move") and "code" in match.kwargs:
        kind = f"{kind}-{match.kwargs['code']}"
    elif "import=" in parts.query:
        kind = f"{kind}-import"
    return None if kind.endswith(NOT_PAGES) or not match.namespace else kind


def settle(page):
    """Until the page stands still: what it asked for while loading has come, and its letters are there."""
    page.evaluate(STANDS_STILL)


def links(page):
    """Addresses on the page that stay in the portal, in the order in which they stand there."""
    read = "links => links.filter(link => !link.hasAttribute('download')).map(link => link.getAttribute('href'))"
    found = [urljoin(page.url, href) for href in page.locator("a[href]").evaluate_all(read)]
    return [address for address in found if urlsplit(address).netloc == urlsplit(page.url).netloc]


def take(page, place, name):
    sizes = SIZES | ({"screen": SCREEN} if name.endswith(BOARDS) else {})
    for size, viewport in sizes.items():
        if size != "desk":
            page.set_viewport_size(viewport)
            settle(page)
        path = place / f"{name}-{size}.png"
        page.screenshot(path=path, full_page=True)
        print(path.relative_to(ROOT), flush=True)
    page.set_viewport_size(DESK)


def picture_readme(address):
    """Two pictures of one screen each, in few colours, so that they stay small."""
    with sync_playwright() as playwright, chromium(playwright) as browser:
        for name, (role, path) in README.items():
            page = browser.new_context(viewport=DESK, base_url=address, locale="zh-CN").new_page()
            sign_in(page, accounts()[role])
            page.goto(path)
            settle(page)
            target = ROOT / "docs" / "images" / name
            target.parent.mkdir(exist_ok=True)
            page.screenshot(path=target)
            Image.open(target).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(target, optimize=True)
            print(target.relative_to(ROOT), target.stat().st_size)
    return 0


if __name__ == "__main__":
    sys.exit(main())
