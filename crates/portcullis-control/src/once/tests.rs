//! How many answers are remembered, how long, and over a restart.

use portcullis_types::Now;

use super::*;

#[derive(Debug)]
struct Still;

impl Clock for Still {
    fn now(&self) -> Now {
        Now { wall: Wall(0), mono: portcullis_types::Mono(0) }
    }
}

/// What lay beside the log when the gate started.
#[derive(Debug)]
struct Kept(Vec<RememberedAnswer>);

impl Remembers for Kept {
    fn all(&self) -> Vec<RememberedAnswer> {
        self.0.clone()
    }
    fn keep(&self, _: RememberedAnswer, _: usize) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async { Ok(()) })
    }
    fn forget(&self, _: [u8; 32]) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async { Ok(()) })
    }
}

fn remembered(beside: Option<Arc<dyn Remembers>>) -> Once {
    let room = Room { all: 1000, each: 600 };
    Once::new(room, beside, Arc::new(Still), 1024, |_| String::new())
}

fn call(owner: &str, n: u64, body: u8, at: u64) -> RememberedAnswer {
    RememberedAnswer {
        name: name(&[owner, "/v1/keys", &n.to_string()]),
        owner: name(&[owner]),
        body: [body; 32],
        at: Wall(at),
        outcome: Outcome::Running,
    }
}

#[test]
fn at_most_a_thousand_answers_are_remembered_for_a_day() {
    let once = remembered(None);
    for n in 0..500 {
        assert!(matches!(once.take(&call("a", n, 0, n)), Seat::First));
    }
    for n in 500..1001 {
        assert!(matches!(once.take(&call("b", n, 0, n)), Seat::First));
    }
    assert!(matches!(once.take(&call("b", 1000, 1, 2000)), Seat::OtherBody));
    assert!(matches!(once.take(&call("b", 1000, 0, 2000)), Seat::Again(Outcome::Running)));
    assert!(matches!(once.take(&call("a", 0, 0, 2000)), Seat::First), "the oldest went");
    let later = REMEMBERED_MILLISECONDS + 3000;
    assert!(matches!(once.take(&call("b", 1000, 1, later)), Seat::First), "a day passed");
}

#[test]
fn who_asks_most_pushes_out_its_own_only() {
    let once = remembered(None);
    assert!(matches!(once.take(&call("quiet", 0, 0, 0)), Seat::First));
    for n in 0..2000 {
        assert!(matches!(once.take(&call("loud", n, 0, 1)), Seat::First));
    }
    assert!(matches!(once.take(&call("quiet", 0, 0, 2)), Seat::Again(_)));
}

#[tokio::test]
async fn an_answer_too_long_to_be_remembered_is_given_once_all_the_same() {
    for (bytes, is_kept) in [(ANSWER_BYTES_MAX, true), (ANSWER_BYTES_MAX + 1, false)] {
        let (response, outcome) = keep(vec![b'x'; bytes].into_response()).await;
        assert_eq!(response.status(), StatusCode::OK, "{bytes}");
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        assert_eq!(body.len(), bytes);
        assert_eq!(matches!(outcome, Some(Outcome::Answered(200, _))), is_kept, "{bytes}");
        assert_eq!(matches!(outcome, Some(Outcome::Shown(_))), !is_kept, "{bytes}");
    }
}

#[tokio::test]
async fn what_was_no_call_is_not_remembered() {
    for (status, is_kept) in [(400, false), (404, false), (405, false), (415, false), (422, true)] {
        let status = StatusCode::from_u16(status).unwrap();
        assert_eq!(keep(status.into_response()).await.1.is_some(), is_kept, "{status}");
    }
}

#[test]
fn after_a_restart_answers_are_given_again_and_what_was_broken_off_is_said_to_be() {
    let done =
        RememberedAnswer { outcome: Outcome::Answered(201, b"{}".to_vec()), ..call("a", 1, 0, 5) };
    let kept = Kept(vec![done.clone(), call("a", 2, 0, 5)]);
    let once = remembered(Some(Arc::new(kept)));
    let told = |n| match once.take(&call("a", n, 0, 6)) {
        Seat::Again(outcome) => outcome,
        Seat::First | Seat::OtherBody => panic!("{n} is remembered"),
    };
    assert_eq!(told(1), done.outcome);
    assert_eq!(told(2), Outcome::Shown(BROKEN_OFF.to_owned()));
}
