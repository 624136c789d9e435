"""Faults of the clock, which somebody sets while the gate runs or before it is started."""

import os
import struct
import subprocess
import time

from clients import PROFILE, Line, get, metric
from harness import PATIENCE, ROOT, check
from state import HOLD, code, serving, verified
from table import fault

HOUR = 3600 * 10**9
CLOCKED = """\
version: 1
tier: publishing
about: A budget of an hour.
use: publishing
inherits: base
rates: []
limits:
  - { id: calls-per-hour, count: calls, max: 30, window: 1h }
allow:
  - { id: profile, class: [profile.basic], target: granted, fields: [profile], limits: [calls-per-hour] }
"""


# How the clocks move, and how many of 40 calls pass then. Nothing is freed twice, and an hour that passed
# by any clock is over.
TICK = HOUR + 10**9
CLOCK_STEPS = (
    ("at first", {}, 30), ("used up", {}, 0),
    ("an hour back", {"wall": -HOUR}, 0), ("put right", {"wall": HOUR}, 0),
    ("an hour ahead", {"wall": HOUR}, 30), ("put right", {"wall": -HOUR}, 0), ("an hour later", {"wall": TICK, "count": TICK}, 30),
    ("the wall clock stands for an hour", {"stands": True, "wall": TICK, "count": TICK}, 30),
    ("another hour", {"wall": TICK, "count": TICK}, 30), ("put right", {"stands": 0}, 0),
    ("3 hours back", {"wall": -3 * HOUR}, 0), ("an hour later", {"wall": TICK, "count": TICK}, 30),
)


class Clocks:
    """The clocks of one process, to be moved while it runs."""

    def __init__(self, scratch):
        self.file = os.path.join(scratch, "shift")
        self.library = os.path.join(scratch, "clock.so")
        self.wall = self.count = self.stands = 0
        self._write()
        source = os.path.join(ROOT, "scripts", "faults", "clock.c")
        done = subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", self.library, source, "-ldl"], check=False)
        check(done.returncode == 0, "the clock could not be built: please install gcc")

    def preload(self):
        os.environ["LD_PRELOAD"], os.environ["CLOCK_SHIFT"] = self.library, self.file

    def move(self, wall=0, count=0, stands=None):
        self.wall, self.count = self.wall + wall, self.count + count
        self.stands = self.stands if stands is None else stands
        self._write()
        # The gate looks at the wall clock ten times a second, where it comes to that.
        time.sleep(1)

    def _write(self):
        # In place: it is mapped.
        with open(self.file, "r+b" if os.path.exists(self.file) else "wb") as file:
            file.write(struct.pack("<qqq", self.wall, self.count, self.stands))


def passed(gate, calls=40):
    """How many of so many calls pass."""
    line = Line(gate.public)
    told = [line.call(get(PROFILE, gate.key))[0] for _ in range(calls)]
    check(set(told) <= {200, 429}, f"calls came to {sorted(set(told))}")
    return told.count(200)


@fault("F6", "clock jumps an hour, backwards, stands; is days off")
def clocks(scratch, _sample):
    return f"{budgets(scratch)}; {kept(scratch)}"


def budgets(scratch):
    """A budget of 30 an hour is neither freed nor locked by a wrong clock for more than one window."""
    clock = Clocks(scratch)

    def prepare(gate):
        with open(os.path.join(gate.folder, "policies", "publishing.yaml"), "w", encoding="utf-8") as file:
            file.write(CLOCKED)

    with serving(scratch, before=clock.preload, prepare=prepare) as gate:
        gate.apply(gate.folder)
        other, held = gate.issue("innocent")
        _, short = gate.issue("innocent", "--expires", "30m")
        told = []
        for name, move, wanted in CLOCK_STEPS:
            if move.get("stands"):
                move = {**move, "stands": time.time_ns() + clock.wall}
            clock.move(**move)
            told.append(f"{name} {passed(gate)}")
            check(told[-1] == f"{name} {wanted}", f"{told}: {wanted} should have passed")
            if name == "an hour back":
                gate.command("key", "hold", other, *HOLD)
            check((code(gate, held) == "key_held") == (name == "an hour back"), f"{name}: a hold is not what it was")
            if name == "an hour back":
                gate.command("key", "restore", other, "--reason", "mistake", "--tell", "It was ours.")
        check(code(gate, short) == "key_expired", "a key is not at its end after hours")
        verified(gate)
    return f"of 40 calls where 30 an hour may pass, there passed: {', '.join(told)}; holds bite and lift, the log verifies"


def kept(scratch):
    """What the ledger keeps goes by no clock that somebody set wrong, however often the gate is started."""
    scratch = os.path.join(scratch, "kept")
    os.mkdir(scratch)
    clock, folder = Clocks(scratch), os.path.join(scratch, "gate", "data", "portcullis.ledger")

    def day(ago):
        return time.strftime("%Y-%m-%d", time.gmtime(time.time() - ago * 86400))

    def key(ago):
        return os.path.join(folder, "keys", f"{day(ago)}.key")

    def believe(days):
        with open(os.path.join(folder, "believed"), "w", encoding="utf-8") as file:
            file.write(f"{day(-days)}{time.strftime('T%H:%M:%SZ', time.gmtime())}")

    def looked(gate, what, *there):
        """What is old is looked for after a journal was rolled; the second time the first look is over."""
        for _ in range(2):
            before, until = metric(gate, "portcullis_ledger_rolled_total"), time.monotonic() + PATIENCE
            while metric(gate, "portcullis_ledger_rolled_total") == before:
                check(code(gate) == "200", "a call was refused")
                check(time.monotonic() < until, "no journal is rolled")
                time.sleep(0.1)
        gone = [os.path.basename(path) for path in there or (key(5), key(30)) if not os.path.exists(path)]
        check(not gone, f"{what}: {', '.join(gone)} went")

    with serving(scratch, before=clock.preload, prepare=lambda gate: gate.ledger("roll: 1s")) as gate:
        def again(what):
            gate.stop()
            gate.serve(before=clock.preload)
            looked(gate, what)

        for path in key(5), key(30):
            with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
                file.write(bytes(range(32)))
        again("a start that nothing is wrong with")
        for name, ahead in ("47 hours", 47 * HOUR), ("40 days", 40 * 24 * HOUR):
            clock.move(wall=ahead)
            looked(gate, f"a clock that jumps {name} ahead")
            again(f"a start with a clock {name} ahead")
            again(f"another start with a clock {name} ahead")
            clock.move(wall=-ahead)
            looked(gate, f"a clock that was {name} ahead and is right again")
        with open(gate.log, encoding="utf-8") as log:
            told = log.read().count("nothing of the ledger goes by its age until")
        check(told == 6, f"the clock was doubted {told} times instead of 6")
        clock.move(wall=-400 * 24 * HOUR)
        looked(gate, "a clock 400 days behind")
        young = [os.path.join(folder, name) for name in os.listdir(folder) if name.startswith(day(400)) and name.endswith(".parquet")]
        check(young, "nothing was written by a clock that was behind")
        clock.move(wall=400 * 24 * HOUR)
        looked(gate, "a clock that was behind and is right again", key(400), *young)
        gate.stop()
        # Now 40 days have passed, by what the gate itself wrote down.
        believe(40)
        clock.move(wall=40 * 24 * HOUR)
        gate.serve(before=clock.preload)
        looked(gate, "40 days later", key(400), *young)
        check(not any(os.path.exists(key(ago)) for ago in (5, 30)), "a key did not go after 40 days")
        verified(gate)
    return "of the ledger nothing went in 4 starts and 2 runs with a clock ahead, nor by one 400 days behind; after 40 days it did"
