//! What is free in a space, in the database: the ranges of `moxxie_core::free_range`.
//!
//! A space is what numbers are given out from; for addresses it is a prefix of a network and bears its id. Its
//! version is the fence of what memory knows about it: whoever changes what is free moves it in the same transaction.

use ipnet::IpNet;
use moxxie_core::{NetworkId, PrefixId, VrfId, free_range::RangeSet, prefix::family};
use serde_json::json;

use crate::{
    Reads, Result, Tx,
    param::{Param, params},
    row::Row,
    statement::Statement,
};

/// How many ranges of a space are read at once: more than one request takes addresses, however scattered they are.
pub const SPACE_WINDOW: u32 = 1280;

/// How many taken numbers are read at once when what is free is computed anew.
const CHUNK: u32 = 10_000;

static GET: Statement = Statement::new("space.get", "SELECT id, version FROM space WHERE id = $1");
static LOCK: Statement =
    Statement::new("space.lock", "SELECT id, version FROM space WHERE id = $1").locking("space");
static INSERT: Statement = Statement::new(
    "space.insert",
    "INSERT INTO space (id, prefix_id, network_id, version, low) VALUES ($1, $2, $3, 1, $4)
     ON CONFLICT (id) DO NOTHING",
);
static INSERT_BARE: Statement =
    Statement::new("space.insert_bare", "INSERT INTO space (id, version, low) VALUES ($1, 1, $2)");
static MOVE: Statement = Statement::new("space.move", "UPDATE space SET version = version + 1 WHERE id = $1");
static RESET: Statement =
    Statement::new("space.reset", "UPDATE space SET version = version + 1, low = $2 WHERE id = $1");
static DELETE: Statement = Statement::new("space.delete", "DELETE FROM space WHERE id = $1");
static WINDOW: Statement = Statement::new(
    "free_range.window",
    "SELECT r.first, r.last, s.low FROM free_range AS r JOIN space AS s ON s.id = r.space_id
     WHERE r.space_id = $1 ORDER BY r.first LIMIT $2",
);
static BELOW: Statement = Statement::new(
    "free_range.below",
    "SELECT r.first, r.last, s.low FROM free_range AS r JOIN space AS s ON s.id = r.space_id
     WHERE r.space_id = $1 AND r.first <= $2 ORDER BY r.first DESC LIMIT 1",
);
static ABOVE: Statement = Statement::new(
    "free_range.above",
    "SELECT r.first, r.last, s.low FROM free_range AS r JOIN space AS s ON s.id = r.space_id
     WHERE r.space_id = $1 AND r.first > $2 ORDER BY r.first LIMIT 1",
);
static CLEAR: Statement = Statement::new("free_range.clear", "DELETE FROM free_range WHERE space_id = $1");
static CUT: Statement = Statement::new(
    "free_range.cut",
    "DELETE FROM free_range WHERE space_id = $1 AND first <= $2 AND last >= $2",
);
static FILL: Statement = Statement::new(
    "free_range.fill",
    "INSERT INTO free_range (space_id, first, last)
     SELECT $1, unhex(value ->> 0), unhex(value ->> 1) FROM json_each($2)",
)
.postgres(
    "INSERT INTO free_range (space_id, first, last)
     SELECT $1, decode(value ->> 0, 'hex'), decode(value ->> 1, 'hex') FROM json_array_elements($2::json)",
);
static TAKEN: Statement = Statement::new(
    "free_range.taken",
    "SELECT addr FROM address WHERE addr >= $3 AND addr <= $4 AND family = $2 AND vrf_id = $1
     ORDER BY addr LIMIT $5",
);
static COUNT_TAKEN: Statement = Statement::new(
    "free_range.count_taken",
    "SELECT COUNT(*) AS count FROM address WHERE addr >= $3 AND addr <= $4 AND family = $2 AND vrf_id = $1",
);

pub(crate) static STATEMENTS: &[&Statement] = &[
    &GET,
    &LOCK,
    &INSERT,
    &INSERT_BARE,
    &MOVE,
    &RESET,
    &DELETE,
    &WINDOW,
    &BELOW,
    &ABOVE,
    &CLEAR,
    &CUT,
    &FILL,
    &TAKEN,
    &COUNT_TAKEN,
];

/// A space, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Space {
    /// Its id: that of the prefix.
    pub id: String,
    /// Grows with everything that changes what is free or whether it may be given out.
    pub version: i64,
}

/// The lowest free ranges of a space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Ascending.
    pub ranges: Vec<(u128, u128)>,
    /// Whether these are all.
    pub whole: bool,
}

/// Where the addresses of a space are recorded.
#[derive(Debug, Clone, Copy)]
pub struct Territory {
    /// The VRF.
    pub vrf: VrfId,
    /// The prefix.
    pub prefix: IpNet,
}

fn read_space(row: &Row) -> Result<Space> {
    Ok(Space { id: row.text("id")?, version: row.int("version")? })
}

fn read_range(row: &Row) -> Result<(u128, u128)> {
    Ok((number(row, "first")?.max(number(row, "low")?), number(row, "last")?))
}

fn number(row: &Row, column: &'static str) -> Result<u128> {
    row.array(column).map(u128::from_be_bytes)
}

fn hex(number: u128) -> String {
    format!("{number:032x}")
}

impl Reads {
    /// A space; `None` before something was given out from it.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn space(&self, id: &str) -> Result<Option<Space>> {
        self.one(&GET, &params![id], read_space).await
    }

    /// The lowest free ranges of a space, at most [`SPACE_WINDOW`].
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn free_window(&self, space: &str) -> Result<Window> {
        let mut ranges = self.list(&WINDOW, &params![space, i64::from(SPACE_WINDOW) + 1], read_range).await?;
        let whole = ranges.len() <= SPACE_WINDOW as usize;
        ranges.truncate(SPACE_WINDOW as usize);
        Ok(Window { ranges, whole })
    }

    /// The last free range that begins at or before a number, and the first that begins behind it.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn free_around(
        &self,
        space: &str,
        number: u128,
    ) -> Result<(Option<(u128, u128)>, Option<(u128, u128)>)> {
        let params = params![space, number.to_be_bytes()];
        let below = self.one(&BELOW, &params, read_range).await?;
        Ok(match below {
            // Its beginning is not free any more.
            Some((first, _)) if first > number => (None, below),
            _ => (below, self.one(&ABOVE, &params, read_range).await?),
        })
    }

    /// How many of these numbers are recorded: against this an index that says "full" is checked.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn count_taken(&self, territory: Territory, numbers: &RangeSet) -> Result<u128> {
        let mut count = 0;
        for (first, last) in numbers.iter() {
            let params =
                params![territory.vrf, family(&territory.prefix), first.to_be_bytes(), last.to_be_bytes()];
            count += u128::from(self.count(&COUNT_TAKEN, &params).await?);
        }
        Ok(count)
    }
}

impl Tx {
    /// Makes the space of a prefix, unless there is one; nothing is free in it before [`Self::rebuild_space`].
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn insert_space(&mut self, prefix: PrefixId, network: NetworkId) -> Result<()> {
        let low = 0_u128.to_be_bytes();
        self.execute(&INSERT, &params![prefix.to_string(), prefix, network, low]).await.map(drop)
    }

    /// Reads a space and locks it until the transaction ends. Several are locked in order of id.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn lock_space(&mut self, id: &str) -> Result<Option<Space>> {
        self.one(&LOCK, &params![id], read_space).await
    }

    /// Moves the fence: what memory knows about the space is void when the transaction commits. A space that is not
    /// there has no fence to move.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn move_space(&mut self, id: &str) -> Result<()> {
        self.execute(&MOVE, &params![id]).await.map(drop)
    }

    /// Forgets what is known about a space; it is made anew when something is next given out from it.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn delete_space(&mut self, id: &str) -> Result<()> {
        self.execute(&DELETE, &params![id]).await.map(drop)
    }

    /// Computes what is free anew: `candidates` without what is recorded. Locks the space and moves its fence.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn rebuild_space(
        &mut self,
        space: &str,
        territory: Territory,
        candidates: &RangeSet,
    ) -> Result<()> {
        self.execute(&RESET, &params![space, 0_u128.to_be_bytes()]).await?;
        self.execute(&CLEAR, &params![space]).await?;
        let mut free: Vec<(u128, u128)> = Vec::new();
        for (first, last) in candidates.iter() {
            let mut from = Some(first);
            while let Some(start) = from {
                let taken = self.taken(territory, start, last).await?;
                let more = taken.len() == CHUNK as usize;
                let mut next = Some(start);
                for number in taken {
                    if let Some(start) = next.filter(|start| *start < number) {
                        free.push((start, number - 1));
                    }
                    next = number.checked_add(1);
                }
                from = next.filter(|next| more && *next <= last);
                if let Some(start) = next.filter(|start| !more && *start <= last) {
                    free.push((start, last));
                }
                if free.len() >= CHUNK as usize {
                    self.fill_free(space, &free).await?;
                    free.clear();
                }
            }
        }
        self.fill_free(space, &free).await
    }

    /// Cuts what is recorded from a number on out of what is free, after somebody recorded it behind our back: as
    /// far as the free range around the number reaches, and not more than ten thousand. Moves the fence.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn cut_recorded(&mut self, space: &str, territory: Territory, number: u128) -> Result<()> {
        self.move_space(space).await?;
        let around = self.free_around(space, number).await?.0;
        let Some((first, last)) = around.filter(|(_, last)| number <= *last) else { return Ok(()) };
        let mut left: RangeSet = [(first, last)].into_iter().collect();
        for taken in self.taken(territory, number, last).await? {
            left.remove(taken, taken);
        }
        self.execute(&CUT, &params![space, first.to_be_bytes()]).await?;
        self.fill_free(space, &left.iter().collect::<Vec<_>>()).await
    }

    /// Makes a space that is no prefix's.
    pub(crate) async fn insert_bare_space(&mut self, id: &str) -> Result<()> {
        self.execute(&INSERT_BARE, &params![id, 0_u128.to_be_bytes()]).await.map(drop)
    }

    /// The lowest free number.
    pub(crate) async fn lowest_free(&self, space: &str) -> Result<Option<u128>> {
        Ok(self.one(&WINDOW, &params![space, 1_i64], read_range).await?.map(|(first, _)| first))
    }

    /// Cuts a number out of what is free; one that is not free, or a space that is not there, stays as it is. The
    /// caller holds what guards the space.
    pub(crate) async fn cut_free(&mut self, space: &str, number: u128) -> Result<()> {
        let below = self.one(&BELOW, &params![space, number.to_be_bytes()], read_range).await?;
        let Some((first, last)) = below.filter(|(_, last)| number <= *last) else { return Ok(()) };
        self.execute(&CUT, &params![space, first.to_be_bytes()]).await?;
        let mut left: RangeSet = [(first, last)].into_iter().collect();
        left.remove(number, number);
        self.fill_free(space, &left.iter().collect::<Vec<_>>()).await
    }

    /// Gives a number back and joins it with what is free beside it; a space that is not there is made when next
    /// asked for. The caller holds what guards the space, which no batch takes from: its mark is 0.
    pub(crate) async fn give_free(&mut self, space: &str, number: u128) -> Result<()> {
        if self.space(space).await?.is_none() {
            return Ok(());
        }
        let (below, above) = self.free_around(space, number).await?;
        let beside = [
            below.filter(|(_, last)| last.saturating_add(1) >= number),
            above.filter(|(first, _)| first.saturating_sub(1) == number),
        ];
        let mut joined: RangeSet = [(number, number)].into_iter().collect();
        for (first, last) in beside.into_iter().flatten() {
            self.execute(&CUT, &params![space, first.to_be_bytes()]).await?;
            joined.insert(first, last);
        }
        self.fill_free(space, &joined.iter().collect::<Vec<_>>()).await
    }

    pub(crate) async fn fill_free(&mut self, space: &str, ranges: &[(u128, u128)]) -> Result<()> {
        if ranges.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = ranges.iter().map(|(first, last)| json!([hex(*first), hex(*last)])).collect();
        self.execute(&FILL, &params![space, Param::json(&rows)?]).await.map(drop)
    }

    /// Recorded numbers, ascending, at most [`CHUNK`].
    async fn taken(&self, territory: Territory, first: u128, last: u128) -> Result<Vec<u128>> {
        let params = params![
            territory.vrf,
            family(&territory.prefix),
            first.to_be_bytes(),
            last.to_be_bytes(),
            i64::from(CHUNK)
        ];
        self.list(&TAKEN, &params, |row| row.array("addr").map(u128::from_be_bytes)).await
    }
}
