//! Labels: `key=value` on any object, findable.
//!
//! The object's own row carries its labels as JSON, so that lists need no second question and its
//! history holds them; this table is where they are looked for. Both are written in one transaction.

use std::collections::BTreeMap;

use moxxie_core::{TenantId, identity::Scope};
use serde_json::json;

use crate::{
    Listing, Page, Reads, Result, Tx,
    param::{Param, params},
    row::Row,
    statement::Statement,
};

static OF: Statement =
    Statement::new("label.of", "SELECT key, value FROM label WHERE object_id = $1 ORDER BY key");
static WITH: Statement = Statement::new(
    "label.with",
    "SELECT object_id FROM label
     WHERE key = $1 AND value = $2 AND object_id > $3 AND (tenant_id = $4 OR $4 IS NULL)
     ORDER BY object_id LIMIT $5",
);
static WITH_KEY: Statement = Statement::new(
    "label.with_key",
    "SELECT DISTINCT object_id FROM label
     WHERE key = $1 AND object_id > $2 AND (tenant_id = $3 OR $3 IS NULL)
     ORDER BY object_id LIMIT $4",
);
static INSERT: Statement = Statement::new(
    "label.insert",
    "INSERT INTO label (object_id, tenant_id, key, value)
     SELECT value ->> 'object', value ->> 'tenant', value ->> 'key', value ->> 'value' FROM json_each($1)",
)
.postgres(
    "INSERT INTO label (object_id, tenant_id, key, value)
     SELECT object, tenant, key, value
     FROM json_to_recordset($1::json) AS r (object text, tenant text, key text, value text)",
);
static DELETE: Statement =
    Statement::new("label.delete", "DELETE FROM label WHERE object_id IN (SELECT value FROM json_each($1))")
        .postgres("DELETE FROM label WHERE object_id IN (SELECT json_array_elements_text($1::json))");

pub(crate) static STATEMENTS: &[&Statement] = &[&OF, &WITH, &WITH_KEY, &INSERT, &DELETE];

/// Labels by key.
pub type Labels = BTreeMap<String, String>;

/// A label that is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelFilter {
    /// Its key.
    pub key: String,
    /// Its value; `None`: any.
    pub value: Option<String>,
}

impl LabelFilter {
    /// Whether the label is among these.
    #[must_use]
    pub fn matches(&self, labels: &Labels) -> bool {
        let found = labels.get(&self.key);
        found.is_some_and(|found| self.value.as_ref().is_none_or(|value| value == found))
    }
}

/// A statement that lists everything, and the same for what has a label. Key and value are the parameters after
/// all others; the second form, for any value of the key, takes no heed of the value.
#[derive(Debug)]
pub(crate) struct Labelled {
    pub(crate) all: Statement,
    pub(crate) of_value: Statement,
    pub(crate) of_key: Statement,
}

impl Labelled {
    /// The statement for a filter, with its parameters added.
    pub(crate) fn choose(
        &'static self,
        filter: Option<&LabelFilter>,
        params: &mut Vec<Param>,
    ) -> &'static Statement {
        let Some(filter) = filter else { return &self.all };
        params.extend(params![&filter.key]);
        match &filter.value {
            None => &self.of_key,
            Some(value) => {
                params.extend(params![value]);
                &self.of_value
            }
        }
    }
}

/// The three statements of a list: `$name`, the macro that makes it of a text that goes on after its
/// `WHERE`, the column of the object's id and the numbers of the parameters for key and value.
macro_rules! labelled {
    ($name:literal, $list:ident, $column:literal, $key:literal, $value:literal) => {
        crate::label::Labelled {
            all: crate::statement::Statement::new($name, $list!("")),
            of_value: crate::statement::Statement::new(
                concat!($name, "_of_label"),
                $list!(
                    $column,
                    " IN (SELECT object_id FROM label WHERE key = ",
                    $key,
                    " AND value = ",
                    $value,
                    ") AND "
                ),
            ),
            of_key: crate::statement::Statement::new(
                concat!($name, "_of_key"),
                $list!($column, " IN (SELECT object_id FROM label WHERE key = ", $key, ") AND "),
            ),
        }
    };
}
pub(crate) use labelled;

impl Reads {
    /// The labels of an object, by its printed id.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn labels(&self, object: &str) -> Result<Labels> {
        let read = |row: &Row| Ok((row.text("key")?, row.text("value")?));
        Ok(self.list(&OF, &params![object], read).await?.into_iter().collect())
    }

    /// The printed ids of the objects with this label (with any value of the key when none is given), in
    /// the order of ids.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn labelled(
        &self,
        scope: Scope,
        key: &str,
        value: Option<&str>,
        page: &Page,
    ) -> Result<Listing<String>> {
        let after = page.cursor().unwrap_or_default();
        let items = self.labelled_after(scope, key, value, after, page.fetch()).await?;
        Ok(page.listing(items, Clone::clone))
    }

    pub(crate) async fn labelled_after(
        &self,
        scope: Scope,
        key: &str,
        value: Option<&str>,
        after: &str,
        limit: i64,
    ) -> Result<Vec<String>> {
        let read = |row: &Row| row.text("object_id");
        match value {
            Some(value) => self.list(&WITH, &params![key, value, after, scope, limit], read).await,
            None => self.list(&WITH_KEY, &params![key, after, scope, limit], read).await,
        }
    }
}

impl Tx {
    /// Gives an object exactly these labels. `tenant` is whose the object is.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn set_labels(
        &mut self,
        object: &str,
        tenant: Option<TenantId>,
        labels: &Labels,
    ) -> Result<()> {
        self.drop_labels(&[object]).await?;
        self.insert_labels([(object, tenant, labels)]).await
    }

    /// Labels objects that have none yet, all in one statement.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails, or an object has one of the keys already.
    pub async fn insert_labels<'a>(
        &mut self,
        objects: impl IntoIterator<Item = (&'a str, Option<TenantId>, &'a Labels)>,
    ) -> Result<()> {
        match label_rows(objects)? {
            Some(rows) => self.execute(&INSERT, &[rows]).await.map(drop),
            None => Ok(()),
        }
    }

    /// Brings the table in step with the row of an object: `before` are the labels it had, if it was there.
    pub(crate) async fn label(
        &mut self,
        object: &str,
        tenant: Option<TenantId>,
        before: Option<&Labels>,
        labels: &Labels,
    ) -> Result<()> {
        match before {
            None => self.insert_labels([(object, tenant, labels)]).await,
            Some(before) if before.is_empty() && labels.is_empty() => Ok(()),
            Some(_) => self.set_labels(object, tenant, labels).await,
        }
    }

    /// Removes the labels of objects that are removed.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn drop_labels(&mut self, objects: &[&str]) -> Result<()> {
        if objects.is_empty() {
            return Ok(());
        }
        self.execute(&DELETE, &[Param::json(objects)?]).await.map(drop)
    }
}

/// The rows of `label` as the one JSON parameter of `label.insert`; `None` when there are none. For
/// statements that do several things at once.
pub(crate) fn label_rows<'a>(
    objects: impl IntoIterator<Item = (&'a str, Option<TenantId>, &'a Labels)>,
) -> Result<Option<Param>> {
    let mut rows = Vec::new();
    for (object, tenant, labels) in objects {
        let row = |(key, value)| json!({"object": object, "tenant": tenant, "key": key, "value": value});
        rows.extend(labels.iter().map(row));
    }
    if rows.is_empty() { Ok(None) } else { Param::json(&rows).map(Some) }
}
