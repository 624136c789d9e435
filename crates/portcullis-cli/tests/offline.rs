//! The command line without a gate: help, check, inspect, closed pipes.

use std::io::{self, Write};

use crate::hand::{Machine, Typed};
use clap::{CommandFactory as _, Parser as _};
use portcullis_cli::{Format, Out, run};

fn help(path: &str) -> String {
    let mut command = Typed::command().max_term_width(100).term_width(100);
    command.build();
    let mut at = &mut command;
    for word in path.split_whitespace() {
        at = at.find_subcommand_mut(word).unwrap();
    }
    at.render_help().to_string()
}

#[test]
fn help_says_what_each_command_is_for() {
    insta::assert_snapshot!(help(""), @r"
        The gate between a platform and its partners

        Usage: portcullis [OPTIONS] <COMMAND>

        Commands:
          check      Compile route and policy files as the server does and show all faults at once
          replay     Judge recorded calls by their own clock, and report who is stopped, when and why
          test       Run the calls that are written in policies, each with what must become of it
          explain    Show why a call passes or is refused: every step with its values
          diff       Say who gains and who loses by a change; exits with 6 when some lose, 7 when some gain
          catalogue  Work on route catalogues
          apply      Put the route and policy files of a directory in force, all at once
          partner    Declare partners, look at them, put them on hold
          client     Declare clients of partners
          key        Issue, import, hold, restore and revoke keys
          grant      Feed, give, withdraw and list grants: accounts that let a partner act for them
          hook       Tell partners of changes of their access, at addresses of theirs
          answer     Read answers and appeals of partners, and reply
          notice     See what partners were told, and whether it reached them
          usage      Show how often a partner called, by day and class, and what refused it
          signal     Look at signals: watches of policies that hit
          statement  Read statements of reasons: what partners were told, and why
          case       Work on cases: notes, evidence, and the way back in stages
          audit      Read and verify the log of all changes
          ledger     Ask what left the gate, for whom, and what has to be deleted
          person     Declare the people who run the gate, and what each may do
          proposal   Look at what waits for a second person; approve or refuse it
          change     Look at changes that wait for their day; call one off
          login      Sign in: takes a token from the terminal or from standard input, and keeps it for you
                     alone
          logout     Forget the token that `login` kept
          whoami     Show who is signed in, and what that person may do
          status     Show whether the gate is ready and what is in force
          version    Show the version of this program
          help       Print this message or the help of the given subcommand(s)

        Options:
          -h, --help  Print help (see more with '--help')

        Connection:
              --admin <URL>        Where the admin API listens [env: PORTCULLIS_ADMIN] [default: the
                                   deployment's, else http://127.0.0.1:9901]
              --token-file <FILE>  The file with the admin token [env: PORTCULLIS_ADMIN_TOKEN holds the
                                   token itself] [default: the deployment's, else secrets/admin-token]
          -c, --config <FILE>      The deployment's portcullis.yaml [default: the one in the current
                                   directory]

        People:
              --break-glass <WHY>       Act alone where it takes two persons, for this reason; an alarm, and
                                        another person must ratify it
              --if-revision <REVISION>  Only if what it is about was not changed since this revision; where
                                        it is about no one thing, only if nothing was

        Output:
          -o, --output <OUTPUT>  How results are written to standard output [default: table] [possible
                                 values: table, json]
        ");
    insta::assert_snapshot!(help("key"), @r"
        Issue, import, hold, restore and revoke keys

        Usage: portcullis key [OPTIONS] <COMMAND>

        Commands:
          issue        Issue a key; it is shown once
          import       Import the keys of another gateway, all or none: lines of `key partner
                       [active|revoked]`
          list         List keys
          show         Show one key by its id
          inspect      Tell whether a text has the form of a key and an intact checksum, without a server
          hold         Put a key on hold: it is refused from the next call on, until it is restored
          restore      Lift a hold on a key
          activate     Let a pending key work from here
          rotate       Issue a key in place of another, which works on for a while; the new one is shown
                       once
          bind         Have a key accepted from some places only, or from anywhere again
          compromised  End a key at once that somebody else may have; there is no way back
          revoke       End a key for ever; there is no way back
          help         Print this message or the help of the given subcommand(s)

        Options:
          -h, --help  Print help (see more with '--help')

        Connection:
              --admin <URL>        Where the admin API listens [env: PORTCULLIS_ADMIN] [default: the
                                   deployment's, else http://127.0.0.1:9901]
              --token-file <FILE>  The file with the admin token [env: PORTCULLIS_ADMIN_TOKEN holds the
                                   token itself] [default: the deployment's, else secrets/admin-token]
          -c, --config <FILE>      The deployment's portcullis.yaml [default: the one in the current
                                   directory]

        People:
              --break-glass <WHY>       Act alone where it takes two persons, for this reason; an alarm, and
                                        another person must ratify it
              --if-revision <REVISION>  Only if what it is about was not changed since this revision; where
                                        it is about no one thing, only if nothing was

        Output:
          -o, --output <OUTPUT>  How results are written to standard output [default: table] [possible
                                 values: table, json]
        ");
    insta::assert_snapshot!(help("key hold"), @r"
        Put a key on hold: it is refused from the next call on, until it is restored

        Usage: portcullis key hold [OPTIONS] --reason <CODE> --tell <TEXT> <ID>

        Arguments:
          <ID>  Its id

        Options:
              --reason <CODE>     The reason code, such as `bulk-location`
              --tell <TEXT>       What the partner is told: what happened, what it can do
              --case <ID>         The case this belongs to
              --review-by <WHEN>  When the hold is looked at again: `2026-12-01` or `7d`
          -h, --help              Print help (see more with '--help')

        Statement of reasons:
              --fact <TEXT>                What was found, in a sentence with names and figures; repeat for
                                           more
              --period <WHEN>              When: `24h` back from now, `2024-03-30..2024-03-31`, or `now`
              --metric <TEXT>              What was measured of the first fact, such as `distinct places`
              --value <FIGURE>             What was found of it, with its figure
              --limit <FIGURE>             What is allowed of it
              --evidence <FILE>            What shows it: a text file, or the SHA-256 of what is kept
                                           elsewhere
              --facts-from <REVISION>      Take over what a signal counted, or the facts of an earlier step,
                                           by its revision
              --ends <WHEN>                When the measure ends: `2026-12-01` or `30d`; an event says so,
                                           and somebody lifts it
              --indefinite-because <TEXT>  Why nobody knows when it ends or is looked at again
              --impact-note <TEXT>         A text that the partner may show its own customers
              --statement <FILE>           The whole of it, YAML or JSON, with everything that has no option
                                           here
              --dry-run                    Only say what would happen

        Connection:
              --admin <URL>        Where the admin API listens [env: PORTCULLIS_ADMIN] [default: the
                                   deployment's, else http://127.0.0.1:9901]
              --token-file <FILE>  The file with the admin token [env: PORTCULLIS_ADMIN_TOKEN holds the
                                   token itself] [default: the deployment's, else secrets/admin-token]
          -c, --config <FILE>      The deployment's portcullis.yaml [default: the one in the current
                                   directory]

        People:
              --break-glass <WHY>       Act alone where it takes two persons, for this reason; an alarm, and
                                        another person must ratify it
              --if-revision <REVISION>  Only if what it is about was not changed since this revision; where
                                        it is about no one thing, only if nothing was

        Output:
          -o, --output <OUTPUT>  How results are written to standard output [default: table] [possible
                                 values: table, json]
        ");
    insta::assert_snapshot!(help("key import"), @r"
        Import the keys of another gateway, all or none: lines of `key partner [active|revoked]`

        Usage: portcullis key import [OPTIONS] <FILE>

        Arguments:
          <FILE>  The file; `-` reads standard input

        Options:
              --create-partners  Declare partners that are not known yet
              --tier <TIER>      The tier of the partners that are declared
              --use <USE>        The use of the partners that are declared
          -h, --help             Print help (see more with '--help')

        Connection:
              --admin <URL>        Where the admin API listens [env: PORTCULLIS_ADMIN] [default: the
                                   deployment's, else http://127.0.0.1:9901]
              --token-file <FILE>  The file with the admin token [env: PORTCULLIS_ADMIN_TOKEN holds the
                                   token itself] [default: the deployment's, else secrets/admin-token]
          -c, --config <FILE>      The deployment's portcullis.yaml [default: the one in the current
                                   directory]

        People:
              --break-glass <WHY>       Act alone where it takes two persons, for this reason; an alarm, and
                                        another person must ratify it
              --if-revision <REVISION>  Only if what it is about was not changed since this revision; where
                                        it is about no one thing, only if nothing was

        Output:
          -o, --output <OUTPUT>  How results are written to standard output [default: table] [possible
                                 values: table, json]
        ");
    insta::assert_snapshot!(help("partner add"), @r"
        Declare a partner

        Usage: portcullis partner add [OPTIONS] --use <USE> <ID>

        Arguments:
          <ID>  Its id, such as `acme-travel`

        Options:
              --name <NAME>          Its name [default: the id]
              --tier <TIER>          The tier it is on [default: the one for its use]
              --use <USE>            What its access is for, from the closed list of uses
              --declared-use <TEXT>  What the access is for, in the partner's own words
              --location <PLACE>     The id of a declared place; repeat for more
              --hashtag <NAME>       A declared hashtag; repeat for more
              --brand <USERNAME>     The username of a declared brand; repeat for more
              --review-by <WHEN>     When the declaration lapses unless it is looked at again: `2027-01-31`
                                     or `90d`
              --scope <SCOPE>        Narrow to this scope; repeat for more
          -h, --help                 Print help (see more with '--help')

        Connection:
              --admin <URL>        Where the admin API listens [env: PORTCULLIS_ADMIN] [default: the
                                   deployment's, else http://127.0.0.1:9901]
              --token-file <FILE>  The file with the admin token [env: PORTCULLIS_ADMIN_TOKEN holds the
                                   token itself] [default: the deployment's, else secrets/admin-token]
          -c, --config <FILE>      The deployment's portcullis.yaml [default: the one in the current
                                   directory]

        People:
              --break-glass <WHY>       Act alone where it takes two persons, for this reason; an alarm, and
                                        another person must ratify it
              --if-revision <REVISION>  Only if what it is about was not changed since this revision; where
                                        it is about no one thing, only if nothing was

        Output:
          -o, --output <OUTPUT>  How results are written to standard output [default: table] [possible
                                 values: table, json]
        ");
    insta::assert_snapshot!(help("audit verify"), @r"
        Verify every event against the signed root of the log

        Usage: portcullis audit verify [OPTIONS] [BUNDLE]

        Arguments:
          [BUNDLE]  Verify this bundle of a case, without a server

        Options:
              --db <FILE>       Verify this database file, without a server
              --export <FILE>   Verify this exported log, without a server
              --log-key <VKEY>  The public key that must have signed the root, `name+id+key`, with --db and
                                --export; without it a log forged as a whole, keys included, would pass
                                [alias: --key]
              --against <FILE>  A checkpoint or receipt that was kept elsewhere: the log must still agree
                                with it, even if somebody with the genuine key wrote it anew; repeat for
                                more
          -h, --help            Print help (see more with '--help')

        Connection:
              --admin <URL>        Where the admin API listens [env: PORTCULLIS_ADMIN] [default: the
                                   deployment's, else http://127.0.0.1:9901]
              --token-file <FILE>  The file with the admin token [env: PORTCULLIS_ADMIN_TOKEN holds the
                                   token itself] [default: the deployment's, else secrets/admin-token]
          -c, --config <FILE>      The deployment's portcullis.yaml [default: the one in the current
                                   directory]

        People:
              --break-glass <WHY>       Act alone where it takes two persons, for this reason; an alarm, and
                                        another person must ratify it
              --if-revision <REVISION>  Only if what it is about was not changed since this revision; where
                                        it is about no one thing, only if nothing was

        Output:
          -o, --output <OUTPUT>  How results are written to standard output [default: table] [possible
                                 values: table, json]
        ");
}

#[test]
fn a_hold_without_a_reason_or_a_text_is_not_even_sent() {
    for words in
        [&["key", "hold", "k1", "--tell", "x"][..], &["key", "revoke", "k1", "--reason", "x"]]
    {
        let typed = Typed::try_parse_from([&["portcullis"], words].concat());
        assert_eq!(typed.unwrap_err().exit_code(), 2, "{words:?}");
    }
}

#[test]
fn check_shows_all_faults_of_all_files_at_once() {
    let machine = Machine::new();
    insta::assert_snapshot!(machine.types("check").whole(), @r"
        error: . holds neither `routes/` nor `policies/`: name the deployment's directory, or make one with `portcullis init`
        [exit 1]
        ");
    machine.write("routes/r.yaml", "version: 1\nclasses: { a.b: Something }\noperatoins: {}\n");
    machine.write(
        "policies/t.yaml",
        "version: 1\ntier: basic\nabout: x\nscopes: [nope]\nrates: []\nqouta: 3\n",
    );
    machine.write("policies/s.yaml", b"version: 1\nscopes:\n  caf\xe9: x\n");
    machine.write("policies/.t.yaml.swp", "not read");
    machine.write("portcullis.yaml", "admn: x\n");
    let said = machine.types("check");
    assert_eq!(said.code, 1);
    for place in [
        "portcullis.yaml:1:1",
        "routes/r.yaml:3:1",
        "policies/t.yaml:",
        "policies/s.yaml:3:1",
        "`qouta`",
        "operations",
    ] {
        assert!(said.data.contains(place), "{place} is missing in\n{}", said.whole());
    }
    let json = machine.types("check -o json").json();
    assert_eq!(json["ok"], false);
    assert!(json["faults"].as_array().unwrap().len() >= 4);
}

#[test]
fn the_shipped_example_has_no_fault() {
    let root = portcullis_testkit::workspace_root().join("policies/plaza");
    if !root.is_dir() {
        return;
    }
    let machine = Machine::new();
    let said = machine.types(&format!("check {}", root.display()));
    assert_eq!(said.code, 0, "{}", said.whole());
}

#[test]
fn a_key_is_inspected_without_being_repeated() {
    let mut machine = Machine::new();
    let minted = portcullis_keys::mint("live", &[9; 40]).unwrap();
    let text = minted.text.expose();
    machine.input = format!("{text}\n");
    let whole = machine.types("key inspect");
    insta::assert_snapshot!(whole.whole(), @r"
        form         a key of this gate, whole
        id           czbssRYrWfVJ
        environment  live
        whether it is valid only the gate can tell: `portcullis key show ID`
        [exit 0]
        ");
    machine.input = text.chars().take(50).collect();
    insta::assert_snapshot!(machine.types("key inspect -").whole(), @r"
        form  like a key of this gate, but its length is wrong
        whether it is valid only the gate can tell: `portcullis key show ID`
        [exit 1]
        ");
    insta::assert_snapshot!(machine.types("key inspect elsewhere").whole(), @r"
        form  not that of a key of this gate; an imported key may look like anything
        whether it is valid only the gate can tell: `portcullis key show ID`
        [exit 1]
        ");
}

/// A reader that went away.
struct Gone;

impl Write for Gone {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let machine = Machine::new();
    machine.write("policies/t.yaml", "tier: x\n");
    for words in ["version", "check"] {
        let typed = Typed::try_parse_from(["portcullis", words]).unwrap();
        let mut out = Out::new(Format::Table, Box::new(Gone), Box::new(Gone));
        let code = run(&typed.command, &typed.common, &machine, &mut out);
        assert_eq!(code, std::process::ExitCode::SUCCESS, "{words}");
    }
}

#[test]
fn an_openapi_document_becomes_a_route_file_that_is_closed() {
    let machine = Machine::new();
    machine.write("api.yaml", "openapi: 3.1.0\ninfo: {title: T, version: '1'}\npaths:\n  /v1/places/{id}:\n    get:\n      operationId: getPlace\n      parameters: [{name: id, in: path, required: true, schema: {type: string}}]\n      responses: {'200': {description: ok}}\n");
    let said = machine.types("catalogue import api.yaml --out routes.yaml");
    assert_eq!(said.code, 0, "{}", said.whole());
    assert!(said.talk.contains("1 operation listed"), "{}", said.talk);
    let again = machine.types("catalogue import api.yaml --out routes.yaml");
    assert_eq!(again.code, 1, "an existing file is not overwritten");
    machine.write("api.yaml", "just words");
    assert_eq!(machine.types("catalogue import api.yaml").code, 1);
}
