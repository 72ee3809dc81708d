//! The router's clock.

use jiff::{SignedDuration, Timestamp, civil::DateTime};

use crate::StateRow;

/// How far the router's clock is ahead of ours; `None` when it shows no time that can be read. Dates are
/// ISO from 7.10 on.
pub(super) fn ahead(clock: &StateRow, now: Timestamp) -> Option<SignedDuration> {
    let local: DateTime = format!("{}T{}", clock.text("date")?, clock.text("time")?).parse().ok()?;
    let offset = clock.text("gmt-offset");
    let offset = offset.as_deref().map_or(Some(SignedDuration::ZERO), offset_of)?;
    let utc = local.checked_sub(offset).ok()?;
    let there = jiff::tz::TimeZone::UTC.to_timestamp(utc).ok()?;
    Some(there.duration_since(now))
}

/// `+01:00`, `-05:30`.
fn offset_of(text: &str) -> Option<SignedDuration> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("-", rest) => (-1, rest),
        ("+", rest) => (1, rest),
        _ => (1, text),
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes) = (hours.parse::<i64>().ok()?, minutes.parse::<i64>().ok()?);
    Some(SignedDuration::from_mins(sign * (hours * 60 + minutes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offset_to_utc_counts() {
        let now: Timestamp = "2026-05-17T16:58:11Z".parse().unwrap();
        let clock = |offset: &str| StateRow {
            id: String::new(),
            fields: [("date", "2026-05-17"), ("time", "17:58:11"), ("gmt-offset", offset)]
                .map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()))
                .into(),
        };
        assert_eq!(ahead(&clock("+01:00"), now), Some(SignedDuration::ZERO));
        assert_eq!(ahead(&clock("+00:00"), now), Some(SignedDuration::from_hours(1)));
        assert_eq!(ahead(&clock("-05:30"), now), Some(SignedDuration::from_mins(390)));
        assert_eq!(ahead(&clock("x"), now), None);
        assert_eq!(ahead(&StateRow::default(), now), None);
    }
}
