//! A plan for people.

use std::fmt::Write as _;

use moxxie_core::{
    change::StepName,
    plan::{Action, Command, Plan},
    row::Row,
};

use crate::{menu::menu, script::quote};

/// The plan as a diff: `+` makes a row, `-` removes one, `~` changes fields; grouped by step.
#[must_use]
pub fn diff_text(plan: &Plan) -> String {
    let mut text = String::new();
    for &step in StepName::ALL {
        let commands: Vec<_> = plan.commands.iter().filter(|command| command.row.step == step).collect();
        if !commands.is_empty() {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "# {step}");
            commands.into_iter().for_each(|command| line(&mut text, command));
        }
    }
    text
}

fn line(text: &mut String, command: &Command) {
    let row = &command.row;
    let _ = match &command.action {
        Action::Add => writeln!(text, "+ {} {}", row.menu, words(row)),
        Action::Remove => writeln!(text, "- {} {}", row.menu, words(row)),
        Action::Set { before } => {
            let _ = writeln!(text, "~ {} {}", row.menu, row.mark);
            for (field, old) in before {
                let new = value_of(row, field);
                let shown = |value: Option<&str>| value.map_or_else(|| "(none)".to_owned(), quote);
                let _ = writeln!(text, "    {field}: {} -> {}", shown(old.as_deref()), shown(new.as_deref()));
            }
            Ok(())
        }
    };
}

/// What a field of the row should be: as rendered, or else its default; `None`: absent.
pub(crate) fn value_of(row: &Row, field: &str) -> Option<String> {
    match field {
        "comment" => Some(row.comment()),
        "disabled" => Some(row.fields.get(field).cloned().unwrap_or_else(|| "no".to_owned())),
        _ => row.fields.get(field).cloned().or_else(|| {
            menu(&row.menu).and_then(|menu| menu.field(field)).and_then(|f| f.default).map(str::to_owned)
        }),
    }
}

/// The fields of a row as words, in the order of the menu's table, the comment last.
pub(crate) fn words(row: &Row) -> String {
    let table = menu(&row.menu)
        .map_or(Vec::new(), |menu| menu.fields.iter().chain(menu.kept).map(|f| f.name).collect());
    let known = table.iter().filter_map(|&name| row.fields.get_key_value(name));
    let others = row.fields.iter().filter(|(name, _)| !table.contains(&name.as_str()));
    let mut words: Vec<_> =
        known.chain(others).map(|(name, value)| format!("{name}={}", quote(value))).collect();
    words.push(format!("comment={}", quote(&row.comment())));
    words.join(" ")
}
