//! Steps of a change, as they happen and afterwards.

use moxxie_api::change::{ChangeEvent, ProvisioningStep};

use super::Pen;

/// One line for an event worth a line; beginnings of steps are not, their ends follow soon.
pub(crate) fn event(event: &ChangeEvent, pen: Pen) -> Option<String> {
    if event.kind != "step" {
        let notable = ["waiting", "rolling_back", "rolled_back", "needs_operator", "cancelled", "applied"];
        return notable
            .contains(&event.name.as_str())
            .then(|| line(&event.name, &event.name, &event.message, pen));
    }
    let status = event.status.as_deref().unwrap_or_default();
    (!matches!(status, "pending" | "running" | "skipped"))
        .then(|| line(&event.name, status, &event.message, pen))
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
        let done = event(&of("step", "ipam_allocation", Some("completed")), Pen::plain());
        assert_eq!(done.as_deref(), Some("  completed     ipam_allocation        VLAN 100"));
        assert_eq!(event(&of("step", "ipam_allocation", Some("running")), Pen::plain()), None);
        let mut plain = of("step", "ipam_allocation", Some("completed"));
        plain.message = "ipam_allocation: completed".into();
        assert_eq!(event(&plain, Pen::plain()).as_deref(), Some("  completed     ipam_allocation"));
        let undone = event(&of("state", "rolled_back", None), Pen::plain());
        assert_eq!(undone.as_deref(), Some("  rolled_back   change                 VLAN 100"));
    }
}
