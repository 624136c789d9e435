//! Read back after a write.

use serde_json::json;

use crate::case::{Case, List};
use crate::talk::{Ask, Talk};
use crate::world::{Mark, World};

pub(crate) fn cases(w: &World) -> Vec<Case> {
    let mut list = List::of("read after write");
    comments(w, &mut list);
    list.way("read after write, in several parts");
    parts(w, &mut list);
    list.way("read after write, of posts");
    posts(w, &mut list);
    published(w, &mut list);
    list.cases
}

fn comments(w: &World, list: &mut List) {
    let (b, cc) = (&w.baker, "comment_care");
    let at_baker = format!("/v21.0/{}/comments", w.baker_post);
    let comment = format!("/v21.0/{}", w.comment_at_baker);
    for (name, marks, inner) in [
        ("commenting, what who commented says about itself", &w.me.bio, "id,from{biography}"),
        (
            "commenting, followers of the author of the post",
            &b.followers,
            "id,media{owner{followers_count}}",
        ),
        ("commenting, stories of the author of the post", &b.stories, "media{owner{stories{id}}}"),
        ("commenting, under another name", &b.bio, "id,media.as(a){owner.as(b){biography.as(c)}}"),
    ] {
        list.say(
            cc,
            name,
            marks,
            Ask::post(&at_baker).form(format!("message=hello&fields={inner}")),
        );
    }
    let square = &w.square.beyond(0);
    list.say(
        cc,
        "commenting, posts where the post was made, asked for in the query",
        square,
        Ask::post(format!("{at_baker}?fields=media{{location{{posts{{id}}}}}}"))
            .form("message=hello"),
    );
    list.say(
        cc,
        "answering",
        &b.bio,
        Ask::post(format!("{comment}/replies"))
            .form("message=hello&fields=id,media{owner{biography}}"),
    );
    list.say(
        cc,
        "hiding",
        &b.bio,
        Ask::post(&comment).form("hide=false&fields=id,hidden,media{owner{biography}}"),
    );
    list.say(
        cc,
        "hiding, in JSON",
        &b.followers,
        Ask::post(&comment)
            .json(&json!({ "hide": "false", "fields": "id,media{owner{followers_count}}" })),
    );
    list.say(
        cc,
        "hiding, all in the query",
        &b.stories,
        Ask::post(format!("{comment}?hide=false&fields=media{{owner{{stories{{id}}}}}}")),
    );
    let parts = |fields: &str| {
        let part = |name: &str, value: &str| {
            format!("--b7\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        part("message", "hello") + &part("fields", fields) + "--b7--\r\n"
    };
    list.say(
        cc,
        "commenting, in several parts",
        &b.bio,
        Ask::post(&at_baker)
            .body("multipart/form-data; boundary=b7", parts("id,media{owner{biography}}")),
    );
    list.say(
        cc,
        "what is agreed in the query, what is not in the body",
        &b.bio,
        Ask::post(format!("{at_baker}?fields=id"))
            .form("message=hello&fields=media{owner{biography}}"),
    );
    list.say(
        cc,
        "a form that does not say that it is one",
        &b.bio,
        Ask::post(&at_baker).body("", "message=hello&fields=media{owner{biography}}"),
    );
    list.say(
        cc,
        "a form in a set of characters of its own",
        &b.bio,
        Ask::post(&at_baker).body(
            "application/x-www-form-urlencoded; charset=utf-7",
            "message=hello&fields=media{owner{biography}}",
        ),
    );
    list.say(
        cc,
        "a member twice in JSON: the last counts",
        &b.bio,
        Ask::post(&at_baker).body(
            "application/json",
            r#"{"message":"hello","fields":"id","fields":"media{owner{biography}}"}"#,
        ),
    );
    list.say(
        cc,
        "a member twice in JSON, once escaped",
        &b.bio,
        Ask::post(&at_baker).body(
            "application/json",
            r#"{"message":"hello","fields":"id","\u0066ields":"media{owner{biography}}"}"#,
        ),
    );
}

/// Bodies in several parts, as the platform reads them.
fn parts(w: &World, list: &mut List) {
    let at_baker = format!("/v21.0/{}/comments", w.baker_post);
    let message = "--b7\r\nContent-Disposition: form-data; name=\"message\"\r\n\r\nhello\r\n";
    let inner = "media{owner{biography}}";
    let plain =
        format!("--b7\r\nContent-Disposition: form-data; name=\"fields\"\r\n\r\n{inner}\r\n");
    let id = plain.replace(inner, "id");
    for (name, parts) in [
        (
            "fields by the name of a file",
            format!(
                "{message}--b7\r\nContent-Disposition: form-data; name=\"fields\"; filename=\"{inner}\"\r\n\r\nid\r\n"
            ),
        ),
        ("a part twice: the last counts", format!("{message}{id}{plain}")),
        ("a name without quotes", format!("{message}{}", plain.replace("\"fields\"", "fields"))),
        (
            "names in upper case",
            format!(
                "{message}{}",
                plain
                    .replace("Content-Disposition", "CONTENT-DISPOSITION")
                    .replace("name=", "NAME=")
            ),
        ),
        (
            "a kind of its own",
            format!(
                "{message}{}",
                plain.replace("\r\n\r\n", "\r\nContent-Type: application/json\r\n\r\n")
            ),
        ),
        ("something before the first part", format!("hello{message}{plain}")),
        (
            "a name twice: the first counts",
            format!(
                "{message}{}",
                plain.replace("name=\"fields\"", "name=\"fields\"; name=\"message\"")
            ),
        ),
    ] {
        let ask =
            Ask::post(&at_baker).body("multipart/form-data; boundary=b7", parts + "--b7--\r\n");
        list.say("comment_care", name, &w.baker.bio, ask);
    }
    let loose = Ask::post(&at_baker)
        .body("multipart/form-data; Boundary = \"b7\"", format!("{message}{plain}--b7--\r\n"));
    list.say("comment_care", "a border said loosely", &w.baker.bio, loose);
    let two = Ask::post(&at_baker)
        .form(format!("message=hello&fields={inner}"))
        .line("Content-Type: application/json");
    list.say("comment_care", "two kinds of one body", &w.baker.bio, two);
    let loud = Ask::post(&at_baker)
        .body("APPLICATION/JSON", json!({ "message": "hello", "fields": inner }).to_string());
    list.say("comment_care", "a kind in upper case", &w.baker.bio, loud);
}

fn posts(w: &World, list: &mut List) {
    let (b, pu) = (&w.baker, "publishing");
    let post = format!("/v21.0/{}", w.baker_post);
    for (name, marks, inner) in [
        ("changing a post, what its author says about itself", &b.bio, "id,owner{biography}"),
        ("changing a post, its author's followers", &b.followers, "id,owner{id,followers_count}"),
        ("changing a post, its author's stories", &b.stories, "owner{stories{id}}"),
        (
            "changing a post, other posts where it was made",
            &w.square.beyond(0),
            "location{posts{id}}",
        ),
        (
            "changing a post, stories where it was made",
            &b.stories,
            "location.as(a){stories.as(b){id}}",
        ),
    ] {
        list.say(
            pu,
            name,
            marks,
            Ask::post(&post).form(format!("comment_enabled=true&fields={inner}")),
        );
    }
}

/// Prepares something and publishes it, reading something back.
fn publish(talk: &mut Talk, form: &str, fields: &str) {
    let made = talk.say(&Ask::post("/v21.0/me/media").form(form)).json();
    let id = made["id"].as_str().unwrap_or_default().to_owned();
    talk.get(format!("/v21.0/{id}?fields=status_code"));
    talk.say(
        &Ask::post("/v21.0/me/media_publish").form(format!("creation_id={id}&fields={fields}")),
    );
}

fn published(w: &World, list: &mut List) {
    let pu = "publishing";
    let pictures = &vec![Mark::Text("cdn.plaza.example".to_owned())];
    let at_museum = format!("image_url=x&location_id={}", w.museum.id);
    for (name, marks, form, inner) in [
        (
            "publishing, what the account says about itself",
            &w.me.bio,
            "image_url=x",
            "id,owner{biography}",
        ),
        (
            "publishing, the account's followers",
            &w.me.followers,
            "image_url=x",
            "owner{followers_count}",
        ),
        (
            "publishing, the account's stories",
            &w.me.stories,
            "image_url=x",
            "id,permalink,owner{stories{id}}",
        ),
        (
            "publishing at a place, the posts there",
            &w.museum.beyond(0),
            &at_museum,
            "location{posts{id}}",
        ),
        (
            "publishing a story, its picture",
            pictures,
            "media_type=STORIES&image_url=x",
            "id,media_url",
        ),
        (
            "publishing a story, its still under another name",
            pictures,
            "media_type=STORIES&video_url=x",
            "id,thumbnail_url.as(a)",
        ),
    ] {
        let (form, inner) = (form.to_owned(), inner.to_owned());
        list.talk(pu, name, marks, move |talk| publish(talk, &form, &inner));
    }
}
