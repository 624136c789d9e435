//! For which client a call of an unbound key is, and what follows: holds, scopes, refusals.

use portcullis_registry::{CallClient, Command};
use portcullis_types::{ClientId, ClientIx, PartnerId, PartnerIx, ScopeName};

use super::{bed::*, explain};

const ACME: PartnerIx = PartnerIx(0);
const SHOP: ClientIx = ClientIx(0);
const MILL: ClientIx = ClientIx(1);

/// Accounts of `shop`, of `mill`, of both, of nobody named, and one that authorised nobody.
const OF_SHOP: &str = "/v21.0/17841000000000001";
const OF_MILL: &str = "/v21.0/17841000000000002";
const OF_BOTH: &str = "/v21.0/17841000000000003";
const OF_ALL: &str = "/v21.0/17841000000000004";
const FOREIGN: &str = "/v21.0/17841000000000005";

fn declare(bed: &mut Bed, id: &str, scopes: Option<Vec<ScopeName>>) {
    bed.command(Command::AddClient {
        id: ClientId::new(id).unwrap(),
        partner: PartnerId::new("acme").unwrap(),
        name: id.to_uppercase(),
        purpose: String::new(),
        category: None,
        scopes,
    });
}

fn bed(tier: &str) -> Bed {
    let mut bed = Bed::with(tier);
    declare(&mut bed, "mill", names(&["profile:read"]));
    let book = bed.judge.grants();
    for (account, client) in
        [(1, Some(SHOP)), (2, Some(MILL)), (3, Some(SHOP)), (3, Some(MILL)), (4, None)]
    {
        book.put(&format!("1784100000000000{account}"), (ACME, client), None, None);
    }
    bed
}

/// `clients: required`.
fn required() -> String {
    TIER.replace("rates: []", "rates: []\nclients: required")
}

#[track_caller]
fn check(bed: &mut Bed, key: &str, path: &str, told: CallClient, expected: &str) {
    let verdict = bed.judge_on(0, &secret(key), path);
    assert_eq!((verdict.trace.client, code(&verdict)), (told, expected), "{key} {path}");
}

#[test]
fn a_call_of_an_unbound_key_is_for_the_client_that_its_account_is_granted_for() {
    let bed = &mut bed(TIER);
    check(bed, "a1", OF_SHOP, CallClient::Granted(SHOP), "permitted");
    check(bed, "a1", OF_MILL, CallClient::Granted(MILL), "permitted");
    check(bed, "a1", OF_BOTH, CallClient::Several, "permitted");
    check(bed, "a1", OF_ALL, CallClient::Undeclared, "permitted");
    check(bed, "a1", FOREIGN, CallClient::OfKey, "permitted");
    // The key tells, whatever the account says.
    check(bed, "a2", OF_MILL, CallClient::OfKey, "permitted");
    // Of partners without clients nothing is asked.
    bed.judge.grants().put("17841000000000001", (PartnerIx(1), None), None, None);
    check(bed, "z1", OF_SHOP, CallClient::OfKey, "permitted");
}

#[test]
fn a_hold_of_a_client_holds_the_calls_that_grants_tell_are_for_it() {
    let mut bed = bed(TIER);
    bed.command_in_steps(hold(client("shop")), |bed| {
        check(bed, "a1", OF_SHOP, CallClient::Granted(SHOP), "client_held");
        check(bed, "a1", OF_BOTH, CallClient::Several, "client_held");
        check(bed, "a1", OF_MILL, CallClient::Granted(MILL), "permitted");
        check(bed, "a1", OF_ALL, CallClient::Undeclared, "permitted");
    });
    bed.command(restore(client("shop")));
    check(&mut bed, "a1", OF_BOTH, CallClient::Several, "permitted");
}

#[test]
fn a_hold_of_a_client_cuts_the_answers_that_are_under_way_for_it() {
    let mut bed = bed(TIER);
    let key = bed.state.snapshot().key_ix(&portcullis_types::KeyId::new("a1").unwrap()).unwrap();
    let read = |bed: &mut Bed, path| {
        check(bed, "a1", path, bed_told(path), "permitted");
        bed.desks[0].touched()
    };
    let (shop, mill) = (read(&mut bed, OF_SHOP), read(&mut bed, OF_MILL));
    let goes_on =
        |bed: &mut Bed, read: &crate::Touched| bed.desks[0].still_allowed(key, read, bed.now);
    assert!(goes_on(&mut bed, &shop) && goes_on(&mut bed, &mill));
    bed.command_in_steps(hold(client("shop")), |bed| {
        assert!(!goes_on(bed, &shop) && goes_on(bed, &mill));
        assert!(!goes_on(bed, &mill.and(&shop)), "a batch reads for both");
    });
}

fn bed_told(path: &str) -> CallClient {
    CallClient::Granted(if path == OF_SHOP { SHOP } else { MILL })
}

#[test]
fn what_a_client_is_narrowed_to_narrows_the_calls_for_it() {
    let bed = &mut bed(TIER);
    for (of, expected) in
        [(OF_SHOP, "permitted"), (OF_MILL, "class_not_granted"), (OF_BOTH, "class_not_granted")]
    {
        bed.check("a1", &format!("{of}/media"), expected);
    }
}

#[test]
fn a_tier_may_ask_that_every_call_is_for_a_declared_client() {
    let bed = &mut bed(&required());
    check(bed, "a1", OF_SHOP, CallClient::Granted(SHOP), "permitted");
    check(bed, "a2", OF_SHOP, CallClient::OfKey, "permitted");
    check(bed, "a1", OF_BOTH, CallClient::Several, "client_unclear");
    check(bed, "a1", FOREIGN, CallClient::OfKey, "client_unclear");
    check(bed, "a1", OF_ALL, CallClient::Undeclared, "client_undeclared");
    // Who declared none has no call for a declared one.
    check(bed, "z1", OF_SHOP, CallClient::OfKey, "client_undeclared");
    // Who is on hold hears that first.
    bed.command(hold(partner("acme")));
    check(bed, "a1", OF_ALL, CallClient::Undeclared, "partner_held");
}

#[test]
fn a_withdrawn_grant_tells_no_client_any_more() {
    let bed = &mut bed(&required());
    check(bed, "a1", OF_SHOP, CallClient::Granted(SHOP), "permitted");
    bed.judge.grants().withdraw("17841000000000001", ACME, Some(SHOP));
    check(bed, "a1", OF_SHOP, CallClient::OfKey, "client_unclear");
}

#[test]
fn explain_names_the_client_and_what_told_it() {
    let bed = &mut bed(&required());
    insta::assert_snapshot!(explain::explained(bed, OF_SHOP), @r"
        request: read in one way: parameters: none
        key: key `a1`: partner `acme`
        standing: partner, client and key: none is on hold or at its end
        catalogue: operation `getNode`: /{version}/{node_id}
        key: bound to no client: acts for client `shop` by the grant of its account
        policy: tier `standard`: For tests
        policy: call: asks for `profile.basic` of user `17841000000000001`, fields by default `id`, `username`
        policy: call: a scope of the tier grants it
        limits: budgets and rolling rates: all leave room for this call
        passes by standard
        ");
    insta::assert_snapshot!(explain::explained(bed, OF_BOTH), @r"
        request: read in one way: parameters: none
        key: key `a1`: partner `acme`
        standing: partner, client and key: none is on hold or at its end
        catalogue: operation `getNode`: /{version}/{node_id}
        key: bound to no client: may act for several clients
        policy: tier `standard`: For tests
        policy: refused with `client_unclear`: Your agreement covers calls for declared clients only, and which one this call is for cannot be told. Use a key of that client, or act for accounts of one client only.
        refused: client_unclear
        ");
}
