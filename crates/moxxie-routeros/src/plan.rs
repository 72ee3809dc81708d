//! Planning: the commands between what a router shows and what it should.

use std::collections::{BTreeMap, HashMap, HashSet};

use moxxie_core::{
    plan::{Action, Command, Plan, Settled},
    row::{Mark, Row},
};

use crate::{
    Binding, DeviceState, Mismatch, Refusal, What, bypass,
    find::{Found, Index, as_found, differences, has_key},
    lint,
    menu::{menu, path},
    obstacle,
    order::Chains,
};

/// Commands in one chunk of a plan. Safe mode keeps about 100 actions and then lets go of all of them without asking
/// (manual, configuration management); 80 leaves room for what others do meanwhile.
pub const MAX_COMMANDS: usize = 80;

/// The commands that take a router from `before` to `after`.
///
/// `before` and `after` are the rendered intent without and with the objects of the change (the other way
/// round for a removal); all other networks are in both. Only rows that differ between the two are in
/// scope, and the shared rows that those refer to: what else differs on the router is drift and stays.
///
/// What is there already needs no command, and what is to be removed and is gone neither, so planning
/// again after an apply gives an empty plan. A plan of more than [`MAX_COMMANDS`] commands has several chunks.
///
/// # Errors
/// A [`Refusal`] says why nothing should be written. A plan that only removes is not refused for what
/// stands in the way of rows.
pub fn plan(before: &[Row], after: &[Row], state: &DeviceState, binding: &Binding) -> Result<Plan, Refusal> {
    plan_in_chunks(before, after, state, binding, MAX_COMMANDS)
}

/// As [`plan`], with at most so many commands in a chunk.
///
/// # Errors
/// As for [`plan`]; [`Refusal::TooLarge`] when one network needs more.
pub fn plan_in_chunks(
    before: &[Row],
    after: &[Row],
    state: &DeviceState,
    binding: &Binding,
    limit: usize,
) -> Result<Plan, Refusal> {
    if !state.facts.version.is_supported() {
        return Err(Refusal::UnsupportedVersion { found: state.facts.version });
    }
    let index = Index::new(state);
    let scope = Scope::new(before, after);
    let chains = Chains::new(after);
    let on_router = |row: &Row| index.target(row).is_some();
    let mut damaged = Vec::new();
    let mut commands = Vec::new();
    let mut settled = Settled::default();

    for row in &scope.gone {
        match index.find(row) {
            _ if index.copies(row) > 1 => damaged.push(Mismatch::new(row, What::Ambiguous)),
            Found::Absent => settled.gone.push((row.menu.clone(), row.mark.clone())),
            Found::Ambiguous => damaged.push(Mismatch::new(row, What::Ambiguous)),
            Found::Here(found) | Found::Changed(found) => {
                let mut was = as_found(row, found);
                was.before = Chains::before_again(row, found, state, |next| {
                    scope.stands_again(&row.menu, next, row.rank)
                });
                let phase = if scope.vanishes(row) { Phase::Clear } else { Phase::Tidy };
                let at = state.rows(&row.menu).iter().position(|other| other.id == found.id);
                commands.push((phase, u16::MAX - row.rank, at, Action::Remove, was));
            }
        }
    }
    for row in &scope.wanted {
        match index.find(row) {
            _ if index.copies(row) > 1 => damaged.push(Mismatch::new(row, What::Ambiguous)),
            Found::Ambiguous => damaged.push(Mismatch::new(row, What::Ambiguous)),
            Found::Absent => {
                let mut row = (*row).clone();
                row.before = chains.before(&row, on_router);
                commands.push((Phase::Build, row.rank, None, Action::Add, row));
            }
            // Under another name it is ours only when that is the name it had before this change.
            Found::Changed(found) if !scope.was(row).is_some_and(|was| is_key_of(was, found)) => {
                damaged.extend(
                    differences(row, found)
                        .into_iter()
                        .filter(|difference| row.key.contains(&difference.field))
                        .map(|difference| Mismatch::new(row, crate::verify::differs(difference))),
                );
            }
            Found::Here(found) | Found::Changed(found) => {
                let differences = differences(row, found);
                if differences.is_empty() {
                    settled.there.push((*row).clone());
                } else {
                    let switches = differences.iter().any(|difference| difference.field == "jump-target");
                    let phase = if switches { Phase::Switch } else { Phase::Build };
                    let before = differences.into_iter().map(|d| (d.field, d.found)).collect();
                    commands.push((phase, row.rank, None, Action::Set { before }, (*row).clone()));
                }
            }
        }
    }
    let in_scope: HashSet<&Mark> = scope.wanted.iter().map(|row| &row.mark).collect();
    for (row, text) in chains.misplaced(state, &index, |row| in_scope.contains(&row.mark)) {
        damaged.push(Mismatch::new(row, What::Misplaced(text)));
    }

    // Before the checks below, whose cost grows with the number of commands.
    refuse_split(&commands, limit)?;
    if !scope.wanted.is_empty() {
        obstacle::check_trunk(&scope.wanted, state, binding)?;
        let leaving: HashSet<String> =
            scope.gone.iter().filter_map(|row| index.target(row)).map(|found| found.id.clone()).collect();
        let making = commands.iter().filter(|command| matches!(command.0, Phase::Build | Phase::Switch));
        let making: Vec<&Row> = making.map(|(.., row)| row).collect();
        let obstacles = obstacle::obstacles(&making, &scope.wanted, state, &index, &leaving, binding);
        if !obstacles.is_empty() {
            return Err(Refusal::Obstacles(obstacles));
        }
        bypass::check(&scope.wanted, after, state, &index, binding)?;
    }
    if !damaged.is_empty() {
        return Err(Refusal::Damaged(damaged));
    }
    lint::management(commands.iter().map(|(.., action, row)| (action, row)), binding)?;
    let gone = commands.iter().filter(|(.., action, _)| *action == Action::Remove);
    lint::references(gone.map(|(.., row)| row), state, binding)?;
    settled.ranks = ranks(after, &in_scope);
    let (commands, chunks) = in_waves(commands, limit);
    Ok(Plan { commands, basis: basis(&scope, state, &index), settled, chunks })
}

/// A network is never in two chunks: what a guard takes back is then the whole of it.
fn refuse_split(commands: &[Ranked], limit: usize) -> Result<(), Refusal> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for (.., row) in commands.iter().filter(|(.., row)| is_network_row(row)) {
        *counts.entry(&row.mark.object).or_default() += 1;
    }
    match counts.values().max() {
        Some(&commands) if commands > limit => Err(Refusal::TooLarge { commands, limit }),
        _ => Ok(()),
    }
}

/// Parts of a plan, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// Networks and service VLANs that go away go first: what comes may need their VLAN ids and addresses,
    /// and a network without its address is closed.
    Clear,
    /// What is missing, from the ground up.
    Build,
    /// Jumps that are in force lead elsewhere, when all of that is there: never into a chain that is half built.
    Switch,
    /// What remaining networks no longer need, when its successor is in force: a network moves from one
    /// profile to another by being in both for a moment, and never in none.
    Tidy,
}

/// A command with its phase, its rank there, and where a row that is removed stands in its menu.
type Ranked = (Phase, u16, Option<usize>, Action, Row);

/// Numbers the waves, and says which of them begin a chunk after the first. Within a wave, rows that are
/// removed are listed as they stand: an undo lists them the other way round.
fn in_waves(commands: Vec<Ranked>, limit: usize) -> (Vec<Command>, Vec<u16>) {
    let places = in_chunks(&commands, limit);
    let mut placed: Vec<_> = places.into_iter().zip(commands).collect();
    placed.sort_by(|one, other| {
        let (place, (phase, rank, at, _, row)) = one;
        let (other_place, (other_phase, other_rank, other_at, _, other)) = other;
        (place, phase, rank, &row.menu, at, &row.mark).cmp(&(
            other_place,
            other_phase,
            other_rank,
            &other.menu,
            other_at,
            &other.mark,
        ))
    });
    let mut wave = 0;
    let mut last: Option<(Place, Phase, u16)> = None;
    let mut chunks = Vec::new();
    let mut numbered = Vec::with_capacity(placed.len());
    for (place, (phase, rank, _, action, row)) in placed {
        let here = (place, phase, rank);
        if let Some((before, ..)) = last.filter(|last| *last != here) {
            wave += 1;
            if before.chunk != place.chunk {
                chunks.push(wave);
            }
        }
        last = Some(here);
        numbered.push(Command { wave, action, row });
    }
    (numbered, chunks)
}

/// Where a command stands in a plan, before phase and rank count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    chunk: usize,
    block: Block,
}

/// Parts of a plan of several chunks, one after the other. What networks share is there before the first of
/// them, and goes after the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Block {
    /// Networks that go away.
    ClearNetworks,
    /// Service VLANs that go away.
    Clear,
    /// What is shared and missing.
    Build,
    /// Networks that come or change, each as a whole.
    Networks,
    /// What is shared and no longer needed.
    Tidy,
}

impl Block {
    fn of((phase, .., row): &Ranked) -> Self {
        match (phase, is_network_row(row)) {
            (Phase::Clear, true) => Self::ClearNetworks,
            (Phase::Clear, false) => Self::Clear,
            (Phase::Build | Phase::Switch, false) => Self::Build,
            (Phase::Build | Phase::Switch | Phase::Tidy, true) => Self::Networks,
            (Phase::Tidy, false) => Self::Tidy,
        }
    }
}

/// The place of each command. A network is whole in its chunk.
fn in_chunks(commands: &[Ranked], limit: usize) -> Vec<Place> {
    let mut places = vec![Place { chunk: 0, block: Block::Build }; commands.len()];
    if commands.len() <= limit {
        return places;
    }
    let key = |index: usize| {
        let command = &commands[index];
        let (phase, rank, _, _, row) = command;
        (Block::of(command), is_network_row(row).then_some(row.mark.object.as_str()), *phase, *rank)
    };
    let mut sorted: Vec<usize> = (0..commands.len()).collect();
    sorted.sort_by_key(|index| key(*index));
    let (mut chunk, mut filled) = (0, 0);
    let whole = |one: &usize, other: &usize| {
        let ((block, network, ..), (other_block, other_network, ..)) = (key(*one), key(*other));
        block == other_block && network.is_some() && network == other_network
    };
    for group in sorted.chunk_by(whole) {
        if filled + group.len() > limit {
            chunk += 1;
            filled = 0;
        }
        filled += group.len();
        for index in group {
            places[*index] = Place { chunk, block: Block::of(&commands[*index]) };
        }
    }
    places
}

/// The ranks of rows of ordered menus that are not in scope. There are few: rules do not grow with networks.
fn ranks(after: &[Row], in_scope: &HashSet<&Mark>) -> Vec<(String, Mark, u16)> {
    let ordered = |row: &&Row| menu(&row.menu).is_some_and(|menu| menu.ordered);
    let others = after.iter().filter(|row| ordered(row) && !in_scope.contains(&row.mark));
    others.map(|row| (row.menu.clone(), row.mark.clone(), row.rank)).collect()
}

type Identity<'a> = (&'a str, &'a Mark);

fn identity(row: &Row) -> Identity<'_> {
    (&row.menu, &row.mark)
}

fn is_key_of(row: &Row, found: &crate::StateRow) -> bool {
    menu(&row.menu).is_some_and(|menu| has_key(menu, row, found))
}

/// What a plan may touch.
struct Scope<'a> {
    before: HashMap<Identity<'a>, &'a Row>,
    after: HashMap<Identity<'a>, &'a Row>,
    /// Objects that `after` still has rows of.
    objects: HashSet<&'a str>,
    /// Rows of `after` in scope.
    wanted: Vec<&'a Row>,
    /// Rows of `before` that `after` lacks.
    gone: Vec<&'a Row>,
}

impl<'a> Scope<'a> {
    fn new(before: &'a [Row], after: &'a [Row]) -> Self {
        let map = |rows: &'a [Row]| rows.iter().map(|row| (identity(row), row)).collect::<HashMap<_, _>>();
        let (before_map, after_map) = (map(before), map(after));
        // Ranks shift when rows come between; they say when, not what.
        let content = |row: &'a Row| (&row.fields, &row.label);
        let changed =
            |row: &&'a Row| before_map.get(&identity(row)).is_none_or(|was| content(was) != content(row));
        let mut wanted: Vec<&Row> = after.iter().filter(changed).collect();
        let needed = shared_objects(&wanted, after);
        let have: HashSet<Identity<'_>> = wanted.iter().map(|row| identity(row)).collect();
        wanted.extend(
            after
                .iter()
                .filter(|row| needed.contains(row.mark.object.as_str()) && !have.contains(&identity(row))),
        );
        let gone = before.iter().filter(|row| !after_map.contains_key(&identity(row))).collect();
        let objects = after.iter().map(|row| row.mark.object.as_str()).collect();
        Self { before: before_map, after: after_map, objects, wanted, gone }
    }

    fn was(&self, row: &Row) -> Option<&'a Row> {
        self.before.get(&identity(row)).copied()
    }

    /// Whether a rule is there when one of this rank is made again by an undo: it was never removed, or has
    /// been made again before.
    fn stands_again(&self, menu: &str, mark: &Mark, rank: u16) -> bool {
        let identity = (menu, mark);
        self.after.contains_key(&identity) || self.before.get(&identity).is_some_and(|row| row.rank <= rank)
    }

    /// Whether the row goes because its network or VLAN domain goes; shared firewall rows go last.
    fn vanishes(&self, row: &Row) -> bool {
        let object = row.mark.object.as_str();
        (object.starts_with("net-") || object.starts_with("dom-")) && !self.objects.contains(object)
    }
}

/// The shared objects that rows refer to, and those that these refer to in turn. A row refers to an object
/// by the name of its list or interface.
pub(crate) fn shared_objects<'a>(rows: &[&'a Row], after: &'a [Row]) -> HashSet<&'a str> {
    let is_shared = |row: &&Row| !row.mark.object.starts_with("net-");
    let mut names: HashMap<&str, &str> = HashMap::new();
    let mut by_object: HashMap<&str, Vec<&Row>> = HashMap::new();
    for row in after.iter().filter(is_shared) {
        if let Some(name) = row.fields.get("name") {
            names.insert(name, &row.mark.object);
        }
        by_object.entry(&row.mark.object).or_default().push(row);
    }
    let mut needed = HashSet::new();
    let mut open: Vec<&Row> = rows.to_vec();
    while let Some(row) = open.pop() {
        for (_, value) in row.fields.iter().filter(|(name, _)| *name != "name") {
            let Some(object) = names.get(value.trim_start_matches('!')) else { continue };
            if needed.insert(*object) {
                open.extend(by_object.get(object).into_iter().flatten());
            }
        }
    }
    needed
}

/// What the plan was made from: the rows in scope, as they should be and as they are, and the facts.
fn basis(scope: &Scope<'_>, state: &DeviceState, index: &Index<'_>) -> String {
    let facts = &state.facts;
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    let mut take = |text: &str| {
        context.update(&(text.len() as u64).to_be_bytes());
        context.update(text.as_bytes());
    };
    for text in [&facts.version.to_string(), &facts.board, &facts.serial] {
        take(text);
    }
    let mut rows: Vec<_> = scope.wanted.iter().chain(&scope.gone).collect();
    rows.sort_by_key(|row| identity(row));
    for row in rows {
        take(&row.menu);
        take(&row.comment());
        let mut take_fields = |fields: &BTreeMap<String, String>| {
            for (name, value) in fields {
                take(name);
                take(value);
            }
        };
        take_fields(&row.fields);
        if let Some(found) = index.target(row) {
            take_fields(&as_found(row, found).fields);
            take(&found.comment());
        }
    }
    context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a row belongs to one network.
pub(crate) fn is_network_row(row: &Row) -> bool {
    row.mark.object.starts_with("net-")
}

/// The interface of a network, when this row is its VLAN.
pub(crate) fn vlan_name(row: &Row) -> Option<&str> {
    (row.menu == path::VLAN && is_network_row(row))
        .then(|| row.fields.get("name").map(String::as_str))
        .flatten()
}

#[cfg(test)]
mod property;
#[cfg(test)]
mod tests;
