//! tonic's client: all four forms of a call, and what it makes of refusals and holds.

use futures_util::stream;
use portcullis_proxy::Codec;
use tokio::sync::mpsc;
use tonic::Code;

use crate::rpc::{Client, Posts};
use crate::support::{Gate, KEY, PLATFORM, TIER, World};

const ROUTES: &str = r##"
version: 1
classes: { profile.basic: Names, media.list: Posts, publish: Posting, place.posts: Places }
operations:
  get: { method: POST, path: /plaza.Posts/Get, class: media.list, body: opaque }
  feed: { method: POST, path: /plaza.Posts/Feed, class: media.list, stream: 10m, body: opaque }
  add: { method: POST, path: /plaza.Posts/Add, class: publish, stream: 10m, body: opaque }
  talk: { method: POST, path: /plaza.Posts/Talk, class: publish, stream: 10m, body: opaque }
  places: { method: POST, path: /plaza.Posts/Places, class: place.posts, body: opaque }
"##;
const SCOPES: &str = r##"
version: 1
scopes:
  all: { about: All, classes: [profile.basic, media.list, publish] }
"##;

async fn gate() -> (Posts, Gate) {
    within(TIER).await
}

async fn within(tier: &str) -> (Posts, Gate) {
    let posts = Posts::start().await;
    let world = World { routes: ROUTES, scopes: SCOPES, tier };
    let gate = Gate::at(&posts.url, world, |settings| settings.codec = Codec::Http2);
    (posts, gate)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_message_each_way() {
    let (posts, gate) = gate().await;
    let mut client = Client::new(&gate, KEY).await;
    assert_eq!(client.get("7").await.unwrap().into_inner(), "post 7");
    let long = "x".repeat(1_000_000);
    assert_eq!(client.get(&long).await.unwrap().into_inner().len(), 1_000_005);
    for head in posts.heads() {
        let said = format!("{head:?}");
        assert!(said.contains(PLATFORM) && !said.contains(KEY), "{said}");
        assert_eq!(head["te"], "trailers");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_of_the_platform_is_that_of_the_call() {
    let (_posts, gate) = gate().await;
    let mut client = Client::new(&gate, KEY).await;
    let status = client.get("missing").await.unwrap_err();
    assert_eq!(
        (status.code(), status.message(), status.details()),
        (Code::NotFound, "no such post: ä", &b"why"[..])
    );
    let status = client.get("secret").await.unwrap_err();
    assert!(!format!("{status:?}").contains(PLATFORM), "{status:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_a_status_with_its_code() {
    let few = "
version: 1
tier: standard
about: For tests
scopes: [all]
rates: [{ id: few, per: key, max: 1, window: 1h, burst: 1 }]
";
    let (posts, gate) = within(few).await;
    let mut stranger = Client::new(&gate, "no-such-key").await;
    let mut client = Client::new(&gate, KEY).await;
    let unknown = stranger.get("7").await.unwrap_err();
    let ungranted = client.unary("Places").await;
    let unlisted = client.unary("Sweep").await;
    assert_eq!(client.get("7").await.unwrap().into_inner(), "post 7");
    let many = client.get("7").await.unwrap_err();
    for (status, expected, code) in [
        (unknown, Code::Unauthenticated, "key_unknown"),
        (ungranted, Code::PermissionDenied, "class_not_granted"),
        (unlisted, Code::PermissionDenied, "operation_unlisted"),
        (many, Code::ResourceExhausted, "rate_reached"),
    ] {
        assert_eq!(status.code(), expected, "{status:?}");
        assert_eq!(status.metadata().get("portcullis-code").unwrap(), code);
        assert!(!status.message().is_empty());
    }
    assert_eq!(posts.heads().len(), 1, "one call reached the platform");
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_come_one_by_one_and_then_the_status() {
    let (posts, gate) = gate().await;
    let mut feed = Client::new(&gate, KEY).await.feed().await;
    for number in 0..3 {
        posts.go.send(()).unwrap();
        assert_eq!(feed.message().await.unwrap().unwrap(), format!("post {number}"));
    }
    posts.go.send(()).unwrap();
    let end = feed.message().await.unwrap_err();
    assert_eq!(
        (end.code(), end.message(), end.details()),
        (Code::ResourceExhausted, "that was all", &b"why"[..])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_may_send_many_and_both_may_talk_at_once() {
    let (_posts, gate) = gate().await;
    let mut client = Client::new(&gate, KEY).await;
    assert_eq!(client.add(&["a", "", "b"]).await.unwrap().into_inner(), "a++b");
    assert_eq!(client.add(&[]).await.unwrap().into_inner(), "");

    let (say, said) = mpsc::unbounded_channel();
    let mut heard = client.talk(stream::unfold(said, next)).await;
    for word in ["one", "two", "three"] {
        say.send(word.to_owned()).unwrap();
        assert_eq!(heard.message().await.unwrap().unwrap(), format!("{word}?"));
    }
    drop(say);
    assert_eq!(heard.message().await.unwrap(), None, "it ends well");
}

async fn next(
    mut said: mpsc::UnboundedReceiver<String>,
) -> Option<(String, mpsc::UnboundedReceiver<String>)> {
    Some((said.recv().await?, said))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_ends_streams_with_its_status_and_the_connection_goes_on() {
    let (posts, mut gate) = gate().await;
    let mut client = Client::new(&gate, KEY).await;
    let mut feed = client.feed().await;
    posts.go.send(()).unwrap();
    assert_eq!(feed.message().await.unwrap().unwrap(), "post 0");
    let (say, said) = mpsc::unbounded_channel();
    let mut heard = client.talk(stream::unfold(said, next)).await;
    say.send("one".to_owned()).unwrap();
    assert_eq!(heard.message().await.unwrap().unwrap(), "one?");

    gate.office.hold();
    gate.running().cutter().cut();
    for answer in [&mut feed, &mut heard] {
        let end = answer.message().await.unwrap_err();
        assert_eq!(end.code(), Code::PermissionDenied, "{end:?}");
        assert_eq!(end.metadata().get("portcullis-code").unwrap(), "key_held");
        assert!(end.message().contains("We look at your reads."), "{end:?}");
    }
    let refused = client.get("7").await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied, "{refused:?}");
    assert_eq!(posts.heads().len(), 2, "and that call went no further");
}
