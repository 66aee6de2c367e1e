"""The settings of the tests: keys and files of their own, quick password hashes, files served as they are."""

import atexit
import os
import shutil
import tempfile

if "VAR_DIR" not in os.environ:
    os.environ["VAR_DIR"] = tempfile.mkdtemp(prefix="brigade-test-")
    _owner = os.getpid()
    atexit.register(lambda: os.getpid() == _owner and shutil.rmtree(os.environ["VAR_DIR"], ignore_errors=True))

from brigade.config import setup

setup.make_folders()
setup.make_keys()

from brigade.config.settings import *
from brigade.config.settings import STORAGES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
