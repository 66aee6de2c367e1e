"""The beginning of a real installation: the brigade and its three administrators."""

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from brigade.audit.actions import SYSTEM
from brigade.kit.refusals import Refused
from brigade.org import actions
from brigade.org.states import Role

ADMINISTRATORS = {"system": Role.SYSTEM_ADMIN, "security": Role.SECURITY_ADMIN, "audit": Role.AUDIT_ADMIN}


class Command(BaseCommand):
    help = "Opens the first unit of an empty installation, with three different people as its administrators."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", help="code of the brigade")
        parser.add_argument("name", help="name of the brigade")
        parser.add_argument(
            "--since",
            type=date.fromisoformat,
            default=actions.UNITED_ON,
            metavar="YYYY-MM-DD",
            help="since when the brigade stands (%(default)s); its squadrons, branches and records are not older",
        )
        for option in ADMINISTRATORS:
            parser.add_argument(f"--{option}", required=True, metavar="NUMBER:NAME")

    def handle(self, *args: Any, **options: Any) -> None:
        named = {role: tuple(options[option].split(":", 1)) for option, role in ADMINISTRATORS.items()}
        if any(len(pair) != 2 for pair in named.values()):
            raise CommandError(_("每名管理员写成“警号:姓名”。"))
        try:
            passwords = actions.found_brigade(
                by=SYSTEM,
                code=options["code"],
                name=options["name"],
                administrators=named,
                opened_on=options["since"],
            )
        except Refused as refusal:
            raise CommandError(str(refusal)) from None
        for role, password in passwords.items():
            self.stdout.write(f"{role.label} {named[role][0]} {password}")
