//! Time and randomness are parameters: the engine gets both handed in.

use std::sync::Arc;

use moxxie_core::Timestamp;

type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;
type Randomness = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// Where the engine gets the time and random bytes from.
#[derive(Clone)]
pub struct Ambient {
    now: Clock,
    random: Randomness,
}

impl std::fmt::Debug for Ambient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ambient")
    }
}

impl Ambient {
    /// The system's clock and random numbers.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place where time comes from the system")]
    pub fn system() -> Self {
        use ring::rand::{SecureRandom, SystemRandom};
        let source = SystemRandom::new();
        Self {
            now: Arc::new(Timestamp::now),
            random: Arc::new(move |bytes| {
                // Without randomness neither tokens nor ids are safe: there is no way to go on.
                source.fill(bytes).expect("the operating system gives random numbers");
            }),
        }
    }

    /// A clock and random numbers of the caller's, for tests.
    pub fn new(
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
        random: impl Fn(&mut [u8]) + Send + Sync + 'static,
    ) -> Self {
        Self { now: Arc::new(now), random: Arc::new(random) }
    }

    /// The time, to the microsecond (what the database keeps).
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let now = (self.now)();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }

    /// `N` random bytes.
    #[must_use]
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.random)(&mut bytes);
        bytes
    }

    /// A new UUID of version 7, for an id.
    #[must_use]
    pub fn uuid(&self) -> moxxie_core::id::Uuid {
        let ms = u64::try_from(self.now().as_millisecond()).unwrap_or_default();
        moxxie_core::id::uuid_v7(ms, self.random())
    }
}
