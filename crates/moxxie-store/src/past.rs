//! History: what was, so that a list can be asked for as of a past time.
//!
//! A live row carries the moment since which it is as it is. Whoever changes or removes it calls
//! [`Tx::remember`] with the record as it was, inside the same transaction, and writes the new row with
//! `since` = the same moment. A version is valid from `since` (included) to `until` (excluded); the
//! state at a time is every live row with `since <= time` and every version that was valid then.

use std::{collections::BTreeMap, net::IpAddr, str::FromStr};

use ipnet::IpNet;
use moxxie_core::{
    TenantId, Timestamp, VrfId,
    audit::hex,
    identity::Scope,
    prefix::{address_bytes, family},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;

use crate::{
    Reads, Result, StoreError, Tx,
    param::{Param, params},
    row::Row,
    statement::Statement,
};

// Rows are handed over as one JSON text, so that a thousand of them are one statement too.
static INSERT: Statement = Statement::new(
    "past.insert",
    "INSERT INTO past (kind, space, family, first, last, object, tenant_id, since, until, snapshot)
     SELECT value ->> 'kind', value ->> 'space', value ->> 'family', unhex(value ->> 'first'),
            unhex(value ->> 'last'), value ->> 'object', value ->> 'tenant', value ->> 'since',
            value ->> 'until', value ->> 'snapshot'
     FROM json_each($1) WHERE true
     ON CONFLICT DO NOTHING",
)
.postgres(
    "INSERT INTO past (kind, space, family, first, last, object, tenant_id, since, until, snapshot)
     SELECT kind, space, family, decode(first, 'hex'), decode(last, 'hex'), object, tenant, since, until,
            snapshot
     FROM json_to_recordset($1::json) AS r (kind text, space text, family bigint, first text, last text,
            object text, tenant text, since bigint, until bigint, snapshot text)
     ON CONFLICT DO NOTHING",
);
static GET: Statement = Statement::new(
    "past.get",
    "SELECT object, since, until, snapshot FROM past
     WHERE object = $1 AND kind = $2 AND since <= $3 AND until > $3 AND (tenant_id = $4 OR $4 IS NULL)
     ORDER BY since DESC LIMIT 1",
);
static VERSIONS: Statement = Statement::new(
    "past.versions",
    "SELECT object, since, until, snapshot FROM past
     WHERE object = $1 AND kind = $2 AND since < $3 AND (tenant_id = $4 OR $4 IS NULL)
     ORDER BY since DESC LIMIT $5",
);
static LIST: Statement = Statement::new(
    "past.list",
    "SELECT object, since, until, snapshot FROM past
     WHERE kind = $1 AND space = $2 AND family = $3 AND first >= $4 AND first <= $5
       AND since <= $6 AND until > $6 AND (tenant_id = $7 OR $7 IS NULL)
     ORDER BY first LIMIT $8",
);
static COUNT: Statement = Statement::new(
    "past.count",
    "SELECT COUNT(*) AS count FROM past
     WHERE kind = $1 AND space = $2 AND family = $3 AND first >= $4 AND first <= $5
       AND since <= $6 AND until > $6",
);
static AROUND: Statement = Statement::new(
    "past.around",
    "SELECT object, since, until, snapshot FROM past
     WHERE kind = $1 AND space = $2 AND family = $3
       AND first IN (SELECT unhex(value) FROM json_each($4)) AND last >= $5
       AND since <= $6 AND until > $6 AND (tenant_id = $7 OR $7 IS NULL)
     ORDER BY since DESC LIMIT 1",
)
.postgres(
    "SELECT object, since, until, snapshot FROM past
     WHERE kind = $1 AND space = $2 AND family = $3
       AND first IN (SELECT decode(value, 'hex') FROM json_array_elements_text($4::json)) AND last >= $5
       AND since <= $6 AND until > $6 AND (tenant_id = $7 OR $7 IS NULL)
     ORDER BY since DESC LIMIT 1",
);

pub(crate) static STATEMENTS: &[&Statement] = &[&INSERT, &GET, &VERSIONS, &LIST, &COUNT, &AROUND];

/// Where a record stands in the lists it appears in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Within what its key is unique: the VRF of prefixes and addresses, the domain of VLANs; empty for what
    /// is unique by itself (networks, AS numbers, pools).
    pub space: String,
    /// 4 or 6 for prefixes and addresses, 0 for everything else.
    pub family: i64,
    /// Its place in the order: first address, VLAN id, ASN as a number; the UUID of what has only an id.
    pub first: [u8; 16],
    /// The last of what it takes; equal to `first` when it is one.
    pub last: [u8; 16],
    /// Its printed id.
    pub object: String,
    /// Whose it is, where it is one tenant's.
    pub tenant: Option<TenantId>,
    /// Since when it is as it is.
    pub since: Timestamp,
}

/// A record with a history. Implemented beside the record; its JSON is what is kept.
pub trait Remembered: Serialize + DeserializeOwned {
    /// The word for it in the table: `address`, `prefix`, `network`, `vlan`, `asn`, or that of [`Arranged`].
    const KIND: &'static str;

    /// Where it stands.
    fn place(&self) -> Place;
}

/// Something that people arrange rather than take (a datacentre, a VRF, a pool, a tenant, ...): there are few
/// of a kind, and they are read whole.
pub trait Arranged: Serialize + DeserializeOwned {
    /// The word for it in the table.
    const KIND: &'static str;

    /// Its printed id.
    fn object(&self) -> String;
}

/// One of these, and since when it is as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dated<T> {
    /// What it is.
    pub record: T,
    /// Since when.
    pub since: Timestamp,
}

impl<T: Arranged> Remembered for Dated<T> {
    const KIND: &'static str = T::KIND;

    fn place(&self) -> Place {
        let object = self.record.object();
        let order = order_of_id(&object);
        Place {
            space: String::new(),
            family: 0,
            first: order,
            last: order,
            object,
            tenant: None,
            since: self.since,
        }
    }
}

/// A version of a record that is no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version<T> {
    /// The record as it was.
    pub record: T,
    /// From when on it was so.
    pub since: Timestamp,
    /// Until when, excluded.
    pub until: Timestamp,
}

/// Which part of the records of a kind is wanted as of a past time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// See [`Place::space`].
    pub space: String,
    /// See [`Place::family`].
    pub family: i64,
    /// The least `first` wanted.
    pub from: [u8; 16],
    /// The greatest `first` wanted.
    pub to: [u8; 16],
}

impl Window {
    /// Everything of a space and family.
    #[must_use]
    pub fn all(space: impl Into<String>, family: i64) -> Self {
        Self { space: space.into(), family, from: [0; 16], to: [0xff; 16] }
    }
}

fn read<T: Remembered>(row: &Row) -> Result<Version<T>> {
    Ok(Version { record: row.json("snapshot")?, since: row.time("since")?, until: row.time("until")? })
}

/// The UUID of a printed id (`net-0193...`) as a place in the order of ids.
#[must_use]
pub fn order_of_id(id: &str) -> [u8; 16] {
    let uuid = id.split_once('-').and_then(|(_, uuid)| uuid::Uuid::from_str(uuid).ok());
    uuid.map_or([0; 16], uuid::Uuid::into_bytes)
}

impl Reads {
    /// The version of an object that was valid at a time, if it has ended since.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn past<T: Remembered>(
        &self,
        scope: Scope,
        object: &str,
        at: Timestamp,
    ) -> Result<Option<Version<T>>> {
        self.one(&GET, &params![object, T::KIND, at, scope], read).await
    }

    /// Versions of an object that began before a time, the newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn past_versions<T: Remembered>(
        &self,
        scope: Scope,
        object: &str,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<Version<T>>> {
        self.list(&VERSIONS, &params![object, T::KIND, before, scope, i64::from(limit)], read).await
    }

    /// Versions of a window that were valid at a time and have ended since, in the order of `first`; at
    /// most `limit`. What is still as it was then is in the live table, with `since <= at`.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn past_list<T: Remembered>(
        &self,
        scope: Scope,
        window: &Window,
        at: Timestamp,
        limit: u32,
    ) -> Result<Vec<Version<T>>> {
        let params = params![
            T::KIND,
            &window.space,
            window.family,
            window.from,
            window.to,
            at,
            scope,
            i64::from(limit)
        ];
        self.list(&LIST, &params, read).await
    }

    /// How many versions of a window were valid at a time and have ended since, whoever's they were.
    pub(crate) async fn past_count<T: Remembered>(&self, window: &Window, at: Timestamp) -> Result<u64> {
        let params = params![T::KIND, &window.space, window.family, window.from, window.to, at];
        self.count(&COUNT, &params).await
    }

    /// The prefix or address of a VRF that held this address at a time and has ended since. One that
    /// holds it can begin only where a prefix around it does, so no more than 129 places are looked at.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn past_around<T: Remembered>(
        &self,
        scope: Scope,
        vrf: VrfId,
        address: IpAddr,
        at: Timestamp,
    ) -> Result<Option<Version<T>>> {
        let point = IpNet::from(address);
        let mut firsts: Vec<String> = (0..=point.max_prefix_len())
            .filter_map(|length| IpNet::new(address, length).ok())
            .map(|around| hex(&address_bytes(around.network())))
            .collect();
        firsts.dedup();
        let params =
            params![T::KIND, vrf, family(&point), Param::json(&firsts)?, address_bytes(address), at, scope];
        self.one(&AROUND, &params, read).await
    }
}

impl Reads {
    /// What was arranged of a kind at a time, in the order of ids: `live`, which was read just now, without
    /// what came later, and what has ended since.
    pub(crate) async fn arranged_at<T: Arranged>(
        &self,
        live: Vec<Dated<T>>,
        at: Timestamp,
    ) -> Result<Vec<T>> {
        let past = self.past_list::<Dated<T>>(Scope::All, &Window::all("", 0), at, u32::MAX).await?;
        let then = live.into_iter().filter(|one| one.since <= at);
        // What ended between the two reads is in both.
        let then = then.chain(past.into_iter().map(|version| version.record));
        let then: BTreeMap<_, _> = then.map(|one| (one.record.object(), one.record)).collect();
        Ok(then.into_values().collect())
    }
}

impl Tx {
    /// Keeps what is arranged as `get` reads it now, because it is changed or removed in this transaction.
    /// What is not there is left to whoever writes next.
    pub(crate) async fn remember_arranged<T: Arranged>(
        &mut self,
        get: &'static Statement,
        params: &[Param],
        read: impl Fn(&Row) -> Result<Dated<T>>,
        until: Timestamp,
    ) -> Result<()> {
        match self.one(get, params, read).await? {
            Some(ended) => self.remember(&ended, until).await,
            None => Ok(()),
        }
    }

    /// Keeps the version of a record that ends now, because it is changed or removed in this
    /// transaction. One that ends no later than it began was never visible and is not kept.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn remember<T: Remembered>(&mut self, ended: &T, until: Timestamp) -> Result<()> {
        self.remember_all(std::slice::from_ref(ended), until).await
    }

    /// [`Self::remember`] for many of a kind, in one statement.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn remember_all<T: Remembered>(&mut self, ended: &[T], until: Timestamp) -> Result<()> {
        match past_rows(ended, until)? {
            Some(rows) => self.execute(&INSERT, &[rows]).await.map(drop),
            None => Ok(()),
        }
    }
}

/// The rows of `past` for records that end, as the one JSON parameter of `past.insert`; `None` when there
/// are none. For statements that do several things at once.
pub(crate) fn past_rows<T: Remembered>(ended: &[T], until: Timestamp) -> Result<Option<Param>> {
    let mut rows = Vec::with_capacity(ended.len());
    for record in ended {
        let place = record.place();
        if place.since >= until {
            continue;
        }
        let snapshot = serde_json::to_string(record)
            .map_err(|error| StoreError::Corrupt { what: format!("a record to be remembered: {error}") })?;
        rows.push(json!({
            "kind": T::KIND,
            "space": place.space,
            "family": place.family,
            "first": hex(&place.first),
            "last": hex(&place.last),
            "object": place.object,
            "tenant": place.tenant,
            "since": place.since.as_microsecond(),
            "until": until.as_microsecond(),
            "snapshot": snapshot,
        }));
    }
    if rows.is_empty() { Ok(None) } else { Param::json(&rows).map(Some) }
}
