"""Every write of ledgers: views kept under a name, exports, imports, drafts.

This room is a package: what it offers stands here.
"""

from brigade.ledgers.actions.drafts import drop_draft, drop_sent, purge_drafts, save_draft
from brigade.ledgers.actions.exports import (
    close_given_up,
    expire_exports,
    export_now,
    note_download,
    note_export,
    queue_export,
    run_export,
)
from brigade.ledgers.actions.imports import (
    close_dead_imports,
    confirm_import,
    expire_imports,
    hand_out,
    map_columns,
    run_import,
    run_undo,
    undo_import,
    upload_sheet,
    write_mended_sheet,
)
from brigade.ledgers.actions.saved_views import drop_view, save_view
