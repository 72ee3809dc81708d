//! Audit events and the hash chain that makes a missing or altered one show.

use ring::digest;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::{EventId, TenantId, Timestamp};

/// One audit event, as stored and as exported, one JSON line each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditEvent {
    /// Its id.
    pub id: EventId,
    /// The chain it is in: one per run of a server process.
    pub writer: String,
    /// Its place in the chain, from 1 without gaps.
    pub seq: i64,
    /// When it was written, by the writer's clock.
    pub at: Timestamp,
    /// Who: a token's name or `system`.
    pub actor: String,
    /// From where.
    pub source: String,
    /// What was done: `network.provision`, `router.command`, `token.create`, ...
    pub action: String,
    /// To what: an id.
    pub object: String,
    /// Whose it is, when it is one tenant's.
    pub tenant_id: Option<TenantId>,
    /// `accepted`, `succeeded`, `refused`, `failed`.
    pub outcome: String,
    /// Why, before and after, router commands and answers: whatever the action calls for. No secrets.
    pub detail: Value,
    /// Hash of the event before it in the chain, hex; 64 zeros for the first.
    pub previous: String,
    /// Hash of this event, hex.
    pub hash: String,
}

/// The `previous` of a chain's first event.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Why a chain does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// An event is missing, or one too many is there.
    #[error("chain {writer}: event {expected} is missing; {found} follows instead")]
    Gap {
        /// The chain.
        writer: String,
        /// The place that should have come.
        expected: i64,
        /// The place that came.
        found: i64,
    },
    /// An event does not refer to the one before it.
    #[error("chain {writer}: event {seq} does not continue event {}", seq - 1)]
    Broken {
        /// The chain.
        writer: String,
        /// The place.
        seq: i64,
    },
    /// An event is not what it was when it was written.
    #[error("chain {writer}: event {seq} was altered after it was written")]
    Altered {
        /// The chain.
        writer: String,
        /// The place.
        seq: i64,
    },
}

impl AuditEvent {
    /// The hash the event should have: SHA-256 over its JSON without the hash itself.
    ///
    /// Fields stand in the order of the struct and maps in `detail` in the order of their keys, whatever
    /// order they were built in, so the text is the same in every build.
    #[must_use]
    pub fn expected_hash(&self) -> String {
        let sealed = Sealed {
            id: self.id,
            writer: &self.writer,
            seq: self.seq,
            at: self.at,
            actor: &self.actor,
            source: &self.source,
            action: &self.action,
            object: &self.object,
            tenant_id: self.tenant_id,
            outcome: &self.outcome,
            detail: InOrder(&self.detail),
            previous: &self.previous,
            hash: "",
        };
        let text = serde_json::to_vec(&sealed).unwrap_or_default();
        hex(digest::digest(&digest::SHA256, &text).as_ref())
    }

    /// Puts the event behind `previous` (its place and hash) and seals it.
    pub fn seal(&mut self, previous: Option<(i64, &str)>) {
        let (seq, hash) = previous.unwrap_or((0, GENESIS));
        self.seq = seq + 1;
        hash.clone_into(&mut self.previous);
        self.hash = self.expected_hash();
    }

    /// Checks that this event continues the chain whose last place and hash are `previous`.
    ///
    /// # Errors
    /// [`ChainError`] names the first place where the chain does not hold.
    pub fn check(&self, previous: Option<(i64, &str)>) -> Result<(), ChainError> {
        let (seq, hash) = previous.unwrap_or((0, GENESIS));
        let writer = self.writer.clone();
        if self.seq != seq + 1 {
            return Err(ChainError::Gap { writer, expected: seq + 1, found: self.seq });
        }
        if self.previous != hash {
            return Err(ChainError::Broken { writer, seq: self.seq });
        }
        if self.hash != self.expected_hash() {
            return Err(ChainError::Altered { writer, seq: self.seq });
        }
        Ok(())
    }
}

/// What an event's hash is computed of: [`AuditEvent`] field by field, with an empty hash.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Sealed<'a> {
    id: EventId,
    writer: &'a str,
    seq: i64,
    at: Timestamp,
    actor: &'a str,
    source: &'a str,
    action: &'a str,
    object: &'a str,
    tenant_id: Option<TenantId>,
    outcome: &'a str,
    detail: InOrder<'a>,
    previous: &'a str,
    hash: &'static str,
}

/// A value that is written with the keys of every map in order. `serde_json` keeps maps ordered by key or by
/// insertion depending on a feature that any crate of a build can switch on; this is the same in both.
struct InOrder<'a>(&'a Value);

impl Serialize for InOrder<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(map) => {
                let mut pairs: Vec<_> = map.iter().collect();
                pairs.sort_unstable_by_key(|(key, _)| *key);
                serializer.collect_map(pairs.into_iter().map(|(key, value)| (key, InOrder(value))))
            }
            Value::Array(items) => serializer.collect_seq(items.iter().map(InOrder)),
            plain => plain.serialize(serializer),
        }
    }
}

/// Lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::uuid_v7;

    fn chain(length: i64) -> Vec<AuditEvent> {
        let mut events: Vec<AuditEvent> = Vec::new();
        for n in 0..length {
            let mut event = AuditEvent {
                id: EventId::new(uuid_v7(n.unsigned_abs(), [0; 10])),
                writer: "w".into(),
                seq: 0,
                at: Timestamp::UNIX_EPOCH,
                actor: "root".into(),
                source: "local".into(),
                action: "site.create".into(),
                object: format!("site-{n}"),
                tenant_id: None,
                outcome: "succeeded".into(),
                detail: serde_json::json!({"b": 1, "a": [n]}),
                previous: String::new(),
                hash: String::new(),
            };
            event.seal(events.last().map(|e| (e.seq, e.hash.as_str())));
            events.push(event);
        }
        events
    }

    fn verify(events: &[AuditEvent]) -> Result<(), ChainError> {
        let mut last = None;
        for event in events {
            event.check(last)?;
            last = Some((event.seq, event.hash.as_str()));
        }
        Ok(())
    }

    #[test]
    fn an_untouched_chain_holds_also_after_a_trip_through_json() {
        let events = chain(4);
        verify(&events).unwrap();
        let text = serde_json::to_string(&events).unwrap();
        verify(&serde_json::from_str::<Vec<_>>(&text).unwrap()).unwrap();
    }

    #[test]
    fn the_hash_is_over_the_json_of_the_event_with_an_empty_hash() {
        let mut event = chain(2).remove(1);
        event.detail = serde_json::json!({"a": [1], "b": 1});
        event.hash = event.expected_hash();
        let bare = AuditEvent { hash: String::new(), ..event.clone() };
        let text = serde_json::to_vec(&bare).unwrap();
        assert_eq!(event.hash, hex(digest::digest(&digest::SHA256, &text).as_ref()));
        assert_eq!(hex(&[0, 15, 0xa5, 255]), "000fa5ff");
    }

    #[test]
    fn the_order_in_which_a_detail_was_built_does_not_matter() {
        let mut one = chain(1).remove(0);
        one.detail = serde_json::from_str(r#"{"b": {"y": 1, "x": [{"q": 1, "p": 2}]}, "a": 2}"#).unwrap();
        let mut other = one.clone();
        other.detail = serde_json::from_str(r#"{"a": 2, "b": {"x": [{"p": 2, "q": 1}], "y": 1}}"#).unwrap();
        assert_eq!(one.expected_hash(), other.expected_hash());
    }

    #[test]
    fn altered_missing_and_reordered_events_show() {
        let mut altered = chain(4);
        altered[2].actor = "somebody".into();
        assert_eq!(verify(&altered), Err(ChainError::Altered { writer: "w".into(), seq: 3 }));

        let mut missing = chain(4);
        missing.remove(1);
        assert!(matches!(verify(&missing), Err(ChainError::Gap { expected: 2, found: 3, .. })));

        let mut resealed = chain(4);
        resealed[1].detail = Value::Null;
        resealed[1].hash = resealed[1].expected_hash();
        assert_eq!(verify(&resealed), Err(ChainError::Broken { writer: "w".into(), seq: 3 }));
    }
}
