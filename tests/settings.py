"""The settings of the tests: keys, files and broker of their own, quick password hashes, plain static files."""

import os
import tempfile
from pathlib import Path

from tests import scratch

if "VAR_DIR" not in os.environ:
    os.environ["VAR_DIR"] = str(scratch.folder("brigade-test-"))
    # What browsers, workers and pytest itself put aside goes with the folder too.
    os.environ["TMPDIR"] = tempfile.tempdir = tempfile.mkdtemp(prefix="tmp-", dir=os.environ["VAR_DIR"])
_lane = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
if Path(os.environ["VAR_DIR"]).name != _lane:
    os.environ["VAR_DIR"] += f"/{_lane}"
    if "REDIS_URL" in os.environ:
        os.environ["REDIS_URL"] = os.environ["REDIS_URL"].rsplit("/", 1)[0] + f"/{2 * int(_lane[2:])}"

from brigade.config import setup

setup.make_folders()
setup.make_keys()

from brigade.config.settings import *
from brigade.config.settings import STORAGES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
