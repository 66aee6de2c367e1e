"""Static files by content hash, the imports between our own JavaScript modules included."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedFiles(CompressedManifestStaticFilesStorage):
    """A module of `static/js/` names the others by their hashed names, so that a browser never mixes two releases.

    Only ours: what third parties ship names modules that a browser never asks for.
    """

    support_js_module_import_aggregation = True
    _js_module_import_aggregation_patterns = (
        "js/*.js",
        CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1],
    )
