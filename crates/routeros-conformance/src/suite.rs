//! Running checks one after the other.

use std::time::Instant;

use routeros_client::{Error, Security};

use crate::check::{Check, Need, Stop};
use crate::report::{Outcome, Report, Verdict};
use crate::{Lab, Target, checks};

/// Which checks, and under which names.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Beginnings of names; empty means all.
    pub only: Vec<String>,
    /// Makes the names of rows; two runs at the same router need different ones.
    pub seed: u64,
}

/// Asks the target for every chosen fact, removes what it made, and reports.
///
/// # Errors
///
/// When the target cannot be reached at all, or is lost and does not come back.
pub async fn run(target: &Target, choice: &Choice) -> Result<Report, Error> {
    let prefix = format!("mxc{:08x}", fastrand::Rng::with_seed(choice.seed).u32(..));
    let mut lab = Lab::open(target.clone(), prefix.clone()).await?;
    let mut outcomes = Vec::new();
    for check in checks::all() {
        if !choice.only.is_empty() && !choice.only.iter().any(|start| check.name.starts_with(start.as_str()))
        {
            continue;
        }
        let start = Instant::now();
        let ending = match missing(check, target) {
            Some(why) => Err(Stop::Skipped(why)),
            None => (check.run)(&mut lab).await,
        };
        lab.tidy().await?;
        outcomes.push(Outcome {
            name: check.name,
            source: check.source,
            quality: check.quality,
            verdict: Verdict::of(ending, check.quality),
            duration_ms: u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
        });
    }
    let left_over = lab.sweep().await?;
    let facts = lab.facts();
    Ok(Report {
        address: target.config().address().to_owned(),
        version: facts.version.to_string(),
        board: facts.board.clone(),
        prefix,
        outcomes,
        left_over,
    })
}

fn missing(check: &Check, target: &Target) -> Option<String> {
    match check.need {
        Need::PlainApi if target.security != Security::Plain => {
            Some("speaks bare sentences, which needs the plain API".to_owned())
        }
        Need::Allowed(capability) if !target.allowed.contains(&capability) => {
            Some(format!("not allowed: --allow {}", capability.word()))
        }
        _ => None,
    }
}
