//! Any query words over a router's rows select what a naive stack machine selects from the printed rows.
#![no_main]

use libfuzzer_sys::arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use moxxie_fuzz::naive;
use moxxie_fuzz::story::{self, Words};
use routeros_emulator::fuzzing::Machine;
use routeros_wire::Sentence;

/// Menus with rows of many types from the start.
const MENUS: &[&str] =
    &["/interface", "/ip/service", "/user/group", "/system/logging", "/ip/address", "/ip/route"];

fuzz_target!(|bytes: &[u8]| {
    let mut u = Unstructured::new(bytes);
    let world = story::world(&mut u);
    let mut machine = Machine::new(world.version, false);
    for address in ["10.0.0.1/24", "10.0.0.2/24", "10.1.0.1/16"] {
        let add =
            ["/ip/address/add".to_owned(), format!("=address={address}"), "=interface=ether1".to_owned()];
        machine.run(&Sentence::new(add));
    }
    let path = MENUS[story::pick(&mut u, MENUS.len())];
    let Some(menu) = story::menu(world, path) else { return };
    // Half of them as they are meant, half any bytes.
    let words = if story::pick(&mut u, 2) == 0 { story::queries(&mut u, menu) } else { raw(&mut u) };

    let ask = |machine: &mut Machine, words: &Words| {
        let command = [format!("{path}/print").into_bytes()];
        let sentence: Sentence = command.iter().chain(words).collect();
        let (replies, _) = naive::decode(&machine.run(&sentence).replies);
        let ids = replies
            .iter()
            .filter(|reply| reply[0] == b"!re")
            .map(|reply| reply.iter().find(|word| word.starts_with(b"=.id=")).cloned().unwrap_or_default());
        assert_eq!(replies.last().map(|reply| &reply[0][..]), Some(&b"!done"[..]));
        ids.collect::<Vec<_>>()
    };
    let found = ask(&mut machine, &words);
    let rows = machine.rows(path);
    let all = ask(&mut machine, &Vec::new());
    assert_eq!(all.len(), rows.len());

    let Some(program) = words.iter().map(|word| read(word)).collect::<Option<Vec<_>>>() else {
        // Sizes of values are compared by what they mean; that is not modelled here.
        return;
    };
    let expected: Vec<_> = all
        .iter()
        .zip(&rows)
        .filter(|(_, row)| passes(&program, row, menu))
        .map(|(id, _)| id.clone())
        .collect();
    let shown: Vec<_> = words.iter().map(|word| String::from_utf8_lossy(word)).collect();
    assert_eq!(found, expected, "{path} {shown:?}");
});

fn raw(u: &mut Unstructured<'_>) -> Words {
    let mut words = Vec::new();
    while !u.is_empty() {
        let length = story::pick(u, 16).min(u.len());
        words.push([b"?".to_vec(), u.bytes(length).unwrap_or_default().to_vec()].concat());
    }
    words
}

/// One query word as the manual describes it.
enum Word {
    Has(Vec<u8>),
    Lacks(Vec<u8>),
    Is(Vec<u8>, Vec<u8>),
    Operations(Vec<u8>),
}

/// `None` for what is not modelled.
fn read(word: &[u8]) -> Option<Word> {
    let rest = &word[1..];
    match rest.first() {
        Some(b'<' | b'>') => return None,
        Some(b'#') => return Some(Word::Operations(rest[1..].to_vec())),
        Some(b'-') if !rest.contains(&b'=') => return Some(Word::Lacks(rest[1..].to_vec())),
        _ => {}
    }
    let rest = rest.strip_prefix(b"=").unwrap_or(rest);
    match rest.iter().position(|byte| *byte == b'=') {
        Some(at) => Some(Word::Is(rest[..at].to_vec(), rest[at + 1..].to_vec())),
        None => Some(Word::Has(rest.to_vec())),
    }
}

type Row = Vec<(&'static str, Vec<u8>)>;

fn passes(program: &[Word], row: &Row, menu: &routeros_emulator::MenuDescription) -> bool {
    let value =
        |name: &[u8]| row.iter().find(|(other, _)| other.as_bytes() == name).map(|(_, value)| &value[..]);
    let kind = |name: &[u8]| {
        let name = std::str::from_utf8(name).ok()?;
        menu.fields.get(name).map(|field| field.r#type.as_str())
    };
    // The top is the last; below the bottom everything is true.
    let mut stack: Vec<bool> = Vec::new();
    for word in program {
        match word {
            Word::Has(name) => {
                let flag = matches!(kind(name), Some("bool" | "switch"));
                stack.push(value(name).is_some_and(|value| !flag || value == b"true"));
            }
            Word::Lacks(name) => stack.push(value(name).is_none()),
            Word::Is(name, wanted) => {
                let wanted = match (kind(name), &wanted[..]) {
                    (Some("bool" | "switch"), b"yes") => &b"true"[..],
                    (Some("bool" | "switch"), b"no") => &b"false"[..],
                    // Durations are asked for in any form.
                    (Some("time"), _) => {
                        value(name).filter(|value| same_time(value, wanted)).unwrap_or(wanted)
                    }
                    _ => &wanted[..],
                };
                stack.push(value(name) == Some(wanted));
            }
            Word::Operations(operations) => operate(operations, &mut stack),
        }
    }
    stack.iter().all(|value| *value)
}

fn same_time(shown: &[u8], wanted: &[u8]) -> bool {
    let read = |bytes| std::str::from_utf8(bytes).ok().and_then(routeros_client::parse_duration);
    read(shown).is_some() && read(shown) == read(wanted)
}

fn operate(operations: &[u8], stack: &mut Vec<bool>) {
    let pop = |stack: &mut Vec<bool>| stack.pop().unwrap_or(true);
    let slot = |stack: &Vec<bool>, index: usize| stack.iter().rev().nth(index).copied().unwrap_or(true);
    let mut number: Option<usize> = None;
    for (at, byte) in operations.iter().enumerate() {
        if byte.is_ascii_digit() {
            let digit = usize::from(byte - b'0');
            number = Some(number.unwrap_or(0).saturating_mul(10).saturating_add(digit));
            if at + 1 == operations.len() {
                let value = slot(stack, number.unwrap_or(0));
                stack.clear();
                stack.push(value);
            }
            continue;
        }
        let after_number = number.is_some();
        if let Some(index) = number.take() {
            stack.push(slot(stack, index));
        }
        match byte {
            b'!' => {
                let top = pop(stack);
                stack.push(!top);
            }
            b'&' => {
                let (right, left) = (pop(stack), pop(stack));
                stack.push(left && right);
            }
            b'|' => {
                let (right, left) = (pop(stack), pop(stack));
                stack.push(left || right);
            }
            b'.' if !after_number => stack.push(slot(stack, 0)),
            _ => {}
        }
    }
}
