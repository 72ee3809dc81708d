//! Values on their way out of a row.

use std::{net::IpAddr, str::FromStr};

use ipnet::IpNet;
use moxxie_core::{
    Timestamp,
    claim::{Claim, Status},
    vlan::VlanId,
};
use serde::de::DeserializeOwned;
use sqlx::{Decode, Postgres, Row as _, Sqlite, Type, postgres::PgRow, sqlite::SqliteRow};

use crate::{Result, StoreError};

/// A row of either database, with the name of its statement for error messages.
pub(crate) struct Row {
    pub(crate) statement: &'static str,
    pub(crate) inner: Inner,
}

/// The row as its database gives it.
pub(crate) enum Inner {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    fn corrupt(&self, column: &str, why: impl std::fmt::Display) -> StoreError {
        StoreError::Corrupt { what: format!("{}, column {column}: {why}", self.statement) }
    }

    fn get<'r, T>(&'r self, column: &str) -> Result<T>
    where
        T: Decode<'r, Sqlite> + Type<Sqlite> + Decode<'r, Postgres> + Type<Postgres>,
    {
        match &self.inner {
            // SQLite types values, not columns; a column computed by an expression has no type at all.
            Inner::Sqlite(row) => row.try_get_unchecked(column),
            Inner::Postgres(row) => row.try_get(column),
        }
        .map_err(|error| self.corrupt(column, error))
    }

    pub(crate) fn text(&self, column: &str) -> Result<String> {
        self.get(column)
    }

    pub(crate) fn text_or_null(&self, column: &str) -> Result<Option<String>> {
        self.get(column)
    }

    pub(crate) fn int(&self, column: &str) -> Result<i64> {
        self.get(column)
    }

    pub(crate) fn int_or_null(&self, column: &str) -> Result<Option<i64>> {
        self.get(column)
    }

    /// A number that has fewer than 64 bits outside the database.
    pub(crate) fn number<T: TryFrom<i64>>(&self, column: &str) -> Result<T> {
        T::try_from(self.int(column)?).map_err(|_| self.corrupt(column, "out of range"))
    }

    pub(crate) fn flag(&self, column: &str) -> Result<bool> {
        self.get(column)
    }

    pub(crate) fn bytes(&self, column: &str) -> Result<Vec<u8>> {
        self.get(column)
    }

    pub(crate) fn array<const N: usize>(&self, column: &str) -> Result<[u8; N]> {
        self.bytes(column)?.try_into().map_err(|_| self.corrupt(column, "wrong number of bytes"))
    }

    /// A value stored in its printed form.
    pub(crate) fn parsed<T: FromStr<Err: std::fmt::Display>>(&self, column: &str) -> Result<T> {
        self.text(column)?.parse().map_err(|error| self.corrupt(column, error))
    }

    pub(crate) fn parsed_or_null<T: FromStr<Err: std::fmt::Display>>(
        &self,
        column: &str,
    ) -> Result<Option<T>> {
        let text = self.text_or_null(column)?;
        text.map(|text| text.parse().map_err(|error| self.corrupt(column, error))).transpose()
    }

    /// A value stored as a word of a fixed list.
    pub(crate) fn word<T>(&self, column: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T> {
        parse(&self.text(column)?).ok_or_else(|| self.corrupt(column, "unknown word"))
    }

    pub(crate) fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T> {
        serde_json::from_str(&self.text(column)?).map_err(|error| self.corrupt(column, error))
    }

    pub(crate) fn json_or_null<T: DeserializeOwned>(&self, column: &str) -> Result<Option<T>> {
        let text = self.text_or_null(column)?;
        text.map(|text| serde_json::from_str(&text).map_err(|error| self.corrupt(column, error))).transpose()
    }

    pub(crate) fn time(&self, column: &str) -> Result<Timestamp> {
        Timestamp::from_microsecond(self.int(column)?).map_err(|error| self.corrupt(column, error))
    }

    pub(crate) fn time_or_null(&self, column: &str) -> Result<Option<Timestamp>> {
        let micros = self.int_or_null(column)?;
        micros
            .map(|micros| Timestamp::from_microsecond(micros).map_err(|error| self.corrupt(column, error)))
            .transpose()
    }

    /// How something is taken: the columns `status` and `expires_at`.
    pub(crate) fn claim(&self) -> Result<Claim> {
        let status = self.word("status", Status::parse)?;
        Claim::new(status, self.time_or_null("expires_at")?)
            .ok_or_else(|| self.corrupt("expires_at", "does not go with the status"))
    }

    pub(crate) fn prefix(&self, column: &str) -> Result<IpNet> {
        self.parsed(column)
    }

    pub(crate) fn address(&self, column: &str) -> Result<IpAddr> {
        self.parsed(column)
    }

    pub(crate) fn vlan(&self, column: &str) -> Result<VlanId> {
        VlanId::new(self.int(column)?).map_err(|error| self.corrupt(column, error))
    }
}
