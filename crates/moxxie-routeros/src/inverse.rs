//! Inverses: what undoes a plan, and what is left of it, by what the router shows now.

use std::collections::BTreeMap;

use moxxie_core::{
    plan::{Action, Command, Plan},
    row::Row,
};

use crate::{
    DeviceState, StateRow,
    find::{Index, differences, field_is, label},
    menu::menu,
};

/// The commands that are still needed to undo a plan, in the opposite order.
///
/// What became of each command is read off the router and not remembered, so that lost answers, a guard
/// that fired by itself and a second undo are all the same case: a row that was added and is not there
/// needs nothing, and neither does a removed one that is there again. A field is only written back while it
/// holds what the plan wrote; somebody else's later value is theirs.
#[must_use]
pub fn undo(plan: &Plan, state: &DeviceState) -> Plan {
    let index = Index::new(state);
    let inverse = |command: &Command| {
        let (action, row) = match (&command.action, index.target(&command.row)) {
            (Action::Add, Some(_)) => (Action::Remove, command.row.clone()),
            (Action::Set { before }, Some(found)) => set_back(&command.row, before, found)?,
            (Action::Remove, None) => (Action::Add, command.row.clone()),
            (Action::Add | Action::Set { .. }, None) | (Action::Remove, Some(_)) => return None,
        };
        Some(Command { wave: command.wave, action, row })
    };
    let mut commands: Vec<_> = plan.commands.iter().rev().filter_map(inverse).collect();
    renumber(&mut commands);
    Plan { commands, basis: plan.basis.clone(), ..Plan::default() }
}

/// Numbers the waves of reversed commands from 0. A row of an ordered menu gets a wave of its own, because
/// it may be placed before the one made just before it.
fn renumber(commands: &mut [Command]) {
    let mut wave = 0;
    let mut last: Option<(u16, bool)> = None;
    for command in commands {
        let alone = command.action == Action::Add && menu(&command.row.menu).is_some_and(|menu| menu.ordered);
        let key = (command.wave, alone);
        if last.is_some_and(|last| last != key || alone) {
            wave += 1;
        }
        last = Some(key);
        command.wave = wave;
    }
}

/// The commands of a plan that are still to be done, for rolling forward. A row that was made and is not as
/// planned is set right.
#[must_use]
pub fn remaining(plan: &Plan, state: &DeviceState) -> Plan {
    let index = Index::new(state);
    let left = |command: &Command| {
        let action = match (&command.action, index.target(&command.row)) {
            (Action::Remove, None) => return None,
            (Action::Remove, Some(_)) => Action::Remove,
            (Action::Add | Action::Set { .. }, None) => Action::Add,
            (Action::Add | Action::Set { .. }, Some(found)) => {
                let differences = differences(&command.row, found);
                if differences.is_empty() {
                    return None;
                }
                Action::Set { before: differences.into_iter().map(|d| (d.field, d.found)).collect() }
            }
        };
        Some(Command { wave: command.wave, action, row: command.row.clone() })
    };
    Plan {
        commands: plan.commands.iter().filter_map(left).collect(),
        basis: plan.basis.clone(),
        ..Plan::default()
    }
}

fn set_back(row: &Row, before: &BTreeMap<String, Option<String>>, found: &StateRow) -> Option<(Action, Row)> {
    let menu = menu(&row.menu)?;
    let mut old = row.clone();
    let mut now = BTreeMap::new();
    for (name, value) in before {
        let planned = match name.as_str() {
            "comment" => found.comment() == row.comment(),
            "disabled" => found.flag("disabled") == is_yes(row.fields.get(name)),
            name => field_is(menu, name, row.fields.get(name).map(String::as_str), found),
        };
        if !planned {
            continue;
        }
        now.insert(name.clone(), found.text(name).map(|text| text.into_owned()));
        match (name.as_str(), value) {
            ("comment", value) => old.label = label(value.as_deref().unwrap_or_default()),
            (_, Some(value)) => {
                old.fields.insert(name.clone(), value.clone());
            }
            (_, None) => {
                old.fields.remove(name);
            }
        }
    }
    (!now.is_empty()).then_some((Action::Set { before: now }, old))
}

fn is_yes(value: Option<&String>) -> bool {
    value.is_some_and(|value| value == "yes" || value == "true")
}
