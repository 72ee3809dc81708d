//! Statements are data: named, listed, and prepared on both databases by a test.

use std::borrow::Cow;

/// Which database speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// One statement of the product, with positional parameters `$1`, `$2`, ...
#[derive(Debug)]
pub struct Statement {
    name: &'static str,
    sql: &'static str,
    postgres: Option<&'static str>,
    lock: Option<&'static str>,
    only: Option<Dialect>,
}

impl Statement {
    /// A statement that both databases understand.
    pub(crate) const fn new(name: &'static str, sql: &'static str) -> Self {
        Self { name, sql, postgres: None, lock: None, only: None }
    }

    /// The text for PostgreSQL, where the two must differ.
    pub(crate) const fn postgres(self, sql: &'static str) -> Self {
        Self { postgres: Some(sql), ..self }
    }

    /// Locks the rows of this table or alias until the transaction ends. On SQLite there is nothing to
    /// lock: a transaction that writes is the only one.
    pub(crate) const fn locking(self, table: &'static str) -> Self {
        Self { lock: Some(table), ..self }
    }

    /// A statement that only one of them runs; the other does the same with several.
    pub(crate) const fn only(self, dialect: Dialect) -> Self {
        Self { only: Some(dialect), ..self }
    }

    /// Whether this database runs it.
    #[must_use]
    pub fn is_for(&self, dialect: Dialect) -> bool {
        self.only.is_none_or(|only| only == dialect)
    }

    /// The name, for error messages.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The text for this database.
    #[must_use]
    pub fn text(&self, dialect: Dialect) -> Cow<'static, str> {
        match (dialect, self.postgres, self.lock) {
            (Dialect::Sqlite, ..) => self.sql.into(),
            (Dialect::Postgres, Some(sql), None) => sql.into(),
            (Dialect::Postgres, None, None) => self.sql.into(),
            (Dialect::Postgres, sql, Some(table)) => {
                format!("{} FOR UPDATE OF {table}", sql.unwrap_or(self.sql)).into()
            }
        }
    }
}

/// Every statement there is, by noun.
pub static ALL: &[&[&Statement]] = &[
    crate::address::STATEMENTS,
    crate::applied::STATEMENTS,
    crate::asn::STATEMENTS,
    crate::asn::NEXT_STATEMENTS,
    crate::audit::STATEMENTS,
    crate::batch::STATEMENTS,
    crate::change::STATEMENTS,
    crate::checkpoint::STATEMENTS,
    crate::container::STATEMENTS,
    crate::domain::STATEMENTS,
    crate::drift::STATEMENTS,
    crate::drift::WATCH_STATEMENTS,
    crate::event::STATEMENTS,
    crate::exchange::STATEMENTS,
    crate::finding::STATEMENTS,
    crate::free::STATEMENTS,
    crate::free_range::STATEMENTS,
    crate::holder::STATEMENTS,
    crate::idempotency::STATEMENTS,
    crate::journal::STATEMENTS,
    crate::label::STATEMENTS,
    crate::lease::STATEMENTS,
    crate::login::STATEMENTS,
    crate::meta::STATEMENTS,
    crate::migrate::STATEMENTS,
    crate::network::STATEMENTS,
    crate::past::STATEMENTS,
    crate::plan::STATEMENTS,
    crate::pool::STATEMENTS,
    crate::prefix::STATEMENTS,
    crate::prefix::SET_STATEMENTS,
    crate::profile::STATEMENTS,
    crate::range::STATEMENTS,
    crate::router::STATEMENTS,
    crate::sample::STATEMENTS,
    crate::scan::STATEMENTS,
    crate::search::STATEMENTS,
    crate::secret::STATEMENTS,
    crate::sighting::STATEMENTS,
    crate::site::STATEMENTS,
    crate::step::STATEMENTS,
    crate::store::STATEMENTS,
    crate::subject::STATEMENTS,
    crate::tenant::STATEMENTS,
    crate::token::STATEMENTS,
    crate::vlan::STATEMENTS,
    crate::vrf::STATEMENTS,
];
