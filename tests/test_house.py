"""The house keeps its shape: floors, rooms, keys between domains, who writes, and what is never in the repository."""

import os
import re
import shutil
import subprocess
import sys
import uuid
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.staticfiles import finders
from django.db import models
from django.urls import reverse

from brigade.org.models import Record

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("brigade", "partybuilding", "enforcement", "services")
BINARIES = Path(sys.executable).parent
MADE = {"node_modules", "var", "vendor", "__pycache__"}


@cache
def own_files():
    """All files of the repository, without what set-up or a tool has made."""
    found = []
    for folder, below, names in os.walk(ROOT):
        below[:] = [name for name in below if name not in MADE and (name == ".ci" or not name.startswith("."))]
        found += [Path(folder, name) for name in names if name != ".git"]  # a file where the clone is a worktree
    return sorted(found)


def files(*patterns, under=()):
    roots = [ROOT / folder for folder in under] or [ROOT]
    return [
        path
        for path in own_files()
        if any(path.match(pattern) for pattern in patterns) and any(path.is_relative_to(root) for root in roots)
    ]


def source(*patterns):
    return [path for path in files(*patterns, under=PACKAGES) if "migrations" not in path.parts]


def matches(pattern, paths, flags=0):
    """Each place where the pattern stands, as file:line text."""
    found = []
    for path in paths:
        for number, line in enumerate(path.read_text("utf-8", errors="ignore").splitlines(), 1):
            if re.search(pattern, line, flags):
                found.append(f"{path.relative_to(ROOT)}:{number} {line.strip()[:100]}")
    return found


# Floors and rooms

FAULTS = [
    ("The house has floors", "partybuilding/branches/rules.py", "import services.requests.models"),
    ("Every platform folder has its floor", "brigade/audit/rules.py", "import brigade.org.models"),
    ("Every platform folder has its floor", "brigade/helpers/__init__.py", ""),
    (
        "The slices of party building are layered",
        "partybuilding/branches/queries.py",
        "import partybuilding.meetings.models",
    ),
    ("The slices of enforcement are layered", "enforcement/enterprises/__init__.py", ""),
    ("The slices of the hall are layered", "services/tickets/__init__.py", ""),
    ("Inside a slice the rooms only import downward", "brigade/org/states.py", "import brigade.org.models"),
    (
        "Inside a slice the rooms only import downward",
        "partybuilding/meetings/states.py",
        "import partybuilding.meetings.actions",
    ),
    ("Inside a slice the rooms only import downward", "services/requests/utils.py", ""),
]
CIRCLE = ("partybuilding/meetings/rules/sheets.py", "import partybuilding.meetings.rules.votes")


@pytest.fixture(scope="module")
def verdict_on_faults(tmp_path_factory):
    """A copy of the packages with all the faults in it, and what the import linter says of it."""
    copy = tmp_path_factory.mktemp("house")
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__", "templates", "data")
        )
    shutil.copy(ROOT / "pyproject.toml", copy)
    for path, line in [fault[1:] for fault in FAULTS] + [CIRCLE]:
        (copy / path).parent.mkdir(exist_ok=True)
        with open(copy / path, "a") as file:
            file.write(f"\n{line}\n")
    with open(copy / "brigade/jobs/actions.py", "a") as file:
        file.write("\nfrom django.http import HttpResponse\n")
    return copy, lint_imports(copy)


def lint_imports(folder):
    done = subprocess.run([BINARIES / "lint-imports", "--no-cache"], cwd=folder, capture_output=True, text=True)
    return done.stdout + done.stderr


def test_the_house_keeps_its_import_contracts():
    assert " 0 broken" in lint_imports(ROOT)


@pytest.mark.parametrize(("contract", "path", "line"), FAULTS)
def test_a_seeded_fault_breaks_its_contract(verdict_on_faults, contract, path, line):
    _folder, verdict = verdict_on_faults
    assert re.search(rf"^{contract}.* BROKEN$", verdict, re.MULTILINE)
    module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    told = verdict.partition("Broken contracts")[2].partition(contract)[2]
    assert f"{module} -> {line.removeprefix('import ')}" in told if line else f"- {module}" in told


def test_a_circle_inside_a_room_breaks_its_contract(verdict_on_faults):
    _folder, verdict = verdict_on_faults
    assert re.search(r"^No import goes in a circle.* BROKEN$", verdict, re.MULTILINE)
    assert "- .votes -> .sheets" in verdict


def test_http_below_the_views_is_refused(verdict_on_faults):
    folder, _verdict = verdict_on_faults
    command = [BINARIES / "ruff", "check", "--no-cache", "--select", "TID251", "brigade/jobs/actions.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert "TID251" in done.stdout


def test_rooms_that_the_house_does_not_have():
    rooms = r"(utils|helpers|common|misc|services|signals|managers)\.py"
    assert [path for path in files("*.py") if re.fullmatch(rooms, path.name)] == []


def slices():
    return [path.parent for path in source("apps.py") if path.parent.name != "kit"]


def test_the_page_of_the_architecture_names_every_slice_and_every_room():
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    named = set(re.findall(r"`([a-z.]+)`", page))
    rooms = {path.stem for folder in slices() for path in folder.iterdir() if not path.name.startswith(("_", "."))}
    floors = {f"brigade.{folder.name}" for folder in slices() if folder.parent.name == "brigade"}
    assert sorted((rooms - {"apps", "data"} | floors) - named) == []


def test_every_page_that_the_documents_lead_to_exists():
    pages = files("*.md")
    links = [
        (page, link) for page in pages for link in re.findall(r"(?<!!)\[[^\]]+\]\(([^)#:]+)\)", page.read_text("utf-8"))
    ]
    assert links
    assert [f"{page.name}: {link}" for page, link in links if not (page.parent / link).exists()] == []


# Keys and addresses


def may_point(origin, target):
    """A foreign key stays in its domain or goes to the platform; Django's own tables are nobody's domain."""
    return target.split(".")[0] in (origin.split(".")[0], "brigade", "django")


def test_foreign_keys_stay_in_their_domain_or_point_to_the_platform():
    own = [model for model in apps.get_models(include_auto_created=True) if model.__module__.split(".")[0] in PACKAGES]
    keys = [
        (model, field.related_model)
        for model in own
        for field in model._meta.get_fields()
        if isinstance(field, models.ForeignKey | models.ManyToManyField)
    ]
    assert keys
    assert [(str(a), str(b)) for a, b in keys if not may_point(a.__module__, b.__module__)] == []
    assert not may_point("partybuilding.meetings.models", "services.requests.models")
    assert not may_point("brigade.org.models", "partybuilding.branches.models")


def records():
    return [model for model in apps.get_models() if issubclass(model, Record)]


@pytest.mark.parametrize("model", records())
def test_every_record_has_an_address(model):
    assert reverse(f"{model._meta.app_label}:{model._meta.model_name}_detail", args=[uuid.uuid4()])


@pytest.mark.parametrize("model", records())
def test_every_record_says_when_it_is_open(model):
    """An open record goes along when its unit goes into another; one that never is, says so."""
    states = {value for value, _label in model._meta.get_field("state").flatchoices}
    assert "OPEN" in vars(model) and states > model.OPEN


# Who writes

WRITES = (
    r"\.(create|bulk_create|get_or_create|update_or_create|bulk_update|delete)\("
    r"|[)s]\.update\(|\.save\((\)|update_fields|using)"
)
WRITERS = re.compile(
    r"(^|/)(actions|test_\w+|factories)\.py$|^brigade/workflow/|/actions/|/management/commands/|/demo/|/kit/"
)


def test_only_actions_write():
    suspects = [path for path in source("*.py") if not WRITERS.search(path.relative_to(ROOT).as_posix())]
    suspects = [path for path in suspects if "config" not in path.parts]
    assert [place for place in matches(WRITES, suspects) if "cache.delete" not in place] == []


def test_only_the_door_assigns_a_state():
    """Records change only there. Duties are no records, and the demo world hands finished rows to the door."""
    doors = re.compile(r"brigade/(workflow/one|obligations/actions|workbench/demo/\w+)\.py")
    suspects = [path for path in source("*.py") if not doors.fullmatch(path.relative_to(ROOT).as_posix())]
    assert matches(r"(?<!self)\.state = ", suspects) == []


def test_every_form_asks_for_what_is_missing_by_its_name():
    plain = matches(r"^class \w+\(.*\bforms\.(Model)?Form\b", source("*.py"))
    assert [place for place in plain if not place.startswith("brigade/kit/forms.py")] == []


def test_nothing_is_skipped_or_left_for_later():
    mark = r"pytest\.(mark\.)?(ski[p]|xfai[l])|@ski[p]|raise NotImplementedErro[r]|#\s*(TOD[O]|FIXM[E]|XX[X])\b"
    assert matches(mark, files("*.py", "*.js", "*.html", "*.css")) == []


# What never is in the repository


def test_no_registry_host_and_no_machine_path():
    """The address of a package registry or of one machine's folders would tie the clone to a place."""
    own = [path for path in files("*") if path.suffix not in (".png", ".docx", ".mo", ".woff2")]
    hosts = r"\"resolved\": *\"http|index-ur[l]|https?://[a-z.-]*(py[p]i|npm[j]s|hos[t]ed|deb[i]an)\.|/wor[k]/|/roo[t]/"
    assert matches(hosts, own) == []


def test_pages_name_no_other_host():
    """All that a page loads comes from the portal itself; a closed network has nothing else."""
    pages = files("*.html", "*.js", "*.css", "*.svg", under=("templates", "static", *PACKAGES))
    assert matches(r"(https?:)?//(?!www\.w3\.org/)[a-z0-9-]+\.[a-z]", pages) == []


def test_pages_have_no_inline_style_or_script():
    """The content security policy would refuse them."""
    pages = files("*.html", under=("templates", *PACKAGES))
    inline = r"<style|\sstyle=|\son[a-z]+=\"|<script(?![^>]*\ssrc=)(?![^>]*type=\"application/json\")|javascript:"
    assert matches(inline, pages) == []


def test_the_style_sheets_keep_to_what_old_browsers_know():
    """Chromium 86 is promised: no nesting, no :has, color-mix, container queries, dynamic heights, inset."""
    sheets = files("*.css", under=("static",))
    assert sheets
    assert (
        matches(r":has\(|color-mix|@container|\d(dvh|svh|lvh)\b|\binset(-\w+)?\s*:|^\s*&|@layer|oklch|:is\(", sheets)
        == []
    )


def test_every_static_file_that_a_page_names_exists():
    names = {
        name
        for path in files("*.html", under=("templates", *PACKAGES))
        for name in re.findall(r"{% static ['\"]([^'\"{]+)['\"]", path.read_text("utf-8"))
    }
    assert names
    assert [name for name in sorted(names) if finders.find(name) is None] == []


def test_every_icon_that_a_page_names_is_in_the_sprite():
    sprite = (ROOT / "static" / "vendor" / "icons.svg").read_text("utf-8")
    named = {
        name
        for path in files("*.html", under=("templates", *PACKAGES))
        for name in re.findall(r"{% icon ['\"]([\w-]+)['\"]", path.read_text("utf-8"))
    }
    assert [name for name in sorted(named) if f'id="{name}"' not in sprite] == []


# Settings


def test_the_example_of_the_environment_lists_each_variable():
    code = "".join((ROOT / "brigade/config" / name).read_text("utf-8") for name in ("settings.py", "setup.py"))
    called = re.findall(r"\b(?:text|number|switch|names|origins|service|secret)\(\s*\"([A-Z_]+)\"", code)
    read = set(called) | set(re.findall(r"environ\.get\(\"([A-Z_]+)\"", code))
    listed = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text("utf-8"), re.MULTILINE))
    assert read == listed
    settings_only = re.findall(
        r"\b(?:text|number|switch|names|origins|service|secret)\(\s*\"([A-Z_]+)\"",
        (ROOT / "brigade/config/settings.py").read_text("utf-8"),
    )
    assert len(settings_only) == len(set(settings_only)), "a variable is read twice"


BAD_VALUES = [
    ("PORT", "eighty"),
    ("PORT", "70000"),
    ("DEBUG", "yes"),
    ("DATABASE_URL", "mysql://localhost/x"),
    ("REDIS_URL", "redis://localhost/name"),
    ("EMAIL_CHANNEL", "pigeon"),
    ("FIELD_KEYS", "1:short"),
    ("FIELD_KEY_CURRENT", "nine"),
    ("PUBLIC_BASE_URL", "portal.example"),
    ("VAR_DIR", "/nonexistent"),
]


@pytest.mark.parametrize(("name", "value"), BAD_VALUES)
def test_a_bad_variable_stops_the_start_with_its_name(name, value, monkeypatch):
    environment = {**os.environ, name: value}
    code = "import runpy; runpy.run_path('brigade/config/settings.py')"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode != 0
    assert (name if name != "VAR_DIR" else "SECRET_KEY") in done.stderr.splitlines()[-1]
