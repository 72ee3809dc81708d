//! The router's clock: settable, so that tests are exact.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// A clock that runs with the machine's, from any point in time, or stands still.
///
/// ```
/// use std::time::Duration;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let router = routeros_emulator::Emulator::builder().start().await?;
/// router.clock().freeze();
/// router.clock().set(1_800_000_000_000);
/// assert_eq!(router.rows("/system/clock")[0]["date"], "2027-01-15");
/// router.clock().advance(Duration::from_secs(86_400));
/// assert_eq!(router.rows("/system/clock")[0]["date"], "2027-01-16");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Clock(Mutex<Hands>);

#[derive(Clone, Copy, Debug)]
struct Hands {
    /// Milliseconds since the epoch at `since`.
    at: i64,
    /// `None`: the clock stands.
    since: Option<std::time::Instant>,
    /// By how much it was set wrong, in all.
    skew: i64,
}

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "a clock of its own begins with the machine's")]
    pub(crate) fn new() -> Self {
        Clock(Mutex::new(Hands {
            at: Timestamp::now().as_millisecond(),
            since: Some(std::time::Instant::now()),
            skew: 0,
        }))
    }

    /// Milliseconds since the epoch.
    pub fn now(&self) -> i64 {
        self.read().0
    }

    /// The hands, and by how much they were set wrong.
    pub(crate) fn read(&self) -> (i64, i64) {
        let hands = self.hands();
        (hands.at + hands.since.map_or(0, |since| since.elapsed().as_millis() as i64), hands.skew)
    }

    /// Sets the clock wrong by so many milliseconds, as a router without time synchronisation is: dates
    /// change, but no time passes. Uptime and what is waited for stay as they are.
    pub fn skew(&self, millis: i64) {
        self.change(|at| at + millis);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).skew += millis;
    }

    /// Moves the clock forward; schedulers due in between fire within a tick.
    pub fn advance(&self, by: Duration) {
        self.change(|at| at + by.as_millis() as i64);
    }

    /// Sets the clock to milliseconds since the epoch.
    pub fn set(&self, millis: i64) {
        self.change(|_| millis);
    }

    /// Stops the clock until [`Clock::run`].
    pub fn freeze(&self) {
        let at = self.now();
        let mut hands = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (hands.at, hands.since) = (at, None);
    }

    /// Lets a stopped clock go on.
    pub fn run(&self) {
        let at = self.now();
        let mut hands = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (hands.at, hands.since) = (at, Some(std::time::Instant::now()));
    }

    fn hands(&self) -> Hands {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, new: impl FnOnce(i64) -> i64) {
        let at = new(self.now());
        let mut hands = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (hands.at, hands.since) = (at, hands.since.map(|_| std::time::Instant::now()));
    }
}

fn civil(millis: i64) -> DateTime {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(TimeZone::UTC).datetime()
}

/// ISO dates, as since 7.10 (reference 4, system).
pub(crate) fn format_date_time(millis: i64) -> String {
    civil(millis).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

pub(crate) fn format_date(millis: i64) -> String {
    civil(millis).strftime("%Y-%m-%d").to_string()
}

pub(crate) fn format_time(millis: i64) -> String {
    civil(millis).strftime("%H:%M:%S").to_string()
}

/// Milliseconds of a printed date and time of day.
pub(crate) fn parse_date_time(date: &str, time: &str) -> Option<i64> {
    let text = format!("{date} {time}");
    let civil = DateTime::strptime("%Y-%m-%d %H:%M:%S", text).ok()?;
    Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond())
}
