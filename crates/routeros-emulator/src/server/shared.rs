//! What all sessions of a router share.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use routeros_wire::Sentence;
use serde::Serialize;
use tokio::sync::{mpsc, watch};

use super::supervisor::Control;
use crate::clock::Clock;
use crate::faults::Faults;
use crate::state::Router;

/// A command as it was received, with the place in the order of execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LoggedCommand {
    /// 1 for the first command executed; commands that were dropped before execution have none.
    pub order: Option<u64>,
    /// Session that sent it.
    pub session: u32,
    /// Words as received; values of passwords and keys are replaced by `***`.
    pub words: Vec<String>,
}

/// How many commands are remembered; older ones are forgotten.
pub(crate) const COMMANDS_KEPT: usize = 100_000;

/// One router and everything around it.
pub(crate) struct Shared {
    router: Mutex<Router>,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    log: Mutex<VecDeque<LoggedCommand>>,
    executed: Mutex<u64>,
    pub(crate) rng: Mutex<fastrand::Rng>,
    /// Whether commands of one session that wait at the same time are shuffled.
    pub(crate) shuffle: bool,
    /// Counts up when every session is to be cut.
    pub(crate) cut: watch::Sender<u64>,
    pub(crate) control: mpsc::UnboundedSender<Control>,
}

impl Shared {
    pub(crate) fn new(
        router: Router,
        clock: Clock,
        seed: u64,
        shuffle: bool,
        control: mpsc::UnboundedSender<Control>,
    ) -> Self {
        Shared {
            router: Mutex::new(router),
            clock,
            faults: Faults::default(),
            log: Mutex::default(),
            executed: Mutex::new(0),
            rng: Mutex::new(fastrand::Rng::with_seed(seed)),
            shuffle,
            cut: watch::channel(0).0,
            control,
        }
    }

    /// The router, with its clock brought up to date.
    pub(crate) fn router(&self) -> MutexGuard<'_, Router> {
        let mut router = self.router.lock().unwrap_or_else(PoisonError::into_inner);
        let (now, skew) = self.clock.read();
        router.set_now(now, skew);
        router.flash_full = self.faults.flash_full();
        router
    }

    pub(crate) fn tick(&self) {
        let reboot = {
            let mut router = self.router();
            let now = router.now;
            router.notice_silence(self.faults.is_silent());
            router.tick(now);
            std::mem::take(&mut router.reboot_wanted)
        };
        if reboot {
            let _ = self.control.send(Control::Reboot(None));
        }
    }

    /// A number below `bound`, from the seed.
    pub(crate) fn pick(&self, bound: usize) -> usize {
        self.rng.lock().unwrap_or_else(PoisonError::into_inner).usize(..bound.max(1))
    }

    pub(crate) fn record(&self, session: u32, sentence: &Sentence, executed: bool) {
        let order = executed.then(|| {
            let mut count = self.executed.lock().unwrap_or_else(PoisonError::into_inner);
            *count += 1;
            *count
        });
        let words = sentence.words().map(masked).collect();
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        if log.len() == COMMANDS_KEPT {
            log.pop_front();
        }
        log.push_back(LoggedCommand { order, session, words });
    }

    pub(crate) fn command_log(&self) -> Vec<LoggedCommand> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    pub(crate) fn cut_all(&self) {
        self.cut.send_modify(|generation| *generation += 1);
    }
}

/// Secrets do not reach the log.
fn masked(word: &[u8]) -> String {
    const SECRET: &[&str] = &["password", "secret", "key", "response", "passphrase"];
    let text = String::from_utf8_lossy(word);
    match text.strip_prefix('=').and_then(|rest| rest.split_once('=')) {
        Some((name, value)) if !value.is_empty() && SECRET.iter().any(|secret| name.contains(secret)) => {
            format!("={name}=***")
        }
        _ => text.into_owned(),
    }
}
