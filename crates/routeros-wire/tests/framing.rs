//! Framing: lengths, cuts, limits, errors.

use bytes::BytesMut;
use proptest::prelude::*;
use routeros_wire::{DecodeError, Decoder, Limits, ReplyKind, Sentence, encode, encode_length};

fn bytes_of(words: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    encode(words, &mut out);
    out
}

fn decode_all(decoder: &mut Decoder) -> Vec<Sentence> {
    std::iter::from_fn(|| decoder.next_sentence().expect("valid framing")).collect()
}

#[test]
fn length_prefixes_at_their_boundaries() {
    let cases: [(u32, &[u8]); 12] = [
        (0, &[0x00]),
        (127, &[0x7F]),
        (128, &[0x80, 0x80]),
        (255, &[0x80, 0xFF]),
        (256, &[0x81, 0x00]),
        (16_383, &[0xBF, 0xFF]),
        (16_384, &[0xC0, 0x40, 0x00]),
        (2_097_151, &[0xDF, 0xFF, 0xFF]),
        (2_097_152, &[0xE0, 0x20, 0x00, 0x00]),
        (0x0FFF_FFFF, &[0xEF, 0xFF, 0xFF, 0xFF]),
        (0x1000_0000, &[0xF0, 0x10, 0x00, 0x00, 0x00]),
        (u32::MAX, &[0xF0, 0xFF, 0xFF, 0xFF, 0xFF]),
    ];
    for (length, prefix) in cases {
        let mut vec = Vec::new();
        encode_length(length, &mut vec);
        assert_eq!(vec, prefix, "{length}");
        let mut buffer = BytesMut::new();
        encode_length(length, &mut buffer);
        assert_eq!(buffer, prefix, "{length}");
    }
}

#[test]
fn words_of_boundary_lengths_survive() {
    for length in [1, 127, 128, 255, 256, 16_383, 16_384, 2_097_151, 2_097_152] {
        let words = vec![b"!re".to_vec(), vec![b'x'; length], b"=last=1".to_vec()];
        let mut decoder = Decoder::new();
        decoder.feed(&bytes_of(&words));
        let sentence = decoder.next_sentence().unwrap().unwrap();
        assert!(sentence.words().eq(words.iter()), "{length}");
        assert_eq!(sentence.attribute("last"), Some(&b"1"[..]));
        assert!(!decoder.is_mid_sentence());
    }
}

#[test]
fn prefixes_longer_than_needed_are_taken() {
    for prefix in [&[0x03][..], &[0x80, 0x03], &[0xC0, 0, 0x03], &[0xE0, 0, 0, 0x03], &[0xF0, 0, 0, 0, 0x03]]
    {
        let mut decoder = Decoder::new();
        decoder.feed(prefix);
        decoder.feed(b"!re\x80\x00");
        let sentence = decoder.next_sentence().unwrap().unwrap();
        assert_eq!(sentence, Sentence::new(["!re"]));
    }
}

#[test]
fn a_stream_may_be_cut_at_every_byte() {
    let sentences = [
        Sentence::new([&b"!re"[..], b"=.id=*1", b"=comment=\xF8\xFF\x00 =", b".tag=1"]),
        Sentence::new(["!re".to_owned(), format!("=contents={}", "y".repeat(300))]),
        Sentence::new(["!done", ".tag=1"]),
    ];
    let mut stream = vec![0];
    for sentence in &sentences {
        sentence.encode_to(&mut stream);
        stream.push(0);
    }
    for cut in 0..=stream.len() {
        let mut decoder = Decoder::new();
        decoder.feed(&stream[..cut]);
        let mut found = decode_all(&mut decoder);
        decoder.feed(&stream[cut..]);
        found.extend(decode_all(&mut decoder));
        assert_eq!(found, sentences, "cut at {cut}");
    }
    let mut decoder = Decoder::new();
    let mut found = Vec::new();
    for byte in &stream {
        decoder.buffer_mut().extend_from_slice(&[*byte]);
        found.extend(decode_all(&mut decoder));
    }
    assert_eq!(found, sentences);
}

#[test]
fn a_control_byte_ends_it() {
    for byte in 0xF8..=0xFF {
        let mut decoder = Decoder::new();
        decoder.feed(&[3, b'!', b'r', b'e', byte, 0, 0]);
        assert_eq!(decoder.next_sentence(), Err(DecodeError::ControlByte(byte)));
        decoder.feed(b"\x05!done\x00");
        assert_eq!(decoder.next_sentence(), Err(DecodeError::ControlByte(byte)), "no resynchronising");
    }
}

#[test]
fn limits_hold_before_the_bytes_come() {
    let limits = Limits { max_word: 10, max_sentence_words: 3, max_sentence_bytes: 20 };
    let error = |bytes: &[u8]| {
        let mut decoder = Decoder::with_limits(limits);
        decoder.feed(bytes);
        decoder.next_sentence().unwrap_err()
    };
    assert_eq!(error(&[11]), DecodeError::WordTooLong { len: 11, max: 10 });
    assert_eq!(
        error(&[0xF0, 0xFF, 0xFF, 0xFF, 0xFF]),
        DecodeError::WordTooLong { len: u32::MAX as usize, max: 10 }
    );
    assert_eq!(error(b"\x01a\x01b\x01c\x01"), DecodeError::TooManyWords { max: 3 });
    assert_eq!(error(b"\x0aaaaaaaaaaa\x09"), DecodeError::SentenceTooLong { max: 20 });

    let mut decoder = Decoder::with_limits(limits);
    decoder.feed(b"\x0aaaaaaaaaaa\x01b\x01c\x00\x01d\x00");
    assert_eq!(decode_all(&mut decoder), [Sentence::new(["aaaaaaaaaa", "b", "c"]), Sentence::new(["d"])]);
}

#[test]
fn words_by_shape() {
    let sentence = Sentence::new([
        "/interface/print",
        "=.proplist=name,.id",
        "=detail=",
        "=bare",
        "=comment=a=b==c",
        "?type=vlan",
        "?#!",
        ".tag=t1",
        "",
        "stray",
    ]);
    assert_eq!(sentence.len(), 9);
    assert_eq!(sentence.command(), b"/interface/print");
    assert_eq!(sentence.attribute(".proplist"), Some(&b"name,.id"[..]));
    assert_eq!(sentence.attribute("detail"), Some(&b""[..]));
    assert_eq!(sentence.attribute("bare"), Some(&b""[..]));
    assert_eq!(sentence.attribute("comment"), Some(&b"a=b==c"[..]));
    assert_eq!(sentence.attribute("comm"), None);
    assert_eq!(sentence.attributes().count(), 4);
    assert_eq!(sentence.queries().collect::<Vec<_>>(), [&b"?type=vlan"[..], b"?#!"]);
    assert_eq!(sentence.tag(), Some(&b"t1"[..]));
    assert_eq!(sentence.word(8), Some(&b"stray"[..]));
    assert_eq!(sentence.word(9), None);
    assert_eq!(Sentence::new(["!done", ".tag="]).tag(), None);
    // A command that looks like an attribute is still the command.
    assert_eq!(Sentence::new(["=a=b"]).attribute("a"), None);
}

#[test]
fn debug_output_holds_no_values() {
    let sentence = Sentence::new(["/login", "=name=admin", "=password=hunter2"]);
    let text = format!("{sentence:?}");
    assert!(text.contains("password") && !text.contains("hunter2"), "{text}");
}

#[test]
fn reply_kinds() {
    for (word, kind) in [
        ("!re", ReplyKind::Re),
        ("!done", ReplyKind::Done),
        ("!trap", ReplyKind::Trap),
        ("!fatal", ReplyKind::Fatal),
        ("!empty", ReplyKind::Empty),
    ] {
        assert_eq!(ReplyKind::of(&Sentence::new([word])), kind);
        assert_eq!(kind.as_word(), Some(word));
    }
    assert_eq!(ReplyKind::of(&Sentence::new(["!surprise"])), ReplyKind::Other);
    assert_eq!(ReplyKind::of(&Sentence::default()), ReplyKind::Other);
}

/// Any length, each of the five forms as often as the others.
fn any_length() -> impl Strategy<Value = u32> {
    prop_oneof![
        0..=0x7Fu32,
        0x80..=0x3FFFu32,
        0x4000..=0x1F_FFFFu32,
        0x20_0000..=0xFFF_FFFFu32,
        0x1000_0000..=u32::MAX
    ]
}

proptest! {
    /// The decoder tells the length it read when it refuses it: that shows all of them without 4 GiB of word.
    #[test]
    fn lengths_of_all_forms_are_read_as_written(length in any_length(), cut in 0usize..5) {
        let mut prefix = Vec::new();
        encode_length(length, &mut prefix);
        let form = [0x80, 0x4000, 0x20_0000, 0x1000_0000].iter().filter(|least| length >= **least).count();
        prop_assert_eq!(prefix.len(), form + 1);
        let mut decoder = Decoder::with_limits(Limits { max_word: 0, ..Limits::default() });
        let (begin, end) = prefix.split_at(cut.min(prefix.len() - 1));
        decoder.feed(begin);
        prop_assert_eq!(decoder.next_sentence(), Ok(None), "not all of it is there");
        decoder.feed(end);
        let expected = match length {
            0 => Ok(None),
            len => Err(DecodeError::WordTooLong { len: len as usize, max: 0 }),
        };
        prop_assert_eq!(decoder.next_sentence(), expected);
    }

    #[test]
    fn words_are_bytes(name in "[a-z.-]{1,12}", value in prop::collection::vec(any::<u8>(), 0..400)) {
        let word = [b"=", name.as_bytes(), b"=", &value].concat();
        let sentence = Sentence::new([&b"!re"[..], &word]);
        let mut decoder = Decoder::new();
        let mut bytes = Vec::new();
        sentence.encode_to(&mut bytes);
        decoder.feed(&bytes);
        let found = decoder.next_sentence().unwrap().unwrap();
        prop_assert_eq!(found.attribute(&name), Some(&value[..]));
        prop_assert_eq!(found.word(1), Some(&word[..]));
    }

    #[test]
    fn round_trip(
        sentences in prop::collection::vec(
            prop::collection::vec(prop::collection::vec(any::<u8>(), 1..300), 1..8), 0..6),
        chunk in 1usize..64,
    ) {
        let stream: Vec<u8> = sentences.iter().flat_map(|words| bytes_of(words)).collect();
        let mut decoder = Decoder::new();
        let mut found = Vec::new();
        for piece in stream.chunks(chunk) {
            decoder.feed(piece);
            found.extend(decode_all(&mut decoder));
        }
        let expected: Vec<_> = sentences.iter().map(Sentence::new).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn arbitrary_bytes_never_panic(stream in prop::collection::vec(any::<u8>(), 0..500), chunk in 1usize..64) {
        let mut decoder = Decoder::new();
        for piece in stream.chunks(chunk) {
            decoder.feed(piece);
            while let Ok(Some(sentence)) = decoder.next_sentence() {
                prop_assert_eq!(sentence.words().count(), sentence.len());
                prop_assert!(!sentence.is_empty());
            }
        }
    }
}
