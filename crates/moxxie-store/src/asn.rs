//! AS numbers and the ranges they come from. How the next one is found is in `next`.

mod next;

use moxxie_core::{
    AsnId, AsnRangeId, Name, TenantId, Timestamp,
    asn::{AsNumber, Asn, AsnRange, AsnSpan},
    claim::Status,
    identity::Scope,
};

use crate::{
    Arranged, Dated, Listing, Page, Place, Reads, Remembered, Result, StoreError, Tx, Window,
    label::{LabelFilter, Labelled, Labels, labelled},
    param::{Param, params},
    row::Row,
    statement::Statement,
};

macro_rules! range {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, first, last, site_id, tenant_id, description, quarantine, version,
                 updated_at
             FROM asn_range ",
            $rest
        )
    };
}
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, number, range_id, tenant_id, status, purpose, labels, expires_at, since,
                 created_at
             FROM asn ",
            $rest
        )
    };
}

static RANGE: Statement = Statement::new("asn.range", range!("WHERE id = $1"));
static LOCK_RANGE: Statement = Statement::new("asn.lock_range", range!("WHERE id = $1")).locking("asn_range");
static RANGE_BY_NAME: Statement = Statement::new("asn.range_by_name", range!("WHERE name = $1"));
static RANGES: Statement = Statement::new(
    "asn.ranges",
    range!("WHERE tenant_id = $1 OR tenant_id IS NULL OR $1 IS NULL ORDER BY first"),
);
static RANGE_OF: Statement = Statement::new("asn.range_of", range!("WHERE first <= $1 AND last >= $1"));
static INSERT_RANGE: Statement = Statement::new(
    "asn.insert_range",
    "INSERT INTO asn_range (id, name, first, last, site_id, tenant_id, description, quarantine, version,
         created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $9)",
);
static UPDATE_RANGE: Statement = Statement::new(
    "asn.update_range",
    "UPDATE asn_range SET name = $2, first = $3, last = $4, site_id = $5, tenant_id = $6, description = $7,
         quarantine = $8, version = version + 1, updated_at = $9
     WHERE id = $1",
);
static DELETE_RANGE: Statement = Statement::new("asn.delete_range", "DELETE FROM asn_range WHERE id = $1");
static OUTSIDE: Statement = Statement::new(
    "asn.outside",
    "SELECT number FROM asn WHERE range_id = $1 AND (number < $2 OR number > $3) ORDER BY number LIMIT 1",
);
static GET: Statement =
    Statement::new("asn.get", select!("WHERE id = $1 AND (tenant_id = $2 OR $2 IS NULL)"));
static BY_NUMBER: Statement =
    Statement::new("asn.by_number", select!("WHERE number = $1 AND (tenant_id = $2 OR $2 IS NULL)"));
macro_rules! list {
    ($($more:literal),*) => {
        concat!(
            select!("WHERE "),
            $($more,)*
            "(tenant_id = $1 OR $1 IS NULL) AND (range_id = $2 OR $2 IS NULL)
               AND (tenant_id = $3 OR $3 IS NULL) AND (status = $4 OR $4 IS NULL) AND number > $5
             ORDER BY number LIMIT $6"
        )
    };
}
static LIST: Labelled = labelled!("asn.list", list, "id", "$7", "$8");
static LIST_OF_RANGE: Statement = Statement::new("asn.list_of_range", list!("range_id = $2 AND "));
static SINCE: Statement =
    Statement::new("asn.since", "SELECT COUNT(*) AS count FROM asn WHERE range_id = $1 AND since <= $2");
static USED: Statement = Statement::new("asn.used", "SELECT COUNT(*) AS count FROM asn WHERE range_id = $1");
static LAPSED: Statement = Statement::new(
    "asn.lapsed",
    select!("WHERE (range_id = $3 OR $3 IS NULL) AND expires_at <= $1 ORDER BY expires_at, id LIMIT $2"),
);
static INSERT: Statement = Statement::new(
    "asn.insert",
    "INSERT INTO asn (id, number, range_id, tenant_id, status, purpose, expires_at, since, created_at, labels)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
);
static UPDATE: Statement = Statement::new(
    "asn.update",
    "UPDATE asn SET tenant_id = $2, status = $3, purpose = $4, expires_at = $5, since = $6, labels = $7
     WHERE id = $1",
);
static DELETE: Statement = Statement::new("asn.delete", "DELETE FROM asn WHERE id = $1");

pub(crate) use self::next::STATEMENTS as NEXT_STATEMENTS;

pub(crate) static STATEMENTS: &[&Statement] = &[
    &RANGE,
    &LOCK_RANGE,
    &RANGE_BY_NAME,
    &RANGES,
    &RANGE_OF,
    &INSERT_RANGE,
    &UPDATE_RANGE,
    &DELETE_RANGE,
    &OUTSIDE,
    &GET,
    &BY_NUMBER,
    &LIST.all,
    &LIST.of_value,
    &LIST.of_key,
    &LIST_OF_RANGE,
    &SINCE,
    &USED,
    &LAPSED,
    &INSERT,
    &UPDATE,
    &DELETE,
];

/// Which AS numbers are wanted; every `None` lets all pass.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AsnFilter {
    /// From this range.
    pub range: Option<AsnRangeId>,
    /// Of this tenant.
    pub tenant: Option<TenantId>,
    /// In this status.
    pub status: Option<Status>,
    /// With this label.
    pub label: Option<LabelFilter>,
}

impl Remembered for Asn {
    const KIND: &'static str = "asn";

    fn place(&self) -> Place {
        let number = u128::from(self.number.get()).to_be_bytes();
        Place {
            space: String::new(),
            family: 0,
            first: number,
            last: number,
            object: self.id.to_string(),
            tenant: self.tenant_id,
            since: self.since,
        }
    }
}

impl Arranged for AsnRange {
    const KIND: &'static str = "asn_range";

    fn object(&self) -> String {
        self.id.to_string()
    }
}

fn dated(row: &Row) -> Result<Dated<AsnRange>> {
    Ok(Dated { record: read_range(row)?, since: row.time("updated_at")? })
}

fn read_range(row: &Row) -> Result<AsnRange> {
    let span = AsnSpan::new(row.int("first")?, row.int("last")?)
        .map_err(|_| StoreError::Corrupt { what: "a range of AS numbers".into() })?;
    Ok(AsnRange {
        id: row.parsed("id")?,
        name: row.parsed("name")?,
        span,
        site_id: row.parsed_or_null("site_id")?,
        tenant_id: row.parsed_or_null("tenant_id")?,
        description: row.text("description")?,
        quarantine_s: row.number("quarantine")?,
        version: row.int("version")?,
    })
}

fn number(row: &Row) -> Result<AsNumber> {
    AsNumber::new(row.int("number")?).map_err(|_| StoreError::Corrupt { what: "an AS number".into() })
}

fn read(row: &Row) -> Result<Asn> {
    Ok(Asn {
        id: row.parsed("id")?,
        number: number(row)?,
        range_id: row.parsed("range_id")?,
        tenant_id: row.parsed_or_null("tenant_id")?,
        claim: row.claim()?,
        purpose: row.text("purpose")?,
        labels: row.json("labels")?,
        since: row.time("since")?,
        created_at: row.time("created_at")?,
    })
}

impl Reads {
    /// One range.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn asn_range(&self, id: AsnRangeId) -> Result<Option<AsnRange>> {
        self.one(&RANGE, &params![id], read_range).await
    }

    /// The range of that name.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn asn_range_by_name(&self, name: &Name) -> Result<Option<AsnRange>> {
        self.one(&RANGE_BY_NAME, &params![name], read_range).await
    }

    /// The ranges, ascending; within a scope those that are kept for others are left out.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn asn_ranges(&self, scope: Scope) -> Result<Vec<AsnRange>> {
        self.list(&RANGES, &params![scope], read_range).await
    }

    /// The range a number lies in.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn asn_range_of(&self, number: AsNumber) -> Result<Option<AsnRange>> {
        self.one(&RANGE_OF, &params![number], read_range).await
    }

    /// How many numbers of a range are taken.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn count_asns(&self, range: AsnRangeId) -> Result<u64> {
        self.count(&USED, &params![range]).await
    }

    /// How many numbers of a range were taken at a time.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn count_asns_at(&self, range: &AsnRange, at: Timestamp) -> Result<u64> {
        let number = |number: AsNumber| u128::from(number.get()).to_be_bytes();
        let (from, to) = (number(range.span.first()), number(range.span.last()));
        let window = Window { space: String::new(), family: 0, from, to };
        Ok(self.count(&SINCE, &params![range.id, at]).await? + self.past_count::<Asn>(&window, at).await?)
    }

    /// A taken number of a range that lies outside `span`.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn asn_outside(&self, range: AsnRangeId, span: AsnSpan) -> Result<Option<AsNumber>> {
        self.one(&OUTSIDE, &params![range, span.first(), span.last()], number).await
    }

    /// The record of a taken number.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn asn(&self, scope: Scope, id: AsnId) -> Result<Option<Asn>> {
        self.one(&GET, &params![id, scope], read).await
    }

    /// The record of this number.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn asn_by_number(&self, scope: Scope, number: AsNumber) -> Result<Option<Asn>> {
        self.one(&BY_NUMBER, &params![number, scope], read).await
    }

    /// The taken numbers, ascending.
    ///
    /// # Errors
    /// [`StoreError::Cursor`], and when the database fails.
    pub async fn asns(&self, scope: Scope, filter: &AsnFilter, page: &Page) -> Result<Listing<Asn>> {
        let after = page.parsed::<i64>()?.unwrap_or(0);
        let status = filter.status.map(Status::as_str);
        let mut params = params![scope, filter.range, filter.tenant, status, after, page.fetch()].to_vec();
        let statement = match filter {
            AsnFilter { range: Some(_), label: None, .. } => &LIST_OF_RANGE,
            _ => LIST.choose(filter.label.as_ref(), &mut params),
        };
        let items = self.list(statement, &params, read).await?;
        Ok(page.listing(items, |asn| asn.number.to_string()))
    }

    /// Held and quarantined numbers whose time is over at `now`, of a range or of all, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn lapsed_asns(
        &self,
        range: Option<AsnRangeId>,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Asn>> {
        self.list(&LAPSED, &params![now, limit, range], read).await
    }

    /// The ranges there were at a time, by id.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn asn_ranges_at(&self, at: Timestamp) -> Result<Vec<AsnRange>> {
        let live = self.list(&RANGES, &params![Scope::All], dated).await?;
        self.arranged_at(live, at).await
    }
}

impl Tx {
    /// Adds a range.
    ///
    /// # Errors
    /// [`crate::Constraint::AsnRangeOverlap`], and when the database fails.
    pub async fn insert_asn_range(&mut self, range: &AsnRange, now: Timestamp) -> Result<()> {
        let params = params![
            range.id,
            &range.name,
            range.span.first(),
            range.span.last(),
            range.site_id,
            range.tenant_id,
            &range.description,
            range.quarantine_s,
            now,
        ];
        self.execute(&INSERT_RANGE, &params).await.map(drop)
    }

    /// Writes a range anew. The caller has looked that its numbers lie in it.
    ///
    /// # Errors
    /// [`crate::Constraint::AsnRangeOverlap`], and when the database fails.
    pub async fn update_asn_range(&mut self, range: &AsnRange, now: Timestamp) -> Result<()> {
        let params = params![
            range.id,
            &range.name,
            range.span.first(),
            range.span.last(),
            range.site_id,
            range.tenant_id,
            &range.description,
            range.quarantine_s,
            now,
        ];
        self.remember_arranged(&RANGE, &params![range.id], dated, now).await?;
        self.touch("range", &UPDATE_RANGE, &params).await?;
        // It may have other numbers now: what is free of them is computed when next asked for.
        self.delete_space(&range.id.to_string()).await
    }

    /// Removes a range that no number is taken of.
    ///
    /// # Errors
    /// [`crate::Constraint::Referenced`] when one is, and when the database fails.
    pub async fn delete_asn_range(&mut self, id: AsnRangeId, now: Timestamp) -> Result<()> {
        self.remember_arranged(&RANGE, &params![id], dated, now).await?;
        self.touch("range", &DELETE_RANGE, &params![id]).await?;
        self.delete_space(&id.to_string()).await
    }

    /// Reads a range and locks it until the transaction ends: before a number of it is chosen.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn lock_asn_range(&mut self, id: AsnRangeId) -> Result<Option<AsnRange>> {
        self.one(&LOCK_RANGE, &params![id], read_range).await
    }

    /// Takes a number. Lock its range first.
    ///
    /// # Errors
    /// [`crate::Constraint::AsnTaken`], and when the database fails.
    pub async fn insert_asn(&mut self, asn: &Asn) -> Result<()> {
        let params = params![
            asn.id,
            asn.number,
            asn.range_id,
            asn.tenant_id,
            asn.claim.status(),
            &asn.purpose,
            asn.claim.until(),
            asn.since,
            asn.created_at,
            Param::json(&asn.labels)?,
        ];
        self.execute(&INSERT, &params).await?;
        self.cut_asn(&asn.range_id.to_string(), asn.number).await?;
        self.label(&asn.id.to_string(), asn.tenant_id, None, &asn.labels).await
    }

    /// Writes whose a number is and how it is taken; remembers how it was. Lock its range first.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], and when the database fails.
    pub async fn update_asn(&mut self, asn: &Asn) -> Result<()> {
        let old = self.asn(Scope::All, asn.id).await?.ok_or(StoreError::NotFound("AS number"))?;
        let (status, until) = (asn.claim.status(), asn.claim.until());
        let labels = Param::json(&asn.labels)?;
        let params = params![asn.id, asn.tenant_id, status, &asn.purpose, until, asn.since, labels];
        self.touch("AS number", &UPDATE, &params).await?;
        self.remember(&old, asn.since).await?;
        self.label(&asn.id.to_string(), asn.tenant_id, Some(&old.labels), &asn.labels).await
    }

    /// Releases a number: it is free for others when the transaction commits, or goes into quarantine
    /// when its range has one and it was in use. Answers what is left of it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], and when the database fails.
    pub async fn release_asn(&mut self, id: AsnId, now: Timestamp) -> Result<Option<Asn>> {
        let known = self.asn(Scope::All, id).await?.ok_or(StoreError::NotFound("AS number"))?;
        let range = self.lock_asn_range(known.range_id).await?.ok_or(StoreError::NotFound("range"))?;
        if let Some(claim) = known.claim.released(range.quarantine_s, now) {
            let left = Asn { claim, tenant_id: None, labels: Labels::new(), since: now, ..known };
            self.update_asn(&left).await?;
            return Ok(Some(left));
        }
        self.remember(&known, now).await?;
        self.label(&id.to_string(), None, Some(&known.labels), &Labels::new()).await?;
        self.touch("AS number", &DELETE, &params![id]).await?;
        self.give_asn(&known.range_id.to_string(), known.number).await?;
        Ok(None)
    }
}
