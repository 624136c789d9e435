"""Real SDKs of partners behind one face: the same calls, and what each SDK's own error told.

The two Python ones run here, the npm ones in a process each; see `node/calls.js`.
"""

import json
import os
import subprocess
import time

import facebook_business.adobjects.iguser as iguser
import pyfacebook
from facebook_business.adobjects.igmedia import IGMedia
from facebook_business.api import FacebookAdsApi, FacebookRequestError, FacebookSession

from harness import TARGET, check

VERSION = "v21.0"
PHOTO = "https://cdn.example/photo.jpg"


class Facebook:
    """The official Python SDK."""

    name = "facebook_business"

    def __init__(self, url, key):
        FacebookSession.GRAPH = url
        self.api = FacebookAdsApi.init(access_token=key, api_version=VERSION, crash_log=False)

    def close(self):
        pass

    def profile(self, user):
        return iguser.IGUser(user, api=self.api).api_get(fields=["id", "username", "media_count"])["username"]

    def pages(self, user):
        cursor = iguser.IGUser(user, api=self.api).get_media(fields=["id", "caption"], params={"limit": 25})
        return [media["id"] for media in cursor]

    def nested(self, user):
        return self.api.call("GET", (user,), params={"fields": "id,media.limit(3){id}"}).json()["media"]

    def publish(self, user, caption):
        me = iguser.IGUser(user, api=self.api)
        container = me.create_media(params={"image_url": PHOTO, "caption": caption})["id"]
        finished(lambda: self.api.call("GET", (container,), params={"fields": "status_code"}).json()["status_code"])
        return me.create_media_publish(params={"creation_id": container})["id"]

    def caption(self, post):
        return IGMedia(post, api=self.api).api_get(fields=["id", "caption"])["caption"]

    def stories(self, user):
        return list(iguser.IGUser(user, api=self.api).get_stories(fields=["id"]))

    def batch(self, entries):
        batch, told = self.api.new_batch(), [None] * len(entries)

        def keep(at, answer):
            told[at] = {"body": answer.json()}

        def refuse(at, answer):
            error = answer.error()
            told[at] = {"refused": {"code": error.api_error_code(), "message": error.api_error_message()}}

        for at, (method, path, params) in enumerate(entries):
            batch.add(
                method, path, params=params,
                success=lambda answer, at=at: keep(at, answer), failure=lambda answer, at=at: refuse(at, answer),
            )
        check(batch.execute() is None, "entries are left to be tried again")
        return told

    def refusal(self, call):
        try:
            call()
        except FacebookRequestError as error:
            headers = {name.lower(): value for name, value in (error.http_headers() or {}).items()}
            return {
                "message": error.api_error_message(),
                "status": error.http_status(),
                "code": error.api_error_code(),
                "transient": bool(error.api_transient_error()),
                "retry_after": headers.get("retry-after"),
            }
        return None


class PyFacebook:
    """python-facebook-api: the token in the form body on POST, and it follows `next` whole."""

    name = "python-facebook-api"
    # It has none.
    batch = None

    def __init__(self, url, key):
        self.url, self.key = url, key

    def close(self):
        pass

    def api(self, user="0"):
        return pyfacebook.IGBusinessApi(
            access_token=self.key, version=VERSION, base_url=self.url + "/", instagram_business_id=user,
            sleep_on_rate_limit=False,
        )

    def profile(self, user):
        return self.api(user).user.get_info(fields="id,username,media_count").username

    def pages(self, user):
        found = self.api(user).get_full_connections(
            object_id=user, connection="media", count=None, limit=25, fields="id,caption"
        )
        return [media["id"] for media in found["data"]]

    def nested(self, user):
        return self.api(user).get_object(user, fields="id,media.limit(3){id}")["media"]

    def publish(self, user, caption):
        api = self.api(user)
        container = api.post_object(user, "media", data={"image_url": PHOTO, "caption": caption})["id"]
        finished(lambda: api.container.get_info(container_id=container, fields="id,status_code").status_code)
        return api.post_object(user, "media_publish", data={"creation_id": container})["id"]

    def caption(self, post):
        return self.api().media.get_info(media_id=post, fields="id,caption").caption

    def stories(self, user):
        return self.api(user).user.get_stories(fields="id")

    def refusal(self, call):
        try:
            call()
        except pyfacebook.FacebookError as error:
            return {
                "message": error.message,
                "status": None,
                "code": error.code,
                "transient": bool(getattr(error, "is_transient", False)),
                "retry_after": getattr(error, "retry_after", None),
            }
        return None


class Refused(Exception):
    """What an npm SDK's error told."""


class Node:
    """An npm SDK in a process of its own."""

    def __init__(self, url, key):
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "node", "calls.js")
        modules = os.path.join(TARGET, "sdk-node", "node_modules")
        self.process = subprocess.Popen(
            ["node", script, self.short], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "NODE_PATH": modules},
        )
        self.write({"url": url, "key": key})

    def write(self, line):
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)

    def ask(self, call, *args):
        self.write({"call": call, "args": args})
        line = self.process.stdout.readline()
        check(line, f"{self.name}: its process ended at `{call}`")
        told = json.loads(line)
        if "refusal" in told:
            raise Refused(told["refusal"])
        return told["value"]

    def profile(self, user):
        return self.ask("profile", user)

    def pages(self, user):
        return self.ask("pages", user)

    def nested(self, user):
        return self.ask("nested", user)

    def publish(self, user, caption):
        container = self.ask("prepare", user, PHOTO, caption)
        finished(lambda: self.ask("status", container))
        return self.ask("publish", user, container)

    def caption(self, post):
        return self.ask("caption", post)

    def stories(self, user):
        return self.ask("stories", user)

    def batch(self, entries):
        return self.ask("batch", entries)

    def refusal(self, call):
        try:
            call()
        except Refused as refused:
            (told,) = refused.args
            check("code" in told, f"{self.name}: a fault of its own: {told}")
            return told
        return None


class Business(Node):
    """The official SDK for Node: it takes JSON for forms, and follows `next` to whatever host it names."""

    name, short = "facebook-nodejs-business-sdk", "business"


class FbGraph(Node):
    """fbgraph: the token in the query and once more in a form without a content type."""

    name, short = "fbgraph", "fbgraph"


ALL = (Facebook, PyFacebook, Business, FbGraph)


def finished(status):
    """Asks until the platform has fetched the picture, as its documentation tells publishers to."""
    deadline = time.monotonic() + 20
    while (told := status()) != "FINISHED":
        check(told == "IN_PROGRESS" and time.monotonic() < deadline, f"the container is {told}")
        time.sleep(0.1)
