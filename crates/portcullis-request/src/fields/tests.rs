//! What has one reading, and what has none.

use super::*;

fn show(tree: &Tree<'_>, nodes: Siblings<'_, '_>) -> String {
    let one = |node: Node<'_>| {
        let modifiers: String = tree
            .modifiers
            .iter()
            .filter(|(at, ..)| *at == node.at)
            .map(|(_, name, value)| format!(".{name}({value})"))
            .collect();
        let alias = node.alias.map(|alias| format!(".as({alias})")).unwrap_or_default();
        let inner = node.open.map(|_| {
            let inside = Siblings { tree, at: node.at + 1, end: node.next };
            format!("{{{}}}", show(tree, inside))
        });
        format!("{}{modifiers}{alias}{}", node.name, inner.unwrap_or_default())
    };
    nodes.map(one).collect::<Vec<_>>().join(",")
}

#[track_caller]
fn check(text: &str, expected: Option<&str>) {
    let squeezed = squeeze(text);
    let text = squeezed.as_deref().unwrap_or(text);
    let read = read(text, &Bounds::default()).ok();
    assert_eq!(read.map(|tree| show(&tree, tree.roots())).as_deref(), expected, "{text}");
    assert_eq!(squeeze(text), None, "{text} is squeezed once");
}

#[test]
fn a_tree_is_read_to_every_depth() {
    check("id", Some("id"));
    check("id,caption", Some("id,caption"));
    check(" id , media . limit(5) { id } ", Some("id,media.limit(5){id}"));
    check("media{id}.limit(3).as(m)", Some("media.limit(3).as(m){id}"));
    check("a{b{c{d{e{f{g{h}}}}}}}", Some("a{b{c{d{e{f{g{h}}}}}}}"));
    check("insights.metric(reach, likes)", Some("insights.metric(reach, likes)"));
    check("bd.username(some.name){id}", Some("bd.username(some.name){id}"));
    check("media.after(QVFI==)", Some("media.after(QVFI==)"));
}

#[test]
fn what_has_no_one_reading_is_refused() {
    for bad in [
        "",
        " ",
        ",",
        "id,",
        ",id",
        "id,,name",
        "media{",
        "media{}",
        "media{id",
        "media}",
        "media.limit",
        "media.limit(",
        "media.limit(5",
        "media.limit()",
        "id name",
        "a{b}{c}",
        "a{b{c{d{e{f{g{h{i}}}}}}}}",
        "media.limit(5).limit(500)",
        "media.limit(5.0)",
        "media.limit(+5)",
        "media.limit(05)",
        "media.fields(id)",
        "id.as(paging)",
        "id.as(a).as(b)",
        "id.as(a b)",
        "id.as(a{b})",
        "%73tories",
        "stories%00",
        "ｓtories",
        "media.after((x))",
        "media.after(\"x\")",
        "id\u{9}",
        "id\nname",
        "id\u{a0}",
        "*",
        "media[0]",
        "a:b",
        "a/b",
    ] {
        check(bad, None);
    }
    check(&"a{".repeat(100_000), None);
    check(&vec!["id"; 257].join(","), None);
}
