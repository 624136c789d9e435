"""Clients and platforms of the scripts that put the gate under load, and what they measured.

A canary is an innocent client in a process of its own: what it sees of others' trouble is what counts.
"""

import base64
import contextlib
import hashlib
import json
import math
import multiprocessing
import os
import re
import shutil
import socket
import struct
import subprocess
import threading
import time

from harness import check, free_port

# Children are forked before threads are started, or do nothing but sockets.
FORK = multiprocessing.get_context("fork")
USER = "17841400000000001"
PROFILE = "/v21.0/me?fields=id,username"
WHY = {
    "reason": "investigation",
    "tell": "We are looking into your traffic.",
    "statement": {
        "facts": [{"statement": "Calls of one night came from 41 towns.", "period": "9h"}],
        "indefinite_because": "nobody knows when the calls are explained",
    },
}
BACK = {"to": "restored", "reason": "mistake", "tell": "It was our own mistake."}


def get(target, key, more=""):
    """The bytes of a call."""
    return f"GET {target} HTTP/1.1\r\nHost: gate.test\r\nAuthorization: Bearer {key}\r\n{more}\r\n".encode()


class Line:
    """An HTTP/1.1 connection that shows bytes."""

    def __init__(self, address, patience=30.0):
        self.socket = socket.create_connection(address, timeout=patience)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.kept = b""

    def send(self, data):
        self.socket.sendall(data)

    def call(self, data):
        """Sends a call; status, head and body of its answer."""
        self.send(data)
        return self.answer()

    def answer(self):
        head = self._until(b"\r\n\r\n")
        status = int(head[9:12])
        found = re.search(rb"(?i)content-length: *(\d+)", head)
        if found:
            return status, head, self.exactly(int(found.group(1)))
        body = b""
        while b"chunked" in head.lower():
            size = int(self._until(b"\r\n"), 16)
            body += self.exactly(size + 2)[:size]
            if size == 0:
                break
        return status, head, body

    def ended(self):
        """Whether the other side has ended it, having waited for that."""
        with contextlib.suppress(ConnectionError):
            while more := self.socket.recv(65536):
                self.kept += more
        return True

    def close(self):
        self.socket.close()

    def _more(self):
        more = self.socket.recv(65536)
        if not more:
            raise ConnectionError("the gate ended the connection")
        self.kept += more

    def _until(self, mark):
        while mark not in self.kept:
            self._more()
        found, self.kept = self.kept.split(mark, 1)
        return found + mark

    def exactly(self, count):
        while len(self.kept) < count:
            self._more()
        found, self.kept = self.kept[:count], self.kept[count:]
        return found


class Frames:
    """An HTTP/2 connection by prior knowledge; heads are written out, answers told by their frames."""

    DATA, HEADERS, RST, SETTINGS, PING, GOAWAY, WINDOW = 0, 1, 3, 4, 6, 7, 8

    def __init__(self, address, patience=30.0):
        self.socket = socket.create_connection(address, timeout=patience)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.kept, self.next = b"", 1
        self.socket.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        self.frame(self.SETTINGS, 0, 0, b"")

    def frame(self, kind, flags, stream, payload):
        self.socket.sendall(struct.pack(">I", len(payload))[1:] + bytes((kind, flags)) + struct.pack(">I", stream) + payload)

    @staticmethod
    def head(target, key):
        """A head without any table: each name and value as it is."""
        fields = {":method": "GET", ":scheme": "http", ":authority": "gate.test", ":path": target,
                  "authorization": f"Bearer {key}"}
        text = b""
        for name, value in fields.items():
            text += b"\x10" + bytes((len(name),)) + name.encode() + bytes((len(value),)) + value.encode()
        return text

    def ask(self, target, key):
        """Begins a call; its stream."""
        stream, self.next = self.next, self.next + 2
        self.frame(self.HEADERS, 0x5, stream, self.head(target, key))
        return stream

    def read(self):
        """The next frame: kind, flags, stream, payload."""
        while len(self.kept) < 9 or len(self.kept) < 9 + int.from_bytes(self.kept[:3], "big"):
            more = self.socket.recv(65536)
            if not more:
                raise ConnectionError("the gate ended the connection")
            self.kept += more
        length = int.from_bytes(self.kept[:3], "big")
        kind, flags, stream = self.kept[3], self.kept[4], int.from_bytes(self.kept[5:9], "big")
        payload, self.kept = self.kept[9:9 + length], self.kept[9 + length:]
        # Who ended the connection may have said more before: that is still read.
        with contextlib.suppress(ConnectionError):
            if kind == self.SETTINGS and not flags & 1:
                self.frame(self.SETTINGS, 1, 0, b"")
            if kind == self.PING and not flags & 1:
                self.frame(self.PING, 1, 0, payload)
            if kind == self.DATA and payload:
                for of in (0, stream):
                    self.frame(self.WINDOW, 0, of, struct.pack(">I", len(payload)))
        return kind, flags, stream, payload

    def answer(self, stream):
        """The body of a stream's answer, and whether it ended as it should."""
        body = b""
        while True:
            kind, flags, of, payload = self.read()
            if kind == self.GOAWAY and int.from_bytes(payload[4:8], "big"):
                raise ConnectionError(f"the gate said {payload}")
            if of != stream:
                continue
            if kind == self.RST:
                return body, False
            if kind == self.DATA:
                body += payload
            if kind in (self.DATA, self.HEADERS) and flags & 1:
                return body, True

    def close(self):
        self.socket.close()


def quantile(sorted_values, of):
    return sorted_values[min(len(sorted_values) - 1, math.ceil(of * len(sorted_values)) - 1)] if sorted_values else 0.0


class Seen:
    """What a canary saw: moments, times and answers of its calls."""

    def __init__(self, calls):
        self.calls = calls
        self.bad = [call for call in calls if call[2] != 200]
        self.times = sorted(call[1] for call in calls)

    def between(self, start, end):
        return Seen([call for call in self.calls if start <= call[0] < end])

    def p99(self):
        """In milliseconds."""
        return quantile(self.times, 0.99) * 1e3

    def longest(self):
        return quantile(self.times, 1.0) * 1e3

    def quiet_p99(self, parts=8):
        """The p99 of the quarter of the time that was quietest: what else the machine does is not ours."""
        if not self.calls:
            return 0.0
        start, end = self.calls[0][0], self.calls[-1][0] + 1e-9
        step = (end - start) / parts
        slices = [self.between(start + n * step, start + (n + 1) * step) for n in range(parts)]
        found = sorted(one.p99() for one in slices if one.calls)
        return found[(len(found) - 1) // 4]

    def __str__(self):
        told = f"{len(self.calls)} calls, {len(self.bad)} not answered with 200, p99 {self.p99():.1f} ms, at most {self.longest():.0f} ms"
        return told + (f", first {self.bad[0][2:]}" if self.bad else "")


class Canary:
    """Calls every few milliseconds, on a connection that stays; started and ended by `with`."""

    def __init__(self, address, key, every=0.005, target=PROFILE, fresh=False, patience=30.0):
        self.address, self.wire, self.every, self.fresh, self.patience = address, get(target, key), every, fresh, patience
        self.stop, self.lines = FORK.Event(), None

    def __enter__(self):
        self.near, far = FORK.Pipe(False)
        self.process = FORK.Process(target=self._sing, args=(far,), daemon=True)
        self.process.start()
        far.close()
        return self

    def end(self):
        """Stops it; what it saw."""
        if self.process:
            self.stop.set()
            self.seen = Seen(self.near.recv())
            self.process.join()
            self.process = None
        return self.seen

    def __exit__(self, *_):
        self.end()

    def _sing(self, pipe):
        line, calls, due = None, [], time.monotonic()
        while not self.stop.is_set():
            started = time.monotonic()
            try:
                line = line or Line(self.address, self.patience)
                status, head, body = line.call(self.wire)
                told = "" if status == 200 else body[:200].decode("utf-8", "replace")
                last = self.fresh or b"connection: close" in head.lower()
            except (OSError, ValueError) as error:
                status, told, last = 0, repr(error), True
            calls.append((started, time.monotonic() - started, status, told))
            if last and line:
                line.close()
                line = None
            # After a long call the next is due at once, but calls that were not made are not made up for.
            due = max(due + self.every, time.monotonic() - 0.1)
            time.sleep(max(0.0, due - time.monotonic()))
        pipe.send(calls)


class Crowd:
    """Other processes that do something to the gate, less important than the canary to the machine."""

    def __init__(self, *bodies):
        self.stop = FORK.Event()
        self.all = [FORK.Process(target=self._run, args=(body,), daemon=True) for body in bodies]

    def _run(self, body):
        os.nice(10)
        body(self.stop)

    def __enter__(self):
        for process in self.all:
            process.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for process in self.all:
            process.join(10)
            if process.is_alive():
                process.kill()


class Stub:
    """A platform that does as it is told: `mode` is changed at will.

    ok: a profile; down: nobody listens; reset: a connection is cut when a call came; hole: nothing
    ever comes; slow: a profile after `wait` seconds; drip: one in 20 pieces, each after a 20th of that.
    With `-ids`, such as `slow-ids`, only the path that names the user is so.
    """

    BODY = b'{"id":"%s","username":"innocent"}' % USER.encode()

    def __init__(self, mode="ok", wait=1.0):
        self.mode, self.wait = mode, wait
        self.lock, self.under_way, self.most, self.calls, self.connects = threading.Lock(), 0, 0, 0, []
        # One that no outgoing connection is given while nobody listens there.
        self.listener = socket.create_server(("127.0.0.1", free_port()), backlog=1024)
        self.address = self.listener.getsockname()
        self.open = set()
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    @property
    def url(self):
        return "http://%s:%d" % self.address

    def down(self):
        """From here on connections are refused, and those there were are cut."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.lock:
            for one in self.open:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def up(self):
        """Back again, at the same address."""
        self.listener = socket.create_server(self.address, backlog=1024)
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def _accept(self, listener):
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with self.lock:
                    self.open.add(near)
                    self.connects.append(time.monotonic())
                threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near):
        with near, contextlib.suppress(OSError):
            kept, going = b"", True
            while going:
                while b"\r\n\r\n" not in kept:
                    more = near.recv(65536)
                    if not more:
                        raise ConnectionError("the gate ended the connection")
                    kept += more
                head, kept = kept.split(b"\r\n\r\n", 1)
                with self.lock:
                    self.calls += 1
                    self.under_way += 1
                    self.most = max(self.most, self.under_way)
                try:
                    going = self._answer(near, head)
                finally:
                    with self.lock:
                        self.under_way -= 1
        with self.lock:
            self.open.discard(near)

    def _answer(self, near, head):
        mode = self.mode
        # So that one path can be slow beside others that are not.
        if mode.endswith("-ids"):
            mode = mode.removesuffix("-ids") if f"/{USER}?".encode() in head else "ok"
        if mode == "reset":
            near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        if mode == "hole":
            while near.recv(65536):
                pass
            return False
        if mode == "drip":
            near.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % (len(self.BODY) + 20))
            for _ in range(20):
                near.sendall(b" ")
                time.sleep(self.wait / 20)
            near.sendall(self.BODY)
            return True
        if mode == "slow":
            time.sleep(self.wait)
        wish = re.search(rb"(?i)\r\nsec-websocket-key: *([^\r]+)", head)
        if wish:
            return self._converse(near, wish.group(1))
        near.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(self.BODY) + self.BODY)
        return True

    @staticmethod
    def _converse(near, wish):
        """Says again whatever is said, unmasked, up to the close."""
        near.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
                     + Socket.accept(wish) + b"\r\n\r\n")
        kept = b""
        while more := near.recv(65536):
            kept += more
            while len(kept) >= 6 and len(kept) >= (end := 6 + (kept[1] & 0x7F)):
                kind, payload, mask = kept[0] & 15, kept[6:end], kept[2:6]
                near.sendall(Socket.frame(kind, bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))))
                kept = kept[end:]
                if kind == Socket.CLOSE:
                    return False
        return False


class Socket:
    """A WebSocket through the gate, without compression; each message fits a short frame."""

    TEXT, CLOSE = 1, 8
    WISH = ("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")

    def __init__(self, address, target, key):
        self.line = Line(address)
        self.status, head, text = self.line.call(get(target, key, self.WISH))
        check(self.status == 101, f"a WebSocket came to {head} {text}")

    @staticmethod
    def accept(wish):
        """What a platform answers to that key (RFC 6455 §1.3)."""
        return base64.b64encode(hashlib.sha1(wish + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())

    @staticmethod
    def frame(kind, payload, masked=False):
        """One frame; a mask of zeros is one, too."""
        return bytes((0x80 | kind, len(payload) | (0x80 if masked else 0))) + (bytes(4) if masked else b"") + payload

    def send(self, kind, payload):
        self.line.send(self.frame(kind, payload, True))

    def read(self):
        """The next frame of the gate: its kind and payload."""
        kind, length = self.line.exactly(2)
        return kind & 15, self.line.exactly(length)


class Echo:
    """A platform that answers at once and does nothing else: what is waited for there, the machine takes."""

    def __init__(self):
        listener = socket.create_server(("127.0.0.1", 0))
        self.address = listener.getsockname()
        self.process = FORK.Process(target=self._serve, args=(listener,), daemon=True)
        self.process.start()
        listener.close()

    @staticmethod
    def _serve(listener):
        text = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(Stub.BODY) + Stub.BODY
        while True:
            near, _ = listener.accept()
            with near, contextlib.suppress(OSError):
                near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                while near.recv(65536):
                    near.sendall(text)

    def stop(self):
        self.process.kill()
        self.process.join()


class Admin:
    """The operators' API on a connection that stays."""

    def __init__(self, gate):
        self.line = Line(gate.admin)
        self.token = gate.token

    def ask(self, method, path, body=None):
        text = json.dumps(body).encode() if body is not None else b""
        head = f"{method} {path} HTTP/1.1\r\nHost: admin.test\r\nAuthorization: Bearer {self.token}\r\n"
        kind = f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n" if text else ""
        status, _, answer = self.line.call(f"{head}{kind}\r\n".encode() + text)
        return status, json.loads(answer) if answer[:1] in (b"{", b"[") else answer.decode()

    def step(self, what, body):
        """A change of standing that must come into force; what the gate said."""
        status, told = self.ask("POST", f"/v1/{what}/transitions", body)
        check(status == 200, f"{body['to']} of {what} came to {status} {told}")
        return told

    def hold(self, what):
        return self.step(what, {"to": "suspended", **WHY})

    def restore(self, what):
        return self.step(what, BACK)


def partner(gate, name, account=USER):
    """A partner that nothing limits: id and text of its key."""
    gate.command("partner", "add", name, "--use", "publishing")
    gate.command("partner", "facts", name, "--set", "figures.calls_per_hour=1000000000")
    gate.command("grant", "add", "--partner", name, account)
    return gate.issue(name)


def memory_kib(pid, name="VmRSS"):
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        return int(re.search(name + r":\s+(\d+)", status.read()).group(1))


def seconds_of(pid):
    """Of the processors, since the process began."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        user, system = stat.read().rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def metric(gate, name):
    """The sum of a metric's series."""
    status, _, text = gate.get(gate.admin, "/metrics", {"Authorization": f"Bearer {gate.token}"})
    check(status == 200, f"/metrics answered {status}")
    found = re.findall(rf"(?m)^{name}(?:{{.*}})? ([0-9.e+-]+)$", text.decode())
    return sum(float(value) for value in found)


def needed(*tools):
    for tool in tools:
        check(shutil.which(tool), f"please install `{tool}`: apt-get install {tool.replace('h2load', 'nghttp2-client')}")


def limited(pid, **limits):
    """Sets limits of a running process by util-linux: `fsize`, `nofile`."""
    for name, value in limits.items():
        done = subprocess.run(["prlimit", "--pid", str(pid), f"--{name}={value}:"], check=False)
        check(done.returncode == 0, f"prlimit could not set {name}")
