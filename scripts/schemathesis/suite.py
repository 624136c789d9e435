"""Both APIs of a served deployment under calls that schemathesis makes up from their descriptions.

The operators' API is asked by a token that may do everything, then, with the rule for two persons
on, by one person of each role; the partners' API by keys in each state that proves a secret. No
answer may be a fault of the gate, or other than the description says. Examples that exist are put
into the descriptions, so that calls come further than to `there is no such partner`.
"""

import contextlib
import json
import os
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from harness import FOUND, Gate, Plaza, check, main

SCHEMATHESIS = sys.argv[1]
SEED = os.environ.get("SCHEMATHESIS_SEED", "7")
PLATFORM_TOKEN = "plaza-token-that-only-gate-and-platform-know-4711"
ROLES = ("viewer", "policy-author", "investigator", "approver", "auditor", "admin")
WHY = {"reason": "investigation", "tell": "We look into unusual calls of yours."}
# Ids and times are told in words, not by patterns, so a generator can't know which are fine.
NOT_TOLD = "positive_data_acceptance"
# TRACE ends before any route, with a 400 of its own, so that nothing is ever echoed.
NEVER_ECHOED = "unsupported_method"


def example(description, method, path, **told):
    """Puts what exists into an operation: `body`, or parameters by name."""
    operation = description["paths"].get(path, {}).get(method)
    check(operation, f"{method} {path} is not described any more; mend the examples here")
    if body := told.pop("body", None):
        for content in operation["requestBody"]["content"].values():
            content["example"] = body
    for name, value in told.items():
        (parameter,) = [one for one in operation["parameters"] if one["name"] == name]
        parameter["example"] = value


def ask(scratch, name, description, url, token, *, examples, phases, without=(), keys=()):
    """One run; fails with what schemathesis found."""
    file = os.path.join(scratch, "description.json")
    with open(file, "w", encoding="utf-8") as out:
        json.dump(description, out)
    # One worker: Python before 3.12 can't parse in two threads at once, which hypothesis does.
    told = subprocess.run(
        [
            SCHEMATHESIS, "run", file, "--url", url, "--header", f"Authorization: Bearer {token}",
            "--phases", phases, "--max-examples", str(examples), "--workers", "1", "--seed", SEED,
            "--exclude-checks", ",".join((NOT_TOLD, *without)), "--generation-database", "none",
            "--continue-on-failure", "--no-color", "--warnings", "off",
        ],
        capture_output=True, text=True, cwd=scratch,
        env={**os.environ, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": HERE, "PORTCULLIS_KEYS": ",".join(keys)},
    )
    lines = told.stdout.splitlines()
    made = next((line.strip() for line in lines if " generated" in line), "no call was made")
    print(f"  {name}: {made}", flush=True)
    check(told.returncode == 0 and " generated" in made, f"{name}:\n{told.stdout[-12000:]}{told.stderr[-2000:]}")


def described(gate, address, path, key):
    status, _, body = gate.get(address, path, {"Authorization": f"Bearer {key}"})
    check(status == 200, f"{path} answered {status}")
    return json.loads(body)


def edit(gate, *changes):
    with open(gate.config, encoding="utf-8") as file:
        text = file.read()
    for old, new in changes:
        check(old in text, f"`{old}` is not in the configuration any more")
        text = text.replace(old, new, 1)
    with open(gate.config, "w", encoding="utf-8") as file:
        file.write(text)


def tokens_of_persons(gate):
    """A token for one person of each role, in the configuration from the next start on."""
    lines, tokens = "admin_tokens:\n", {}
    for role in ROLES:
        tokens[role] = f"pta_{role.replace('-', '_'):_<60}"
        file = os.path.join(gate.folder, "secrets", role)
        with open(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), "w") as out:
            out.write(tokens[role])
        lines += f"    of-{role}: {{ file: secrets/{role}, person: {role} }}\n"
    edit(gate, ("admin_tokens:\n", lines))
    return tokens


def with_examples(description, ids):
    """Of everything that is named, one that exists."""
    for path, methods in description["paths"].items():
        kind = path.split("/")[2] if path.startswith("/v1/") else None
        for method, operation in methods.items():
            named = [one["name"] for one in operation.get("parameters", []) if one["in"] == "path"]
            for name in named:
                if name == "id" and kind in ids:
                    example(description, method, path, id=ids[kind])
                elif name == "revision":
                    example(description, method, path, revision=3)
    one, client, key = ids["partners"], ids["clients"], ids["keys"]
    bodies = {
        ("post", "/v1/clients"): {"id": "shop", "partner": one, "name": "A shop", "purpose": "its posts", "category": "brand"},
        ("post", "/v1/keys"): {"partner": one, "client": client, "label": "a label", "expires": "30d"},
        ("post", "/v1/partners"): {"id": "another", "use": "publishing", "declared_use": "posts of its clients"},
        ("patch", "/v1/partners/{id}"): {"name": "Another name"},
        ("put", "/v1/partners/{id}/facts"): {"figures": {"calls_per_hour": 1000}},
        ("put", "/v1/partners/{id}/mode"): {"mode": "enforce", "why": "the trial is over"},
        ("post", "/v1/partners/{id}/transitions"): {"to": "restored", **WHY, "dry_run": True},
        ("post", "/v1/clients/{id}/transitions"): {"to": "restored", **WHY, "dry_run": True},
        ("post", "/v1/keys/{id}/transitions"): {"to": "restored", **WHY},
        ("post", "/v1/keys/{id}/compromised"): {**WHY, "reason": "key-exposed", "dry_run": True},
        ("post", "/v1/keys/{id}/rotate"): {"overlap": "7d", "dry_run": True},
        ("post", "/v1/people"): {"id": "eve", "name": "Eve", "roles": ["viewer"]},
        ("post", "/v1/hooks"): {"partner": one, "url": "https://hooks.partner.example/portcullis"},
        ("post", "/v1/cases"): {"id": "another", "title": "Another look", "subjects": [f"partner:{one}"]},
        ("post", "/v1/cases/{id}/changes"): {"do": "note", "text": "They called back."},
        ("post", "/v1/grants/changes"): {"account": "17841400000000002", "partner": one},
    }
    for (method, path), body in bodies.items():
        example(description, method, path, body=body)
    check(key, "there is a key")
    return description


def partners_keys(gate):
    """Keys in each state, many of the good, since each is allowed so many calls in a minute."""
    why = ["--reason", WHY["reason"], "--tell", WHY["tell"], *FOUND]
    gate.command("partner", "add", "in-talks", "--use", "publishing")
    gate.command("client", "add", "brand", "--partner", "in-talks")
    good = [gate.issue("in-talks")[1] for _ in range(24)]
    bound = [gate.issue("in-talks", "--client", "brand")[1] for _ in range(6)]
    held_id, held = gate.issue("in-talks")
    gate.command("key", "hold", held_id, *why)
    ended_id, ended = gate.issue("in-talks")
    gate.command("key", "revoke", ended_id, "--reason", "key-exposed", *why[2:])
    gate.command("partner", "add", "stopped", "--use", "publishing")
    stopped = [gate.issue("stopped")[1] for _ in range(6)]
    gate.command("partner", "hold", "stopped", *why)
    return good, [*bound, held, ended, *stopped]


def run(scratch):
    with contextlib.ExitStack() as ending:
        plaza = Plaza(scratch, PLATFORM_TOKEN)
        ending.callback(plaza.stop)
        gate = Gate(os.path.join(scratch, "gate"), "http://%s:%d" % plaza.address, credential=PLATFORM_TOKEN)
        ending.callback(gate.stop)
        both(scratch, gate)
    with open(gate.log, encoding="utf-8") as log:
        check("panicked" not in log.read(), f"something panicked; see {gate.log}")
    print("both APIs answer as they are described, and never with a fault")


def both(scratch, gate):
    gate.records_to("records.jsonl")
    url = "http://%s:%d" % gate.public
    edit(gate, ("trusted_proxies: []", "trusted_proxies: [127.0.0.1/32]"))
    tokens = tokens_of_persons(gate)
    gate.serve()
    good, others = partners_keys(gate)
    description = described(gate, gate.public, "/partner/v1/openapi.json", gate.first_key)
    print("the partners' API")
    settings = {"phases": "examples,coverage,fuzzing", "without": (NEVER_ECHOED,)}
    ask(scratch, "a partner in good standing", description, url, good[0], examples=20, keys=good, **settings)
    ask(scratch, "keys on hold, ended, of a client", description, url, others[0], examples=5, keys=others, **settings)

    print("the operators' API")
    key, _ = gate.issue("in-talks")
    ids = {"partners": "first-partner", "clients": "brand", "keys": key, "people": "viewer", "proposals": 1, "cases": "sweep"}
    gate.command("case", "open", "sweep", "--title", "A sweep", "--subject", f"partner:{ids['partners']}")
    admin = "http://%s:%d" % gate.admin
    description = with_examples(described(gate, gate.admin, "/openapi.json", gate.token), ids)
    ask(scratch, "a token with every role", description, admin, gate.token, examples=20, phases="examples,coverage,fuzzing")
    for role in ROLES:
        more = [] if role == "viewer" else ["--role", "approver"]
        gate.command("person", "add", role, "--role", role, *more)
    gate.stop()
    edit(gate, ("two_persons: false", "two_persons: true"))
    gate.serve()
    for role in ROLES:
        ask(scratch, f"a person with the role {role}", description, admin, tokens[role], examples=3, phases="examples,fuzzing")


main(run)
