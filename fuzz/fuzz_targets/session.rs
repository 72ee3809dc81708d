//! A whole session, with tags, pipelining, `listen` and `/cancel`: every command gets exactly one final reply, at
//! the latest when everything was cancelled.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use moxxie_fuzz::naive;
use moxxie_fuzz::story::{self, Words, World};
use routeros_emulator::fuzzing::converse;
use routeros_wire::encode;

fuzz_target!(|bytes: &[u8]| {
    let mut u = Unstructured::new(bytes);
    let world = story::world(&mut u);
    let seed = story::pick(&mut u, 256) as u64;
    if story::pick(&mut u, 8) == 7 {
        return noise(&mut u, world, seed);
    }
    let mut asked: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
    let mut told = Vec::new();
    let mut pieces = vec![sentence(&[b"/login".to_vec(), b"=name=admin".to_vec(), b".tag=in".to_vec()])];
    *asked.entry(b"in".to_vec()).or_default() += 1;
    for _ in 0..4 {
        let mut piece = Vec::new();
        for _ in 0..story::pick(&mut u, 8) {
            let mut words = command(&mut u, world);
            // Few tags, so that commands share them.
            let tag = vec![b'a' + story::pick(&mut u, 6) as u8];
            words.push([b".tag=".to_vec(), tag.clone()].concat());
            if words[0].is_empty() {
                continue;
            }
            told.push(words.iter().map(|word| String::from_utf8_lossy(word)).collect::<Vec<_>>().join(" "));
            *asked.entry(tag).or_default() += 1;
            piece.extend(sentence(&words));
        }
        pieces.push(piece);
    }
    pieces.push(sentence(&[b"/cancel".to_vec(), b".tag=end".to_vec()]));
    *asked.entry(b"end".to_vec()).or_default() += 1;

    let (heard, closed) = converse(world.version, seed, &pieces);
    let (replies, broken) = naive::decode(&heard);
    assert!(!broken);
    let mut answered: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
    let mut fatal = false;
    for reply in &replies {
        assert!(!fatal, "nothing follows !fatal");
        let tag = reply[1..].iter().find_map(|word| word.strip_prefix(b".tag=")).map(<[u8]>::to_vec);
        match &reply[0][..] {
            b"!done" => *answered.entry(tag.expect("every command had a tag")).or_default() += 1,
            b"!fatal" => fatal = true,
            b"!re" | b"!trap" | b"!empty" => {}
            other => panic!("{}", String::from_utf8_lossy(other)),
        }
    }
    for (tag, count) in &answered {
        let asked = asked.get(tag).copied().unwrap_or(0);
        assert!(
            *count <= asked,
            "{count} answers to {asked} commands with tag {:?}:\n{}",
            tag,
            told.join("\n")
        );
    }
    assert!(closed || answered == asked, "{answered:?}, asked {asked:?}:\n{}", told.join("\n"));
});

fn command(u: &mut Unstructured<'_>, world: &World) -> Words {
    match story::pick(u, 8) {
        0 => {
            let mut words = vec![b"/cancel".to_vec()];
            if story::pick(u, 4) > 0 {
                words.push([b"=tag=".to_vec(), vec![b'a' + story::pick(u, 7) as u8]].concat());
            }
            words
        }
        1 => vec![b"/ip/address/listen".to_vec()],
        2 => vec![b"/interface/print".to_vec(), b"=follow=".to_vec()],
        _ => story::command(u, world),
    }
}

/// Bytes that are no protocol at all, in or out of a session.
fn noise(u: &mut Unstructured<'_>, world: &World, seed: u64) {
    let mut pieces = Vec::new();
    if story::pick(u, 2) == 1 {
        pieces.push(sentence(&[b"/login".to_vec(), b"=name=admin".to_vec()]));
    }
    while !u.is_empty() {
        let length = (1 + story::pick(u, 64)).min(u.len());
        pieces.push(u.bytes(length).unwrap_or_default().to_vec());
    }
    let (heard, _) = converse(world.version, seed, &pieces);
    let (_, broken) = naive::decode(&heard);
    assert!(!broken, "a router that is sent noise still speaks the protocol");
}

fn sentence(words: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(words, &mut bytes);
    bytes
}
