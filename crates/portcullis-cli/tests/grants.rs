//! Facts, modes and grants from the command line: what a person types and reads.

use crate::gate::{Gate, TOKEN};
use crate::hand::Machine;

fn open(gate: &Gate) -> Machine {
    let machine = Machine::at(&gate.url, TOKEN);
    for words in [
        "partner add acme --use publishing",
        "partner add zenith --tier basic --use research",
        "client add shop --partner acme",
    ] {
        assert_eq!(machine.types(words).code, 0, "{words}");
    }
    machine
}

fn told(machine: &Machine, commands: &[&str]) -> String {
    let told = commands
        .iter()
        .map(|words| format!("$ portcullis {words}\n{}", machine.types(words).whole()));
    told.collect::<Vec<_>>().join("\n\n")
}

#[test]
fn facts_are_declared_from_a_file_or_one_by_one() {
    let gate = Gate::open();
    let machine = open(&gate);
    let entries: Vec<String> = (1..=20).map(|n| format!("    - {n}\n")).collect();
    let file = format!(
        "use: own_property_monitoring\nreview_by: 2025-01-31\nfigures:\n  calls_per_hour: 100\nlists:\n  locations:\n{}  hashtags: [berlin]\ngroup: hotels\n",
        entries.concat()
    );
    machine.write("facts.yaml", &file);
    machine.write("wrong.yaml", "lists:\n  locations: [1, x, [2]]\nfigres: {}\n");
    insta::assert_snapshot!(told(&machine, &[
        "partner facts acme",
        "partner facts acme --set facts.yaml",
        "partner facts acme",
        "partner facts acme --set locations-=2,3 hashtags+=#Mitte brands=@Acme figures.calls_per_hour=50 group=hotels review_by=90d",
        "partner facts acme --set hashtags= figures.calls_per_hour= group= review_by=",
        "partner facts acme --show",
        "partner facts acme --set brands=acme",
        "partner facts acme --set wrong.yaml",
        "partner facts acme --set missing.yaml",
        "partner facts acme --set brands=a missing",
        "partner facts acme --set figures.calls=many",
        "partner facts acme --set brands=b --if-revision 2",
        "partner facts nobody",
        "partner hold acme --reason investigation --tell 'We look into it.' --fact 'Posts of 900 places were read.' --period 2024-03-30..2024-03-31 --metric 'distinct places' --value 900 --limit '200 a day' --evidence facts.yaml",
        "partner facts acme --set brands=acme,beta",
        "client facts shop --set locations=77",
        "client facts shop",
        "partner edit acme --tier plus",
        "partner edit acme --tier-by-use",
        "partner show acme",
    ]), @r"
        $ portcullis partner facts acme
        use  publishing
        [exit 0]

        $ portcullis partner facts acme --set facts.yaml
        partner `acme` declares use `own_property_monitoring`, hashtags 1, locations 20, calls_per_hour 100, group `hotels`, review by 2025-01-31T00:00:00.000Z (revision 5)
        [exit 0]

        $ portcullis partner facts acme
        use             own_property_monitoring
        group           hotels
        calls_per_hour  100
        hashtags        berlin
        locations       1, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 2, … (20 in all)
        review by       2025-01-31T00:00:00.000Z
        [exit 0]

        $ portcullis partner facts acme --set locations-=2,3 hashtags+=#Mitte brands=@Acme figures.calls_per_hour=50 group=hotels review_by=90d
        partner `acme` declares use `own_property_monitoring`, brands 1, hashtags 2, locations 18, calls_per_hour 50, group `hotels`, review by 2024-06-29T12:00:00.000Z (revision 6)
        [exit 0]

        $ portcullis partner facts acme --set hashtags= figures.calls_per_hour= group= review_by=
        partner `acme` declares use `own_property_monitoring`, brands 1, locations 18 (revision 7)
        [exit 0]

        $ portcullis partner facts acme --show
        use        own_property_monitoring
        brands     acme
        locations  1, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, … (18 in all)
        [exit 0]

        $ portcullis partner facts acme --set brands=acme
        error: partner `acme` has these values already; nothing to change
        [exit 5]

        $ portcullis partner facts acme --set wrong.yaml
        error: wrong.yaml:2:21: PC0105: expected an id or a name, found sequence
           2 |   locations: [1, x, [2]]
             |                     ^
        wrong.yaml:3:1: PC0103: unknown field `figres`
           3 | figres: {}
             | ^
             = help: did you mean `figures`?
        nothing was declared
        [exit 1]

        $ portcullis partner facts acme --set missing.yaml
        error: missing.yaml can't be read: No such file or directory (os error 2)
        [exit 1]

        $ portcullis partner facts acme --set brands=a missing
        error: `missing` is no fact: write `name=value`, such as `locations=77,78`; a file stands alone
        [exit 2]

        $ portcullis partner facts acme --set figures.calls=many
        error: figure `calls` is no whole number: `many`
        [exit 2]

        $ portcullis partner facts acme --set brands=b --if-revision 2
        error: partner `acme` is at revision 7, the edit builds on 2: look at it again, then repeat the edit
        [exit 5]

        $ portcullis partner facts nobody
        error: there is no partner `nobody`; `portcullis partner list` shows them
        [exit 1]

        $ portcullis partner hold acme --reason investigation --tell 'We look into it.' --fact 'Posts of 900 places were read.' --period 2024-03-30..2024-03-31 --metric 'distinct places' --value 900 --limit '200 a day' --evidence facts.yaml
        partner `acme` and all its keys on hold: refused from the next call on; to be looked at again by 2024-04-14T12:00:00.000Z (revision 8)
        undo: portcullis partner restore acme --reason mistake --tell 'The hold was our mistake and is lifted.'
        [exit 0]

        $ portcullis partner facts acme --set brands=acme,beta
        partner `acme` declares use `own_property_monitoring`, brands 2, locations 18 (revision 9)
        [exit 0]

        $ portcullis client facts shop --set locations=77
        client `shop` declares locations 1 (revision 10)
        [exit 0]

        $ portcullis client facts shop
        locations  77
        [exit 0]

        $ portcullis partner edit acme --tier plus
        partner `acme` changed (revision 11)
        undo: portcullis partner edit acme --tier-by-use --reason mistake --tell 'The edit of the agreement was our mistake and is taken back.' --fact 'The edit of the agreement was our mistake and is taken back.' --period now
        [exit 0]

        $ portcullis partner edit acme --tier-by-use
        partner `acme` changed (revision 12)
        undo: portcullis partner edit acme --tier plus --reason mistake --tell 'The edit of the agreement was our mistake and is taken back.' --fact 'The edit of the agreement was our mistake and is taken back.' --period now
        [exit 0]

        $ portcullis partner show acme
        partner    acme
        name       acme
        tier       by use
        use        own_property_monitoring
        scopes     all
        mode       enforce
        state      suspended
        since      2024-03-31T12:00:00.000Z
        reason     investigation
        told       We look into it.
        closed     all reads and writes
        open       the continuity classes that are not named
        by         ops
        review by  2024-04-14T12:00:00.000Z
        brands     acme, beta
        locations  1, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, … (18 in all)
        added      2024-03-31T12:00:00.000Z
        revision   12
        [exit 0]
        ");
    let json = machine.types("partner facts acme -o json").json();
    assert_eq!(json["lists"]["locations"].as_array().unwrap().len(), 18);
    assert_eq!(json["use"], "own_property_monitoring");
}

#[test]
fn partners_are_observed_and_enforced_with_a_reason() {
    let gate = Gate::open();
    let machine = open(&gate);
    insta::assert_snapshot!(told(&machine, &[
        "partner observe acme zenith --why 'the first month'",
        "partner list",
        "partner list --observed",
        "partner enforce acme --why 'the month is over'",
        "partner enforce acme --why again",
        "partner show zenith",
        "audit list --count 2",
    ]), @r"
        $ portcullis partner observe acme zenith --why 'the first month'
        partner `acme` is observed: its calls are judged and recorded, but only keys and holds are enforced (revision 5)
        undo: portcullis partner enforce acme --why 'a mistake' --reason mistake --tell 'What your policies refuse passed for a time, by mistake; it is refused again.' --fact 'The calls of that time were watched and not refused.' --period now
        partner `zenith` is observed: its calls are judged and recorded, but only keys and holds are enforced (revision 6)
        undo: portcullis partner enforce zenith --why 'a mistake' --reason mistake --tell 'What your policies refuse passed for a time, by mistake; it is refused again.' --fact 'The calls of that time were watched and not refused.' --period now
        [exit 0]

        $ portcullis partner list
        PARTNER  NAME    TIER    USE         MODE     STATE  SCOPES
        acme     acme    by use  publishing  observe  good   all
        zenith   zenith  basic   research    observe  good   all
        [exit 0]

        $ portcullis partner list --observed
        PARTNER  NAME    TIER    USE         MODE     STATE  SCOPES
        acme     acme    by use  publishing  observe  good   all
        zenith   zenith  basic   research    observe  good   all
        [exit 0]

        $ portcullis partner enforce acme --why 'the month is over'
        policies are enforced on partner `acme` from the next call on (revision 7)
        undo: portcullis partner observe acme --why 'a mistake'
        [exit 0]

        $ portcullis partner enforce acme --why again
        error: partner `acme` is in mode `enforce` already; nothing to change
        [exit 5]

        $ portcullis partner show zenith
        partner   zenith
        name      zenith
        tier      basic
        use       research
        scopes    all
        mode      observe
        state     good
        added     2024-03-31T12:00:00.000Z
        revision  6
        [exit 0]

        $ portcullis audit list --count 2
        REVISION  TIME                      ACTOR  EVENT             SUBJECT         DETAIL
        6         2024-03-31T12:00:00.000Z  ops    partner.mode_set  partner zenith  mode observe, why the first month
        7         2024-03-31T12:00:00.000Z  ops    partner.mode_set  partner acme    mode enforce, why the month is over
        [exit 0]
        ");
}

#[test]
fn grants_are_fed_given_withdrawn_listed_and_exported() {
    let gate = Gate::open();
    let mut machine = open(&gate);
    machine.write(
        "grants.csv",
        "account,partner,client,until\n1,acme,,\n1,acme,shop,2025-01-31\n\n2,zenith,,\n",
    );
    machine.write("faulty.csv", "account,partner\n1,acme\n2,zenit\n");
    machine.write("cells.csv", "account,partner\n1,acme\n2\n");
    insta::assert_snapshot!(told(&machine, &[
        "grant list",
        "grant import grants.csv",
        "grant import grants.csv",
        "grant list",
        "grant list --limit 1",
        "grant import faulty.csv",
        "grant import cells.csv",
        "grant import missing.csv",
        "grant add 3 4 --partner acme --client shop --until 30d",
        "grant add 3 --partner acmo",
        "grant withdraw 1 9 --partner acme",
        "grant list --partner acme",
        "grant export --out all.jsonl",
        "grant import all.jsonl --whole --if-version 5",
        "grant import all.jsonl --whole",
        "audit list --count 2",
    ]), @r"
        $ portcullis grant list
        no such grant: feed them with `portcullis grant import FILE`, or give one with `portcullis grant add ACCOUNT --partner PARTNER`
        [exit 0]

        $ portcullis grant import grants.csv
        3 granted, 0 renewed, 0 withdrawn, 0 unchanged; 3 grants now (version 5)
        [exit 0]

        $ portcullis grant import grants.csv
        0 granted, 0 renewed, 0 withdrawn, 3 unchanged; 3 grants now (version 5)
        [exit 0]

        $ portcullis grant list
        ACCOUNT  PARTNER  CLIENT  FROM  UNTIL
        1        acme
        1        acme     shop          2025-01-31T00:00:00.000Z
        2        zenith
        [exit 0]

        $ portcullis grant list --limit 1
        ACCOUNT  PARTNER  CLIENT  FROM  UNTIL
        1        acme
        these are the first 1; name more with `--limit N`, or write all with `portcullis grant export`
        [exit 0]

        $ portcullis grant import faulty.csv
        line 3: unknown partner `zenit`; did you mean `zenith`?
        error: line 3 can't be taken, and nothing of its batch was
        [exit 1]

        $ portcullis grant import cells.csv
        error: line 3: it has 1 cells, and the head line 2
        [exit 1]

        $ portcullis grant import missing.csv
        error: missing.csv can't be read: No such file or directory (os error 2)
        [exit 1]

        $ portcullis grant add 3 4 --partner acme --client shop --until 30d
        2 granted, 0 renewed, 0 withdrawn, 0 unchanged; 5 grants now (version 6)
        [exit 0]

        $ portcullis grant add 3 --partner acmo
        line 1: unknown partner `acmo`; did you mean `acme`?
        error: line 1 can't be taken, and nothing of its batch was
        [exit 1]

        $ portcullis grant withdraw 1 9 --partner acme
        0 granted, 0 renewed, 2 withdrawn, 0 unchanged; 3 grants now (version 7)
        [exit 0]

        $ portcullis grant list --partner acme
        ACCOUNT  PARTNER  CLIENT  FROM  UNTIL
        3        acme     shop          2024-04-30T12:00:00.000Z
        4        acme     shop          2024-04-30T12:00:00.000Z
        [exit 0]

        $ portcullis grant export --out all.jsonl
        [exit 0]

        $ portcullis grant import all.jsonl --whole --if-version 5
        error: the grants are at version 7, the change builds on 5; read them again, then repeat it
        [exit 5]

        $ portcullis grant import all.jsonl --whole
        0 granted, 0 renewed, 0 withdrawn, 3 unchanged; 3 grants now (version 7)
        [exit 0]

        $ portcullis audit list --count 2
        REVISION  TIME                      ACTOR  EVENT           SUBJECT  DETAIL
        6         2024-03-31T12:00:00.000Z  ops    grants.changed           granted 2, renewed 0, withdrawn 0
        7         2024-03-31T12:00:00.000Z  ops    grants.changed           granted 0, renewed 0, withdrawn 2
        [exit 0]
        ");
    machine.input = "{\"account\":\"2\",\"partner\":\"zenith\"}\n".to_owned();
    insta::assert_snapshot!(told(&machine, &[
        "grant import - --whole",
        "grant import - --whole --thin",
        "grant export",
        "grant list -o json",
    ]), @r#"
        $ portcullis grant import - --whole
        error: the snapshot names 1 of 3 grants and looks cut short: the others were not withdrawn; if it is whole, say that it may be thin; 1 line before that is in force, and nothing was withdrawn
        [exit 5]

        $ portcullis grant import - --whole --thin
        0 granted, 0 renewed, 2 withdrawn, 1 unchanged; 1 grant now (version 8)
        [exit 0]

        $ portcullis grant export
        {"account":"2","partner":"zenith"}
        [exit 0]

        $ portcullis grant list -o json
        [
          {
            "account": "2",
            "partner": "zenith"
          }
        ]
        [exit 0]
        "#);
}

#[test]
fn a_long_file_passes_and_a_fault_in_its_middle_is_told() {
    let gate = Gate::open();
    let machine = open(&gate);
    let mut lines: Vec<String> = (0..30_000).map(|n| format!("{n},acme")).collect();
    lines.insert(0, "account,partner".to_owned());
    machine.write("many.csv", lines.join("\n"));
    lines[20_000] = "x y,acme".to_owned();
    machine.write("faulty.csv", lines.join("\n"));
    insta::assert_snapshot!(told(&machine, &[
        "grant import faulty.csv --whole",
        "grant import many.csv --whole",
    ]), @r"
        $ portcullis grant import faulty.csv --whole
        line 20001: the account is not 1 to 64 visible ASCII characters; write its id at the platform
        error: line 20001 can't be taken, and nothing of its batch was; 15000 lines before that are in force, and nothing was withdrawn
        [exit 1]

        $ portcullis grant import many.csv --whole
        15000 granted, 0 renewed, 0 withdrawn, 15000 unchanged; 30000 grants now (version 10)
        [exit 0]
        ");
}

#[test]
fn what_the_guide_for_operators_types_can_be_typed() {
    let guide = include_str!("../../../docs/operating.md");
    let shell = guide.split("```sh\n").skip(1).filter_map(|block| block.split("```").next());
    let commands = shell.flat_map(str::lines).filter_map(|line| line.strip_prefix("portcullis "));
    // These belong to the binary.
    let binary = |line: &&str| ["init", "serve", "store"].iter().any(|v| line.starts_with(v));
    // The guide names once how reasons are given.
    let why = "--reason investigation --tell Told. --fact Seen. --period 24h";
    let typed: Vec<_> = commands
        .filter(|line| !binary(line))
        .map(|line| {
            crate::hand::parses(&line.replace(" WHY", &format!(" {why}"))).map_err(|e| (line, e))
        })
        .collect();
    assert!(typed.len() > 15, "{}", typed.len());
    let wrong: Vec<_> = typed.into_iter().filter_map(Result::err).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
