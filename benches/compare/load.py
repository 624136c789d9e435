"""What is asked of a contender, and what it took: load generators, CPU time and memory of a process and its children."""
import http.client
import json
import os
import re
import resource
import socket
import ssl
import subprocess
import time

CONNECTIONS = 64
# The contender has one CPU to itself, the platform and the load another.
CPUS = [str(cpu) for cpu in sorted(os.sched_getaffinity(0))]
CONTENDER_CPU, LOAD_CPU = CPUS[0], CPUS[-1]
PRIORITY = ["nice", "-n", "-10"] if os.geteuid() == 0 else []
TICK = os.sysconf("SC_CLK_TCK")

LUA = """\
local calls, at = {}, 0
function init(args)
  local keys, paths = {}, {}
  for line in io.lines(args[1]) do keys[#keys + 1] = line:match("^%S+") end
  for line in io.lines(args[2]) do paths[#paths + 1] = line .. (args[3] or "") end
  math.randomseed(7)
  for i = 1, 16384 do
    calls[i] = wrk.format("GET", paths[math.random(#paths)], { ["x-api-key"] = keys[math.random(#keys)] })
  end
end
function request() at = at % #calls + 1 return calls[at] end
"""


def pinned(command, cpu, **how):
    return subprocess.Popen([*PRIORITY, "taskset", "-c", cpu, *command], stdin=subprocess.DEVNULL, **how)


def tree(pid):
    found, todo = [], [pid]
    while todo:
        found.append(todo.pop())
        try:
            for task in os.listdir(f"/proc/{found[-1]}/task"):
                with open(f"/proc/{found[-1]}/task/{task}/children", encoding="utf-8") as children:
                    todo += map(int, children.read().split())
        except OSError:
            found.pop()
    return found


def cpu_us(pid):
    """CPU time of a process and its children, by the scheduler's nanoseconds."""
    total = 0
    for one in tree(pid):
        for task in os.listdir(f"/proc/{one}/task"):
            with open(f"/proc/{one}/task/{task}/schedstat", encoding="utf-8") as stat:
                total += int(stat.read().split()[0])
    return total / 1000


def memory_kib(pid, name="Pss"):
    """`Pss` tells pages that are shared once."""
    total = 0
    for one in tree(pid):
        with open(f"/proc/{one}/smaps_rollup", encoding="utf-8") as smaps:
            total += int(re.search(rf"(?m)^{name}:\s+(\d+)", smaps.read()).group(1))
    return total


def machine_us():
    """What all CPUs were busy for."""
    with open("/proc/stat", encoding="utf-8") as stat:
        fields = [int(field) for field in stat.readline().split()[1:]]
    return sum(fields[at] for at in (0, 1, 2, 5, 6, 7)) * 1e6 / TICK


class Load:
    """The load generators, with the files they read."""

    def __init__(self, setup, seconds, rate, attempts):
        self.setup, self.seconds, self.rate, self.attempts = setup, seconds, rate, attempts
        self.lua = os.path.join(setup.folder, "calls.lua")
        with open(self.lua, "w", encoding="utf-8") as file:
            file.write(LUA)

    def command(self, test, contender, seconds):
        setup = self.setup
        plain, tls = f"http://127.0.0.1:{contender.h1}", f"https://127.0.0.1:{contender.tls}"
        wrk = ["wrk", "-t1", f"-d{seconds}s", "-s", self.lua]
        match test:
            case "closed":
                return [*wrk, f"-c{CONNECTIONS}", plain, "--", setup.keys, setup.paths]
            case "256k":
                return [*wrk, "-c16", plain, "--", setup.keys, setup.paths, "?size=256k"]
            case "tls":
                return [*wrk, f"-c{CONNECTIONS}", tls, "--", setup.keys, setup.paths]
            case "h2":
                fields = ["-H", f"x-api-key: {setup.key}"]
                return ["h2load", "-t1", "-c16", "-m16", f"-D{seconds}", *fields, f"http://127.0.0.1:{contender.h2}{setup.path}"]
            case "fixed":
                address = f"127.0.0.1:{contender.h1}"
                return [setup.pace, address, str(self.rate), str(seconds), str(CONNECTIONS), setup.keys, setup.paths]

    def run(self, test, contender, seconds):
        """What the generator told, and the CPU time that it took itself."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with pinned(self.command(test, contender, seconds), LOAD_CPU, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            text = process.stdout.read()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        own = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return read(test, text, seconds), own * 1e6

    def sample(self, test, contender, platform):
        """One measurement; repeated where others on the machine disturbed it, if it may be."""
        self.run(test, contender, 1)
        for _ in range(self.attempts):
            pid, began = contender.process.pid, time.monotonic()
            marks = machine_us(), cpu_us(pid), cpu_us(platform.pid)
            told, own = self.run(test, contender, self.seconds)
            machine, used, behind = (b - a for a, b in zip(marks, (machine_us(), cpu_us(pid), cpu_us(platform.pid)), strict=True))
            wall = (time.monotonic() - began) * 1e6
            told["cpu_us"] = used / max(told["calls"], 1)
            told["busy"] = used / wall
            told["others"] = max(0.0, (machine - used - behind - own) / wall)
            if told["others"] <= 0.1 and not told["bad"]:
                break
        return told

    def memory(self, contender, restart, connections):
        """Idle with all keys, after load, and what a connection costs that had one call and waits."""
        told = {"idle": memory_kib(contender.process.pid) / 1024}
        self.run("closed", contender, 2)
        told["after"] = memory_kib(contender.process.pid) / 1024
        restart(contender)
        self.run("closed", contender, 1)
        time.sleep(2)
        before = memory_kib(contender.process.pid, "Rss")
        sockets = held(contender, self.setup, connections)
        time.sleep(2)
        told["connection"] = (memory_kib(contender.process.pid, "Rss") - before) / connections
        for one in sockets:
            one.close()
        return told


def held(contender, setup, count):
    """So many connections that had one call each, one after the other."""
    sockets = [socket.create_connection(("127.0.0.1", contender.h1)) for _ in range(count)]
    for one in sockets:
        one.sendall(f"GET {setup.path} HTTP/1.1\r\nHost: h\r\nx-api-key: {setup.key}\r\n\r\n".encode())
        head, _, body = one.recv(65536).partition(b"\r\n\r\n")
        while len(body) < 1024:
            body += one.recv(65536)
        assert head.startswith(b"HTTP/1.1 200 "), head
    return sockets


def read(test, text, seconds):
    """What a generator printed: calls, those that failed, calls a second, latencies where it has them."""
    if test == "fixed":
        told = json.loads(text.splitlines()[-1])
        return {**told, "rate": told["calls"] / (seconds + 0.5)}
    if test == "h2":
        calls, bad = re.search(r"requests: .*?, (\d+) succeeded, (\d+) failed", text).groups()
        return {"calls": int(calls), "bad": int(bad), "rate": int(calls) / seconds}
    calls, spent = re.search(r"(\d+) requests in ([\d.]+)s", text).groups()
    bad = sum(map(int, re.findall(r"Non-2xx or 3xx responses: (\d+)", text)))
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    bad += sum(map(int, errors.groups())) if errors else 0
    return {"calls": int(calls), "bad": bad, "rate": int(calls) / float(spent)}


def faults(contender, setup):
    """What a contender answers that it should not: none, and it does the job."""
    with open(os.path.join(setup.folder, "answers", "1k"), "rb") as file:
        body = file.read()
    found = []
    for path, key, expected in [
        (setup.path, setup.key, (200,)),
        (setup.path + "?size=256k", setup.key, (200,)),
        (setup.path, None, (401,)),
        (setup.path, "nobody-s-key", (401,)),
        (setup.path, setup.dead, (401, 403)),
        ("/v2/sweep/7", setup.key, (403, 404)),
    ]:
        connection = http.client.HTTPConnection("127.0.0.1", contender.h1, timeout=10)
        connection.request("GET", path, headers={"x-api-key": key} if key else {})
        answer = connection.getresponse()
        got = answer.read()
        whole = answer.status != 200 or (len(got) == 256 * 1024 if "size" in path else got == body)
        if answer.status not in expected or not whole:
            found.append(f"{path} with {key}: {answer.status} and {len(got)} bytes")
        connection.close()
    return found


def suite(contender):
    """The cipher suite that a client without wishes gets."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", contender.tls)) as raw, context.wrap_socket(raw) as wrapped:
        return " ".join(wrapped.cipher()[:2])
