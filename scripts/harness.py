"""A deployment of its own for the scripts: `init`, `serve`, commands, and an upstream that records.

Everything goes through the release binary, as a user's would. Needs nothing but Python itself.
"""

import contextlib
import ctypes
import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TARGET = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))
BINARY = os.path.join(TARGET, "release", "portcullis")
PLAZA = os.path.join(TARGET, "release", "portcullis-plaza")


# Seconds to wait for what comes at once, and on a machine with much else to do later. How quick something
# is, a sample tells and does not require; that it comes, it requires too.
PATIENCE = 60.0

# What whoever takes access away says of it to the partner.
FOUND = ["--fact", "calls of one night came from 41 towns", "--period", "9h",
         "--indefinite-because", "nobody knows when the calls are explained"]


class Failed(Exception):
    """A check of a script that did not hold; the message is for a person."""


def check(holds, message):
    if not holds:
        raise Failed(message)


def small_pages():
    """In a process about to be started: memory in pages of 4 KiB, so that what is measured is what is used."""
    PR_SET_THP_DISABLE = 41
    ctypes.CDLL(None).prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0)


_given = set()


def free_port():
    """A port nobody listens on, never the same twice, below the range of outgoing connections."""
    while True:
        port = random.randrange(10000, 30000)
        if port in _given:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        return port


def write_certificate(folder, name, *kind):
    """A certificate for localhost that vouches for itself, and its key, by openssl; the certificate's text."""
    os.makedirs(folder, exist_ok=True)
    chain, key = (os.path.join(folder, f"{name}.{end}") for end in ("pem", "key"))
    kind = kind or ("ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", *kind, "-nodes", "-days", "90", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", chain],
        check=True, capture_output=True,
    )
    os.chmod(key, 0o600)
    with open(chain, encoding="utf-8") as file:
        return file.read()


def tls_listener(gate, certificates):
    """Has a gate that is not started listen with TLS beside its plain port; the port."""
    port, plain = free_port(), "%s:%d" % gate.public
    with open(gate.config, encoding="utf-8") as file:
        text = file.read()
    listen = f"  listen:\n    - address: {plain}\n    - address: 127.0.0.1:{port}\n"
    listen += f"      tls:\n        certificates: [{certificates}]\n"
    check(f"  listen: {plain}\n" in text, "the configuration of `init` is another one")
    with open(gate.config, "w", encoding="utf-8") as file:
        file.write(text.replace(f"  listen: {plain}\n", listen))
    return port


def unlimited(gate):
    """No call of the load is to be one too many."""
    base = os.path.join(gate.folder, "policies", "base.yaml")
    with open(base, encoding="utf-8") as file:
        text, found = re.subn(r"max: \{ figure: calls_per_hour \}", "max: 1000000000", file.read())
    check(found, "the shipped base has other rates")
    with open(base, "w", encoding="utf-8") as file:
        file.write(text)


def main(body):
    """Runs a script's body in a scratch folder; the folder is kept when it fails."""
    scratch = tempfile.mkdtemp(prefix="portcullis-")
    try:
        body(scratch)
    except Failed as failure:
        print(f"FAILED: {failure}\nlogs and state are kept in {scratch}", file=sys.stderr)
        sys.exit(1)
    except BaseException:
        print(f"logs and state are kept in {scratch}", file=sys.stderr)
        raise
    shutil.rmtree(scratch)


class Gate:
    """One deployment, and the process that serves it while there is one."""

    # The first partner publishes for these accounts; with one at least, it may read `me`.
    def __init__(self, folder, upstream, credential=None, public_url=None, accounts=("17841400000000001",)):
        self.folder = folder
        self.config = os.path.join(folder, "portcullis.yaml")
        self.log = folder + ".log"
        self.public = ("127.0.0.1", free_port())
        self.admin = ("127.0.0.1", free_port())
        # `{port}` stands for the public port, which is chosen here.
        public_url = public_url and public_url.format(port=self.public[1])
        self.url = public_url or "http://%s:%d" % self.public
        self.process = None
        args = ["init", folder, "--upstream", upstream, "--public", "%s:%d" % self.public]
        args += ["--admin-listen", "%s:%d" % self.admin]
        for account in accounts:
            args += ["--account", account]
        if public_url:
            args += ["--public-url", public_url]
        if credential:
            file = folder + ".credential"
            with open(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), "w") as out:
                out.write(credential)
            args += ["--credential-file", file]
        told = subprocess.run([BINARY, *args], capture_output=True, text=True)
        check(told.returncode == 0, f"init failed: {told.stderr}")
        self.first_key = re.search(r"\bptc_\w+", told.stdout).group(0)
        with open(os.path.join(folder, "secrets", "admin-token"), encoding="utf-8") as token:
            self.token = token.read().strip()

    def records_to(self, path):
        """Has access records written to that file, or to none; before it is started."""
        to = f"file\n  path: {path}" if path else "none"
        with open(self.config, encoding="utf-8") as file:
            text = file.read()
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(re.sub(r"(?m)^(records:\n(?:  #.*\n)*  to: )\w+", lambda found: found.group(1) + to, text))

    def ledger(self, setting):
        """Sets something of the ledger, such as `enabled: false`; before it is started."""
        with open(self.config, encoding="utf-8") as file:
            text, found = re.subn(r"(?m)^ledger:$", f"ledger:\n  {setting}", file.read())
        check(found == 1, "the deployment says nothing of a ledger")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(text)

    def secrets(self):
        """Every secret of the deployment, for a search in logs."""
        found = [self.first_key]
        folder = os.path.join(self.folder, "secrets")
        for name in os.listdir(folder):
            if not name.endswith(".sha256"):
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    found.append(file.read().strip())
        return found

    def serve(self, patience=PATIENCE, before=None):
        """Starts it, having run `before` in its process; returns the seconds until it said that it is ready."""
        with open(self.log, "ab") as log:
            started = time.monotonic()
            self.process = subprocess.Popen(
                [BINARY, "serve", "--config", self.config], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                preexec_fn=before,
            )
        while time.monotonic() - started < patience:
            if self.process.poll() is not None:
                raise Failed(f"serve ended with {self.process.returncode}; see {self.log}")
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.get(self.admin, "/readyz")[0] == 200:
                    return time.monotonic() - started
            time.sleep(0.01)
        raise Failed(f"not ready within {patience} s; see {self.log}")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(40)
            except subprocess.TimeoutExpired:
                self.kill()
                raise Failed("did not end within 40 s of SIGTERM") from None

    def run(self, *args):
        """A command as typed; returns exit code, standard output, standard error."""
        told = subprocess.run(
            [BINARY, *args, "--config", self.config, "-o", "json"],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        return told.returncode, told.stdout, told.stderr

    def command(self, *args):
        """A command that must succeed; returns what it printed."""
        code, out, err = self.run(*args)
        check(code == 0, f"`{' '.join(args[:3])}` ended with {code}: {err or out}")
        return json.loads(out) if out.strip() else {}

    def apply(self, folder):
        """Puts a set in force, whomever it leaves less."""
        why = ("--reason", "agreement-changed", "--tell", "Another set of policies is tried.")
        found = ("--fact", "The set of 20 files was exchanged by a script.", "--period", "now")
        return self.command("apply", folder, *why, *found)

    def issue(self, partner, *args):
        """A new key: its id and its text."""
        told = self.command("key", "issue", "--partner", partner, *args)
        text = re.search(r"ptc_\w+", json.dumps(told)).group(0)
        return told["id"], text

    @staticmethod
    def get(address, target, headers=None, method="GET", body=None):
        """One call on a connection of its own: status, headers, body."""
        connection = http.client.HTTPConnection(*address, timeout=30)
        try:
            connection.request(method, target, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def call(self, target, key, **how):
        """A partner's call: status and JSON body."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        status, _, body = self.get(self.public, target, headers, **how)
        return status, json.loads(body) if body else None


class Plaza:
    """The sample platform as a process, with its ids by name; its links start with `public_base`."""

    def __init__(self, folder, token, public_base=None, fixtures=None):
        token_file = os.path.join(folder, "plaza-token")
        with open(os.open(token_file, os.O_WRONLY | os.O_CREAT, 0o600), "w") as out:
            out.write(token)
        args = [PLAZA, "--listen", "127.0.0.1:0", "--token-file", token_file]
        args += ["--public-base", public_base] if public_base else []
        args += ["--fixtures", fixtures] if fixtures else []
        self.process = subprocess.Popen(args, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        found = re.search(r"127\.0\.0\.1:(\d+)", line)
        check(found, f"plaza did not start: {line}")
        self.address = ("127.0.0.1", int(found.group(1)))
        text = ""
        while line and line.rstrip() != "}":
            line = self.process.stdout.readline()
            text += line
        self.ids = dict(re.findall(r'(\w+): "([^"]*)"', text))
        self.ids["places"] = re.findall(r'^\s+"(\d+)",$', text, re.M)

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE)


class Recorder:
    """Stands between two: writes down every byte that is sent, and keeps by connection what was asked and what comes back."""

    def __init__(self, file, to=None):
        self.file, self.to, self.calls, self.answers = open(file, "ab", buffering=0), to, [], []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = self.listener.getsockname()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            with contextlib.suppress(OSError):
                near, _ = self.listener.accept()
                far = socket.create_connection(self.to)
                forth, back = bytearray(), bytearray()
                self.calls.append(forth)
                self.answers.append(back)
                for pair in ((near, far, self._both(forth)), (far, near, back.extend)):
                    threading.Thread(target=self._pump, args=pair, daemon=True).start()
                continue
            return

    def _both(self, forth):
        def keep(data):
            self.file.write(data)
            forth.extend(data)

        return keep

    def _pump(self, source, sink, keep):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                keep(data)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def stop(self):
        self.listener.close()
        self.file.close()
