"""Reads answers back from recorded bytes, and finds every paging link in them, however deep.

A string that is JSON itself, as the bodies in a batch's answer are, is searched like the rest.
"""

import gzip
import http.client
import io
import json
from urllib.parse import parse_qs, urlsplit

from harness import check

LINKS = ("next", "previous", "next_url")


class Stream(io.BytesIO):
    """What a connection brought; reading one answer of it must not close it for the next."""

    def makefile(self, _mode):
        return self

    def close(self):
        pass


def bodies(stream):
    """The bodies of all answers of one connection, unpacked."""
    file = Stream(stream)
    while file.tell() < len(stream):
        answer = http.client.HTTPResponse(file)
        answer.begin()
        body = answer.read()
        packed = answer.getheader("content-encoding", "identity")
        check(packed in ("identity", "gzip"), f"an answer is packed as {packed}; it can't be searched")
        yield gzip.decompress(body) if packed == "gzip" else body


def queries(stream):
    """The parameters in the query of each call of one connection."""
    file = io.BytesIO(stream)
    while line := file.readline().strip():
        fields = http.client.parse_headers(file)
        file.read(int(fields.get("content-length", 0)))
        yield parse_qs(urlsplit(line.decode().split(" ")[1]).query)


def parsed(text):
    """What the text is as JSON; none if it is no object and no list."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, (dict, list)) else None


def found(value, depth=0, packed=0, name=None):
    """Each paging link: how deep in objects and lists, in how many strings of JSON, and the link."""
    if isinstance(value, str):
        if (inner := parsed(value)) is not None:
            yield from found(inner, depth + 1, packed + 1)
        elif name in LINKS:
            yield depth, packed, value
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from found(member, depth + 1, packed, key)
    elif isinstance(value, list):
        for item in value:
            yield from found(item, depth + 1, packed, name)


def all_of(connections):
    """Every paging link of these connections."""
    return [link for stream in connections for body in bodies(bytes(stream)) if body for link in found(json.loads(body))]


def answered(recorder):
    """Of each answer that went through it: the key in the query of the call it answers, its paging links,
    and its text to look for secrets in."""
    for calls, answers in zip(recorder.calls, recorder.answers, strict=True):
        asked, told = list(queries(bytes(calls))), [body.decode() for body in bodies(bytes(answers))]
        check(len(asked) == len(told), f"{len(asked)} calls on a connection, and {len(told)} answers")
        for query, text in zip(asked, told, strict=True):
            yield query.get("access_token", [None])[0], list(found(json.loads(text))) if text else [], text
