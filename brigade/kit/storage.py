"""Static files by content hash, the imports between our own JavaScript modules included."""

from functools import cache
from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedFiles(CompressedManifestStaticFilesStorage):
    """A module of `static/js/` names the others by their hashed names, so that a browser never mixes two releases.

    Only ours: what third parties ship names modules that a browser never asks for. An address stays as it is until
    the next release is started, so it is worked out once a process: a page names some twenty files.
    """

    support_js_module_import_aggregation = True
    _js_module_import_aggregation_patterns = (
        "js/*.js",
        CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1],
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._known_url = cache(super().url)

    def url(self, name: str, force: bool = False) -> str:
        return self._known_url(name, force)
