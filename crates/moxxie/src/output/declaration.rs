//! Plans of declarations for people.

use moxxie_api::declaration::{DeclarationPlan, DeclaredAction, FieldChange};
use serde_json::Value;

use super::Pen;

/// What would be done, a line each with the fields below, and what is left alone.
pub(crate) fn plan(plan: &DeclarationPlan, pen: Pen) -> String {
    let mut text: String = plan.actions.iter().map(|action| one(action, pen)).collect();
    if !plan.undeclared.is_empty() {
        let names = plan.undeclared.iter().map(|left| format!("{} {}", left.kind, left.name));
        let names = names.collect::<Vec<_>>().join(", ");
        text.push_str(&pen.dim(&format!("  not in the files, left alone (--prune removes): {names}")));
        text.push('\n');
    }
    if plan.actions.is_empty() {
        text.push_str("Nothing to do: everything is as the files say.\n");
        return text;
    }
    let count = |word: &str| plan.actions.iter().filter(|action| action.action == word).count();
    let words =
        [("create", "to make"), ("update", "to change"), ("remove", "to remove"), ("wait", "waiting")];
    let counts = words.iter().map(|(word, says)| (count(word), says)).filter(|(count, _)| *count > 0);
    let counts = counts.map(|(count, says)| format!("{count} {says}")).collect::<Vec<_>>().join(", ");
    text.push_str(&format!("{counts}.\n"));
    text
}

fn one(action: &DeclaredAction, pen: Pen) -> String {
    let what = format!("{} {}", action.object.kind, action.object.name);
    let line = match action.action.as_str() {
        "create" => pen.green(&format!("+ {what}")),
        "update" => pen.yellow(&format!("~ {what}")),
        "remove" => pen.red(&format!("- {what}")),
        _ => pen.dim(&format!("? {what}")),
    };
    let mut text = format!("{line}\n");
    for (field, change) in &action.fields {
        text.push_str(&format!("    {field}: {}\n", of(change)));
    }
    if let Some(reason) = &action.reason {
        let change = action.change_id.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
        text.push_str(&format!("    waits: {reason}{change}\n"));
    }
    text
}

fn of(change: &FieldChange) -> String {
    match &change.before {
        None => short(&change.after),
        Some(Value::Null) => format!("none -> {}", short(&change.after)),
        Some(before) => format!("{} -> {}", short(before), short(&change.after)),
    }
}

fn short(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_plan_says_what_becomes_of_what() {
        let read: DeclarationPlan = serde_json::from_value(json!({
            "actions": [
                {"action": "create", "kind": "network", "name": "acme/web", "fields": {"vlanId": {"after": 100}}},
                {"action": "update", "kind": "pool", "name": "v4",
                    "fields": {"policy": {"before": "sparse", "after": "best_fit"}}},
                {"action": "wait", "kind": "network", "name": "acme/db", "reason": "it has a change", "changeId": "chg-1"},
            ],
            "undeclared": [{"kind": "tenant", "name": "old"}], "routers": [], "changes": [],
        }))
        .unwrap();
        assert_eq!(
            plan(&read, Pen::plain()),
            "+ network acme/web\n    vlanId: 100\n~ pool v4\n    policy: sparse -> best_fit\n? network acme/db\n    \
             waits: it has a change (chg-1)\n  not in the files, left alone (--prune removes): tenant old\n1 to make, \
             1 to change, 1 waiting.\n"
        );
    }
}
