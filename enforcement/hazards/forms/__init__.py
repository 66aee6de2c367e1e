"""Input of the pages of hazards, and its checks: the report, one form a move, the owners, the roads.

This room is a package: what it offers stands here, by its part.
"""

from enforcement.hazards.forms.fields import UPLOADS, WRONG, PhotosInput, Uploads
from enforcement.hazards.forms.moves import (
    AcceptForm,
    ControlForm,
    DeferForm,
    DelistForm,
    ExtensionForm,
    FindUnmendedForm,
    GradeForm,
    GradeMajorForm,
    GrantForm,
    ListForm,
    MergeForm,
    MoveForm,
    NotifyForm,
    ProgressForm,
    ReasonForm,
    ReassignForm,
    RecheckForm,
    RegisterForm,
    ReopenForm,
    ReportUpForm,
    StartForm,
    SubmitForm,
    TransferForm,
    VerifyForm,
)
from enforcement.hazards.forms.owners import OwnerForm, RevealForm
from enforcement.hazards.forms.places import AmendForm, ReportForm
from enforcement.hazards.forms.roads import RoadForm

FORMS: dict[str, type[MoveForm]] = {
    "amend": AmendForm,
    "register": RegisterForm,
    "invalidate": ReasonForm,
    "revive": ReasonForm,
    "merge": MergeForm,
    "grade": GradeForm,
    "grade_major": GradeMajorForm,
    "control": ControlForm,
    "notify": NotifyForm,
    "accept": AcceptForm,
    "dispute": ReasonForm,
    "uphold": ReasonForm,
    "transfer": TransferForm,
    "start": StartForm,
    "progress": ProgressForm,
    "submit": SubmitForm,
    "verify": VerifyForm,
    "find_unmended": FindUnmendedForm,
    "ask_extension": ExtensionForm,
    "grant_extension": GrantForm,
    "refuse_extension": ReasonForm,
    "defer": DeferForm,
    "resume": MoveForm,
    "reopen": ReopenForm,
    "recheck": RecheckForm,
    "list": ListForm,
    "delist": DelistForm,
    "report_up": ReportUpForm,
    "reassign": ReassignForm,
}
"""Move → what it asks for."""
