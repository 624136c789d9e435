//! Multipart bodies are read in one strict form and written under a boundary of our own.

use crate::common::{Call, USER};

fn media() -> String {
    format!("/v21.0/{USER}/media")
}

#[track_caller]
fn refused(call: Call, expected: &str) {
    let asked = call.asked();
    assert!(asked.contains(expected), "{call:?}: {asked}");
}

fn part(head: &str, value: &str) -> String {
    format!("--XX\nContent-Disposition: form-data; {head}\n\n{value}\n")
}

#[test]
fn multipart_stays_multipart_with_files_untouched() {
    let file = "--XX\nContent-Disposition: form-data; name=\"source\"; filename=\"a.jpg\"\nContent-Type: image/jpeg\n\n\u{1}--\u{0}\n";
    let call =
        Call::post(&media()).multipart(&format!("{}{file}--XX--", part("name=caption", "a b")));
    let sent = call.sent().unwrap();
    let boundary = sent.content_type.clone().unwrap().split_once("boundary=").unwrap().1.to_owned();
    assert!(boundary.starts_with("portcullis-") && boundary.len() == 27, "{boundary}");
    let text =
        String::from_utf8(sent.body.clone()).unwrap().replace(&boundary, "B").replace("\r\n", "⏎");
    assert_eq!(
        text,
        "--B⏎Content-Disposition: form-data; name=\"caption\"⏎⏎a b⏎--B⏎Content-Disposition: form-data; \
         name=\"source\"; filename=\"a.jpg\"⏎Content-Type: image/jpeg⏎⏎\u{1}--\u{0}⏎--B--⏎"
    );
    assert_eq!(call.asked(), "createMedia: media.publish");
    assert_eq!(sent.asks(), call.asks());
    assert_eq!(call.sent().unwrap().text(), sent.text(), "the same body gets the same boundary");
}

#[test]
fn multipart_with_several_readings_is_refused() {
    let post = |body: &str| Call::post(&media()).multipart(body);
    let fine = part("name=\"caption\"", "a");
    assert_eq!(post(&format!("{fine}--XX--\n")).asked(), "createMedia: media.publish");
    assert_eq!(post("--XX--\n").asked(), "createMedia: media.publish");
    let file = part("name=\"source\"; filename=\"a\"", "bytes");
    for body in [
        format!("preamble\n{fine}--XX--\n"),
        format!("\n{fine}--XX--\n"),
        format!("{fine}--XX--\nepilogue"),
        fine.clone(),
        format!("{fine}--XX"),
        format!("{fine}--XX--x"),
        format!("{fine}--XX --\n"),
        fine.replace("--XX\n", "--XX \n") + "--XX--\n",
        fine.replace("\n\na", "\na") + "--XX--\n",
        fine.replace("form-data", "attachment") + "--XX--\n",
        fine.replace("form-data; ", "form-data; x=1; ") + "--XX--\n",
        fine.replace("Content-Disposition", "X-Other") + "--XX--\n",
        fine.replace("Content-Disposition:", "Content-Disposition:\n ") + "--XX--\n",
        fine.replace("\n\n", "\nContent-Disposition: form-data; name=\"tags\"\n\n") + "--XX--\n",
        fine.replace("\n\n", "\nContent-Transfer-Encoding: base64\n\n") + "--XX--\n",
        fine.replace("\n\n", "\nContent-Type: application/json\n\n") + "--XX--\n",
        fine.replace("\n\n", "\nContent-Type: text/plain; charset=utf-16\n\n") + "--XX--\n",
        part("name=\"caption\"; name=\"tags\"", "a") + "--XX--\n",
        part("name=\"caption\"; name=caption", "a") + "--XX--\n",
        part("name=\"cap\\\"tion\"", "a") + "--XX--\n",
        part("name=\"caption", "a") + "--XX--\n",
        part("name=\"caption\" x", "a") + "--XX--\n",
        part("name*=UTF-8''caption", "a") + "--XX--\n",
        part("NAME=\"caption\"", "a") + "--XX--\n",
        part("name=\"caption%00\"", "a") + "--XX--\n",
        part("name=\"caption[]\"", "a") + "--XX--\n",
        part("name=\"\"", "a") + "--XX--\n",
        part("filename=\"x\"", "a") + "--XX--\n",
        format!("{fine}{fine}--XX--\n"),
        format!("{file}{fine}--XX--\n"),
        format!("{file}{file}--XX--\n"),
        part("name=\"access_token\"; filename=\"x\"", "a") + "--XX--\n",
        part("name=\"source\"; filename=\"x\"; filename=\"y\"", "a") + "--XX--\n",
        part("name=\"source\"; filename=\"x\\\"y\"", "a") + "--XX--\n",
        // Parts within a part.
        file.replace("\n\n", "\nContent-Type: multipart/mixed; boundary=YY\n\n") + "--XX--\n",
        file.replace("\n\n", "\nContent-Type: Multipart /form-data; boundary=YY\n\n") + "--XX--\n",
        file.replace("\n\n", "\nContent-Type: message/http\n\n") + "--XX--\n",
    ] {
        refused(post(&body), "unreadable");
    }
    // Bare line feeds, as lenient readers take them.
    let bare = Call::post(&media())
        .body(Some("multipart/form-data; boundary=XX"), format!("{fine}--XX--\n"));
    refused(bare, "unreadable");
    refused(post(&(part("name=\"other\"; filename=\"a\"", "b") + "--XX--\n")), "undeclared: other");
    refused(post(&(part("name=\"limit\"; filename=\"a\"", "b") + "--XX--\n")), "unreadable");
    refused(Call::post(&media()).body(Some("multipart/form-data"), "x"), "boundary");
    let over = format!(
        "{}{}--XX--\n",
        part("name=method", "get"),
        part("name=\"source\"; filename=\"a\"", "b")
    );
    refused(post(&over), "carries a file");
}
