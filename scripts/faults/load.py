"""Faults of what goes through the gate: platforms that fail, crowds, exhausted means, a stop under load."""

import contextlib
import os
import subprocess
import time

from clients import PROFILE, USER, Admin, Canary, Crowd, Frames, Line, Stub, get, limited, memory_kib, metric, partner
from harness import BINARY, PATIENCE, check, small_pages
from state import code, serving, verified
from table import cargo, fault, script


@fault("F8", "1,000 reloads of policies under load", long=True)
def reloads(_scratch, sample):
    return script("reloads", "--applies", "50" if sample else "1000")


def under_upstream(gate, text):
    """One more line of `upstream:`, before the gate is started."""
    with open(gate.config, encoding="utf-8") as file:
        whole = file.read()
    check("upstream:\n" in whole, "the configuration says nothing of the upstream")
    with open(gate.config, "w", encoding="utf-8") as file:
        file.write(whole.replace("upstream:\n", f"upstream:\n  {text}\n", 1))


def patient(gate):
    with open(gate.config, "a", encoding="utf-8") as file:
        file.write("timeouts: { first_byte: 1s, connect: 1s }\n")


@fault("F9", "platform refuses, resets, is a black hole; and is back")
def platforms(scratch, sample):
    """Each fault is told within its limit, and forgotten within a second of its end."""
    told = []
    with serving(scratch, prepare=patient) as gate:
        stub = gate.stub
        for mode, wanted, within in (("down", "upstream_unreachable", 0.5), ("reset", None, 0.5), ("hole", "upstream_slow", 1.6)):
            if mode == "down":
                stub.down()
            else:
                stub.mode = mode
            worst = 0.0
            for _ in range(3 if sample else 10):
                started = time.monotonic()
                status, body = gate.call(PROFILE, gate.key)
                worst = max(worst, time.monotonic() - started)
                check(status in (502, 503, 504), f"{mode}: a call came to {status} {body}")
                check(not wanted or status == 503 or body["code"] == wanted, f"{mode}: a call came to {body}")
            check(sample or worst <= within, f"{mode}: told after {worst:.2f} s")
            with Canary(gate.public, gate.key, every=0.02, patience=5.0) as canary:
                time.sleep(0.5)
                if mode == "down":
                    stub.up()
                else:
                    stub.mode = "ok"
                back = time.monotonic()
                time.sleep(2.5)
                while code(gate) != "200":
                    check(time.monotonic() - back < PATIENCE, f"{mode}: no call passes after the platform is back")
                passed = time.monotonic()
            good = [at + took for at, took, status, _ in canary.end().calls if status == 200 and at + took >= back]
            bad = [at + took for at, took, status, _ in canary.seen.calls if status != 200]
            whole = max([at - back for at in bad if at > back] + [min([passed, *good]) - back])
            check(sample or whole <= 1.0, f"{mode}: the last failure {whole:.2f} s after the platform was back")
            told.append(f"{mode} told in {worst * 1e3:.0f} ms, whole again after {whole * 1e3:.0f} ms")
    return "; ".join(told) + "; " + beside(os.path.join(scratch, "two"), PATIENCE if sample else 2)


def beside(scratch, within):
    """Of two upstreams one is cut off and comes back: the other takes all calls meanwhile."""
    os.mkdir(scratch)
    whole, broken = Stub(), Stub()
    prepare = lambda gate: under_upstream(gate, f"addresses: [{{ url: {whole.url} }}, {{ url: {broken.url} }}]")
    with serving(scratch, stub=whole, prepare=prepare) as gate, Canary(gate.public, gate.key) as canary:
        time.sleep(1)
        before = broken.calls
        broken.down()
        time.sleep(1)
        broken.calls = 0
        broken.up()
        back = time.monotonic()
        while not broken.calls:
            check(time.monotonic() - back < within, "the one that is back gets no calls")
            time.sleep(0.01)
        took = time.monotonic() - back
        time.sleep(0.5)
        seen = canary.end()
        check(before, "the second upstream got no calls")
        check(not seen.bad, f"calls suffered: {seen}")
    return f"one of two cut off: {seen}, calls again after {took * 1e3:.0f} ms"


@fault("F10", "malformed answers of the platform", long=True)
def malformed(_scratch, _sample):
    return cargo("portcullis-proxy", "upstreams::", "--test", "all")


@fault("F11", "platform slow, 500 calls waiting")
def waiting(scratch, sample):
    """What is quick stays quick beside 500 calls that wait, and what is too much is refused with a hint."""
    stub = Stub("slow-ids", wait=1.0)

    bounds = "limits: { calls: 64, partner_percent: 50, waiting: 200, wait: 2s }"
    prepare = lambda gate: under_upstream(gate, bounds)
    with serving(scratch, stub=stub, prepare=prepare) as gate:
        partner(gate, "slow")
        _, slow = gate.issue("slow")
        lines = [Line(gate.public) for _ in range(100 if sample else 500)]
        with Canary(gate.public, gate.key) as canary:
            time.sleep(1)
            since = time.monotonic()
            for line in lines:
                line.send(get(f"/v21.0/{USER}?fields=id,username", slow))
            answers = [line.answer() for line in lines]
            until = time.monotonic()
        seen = canary.end()
        refused = [answer for answer in answers if answer[0] != 200]
        for status, head, body in refused:
            check(status == 503 and b"retry-after" in head.lower(), f"a call came to {status} {body}")
        during = seen.between(since, until)
        check(not seen.bad, f"quick calls suffered: {seen}")
        check(stub.most <= 64, f"{stub.most} calls at once at a platform that takes 64")
        check(sample or refused, "nothing was refused")
    return (f"{len(answers) - len(refused)} waited, {len(refused)} got 503 with Retry-After, at most {stub.most} at the platform; "
            f"meanwhile {during}")


@fault("F12", "a held key with 100 connections and 100 streams open")
def held(scratch, sample):
    """The next call on each is refused within 100 ms of the acknowledgement, and streaming answers end cut."""
    count = 20 if sample else 100
    with serving(scratch) as gate:
        lines = [Line(gate.public) for _ in range(count)]
        streams = [Frames(gate.public) for _ in range(count // 5)]
        wire = get(PROFILE, gate.key)
        for line in lines:
            check(line.call(wire)[0] == 200, "a call before the hold was refused")
        for one in streams:
            check(b"username" in one.answer(one.ask(PROFILE, gate.key))[0], "a stream before the hold was refused")
        Admin(gate).hold(f"keys/{gate.key_id}")
        acknowledged = time.monotonic()
        for line in lines:
            line.send(wire)
        asked = [(one, one.ask(PROFILE, gate.key)) for one in streams for _ in range(5)]
        for line in lines:
            status, _, body = line.answer()
            check(status == 403 and b"key_held" in body, f"a call after the hold came to {status} {body[:200]}")
        for one, stream in asked:
            body, _ = one.answer(stream)
            check(b"key_held" in body, f"a stream after the hold came to {body[:200]}")
        took = time.monotonic() - acknowledged
        for one in (*lines, *streams):
            one.close()
    check(took <= 0.1 or sample, f"the last refusal came {took * 1e3:.0f} ms after the acknowledgement")
    return f"{count} connections and {len(asked)} streams refused, the last {took * 1e3:.0f} ms after the acknowledgement"


def open_classes(gate):
    """What calls over several classes come to."""
    targets = (PROFILE, f"/v21.0/{USER}/media?fields=id", f"/v21.0/{USER}/stories", f"/v21.0/{USER}/content_publishing_limit")
    told = []
    for target in targets:
        status, body = gate.call(target, gate.key)
        told.append((status, isinstance(body, dict) and body.get("code")))
    return told


@fault("F13", "hold and restore flapping 1,000 times")
def flapping(scratch, sample):
    """The state is right, the scopes are what they were, and the log tells each step once."""
    times = 100 if sample else 1000
    with serving(scratch) as gate:
        before, opened = gate.command("key", "show", gate.key_id), open_classes(gate)
        admin, what, revisions = Admin(gate), f"keys/{gate.key_id}", []
        started = time.monotonic()
        for _ in range(times):
            revisions += [admin.hold(what)["revision"], admin.restore(what)["revision"]]
        took = time.monotonic() - started
        check(revisions == list(range(revisions[0], revisions[0] + 2 * times)), "the log does not tell each step once, in order")
        after = gate.command("key", "show", gate.key_id)
        for one in (before, after):
            one.pop("revision")
        check(before == after, f"the key was {before} and is {after}")
        check(open_classes(gate) == opened, f"calls came to {opened} before and to {open_classes(gate)} now")
        verified(gate)
        gate.kill()
        gate.serve()
        check(open_classes(gate) == opened, "calls come to something else after a restart")
    return f"{2 * times} events in order, state and scopes as before, also after kill -9; {took / times * 5e2:.1f} ms a step"


def bad_keys(address, count, start):
    """Calls with keys that nobody has, in packs."""

    def pour(stop):
        done, line = 0, Line(address)
        while done < count and not stop.is_set():
            pack = [get(PROFILE, f"ptc_live_{start + done + n:012d}_{start + done + n:032d}000000") for n in range(20)]
            line.send(b"".join(pack))
            for _ in pack:
                status = line.answer()[0]
                if status != 401:
                    os._exit(1)
            done += len(pack)

    return pour


@fault("F14", "100,000 distinct bad keys")
def strangers(scratch, sample):
    """Memory stays flat, an innocent client is as quick as beside any other load, and is never throttled."""
    count = 2_000 if sample else 100_000
    with serving(scratch) as gate:
        # Once around first, so that what is built on first use is not taken for growth.
        with Crowd(bad_keys(gate.public, 2_000, 10**9)) as crowd:
            for process in crowd.all:
                process.join()
        before = memory_kib(gate.process.pid)
        with Canary(gate.public, gate.key) as canary, \
                Crowd(*(bad_keys(gate.public, count // 2, n * 10**7) for n in range(2))) as crowd:
            for process in crowd.all:
                process.join()
                check(process.exitcode == 0, "a bad key was not answered with 401")
        seen, after = canary.end(), memory_kib(gate.process.pid)
        check(not seen.bad, f"a good partner suffered: {seen}")
        check(after - before <= 8 * 1024, f"memory grew from {before} to {after} KiB")
        check(sample or seen.quiet_p99() <= 10, f"p99 of the quieter quarter is {seen.quiet_p99():.1f} ms")
    return f"{count} keys refused, memory {(after - before) / 1024:+.1f} MiB, meanwhile {seen}"


@fault("F15", "1,000,000 distinct paths as labels", long=True)
def labels(_scratch, sample):
    return script("flood", "--paths", "20000" if sample else "1000000", "--bad-keys", "5000")


@fault("F16", "descriptors exhausted")
def descriptors(scratch, sample):
    """Who is in goes on, nothing crashes, and whoever waits is served once there are descriptors again."""
    with serving(scratch) as gate:
        pid = gate.process.pid
        with Canary(gate.public, gate.key) as canary:
            time.sleep(0.5)
            have = len(os.listdir(f"/proc/{pid}/fd"))
            limited(pid, nofile=have + 20)
            lines = [Line(gate.public, PATIENCE if sample else 5.0) for _ in range(60)]
            # Less than a head may take: those who are in and silent are cut off then.
            time.sleep(4)
            full = len(os.listdir(f"/proc/{pid}/fd"))
            for line in lines[:50]:
                line.close()
            freed = time.monotonic()
            for line in lines[50:]:
                check(line.call(get(PROFILE, gate.key))[0] == 200, "who had waited was not served")
            back = time.monotonic() - freed
            check(code(gate) == "200", "a new connection was not served")
        seen = canary.end()
        check(gate.process.poll() is None, "the gate ended")
        check(full <= have + 20, f"{full} descriptors of {have + 20}")
        errors = metric(gate, "portcullis_accept_errors_total")
        check(errors, "the gate was never out of descriptors")
        check(not seen.bad, f"who was in suffered: {seen}")
        limited(pid, nofile=4096)
    check(sample or back <= 1.0, f"who waited was served {back:.2f} s after there were descriptors")
    return f"{full} of {have + 20} used, {errors:.0f} accepts failed, who waited served within {back * 1e3:.0f} ms; who was in: {seen}"


def endless_bodies(gate, count):
    """Bodies of a megabyte that lack their last byte, all at once; what they were answered."""
    head = (f"POST /v21.0/{USER}/media HTTP/1.1\r\nHost: gate.test\r\nAuthorization: Bearer {gate.key}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000000\r\n\r\n").encode()
    lines, told = [Line(gate.public) for _ in range(count)], []
    for line in lines:
        with contextlib.suppress(OSError):
            line.send(head + b"caption=" + b"x" * 999_991)
    for line in lines:
        # One that stops coming is given up after seconds, one that is too much at once.
        with contextlib.suppress(ConnectionError):
            told.append(line.answer())
        line.close()
    others = [answer for answer in told if answer[0] not in (408, 503)]
    check(len(told) > count // 2 and not others, f"{len(told)} bodies were answered, {len(others)} with something else, first {others[:1]}")
    return sum(answer[0] == 503 for answer in told), len(told)


@fault("F17", "memory limit")
def memory(scratch, _sample):
    """Bodies that are held are bounded all together; and where memory is bounded, the gate refuses before it is killed."""
    # MiB, and what 400 connections have of buffers beside them.
    bound, room = 256, 96
    with serving(scratch, before=small_pages) as gate:
        before = memory_kib(gate.process.pid)
        with Canary(gate.public, gate.key) as canary:
            shed, told = endless_bodies(gate, 400)
            peak = memory_kib(gate.process.pid, "VmHWM")
        seen = canary.end()
        check(not seen.bad, f"others suffered: {seen}")
        check(peak - before <= (bound + room) * 1024, f"memory grew by {(peak - before) / 1024:.0f} MiB, with {shed} refused")
        base = before // 1024
    figure = f"400 MB of bodies that never end: {shed} refused, {told - shed} given up, memory at most {(peak - before) / 1024:+.0f} MiB; others: {seen}"
    inner = os.path.join(scratch, "bounded")
    os.mkdir(inner)
    if not os.access(memory_group()[0], os.W_OK):
        return f"{figure}; LEFT OUT: no group with a bound of memory can be made here"
    with bounded(base + 100) as group, serving(inner, before=group) as gate:
        shed, told = endless_bodies(gate, 400)
        check(gate.process.poll() is None, f"the kernel ended it: {gate.process.returncode}")
        check(shed, "nothing was refused")
        time.sleep(1)
        check(code(gate) == "200", "it does not go on")
    return f"{figure}; where the kernel leaves {base + 100} MiB, {shed} refused, {told - shed} given up, and it goes on"


def memory_group():
    """The folder of the group that we are in, and what its bound is called."""
    with open("/proc/self/cgroup", encoding="ascii") as file:
        groups = [line.rstrip("\n").split(":", 2) for line in file]
    old = [path for _, kind, path in groups if "memory" in kind.split(",")]
    return ("/sys/fs/cgroup/memory" + old[0], "memory.limit_in_bytes") if old else ("/sys/fs/cgroup" + groups[-1][2], "memory.max")


@contextlib.contextmanager
def bounded(mib):
    """What a process does to be held to so much memory, in a group of its own."""
    root, name = memory_group()
    group = os.path.join(root, f"portcullis-{os.getpid()}")
    os.mkdir(group)
    try:
        with open(os.path.join(group, name), "w", encoding="ascii") as file:
            file.write(str(mib << 20))

        def enter():
            small_pages()
            with open(os.path.join(group, "cgroup.procs"), "w", encoding="ascii") as file:
                file.write(str(os.getpid()))

        yield enter
    finally:
        os.rmdir(group)


@fault("F18", "SIGTERM under load", long=True)
def drain(_scratch, _sample):
    return script("drain")


@fault("F19", "a second process with the same state")
def second(scratch, _sample):
    """Refused at once, and the first does not notice."""
    with serving(scratch) as gate, Canary(gate.public, gate.key) as canary:
        time.sleep(0.3)
        done = subprocess.run([BINARY, "serve", "--config", gate.config], capture_output=True, text=True, timeout=20, check=False)
        check(done.returncode != 0, "a second process serves")
        # The same log at other addresses: only the lock of the store stands between them.
        with open(gate.config, encoding="utf-8") as file:
            text = file.read()
        for port in (gate.public[1], gate.admin[1]):
            text = text.replace(f"listen: 127.0.0.1:{port}", "listen: 127.0.0.1:0")
        other = gate.config.replace(".yaml", "-2.yaml")
        with open(other, "w", encoding="utf-8") as file:
            file.write(text)
        done = subprocess.run([BINARY, "serve", "--config", other], capture_output=True, text=True, timeout=20, check=False)
        check(done.returncode != 0 and "portcullis.db" in done.stderr, f"two write one log: {done.stderr}")
        why = done.stderr.strip().splitlines()[-1]
        time.sleep(0.3)
        seen = canary.end()
        check(not seen.bad, f"the first one suffered: {seen}")
        verified(gate)
    return f"refused: {why[:120]}; the first meanwhile {seen}"


@fault("F20", "100 clients come back at once after an outage")
def herd(scratch, sample):
    """Clients are told different times to come back, and the platform sees no more connects than calls."""
    stub = Stub("slow", wait=0.05)
    with serving(scratch, stub=stub) as gate:
        lines = [Line(gate.public) for _ in range(100)]
        wire, hints = get(PROFILE, gate.key), []
        stub.down()
        for line in lines:
            status, head, _ = line.call(wire)
            check(status in (502, 503), f"a call came to {status}")
            hints += [int(value.split()[0]) for name, value in
                      (text.split(b":", 1) for text in head.split(b"\r\n")[1:] if b":" in text) if name.lower() == b"retry-after"]
        stub.most, stub.connects, stub.calls = 0, [], 0
        stub.up()
        started, left = time.monotonic(), list(lines)
        while left:
            for line in left:
                line.send(wire)
            told = [(line, line.answer()[0]) for line in left]
            left = [line for line, status in told if status != 200]
            most = PATIENCE if sample else 5
            check(time.monotonic() - started < most, f"{len(left)} clients are not served {most} s after the outage")
            time.sleep(0.02)
        took = time.monotonic() - started
        connects, calls = len(stub.connects), stub.calls
    check(len(hints) == 100 and len(set(hints)) > 1, f"all were told to come back after the same time: {set(hints)}")
    # A look whether it is back is a connect, too.
    check(calls <= 100 and connects <= 110, f"{calls} calls and {connects} connects for 100 calls of clients")
    return f"told to wait {min(hints)} to {max(hints)} s; all served {took * 1e3:.0f} ms after it, {calls} calls over {connects} connects"
