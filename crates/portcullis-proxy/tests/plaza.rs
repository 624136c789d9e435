//! Before the sample platform: batches and packed answers are what the platform itself gives, less
//! what a partner may not see.

use std::net::SocketAddr;

use crate::support::{Answer, Gate, KEY, PLATFORM, Peer, World};
use portcullis_plaza::{Plaza, Running, Settings, Showcase};
use portcullis_proxy::{Placement, PlatformCredential};
use serde_json::{Value, json};

const ROUTES: &str = include_str!("../../../policies/plaza/routes/plaza.yaml");
const SCOPES: &str = r##"
version: 1
scopes:
  all:
    about: Much
    classes:
      - profile.basic
      - profile.counts
      - media.by_account
      - media.single
      - post.basic
      - post.counts
      - post.author
      - comment.list
      - comment.basic
      - comment.write
"##;
const TIER: &str = r##"
version: 1
tier: standard
about: For tests
scopes: [all]
batch: true
rates: []
filter:
  - { id: no-stories, class: [media.by_account, media.single], drop_items: { product_type: [STORY] } }
"##;

/// The platform, with what keeps it running.
struct Platform {
    runtime: tokio::runtime::Runtime,
    plaza: Option<Running>,
    show: Showcase,
}

impl Platform {
    fn start() -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let plaza = runtime.block_on(Plaza::start(Settings::new(PLATFORM))).unwrap();
        let show = plaza.showcase().unwrap();
        Self { runtime, plaza: Some(plaza), show }
    }

    fn addr(&self) -> SocketAddr {
        self.plaza.as_ref().unwrap().addr()
    }

    fn gate(&self) -> Gate {
        let world = World { routes: ROUTES, scopes: SCOPES, tier: TIER };
        Gate::at(&format!("http://{}", self.addr()), world, |settings| {
            let place = Placement::Query("access_token".into());
            settings.credential = PlatformCredential::new(PLATFORM, place).unwrap();
            settings.public_url = Some("https://gate.example".parse().unwrap());
        })
    }

    /// What the platform wrote as its own, as the gate writes it.
    fn as_ours(&self, text: &str) -> String {
        let text = text.replace(&format!("http://{}", self.addr()), "https://gate.example");
        text.replace(&format!("access_token={PLATFORM}&"), "")
            .replace(&format!("&access_token={PLATFORM}"), "")
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        let plaza = self.plaza.take().unwrap();
        self.runtime.block_on(plaza.stop());
    }
}

fn call(addr: SocketAddr, request: &str) -> Answer {
    let mut peer = Peer::connect(addr);
    peer.send(request);
    peer.answer()
}

fn batch(entries: &Value, key: &str) -> String {
    let body = json!({ "batch": entries, "access_token": key }).to_string();
    format!(
        "POST /v21.0 HTTP/1.1\r\nHost: p\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn a_batch_comes_to_what_the_platform_makes_of_it() {
    let platform = Platform::start();
    let gate = platform.gate();
    let Showcase { paging_user: user, post, .. } = &platform.show;
    let get = |target: String| json!({ "method": "GET", "relative_url": target });
    let named = |name: &str, target: String| json!({ "method": "GET", "name": name, "relative_url": target });
    let batches = [
        json!([get(format!("{user}?fields=username,followers_count"))]),
        json!([
            get(format!("{user}/media?limit=3&fields=id,caption,media_product_type")),
            get(format!("{post}?fields=id,caption,media_product_type"))
        ]),
        json!([get(format!(
            "v21.0/{user}?fields=media.limit(2)%7Bid,caption,comments%7Btext%7D,media_product_type%7D"
        ))]),
        json!([
            named("posts", format!("{user}/media?limit=4&fields=id,media_product_type")),
            get("?ids={result=posts:$.data[*].id}&fields=id,caption,media_product_type".to_owned()),
        ]),
        json!([
            { "method": "GET", "name": "posts", "relative_url": format!("{user}/media?limit=1&fields=id,media_product_type"), "omit_response_on_success": false },
            { "method": "POST", "relative_url": "{result=posts:$.data[0].id}/comments", "body": "message=hello%20you" },
        ]),
        json!([
            get("17841499999999999?fields=id,username".to_owned()),
            get(format!("{user}?fields=username"))
        ]),
    ];
    for entries in &batches {
        let direct = call(platform.addr(), &batch(entries, PLATFORM));
        let through = call(gate.running().addr(), &batch(entries, KEY));
        assert_eq!((direct.status, through.status), (200, 200), "{entries}\n{}", through.text());
        assert!(
            !through.text().contains(PLATFORM)
                && !through.text().contains(&platform.addr().to_string())
        );
        let (direct, through) = (direct.json(), through.json());
        let rows = direct.as_array().unwrap().iter().zip(through.as_array().unwrap());
        for (theirs, ours) in rows {
            assert_eq!(theirs["code"], ours["code"], "{entries}\n{theirs}\n{ours}");
            let read = |row: &Value| {
                let text = row["body"].as_str().map(|text| platform.as_ours(text));
                let mut value: Value = serde_json::from_str(&text?).unwrap();
                // Each answer has its own trace, and each written comment its own id.
                if let Some(error) = value.get_mut("error") {
                    error["fbtrace_id"] = Value::Null;
                }
                if value.as_object().is_some_and(|answer| answer.len() == 1)
                    && value["id"].is_string()
                    && entries.to_string().contains("comments\"")
                {
                    value["id"] = Value::Null;
                }
                Some(value)
            };
            assert_eq!(read(theirs), read(ours), "{entries}");
        }
    }
}

#[test]
fn a_packed_answer_is_the_platforms_own_where_nothing_is_cut() {
    let platform = Platform::start();
    let gate = platform.gate();
    let Showcase { paging_user: user, .. } = &platform.show;
    for target in [
        format!("/v21.0/{user}?fields=username"),
        format!("/v21.0/{user}/media?limit=50&fields=id,caption,media_product_type,like_count"),
    ] {
        // In a header: a key in the query comes back in links.
        let ask = |key: &str, packings: &str| {
            format!(
                "GET {target} HTTP/1.1\r\nHost: p\r\nAuthorization: Bearer {key}\r\nAccept-Encoding: {packings}\r\n\r\n"
            )
        };
        let direct = call(platform.addr(), &ask(PLATFORM, "identity"));
        let through = call(gate.running().addr(), &ask(KEY, "gzip, deflate, br"));
        assert_eq!(through.header("content-encoding"), None, "it was read");
        assert_eq!(through.text(), platform.as_ours(&direct.text()));
    }
}
