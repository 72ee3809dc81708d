//! `--at` and `--label`, which many lists take.

use clap::Args;

/// As of which time something is shown.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub(crate) struct Past {
    /// As it was at this time, such as 2026-11-01T00:00:00Z [default: now].
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

impl Past {
    /// As the API wants it.
    pub(crate) fn query(self) -> Vec<(&'static str, String)> {
        self.at.map(|at| ("at", at)).into_iter().collect()
    }
}

/// Which part of a list is shown, and as of which time.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub(crate) struct Which {
    /// Only with this label, KEY=VALUE, or with any value of a KEY.
    #[arg(long, value_name = "LABEL")]
    label: Option<String>,
    #[command(flatten)]
    pub(crate) past: Past,
}

impl Which {
    /// As the API wants it.
    pub(crate) fn query(self) -> Vec<(&'static str, String)> {
        self.label.map(|label| ("label", label)).into_iter().chain(self.past.query()).collect()
    }
}
