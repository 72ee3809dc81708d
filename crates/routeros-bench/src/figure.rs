//! Figures, and how they are shown.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Value, json};

/// One figure with what it is held to.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figure {
    /// Stable name, for comparing runs.
    pub(crate) name: String,
    /// Unit of every number here.
    pub(crate) unit: &'static str,
    /// The median of the rounds.
    pub(crate) median: f64,
    /// Least and most.
    pub(crate) range: (f64, f64),
    /// What it should be.
    pub(crate) goal: Option<Goal>,
    /// The same work done otherwise.
    pub(crate) beside: Vec<Peer>,
}

/// A limit.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Goal {
    /// No less.
    AtLeast(f64),
    /// Less.
    Below(f64),
}

/// Somebody else's figure, in the same unit.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) median: f64,
}

impl Figure {
    /// A figure of one or more measurements.
    ///
    /// # Panics
    ///
    /// Without any.
    pub(crate) fn of(name: &str, unit: &'static str, mut rounds: Vec<f64>) -> Self {
        rounds.sort_by(f64::total_cmp);
        let (least, most) = (rounds[0], rounds[rounds.len() - 1]);
        let median = rounds[rounds.len() / 2];
        Figure { name: name.to_owned(), unit, median, range: (least, most), goal: None, beside: Vec::new() }
    }

    pub(crate) fn goal(mut self, goal: Goal) -> Self {
        self.goal = Some(goal);
        self
    }

    pub(crate) fn beside(mut self, name: &'static str, median: f64) -> Self {
        self.beside.push(Peer { name, median });
        self
    }

    /// Whether the goal is reached; `None` without one.
    pub(crate) fn met(&self) -> Option<bool> {
        Some(match self.goal.as_ref()? {
            Goal::AtLeast(limit) => self.median >= *limit,
            Goal::Below(limit) => self.median < *limit,
        })
    }
}

/// All figures for a program.
pub(crate) fn document(figures: &[Figure]) -> Value {
    let figures: Vec<Value> = figures
        .iter()
        .map(|figure| {
            let mut value = json!(figure);
            value["met"] = json!(figure.met());
            value
        })
        .collect();
    json!({ "bench": "routeros", "figures": figures })
}

/// All figures for people.
pub(crate) fn table(figures: &[Figure]) -> String {
    let mut out =
        format!("{:<34} {:>12} {:>25}  {:<18} beside\n", "figure", "median", "least .. most", "goal");
    for figure in figures {
        let goal = match (&figure.goal, figure.met()) {
            (Some(Goal::AtLeast(limit)), Some(met)) => format!(">= {} {}", number(*limit), verdict(met)),
            (Some(Goal::Below(limit)), Some(met)) => format!("< {} {}", number(*limit), verdict(met)),
            _ => String::new(),
        };
        let beside: Vec<_> =
            figure.beside.iter().map(|peer| format!("{} {}", peer.name, number(peer.median))).collect();
        let line = format!(
            "{:<34} {:>12} {:>12} .. {:>9}  {:<18} {}",
            format!("{} ({})", figure.name, figure.unit),
            number(figure.median),
            number(figure.range.0),
            number(figure.range.1),
            goal,
            beside.join(", ")
        );
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}

fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}

/// Three digits that say something.
fn number(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        value if value < 1.0 => format!("{value:.3}"),
        value if value < 10.0 => format!("{value:.2}"),
        value if value < 100.0 => format!("{value:.1}"),
        _ => {
            let digits = format!("{value:.0}");
            let mut out = String::new();
            for (at, digit) in digits.chars().enumerate() {
                if at > 0 && (digits.len() - at).is_multiple_of(3) {
                    out.push(',');
                }
                out.push(digit);
            }
            out
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_met_by_the_median() {
        let figure = Figure::of("x", "s", vec![0.9, 0.1, 0.2]).goal(Goal::Below(0.5));
        assert_eq!((figure.median, figure.range, figure.met()), (0.2, (0.1, 0.9), Some(true)));
        let figure = Figure::of("x", "times", vec![29.0]).goal(Goal::AtLeast(30.0)).beside("peer", 1.0);
        assert_eq!(figure.met(), Some(false));
        let table = table(&[figure]);
        assert!(table.contains(">= 30.0 MISSED") && table.ends_with("peer 1.00\n"), "{table}");
    }

    #[test]
    fn numbers_are_readable() {
        assert_eq!(
            [0.0, 0.0421, 3.456, 12.34, 1_234_567.8].map(number),
            ["0", "0.042", "3.46", "12.3", "1,234,568"]
        );
    }
}
