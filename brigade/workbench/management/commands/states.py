"""Draws the state diagrams of all records from the lists of moves into docs/states/, or (--check) compares them."""

from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Model

from brigade.org.states import PERMISSIONS, Role
from brigade.workflow import BACK, MOVES, Move

FOLDER = Path(settings.BASE_DIR) / "docs" / "states"


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="fail when a committed diagram is not the drawn one")

    def handle(self, *args: Any, **options: Any) -> None:
        drawn = {f"{kind}.md": _page(apps.get_model(kind)) for kind in sorted({move.kind for move in MOVES.values()})}
        if options["check"]:
            kept = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
            if stale := sorted(name for name in drawn.keys() | kept.keys() if drawn.get(name) != kept.get(name)):
                raise CommandError(f"docs/states is not up to date, run `make states`: {', '.join(stale)}")
            return
        FOLDER.mkdir(parents=True, exist_ok=True)
        for path in FOLDER.glob("*.md"):
            path.unlink()
        for name, text in drawn.items():
            (FOLDER / name).write_text(text, encoding="utf-8")


def _page(model: type[Model]) -> str:
    moves = [move for move in MOVES.values() if move.kind == model._meta.label_lower]
    labels = {str(code): str(label) for code, label in model._meta.get_field("state").flatchoices}
    lines = [f"# {model._meta.verbose_name} `{model._meta.label_lower}`", "", "```mermaid", "stateDiagram-v2"]
    lines += [f"    {code}: {label}" for code, label in labels.items()]
    for move in moves:
        for source in _sources(move, labels):
            target = "[*]" if move.target == BACK else move.target or source
            lines.append(f"    {source or '[*]'} --> {target}: {move.label}")
    lines += ["```", "", "| move | from | to | who | needs a reason |", "|---|---|---|---|---|"]
    for move in moves:
        sources = "、".join(labels.get(source, "—") for source in _sources(move, labels))
        target = "back" if move.target == BACK else labels.get(move.target, "same")
        lines.append(f"| {move.label} | {sources} | {target} | {_who(move)} | {'yes' if move.needs_reason else ''} |")
    return "\n".join(lines) + "\n"


def _sources(move: Move, labels: dict[str, str]) -> list[str]:
    order = ["", *labels]
    return sorted(map(str, move.sources), key=order.index)


def _who(move: Move) -> str:
    roles = [str(role.label) for role in Role if role in PERMISSIONS.get(move.perm, ())]
    return "、".join(roles + ([str(move.whom)] if move.may else []) + (["系统"] if move.by_system else []))
