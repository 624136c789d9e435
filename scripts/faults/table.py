"""The table of faults: what each is called, who shows it, and how others' checks are run."""

import collections
import os
import re
import subprocess

from harness import ROOT, check

Fault = collections.namedtuple("Fault", "name about long run")
FAULTS = {}


def fault(name, about, long=False):
    """Puts a check into the table. A long one is left out of a sample: other scripts run it there."""

    def put(run):
        FAULTS[name] = Fault(name, about, long, run)
        return run

    return put


def script(name, *args):
    """Runs another script; its last line is the figure."""
    done = subprocess.run([os.path.join(ROOT, "scripts", name), *args], capture_output=True, text=True, check=False)
    check(done.returncode == 0, f"{name} failed: {done.stdout[-1500:]}{done.stderr[-1500:]}")
    return done.stdout.strip().splitlines()[-1]


def cargo(package, name, *target):
    """Runs tests by name, of which there must be some."""
    args = ["cargo", "test", "--quiet", "--locked", "--package", package, *(target or ["--lib"]), name]
    done = subprocess.run(args, capture_output=True, text=True, check=False, cwd=ROOT)
    passed = sum(int(count) for count in re.findall(r"test result: ok\. (\d+) passed", done.stdout))
    check(done.returncode == 0 and passed, f"`{' '.join(args)}` failed: {done.stdout[-2000:]}{done.stderr[-1000:]}")
    return f"{passed} tests of {package} `{name}`"
