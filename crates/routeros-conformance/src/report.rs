//! What was found.

use std::error::Error as _;
use std::fmt;

use serde::Serialize;

use crate::check::{Ending, Quality, Stop};

/// How a check ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", content = "detail", rename_all = "kebab-case")]
pub enum Verdict {
    /// As documented.
    Passed,
    /// Other than what the manual, a command tree or a measurement says.
    Failed(String),
    /// Other than what a report or an assumption says: worth telling us.
    Differs(String),
    /// Not asked, and why.
    Skipped(String),
}

impl Verdict {
    pub(crate) fn of(ending: Ending, quality: Quality) -> Self {
        let stop = match ending {
            Ok(()) => return Self::Passed,
            Err(Stop::Skipped(why)) => return Self::Skipped(why),
            Err(stop) => stop,
        };
        let mut text = stop.to_string();
        let mut cause = stop.source();
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        if quality.is_binding() { Self::Failed(text) } else { Self::Differs(text) }
    }

    fn word(&self) -> (&'static str, &str) {
        match self {
            Self::Passed => ("passed", ""),
            Self::Failed(why) => ("FAILED", why),
            Self::Differs(why) => ("differs", why),
            Self::Skipped(why) => ("skipped", why),
        }
    }
}

/// One check's result.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// The check.
    pub name: &'static str,
    /// The fact.
    pub source: &'static str,
    /// How good its evidence is.
    pub quality: Quality,
    /// How it ended.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Time it took, cleaning up included.
    pub duration_ms: u64,
}

/// A whole run; `Display` is the table.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// `host:port`.
    pub address: String,
    /// RouterOS version.
    pub version: String,
    /// Board name.
    pub board: String,
    /// Beginning of the names of all rows that were made.
    pub prefix: String,
    /// In the order they ran.
    pub outcomes: Vec<Outcome>,
    /// Rows that could not be removed.
    pub left_over: Vec<String>,
}

impl Report {
    /// How many ended with this word of the table.
    pub fn count(&self, word: &str) -> usize {
        self.outcomes.iter().filter(|outcome| outcome.verdict.word().0 == word).count()
    }

    /// True when nothing well documented was found otherwise, and nothing is left behind.
    pub fn conforms(&self) -> bool {
        self.count("FAILED") == 0 && self.left_over.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} at {}, RouterOS {}", self.board, self.address, self.version)?;
        for outcome in &self.outcomes {
            let (word, why) = outcome.verdict.word();
            let line = format!("{word:<8} {:<9} {:<28} {why}", outcome.quality, outcome.name);
            writeln!(f, "{}", line.trim_end())?;
            if matches!(outcome.verdict, Verdict::Failed(_) | Verdict::Differs(_)) {
                writeln!(f, "{:18} documented: {}", "", outcome.source)?;
            }
        }
        for row in &self.left_over {
            writeln!(f, "LEFT OVER, please remove: {row}")?;
        }
        write!(
            f,
            "{} passed, {} failed, {} differ from what is only reported or assumed, {} skipped",
            self.count("passed"),
            self.count("FAILED"),
            self.count("differs"),
            self.count("skipped"),
        )
    }
}
