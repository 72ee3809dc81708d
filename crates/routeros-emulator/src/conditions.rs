//! What a router and the line to it are like: slow, narrow, full, silent. Unlike faults, these hold until changed.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::faults::Faults;

/// How a router slows down under load: so many commands of all sessions together at full speed, then so many
/// a second; idle time fills the allowance again.
///
/// ```
/// use routeros_emulator::Load;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let router = routeros_emulator::Emulator::builder().start().await?;
/// router.faults().set_load(Some(Load { burst: 10, per_second: 50 }));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Load {
    /// Commands at full speed.
    pub burst: u32,
    /// Commands a second afterwards.
    pub per_second: u32,
}

impl Load {
    /// As measured on a CHR 7.23.2: some 120 to 220 requests, then about 130 a second (reference 7.4).
    pub const MEASURED: Load = Load { burst: 170, per_second: 130 };
}

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    In,
    Out,
}

#[derive(Debug)]
pub(crate) struct Conditions {
    state: Mutex<State>,
    silent: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct State {
    bytes_per_second: Option<u64>,
    /// When the line has carried everything that was given to it, by direction.
    carried: [Option<Instant>; 2],
    load: Option<Load>,
    /// When the allowance is full again.
    full_at: Option<Instant>,
    flash_full: bool,
    /// How long bytes take, one way.
    distance: Duration,
}

impl Default for Conditions {
    fn default() -> Self {
        Conditions { state: Mutex::default(), silent: watch::channel(false).0 }
    }
}

impl Conditions {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Conditions are set where faults are.
impl Faults {
    /// The line carries that many bytes a second in each direction, for all sessions together; none: any number.
    pub fn set_bandwidth(&self, bytes_per_second: Option<u64>) {
        let mut state = self.conditions.state();
        state.bytes_per_second = bytes_per_second.filter(|rate| *rate > 0);
        state.carried = [None, None];
    }

    /// Every byte takes that long in each direction, of the login and of TLS too, for sessions that begin from now
    /// on; pipelined commands are on their way together. Opening the TCP connection is not slowed down.
    pub fn set_distance(&self, one_way: Duration) {
        self.conditions.state().distance = one_way;
    }

    /// The router slows down under load, see [`Load::MEASURED`]; none: it does not.
    pub fn set_load(&self, load: Option<Load>) {
        let mut state = self.conditions.state();
        state.load = load.filter(|load| load.per_second > 0);
        state.full_at = None;
    }

    /// No room for files: writing them, exports and backups fail.
    pub fn fill_flash(&self, full: bool) {
        self.conditions.state().flash_full = full;
    }

    /// Packets vanish, or no longer do: connections stay open and nothing is read or answered. What the
    /// router has not answered by then is answered when packets get through again. It gives sessions up
    /// after the delay of [`crate::Builder::silent_loss`].
    pub fn set_silent(&self, silent: bool) {
        self.conditions.silent.send_replace(silent);
    }

    pub(crate) fn distance(&self) -> Duration {
        self.conditions.state().distance
    }

    pub(crate) fn flash_full(&self) -> bool {
        self.conditions.state().flash_full
    }

    pub(crate) fn is_silent(&self) -> bool {
        *self.conditions.silent.borrow()
    }

    pub(crate) fn silence(&self) -> watch::Receiver<bool> {
        self.conditions.silent.subscribe()
    }

    /// Bytes that go together, so that a narrow line is even.
    pub(crate) fn portion(&self) -> usize {
        self.conditions
            .state()
            .bytes_per_second
            .map_or(usize::MAX, |rate| (rate as usize / 20).clamp(64, 65_536))
    }

    /// When the line has carried these bytes too.
    pub(crate) fn carry(&self, way: Way, bytes: usize, now: Instant) -> Instant {
        let mut state = self.conditions.state();
        let Some(rate) = state.bytes_per_second else { return now };
        let carried = &mut state.carried[way as usize];
        let begin = carried.map_or(now, |at| at.max(now));
        let end = begin + Duration::from_secs_f64(bytes as f64 / rate as f64);
        *carried = Some(end);
        end
    }

    /// When a command that came now gets its turn.
    pub(crate) fn admit(&self, now: Instant) -> Instant {
        let mut state = self.conditions.state();
        let Some(load) = state.load else { return now };
        let each = Duration::from_secs_f64(1.0 / f64::from(load.per_second));
        let full_at = state.full_at.map_or(now, |at| at.max(now));
        state.full_at = Some(full_at + each);
        now + (full_at - now).saturating_sub(each * load.burst.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_allowance_is_used_up_and_fills_again() {
        let faults = Faults::default();
        faults.set_load(Some(Load { burst: 3, per_second: 10 }));
        let now = Instant::now();
        let waits: Vec<u128> = (0..5).map(|_| (faults.admit(now) - now).as_millis()).collect();
        assert_eq!(waits, [0, 0, 0, 100, 200]);
        let later = now + Duration::from_secs(2);
        assert_eq!(faults.admit(later), later);
    }

    #[test]
    fn a_narrow_line_carries_one_after_the_other() {
        let faults = Faults::default();
        faults.set_bandwidth(Some(1000));
        let now = Instant::now();
        faults.carry(Way::Out, 500, now);
        assert_eq!(faults.carry(Way::Out, 500, now), now + Duration::from_secs(1));
        assert_eq!(faults.carry(Way::In, 100, now), now + Duration::from_millis(100));
    }
}
