//! Every refusal as it is read, code and text: who adds one writes it down here, or nothing compiles.

use portcullis_types::{CaseId, ClassName, IdentityError, PersonId, StandingName};

use super::*;

/// One of each variant, as lines of a snapshot. The patterns are all there are, since the match
/// over them has no other arm; each value must be of its own.
macro_rules! told {
    ($error:ident { $($pattern:pat => $value:expr),+ $(,)? }) => {{
        use crate::$error::*;
        let all: Vec<crate::$error> = vec![$($value),+];
        let place = |error: &crate::$error| -> u32 { match error { $($pattern => line_of!($value)),+ } };
        let (places, own): (Vec<u32>, _) = (all.iter().map(place).collect(), [$(line_of!($value)),+]);
        assert_eq!(places, own, "each value is of the variant beside it");
        all.iter().map(|error| format!("{}: {error}", error.code())).collect::<Vec<_>>().join("\n")
    }};
}

/// A number of its own for each arm.
macro_rules! line_of {
    ($value:expr) => {{
        const TEXT: &str = stringify!($value);
        TEXT.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)))
    }};
}

const LATER: Wall = Wall(NOON.0 + 86_400_000);

fn text(words: &str) -> String {
    words.to_owned()
}

fn acme() -> SubjectId {
    SubjectId::Partner(partner_id("acme"))
}

fn shop() -> ClientId {
    ClientId::new("shop").unwrap()
}

fn ana() -> PersonId {
    PersonId::new("ana").unwrap()
}

fn case() -> CaseId {
    CaseId::new("c-1").unwrap()
}

fn class() -> ClassName {
    ClassName::new("place.posts").unwrap()
}

fn reason(code: &str) -> ReasonCode {
    ReasonCode::new(code).unwrap()
}

#[test]
fn each_refusal_of_a_command_is_agreed_on() {
    let (near, key, since) = (|| Some(text("acme")), || key_id("key1"), NOON);
    let (subject, id) = (acme, || partner_id("acm"));
    insta::assert_snapshot!(told!(Rejected {
        UnknownPartner { .. } => UnknownPartner { id: id(), near: near() },
        UnknownClient { .. } => UnknownClient { id: shop(), near: None },
        UnknownKey { .. } => UnknownKey { id: key(), near: None },
        ClientOfOther { .. } => ClientOfOther { client: shop(), owner: partner_id("acme"), partner: partner_id("zenith") },
        Exists(_) => Exists(subject()),
        AlreadyHeld { .. } => AlreadyHeld { subject: subject(), since, reason: reason("investigation") },
        NotHeld(_) => NotHeld(subject()),
        AlreadyRevoked { .. } => AlreadyRevoked { key: key(), since, reason: reason("key-exposed") },
        RevokedNeverReturns { .. } => RevokedNeverReturns { key: key(), since },
        UnknownReason { .. } => UnknownReason { reason: reason("whim"), near: None, known: text("`investigation`, `mistake`") },
        TextMissing { .. } => TextMissing { least: 10 },
        NameMissing => NameMissing,
        TextTooLong { .. } => TextTooLong { what: "label", bytes: 300, max: 200 },
        TextUnprintable { .. } => TextUnprintable { what: "label" },
        InPast { .. } => InPast { what: "review date", at: since, now: LATER },
        Widens { .. } => Widens { scope: ScopeName::new("story:read").unwrap(), parent: subject() },
        DigestUnreadable { .. } => DigestUnreadable { key: key() },
        DigestKnown { .. } => DigestKnown { key: key() },
        ImportEmpty => ImportEmpty,
        ImportTooLarge { .. } => ImportTooLarge { count: 2_000_000, max: 1_000_000 },
        ImportKnown { .. } => ImportKnown { index: 6, id: key() },
        ImportPartner { .. } => ImportPartner { index: 6, id: id(), near: None },
        NothingChanges(_) => NothingChanges(subject()),
        PolicyEmpty => PolicyEmpty,
        PolicyFileName { .. } => PolicyFileName { name: text("../a.yaml"), fault: "leads out of the folder" },
        LogKeyRotatesAtStart => LogKeyRotatesAtStart,
        FactsUnfit { .. } => FactsUnfit { what: text("`locations` has 501 entries and may have 500") },
        FactsOfKey { .. } => FactsOfKey { key: key() },
        WhyMissing => WhyMissing,
        SameMode { .. } => SameMode { partner: partner_id("acme"), mode: "observe" },
        GrantLine { .. } => GrantLine { index: 6, why: Box::new(GrantAccount { max: 128 }) },
        GrantAccount { .. } => GrantAccount { max: 128 },
        GrantTerm { .. } => GrantTerm { from: LATER, until: since },
        GrantsTooMany { .. } => GrantsTooMany { count: 9, max: 5 },
        GrantsFull { .. } => GrantsFull { max: 10_000_000 },
        GrantsMoved { .. } => GrantsMoved { on: Revision(7), now: Some(Revision(9)) },
        GrantsFeedRunning => GrantsFeedRunning,
        GrantsThin { .. } => GrantsThin { named: 3, total: 900 },
        GrantsFeedLost => GrantsFeedLost,
        EventTooLarge { .. } => EventTooLarge { bytes: 20_000, max: 15_360 },
        EventsQuota { .. } => EventsQuota { of: "the keys of partner `acme`".to_owned(), max: 200, again: LATER },
        Full(_) => Full("keys"),
        Standing(_) => Standing(StandingRejected::KeyHeldWhole),
        Credential(_) => Credential(CredentialRejected::NotPending { key: key() }),
        People(_) => People(PeopleRejected::PolicyNeedsTwo),
        Case(_) => Case(CaseRejected::Same(case())),
        Statement(_) => Statement(StatementRejected::OfNothing),
        Answer(_) => Answer(AnswerRejected::Empty),
        Deletion(_) => Deletion(DeletionRejected::Empty),
        Agreement(_) => Agreement(AgreementRejected::OfNothing),
        Change(_) => Change(ChangeRejected::NobodyLess),
    }));
}

#[test]
fn each_refusal_of_a_standing_and_of_a_key_is_agreed_on() {
    use StandingName::{Good, Terminating};
    let (subject, until) = (acme, LATER);
    let key = || key_id("key1");
    insta::assert_snapshot!(told!(StandingRejected {
        NotFromHere { .. } => NotFromHere { subject: subject(), from: Good, to: Good, can: text("warned, restricted") },
        OnlyAPerson { .. } => OnlyAPerson { subject: subject(), from: Good, to: Terminating },
        KeyOnlyHeld { .. } => KeyOnlyHeld { subject: SubjectId::Key(key()), to: Terminating },
        KeyHeldWhole => KeyHeldWhole,
        RestrictsNothing => RestrictsNothing,
        ShapeUnfit => ShapeUnfit,
        FallbackWider { .. } => FallbackWider { class: class() },
        WritesStay => WritesStay,
        ReviewTooFar { .. } => ReviewTooFar { at: until, most: NOON, days: 14 },
        NoticeTooShort { .. } => NoticeTooShort { until: NOON, least: until, days: 30 },
        NoticeRunning { .. } => NoticeRunning { subject: subject(), until },
        StageSkipped { .. } => StageSkipped { stage: 3, next: 2 },
        ProbationNarrows { .. } => ProbationNarrows { subject: subject() },
        NothingToRatify { .. } => NothingToRatify { subject: subject() },
        RatifyOwn { .. } => RatifyOwn { subject: subject(), by: text("ana") },
        NothingToReview { .. } => NothingToReview { subject: subject() },
        NotLater { .. } => NotLater { subject: subject(), at: until },
        NothingToAcknowledge { .. } => NothingToAcknowledge { subject: subject() },
        NotDue { .. } => NotDue { subject: subject() },
        NotTheClock => NotTheClock,
        TogetherCount { .. } => TogetherCount { count: 0, max: 1000 },
        TogetherUnfit => TogetherUnfit,
    }));
    insta::assert_snapshot!(told!(CredentialRejected {
        NotPending { .. } => NotPending { key: key() },
        RotatingAlready { .. } => RotatingAlready { key: key(), until },
        RotatesPending { .. } => RotatesPending { key: key() },
        OverlapTooLong { .. } => OverlapTooLong { at: until, most: NOON, days: 14 },
        Over { .. } => Over { key: key(), at: NOON },
        HeldFirst { .. } => HeldFirst { key: key() },
        BindingTooLong { .. } => BindingTooLong { count: 65, max: 64 },
        NoSecret { .. } => NoSecret {
            key: key(),
            identity: super::identities::calls().to_string(),
        },
        IdentityKnown { .. } => IdentityKnown {
            identity: super::identities::calls().to_string(),
        },
        IdentityUnfit(_) => IdentityUnfit(IdentityError {
            what: "subject",
            text: "two\\nlines".to_owned(),
        }),
    }));
}

#[test]
fn each_refusal_about_people_is_agreed_on() {
    let proposal = Revision(42);
    insta::assert_snapshot!(told!(PeopleRejected {
        UnknownPerson(_) => UnknownPerson(ana()),
        PersonExists(_) => PersonExists(ana()),
        PersonSame(_) => PersonSame(ana()),
        TooFewApprovers(_) => TooFewApprovers(ana()),
        LoginUnreadable { .. } => LoginUnreadable { max: 10 },
        LoginTaken { .. } => LoginTaken { person: ana() },
        UnknownProposal(_) => UnknownProposal(proposal),
        ProposalExpired { .. } => ProposalExpired { proposal, at: NOON },
        ProposalDigest { .. } => ProposalDigest { proposal, digest: text("b9d4") },
        ProposalStale { .. } => ProposalStale { proposal, changed: Revision(43) },
        ProposedAlready { .. } => ProposedAlready { proposal },
        ProposalsFull { .. } => ProposalsFull { max: 200 },
        SamePerson { .. } => SamePerson { person: text("ana") },
        PersonsUnclear { .. } => PersonsUnclear { one: text("claim:01"), other: text("ana") },
        NotAPerson { .. } => NotAPerson { token: text("ops") },
        NotApprover { .. } => NotApprover { person: text("vic") },
        ProposerGone { .. } => ProposerGone { person: text("ana") },
        NoPerson { .. } => NoPerson { token: text("ops"), second: Second::Widens },
        PolicyNeedsTwo => PolicyNeedsTwo,
        UnknownEmergency(_) => UnknownEmergency(proposal),
        ChangedSince { .. } => ChangedSince { on: Revision(41), changed: proposal },
        ProposalOthers { .. } => ProposalOthers { proposal, whom: text("`acme` now too") },
        ProposalUnfit { .. } => ProposalUnfit { proposal, why: text("its files have faults") },
    }));
    let why = [
        Second::Widens,
        Second::Final,
        Second::Many { partners: 3, alone: 2 },
        Second::Extends,
        Second::Withholds,
        Second::CallsOff { change: Revision(9) },
    ];
    insta::assert_snapshot!(why.map(|why| why.to_string()).join("\n"));
}

#[test]
fn each_refusal_about_a_case_is_agreed_on() {
    let (partner, digest) = (partner_id("acme"), || "ab".repeat(32));
    insta::assert_snapshot!(told!(CaseRejected {
        Unknown { .. } => Unknown { id: text("c-1"), near: None },
        Exists(_) => Exists(case()),
        Closed { .. } => Closed { id: case(), closed: NOON },
        Same(_) => Same(case()),
        Empty(_) => Empty("note"),
        DigestUnreadable(_) => DigestUnreadable(text("AB")),
        DigestOther { .. } => DigestOther { named: digest(), found: digest() },
        NoEvidence { .. } => NoEvidence { case: case(), sha256: digest() },
        NotKept { .. } => NotKept { name: text("calls.jsonl"), added: Revision(42) },
        NoSignal(_) => NoSignal(Revision(42)),
        Full { .. } => Full { case: case(), what: "subjects", max: 100 },
        ReviewTooFar { .. } => ReviewTooFar { at: LATER, most: NOON, days: 90 },
        PreservedTooFar { .. } => PreservedTooFar { at: LATER, most: NOON, days: 3650 },
        PreservedLonger { .. } => PreservedLonger { case: case(), at: LATER },
        EvidenceErased { .. } => EvidenceErased { name: text("calls"), gone: Revision(42) },
        PlanRunning { .. } => PlanRunning { case: case(), partner: partner.clone() },
        PlanOfWhom(_) => PlanOfWhom(case()),
        PlanUnfit(_) => PlanUnfit(vec![text("stage 1: unknown client `shop`"), text("stage 2: it names no client")]),
        NothingToStage { .. } => NothingToStage { subject: acme(), state: StandingName::Good },
        NoPlan(_) => NoPlan(case()),
        StageNext { .. } => StageNext { case: case(), what: text("stage 3"), next: text("2") },
        CriteriaLack { .. } => CriteriaLack { next: text("stage 2 (`all`)"), lacks: vec![text("no attestation for client `shop`")] },
        OwnStanding { .. } => OwnStanding { subject: SubjectId::Client(shop()) },
        HeldByPlan { .. } => HeldByPlan { subject: SubjectId::Client(shop()), case: case() },
        NotAsked { .. } => NotAsked { of: text("for client `shop`"), asked: Vec::new() },
        AttestedAlready(_) => AttestedAlready(NOON),
        NotDue(_) => NotDue(case()),
    }));
}

#[test]
fn each_refusal_about_statements_and_answers_is_agreed_on() {
    let (answer, gap) = (Revision(42), |at: &str| Gap { at: text(at), why: text("is missing") });
    insta::assert_snapshot!(told!(StatementRejected {
        Incomplete { .. } => Incomplete { gaps: vec![gap("facts[0].period"), gap("tell")] },
        Missing { .. } => Missing { reason: reason("bulk-location"), wanted: FactsWanted::Measured },
        OfNothing => OfNothing,
    }));
    insta::assert_snapshot!(told!(AnswerRejected {
        UnknownNotice(_) => UnknownNotice(answer),
        NotThePartner => NotThePartner,
        Empty => Empty,
        TooLong { .. } => TooLong { bytes: 70_000, max: 65_536 },
        Unprintable => Unprintable,
        Attachment { .. } => Attachment { max: 20 },
        Many { .. } => Many { max: 20 },
        Again { .. } => Again { answer },
        UnknownAnswer(_) => UnknownAnswer(answer),
        NoAppeal { .. } => NoAppeal { answer, kind: AnswerKind::Answer },
        Decided { .. } => Decided { answer, outcome: Outcome::Denied, by: Revision(43) },
        OwnStep { .. } => OwnStep { person: text("ana"), step: Revision(40) },
        RepliesFull { .. } => RepliesFull { answer, max: 20 },
        NotDue(_) => NotDue(answer),
    }));
}

#[test]
fn each_refusal_about_deletions_is_agreed_on() {
    let batch = || text("del_0011223344556677");
    insta::assert_snapshot!(told!(DeletionRejected {
        EventId { .. } => EventId { max: 128 },
        Name { .. } => Name { max: 128 },
        Place => Place,
        NoOwner => NoOwner,
        OtherUnderId { .. } => OtherUnderId { id: text("evt-1") },
        NotTheGate => NotTheGate,
        Empty => Empty,
        UnknownBatch { .. } => UnknownBatch { batch: batch() },
        Commitment => Commitment,
        NotThePartner => NotThePartner,
        Counts { .. } => Counts { batch: batch(), count: 3, said: 2 },
        NotInList { .. } => NotInList { batch: batch() },
        ReasonMissing { .. } => ReasonMissing { max: 500 },
        ListDropped { .. } => ListDropped { batch: batch() },
        NotDue { .. } => NotDue { batch: batch(), due_by: LATER },
        TooMany { .. } => TooMany { count: 6000, max: 5000 },
    }));
}

#[test]
fn each_refusal_of_a_changed_agreement_is_agreed_on() {
    let narrowed = Narrowed { partner: partner_id("acme"), what: vec![text("lose `place.posts`")] };
    insta::assert_snapshot!(told!(AgreementRejected {
        Untold { .. } => Untold { count: 3, whom: vec![narrowed.clone()] },
        TooMany { .. } => TooMany { count: 900, max: 500 },
        OfNothing => OfNothing,
    }));
}

#[test]
fn each_refusal_of_the_office_is_agreed_on() {
    insta::assert_snapshot!(told!(OfficeError {
        Rejected(_) => Rejected(crate::Rejected::WhyMissing),
        NotWritten(_) => NotWritten(text("the disk is full")),
        NotRead(_) => NotRead(text("the disk is gone")),
        NoSuchEvent { .. } => NoSuchEvent { asked: Revision(42), newest: Some(Revision(41)) },
        NoSuchBlob(_) => NoSuchBlob("ab".repeat(32)),
        PendingFull { .. } => PendingFull { pending: 1000, why: text("the disk is full") },
        Closed => Closed,
    }));
}

#[test]
fn each_refusal_about_a_change_with_a_day_is_agreed_on() {
    let change = Revision(38);
    insta::assert_snapshot!(told!(ChangeRejected {
        Untold => Untold,
        NobodyLess => NobodyLess,
        TooFar { .. } => TooFar { at: LATER, most: NOON, days: 366 },
        ScheduledAlready { .. } => ScheduledAlready { change },
        ChangesFull { .. } => ChangesFull { max: 100 },
        UnknownChange(_) => UnknownChange(change),
        NotTheClock => NotTheClock,
    }));
}
