"""Clients that call until the gate tells them to go; what each counted goes into a pipe.

What was sent before a connection's end was told is answered, whole.
"""

import collections
import contextlib
import os
import select
import struct
import time

from clients import FORK, PROFILE, USER, Frames, Line, Socket, get
from harness import PATIENCE, Failed, check

DRIPPED = f"/v21.0/{USER}?fields=id,username"
LIVE = f"/v21.0/{USER}/live"


def told(pipe, body):
    """Runs a client to its end and says what it counted, or what went wrong."""
    counted = collections.Counter()
    try:
        body(counted)
    except (OSError, ValueError, Failed) as fault:
        counted[f"FAULT {fault!r}"[:200]] += 1
    pipe.send(counted)


def steady(address, key, pause):
    """Calls on a connection until the gate says that it is the last; an end in between is no fault if it comes unasked."""

    def body(counted):
        line, wire = Line(address), get(PROFILE, key)
        while True:
            # The end of an idle connection shows before the next call is sent.
            if select.select([line.socket], [], [], pause)[0]:
                check(not line.socket.recv(1), "bytes that nobody asked for")
                counted["ended while idle"] += 1
                return
            try:
                status, head, _ = line.call(wire)
            except ConnectionError:
                counted["ended as a call was sent"] += 1
                return
            check(status == 200, f"a call came to {status}")
            counted["answered"] += 1
            if b"connection: close" in head.lower():
                counted["told to be the last"] += 1
                return

    return body


def streams(address, key):
    """Streams of one connection until the gate says that it takes no more; those it took are answered."""

    def body(counted):
        one, open_, ended, last = Frames(address), {}, False, None
        while True:
            while not ended and len(open_) < 4:
                open_[one.ask(PROFILE, key)] = b""
            try:
                kind, flags, stream, payload = one.read()
            except ConnectionError:
                check(ended, "the connection ended without GOAWAY")
                left = [stream for stream in open_ if last is None or stream <= last]
                check(not left, f"{len(left)} streams of {last} were cut")
                return
            if kind == one.GOAWAY:
                check(payload[4:8] == bytes(4), f"GOAWAY says {payload}")
                ended, last = True, int.from_bytes(payload[:4], "big")
                for stream in [stream for stream in open_ if stream > last]:
                    del open_[stream]
                    counted["streams never taken"] += 1
            check(kind != one.RST, f"stream {stream} was reset: {payload}")
            if kind in (one.DATA, one.HEADERS) and flags & 1 and stream in open_:
                del open_[stream]
                counted["streams answered"] += 1

    return body


def dripping(address, key):
    """One long answer after the other, until the gate says that it was the last."""

    def body(counted):
        line = Line(address)
        while True:
            with contextlib.suppress(ConnectionRefusedError):
                status, head, text = line.call(get(DRIPPED, key))
                check(status == 200 and text.strip().endswith(b"}"), f"a long answer came to {status} {text[:200]}")
                counted["long answers"] += 1
            if b"connection: close" in head.lower():
                return

    return body


def sockets_open(gate):
    """Has a gate that serves know an operation whose connection becomes a WebSocket."""
    routes = os.path.join(gate.folder, "routes", "plaza.yaml")
    with open(routes, encoding="utf-8") as file:
        text = file.read()
    live = ("  live:\n    { method: GET, path: '/{version}/{node_id}/live', target: node_id, class: profile.basic,"
            " upgrade: websocket, stream: 1m }\n")
    check("\noperations:\n" in text, "the route file of `init` is another one")
    with open(routes, "w", encoding="utf-8") as file:
        file.write(text.replace("\noperations:\n", "\noperations:\n" + live))
    gate.command("apply")


def conversations(address, key):
    """One conversation of a second after the other, each message answered, until nobody takes one."""

    def body(counted):
        while True:
            try:
                one = Socket(address, LIVE, key)
            except (ConnectionRefusedError, ConnectionResetError):
                counted["conversations never begun"] += 1
                return
            for number in range(20):
                said = b"message %d" % number
                one.send(one.TEXT, said)
                got = one.read()
                check(got == (one.TEXT, said), f"{said} of a conversation came to {got}")
                time.sleep(0.05)
            one.send(one.CLOSE, struct.pack(">H", 1000))
            got = one.read()
            check(got == (one.CLOSE, struct.pack(">H", 1000)) and one.line.ended(), f"a conversation ended with {got}")
            counted["conversations"] += 1

    return body


def start(bodies):
    """A process for each; with what `counted` takes."""
    pipes = []
    for body in bodies:
        near, far = FORK.Pipe(False)
        process = FORK.Process(target=told, args=(far, body), daemon=True)
        process.start()
        far.close()
        pipes.append((near, process))
    return pipes


def counted(pipes):
    """What all counted together, once each was told to go; faults are faults of the gate."""
    all_ = collections.Counter()
    for near, process in pipes:
        check(near.poll(PATIENCE), "a client still waits after the gate ended")
        all_ += near.recv()
        process.join()
    faults = [what for what in all_ if what.startswith("FAULT")]
    check(not faults, f"{faults}; beside {dict(all_)}")
    return all_


def load(address, key):
    """Connections that stay, with other pauses between calls; streams; long answers; conversations."""
    bodies = [steady(address, key, pause) for pause in (0, 0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3)]
    return bodies + [kind(address, key) for kind in (streams, dripping, conversations) for _ in range(4)]
