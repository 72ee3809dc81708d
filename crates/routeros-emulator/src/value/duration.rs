//! Durations: `1w2d3h4m5s`, `100ms`, `00:00:15` in; the first form out (reference 4, system).

/// Milliseconds of a duration as people and routers write it.
pub(crate) fn parse_duration(text: &str) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    if text.contains(':') {
        return parse_clock(text);
    }
    let mut total = 0u64;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let number: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit_end = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let unit = match &rest[..unit_end] {
            "w" => 604_800_000,
            "d" => 86_400_000,
            "h" => 3_600_000,
            "m" => 60_000,
            // A bare number is seconds.
            "s" | "" => 1000,
            "ms" => 1,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(unit)?)?;
        rest = &rest[unit_end..];
    }
    Some(total)
}

/// `[1d]hh:mm[:ss[.fff]]`.
fn parse_clock(text: &str) -> Option<u64> {
    let (days, clock) = match text.rfind(['d', 'w']) {
        Some(at) => (parse_duration(&text[..=at])?, &text[at + 1..]),
        None => (0, text),
    };
    let (clock, millis) = match clock.split_once('.') {
        Some((clock, fraction)) => {
            let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
            (clock, whole(&digits)?)
        }
        None => (clock, 0),
    };
    let parts: Vec<u64> = clock.split(':').map(whole).collect::<Option<_>>()?;
    let (hours, minutes, seconds) = match parts[..] {
        [hours, minutes] => (hours, minutes, 0),
        [hours, minutes, seconds] => (hours, minutes, seconds),
        _ => return None,
    };
    let seconds = hours.checked_mul(3600)?.checked_add(minutes.checked_mul(60)?)?.checked_add(seconds)?;
    days.checked_add(seconds.checked_mul(1000)?)?.checked_add(millis)
}

/// Digits alone: a sign is none.
fn whole(text: &str) -> Option<u64> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// As the API prints it.
pub(crate) fn format_duration(millis: u64) -> String {
    let mut out = String::new();
    let mut rest = millis;
    for (unit, size) in
        [("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)]
    {
        if rest >= size {
            out.push_str(&(rest / size).to_string());
            out.push_str(unit);
            rest %= size;
        }
    }
    if out.is_empty() {
        out.push_str("0s");
    }
    out
}

/// As bounds are printed in error texts: `00:00:10`, `1d00:00:00` (reference 3).
pub(crate) fn format_clock(millis: u64) -> String {
    let seconds = millis / 1000;
    let (days, seconds) = (seconds / 86_400, seconds % 86_400);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let days = if days > 0 { format!("{days}d") } else { String::new() };
    let fraction =
        if !millis.is_multiple_of(1000) { format!(".{:03}", millis % 1000) } else { String::new() };
    format!("{days}{hours:02}:{minutes:02}:{seconds:02}{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_forms_and_prints_one() {
        for (text, shown) in [
            ("30m", "30m"),
            ("00:30:00", "30m"),
            ("90", "1m30s"),
            ("1d00:00:10", "1d10s"),
            ("0", "0s"),
            ("100ms", "100ms"),
        ] {
            assert_eq!(format_duration(parse_duration(text).unwrap()), shown, "{text}");
        }
        for text in [
            "5x",
            "+5",
            "1:+5",
            "0:0:0.+5",
            "99999999999999999:00",
            "99999999999w1:00",
            "18446744073709551615:0:0",
        ] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
        assert_eq!(format_clock(86_400_000), "1d00:00:00");
    }
}
