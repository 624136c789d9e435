//! Bodies that end and bodies that go on, read in batches.
//!
//! Must not know what a line says.

use std::convert::Infallible;
use std::task::{Context, Poll};

use axum::body::Bytes;
use http_body::Frame;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::*;

/// A body that goes on as long as somebody sends.
struct Fed(UnboundedReceiver<&'static str>);

impl http_body::Body for Fed {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let frame = |text: &'static str| Ok(Frame::data(Bytes::from(text)));
        self.0.poll_recv(context).map(|text| text.map(frame))
    }
}

fn lines(body: Body) -> Lines {
    let request = Request::builder().header(header::CONTENT_TYPE, NDJSON).body(body).unwrap();
    Lines::of(request, "faults").unwrap().with_patience(Duration::from_millis(250))
}

fn fed() -> (UnboundedSender<&'static str>, Lines) {
    let (send, receive) = unbounded_channel();
    (send, lines(Body::new(Fed(receive))))
}

async fn next(lines: &mut Lines) -> Vec<(u64, String)> {
    let read = |text: &[u8]| Ok(String::from_utf8_lossy(text).into_owned());
    lines.next(3, read).await.map_err(|problem| problem.detail.clone()).unwrap()
}

fn numbered(of: &[(u64, &str)]) -> Vec<(u64, String)> {
    of.iter().map(|(number, text)| (*number, (*text).to_owned())).collect()
}

#[tokio::test(start_paused = true)]
async fn a_line_of_a_body_without_an_end_waits_a_moment_for_others_and_no_longer() {
    let (send, mut lines) = fed();
    send.send("one\ntw").unwrap();
    assert_eq!(next(&mut lines).await, numbered(&[(1, "one")]), "it was not kept waiting");
    send.send("o\nthree\n").unwrap();
    assert_eq!(next(&mut lines).await, numbered(&[(2, "two"), (3, "three")]));
    send.send("four\nfive\nsix\nseven\n").unwrap();
    assert_eq!(next(&mut lines).await.len(), 3, "a batch is full before that");
    assert_eq!(next(&mut lines).await, numbered(&[(7, "seven")]));
    drop(send);
    assert_eq!(next(&mut lines).await, []);
}

#[tokio::test(start_paused = true)]
async fn lines_that_come_one_by_one_keep_none_before_them_waiting() {
    let (send, mut lines) = fed();
    let sending = async {
        for _ in 0..3 {
            send.send("line\n").unwrap();
            sleep(Duration::from_millis(200)).await;
        }
    };
    let (first, ()) = tokio::join!(next(&mut lines), sending);
    assert_eq!(first.len(), 2, "the third came after the first had waited long enough");
}

#[tokio::test(start_paused = true)]
async fn a_line_that_can_not_be_taken_is_told_while_the_body_goes_on_and_later_ones_are_taken() {
    let (send, mut lines) = fed();
    send.send("bad\n").unwrap();
    let read = |text: &[u8]| (text != b"bad").then_some(()).ok_or_else(String::new);
    let refused = timeout(Duration::from_secs(60), lines.next(3, read)).await;
    let problem = refused.expect("nobody waits for lines that do not come").unwrap_err();
    assert_eq!(problem.entries.iter().map(|fault| fault.line).collect::<Vec<_>>(), [1]);
    send.send("good\n").unwrap();
    assert_eq!(
        lines.next(3, read).await.map_err(|problem| problem.detail.clone()),
        Ok(vec![(2, ())])
    );
}

#[tokio::test(start_paused = true)]
async fn who_sends_without_an_end_what_can_not_be_taken_is_answered_all_the_same() {
    let (send, mut lines) = fed();
    send.send("more\n").unwrap();
    let answered = timeout(Duration::from_secs(1), lines.drain()).await;
    answered.expect("nobody waits for the end after a pause");
    let sending = async {
        while send.send("line\n").is_ok() {
            sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::select! {
        answered = timeout(Duration::from_secs(60), lines.drain()) => answered.unwrap(),
        () = sending => {}
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_says_how_long_it_is_is_taken_in_whole_batches() {
    let mut lines = lines(Body::from("one\ntwo"));
    assert_eq!(next(&mut lines).await, numbered(&[(1, "one"), (2, "two")]));
}
