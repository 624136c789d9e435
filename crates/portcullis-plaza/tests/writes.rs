//! Writes and batches over real sockets.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use serde_json::{Value, json};
use support::{Answer, TOKEN, get, ids, plaza, post, read, send, target};

fn id(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    answer.json()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_post_goes_from_container_to_status_to_published() {
    let (plaza, s) = plaza().await;
    let [place, ..] = &s.places;
    let form = format!(
        "video_url=https://x/v.mp4&media_type=REELS&caption=new+%23travel&location_id={place}"
    );
    let container = id(&post(&plaza, "/v21.0/me/media", &form).await);
    assert!(container.starts_with("17890") && container.len() == 17);
    let publish = format!("creation_id={container}&fields=id,permalink,media_product_type");

    let early = post(&plaza, "/v21.0/me/media_publish", &publish).await;
    assert_eq!((early.status, early.code()), (400, 9007));
    for expected in ["IN_PROGRESS", "FINISHED", "FINISHED"] {
        let status = read(&plaza, &format!("/v21.0/{container}?fields=status_code")).await;
        assert_eq!(status["status_code"], expected);
    }
    let media = post(&plaza, "/v21.0/me/media_publish", &publish).await;
    assert_eq!(media.json()["media_product_type"], "REELS");
    let media = id(&media);
    assert!(media.starts_with("17999"));
    let status = read(&plaza, &format!("/v21.0/{container}?fields=status_code")).await;
    assert_eq!(status["status_code"], "PUBLISHED");
    let again = post(&plaza, "/v21.0/me/media_publish", &publish).await;
    assert_eq!(again.code(), 100);

    let found = read(&plaza, &format!("/v21.0/{media}?fields=caption,timestamp,location")).await;
    assert_eq!(found["caption"], "new #travel");
    assert_eq!(found["timestamp"], "2024-03-31T12:00:00+0000");
    assert_eq!(found["location"]["id"], json!(place));
    for list in ["me/media?limit=1".to_owned(), format!("{place}/posts?limit=1")] {
        let page = read(&plaza, &format!("/v21.0/{list}")).await;
        assert_eq!(ids(&page), std::slice::from_ref(&media), "{list}");
    }
    let me = read(&plaza, "/me?fields=media_count").await;
    assert_eq!(me["media_count"], 58);
    let quota = read(&plaza, "/v21.0/me/content_publishing_limit").await;
    assert_eq!(quota["data"][0], json!({ "quota_usage": 1 }));
}

#[tokio::test]
async fn containers_come_in_every_encoding_and_as_story_and_carousel() {
    let (plaza, s) = plaza().await;
    let bearer = format!("Authorization: Bearer {TOKEN}");
    let part = |name: &str, value: &str| {
        format!("--b7\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let file = "--b7\r\nContent-Disposition: form-data; name=\"source\"; filename=\"a.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n\u{7}\r\n--b7--\r\n";
    let multipart =
        format!("{}{}{file}", part("caption", "with a file"), part("access_token", TOKEN));
    let one = send(
        &plaza,
        "POST /v21.0/me/media",
        &["Content-Type: multipart/form-data; boundary=b7"],
        multipart.as_bytes(),
    )
    .await;
    let json =
        json!({ "image_url": "https://x/a.jpg", "caption": "as JSON", "is_carousel_item": true })
            .to_string();
    let two = send(
        &plaza,
        "POST /v21.0/me/media",
        &[&bearer, "Content-Type: application/json"],
        json.as_bytes(),
    )
    .await;
    let query =
        post(&plaza, "/v21.0/me/media?image_url=https://x/a.jpg&caption=in+the+query", "").await;
    for (answer, caption) in [(&one, "with a file"), (&query, "in the query")] {
        let media =
            id(&post(&plaza, "/v21.0/me/media_publish", &format!("creation_id={}", id(answer)))
                .await);
        let found = read(&plaza, &format!("/v21.0/{media}?fields=caption")).await;
        assert_eq!(found["caption"], caption);
    }

    let children = format!("media_type=CAROUSEL&children={},{}", id(&two), id(&one));
    let album = id(&post(&plaza, "/v21.0/me/media", &children).await);
    let media = id(&post(&plaza, "/v21.0/me/media_publish", &format!("creation_id={album}")).await);
    let items = read(&plaza, &format!("/v21.0/{media}/children?fields=media_type,owner")).await;
    assert_eq!(ids(&items).len(), 2);
    assert_eq!(items["data"][0]["owner"]["id"], json!(s.paging_user));

    let story =
        id(&post(&plaza, "/v21.0/me/media", "media_type=STORIES&image_url=https://x/s.jpg").await);
    let story = id(&post(&plaza, "/v21.0/me/media_publish", &format!("creation_id={story}")).await);
    assert!(story.starts_with("18") && story.len() == 17);
    let stories = read(&plaza, "/v21.0/me/stories?fields=expires_at").await;
    assert_eq!(stories["data"][0]["expires_at"], "2024-04-01T12:00:00+0000");
    assert_eq!(ids(&stories)[0], story);
}

#[tokio::test]
async fn an_account_publishes_50_times_a_day() {
    let (plaza, _) = plaza().await;
    for round in 0..=50 {
        let container = id(&post(&plaza, "/me/media", "image_url=https://x/a.jpg").await);
        let published =
            post(&plaza, "/me/media_publish", &format!("creation_id={container}")).await;
        assert_eq!(published.status, if round < 50 { 200 } else { 403 }, "round {round}");
    }
}

#[tokio::test]
async fn comments_are_written_hidden_answered_and_deleted() {
    let (plaza, s) = plaza().await;
    let comments = format!("/v21.0/{}/comments", s.post);
    let comment = id(&post(&plaza, &comments, "message=hello&fields=id,text").await);
    assert_eq!(ids(&read(&plaza, &comments).await)[0], comment);
    let reply = id(&post(&plaza, &format!("/v21.0/{comment}/replies"), "message=and+you").await);
    let tree = read(
        &plaza,
        &format!("{comments}?fields=text,username,replies{{id,text,parent_id}}&limit=1"),
    )
    .await;
    assert_eq!(tree["data"][0]["replies"]["data"][0]["text"], "and you");
    assert_eq!(tree["data"][0]["replies"]["data"][0]["parent_id"], json!(comment));
    assert_eq!(tree["data"][0]["username"], json!(s.paging_username));

    let hidden =
        post(&plaza, &format!("/v21.0/{comment}"), "hide=true&fields=id,hidden").await.json();
    assert_eq!(hidden, json!({ "id": comment, "hidden": true }));
    let gone = post(&plaza, &format!("/v21.0/{reply}"), "method=delete").await.json();
    assert_eq!(gone, json!({ "success": true }));
    assert_eq!(get(&plaza, &format!("/v21.0/{reply}")).await.code(), 100);

    let off = post(&plaza, &format!("/v21.0/{}", s.post), "comment_enabled=false").await;
    assert_eq!(off.json(), json!({ "success": true }));
    assert_eq!(post(&plaza, &comments, "message=too+late").await.code(), 100);
    let bearer = format!("Authorization: Bearer {TOKEN}");
    let gone = send(&plaza, &format!("DELETE /v21.0/{}", s.post), &[&bearer], b"").await;
    assert_eq!(gone.json(), json!({ "success": true }));
    assert_eq!(get(&plaza, &format!("/v21.0/{}", s.post)).await.code(), 100);
    let hooks = post(&plaza, "/v21.0/me/subscribed_apps", "subscribed_fields=comments").await;
    assert_eq!(hooks.json(), json!({ "success": true }));
}

#[tokio::test]
async fn writes_that_make_no_sense_leave_nothing_behind() {
    let (plaza, s) = plaza().await;
    let user = &s.business_user;
    let table = [
        ("/v21.0/me/media".to_owned(), "caption=x", 100),
        ("/v21.0/me/media".to_owned(), "image_url=x&media_type=STORY", 100),
        ("/v21.0/me/media".to_owned(), "image_url=x&location_id=1", 100),
        ("/v21.0/me/media".to_owned(), "media_type=CAROUSEL&children=1,2", 100),
        ("/v21.0/me/media".to_owned(), "image_url=x&fields=id,", 2500),
        ("/v21.0/me/media_publish".to_owned(), "", 100),
        (format!("/v21.0/{user}/media_publish"), "creation_id=17890300000000419", 100),
        (format!("/v21.0/{}/comments", s.post), "", 100),
        (format!("/v21.0/{}/comments", s.post), "message=x&fields=(", 2500),
        (format!("/v21.0/{}", s.comment), "text=x", 100),
        (format!("/v21.0/{}", s.places[0]), "name=x", 100),
        (format!("/v21.0/{}?method=delete", s.places[0]), "", 100),
        (format!("/v21.0/{user}?method=put"), "", 100),
    ];
    for (target, form, code) in table {
        let answer = post(&plaza, &target, form).await;
        assert_eq!(answer.code(), code, "{target} {form}");
    }
    let first = id(&post(&plaza, "/me/media", "image_url=x").await);
    assert_eq!(first, "17890300000000419", "no number was used up");
    let form = format!("creation_id={first}");
    let stolen = post(&plaza, &format!("/{user}/media_publish"), &form).await;
    assert_eq!(stolen.code(), 100, "a container of another account");
}

async fn batch(plaza: &portcullis_plaza::Running, entries: &Value) -> Vec<Value> {
    let form = format!(
        "include_headers=false&batch={}",
        entries.to_string().replace('%', "%25").replace('&', "%26").replace('+', "%2B")
    );
    let answer = post(plaza, "/v21.0/", &form).await;
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    answer.json().as_array().unwrap().clone()
}

fn inner(row: &Value) -> Value {
    serde_json::from_str(row["body"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn batch_entries_feed_each_other() {
    let (plaza, s) = plaza().await;
    let entries = json!([
        { "method": "GET", "relative_url": "?ids={result=posts:$.data.*.id}&fields=media_type" },
        { "method": "GET", "relative_url": "me/media?limit=3", "name": "posts" },
        { "method": "GET", "relative_url": "v21.0%2Fme%3Ffields%3Dusername", "name": "me", "omit_response_on_success": false },
        { "method": "GET", "relative_url": format!("{}?fields=username", s.business_user), "depends_on": "me" },
        { "method": "GET", "relative_url": "me", "omit_response_on_success": true },
        { "method": "POST", "relative_url": "me/media", "body": "image_url=https://x/a.jpg", "name": "made" },
        { "method": "POST", "relative_url": "me/media_publish", "body": "creation_id={result=made:$.id}" },
    ]);
    let answers = batch(&plaza, &entries).await;
    assert_eq!(inner(&answers[0]).as_object().unwrap().len(), 3);
    assert!(answers[1].is_null(), "what only feeds others is left out");
    assert_eq!(inner(&answers[2])["username"], json!(s.paging_username));
    assert_eq!(inner(&answers[3])["username"], json!(s.business_username));
    assert!(answers[4].is_null() && answers[5].is_null());
    assert!(inner(&answers[6])["id"].as_str().unwrap().starts_with("17999"));
}

#[tokio::test]
async fn a_batch_entry_fails_alone_and_takes_only_its_dependants_along() {
    let (plaza, _) = plaza().await;
    let entries = json!([
        { "method": "GET", "relative_url": "nobody", "name": "bad", "omit_response_on_success": true },
        { "method": "GET", "relative_url": "me", "depends_on": ["bad"] },
        { "method": "GET", "relative_url": "me", "depends_on": "unheard_of" },
        { "method": "GET", "relative_url": "me", "name": "a", "depends_on": "b" },
        { "method": "GET", "relative_url": "me", "name": "b", "depends_on": "a" },
        { "method": "GET", "relative_url": "me", "access_token": "partner" },
        { "method": "GET", "relative_url": "me?access_token=partner" },
        { "method": "POST", "relative_url": "", "body": "batch=[]" },
        { "method": "POST", "relative_url": "me", "body": "batch=[{}]" },
        { "method": "GET", "relative_url": "me?access_token=platform-token" },
    ]);
    let codes: Vec<i64> =
        batch(&plaza, &entries).await.iter().map(|row| row["code"].as_i64().unwrap()).collect();
    assert_eq!(codes, [404, 424, 424, 424, 424, 401, 401, 400, 400, 200]);
}

#[tokio::test]
async fn batches_come_in_every_encoding_and_their_links_carry_the_token() {
    let (plaza, _) = plaza().await;
    let entries = json!([{ "method": "GET", "relative_url": "me/media?limit=1" }]);
    let bearer = format!("Authorization: Bearer {TOKEN}");
    let as_json = json!({ "batch": entries, "include_headers": true }).to_string();
    let as_parts = format!(
        "--b\r\nContent-Disposition: form-data; name=\"batch\"\r\n\r\n{entries}\r\n--b--\r\n"
    );
    let escaped: String = entries.to_string().bytes().map(|b| format!("%{b:02X}")).collect();
    let table = [
        ("POST /v21.0".to_owned(), "application/json", as_json),
        ("POST /".to_owned(), "multipart/form-data; boundary=b", as_parts),
        (
            format!("POST /v21.0/?batch={escaped}"),
            "application/x-www-form-urlencoded",
            String::new(),
        ),
        (
            "POST /v21.0/me".to_owned(),
            "application/x-www-form-urlencoded",
            format!("batch={escaped}"),
        ),
    ];
    for (line, kind, body) in table {
        let kind = format!("Content-Type: {kind}");
        let answer = send(&plaza, &line, &[&bearer, &kind], body.as_bytes()).await.json();
        assert_eq!(answer[0]["headers"][0]["name"], "Content-Type", "{line}");
        let page = inner(&answer[0]);
        let next = target(&plaza, &page["paging"]["next"]);
        assert_eq!(ids(&read(&plaza, &next).await).len(), 1, "{line}");
    }
    let token = json!([{ "method": "GET", "relative_url": "me", "access_token": TOKEN }, { "method": "GET", "relative_url": "me" }]);
    let answer = send(
        &plaza,
        "POST /",
        &["Content-Type: application/json"],
        json!({ "batch": token }).to_string().as_bytes(),
    )
    .await;
    assert_eq!(
        (answer.json()[0]["code"].as_i64(), answer.json()[1]["code"].as_i64()),
        (Some(200), Some(401))
    );
    for bad in ["[]", "{}", "[{}]", "x"] {
        assert_eq!(post(&plaza, "/", &format!("batch={bad}")).await.code(), 100, "{bad}");
    }
}
