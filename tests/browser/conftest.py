"""A person at a browser, signed in to the demo brigade; what he does is counted, and what goes wrong is found."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.browser.portal import DESK, ROOT, Watch, chromium, running, sign_in

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
COUNTING = Path(__file__).with_name("counting.js")
TYPED_WHOLE = {"citizen_name", "phone", "id_no", "external_no", "password"}


class Officer:
    """One person, one window of a browser, and what he has pressed in it since the last `begin`."""

    def __init__(self, context, address, police_no):
        self.context, self.police_no = context, police_no
        self.watch = Watch(context, address)
        self.page = context.new_page()

    def begin(self, address):
        """Start of a task: the page stands there, nothing is counted yet."""
        self.page.goto(address)
        self.page.wait_for_load_state("networkidle")
        self.page.evaluate("sessionStorage.removeItem('journey')")

    def pressed(self):
        return json.loads(self.page.evaluate("sessionStorage.getItem('journey') || '[]'"))

    def interactions(self, task, most):
        """Print what was done since the beginning and hold it against the budget; how many they were."""
        done = [f"{line['kind']} {line['what']}" for line in self.pressed() if line["kind"] not in ("tab", "letter")]
        print(f"{task}: {len(done)} of {most}: {', '.join(done)}")
        assert len(done) <= most, done
        return len(done)

    def keys(self, task, most):
        """At the window each key counts, Tab and the letters of a code too, but not the citizen's own data.

        A password typed is one.
        """
        lines = [line for line in self.pressed() if line["field"] not in TYPED_WHOLE or line["kind"] != "letter"]
        keys = [line["what"] for line in lines if line["kind"] != "field" or line["field"] == "password"]
        print(f"{task}: {len(keys)} of {most} keys: {' '.join(keys)}")
        assert not [line for line in lines if line["kind"] == "click"], "a mouse was needed"
        assert len(keys) <= most, keys

    def fill(self, field, text):
        """Reach a field by Tab and type into it: one field filled."""
        field.focus()
        self.page.keyboard.insert_text(text)

    def choose(self, field, option):
        """Walk a list from what stands in it to an option: one field filled, none where the option stands there."""
        field.focus()
        steps = field.locator("option").all_inner_texts().index(option) - field.evaluate("field => field.selectedIndex")
        for _ in range(abs(steps)):
            self.page.keyboard.press("ArrowDown" if steps > 0 else "ArrowUp")

    def lose_session(self):
        """The session ends behind his back, as after half an hour without a request."""
        self.watch.may_expire = True
        self.context.clear_cookies(name="sessionid")

    def sign_in_again(self):
        """He stands on the sign-in page, which still knows his number."""
        self.page.wait_for_url("**/login/**")
        assert self.page.locator("[name=police_no], [name=username]").input_value() == self.police_no
        type_password_and_enter(self.page)

    def see(self, words):
        """The text stands on the page, and on its screen without scrolling."""
        found = self.page.get_by_text(words).locator("visible=true").first
        found.wait_for()
        box, screen = found.bounding_box(), self.page.viewport_size
        assert box["y"] >= 0 and box["y"] + box["height"] <= screen["height"], f"{words} is off the screen: {box}"

    def printed(self):
        """The print dialog was opened; give the size of the paper's first page in points."""
        self.page.wait_for_selector("html[data-printed]")
        paper = self.page.pdf(prefer_css_page_size=True)
        return [float(edge) for edge in re.search(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", paper).groups()]

    def printed_pages(self):
        """How many sheets the page takes on paper."""
        return len(re.findall(rb"/Type\s*/Page\b", self.page.pdf(prefer_css_page_size=True)))

    def serious_findings(self):
        """What axe-core finds on the page that keeps somebody out."""
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
        return [
            f"{each['id']}: {each['nodes'][0]['html'][:120]} ({len(each['nodes'])})"
            for each in found
            if each["impact"] in ("serious", "critical")
        ]

    def reads(self, *words):
        """The texts stand somewhere on the page."""
        found = self.page.inner_text("main")
        assert not [word for word in words if word not in found], found


def type_password_and_enter(page):
    from tests.browser.portal import PASSWORD

    page.keyboard.type(PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")


@pytest.fixture(scope="session")
def portal(tmp_path_factory):
    with running(tmp_path_factory.mktemp("portal")) as started:
        yield started


@pytest.fixture(scope="module")
def browser():
    """Within a module: while Playwright runs, Django takes the thread for an asynchronous one."""
    with sync_playwright() as playwright, chromium(playwright) as opened:
        yield opened


@pytest.fixture
def officer(portal, browser):
    """Sign a person in: officer("D10021"), with `fresh=True` left at the sign-in page."""
    there = []

    def come(police_no, viewport=DESK, fresh=False, **options):
        context = browser.new_context(viewport=viewport, base_url=portal.address, locale="zh-CN", **options)
        context.add_init_script(path=COUNTING)
        context.add_init_script("window.print = () => document.documentElement.setAttribute('data-printed', '')")
        context.set_default_timeout(15_000)
        person = Officer(context, portal.address, police_no)
        there.append(person)
        if not fresh:
            sign_in(person.page, police_no)
        return person

    yield come
    problems = Counter(problem for person in there for problem in person.watch.problems)
    for person in there:
        person.context.close()
    assert not problems
