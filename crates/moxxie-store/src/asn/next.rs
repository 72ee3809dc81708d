//! The next free AS number: what is free of a range is kept as ranges, as it is for addresses, so that the next one is
//! found alike however many are taken. The space bears the id of the range; whoever has the range locked has it too.

use moxxie_core::asn::{AsNumber, AsnRange};

use super::number;
use crate::{Reads, Result, Tx, param::params, statement::Statement};

static NUMBERS: Statement = Statement::new(
    "asn.numbers",
    "SELECT number FROM asn WHERE range_id = $1 AND number >= $2 ORDER BY number LIMIT $3",
);
static IS_TAKEN: Statement = Statement::new("asn.is_taken", "SELECT number FROM asn WHERE number = $1");

pub(crate) static STATEMENTS: &[&Statement] = &[&NUMBERS, &IS_TAKEN];

/// How many taken numbers are read at once when what is free is computed anew.
const CHUNK: i64 = 10_000;

impl Reads {
    async fn is_taken(&self, candidate: AsNumber) -> Result<bool> {
        Ok(self.one(&IS_TAKEN, &params![candidate], number).await?.is_some())
    }
}

impl Tx {
    /// The lowest number of a range that is not taken. Lock the range first.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn next_asn(&mut self, range: &AsnRange) -> Result<Option<AsNumber>> {
        let space = range.id.to_string();
        for last_try in [false, true] {
            let lowest = self.lowest_free(&space).await?;
            match lowest.and_then(|lowest| AsNumber::new(i64::try_from(lowest).ok()?).ok()) {
                Some(number) if !self.is_taken(number).await? => return Ok(Some(number)),
                None if last_try || self.count_asns(range.id).await? >= range.span.size() => return Ok(None),
                // Somebody took or released numbers behind our back, or none was ever asked for.
                Some(_) | None => self.rebuild_asns(range).await?,
            }
        }
        Ok(None)
    }

    /// Notes that a number is taken.
    pub(super) async fn cut_asn(&mut self, space: &str, number: AsNumber) -> Result<()> {
        self.cut_free(space, u128::from(number.get())).await
    }

    /// Notes that a number is free again.
    pub(super) async fn give_asn(&mut self, space: &str, number: AsNumber) -> Result<()> {
        self.give_free(space, u128::from(number.get())).await
    }

    /// Computes what is free of a range anew.
    async fn rebuild_asns(&mut self, range: &AsnRange) -> Result<()> {
        let space = range.id.to_string();
        self.delete_space(&space).await?;
        self.insert_bare_space(&space).await?;
        let (mut next, last) = (u128::from(range.span.first().get()), u128::from(range.span.last().get()));
        loop {
            let from = i64::try_from(next).unwrap_or(i64::MAX);
            let taken = self.list(&NUMBERS, &params![range.id, from, CHUNK], number).await?;
            let more = taken.len() as i64 == CHUNK;
            let mut free = Vec::new();
            for number in taken.iter().map(|number| u128::from(number.get())) {
                if next < number {
                    free.push((next, number - 1));
                }
                next = number + 1;
            }
            if !more && next <= last {
                free.push((next, last));
            }
            self.fill_free(&space, &free).await?;
            if !more {
                return Ok(());
            }
        }
    }
}
