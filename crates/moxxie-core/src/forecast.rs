//! When a pool will be full. Pure.

/// A pool on one day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Days since 1970 (UTC).
    pub day: i64,
    /// Addresses in use.
    pub used: f64,
}

/// Days from the first sample to the last before anything is said: less than a week is a mood, not a
/// trend.
pub const FEWEST_DAYS: i64 = 7;

/// How far back a trend looks, in days: what was a year ago says little about the next months.
pub const WINDOW_DAYS: i64 = 90;

/// Beyond this many days nothing is foretold.
pub const FARTHEST_DAYS: f64 = 3650.0;

/// What the samples say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Forecast {
    /// Too little is known yet.
    TooFewSamples {
        /// Days from the first sample to the last.
        days: i64,
    },
    /// It does not grow, or so slowly that it would take more than [`FARTHEST_DAYS`].
    NotInSight {
        /// Addresses per day.
        per_day: f64,
    },
    /// It will be full.
    Full {
        /// Addresses per day.
        per_day: f64,
        /// Days from the last sample until it is.
        days_left: f64,
    },
}

/// The forecast for a pool with this many addresses free.
///
/// The trend is the median of the slopes between every two samples (Theil and Sen): single days on
/// which much was allocated, or samples that are missing, do not move it as they would move a mean.
#[must_use]
pub fn forecast(samples: &[Sample], free: f64) -> Forecast {
    let last = samples.iter().map(|sample| sample.day).max().unwrap_or_default();
    let recent: Vec<Sample> =
        samples.iter().copied().filter(|sample| sample.day > last - WINDOW_DAYS).collect();
    let first = recent.iter().map(|sample| sample.day).min().unwrap_or(last);
    let days = last - first;
    if days < FEWEST_DAYS {
        return Forecast::TooFewSamples { days };
    }
    let mut slopes = Vec::with_capacity(recent.len() * recent.len() / 2);
    for (index, a) in recent.iter().enumerate() {
        for b in &recent[index + 1..] {
            if a.day != b.day {
                slopes.push((b.used - a.used) / (b.day - a.day) as f64);
            }
        }
    }
    let per_day = median(&mut slopes);
    let days_left = free / per_day;
    if per_day > 0.0 && days_left <= FARTHEST_DAYS {
        Forecast::Full { per_day, days_left }
    } else {
        Forecast::NotInSight { per_day }
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values {
        [] => 0.0,
        _ if values.len().is_multiple_of(2) => f64::midpoint(values[middle - 1], values[middle]),
        _ => values[middle],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(used: impl IntoIterator<Item = f64>) -> Vec<Sample> {
        used.into_iter().zip(20_000..).map(|(used, day)| Sample { day, used }).collect()
    }

    #[test]
    fn a_steady_growth_goes_on() {
        let steady = samples((0..30).map(|day| 100.0 + 4.0 * f64::from(day)));
        assert_eq!(forecast(&steady, 100.0), Forecast::Full { per_day: 4.0, days_left: 25.0 });
        assert_eq!(forecast(&steady, 0.0), Forecast::Full { per_day: 4.0, days_left: 0.0 });
    }

    #[test]
    fn one_odd_day_does_not_move_it() {
        let mut odd = samples((0..30).map(|day| 100.0 + 4.0 * f64::from(day)));
        odd[12].used = 100_000.0;
        odd[13].used = 0.0;
        let Forecast::Full { per_day, .. } = forecast(&odd, 100.0) else { panic!("not growing") };
        assert!((3.9..=4.1).contains(&per_day), "{per_day}");
    }

    #[test]
    fn missing_days_do_not_bend_it() {
        let mut gappy = samples((0..30).map(|day| 100.0 + 4.0 * f64::from(day)));
        gappy.drain(3..21);
        assert_eq!(forecast(&gappy, 100.0), Forecast::Full { per_day: 4.0, days_left: 25.0 });
    }

    #[test]
    fn nothing_is_said_without_a_week_of_data() {
        assert_eq!(forecast(&[], 5.0), Forecast::TooFewSamples { days: 0 });
        assert_eq!(forecast(&samples((0..7).map(f64::from)), 5.0), Forecast::TooFewSamples { days: 6 });
        assert!(matches!(forecast(&samples((0..8).map(f64::from)), 5.0), Forecast::Full { .. }));
    }

    #[test]
    fn what_shrinks_stands_or_crawls_is_not_in_sight() {
        assert_eq!(forecast(&samples([9.0; 20]), 5.0), Forecast::NotInSight { per_day: 0.0 });
        let shrinking = samples((0..20).map(|day| 90.0 - f64::from(day)));
        assert_eq!(forecast(&shrinking, 5.0), Forecast::NotInSight { per_day: -1.0 });
        let crawling = samples((0..20).map(|day| 0.001 * f64::from(day)));
        assert!(matches!(forecast(&crawling, 1000.0), Forecast::NotInSight { .. }));
    }

    #[test]
    fn the_past_is_forgotten() {
        let grew = (0..200).map(|day| f64::from(day.min(100)));
        assert_eq!(forecast(&samples(grew), 5.0), Forecast::NotInSight { per_day: 0.0 });
    }
}
