//! When to try a failing router again.

use std::time::Duration;

use tokio::time::Instant;

/// How a [`Client`](crate::Client) deals with failure.
///
/// ```
/// use std::time::Duration;
/// use routeros_client::RetryPolicy;
/// // Gives up sooner than by default, and never waits for more than five seconds.
/// let policy = RetryPolicy { open_after: 2, max_delay: Duration::from_secs(5), ..RetryPolicy::default() };
/// assert_eq!(policy.first_delay, Duration::from_millis(500));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Pause after the first failure, doubled with each further one. Default: 0.5 s.
    pub first_delay: Duration,
    /// Longest pause, also between attempts while the circuit is open. Default: 30 s.
    pub max_delay: Duration,
    /// Failures in a row after which callers are refused at once ([`Error::CircuitOpen`](crate::Error))
    /// instead of waiting. Default: 5.
    pub open_after: u32,
    /// A connection that has been silent for this long is checked before it is handed out. Default: 30 s.
    pub check_after: Duration,
    /// Time the check may take. Default: 5 s.
    pub check_deadline: Duration,
    /// Seed of the jitter, mixed with the router's address so that equal seeds do not march in step.
    /// Default: 0.
    pub jitter_seed: u64,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            first_delay: Duration::from_millis(500),
            max_delay: Duration::from_secs(30),
            open_after: 5,
            check_after: Duration::from_secs(30),
            check_deadline: Duration::from_secs(5),
            jitter_seed: 0,
        }
    }
}

/// Whether an attempt may be made now.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    Go,
    /// Wait until then.
    Wait(Instant),
    /// Refuse; next attempt after this time.
    Refuse(Duration),
}

/// Counts failures. Knows no clock: the time is a parameter.
#[derive(Debug)]
pub(crate) struct Breaker {
    policy: RetryPolicy,
    jitter: fastrand::Rng,
    failures: u32,
    open: bool,
    not_before: Option<Instant>,
}

impl Breaker {
    pub(crate) fn new(policy: RetryPolicy, address: &str) -> Self {
        // FNV-1a: stable across processes and versions, unlike the standard hasher.
        let hash = address.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3)
        });
        let jitter = fastrand::Rng::with_seed(policy.jitter_seed ^ hash);
        Self { policy, jitter, failures: 0, open: false, not_before: None }
    }

    pub(crate) fn gate(&self, now: Instant) -> Gate {
        match self.not_before {
            Some(until) if until > now && self.open => Gate::Refuse(until - now),
            Some(until) if until > now => Gate::Wait(until),
            _ => Gate::Go,
        }
    }

    pub(crate) fn succeeded(&mut self) {
        self.failures = 0;
        self.open = false;
        self.not_before = None;
    }

    /// A permanent failure (wrong password, wrong key) opens the circuit at once: repeating it only fills
    /// the router's log.
    pub(crate) fn failed(&mut self, now: Instant, permanent: bool) {
        self.failures = self.failures.saturating_add(1);
        self.open = permanent || self.failures >= self.policy.open_after;
        let delay = if permanent { self.policy.max_delay } else { self.exponential() };
        // Half of it fixed, half by chance: clients of a router that came back do not all come at once.
        self.not_before = Some(now + delay.mul_f64(0.5 + self.jitter.f64() / 2.0));
    }

    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    fn exponential(&self) -> Duration {
        let doublings = self.failures.saturating_sub(1).min(31);
        self.policy.first_delay.saturating_mul(1 << doublings).min(self.policy.max_delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(breaker: &Breaker, now: Instant) -> Duration {
        match breaker.gate(now) {
            Gate::Go => Duration::ZERO,
            Gate::Wait(until) => until - now,
            Gate::Refuse(time) => time,
        }
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_the_circuit_opens() {
        let policy =
            RetryPolicy { max_delay: Duration::from_secs(2), open_after: 4, ..RetryPolicy::default() };
        let mut breaker = Breaker::new(policy, "r1:8728");
        let now = Instant::now();
        assert_eq!(breaker.gate(now), Gate::Go);
        for (failure, longest_ms) in [(1, 500), (2, 1000), (3, 2000), (4, 2000), (5, 2000)] {
            breaker.failed(now, false);
            let longest = Duration::from_millis(longest_ms);
            let pause = wait(&breaker, now);
            assert!(pause >= longest / 2 && pause <= longest, "failure {failure}: {pause:?}");
            assert_eq!(matches!(breaker.gate(now), Gate::Refuse(_)), failure >= 4, "failure {failure}");
            assert_eq!(breaker.gate(now + longest), Gate::Go, "one attempt is let through");
        }
        breaker.succeeded();
        assert_eq!((breaker.gate(now), breaker.failures()), (Gate::Go, 0));
    }

    #[test]
    fn a_permanent_failure_opens_it_at_once() {
        let mut breaker = Breaker::new(RetryPolicy::default(), "r1:8728");
        let now = Instant::now();
        breaker.failed(now, true);
        assert!(matches!(breaker.gate(now), Gate::Refuse(time) if time >= Duration::from_secs(15)));
    }

    #[test]
    fn jitter_depends_on_seed_and_address_only() {
        let now = Instant::now();
        let pause = |seed, address| {
            let mut breaker =
                Breaker::new(RetryPolicy { jitter_seed: seed, ..RetryPolicy::default() }, address);
            breaker.failed(now, false);
            wait(&breaker, now)
        };
        assert_eq!(pause(1, "r1:8728"), pause(1, "r1:8728"));
        assert_ne!(pause(1, "r1:8728"), pause(2, "r1:8728"));
        assert_ne!(pause(1, "r1:8728"), pause(1, "r2:8728"));
    }
}
