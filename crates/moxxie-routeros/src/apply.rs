//! Applying: one wave of commands over the wire.

use std::{collections::BTreeSet, time::Duration};

use moxxie_core::{
    change::Outcome,
    plan::{Action, Command, Plan},
    row::Row,
};
use routeros_client::{Error, Outcome as Sent, TrapKind};

use crate::{
    DeviceState, Session, StateRow,
    anchor::place,
    diff::value_of,
    find::{Found, Index, differences},
    menu::{menu, path},
};

/// What became of one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Done, already so, refused, unknown; `Pending` when it surely never left.
    pub outcome: Outcome,
    /// The router's words, or what was lost.
    pub text: Option<String>,
}

impl Answer {
    fn new(outcome: Outcome, text: impl Into<Option<String>>) -> Self {
        Self { outcome, text: text.into() }
    }
}

/// Sees a wave go by. The engine journals and tests kill the process here.
pub trait Observer: Sync {
    /// Nothing of the wave has been written. Not called when nothing needs to be.
    fn before_send(&self) {}
    /// The wave was handed to the connection; answers may be on their way. If the process dies now, the
    /// router may have carried out any part of it.
    fn after_send(&self) {}
    /// Every command of the wave has been answered, or given up.
    fn after_answers(&self) {}
}

/// Sees nothing.
impl Observer for () {}

/// How long the connection gets to write a wave before it counts as sent. An answer ends the wait.
const WRITE: Duration = Duration::from_millis(5);

impl Session {
    /// Sends the given commands of a plan as one wave, and notes what they did in `state`, so that the next
    /// wave finds the rows of this one by their ids.
    ///
    /// `state` must be the last read of this router. What it shows as done already is not sent. A refusal
    /// that may mean "already so" (a duplicate, a row that is gone) is believed only after looking.
    /// Answers are in the order of `indices`; when the connection is lost or the deadline passes, every
    /// command without an answer is [`Outcome::Unknown`].
    pub async fn apply_wave(
        &self,
        plan: &Plan,
        indices: &[usize],
        state: &mut DeviceState,
        observer: &dyn Observer,
    ) -> Vec<Answer> {
        let mut answers: Vec<Option<Answer>> = Vec::with_capacity(indices.len());
        let mut sending = Vec::new();
        let mut wire = Vec::new();
        let commands = indices.iter().filter_map(|index| plan.commands.get(*index));
        let menus: BTreeSet<&str> = commands.map(|command| command.row.menu.as_str()).collect();
        let known = Index::of_menus(state, |menu| menus.contains(menu));
        for (slot, &index) in indices.iter().enumerate() {
            answers.push(match plan.commands.get(index).map(|command| prepare(command, state, &known)) {
                None => Some(Answer::new(Outcome::Refused, format!("the plan has no command {index}"))),
                Some(Prepared::Answer(answer)) => Some(answer),
                Some(Prepared::Send(ready)) => {
                    sending.push((slot, &plan.commands[index], ready.target));
                    wire.push(ready.command);
                    None
                }
            });
        }
        if !wire.is_empty() {
            observer.before_send();
            let results = self.send(wire, observer).await;
            observer.after_answers();
            let mut looks = Vec::new();
            for ((slot, command, target), result) in sending.into_iter().zip(results) {
                match result {
                    Ok(reply) => {
                        note(state, command, target.as_deref(), reply.ret());
                        answers[slot] = Some(Answer::new(Outcome::Done, None));
                    }
                    Err(error) => {
                        let answer = failed(&error);
                        if may_be_so_already(&error, command) {
                            looks.push((slot, command));
                        }
                        answers[slot] = Some(answer);
                    }
                }
            }
            self.look(&looks, state, &mut answers).await;
        }
        let lost = || Answer::new(Outcome::Unknown, "no answer".to_owned());
        answers.into_iter().map(|answer| answer.unwrap_or_else(lost)).collect()
    }

    async fn send(
        &self,
        wire: Vec<routeros_client::Command>,
        observer: &dyn Observer,
    ) -> Vec<Result<routeros_client::Reply, Error>> {
        let mut running = std::pin::pin!(self.connection.run_all(wire));
        let early = tokio::select! {
            biased;
            results = &mut running => Some(results),
            () = tokio::time::sleep(WRITE) => None,
        };
        observer.after_send();
        match early {
            Some(results) => results,
            None => running.await,
        }
    }

    /// Reads the menus of refused commands again and corrects the answers of those whose row is as wanted.
    async fn look(
        &self,
        looks: &[(usize, &Command)],
        state: &mut DeviceState,
        answers: &mut [Option<Answer>],
    ) {
        let mut read: Vec<&str> = Vec::new();
        for (slot, command) in looks {
            let path = command.row.menu.as_str();
            if !read.contains(&path) {
                // Without a look the refusal stands.
                let Ok(rows) = self.read_menu(path).await else { return };
                state.menus.insert(path.to_owned(), rows);
                read.push(path);
            }
            let index = Index::new(state);
            let is_so = match (&command.action, index.find(&command.row)) {
                (Action::Remove, Found::Absent) => true,
                (Action::Add, Found::Here(found)) => differences(&command.row, found).is_empty(),
                _ => false,
            };
            if is_so {
                let text = answers[*slot].take().and_then(|answer| answer.text);
                answers[*slot] = Some(Answer::new(Outcome::AlreadySo, text));
            }
        }
    }
}

/// A command ready for the wire.
struct Ready {
    command: routeros_client::Command,
    /// The id of the row it changes or removes.
    target: Option<String>,
}

enum Prepared {
    Send(Ready),
    Answer(Answer),
}

fn prepare(command: &Command, state: &DeviceState, index: &Index<'_>) -> Prepared {
    let row = &command.row;
    let refuse = |text: &str| Prepared::Answer(Answer::new(Outcome::Refused, text.to_owned()));
    let so = || Prepared::Answer(Answer::new(Outcome::AlreadySo, None));
    let target = match index.find(row) {
        Found::Ambiguous => return refuse("several rows carry its mark and none is the one it was made for"),
        Found::Here(found) | Found::Changed(found) => Some(found),
        Found::Absent => None,
    };
    let send = |command, target: Option<&StateRow>| {
        Prepared::Send(Ready { command, target: target.map(|row| row.id.clone()) })
    };
    match (&command.action, target) {
        (Action::Add, Some(found)) if differences(row, found).is_empty() => so(),
        (Action::Add, Some(_)) => refuse("a row with its mark is there and differs from it"),
        (Action::Add, None) => match add(row, state) {
            Ok(command) => send(command, None),
            Err(text) => refuse(text),
        },
        (Action::Remove, None) => so(),
        (Action::Remove, Some(found)) => {
            send(routeros_client::Command::new(format!("{}/remove", row.menu)).id(&found.id), Some(found))
        }
        (Action::Set { .. }, None) => refuse("the row to change is not there"),
        (Action::Set { before }, Some(found)) => {
            let mut set = routeros_client::Command::new(format!("{}/set", row.menu)).id(&found.id);
            for name in before.keys() {
                set = match value_of(row, name) {
                    Some(value) => set.attr(name, value),
                    None => set.unset(name),
                };
            }
            send(set, Some(found))
        }
    }
}

fn add(row: &Row, state: &DeviceState) -> Result<routeros_client::Command, &'static str> {
    let mut add = routeros_client::Command::new(format!("{}/add", row.menu));
    for (name, value) in &row.fields {
        add = add.attr(name, value);
    }
    add = add.attr("comment", row.comment());
    let Some(before) = &row.before else { return Ok(add) };
    let chain = row.fields.get("chain").map(String::as_str).unwrap_or_default();
    match place(state, &row.menu, chain, before) {
        Some(found) => Ok(add.attr("place-before", &found.id)),
        // A rule of ours that is gone: what it would have stood before, it is the last of.
        None if before.starts_with("mx1:") => Ok(add),
        None => Err("the operator's anchor rule is not there any more, so there is no place for it"),
    }
}

/// Writes into the state what a command did, so that it need not be read.
fn note(state: &mut DeviceState, command: &Command, target: Option<&str>, ret: Option<&str>) {
    let row = &command.row;
    let place = (command.action == Action::Add).then(|| {
        let chain = row.fields.get("chain").map(String::as_str).unwrap_or_default();
        row.before
            .as_deref()
            .and_then(|before| place(state, &row.menu, chain, before))
            .map(|found| found.id.clone())
    });
    let rows = state.menus.entry(row.menu.clone()).or_default();
    match &command.action {
        Action::Add => {
            let mut new = StateRow { id: ret.unwrap_or_default().to_owned(), ..StateRow::default() };
            new.fields
                .extend(row.fields.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes())));
            new.fields.insert("comment".to_owned(), row.comment().into_bytes());
            let at = place.flatten().and_then(|id| rows.iter().position(|row| row.id == id));
            rows.insert(at.unwrap_or(rows.len()), new);
        }
        Action::Remove => rows.retain(|row| Some(row.id.as_str()) != target),
        Action::Set { before } => {
            let Some(found) = rows.iter_mut().find(|row| Some(row.id.as_str()) == target) else { return };
            for name in before.keys() {
                match value_of(row, name) {
                    Some(value) => drop(found.fields.insert(name.clone(), value.into_bytes())),
                    None => drop(found.fields.remove(name)),
                }
            }
        }
    }
    // A VLAN is an interface too; the generic menu is read for names.
    if row.menu == path::VLAN && command.action == Action::Remove {
        let interfaces = state.menus.entry(path::INTERFACE.to_owned()).or_default();
        interfaces.retain(|row| Some(row.id.as_str()) != target);
    }
}

fn failed(error: &Error) -> Answer {
    let words = || match error.traps() {
        [] => crate::error::chain(error),
        traps => traps.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
    };
    let outcome = match error.outcome() {
        Sent::NotSent => Outcome::Pending,
        Sent::Refused => Outcome::Refused,
        Sent::Unknown => Outcome::Unknown,
    };
    Answer::new(outcome, words())
}

fn may_be_so_already(error: &Error, command: &Command) -> bool {
    let kind = error.trap_kind();
    match command.action {
        Action::Add => kind == Some(TrapKind::Duplicate) && menu(&command.row.menu).is_some(),
        Action::Remove => kind == Some(TrapKind::MissingItem),
        Action::Set { .. } => false,
    }
}
