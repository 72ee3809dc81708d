//! Rules as the manual and users write them, rules that are wrong, and random ones there and back.

use super::parse;
use super::properties::{COMMUNITY_OPERATORS, Kind, PROPERTIES, UNSETTABLE};
use super::tree::{Action, Condition, Rule, Word};

const RIGHT: &[&str] = &[
    "accept",
    "reject;",
    "if (dst in 192.168.1.0/24 && dst-len>24) {set distance +1; accept} else {set distance -1; accept}",
    "if ( protocol connected ) { accept }",
    "if ( bgp-med < 30 ) { accept }",
    "if ( ospf-dn ) { reject }",
    "if ( not bgp-network) {reject; }",
    "if (dst-len in 0-32 && bgp-communities includes 64496:0) { set blackhole yes; accept; }",
    "if(dst == 172.16.21.0/24) {set bgp-path-prepend 3; accept;}",
    "if (dst in bogons || (dst == 0.0.0.0/0 && not active)) { reject }",
    "if (bgp-as-path .1234.) {accept}",
    "if (bgp-as-path ^(1|2)[3-4]$ && bgp-path-len == 0) { return; }",
    "if (bgp-as-path \"^65001 65002$\") { jump other }",
    "set bgp-large-communities 65000:1:2; set distance +ospf-ext-metric; accept",
    "if (dst in 2001:db8::/32 && dst-len in 32..48) { set gw fe80::1%ether1; set pref-src +1; accept }",
    "delete bgp-ext-communities sso,other,myRTList;",
    "append bgp-communities 65000:100; unset bgp-med; rpki-verify group1",
    "if (bgp-communities any-list blackhole) { filter bgp-communities wk }\nelse\n{ append comment \"a ; b\" }",
    "if (bgp-path-peer-prepend > 4) {reject}",
    "if (rpki invalid) { reject } else { accept };",
    "if (dst in 10.0.0.0/8) { if (dst-len > 24) { reject } else { set distance 20 }; accept }",
    "if (active) { if (bgp-med > 3) { reject } if (rpki valid) { accept; }; return } else { if (active) {reject} }",
];

const WRONG: &[&str] = &[
    "",
    "foo",
    "accept reject",
    "if active { accept }",
    "if (active) accept",
    "if (active) { accept",
    "if (active) { }",
    "if () { accept }",
    "if (active && ) { accept }",
    "if (active) { accept } else",
    "if (active) { accept } accept",
    "set distance 1; if (active) { accept }",
    "if (active) { if (bgp-med > 3) { reject }",
    "if (active) { accept if (active) { reject } }",
    "if (active) { accept } else if (active) { reject }",
    // Equality is `==` (reference 4, bgpq4).
    "if (dst=1.2.3.0/24) { accept }",
    "if (dst == 1.2.3.0/33) { accept }",
    "if (dst-len in 24-8) { accept }",
    "if (dst-len > many) { accept }",
    "if (no-such-property == 1) { accept }",
    "if (protocol teleport) { accept }",
    "if (bgp-communities 1:1) { accept }",
    "set dst 10.0.0.0/8",
    "set distance",
    "set distance ++1",
    "set blackhole maybe",
    "unset distance",
    "jump",
    "if (bgp-as-path (1) { accept }",
    "append comment \"no end",
];

#[test]
fn rules_of_the_manual_are_understood_and_wrong_ones_are_not() {
    for text in RIGHT {
        let rule = parse(text).unwrap_or_else(|wrong| panic!("{text}: {wrong:?}"));
        assert_eq!(parse(&rule.to_string()), Ok(rule), "{text}");
    }
    for text in WRONG {
        assert!(parse(text).is_err(), "{text}");
    }
}

#[test]
fn the_place_of_the_mistake_is_named() {
    let wrong = parse("if (dst=1.2.3.0/24) { accept }").unwrap_err();
    assert_eq!((wrong.at, wrong.expected), (7, "operator"));
    assert!(parse(&format!("if {} active", "(".repeat(100_000))).is_err(), "no stack is exhausted");
    assert!(parse(&format!("if ({}active) {{ accept }}", "not ".repeat(100_000))).is_err());
    assert!(parse(&"if (active) { ".repeat(100_000)).is_err());
}

#[test]
fn jumps_are_known() {
    let rule = parse("if (active) { jump a } else { if (active) { jump b }; jump c; return }").unwrap();
    assert_eq!(rule.jumps(), ["a", "b", "c"]);
}

#[test]
fn random_rules_survive_printing_and_random_texts_do_no_harm() {
    let mut random = fastrand::Rng::with_seed(11);
    for _ in 0..2_000 {
        let rule = rule(&mut random);
        let text = rule.to_string();
        assert_eq!(parse(&text), Ok(rule), "{text}");
        // Cut anywhere, or with one letter changed, it may be wrong but never panics.
        let cut: String = text.chars().take(random.usize(..text.len())).collect();
        let _ = parse(&cut);
        let mut letters: Vec<char> = text.chars().collect();
        let at = random.usize(..letters.len());
        letters[at] = *random.choice(&['"', '(', ')', '{', '}', ';', '=', '\\', 'é']).unwrap_or(&' ');
        let _ = parse(&letters.into_iter().collect::<String>());
    }
}

fn rule(random: &mut fastrand::Rng) -> Rule {
    if random.bool() {
        return Rule((0..random.usize(1..4)).map(|_| action(random)).collect());
    }
    Rule(vec![branch(random, 2)])
}

fn branch(random: &mut fastrand::Rng, depth: u32) -> Action {
    Action::If {
        condition: condition(random, 3),
        then: block(random, depth),
        otherwise: if random.bool() { Vec::new() } else { block(random, depth) },
    }
}

fn block(random: &mut fastrand::Rng, depth: u32) -> Vec<Action> {
    let one = |random: &mut fastrand::Rng| match depth {
        1.. if random.u8(..4) == 0 => branch(random, depth - 1),
        _ => action(random),
    };
    (0..random.usize(1..4)).map(|_| one(random)).collect()
}

fn condition(random: &mut fastrand::Rng, depth: u32) -> Condition {
    let parts = |random: &mut fastrand::Rng| {
        (0..random.usize(2..4)).map(|_| condition(random, depth - 1)).collect::<Vec<_>>()
    };
    // A list in a list of its own kind is the same list, so that there is one tree per text.
    match random.u8(..if depth == 0 { 1 } else { 4 }) {
        1 => Condition::Not(Box::new(condition(random, depth - 1))),
        2 => Condition::Any(parts(random)),
        3 => Condition::All(parts(random)),
        _ => matcher(random),
    }
}

fn matcher(random: &mut fastrand::Rng) -> Condition {
    let property = &PROPERTIES[random.usize(..PROPERTIES.len())];
    let (operator, value) = match property.kind {
        Kind::Flag => (None, None),
        Kind::Number => {
            let operator = ["==", "!=", "<", ">", "<=", ">=", "in"][random.usize(..7)];
            let number = random.u32(..);
            let range = operator == "in";
            (Some(operator), Some(if range { format!("0-{number}") } else { number.to_string() }))
        }
        Kind::Prefix => (Some(["in", "==", "!="][random.usize(..3)]), Some("10.0.0.0/8".to_owned())),
        Kind::Enum(words) => (None, Some(words[random.usize(..words.len())].to_owned())),
        Kind::Name => (None, Some("name".to_owned())),
        Kind::Path => (None, Some("^(1|2).*[3-5]$".to_owned())),
        Kind::Communities => {
            (Some(COMMUNITY_OPERATORS[random.usize(..COMMUNITY_OPERATORS.len())]), Some("1:2".to_owned()))
        }
        Kind::Text => (Some("find"), Some("text".to_owned())),
    };
    let word = |text| Word { text, quoted: random.bool() };
    Condition::Is {
        property: property.name.to_owned(),
        operator: operator.map(str::to_owned),
        value: value.map(word),
    }
}

fn action(random: &mut fastrand::Rng) -> Action {
    match random.u8(..5) {
        0 => Action::End(["accept", "reject", "return"][random.usize(..3)]),
        1 => Action::Jump("other-chain".to_owned()),
        2 => Action::RpkiVerify("group".to_owned()),
        3 => Action::Unset(UNSETTABLE[random.usize(..UNSETTABLE.len())].to_owned()),
        _ => {
            let value = Word { text: "quoted \\ \" ;".to_owned(), quoted: true };
            Action::Change { verb: "append", property: "comment".to_owned(), value }
        }
    }
}
