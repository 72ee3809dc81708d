//! RouterOS's way of writing durations.

use std::time::Duration;

/// Reads a duration as RouterOS prints it: `1w2d3h4m5s`, `150ms`, `1d02:03:04`, `00:05:00`. `None` for
/// anything else (`never`, empty text).
///
/// ```
/// use std::time::Duration;
/// assert_eq!(routeros_client::parse_duration("1d2h"), Some(Duration::from_secs(93_600)));
/// assert_eq!(routeros_client::parse_duration("never"), None);
/// ```
pub fn parse_duration(text: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    let mut rest = text;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = rest.split_at(digits);
        if tail.starts_with(':') {
            return total.checked_add(clock(rest)?);
        }
        let number: u64 = number.parse().ok()?;
        let letters = tail.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, tail) = tail.split_at(letters);
        let part = match unit {
            "w" => Duration::from_secs(number.checked_mul(604_800)?),
            "d" => Duration::from_secs(number.checked_mul(86_400)?),
            "h" => Duration::from_secs(number.checked_mul(3_600)?),
            "m" => Duration::from_secs(number.checked_mul(60)?),
            "s" => Duration::from_secs(number),
            "ms" => Duration::from_millis(number),
            "us" => Duration::from_micros(number),
            "ns" => Duration::from_nanos(number),
            _ => return None,
        };
        total = total.checked_add(part)?;
        rest = tail;
    }
    Some(total)
}

/// `hh:mm:ss`, seconds with an optional fraction.
fn clock(text: &str) -> Option<Duration> {
    let mut parts = text.split(':');
    let hours: u64 = parts.next()?.parse().ok()?;
    let minutes: u64 = parts.next()?.parse().ok()?;
    let seconds: f64 = parts.next()?.parse().ok()?;
    if parts.next().is_some() {
        return None;
    }
    let whole = hours.checked_mul(3_600)?.checked_add(minutes.checked_mul(60)?)?;
    Duration::from_secs(whole).checked_add(Duration::try_from_secs_f64(seconds).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        for (text, seconds) in [
            ("5s", 5.0),
            ("1w2d3h4m5s", 788_645.0),
            ("1s500ms", 1.5),
            ("00:05:00", 300.0),
            ("1d02:03:04", 93_784.0),
            ("00:00:01.5", 1.5),
        ] {
            assert_eq!(parse_duration(text), Some(Duration::from_secs_f64(seconds)), "{text}");
        }
        for bad in ["", "never", "5", "5x", "1:2", "s", "99999999999999999999s", "00:00:-1"] {
            assert_eq!(parse_duration(bad), None, "{bad}");
        }
    }
}
