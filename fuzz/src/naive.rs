//! A decoder as one writes it first: the whole input at once, a vector for each word. The real one is held to it.

/// Words of the sentences in the order they came, empty sentences left out, and whether a control byte ended it.
pub fn decode(bytes: &[u8]) -> (Vec<Vec<Vec<u8>>>, bool) {
    let (mut sentences, mut words, mut at) = (Vec::new(), Vec::new(), 0);
    loop {
        let (length, size) = match length(&bytes[at..]) {
            Length::Known(length, size) => (length, size),
            Length::Cut => return (sentences, false),
            Length::Control => return (sentences, true),
        };
        if bytes.len() - at - size < length {
            return (sentences, false);
        }
        at += size;
        if length > 0 {
            words.push(bytes[at..at + length].to_vec());
            at += length;
        } else if !words.is_empty() {
            sentences.push(std::mem::take(&mut words));
        }
    }
}

enum Length {
    Known(usize, usize),
    Cut,
    Control,
}

/// The five forms as the manual's table has them: thresholds and flags added to the number.
fn length(bytes: &[u8]) -> Length {
    let Some(first) = bytes.first().copied() else { return Length::Cut };
    if first >= 0xF8 {
        return Length::Control;
    }
    let more = match first {
        0..0x80 => 0,
        0x80..0xC0 => 1,
        0xC0..0xE0 => 2,
        0xE0..0xF0 => 3,
        _ => 4,
    };
    if bytes.len() <= more {
        return Length::Cut;
    }
    let mut number = 0u64;
    for byte in &bytes[..=more] {
        number = number * 256 + u64::from(*byte);
    }
    number -= match more {
        0 => 0,
        1 => 0x8000,
        2 => 0xC0_0000,
        3 => 0xE000_0000,
        // Only the four bytes after the first are the number.
        _ => u64::from(first) << 32,
    };
    Length::Known(number as usize, more + 1)
}
