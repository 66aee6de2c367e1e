"""The tests leave nothing behind: the folder of a killed run is gone after the next one has begun."""

import os
import subprocess
import sys
from pathlib import Path

from tests import scratch

ROOT = Path(__file__).resolve().parents[1]
MAKE = "import sys; from tests import scratch; print(scratch.folder('run-', sys.argv[1]), flush=True)"


def start(place, then):
    process = subprocess.Popen(
        [sys.executable, "-c", f"{MAKE}; {then}", str(place)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    return process, Path(process.stdout.readline().strip())


def end(process):
    process.kill()
    process.communicate()


def test_a_folder_goes_with_its_run(tmp_path):
    process, folder = start(tmp_path, "pass")
    process.communicate()
    assert not folder.exists()


def test_what_a_killed_run_left_is_removed_and_a_living_run_keeps_its_own(tmp_path):
    killed, left = start(tmp_path, "import time; time.sleep(60)")
    living, kept = start(tmp_path, "import time; time.sleep(60)")
    end(killed)
    (left / "database").write_text("")
    strange = tmp_path / "run-of-somebody"
    strange.mkdir()
    try:
        made = scratch.folder("run-", tmp_path)
        assert sorted(os.listdir(tmp_path)) == sorted([kept.name, strange.name, made.name])
    finally:
        end(living)
