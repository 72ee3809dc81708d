//! Steps of a change, as they happen and afterwards.

use moxxie_api::change::{ChangeEvent, ProvisioningStep};

use super::Pen;

/// What following a change has told so far: a reason is told where it comes up, and once.
#[derive(Debug, Default)]
pub(crate) struct Told {
    reasons: Vec<String>,
    /// The line before, when it was about a state.
    last: Option<(String, String)>,
}

impl Told {
    /// Whether this stands above already.
    pub(crate) fn has(&self, reason: &str) -> bool {
        self.reasons.iter().any(|told| told == reason)
    }

    /// One line for an event worth a line; beginnings of steps are not, their ends follow soon.
    pub(crate) fn event(&mut self, event: &ChangeEvent, pen: Pen) -> Option<String> {
        if event.kind == "progress" {
            return Some(line(&format!("router {}", event.name), "progress", &event.message, pen));
        }
        if event.kind != "step" {
            let notable =
                ["waiting", "rolling_back", "rolled_back", "needs_operator", "cancelled", "applied"];
            if !notable.contains(&event.name.as_str()) {
                return None;
            }
            let reason = reason(event);
            let state = (event.name.clone(), reason.to_owned());
            if self.last.replace(state.clone()) == Some(state) {
                // One more try that met the same.
                return None;
            }
            let reason = if self.has(reason) { "" } else { reason };
            if !reason.is_empty() {
                self.reasons.push(reason.to_owned());
            }
            return Some(line(&event.name, &event.name, reason, pen));
        }
        let status = event.status.as_deref().unwrap_or_default();
        if matches!(status, "pending" | "running" | "skipped") {
            return None;
        }
        self.last = None;
        Some(line(&event.name, status, &event.message, pen))
    }
}

/// The reason in the words for a state: behind "provision is rolled_back: ", where they begin so.
fn reason(event: &ChangeEvent) -> &str {
    match event.message.split_once(&format!(" is {}", event.name)) {
        Some((kind, rest)) if !kind.contains(' ') => rest.strip_prefix(": ").unwrap_or(rest),
        _ => &event.message,
    }
}

/// One line for a step.
pub(crate) fn step(step: &ProvisioningStep, pen: Pen) -> String {
    line(&step.step, &step.status, step.detail.as_deref().unwrap_or_default(), pen)
}

/// Words, not only signs and colours: the line must mean the same in a log file.
fn line(name: &str, status: &str, message: &str, pen: Pen) -> String {
    let word = format!("{status:<12}");
    let painted = match status {
        "completed" | "applied" => pen.green(&word),
        "failed" | "needs_operator" => pen.red(&word),
        "undone" | "rolling_back" | "rolled_back" | "waiting" | "cancelled" => pen.yellow(&word),
        _ => pen.dim(&word),
    };
    // What the line says already is not said again.
    let message = message.strip_prefix(name).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(message);
    let message = if message == status { "" } else { message };
    let name = if name == status { "change" } else { name };
    let text = format!("  {painted}  {name:<21}  {message}");
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn of(kind: &str, name: &str, status: Option<&str>) -> ChangeEvent {
        ChangeEvent {
            seq: 1,
            at: Timestamp::UNIX_EPOCH,
            kind: kind.into(),
            name: name.into(),
            status: status.map(Into::into),
            message: "VLAN 100".into(),
        }
    }

    #[test]
    fn ends_of_steps_are_lines_and_beginnings_are_not() {
        let event = |event: &ChangeEvent| Told::default().event(event, Pen::plain());
        let done = event(&of("step", "ipam_allocation", Some("completed")));
        assert_eq!(done.as_deref(), Some("  completed     ipam_allocation        VLAN 100"));
        assert_eq!(event(&of("step", "ipam_allocation", Some("running"))), None);
        let mut plain = of("step", "ipam_allocation", Some("completed"));
        plain.message = "ipam_allocation: completed".into();
        assert_eq!(event(&plain).as_deref(), Some("  completed     ipam_allocation"));
        let undone = event(&of("state", "rolled_back", None));
        assert_eq!(undone.as_deref(), Some("  rolled_back   change                 VLAN 100"));
        let going = event(&of("progress", "r1", None));
        assert_eq!(going.as_deref(), Some("  progress      router r1              VLAN 100"));
    }

    #[test]
    fn a_try_that_meets_the_same_is_no_line() {
        let mut told = Told::default();
        let mut tell = |event: ChangeEvent| told.event(&event, Pen::plain()).is_some();
        assert!(tell(of("state", "waiting", None)));
        assert!(!tell(of("state", "waiting", None)));
        assert!(!tell(of("step", "ipam_allocation", Some("running"))));
        assert!(!tell(of("state", "waiting", None)));
        assert!(tell(of("step", "ipam_allocation", Some("completed"))));
        assert!(tell(of("state", "waiting", None)));
    }

    #[test]
    fn a_reason_is_told_once() {
        let mut told = Told::default();
        let mut state = |name: &str, message: &str| {
            let mut event = of("state", name, None);
            event.message = message.into();
            told.event(&event, Pen::plain()).unwrap()
        };
        let back = state("rolling_back", "r2 refused it");
        assert_eq!(back, "  rolling_back  change                 r2 refused it");
        assert_eq!(state("rolled_back", "provision is rolled_back: r2 refused it"), "  rolled_back   change");
        assert_eq!(state("applied", "provision is applied"), "  applied       change");
        assert!(told.has("r2 refused it") && !told.has("r2"));
    }
}
