//! Transactions: run again when they crossed, and not twice under one idempotency key.

use moxxie_core::Timestamp;
use moxxie_store::{Constraint, Holder, Idempotent, StoreError, Tx};
use serde::{Serialize, de::DeserializeOwned};

use crate::{Context, Engine, Error};

/// How often a transaction is run again when it crossed with another.
pub(crate) const TRIES: u32 = 8;

/// Runs the body in a transaction and commits it. The body may leave early with `?`; then nothing is
/// kept. When the database says that two transactions crossed, the whole body runs again.
macro_rules! transaction {
    ($engine:expr, |$tx:ident| $body:block) => {{
        let mut tries = 0_u32;
        loop {
            let attempt: Result<_, $crate::Error> = async {
                #[allow(unused_mut, reason = "some bodies only append audit events")]
                let mut $tx = $engine.0.store.begin().await?;
                let value = $body;
                $tx.commit().await?;
                Ok(value)
            }
            .await;
            match attempt {
                Err(error) if error.crossed() && tries < $crate::write::TRIES => tries += 1,
                other => break other,
            }
        }
    }};
}
pub(crate) use transaction;

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(constraint) => refused(constraint),
            StoreError::NotFound(what) => Self::NotFound { what, name: String::new() },
            StoreError::Stale(what) => Self::conflict(
                "changed_meanwhile",
                format!("the {what} was changed by somebody else; read it again"),
            ),
            StoreError::Cursor => {
                Self::invalid("cursor", "is not a cursor of this list: give back `nextCursor` as it was")
            }
            StoreError::NulCharacter => Self::invalid("", "the character NUL cannot be stored"),
            unavailable @ (StoreError::Retry(_) | StoreError::Unavailable(_) | StoreError::Full(_)) => {
                Self::Unavailable {
                    message: "the database is not available; try again (a write repeated with its Idempotency-Key is done once)".into(),
                    retry_after_s: 2,
                    source: Some(Box::new(unavailable)),
                }
            }
            other => Self::Internal(Box::new(other)),
        }
    }
}

/// Why something could not be removed, when that is because something else refers to it.
pub(crate) fn still_used(error: StoreError, what: &str, name: &moxxie_core::Name) -> Error {
    match error.constraint() {
        Some(Constraint::Referenced) => Error::conflict(
            "in_use",
            format!("{what} {name} is still in use; remove what refers to it first"),
        ),
        _ => error.into(),
    }
}

/// Refuses to remove what other things refer to, and says which.
pub(crate) fn refuse_held(what: &str, name: &moxxie_core::Name, holders: &[Holder]) -> Result<(), Error> {
    if holders.is_empty() {
        return Ok(());
    }
    let named: Vec<_> = holders.iter().map(|holder| format!("{} {}", holder.what, holder.name)).collect();
    let message = format!("{what} {name} is still in use by {}; remove that first", named.join(", "));
    Err(Error::Conflict { code: "in_use", message, context: Some(serde_json::json!({"usedBy": named})) })
}

fn refused(constraint: Constraint) -> Error {
    match constraint {
        Constraint::PrefixOverlap => {
            Error::conflict("prefix_taken", "the prefix overlaps one that is in use")
        }
        Constraint::PoolOverlap => Error::conflict("pool_overlap", "the prefix overlaps another pool"),
        Constraint::ContainerTaken => {
            Error::conflict("container_taken", "the VRF has a container of that prefix already")
        }
        Constraint::AsnRangeOverlap => {
            Error::conflict("asn_range_overlap", "the range overlaps another range of AS numbers")
        }
        Constraint::AsnTaken => Error::conflict("asn_taken", "the AS number is in use"),
        Constraint::RangeOverlap => {
            Error::conflict("range_overlap", "the range overlaps another range of the network")
        }
        Constraint::VlanTaken => Error::conflict("vlan_taken", "the VLAN id is in use in this VLAN domain"),
        Constraint::AddressTaken => Error::conflict("address_taken", "the address is recorded already"),
        Constraint::NameTaken(table) => Error::conflict(
            "name_taken",
            format!("there is a {table} of that name already; choose another name"),
        ),
        Constraint::ChangeOpen => {
            Error::conflict("change_open", "the network has a change that is not over yet")
        }
        Constraint::IdempotencyKey => Error::conflict("idempotency_key", "the idempotency key is in use"),
        Constraint::Referenced => Error::conflict("in_use", "something else still refers to it"),
        other @ (Constraint::Duplicate(_) | Constraint::AppendOnly | Constraint::Check) => {
            Error::Internal(Box::new(StoreError::Conflict(other)))
        }
    }
}

impl Error {
    /// Whether running the same transaction again may help at once.
    pub(crate) fn crossed(&self) -> bool {
        let Self::Unavailable { source: Some(source), .. } = self else { return false };
        source.downcast_ref::<StoreError>().is_some_and(StoreError::is_retryable)
    }
}

impl Engine {
    pub(crate) fn now(&self) -> Timestamp {
        self.0.ambient.now()
    }

    /// What was answered to this request before, if it carries a key and was.
    pub(crate) async fn recall<T: DeserializeOwned>(&self, context: &Context) -> Result<Option<T>, Error> {
        let Some(idempotency) = &context.idempotency else { return Ok(None) };
        let owner = context.owner();
        let kept = Box::pin(self.0.store.idempotent(&owner, &idempotency.route, &idempotency.key)).await?;
        let Some(kept) = kept else { return Ok(None) };
        if kept.body_hash != self.0.store.body_tag(idempotency.body_hash.as_bytes()) {
            return Err(Error::invalid(
                "Idempotency-Key",
                "this key was used for another request; use a new key for a new request",
            ));
        }
        serde_json::from_value(kept.response).map(Some).map_err(|error| Error::Internal(Box::new(error)))
    }

    /// Keeps the answer beside the work, so that the same key gives it again.
    pub(crate) async fn keep<T: Serialize>(
        &self,
        tx: &mut Tx,
        context: &Context,
        answer: &T,
    ) -> Result<(), Error> {
        if let Some(kept) = self.to_keep(context, answer, self.now())? {
            tx.insert_idempotent(&kept).await?;
        }
        Ok(())
    }

    /// What is kept so that the same key gives the answer again; nothing without a key.
    pub(crate) fn to_keep<T: Serialize>(
        &self,
        context: &Context,
        answer: &T,
        now: Timestamp,
    ) -> Result<Option<Idempotent>, Error> {
        let Some(idempotency) = &context.idempotency else { return Ok(None) };
        let response = serde_json::to_value(answer).map_err(|error| Error::Internal(Box::new(error)))?;
        Ok(Some(Idempotent {
            principal: context.owner(),
            route: idempotency.route.clone(),
            key: idempotency.key.clone(),
            body_hash: self.0.store.body_tag(idempotency.body_hash.as_bytes()),
            status: 200,
            response,
            created_at: now,
        }))
    }

    /// Of two requests with one key at once, the loser gets the winner's answer.
    pub(crate) async fn or_recall<T: DeserializeOwned>(
        &self,
        context: &Context,
        result: Result<T, Error>,
    ) -> Result<T, Error> {
        match result {
            // The loser may also have met what the winner made (a name, a VLAN, an address), or removed.
            Err(error @ (Error::Conflict { .. } | Error::Invalid(_) | Error::NotFound { .. }))
                if context.idempotency.is_some() =>
            {
                Box::pin(self.recall(context)).await?.ok_or(error)
            }
            other => other,
        }
    }
}

impl Context {
    fn owner(&self) -> String {
        self.principal.token.map_or_else(|| self.principal.name.clone(), |id| id.to_string())
    }
}
