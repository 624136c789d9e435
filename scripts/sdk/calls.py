"""What two real SDKs of partners see through the gate: pages, a published post, and our reasons.

Plaza stands behind a recorder behind the gate. At the end everything that was recorded, logged or
exported is searched for keys and secrets: the platform must never see a partner's key.
"""

import os
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import Gate, Plaza, Recorder, check, main

import facebook_business.adobjects.iguser as iguser
import pyfacebook
from facebook_business.adobjects.igmedia import IGMedia
from facebook_business.api import FacebookAdsApi, FacebookRequestError, FacebookSession

VERSION = "v21.0"
TELL = "we saw reads far beyond your usual and ask you to call us"
PHOTO = "https://cdn.example/photo.jpg"
POSTS = 57
PLATFORM_TOKEN = "plaza-token-that-only-gate-and-platform-know-4711"

# A day of the trials' calls fits into it; the short one is used up by the fourth call.
CALLS_PER_HOUR = {"trial-partner": 10_000, "short-partner": 3}


class Facebook:
    """The official Python SDK."""

    name = "facebook_business"

    def __init__(self, url, key):
        FacebookSession.GRAPH = url
        self.api = FacebookAdsApi.init(access_token=key, api_version=VERSION, crash_log=False)

    def profile(self, user):
        return iguser.IGUser(user, api=self.api).api_get(fields=["id", "username", "media_count"])["username"]

    def pages(self, user):
        cursor = iguser.IGUser(user, api=self.api).get_media(fields=["id", "caption"], params={"limit": 25})
        return [media["id"] for media in cursor]

    def publish(self, user, caption):
        me = iguser.IGUser(user, api=self.api)
        container = me.create_media(params={"image_url": PHOTO, "caption": caption})["id"]
        finished(lambda: self.api.call("GET", (container,), params={"fields": "status_code"}).json()["status_code"])
        return me.create_media_publish(params={"creation_id": container})["id"]

    def caption(self, post):
        return IGMedia(post, api=self.api).api_get(fields=["id", "caption"])["caption"]

    def stories(self, user):
        return list(iguser.IGUser(user, api=self.api).get_stories(fields=["id"]))

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

    def __init__(self, url, key):
        self.url, self.key = url, key

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


def finished(status):
    """Asks until the platform has fetched the picture, as its documentation tells publishers to."""
    deadline = time.monotonic() + 20
    while (told := status()) != "FINISHED":
        check(told == "IN_PROGRESS" and time.monotonic() < deadline, f"the container is {told}")
        time.sleep(0.1)


def expect(sdk, call, code, *, text, transient=False, waits=False):
    found = sdk.refusal(call)
    check(found, f"{sdk.name}: the refusal was taken for a success")
    check(found["code"] == code, f"{sdk.name}: code {code} expected: {found}")
    check(text in (found["message"] or ""), f"{sdk.name}: `{text}` is not in its message: {found}")
    check(found["transient"] == transient, f"{sdk.name}: transient is not {transient}: {found}")
    check(not waits or int(found["retry_after"]) > 0, f"{sdk.name}: it is not told how long to wait: {found}")
    print(f"  {sdk.name}: {found['code']} {found['message'][:100]}")


def trial(make, gate, ids):
    key_id, key = gate.issue("trial-partner")
    sdk, user = make(gate.url, key), ids["paging_user"]
    check(sdk.profile(user) == ids["paging_username"], f"{sdk.name}: another profile")
    before = sdk.pages(user)
    # Publishing by the other SDK has made the list longer.
    check(len(before) >= POSTS and len(set(before)) == len(before), f"{sdk.name}: {len(before)} posts over all pages")
    caption = f"published through {sdk.name}"
    post = sdk.publish(user, caption)
    check(sdk.caption(post) == caption, f"{sdk.name}: the post reads otherwise than it was written")
    after = sdk.pages(user)
    check(set(after) - set(before) == {post}, f"{sdk.name}: the post is not in the list")
    print(f"  {sdk.name}: profile, {len(before)} posts in pages, published {post}")

    expect(sdk, lambda: sdk.stories(user), 10, text="story")
    gate.command("key", "hold", key_id, "--reason", "investigation", "--tell", TELL)
    expect(sdk, lambda: sdk.profile(user), 368, text=TELL)
    gate.command("key", "restore", key_id, "--reason", "investigation-closed", "--tell", "thank you, that explains it")
    check(sdk.profile(user) == ids["paging_username"], f"{sdk.name}: the restored key does not work")
    gate.command("key", "revoke", key_id, "--reason", "key-exposed", "--tell", TELL)
    expect(sdk, lambda: sdk.profile(user), 190, text=TELL)

    _, short = gate.issue("short-partner")
    brief = make(gate.url, short)
    for _ in range(3):
        brief.profile(user)
    expect(brief, lambda: brief.profile(user), 4, text="calls-per-hour", transient=True, waits=True)
    return [key, short]


def links(gate, ids):
    """Paging links lead to the public URL and carry nobody's token."""
    _, key = gate.issue("trial-partner")
    _, page = gate.call(f"/{VERSION}/{ids['paging_user']}/media?limit=5&access_token={key}", None)
    link = page["paging"]["next"]
    check(link.startswith(gate.url + "/"), f"a paging link leads elsewhere: {link}")
    check(key not in link and PLATFORM_TOKEN not in link, "a paging link carries a token")
    print(f"  paging links lead to {gate.url}")
    return key


def declare(gate, account):
    """Two partners on the tier of their use, for an account that authorised both."""
    for partner, most in CALLS_PER_HOUR.items():
        gate.command("partner", "add", partner, "--use", "publishing")
        gate.command("partner", "facts", partner, "--set", f"figures.calls_per_hour={most}")
        gate.command("grant", "add", "--partner", partner, account)


def body(scratch):
    plaza = Plaza(scratch, PLATFORM_TOKEN)
    recorded = os.path.join(scratch, "upstream.bytes")
    recorder = Recorder(recorded, plaza.address)
    upstream, url = "http://%s:%d" % recorder.address, "http://localhost:{port}"
    gate = Gate(os.path.join(scratch, "gate"), upstream, credential=PLATFORM_TOKEN, public_url=url)
    gate.serve()
    exported = os.path.join(scratch, "export.jsonl")
    try:
        declare(gate, plaza.ids["paging_user"])
        keys = [gate.first_key]
        for make in (Facebook, PyFacebook):
            keys += trial(make, gate, plaza.ids)
        keys.append(links(gate, plaza.ids))
        gate.command("audit", "verify")
        gate.command("audit", "export", "--out", exported)
        with open(os.path.join(scratch, "metrics"), "wb") as file:
            file.write(gate.get(gate.admin, "/metrics", {"Authorization": f"Bearer {gate.token}"})[2])
        gate.stop()
    finally:
        if gate.process.poll() is None:
            gate.kill()
        plaza.stop()
        recorder.stop()
    scan(scratch, gate, keys, recorded, exported)


def scan(scratch, gate, keys, recorded, exported):
    secrets = os.path.join(scratch, "secrets.txt")
    everywhere = [gate.log, exported, os.path.join(scratch, "metrics"), os.path.join(gate.folder, "data")]
    # The platform sees its own token, of course, and nothing else of these.
    for wanted, where in ((keys + gate.secrets(), everywhere), (keys + [gate.token], [recorded])):
        with open(secrets, "w", encoding="utf-8") as file:
            file.write("\n".join(sorted(set(wanted))))
        scanner = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "secrets-scan")
        told = subprocess.run([sys.executable, scanner, "--secrets", secrets, *where], capture_output=True, text=True)
        print("  " + told.stdout.strip().replace("\n", "\n  "))
        check(told.returncode == 0, "a secret was found where it must not be")


main(body)
