//! Every refusal as a partner reads it, in both families.

use std::num::NonZeroU64;
use std::sync::Arc;

use portcullis_types::{
    BudgetHit, ClassName, Closes, Counts, Denial, Part, RateHit, RateId, ReasonCode, Span,
    StandingName, Subject, Wall, all_rows,
};

use super::*;

fn notice(review_by: Option<Wall>) -> Arc<Notice> {
    let reason = ReasonCode::new("bulk-location").unwrap();
    let tell = "More places were read than the agreement covers.".into();
    Arc::new(Notice { review_by, ..Notice::hold(Wall(1_711_886_400_000), reason, tell) })
}

fn hit(max: u64, retry: u64) -> Refusal {
    Refusal::RateReached(RateHit {
        rate: RateId::new("calls-per-hour").unwrap(),
        max,
        window: Span::from_seconds(3600),
        retry_after_seconds: NonZeroU64::new(retry),
    })
}

fn denied(tell: Option<&str>) -> Refusal {
    let rule: Arc<str> = "partner-standard/no-area-sweep".into();
    let rules = vec![Arc::clone(&rule)];
    Refusal::Denied(Box::new(Denial { rule, rules, tell: tell.map(Arc::from) }))
}

fn budget(max: u64, each_target: bool, retry: u64) -> Refusal {
    Refusal::BudgetReached(Box::new(BudgetHit {
        limit: RateId::new("places-per-day").unwrap(),
        counts: if each_target { Counts::Rows } else { Counts::Targets },
        each_target,
        max,
        window: Span::from_seconds(86_400),
        retry_after_seconds: NonZeroU64::new(retry),
    }))
}

fn stands(subject: Subject, notice: &Arc<Notice>, part: Part) -> Refusal {
    let open = ["publish.status", "publish.limit"].map(Arc::from).to_vec();
    let notice = Arc::clone(notice);
    Refusal::Held(Box::new(Held { open, part, ..Held::of(subject, notice) }))
}

fn every() -> Vec<Refusal> {
    let held = |subject| stands(subject, &notice(Some(Wall(1_712_000_000_000))), Part::Call);
    let some: Arc<[ClassName]> = Arc::from([ClassName::new("place.posts").unwrap()]);
    let restricted = |subject, closes| {
        let notice = Notice { state: StandingName::Restricted, closes, ..(*notice(None)).clone() };
        stands(subject, &Arc::new(notice), Part::Call)
    };
    let ended = |subject| {
        let notice = Notice { state: StandingName::Terminated, ..(*notice(None)).clone() };
        stands(subject, &Arc::new(notice), Part::Call)
    };
    let shaped = |closes, part| {
        let notice = Notice { closes, ..(*notice(Some(Wall(1_712_000_000_000)))).clone() };
        stands(Subject::Partner, &Arc::new(notice), part)
    };
    let ending = {
        let state = StandingName::Terminating;
        let notice = Notice { state, closes: Closes::Reads, ..(*notice(None)).clone() };
        stands(Subject::Partner, &Arc::new(notice), Part::Call)
    };
    vec![
        Refusal::KeyMissing,
        Refusal::KeyUnknown,
        Refusal::KeyConflict,
        Refusal::TokenExpired { at: Wall(1_711_886_400_000) },
        Refusal::TokenInvalid { why: "the token is for another audience" },
        Refusal::IssuerUnreachable,
        Refusal::KeyRevoked(notice(None)),
        Refusal::KeyExpired { at: Wall(1_711_886_400_000) },
        held(Subject::Key),
        held(Subject::Client),
        held(Subject::Partner),
        shaped(Closes::Reads, Part::Call),
        shaped(Closes::Reads, Part::ReadBack),
        shaped(Closes::Writes, Part::Call),
        shaped(Closes::ReadsOf(Arc::clone(&some)), Part::Field("location.name".into())),
        restricted(Subject::Partner, Closes::Classes(Arc::clone(&some))),
        restricted(Subject::Client, Closes::ReadsOf(some)),
        ending,
        ended(Subject::Partner),
        ended(Subject::Client),
        Refusal::KeyPending { from: None },
        Refusal::KeyPending { from: Some(Wall(1_712_000_000_000)) },
        Refusal::NetworkNotAllowed { from: Some("198.51.100.7".parse().unwrap()) },
        Refusal::NetworkNotAllowed { from: None },
        Refusal::CertificateNotAllowed,
        Refusal::Unreadable { why: "there is more than one Host" },
        Refusal::HeadTooLarge,
        Refusal::BodyTooLarge { max: 1_048_576 },
        Refusal::BodyTooSlow,
        Refusal::MediaTypeUnknown,
        Refusal::OperationUnlisted,
        Refusal::MethodUnlisted,
        Refusal::VersionUnknown,
        Refusal::NodeUnclassified,
        Refusal::FieldUnclassified { field: "media.secret".into() },
        Refusal::ParameterUndeclared { name: "bulk".into() },
        Refusal::NotJudged { what: "batch calls" },
        Refusal::ClassNotGranted { class: "place.posts".into(), field: None },
        Refusal::ClassNotGranted { class: "profile.bio".into(), field: Some("bio".into()) },
        denied(Some("Ask for one place by its id")),
        denied(None),
        Refusal::TargetNotAgreed {
            class: "place.posts".into(),
            needs: "declared locations".into(),
            tell: Some("Posts are given at the hotels you declared".into()),
        },
        Refusal::FieldNotAgreed {
            class: "place.posts".into(),
            field: "owner.biography".into(),
            tell: None,
        },
        Refusal::TermsNotMet {
            class: "place.search".into(),
            needs: "at least 2 letters to search for".into(),
            tell: None,
        },
        Refusal::TooManyIds { max: 1 },
        Refusal::TooManyIds { max: 50 },
        Refusal::BatchNotAgreed,
        Refusal::ClientUndeclared,
        Refusal::ClientUnclear,
        Refusal::ReviewLapsed { at: Wall(1_712_000_000_000) },
        budget(40, false, 51_210),
        budget(2_500, true, 30),
        budget(0, false, 0),
        Refusal::AnswerWithheld { why: "an item's kind could not be told" },
        Refusal::TierUnknown,
        hit(200, 17),
        hit(0, 0),
        hit(5, 0),
        Refusal::UpstreamUnreachable,
        Refusal::UpstreamBusy,
        Refusal::UpstreamSlow,
        Refusal::UpstreamMalformed,
        Refusal::AnswerTooLarge { max: 8_388_608 },
        Refusal::LedgerFull,
        Refusal::Overloaded,
        Refusal::NotReady,
        Refusal::Internal,
    ]
}

fn show(refusal: &Refusal, family: Family) -> String {
    let rates = Rates::new(family);
    let style = Style { family, types: "urn:portcullis:problem:", rates: &rates };
    let trace = Trace {
        partner: Some("acme".into()),
        rule: Some("partner-standard".into()),
        ..Trace::default()
    };
    let known = !matches!(refusal.row().status, 400..=401);
    let out = render(refusal, known.then_some(&trace), "req_1", style);
    let mut text = format!("{}\n", out.status);
    let mut lines: Vec<_> = out
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap()))
        .collect();
    lines.sort();
    text.push_str(&lines.concat());
    text.push_str(&String::from_utf8(out.body).unwrap());
    text
}

#[test]
fn every_refusal_as_a_graph_client_reads_it() {
    let all: Vec<_> = every().iter().map(|refusal| show(refusal, Family::Graph)).collect();
    insta::assert_snapshot!("graph", all.join("\n\n"));
}

#[test]
fn every_refusal_as_any_other_client_reads_it() {
    let all: Vec<_> = every().iter().map(|refusal| show(refusal, Family::Problem)).collect();
    insta::assert_snapshot!("problem", all.join("\n\n"));
}

#[test]
fn every_row_of_the_table_is_shown_above() {
    let shown: Vec<_> = every().iter().map(|refusal| refusal.row().code).collect();
    for row in all_rows() {
        assert!(shown.contains(&row.code), "{}", row.code);
    }
}

#[test]
fn the_reason_stands_in_the_one_text_that_every_client_shows() {
    for refusal in every() {
        let rates = Rates::new(Family::Graph);
        let style = Style { family: Family::Graph, types: "", rates: &rates };
        let body = render(&refusal, None, "req_1", style).body;
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let message = body["error"]["message"].as_str().unwrap();
        assert!(message.contains(&refusal.detail()));
        assert_eq!(body["error"]["fbtrace_id"], body["request_id"]);
        assert!(body["error"]["code"].is_u64() && body["status"].as_u64() >= Some(400));
    }
}
