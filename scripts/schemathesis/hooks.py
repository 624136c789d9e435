"""What schemathesis has to be told of our APIs: lines of JSON as a body, and keys and addresses by turns."""

import itertools
import json
import os

import schemathesis
from schemathesis.transport.requests import REQUESTS_TRANSPORT

LINES = "application/x-ndjson"
# A key and an address are allowed so many calls in a minute; there are enough of both, so that the
# answers are not all the same refusal.
KEYS = [key for key in os.environ.get("PORTCULLIS_KEYS", "").split(",") if key]
TURNS = itertools.cycle(KEYS)
PEERS = itertools.cycle(f"10.{at // 250}.{at % 250}.1" for at in range(50_000))


@REQUESTS_TRANSPORT.serializer(LINES)
def lines(ctx, value):
    return {"data": json.dumps(value).encode() + b"\n"}


def by_turns(request):
    # Calls that are to come without a key stay without.
    if "Authorization" in request.headers and KEYS:
        request.headers["Authorization"] = f"Bearer {next(TURNS)}"
    request.headers["X-Forwarded-For"] = next(PEERS)
    return request


@schemathesis.hook
def before_call(context, case, kwargs):
    kwargs["auth"] = by_turns
