"""A full sheet into a ledger, against the least that could be done with it: read, insert, audit, in one transaction."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import timezone
from python_calamine import CalamineWorkbook

from brigade.audit import actions as audit
from brigade.jobs import actions as jobs
from brigade.jobs.models import Job
from brigade.kit import exporting
from brigade.kit.ids import new_id
from brigade.kit.importing import sheet_columns
from brigade.ledgers import actions
from brigade.ledgers.rules import IMPORTS
from brigade.ledgers.states import ImportState
from brigade.org.models import Person
from services.requests.models import ServiceRequest
from tests.bench.world import World
from tests.brigade.org.factories import person

ROWS = 20_000
SPEC = IMPORTS["requests:servicerequest_list"]


def workbook(world: World, mark: str) -> bytes:
    """A year of requests, twelve hundred lines a month, each with a serial number that begins with `mark`."""
    codes = [column.code for column in SPEC.columns]
    day = datetime(2025, 1, 6, 9, 0)

    def rows() -> Iterator[list[Any]]:
        for n in range(ROWS):
            received = day + timedelta(days=n % 350, minutes=n % 300)
            values = {
                "item": world.items[n % len(world.items)].name,
                "hall": world.halls[n % len(world.halls)].name,
                "received_at": received,
                "completed_at": received + timedelta(days=n % 3),
                "outcome": "准予",
                "handler": world.clerk.police_no,
                "external_no": f"{mark}{n:06}",
                "state": "已办结",
            }
            yield [values.get(code) for code in codes]

    target = BytesIO()
    exporting.write_xlsx(
        target,
        title="历史办件",
        unit="大队",
        filters="",
        person="甲",
        at=timezone.now(),
        columns=sheet_columns(SPEC.columns),
        rows=rows(),
    )
    return target.getvalue()


def imported(owner: Person, content: bytes) -> float:
    """Seconds of the worker: it reads and checks the whole sheet and writes it."""
    now = timezone.now()
    upload = SimpleUploadedFile("历史办件.xlsx", content)
    run = actions.upload_sheet(by=owner, spec=SPEC, upload=upload, path="/services/requests/", now=now)
    assert run.counts["new"] == ROWS, (run.error, run.preview[:1])
    run = actions.confirm_import(by=owner, run=run, now=now)
    start = time.perf_counter()
    assert jobs.run(Job.objects.get(key=run.job_key).pk)
    taken = time.perf_counter() - start
    run.refresh_from_db()
    assert (run.state, len(run.rows)) == (ImportState.DONE, ROWS), run.error
    return taken


def inserted(world: World, owner: Person, content: bytes, mark: str) -> float:
    """Seconds of reading the sheet and inserting as many rows, each with its audit row, without a question asked."""
    now, start = timezone.now(), time.perf_counter()
    rows = CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_index(0).to_python()[4:]
    assert len(rows) == ROWS
    made = [
        ServiceRequest(
            id=new_id(),
            unit=world.halls[n % len(world.halls)],
            number=f"{mark}{n}",
            title=row[1],
            item=world.items[n % len(world.items)],
            state="completed",
            first_contact_officer=owner,
            handler=owner,
            received_at=timezone.make_aware(row[3]),
            round_at=timezone.make_aware(row[3]),
            accepted_at=timezone.make_aware(row[3]),
            accepted_by=owner,
            completed_at=timezone.make_aware(row[4]),
            outcome="approved",
            external_no=row[9],
            created_at=now,
            created_by=owner,
        )
        for n, row in enumerate(rows)
    ]
    with transaction.atomic():
        ServiceRequest.objects.bulk_create(made, batch_size=500)
        audit.record_many([audit.Entry(verb="request.past_recorded", target=one, by=owner, now=now) for one in made])
    return time.perf_counter() - start


def measure(world: World, say: Callable[[str, str, str, bool], None], rounds: int = 2) -> None:
    owner = person("hall_head", at=world.brigade, name="丙")
    ours, least = [], []
    for turn in range(rounds):
        content = workbook(world, f"YS{turn}")
        least.append(inserted(world, owner, content, f"B{turn}-"))
        ServiceRequest.objects.filter(number__startswith=f"B{turn}-").delete()
        ours.append(imported(owner, content))
    ratio = min(ours) / min(least)
    words = f"{ratio:.2f}×  ({min(ours):.1f} s : {min(least):.1f} s)"
    say("import 20 k rows : calamine + bulk_create, audited", "≤ 4×", words, ratio <= 4)
