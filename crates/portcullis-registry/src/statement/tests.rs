//! What a statement must say: each gap by itself, all at once, and what a whole one looks like.

mod facts;

use insta::assert_snapshot;
use portcullis_types::{Closes, ReasonCode, Wall};

use super::*;
use crate::reasons;
use crate::tests::partner_id;
use crate::words::{Actor, ActorKind};

const NOW: Wall = Wall(1_711_886_400_000);
const DAY: u64 = 86_400_000;
const DIGEST: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";

fn days(days: u64) -> Moment {
    Moment(Wall(NOW.0 + days * DAY))
}

fn before(hours: u64) -> Moment {
    Moment(Wall(NOW.0 - hours * DAY / 24))
}

/// A draft that says everything a measured reason wants.
fn whole() -> StatementDraft {
    StatementDraft {
        facts: vec![Fact {
            statement: "Posts of 12,304 places in 41 towns were read in one night.".to_owned(),
            period: Some(Period { from: before(9), until: before(1) }),
            metric: Some("distinct places".to_owned()),
            value: Some("12304".to_owned()),
            limit: Some("200 in 24 h".to_owned()),
            evidence_sha256: Some(DIGEST.to_owned()),
            evidence: None,
        }],
        ..StatementDraft::default()
    }
}

fn complete_as(
    draft: &StatementDraft,
    reason: &str,
    (to, review_by): (&str, Option<Wall>),
) -> Result<(Statement, Vec<crate::Blob>), Vec<Gap>> {
    let by = Actor { kind: ActorKind::Token, id: "maria".to_owned() };
    let reason = ReasonCode::new(reason).unwrap();
    let subject = SubjectId::Partner(partner_id("acme"));
    let reasons = reasons::Reasons::default();
    let about = About {
        by: &by,
        subject: &subject,
        change: ("good", to),
        closes: &Closes::Reads,
        even: &[],
        factor: None,
        review_by,
        effective: None,
        reason: &reason,
        template: reasons.get(reason.as_str()).unwrap(),
        tell: "Posts of far more places than declared were read; tell us what for.",
        case: Some("c-17"),
    };
    draft.complete(&about, NOW)
}

fn complete(draft: &StatementDraft) -> Result<(Statement, Vec<crate::Blob>), Vec<Gap>> {
    complete_as(draft, "bulk-location", ("suspended", Some(days(14).0)))
}

fn told(draft: &StatementDraft) -> String {
    match complete(draft) {
        Ok(_) => "complete".to_owned(),
        Err(gaps) => gaps.iter().map(Gap::to_string).collect::<Vec<_>>().join("\n"),
    }
}

#[test]
fn a_whole_statement_reads_like_this() {
    let (statement, blobs) = complete(&whole()).unwrap();
    let text = serde_json::to_string_pretty(&statement).unwrap();
    assert_snapshot!(text);
    assert_eq!(serde_json::from_str::<Statement>(&text).unwrap(), statement);
    assert_eq!(blobs.len(), 1);
    assert_eq!(serde_json::from_slice::<Statement>(&blobs[0].body).unwrap(), statement);
}

#[test]
fn everything_that_is_missing_is_named_at_once() {
    let draft = StatementDraft {
        lang: Some("english!".to_owned()),
        facts: vec![
            Fact {
                statement: "Suspicious activity was detected, in violation of our policies."
                    .to_owned(),
                ..Fact::default()
            },
            Fact {
                statement: "Posts of 12,304 places in 41 towns were read.".to_owned(),
                period: Some(Period { from: days(1), until: days(2) }),
                metric: Some("distinct places".to_owned()),
                value: Some("too many".to_owned()),
                limit: None,
                evidence_sha256: Some("ABC".to_owned()),
                evidence: None,
            },
        ],
        ground: Some(Ground {
            kind: GroundKind::Contract,
            clause: " ".to_owned(),
            version: None,
            explanation: "The terms were violated.".to_owned(),
        }),
        withheld: vec![Withheld {
            field: WithheldField::Facts,
            ground: "secret".to_owned(),
            until: days(91),
        }],
        required_actions: vec![RequiredAction {
            action: "Delete posts of places outside the declared towns.".to_owned(),
            due: before(1),
        }],
        data_duties: Some(DataDuties {
            scope: "posts of places".to_owned(),
            delete_by: days(30),
            attest_by: Some(days(29)),
        }),
        redress: Some(Redress {
            complaint: "https://platform.example/appeals".to_owned(),
            until: days(30),
            out_of_court: None,
            contact: Some(String::new()),
        }),
        impact_note: Some("\u{1b}[31mred".to_owned()),
        supersedes: Some("17".to_owned()),
        ..StatementDraft::default()
    };
    assert_snapshot!(told(&draft));
}

#[test]
fn one_gap_at_a_time_is_told_in_words() {
    let fact = |change: fn(&mut Fact)| {
        let mut draft = whole();
        change(&mut draft.facts[0]);
        draft
    };
    let rows = [
        ("no facts", StatementDraft::default()),
        (
            "stated where measured is wanted",
            fact(|fact| {
                (fact.metric, fact.value, fact.limit) = (None, None, None);
            }),
        ),
        ("no period", fact(|fact| fact.period = None)),
        (
            "period turned round",
            fact(|fact| {
                fact.period = Some(Period { from: before(1), until: before(9) });
            }),
        ),
        ("no evidence", fact(|fact| fact.evidence_sha256 = None)),
        ("evidence twice", fact(|fact| fact.evidence = Some("lines".to_owned()))),
        ("end in the past", StatementDraft { ends_at: Some(before(1)), ..whole() }),
    ];
    let told: Vec<_> =
        rows.iter().map(|(name, draft)| format!("{name}: {}", told(draft))).collect();
    assert_snapshot!(told.join("\n"));
}

#[test]
fn a_measure_without_an_end_says_why() {
    let check = |to, review_by, because: Option<&str>| {
        let because = because.map(str::to_owned);
        let draft = StatementDraft { indefinite_because: because, ..whole() };
        complete_as(&draft, "bulk-location", (to, review_by))
            .map(|_| ())
            .map_err(|gaps| gaps.into_iter().map(|gap| gap.at).collect::<Vec<_>>())
    };
    assert_eq!(check("restricted", None, None), Err(vec!["indefinite_because".to_owned()]));
    let because = "until the audit of the 41 towns ends, which the partner schedules";
    assert_eq!(check("restricted", None, Some(because)), Ok(()));
    assert_eq!(check("restricted", Some(days(7).0), None), Ok(()));
    for last in ["warned", "revoked", "compromised", "terminated"] {
        assert_eq!(check(last, None, None), Ok(()), "{last}");
    }
}

#[test]
fn a_stated_reason_is_content_with_what_happened_and_when() {
    let mut draft = whole();
    let fact = &mut draft.facts[0];
    fact.statement = "Key k_17 stood in a public repository on 30 March.".to_owned();
    (fact.metric, fact.value, fact.limit, fact.evidence_sha256) = (None, None, None, None);
    assert!(complete_as(&draft, "key-exposed", ("revoked", None)).is_ok());
}

#[test]
fn every_template_is_specific_enough_for_its_own_check() {
    for reason in crate::reasons::REASONS {
        if let Err(gaps) = complete_as(&whole(), &reason.code, ("suspended", Some(days(1).0))) {
            panic!("{}: {gaps:?}", reason.code);
        }
    }
}

#[test]
fn a_gate_has_reasons_of_its_own_and_none_that_says_nothing() {
    let own = |code: &'static str, because: &'static str| crate::Reason {
        code: code.into(),
        about: "prices were collected in bulk".into(),
        facts: reasons::FactsWanted::Stated,
        ground: GroundKind::Contract,
        clause: "permitted use".into(),
        because: because.into(),
    };
    let mut reasons = reasons::Reasons::default();
    let because = "the agreement leaves prices to their shops";
    reasons.put(own("price-scraping", because)).unwrap();
    assert_eq!(reasons.get("price-scraping").unwrap().because, because);
    reasons.put(own("bulk-location", because)).unwrap();
    assert_eq!(reasons.get("bulk-location").unwrap().facts, reasons::FactsWanted::Stated);
    assert!(reasons.get("mistake").is_some(), "the others stay");
    let rows = [
        own("Price scraping", because),
        own("price-scraping", "it is in violation of our policies"),
        crate::Reason { clause: " ".into(), ..own("price-scraping", because) },
    ];
    let told = rows.map(|reason| reasons.put(reason).unwrap_err().to_string());
    assert_snapshot!(told.join("\n"), @r"
        `Price scraping` is no reason code: write lower-case words with `-`, such as `price-scraping`
        `because` of reason `price-scraping` could be told to anybody: say why the clause applies
        `clause` of reason `price-scraping` is empty or longer than 200 bytes
        ");
    for n in 0..100 {
        let _ = reasons.put(crate::Reason { code: format!("own-{n}").into(), ..own("x", because) });
    }
    assert_snapshot!(reasons.put(own("one-more", because)).unwrap_err(), @"more than 100 reasons: leave some out");
}

#[test]
fn evidence_given_as_text_is_kept_by_its_digest_and_not_in_the_statement() {
    let mut draft = whole();
    (draft.facts[0].evidence, draft.facts[0].evidence_sha256) =
        (Some("the lines".to_owned()), None);
    let (statement, blobs) = complete(&draft).unwrap();
    assert_eq!(blobs.len(), 2);
    assert_eq!(statement.facts[0].evidence, None);
    assert_eq!(statement.facts[0].evidence_sha256.as_ref(), Some(&blobs[1].sha256));
    assert_eq!(&*blobs[1].body, b"the lines");
    draft.facts[0].evidence = Some("x".repeat(STATEMENT_BYTES_MAX));
    let gaps = complete(&draft).unwrap_err();
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert!(gaps[0].why.contains("by digest"), "{gaps:?}");
}

#[test]
fn a_withheld_part_is_named_with_its_end_and_shown_after_it() {
    let mut draft = whole();
    draft.withheld = vec![Withheld {
        field: WithheldField::Facts,
        ground: "witnesses of another inquiry would be known".to_owned(),
        until: days(30),
    }];
    let (statement, _) = complete(&draft).unwrap();
    let shown = statement.for_partner(NOW);
    assert_snapshot!(serde_json::to_string_pretty(&shown["facts"]).unwrap(), @r#"
    {
      "withheld_until": "2024-04-30T12:00:00.000Z",
      "ground": "witnesses of another inquiry would be known"
    }
    "#);
    assert!(!shown.to_string().contains("12304"));
    let later = statement.for_partner(days(31).0);
    assert_eq!(later["facts"][0]["value"], "12304");
}

#[test]
fn the_schema_for_editors_knows_every_member_that_can_be_written() {
    let schema = statement_schema();
    let draft = serde_json::to_value(StatementDraft::default()).unwrap();
    let names = |members: &serde_json::Value| {
        members.as_object().unwrap().keys().cloned().collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(names(&schema["properties"]), names(&draft));
    assert_eq!(schema["additionalProperties"], false);
}
