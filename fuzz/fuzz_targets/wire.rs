//! Any bytes in any pieces decode as the naive decoder says; what was decoded encodes to the same again.
#![no_main]

use libfuzzer_sys::arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use moxxie_fuzz::{naive, pieces};
use routeros_wire::{DecodeError, Decoder, Limits, Sentence, encode};

/// Small, so that every one of them is met.
const LIMITS: Limits = Limits { max_word: 300, max_sentence_words: 12, max_sentence_bytes: 600 };

fuzz_target!(|input: (&[u8], &[u8])| {
    let (bytes, cuts) = input;
    let pieces = pieces(bytes, &mut Unstructured::new(cuts));

    // Without limits that matter: exactly what the naive decoder finds.
    let (expected, control) = naive::decode(bytes);
    let (found, error) = decode(Limits::default(), &pieces);
    // What is announced and never comes may be refused by its length; the naive decoder waits for it.
    let too_long =
        matches!(error, Some(DecodeError::WordTooLong { .. } | DecodeError::SentenceTooLong { .. }));
    assert!(too_long || error.is_some() == control, "{error:?} and control byte {control}");
    assert_eq!(found.len(), expected.len());
    for (sentence, words) in found.iter().zip(&expected) {
        assert!(sentence.words().eq(words.iter().map(Vec::as_slice)));
        assert_eq!(sentence.len(), words.len());
        attributes(sentence, words);
        there_and_back(sentence, words);
    }

    // With limits: the same sentences up to the first that breaks one.
    let (limited, error) = decode(LIMITS, &pieces);
    assert_eq!(limited, found[..limited.len()]);
    assert!(
        limited.iter().all(|sentence| sentence.len() <= 12 && sentence.words().all(|word| word.len() <= 300))
    );
    if limited.len() < found.len() {
        assert!(error.is_some(), "a sentence is missing and nobody said why");
    }
});

fn decode(limits: Limits, pieces: &[&[u8]]) -> (Vec<Sentence>, Option<DecodeError>) {
    let mut decoder = Decoder::with_limits(limits);
    let mut found = Vec::new();
    for piece in pieces {
        decoder.feed(piece);
        loop {
            match decoder.next_sentence() {
                Ok(Some(sentence)) => found.push(sentence),
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(decoder.next_sentence(), Err(error), "an error stays");
                    return (found, Some(error));
                }
            }
        }
    }
    (found, None)
}

/// Names and values against a reading of the words that splits them one by one.
fn attributes(sentence: &Sentence, words: &[Vec<u8>]) {
    let expected = words[1..].iter().filter(|word| word[0] == b'=').map(|word| {
        let mut parts = word[1..].splitn(2, |byte| *byte == b'=');
        (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
    });
    let expected: Vec<_> = expected.collect();
    assert!(sentence.attributes().eq(expected.iter().copied()));
    for (name, _) in &expected {
        if let Ok(name) = std::str::from_utf8(name) {
            let first = expected.iter().find(|(other, _)| *other == name.as_bytes()).map(|pair| pair.1);
            assert_eq!(sentence.attribute(name), first);
        }
    }
    let tag = words[1..].iter().find_map(|word| word.strip_prefix(b".tag="));
    assert_eq!(sentence.tag(), tag.filter(|tag| !tag.is_empty()));
    let queries: Vec<&[u8]> = words[1..].iter().map(Vec::as_slice).filter(|word| word[0] == b'?').collect();
    assert!(sentence.queries().eq(queries));
}

fn there_and_back(sentence: &Sentence, words: &[Vec<u8>]) {
    let mut bytes = Vec::new();
    encode(words, &mut bytes);
    let mut decoder = Decoder::new();
    decoder.feed(&bytes);
    let again = decoder.next_sentence().ok().flatten().expect("what was encoded decodes");
    assert_eq!(again, *sentence);
    assert!(!decoder.is_mid_sentence());
    let built = Sentence::new(words);
    assert_eq!(built, *sentence);
    assert_eq!(built.wire_len(), bytes.len());
    let mut encoded = Vec::new();
    built.encode_to(&mut encoded);
    assert_eq!(encoded, bytes);
}
