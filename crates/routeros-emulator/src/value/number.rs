//! Numbers: decimal or 0x hexadecimal in (reference 1.2).

/// Why a word is no number.
pub(crate) enum NotANumber {
    /// Begins like one.
    Trailing,
    /// Does not.
    Nothing,
}

pub(crate) fn parse_number(text: &str) -> Result<i64, NotANumber> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (radix, digits) = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(digits) => (16, digits),
        None => (10, digits),
    };
    match i64::from_str_radix(digits, radix) {
        // The sign was in front; the conversion would take another.
        _ if digits.starts_with(['+', '-']) => Err(NotANumber::Nothing),
        Ok(number) => Ok(if negative { -number } else { number }),
        Err(_) if digits.chars().next().is_some_and(|c| c.is_digit(radix)) => Err(NotANumber::Trailing),
        Err(_) => Err(NotANumber::Nothing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_sign() {
        assert!(matches!(parse_number("-0x10"), Ok(-16)));
        assert!(matches!(parse_number("10x"), Err(NotANumber::Trailing)));
        for text in ["", "-", "--1", "+1", "-+1", "0x-1", "--9223372036854775808"] {
            assert!(matches!(parse_number(text), Err(NotANumber::Nothing)), "{text}");
        }
    }
}
