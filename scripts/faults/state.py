"""Faults of what the gate keeps: crashes, torn files, full disks, clocks, bad policies, a second process."""

import contextlib
import os
import shutil
import subprocess
import time

from clients import PROFILE, USER, Admin, Canary, Line, Stub, get, limited, partner
from harness import FOUND, PATIENCE, ROOT, Failed, Gate, check
from table import cargo, fault, script

HOLD = ("--reason", "investigation", "--tell", "We are looking into your traffic.", *FOUND)


@contextlib.contextmanager
def serving(scratch, stub=None, before=None, prepare=None):
    """A gate before a stub, with one innocent partner; both end with the block."""
    stub = stub or Stub()
    gate = Gate(os.path.join(scratch, "gate"), stub.url, accounts=(USER,))
    gate.records_to(None)
    if prepare:
        prepare(gate)
    gate.serve(before=before)
    gate.stub = stub
    try:
        gate.key_id, gate.key = partner(gate, "innocent")
        yield gate
        gate.stop()
    finally:
        if gate.process.poll() is None:
            gate.kill()


def code(gate, key=None):
    """What a call comes to: `200`, or the code of its refusal."""
    status, body = gate.call(PROFILE, key or gate.key)
    return "200" if status == 200 else (body or {}).get("code", str(status))


def verified(gate):
    told = gate.command("audit", "verify")
    check(told.get("ok", True) is not False, f"the log does not verify: {told}")
    return told


@fault("F1", "kill -9 within hold, restore, revoke, apply", long=True)
def crashes(_scratch, sample):
    return script("kill-loop", "--rounds", "5" if sample else "200")


@fault("F2", "the log's last records torn off")
def torn(scratch, sample):
    """Each cut is either harmless or named, never served with less than was acknowledged."""
    with serving(scratch) as gate:
        backup = os.path.join(scratch, "backup")
        gate.command("store", "backup", backup)
        admin = Admin(gate)
        for _ in range(6):
            admin.hold(f"keys/{gate.key_id}")
            admin.restore(f"keys/{gate.key_id}")
        admin.hold(f"keys/{gate.key_id}")
        gate.kill()
        data = os.path.join(gate.folder, "data")
        whole = os.path.join(scratch, "whole")
        shutil.copytree(data, whole)
        wal = os.path.getsize(os.path.join(whole, "portcullis.db-wal"))
        cuts = 4 if sample else 24
        served = refused = 0
        for cut in range(1, cuts + 1):
            shutil.rmtree(data)
            shutil.copytree(whole, data)
            # Within records as well as between them.
            os.truncate(os.path.join(data, "portcullis.db-wal"), max(0, wal - cut * cut * 173))
            try:
                gate.serve()
                served += 1
                check(code(gate) == "key_held", f"cut {cut}: served without the last hold")
                gate.kill()
            except Failed:
                with open(gate.log, encoding="utf-8") as log:
                    last = log.read()[-1500:]
                check("portcullis.db" in last and gate.process.poll() is not None, f"cut {cut}: {last}")
                refused += 1
        started = time.monotonic()
        gate.command("store", "restore", backup, "--accept-loss")
        gate.serve()
        check(code(gate) == "key_held", "the hold of after the backup is lost")
        verified(gate)
        back = time.monotonic() - started
    check(refused, "no cut was noticed")
    return f"{cuts} cuts: {refused} refused and named, {served} served whole, none served less; from the backup in {back:.1f} s, later hold kept"


@fault("F3", "a flipped bit anywhere", long=True)
def flipped(_scratch, _sample):
    return cargo("portcullis-store", "damage") + "; " + cargo("portcullis", "damage::a_flipped_byte", "--test", "all")


@fault("F4", "disk full while holding", long=True)
def full(_scratch, _sample):
    return cargo("portcullis", "disk_full::a_hold_bites_while_the_disk_is_full", "--test", "all")


@fault("F5", "log not writable")
def unwritable(scratch, sample):
    """Nothing is widened, a hold bites and says that it is not durable, calls go on."""
    with serving(scratch) as gate:
        other, _ = gate.issue("innocent")
        gate.command("key", "hold", other, *HOLD)
        with Canary(gate.public, gate.key) as canary:
            limited(gate.process.pid, fsize=1024)
            refused = 0
            for _ in range(2 if sample else 10):
                for wish in (("partner", "add", "late", "--use", "publishing"), ("key", "issue", "--partner", "innocent"),
                             ("key", "restore", other, "--reason", "mistake", "--tell", "It was ours.")):
                    status, _, err = gate.run(*wish)
                    check(status != 0 and err, f"`{wish[0]} {wish[1]}` was taken without a log")
                    refused += 1
            limited(gate.process.pid, fsize="unlimited")
            deadline = time.monotonic() + PATIENCE
            while gate.get(gate.admin, "/readyz")[0] != 200:
                check(time.monotonic() < deadline, "not ready long after there was room")
                time.sleep(0.05)
        seen = canary.end()
        gate.command("key", "restore", other, "--reason", "mistake", "--tell", "It was ours.")
        verified(gate)
    check(not seen.bad, f"calls suffered: {seen}")
    return f"{refused} changes refused, meanwhile {seen}"


def spoiled(text, number):
    """A policy file that can't be one, each time in another way."""
    ways = (
        lambda: text.replace("version: 1", ""), lambda: text.replace("tier: publishing", "tier:"), lambda: text[:len(text) // 2],
        lambda: text.replace("allow:", "alow:"), lambda: text.replace("class: [profile.basic]", "class: [no.such]"),
        lambda: text + text, lambda: text.replace("inherits: base", "inherits: nobody"), lambda: "\0" * 100,
        lambda: text.replace("version: 1", "version: 99"), lambda: text.replace("rates: []", "rates: null"),
        lambda: text.replace("fields: [profile]", "fields: profile: x"), lambda: text + "x: " + "[" * 5000,
        lambda: text.replace("use: publishing", "use: [publishing"), lambda: "",
        lambda: text + "&a [*a]\n", lambda: text.replace("target: granted", "target: {}"),
    )
    return ways[number % len(ways)]()


@fault("F7", "bad policies pushed under load")
def bad_policies(scratch, sample):
    """Each is refused whole and says where, the one in force stays, and no call notices."""
    with serving(scratch) as gate:
        folder = os.path.join(scratch, "set")
        for part in ("routes", "policies"):
            shutil.copytree(os.path.join(gate.folder, part), os.path.join(folder, part))
        file = os.path.join(folder, "policies", "publishing.yaml")
        with open(file, encoding="utf-8") as good:
            text = good.read()
        before = gate.get(gate.admin, "/v1/policies", {"Authorization": f"Bearer {gate.token}"})[2]
        count = 16 if sample else 160
        with Canary(gate.public, gate.key) as canary:
            for number in range(count):
                with open(file, "w", encoding="utf-8") as bad:
                    bad.write(spoiled(text, number))
                status, _, err = gate.run("apply", folder, "--reason", "agreement-changed", "--tell", "x", *FOUND)
                check(status != 0 and "publishing.yaml" in err, f"bad policy {number} came to {status}: {err[:300]}")
        seen = canary.end()
        after = gate.get(gate.admin, "/v1/policies", {"Authorization": f"Bearer {gate.token}"})[2]
        check(before == after, "another set is in force")
        check(not seen.bad, f"calls suffered: {seen}")
        verified(gate)
    return f"{count} sets refused and named, the one before in force; meanwhile {seen}"
