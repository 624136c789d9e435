"""A log that nobody touched, and the same log touched in every way we know, before two verifiers.

Deployments of the release binary write the logs, so that a fork and a rewritten history are signed with
the genuine key. What is touched afterwards is touched in the published files.
"""

import atexit
import copy
import hashlib
import http.client
import json
import os
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import BINARY, Gate, check, main

WIDTH = 256
# Five full tiles and a bit, so that there are tiles above tiles; the first half is published once.
HALF, WHOLE = 700, 1300
GO, NODE = sys.argv[1:]
VERIFIERS = {"go": [GO], "node": ["node", NODE]}


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def leaf_hash(leaf):
    return hashlib.sha256(b"\x00" + leaf).digest()


def root(hashes):
    """Over the hashes of a full tile, whose number is a power of two."""
    while len(hashes) > 1:
        hashes = [node_hash(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2)]
    return hashes[0]


class Published:
    """A tree of tiles in a folder."""

    def __init__(self, folder):
        self.folder = folder

    def copy(self, name):
        other = f"{self.folder}-{name}"
        shutil.rmtree(other, ignore_errors=True)
        shutil.copytree(self.folder, other)
        return Published(other)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def read(self, *parts):
        with open(self.path(*parts), "rb") as file:
            return file.read()

    def write(self, content, *parts):
        with open(self.path(*parts), "wb") as file:
            file.write(content)

    @property
    def size(self):
        return int(self.read("checkpoint").split(b"\n")[1])

    def tile(self, kind, index):
        """The path of the widest tile there."""
        full = f"tile/{kind}/{index:03}"
        if os.path.exists(self.path(full)):
            return full
        widths = os.listdir(self.path(full + ".p"))
        return f"{full}.p/{max(map(int, widths))}"

    def entries(self, index):
        content, found = self.read(self.tile("entries", index)), []
        while content:
            end = 2 + int.from_bytes(content[:2], "big")
            found.append(content[2:end])
            content = content[end:]
        return found

    def put_hash(self, kind, at, value):
        path = self.tile(kind, at // WIDTH)
        content = self.read(path)
        at = at % WIDTH * 32
        self.write(content[:at] + value + content[at + 32:], path)

    # The ways to touch it.

    def edit_entry(self, revision):
        index, at = divmod(revision, WIDTH)
        entries = self.entries(index)
        entries[at] = entries[at].replace(b'"ts":"2', b'"ts":"1', 1)
        content = b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)
        check(content != self.read(self.tile("entries", index)), "nothing was edited")
        self.write(content, self.tile("entries", index))
        return self

    def edit_leaf(self, revision):
        index, at = divmod(revision, WIDTH)
        self.put_hash("0", revision, leaf_hash(self.entries(index)[at]))
        return self

    def edit_parent(self, revision):
        index = revision // WIDTH
        content = self.read(self.tile("0", index))
        if len(content) == WIDTH * 32:
            self.put_hash("1", index, root([content[at:at + 32] for at in range(0, len(content), 32)]))
        return self

    def truncate(self, size):
        """Cuts the end off and leaves the checkpoint as it is."""
        index, width = divmod(size, WIDTH)
        for kind in ("0", "entries"):
            for gone in range(index, self.size // WIDTH + 1):
                path = self.tile(kind, gone)
                content = self.read(path)
                os.remove(self.path(path))
                if gone == index and width:
                    cut = width * 32 if kind == "0" else self._cut(content, width)
                    os.makedirs(self.path(f"tile/{kind}/{gone:03}.p"), exist_ok=True)
                    self.write(content[:cut], f"tile/{kind}/{gone:03}.p/{width}")
        return self

    @staticmethod
    def _cut(content, width):
        at = 0
        for _ in range(width):
            at += 2 + int.from_bytes(content[at:at + 2], "big")
        return at

    def change_checkpoint(self, change):
        self.write(change(self.read("checkpoint")), "checkpoint")
        return self


class House(Gate):
    """A deployment whose log grows."""

    def serve(self, **how):
        atexit.register(self.stop)  # so that a failed check leaves no process behind
        return super().serve(**how)

    def twin(self, name):
        """The same deployment, keys included, from now on apart; only one of them runs at a time."""
        other = copy.copy(self)
        other.folder = f"{self.folder}-{name}"
        shutil.copytree(self.folder, other.folder)
        other.config = os.path.join(other.folder, "portcullis.yaml")
        other.log = other.folder + ".log"
        other.process = None
        return other

    def grow(self, size, label):
        """Issues keys until the log has this many events."""
        connection = http.client.HTTPConnection(*self.admin, timeout=30)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        wish = json.dumps({"partner": "first-partner", "label": label})
        while True:
            connection.request("POST", "/v1/keys", wish, headers)
            answer = connection.getresponse()
            told = json.loads(answer.read())
            check(answer.status == 201, f"no key: {told}")
            if told["change"]["revision"] + 1 >= size:
                return connection.close()

    def publish(self, folder):
        self.command("audit", "tiles", folder)
        return Published(folder)

    def keep(self, scratch, name, revision):
        """A checkpoint and a receipt, as somebody else keeps them."""
        checkpoint, receipt = (os.path.join(scratch, f"{name}.{kind}") for kind in ("checkpoint", "receipt"))
        with open(checkpoint, "wb") as file:
            status, _, body = self.get(self.admin, "/log/checkpoint")
            check(status == 200, f"no checkpoint: {body}")
            file.write(body)
        self.command("audit", "receipt", str(revision), "--out", receipt)
        return [checkpoint, receipt]

    def vkey(self):
        return self.command("audit", "verify")["signed_by"]

    def database(self):
        return os.path.join(self.folder, "data", "portcullis.db")


class Suite:
    """Counts verdicts, and stops at the first wrong one."""

    def __init__(self):
        self.accepted = self.rejected = 0

    def ask(self, published, vkey, kept):
        for name, command in VERIFIERS.items():
            told = subprocess.run([*command, published.folder, vkey, *kept], capture_output=True, text=True)
            check(told.returncode in (0, 1) and told.stdout, f"{name} broke down: {told.stderr}")
            yield name, told.returncode == 0, told.stdout.splitlines()[0]

    def accept(self, what, published, vkey, kept=()):
        for name, accepted, said in self.ask(published, vkey, kept):
            check(accepted, f"{what}: {name} {said}")
            self.accepted += 1
            print(f"  {what}: {name} {said}")

    def reject(self, what, published, vkey, kept=()):
        for name, accepted, said in self.ask(published, vkey, kept):
            check(not accepted, f"{what}: {name} {said}, and must not")
            self.rejected += 1
            print(f"  {what}: {name} {said}")


def ours(what, database, vkey, kept, clean):
    """What our own verification says of the database itself."""
    args = [BINARY, "audit", "verify", "--db", database, "--log-key", vkey]
    told = subprocess.run([*args, *(word for file in kept for word in ("--against", file))], capture_output=True, text=True)
    check(told.returncode == (0 if clean else 1), f"{what}: portcullis {told.stdout}{told.stderr}")
    print(f"  {what}: portcullis {told.stdout.splitlines()[0]}")


def body(scratch):
    house = House(os.path.join(scratch, "house"), "http://127.0.0.1:9")
    suite = Suite()

    print("a log grows to %d and to %d events" % (HALF, WHOLE))
    born = house.twin("rewritten")
    house.serve()
    house.grow(HALF, "first half")
    vkey = house.vkey()
    older = house.keep(scratch, "older", 300)
    short = house.publish(os.path.join(scratch, "short"))
    house.stop()
    forked = house.twin("forked")
    whole = Published(shutil.copytree(short.folder, os.path.join(scratch, "whole")))
    house.serve()
    house.grow(WHOLE, "second half")
    newer = house.keep(scratch, "newer", 1000)
    house.publish(whole.folder)
    house.stop()
    check((short.size, whole.size) == (HALF, WHOLE), "the logs have other sizes than expected")
    suite.accept("untouched", whole, vkey, older + newer)
    suite.accept("its first half", short, vkey, older)
    ours("untouched", house.database(), vkey, older + newer, clean=True)

    print("entries and tiles are edited")
    for revision in (0, 130, 600, 1023, WHOLE - 1):
        entry = whole.copy("entry").edit_entry(revision)
        suite.reject(f"entry {revision}", entry, vkey)
        leaf = entry.copy("leaf").edit_leaf(revision)
        suite.reject(f"entry {revision} and leaf tile", leaf, vkey)
        suite.reject(f"entry {revision}, leaf tile and parent", leaf.copy("parent").edit_parent(revision), vkey)

    print("the end is cut off")
    suite.reject("truncated below its checkpoint", whole.copy("cut").truncate(WHOLE - 5), vkey)
    edited = lambda note: note.replace(b"\n%d\n" % WHOLE, b"\n%d\n" % (WHOLE - 5))
    suite.reject("truncated with its checkpoint", whole.copy("cut").truncate(WHOLE - 5).change_checkpoint(edited), vkey)
    suite.reject("an older state with its own checkpoint", short, vkey, newer[:1])
    suite.reject("an older state with its own checkpoint", short, vkey, newer[1:])

    print("the log goes on in two ways, both signed with the genuine key")
    forked.serve()
    forked.grow(WHOLE + 50, "another second half")
    fork = forked.publish(os.path.join(scratch, "fork"))
    forked.stop()
    suite.accept("forked, seen alone", fork, vkey, older)
    for kept in newer:
        suite.reject("forked", fork, vkey, [kept])
        ours("forked", forked.database(), vkey, [kept], clean=False)

    print("the log is written anew with the genuine key")
    born.serve()
    born.grow(WHOLE, "what never happened")
    anew = born.publish(os.path.join(scratch, "anew"))
    born.stop()
    suite.accept("rewritten, seen alone", anew, vkey)
    for kept in older:
        suite.reject("rewritten", anew, vkey, [kept])
        ours("rewritten", born.database(), vkey, [kept], clean=False)
    under = whole.read("checkpoint")
    suite.reject("rewritten below the genuine checkpoint", anew.copy("under").change_checkpoint(lambda _: under), vkey)
    code, out, err = house.run("audit", "tiles", anew.folder, "--db", house.database())
    check(code == 1 and "was changed, or is of another log" in out + err, f"one log published over another: {out}{err}")

    print("another key signs")
    stranger = House(os.path.join(scratch, "stranger"), "http://127.0.0.1:9")
    stranger.serve()
    stranger.grow(20, "another gate")
    strange = stranger.publish(os.path.join(scratch, "strange"))
    suite.reject("signed with another key", strange, vkey)
    suite.reject("signed with our key", whole, stranger.vkey())
    stranger.stop()
    flipped = lambda note: note[:-3] + (b"A" if note[-3:-2] != b"A" else b"B") + note[-2:]
    suite.reject("a changed signature", whole.copy("signature").change_checkpoint(flipped), vkey)
    strange_note = strange.read("checkpoint").split(b"\n\n", 1)[1]
    swapped = lambda note: note.split(b"\n\n", 1)[0] + b"\n\n" + strange_note
    suite.reject("a signature of another key", whole.copy("signature").change_checkpoint(swapped), vkey)

    print(f"{suite.accepted} logs accepted and {suite.rejected} rejected, each as it must be, by {' and '.join(VERIFIERS)}")


main(body)
