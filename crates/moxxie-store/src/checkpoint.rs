//! Verification of the audit trail, and its signed checkpoints.
//!
//! Who can write to the database can also compute a chain anew, head included. A checkpoint signs the
//! heads with a key derived from the master key, which is not in the database; each signature covers
//! the one before it.

use std::collections::{BTreeMap, HashMap, HashSet};

use moxxie_core::{Timestamp, audit::ChainError};
use ring::hmac;

use crate::{
    Reads, Result, Store,
    audit::{CHAINS, read},
    key::Keys,
    param::{Param, params},
    row::Row,
    statement::Statement,
};

static HEADS: Statement = Statement::new("checkpoint.heads", "SELECT writer, seq FROM audit_head");
static LOCK: Statement =
    Statement::new("checkpoint.lock", "SELECT id FROM installation WHERE id = 1").locking("installation");
static NEW_HEADS: Statement = Statement::new(
    "checkpoint.new_heads",
    "SELECT writer, seq, hash FROM audit_head WHERE seq > checkpointed ORDER BY writer",
);
static MARK: Statement =
    Statement::new("checkpoint.mark", "UPDATE audit_head SET checkpointed = $2 WHERE writer = $1");
static LAST: Statement = Statement::new(
    "checkpoint.last",
    "SELECT seq, at, heads, signature FROM audit_checkpoint ORDER BY seq DESC LIMIT 1",
);
static AFTER: Statement = Statement::new(
    "checkpoint.after",
    "SELECT seq, at, heads, signature FROM audit_checkpoint WHERE seq > $1 ORDER BY seq LIMIT 100",
);
static INSERT: Statement = Statement::new(
    "checkpoint.insert",
    "INSERT INTO audit_checkpoint (seq, at, heads, signature) VALUES ($1, $2, $3, $4)",
);
static EVENT: Statement =
    Statement::new("checkpoint.event", "SELECT hash FROM audit_event WHERE writer = $1 AND seq = $2");

pub(crate) static STATEMENTS: &[&Statement] =
    &[&HEADS, &LOCK, &NEW_HEADS, &MARK, &LAST, &AFTER, &INSERT, &EVENT];

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditReport {
    /// Events looked at.
    pub events: u64,
    /// Chains they are in.
    pub chains: u64,
    /// Signed checkpoints looked at.
    pub checkpoints: u64,
    /// What does not hold; empty when all is well.
    pub problems: Vec<AuditProblem>,
}

/// Something in the audit trail that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuditProblem {
    /// Within a chain.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// A chain ends elsewhere than its head says.
    #[error("chain {writer} ends with event {found}, its head says {head}")]
    Head {
        /// The chain.
        writer: String,
        /// The last event found; 0 when there is none.
        found: i64,
        /// The last event by the head; 0 when there is no head.
        head: i64,
    },
    /// A checkpoint's signature does not fit what it says.
    #[error("checkpoint {seq} was altered, or signed with another master key")]
    Signature {
        /// The checkpoint.
        seq: i64,
    },
    /// A checkpoint knows an event that is not there, or not so.
    #[error("checkpoint {seq} vouches for event {event} of chain {writer}, which is missing or another")]
    Checkpoint {
        /// The checkpoint.
        seq: i64,
        /// The chain.
        writer: String,
        /// The event.
        event: i64,
    },
    /// A checkpoint is missing.
    #[error("checkpoint {seq} is missing")]
    MissingCheckpoint {
        /// The checkpoint.
        seq: i64,
    },
}

/// Heads by chain: the last event's place and hash.
type Heads = BTreeMap<String, (i64, String)>;

struct Checkpoint {
    seq: i64,
    at: i64,
    heads: String,
    signature: Vec<u8>,
}

impl Checkpoint {
    /// What is signed. No part but the last can hold a line break.
    fn signed(&self, before: &[u8]) -> Vec<u8> {
        let before = moxxie_core::audit::hex(before);
        format!("{}\n{}\n{before}\n{}", self.seq, self.at, self.heads).into_bytes()
    }

    fn sign(&mut self, keys: &Keys, before: &[u8]) {
        self.signature = hmac::sign(&keys.checkpoint, &self.signed(before)).as_ref().to_vec();
    }

    fn holds(&self, keys: &Keys, before: &[u8]) -> bool {
        hmac::verify(&keys.checkpoint, &self.signed(before), &self.signature).is_ok()
    }
}

fn read_checkpoint(row: &Row) -> Result<Checkpoint> {
    Ok(Checkpoint {
        seq: row.int("seq")?,
        at: row.int("at")?,
        heads: row.text("heads")?,
        signature: row.bytes("signature")?,
    })
}

impl Store {
    /// Walks every chain and every checkpoint, as of one moment.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails; what does not hold is in the report.
    pub async fn verify_audit(&self) -> Result<AuditReport> {
        let snapshot = self.snapshot().await?;
        let mut report = AuditReport::default();
        snapshot.verify_chains(&mut report).await?;
        snapshot.verify_checkpoints(&mut report).await?;
        Ok(report)
    }

    /// Signs all heads as they are now, with a key derived from the master key. `None` when nothing
    /// was written since the last checkpoint; else the checkpoint's number.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn checkpoint_audit(&self, now: Timestamp) -> Result<Option<i64>> {
        let mut tx = self.begin().await?;
        tx.row(&LOCK, &[]).await?;
        let read_head = |row: &Row| Ok((row.text("writer")?, (row.int("seq")?, row.text("hash")?)));
        let heads: Heads = tx.list(&NEW_HEADS, &[], read_head).await?.into_iter().collect();
        if heads.is_empty() {
            return Ok(None);
        }
        let last = tx.one(&LAST, &[], read_checkpoint).await?;
        let (seq, before) = last.map_or((0, Vec::new()), |last| (last.seq, last.signature));
        let Param::Text(Some(text)) = Param::json(&heads)? else { return Ok(None) };
        let mut checkpoint =
            Checkpoint { seq: seq + 1, at: now.as_microsecond(), heads: text, signature: Vec::new() };
        checkpoint.sign(&self.shared.keys, &before);
        for (writer, (event, _)) in &heads {
            tx.execute(&MARK, &params![writer, *event]).await?;
        }
        let params = params![checkpoint.seq, checkpoint.at, checkpoint.heads, checkpoint.signature];
        tx.execute(&INSERT, &params).await?;
        tx.commit().await?;
        Ok(Some(seq + 1))
    }
}

impl Reads {
    async fn verify_chains(&self, report: &mut AuditReport) -> Result<()> {
        let heads = self.list(&HEADS, &[], |row| Ok((row.text("writer")?, row.int("seq")?))).await?;
        let mut heads: HashMap<String, i64> = heads.into_iter().collect();
        // The last event seen: its chain, place and hash.
        let mut last: Option<(String, i64, String)> = None;
        let mut broken = HashSet::new();
        loop {
            let (writer, seq) =
                last.as_ref().map_or((String::new(), 0), |(writer, seq, _)| (writer.clone(), *seq));
            let events = self.list(&CHAINS, &params![writer, seq], read).await?;
            let ended = events.is_empty();
            for event in events {
                report.events += 1;
                let same_chain = last.as_ref().filter(|(writer, ..)| *writer == event.writer);
                if same_chain.is_none() {
                    end_chain(last.as_ref(), &mut heads, report);
                }
                let previous = same_chain.map(|(_, seq, hash)| (*seq, hash.as_str()));
                // One finding per chain: what follows a break tells nothing new.
                if let Err(error) = event.check(previous)
                    && broken.insert(event.writer.clone())
                {
                    report.problems.push(error.into());
                }
                last = Some((event.writer, event.seq, event.hash));
            }
            if ended {
                break;
            }
        }
        end_chain(last.as_ref(), &mut heads, report);
        for (writer, head) in heads {
            if head > 0 {
                report.problems.push(AuditProblem::Head { writer, found: 0, head });
            }
        }
        Ok(())
    }

    async fn verify_checkpoints(&self, report: &mut AuditReport) -> Result<()> {
        let mut last: Option<Checkpoint> = None;
        loop {
            let seq = last.as_ref().map_or(0, |last| last.seq);
            let page = self.list(&AFTER, &params![seq], read_checkpoint).await?;
            if page.is_empty() {
                return Ok(());
            }
            for checkpoint in page {
                report.checkpoints += 1;
                let expected = last.as_ref().map_or(1, |last| last.seq + 1);
                let before = last.as_ref().map_or(&[][..], |last| &last.signature);
                if checkpoint.seq != expected {
                    report.problems.push(AuditProblem::MissingCheckpoint { seq: expected });
                } else if !checkpoint.holds(&self.shared.keys, before) {
                    report.problems.push(AuditProblem::Signature { seq: checkpoint.seq });
                } else {
                    self.verify_heads(&checkpoint, report).await?;
                }
                last = Some(checkpoint);
            }
        }
    }

    async fn verify_heads(&self, checkpoint: &Checkpoint, report: &mut AuditReport) -> Result<()> {
        let Ok(heads) = serde_json::from_str::<Heads>(&checkpoint.heads) else {
            report.problems.push(AuditProblem::Signature { seq: checkpoint.seq });
            return Ok(());
        };
        for (writer, (event, hash)) in heads {
            let found = self.one(&EVENT, &params![&writer, event], |row| row.text("hash")).await?;
            if found.as_ref() != Some(&hash) {
                report.problems.push(AuditProblem::Checkpoint { seq: checkpoint.seq, writer, event });
            }
        }
        Ok(())
    }
}

/// Compares the end of a chain with its head, which a cut-off tail does not reach.
fn end_chain(
    last: Option<&(String, i64, String)>,
    heads: &mut HashMap<String, i64>,
    report: &mut AuditReport,
) {
    let Some((writer, found, _)) = last else { return };
    report.chains += 1;
    let head = heads.remove(writer).unwrap_or(0);
    if head != *found {
        report.problems.push(AuditProblem::Head { writer: writer.clone(), found: *found, head });
    }
}
