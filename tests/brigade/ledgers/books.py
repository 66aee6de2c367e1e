"""Workbooks as a brigade keeps them, and their way into a ledger, for the tests of imports."""

from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from brigade.jobs import actions as jobs
from brigade.jobs.models import Job
from brigade.jobs.states import JobState
from brigade.ledgers.models import ImportRun

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def book(rows, *, merge=(), sheets=(), name="台账.xlsx"):
    """An upload: `rows` from the first line on, cells of `merge` merged, further `sheets` by title."""
    made = Workbook()
    made.active.title = "台账"
    for row in rows:
        made.active.append(row)
    for area in merge:
        made.active.merge_cells(area)
    for title, lines in sheets:
        sheet = made.create_sheet(title)
        for line in lines:
            sheet.append(line)
    content = BytesIO()
    made.save(content)
    return SimpleUploadedFile(name, content.getvalue(), content_type=MEDIA_TYPE)


def again(content, name="改好.xlsx"):
    return SimpleUploadedFile(name, content, content_type=MEDIA_TYPE)


def into(url, head):
    """`upload` and `bring_in` for the ledger at `url`, whose sheets begin with the line `head`."""

    def upload(client, lines, head=head, **how):
        answer = client.post(f"{url}?import=new", {"file": book([head, *lines], **how)})
        assert answer.status_code == 302, answer.content.decode()
        return ImportRun.objects.order_by("-created_at").first()

    def bring_in(client, lines, head=head, **how):
        run = upload(client, lines, head, **how)
        client.post(f"{url}?import={run.pk}", {"do": "confirm"})
        return work(run)

    return upload, bring_in


def work(run=None):
    """Do what is queued for the worker; the run as it stands then."""
    for job in Job.objects.filter(name__startswith="ledgers.", state=JobState.QUEUED):
        assert jobs.run(job.pk)
    if run is not None:
        run.refresh_from_db()
    return run
