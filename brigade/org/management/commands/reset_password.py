"""A new first password at the server's console: for administrators, and when no administrator can sign in."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from brigade.audit.actions import SYSTEM
from brigade.org import actions
from brigade.org.models import Person


class Command(BaseCommand):
    help = "Gives the person with this police number a new first password and prints it once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("police_no")

    def handle(self, *args: Any, **options: Any) -> None:
        person = Person.objects.filter(police_no__iexact=options["police_no"]).first()
        if person is None:
            raise CommandError(_("没有警号%s的人员。") % options["police_no"])
        self.stdout.write(actions.reset_password(by=SYSTEM, person=person))
