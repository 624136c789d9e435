"""What four real SDKs of partners see through the gate: pages, a batch, a published post, our reasons.

Plaza stands behind a recorder behind the gate, and the SDKs call a second one before it. At the end
everything that was recorded, logged or exported is searched for keys and secrets: the platform must
never see a partner's key, nor a partner a link that names the platform or carries a token other than
the key that its own call had in the query.
"""

import itertools
import os
import subprocess
import sys
from urllib.parse import quote

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import FOUND, Gate, Plaza, Recorder, check, main
from links import all_of, answered
from sdks import ALL, PHOTO, VERSION

TELL = "we saw reads far beyond your usual and ask you to call us"
POSTS = 57
NUMBERS = itertools.count(1)
PLATFORM = "https://graph.platform.example"
PLATFORM_TOKEN = "plaza-token-that-only-gate-and-platform-know-4711"


def partner(gate, ids, *, use="publishing", calls_per_hour=10_000):
    """A new partner on the tier of its use, whom the account authorised, and its key's id and text."""
    name = f"partner-{next(NUMBERS)}"
    gate.command("partner", "add", name, "--use", use)
    gate.command("partner", "facts", name, "--set", f"figures.calls_per_hour={calls_per_hour}")
    gate.command("grant", "add", "--partner", name, ids["paging_user"])
    return gate.issue(name)


def expect(sdk, call, code, *, text, transient=False, waits=False):
    found = sdk.refusal(call)
    check(found, f"{sdk.name}: the refusal was taken for a success")
    check(found["code"] == code, f"{sdk.name}: code {code} expected: {found}")
    check(text in (found["message"] or ""), f"{sdk.name}: `{text}` is not in its message: {found}")
    check(found["transient"] == transient, f"{sdk.name}: transient is not {transient}: {found}")
    check(not waits or int(found["retry_after"]) > 0, f"{sdk.name}: it is not told how long to wait: {found}")
    print(f"  {sdk.name}: {found['code']} {found['message'][:100]}")


def batch(sdk, user, gate):
    """Allowed entries run, the refused one tells why in its place, and links inside lead to the gate."""
    if not sdk.batch:
        print(f"  {sdk.name}: has no batch")
        return
    profile, page, nested, stories, prepared = sdk.batch([
        ["GET", user, {"fields": "id,username"}],
        ["GET", f"{user}/media", {"fields": "id", "limit": "5"}],
        ["GET", user, {"fields": "id,media.limit(3){id}"}],
        ["GET", f"{user}/stories", {"fields": "id"}],
        ["POST", f"{user}/media", {"image_url": PHOTO, "caption": "batched"}],
    ])
    check(profile["body"]["id"] == user, f"{sdk.name}: another profile in the batch: {profile}")
    check(len(page["body"]["data"]) == 5, f"{sdk.name}: another page in the batch: {page}")
    for paging in (page["body"]["paging"], nested["body"]["media"]["paging"]):
        check(paging["next"].startswith(gate.url + "/"), f"{sdk.name}: a link in the batch leads elsewhere: {paging}")
    refused = stories.get("refused") or {}
    check(refused.get("code") == 10 and "story" in refused["message"], f"{sdk.name}: no refusal with reason: {stories}")
    check(int(prepared["body"]["id"]) > 0, f"{sdk.name}: nothing was prepared: {prepared}")
    print(f"  {sdk.name}: batch of five, one of them {refused['code']} {refused['message'][:60]}")


def trial(make, gate, ids):
    key_id, key = partner(gate, ids)
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
    link = sdk.nested(user)["paging"]["next"]
    check(link.startswith(gate.url + "/"), f"{sdk.name}: a nested link leads elsewhere: {link}")
    batch(sdk, user, gate)

    expect(sdk, lambda: sdk.stories(user), 10, text="story")
    gate.command("key", "hold", key_id, "--reason", "investigation", "--tell", TELL, *FOUND)
    expect(sdk, lambda: sdk.profile(user), 368, text=TELL)
    _, me = gate.call("/partner/v1/me", key)
    found = me["measures"][0]["statement"]["facts"][0]["statement"]
    check(found == FOUND[1], f"{sdk.name}: its partner is told of {found}")
    print(f"  {sdk.name}: `me` says what was found: {found}")
    gate.command("key", "restore", key_id, "--reason", "investigation-closed", "--tell", "thank you, that explains it")
    check(sdk.profile(user) == ids["paging_username"], f"{sdk.name}: the restored key does not work")
    gate.command("key", "revoke", key_id, "--reason", "key-exposed", "--tell", TELL, *FOUND)
    expect(sdk, lambda: sdk.profile(user), 190, text=TELL)

    _, short = partner(gate, ids, calls_per_hour=3)
    brief = make(gate.url, short)
    for _ in range(3):
        brief.profile(user)
    expect(brief, lambda: brief.profile(user), 4, text="calls-per-hour", transient=True, waits=True)
    for each in (sdk, brief):
        each.close()
    return [key, short]


def deep(gate, hop, ids):
    """The comments of an account's posts: pages in a page in an object."""
    _, key = partner(gate, ids, use="comment_care")
    tree = quote("id,media.limit(10){id,comments.limit(1){id,text}}")
    status, _, page = gate.get(hop.address, f"/{VERSION}/{ids['paging_user']}?fields={tree}&access_token={key}")
    check(status == 200, f"comments of posts came to {status}: {page}")
    return key


def links(gate, hop, recorder, plaza, keys):
    """No link in any answer names the platform or carries a token, but the key that the very call it
    answers had in its query; nothing else in an answer holds a key. The platform's own links all do."""
    theirs = all_of(recorder.answers)
    for _, _, link in theirs:
        check(link.startswith(PLATFORM + "/") and PLATFORM_TOKEN in link, f"the platform links otherwise: {link}")
    addresses = ["%s:%d" % address for address in (plaza.address, recorder.address, gate.public)]
    answers, ours, keyed = list(answered(hop)), [], 0
    for key, found, text in answers:
        ours += found
        for depth, packed, link in found:
            check(link.startswith(gate.url + "/"), f"a link at depth {depth} leads elsewhere: {link}")
            if key and not packed:
                check(link.endswith(f"access_token={key}"), f"a link at depth {depth} lacks its caller's key")
                text, keyed = text.replace(link, "", 1), keyed + 1
                link = link.removesuffix(f"access_token={key}")
            for name in ("access_token", "appsecret_proof", *keys):
                check(name not in link, f"a link at depth {depth} carries `{name}`: {link}")
        for secret in (PLATFORM, PLATFORM_TOKEN, *addresses, *keys):
            check(secret not in text, f"an answer names `{secret}`: {text[:300]}")
    packed = sum(1 for _, packed, _ in ours if packed)
    deepest = max(depth for depth, _, _ in ours)
    check(packed and deepest > 5 and len(theirs) > 30, f"too little to be seen: {packed} in batches, {deepest} deep, {len(theirs)} of the platform")
    check(0 < keyed < len(ours), f"{keyed} of {len(ours)} links carry their caller's key")
    print(f"  {len(answers)} answers hold {len(ours)} links, {packed} of them in bodies of batches, up to {deepest} deep: "
          f"all lead to {gate.url}, {keyed} with the key that their own call's query had; of the platform's own {len(theirs)} none does")


def body(scratch):
    plaza = Plaza(scratch, PLATFORM_TOKEN, PLATFORM)
    recorded = os.path.join(scratch, "upstream.bytes")
    recorder = Recorder(recorded, plaza.address)
    hop = Recorder(os.path.join(scratch, "partners.bytes"))
    upstream, url = ("http://%s:%d" % each.address for each in (recorder, hop))
    gate = Gate(os.path.join(scratch, "gate"), upstream, credential=PLATFORM_TOKEN, public_url=url)
    hop.to = gate.public
    gate.serve()
    exported = os.path.join(scratch, "export.jsonl")
    try:
        keys = [gate.first_key]
        for make in ALL:
            keys += trial(make, gate, plaza.ids)
        keys.append(deep(gate, hop, plaza.ids))
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
        hop.stop()
    links(gate, hop, recorder, plaza, keys)
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
