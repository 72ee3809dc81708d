//! The task that owns a connection's socket.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::BytesMut;
use routeros_wire::Decoder;
use tokio::io::{AsyncReadExt, AsyncWriteExt, WriteHalf};
use tokio::sync::{mpsc, watch};
use tracing::{debug, trace};

use crate::activity::Activity;
use crate::pending::{Event, Pending, PendingSet, Sink};
use crate::transport::{Transport, end_of_stream, with_room};
use crate::{Command, LostCause};

/// No more commands are taken from the queue while this many bytes wait to be written.
const OUT_HIGH_WATER: usize = 1 << 20;
/// Requests taken from the queue at once.
const BATCH: usize = 256;
/// Time for last words (cancels, TLS close) when the connection is given up.
const FAREWELL: Duration = Duration::from_secs(1);

/// One command to send.
pub(crate) struct Submission {
    pub(crate) tag: u64,
    pub(crate) command: Command,
    pub(crate) sink: Sink,
}

/// What handles ask of the task.
pub(crate) enum Request {
    One(Submission),
    /// Goes out in one piece.
    Wave(Vec<Submission>),
    /// Sends `/cancel` for a command, if it is still under way.
    Cancel {
        tag: u64,
        /// Tag of the cancel itself.
        own_tag: u64,
        /// Nobody reads its replies any more.
        abandon: bool,
    },
    /// Ends the connection at once.
    Close,
}

/// State of the task beside the socket.
struct Driver {
    decoder: Decoder,
    pending: PendingSet,
    out: BytesMut,
    /// Bytes ever put into `out`.
    queued: u64,
    /// Shared with the handles, so that tags of cancels are not theirs.
    tags: Arc<AtomicU64>,
    /// A handle asked for the end: nothing more is sent.
    closing: bool,
}

/// Runs a logged-in connection until all handles are gone, it is closed, or it is lost.
pub(crate) async fn run(
    transport: Transport,
    decoder: Decoder,
    mut requests: mpsc::UnboundedReceiver<Request>,
    over: watch::Sender<Option<LostCause>>,
    activity: Arc<Activity>,
    tags: Arc<AtomicU64>,
) {
    let mut driver = Driver {
        decoder,
        pending: PendingSet::default(),
        out: BytesMut::new(),
        queued: 0,
        tags,
        closing: false,
    };
    // A kernel that refuses a write has taken nothing of it; a TLS session may have encrypted and sent some.
    let doubtful = matches!(transport, Transport::Tls(_));
    let (mut reader, mut writer) = tokio::io::split(transport);
    let mut batch = Vec::with_capacity(BATCH);
    let mut unflushed = false;

    let (cause, in_doubt) = loop {
        // Reading never waits for writing: a router that stops reading because its answers pile up would
        // otherwise stop both sides for good. All three are safe to drop half-way.
        tokio::select! {
            taken = requests.recv_many(&mut batch, BATCH), if driver.out.len() < OUT_HIGH_WATER => {
                if taken == 0 || !driver.accept_all(&mut batch) {
                    break (LostCause::ClosedHere, false);
                }
            }
            pushed = push(&mut writer, &mut driver.out), if unflushed || !driver.out.is_empty() => match pushed {
                Ok(written) => unflushed = written,
                Err(error) => break (LostCause::Io(Arc::new(error)), doubtful),
            },
            read = reader.read_buf(with_room(driver.decoder.buffer_mut())) => match read {
                Ok(0) => break (end_of_stream(&driver.decoder), false),
                Ok(_) => {
                    activity.hear();
                    if let Err(cause) = driver.dispatch_all() {
                        break (cause, false);
                    }
                }
                Err(error) => break (LostCause::Io(Arc::new(error)), false),
            },
        }
    };

    if matches!(cause, LostCause::ClosedHere) {
        _ = tokio::time::timeout(FAREWELL, async {
            // Where the handles were dropped, the cancels of streams dropped with them are still worth it.
            if !driver.closing {
                writer.write_all_buf(&mut driver.out).await?;
            }
            writer.shutdown().await
        })
        .await;
    }
    drop((reader, writer));
    debug!(%cause, "connection over");
    // Where a failed write does not say how much has left, all of it counts as sent.
    let left = if in_doubt { 0 } else { driver.out.len() as u64 };
    let written = driver.queued - left;
    over.send_replace(Some(cause.clone()));
    driver.pending.lose_all(written, &cause);
    requests.close();
    while let Ok(request) = requests.try_recv() {
        batch.push(request);
    }
    for submission in batch.into_iter().flat_map(Request::into_submissions) {
        submission.into_pending().1.fail(|command| crate::Error::lost(command, false, cause.clone()));
    }
}

/// Writes some of `out`, or flushes when all of it is written; true when a flush is still due.
async fn push(writer: &mut WriteHalf<Transport>, out: &mut BytesMut) -> io::Result<bool> {
    if out.is_empty() {
        writer.flush().await?;
        return Ok(false);
    }
    match writer.write_buf(out).await? {
        0 => Err(io::ErrorKind::WriteZero.into()),
        _ => Ok(true),
    }
}

impl Driver {
    /// Queues requests for writing; false when the connection is to end.
    fn accept_all(&mut self, batch: &mut Vec<Request>) -> bool {
        let mut requests = batch.drain(..);
        while let Some(request) = requests.next() {
            match request {
                Request::Cancel { tag, own_tag, abandon } => self.cancel(tag, own_tag, abandon),
                Request::Close => {
                    // What was asked for after the close never leaves.
                    let rest: Vec<_> = requests.collect();
                    batch.extend(rest);
                    self.closing = true;
                    return false;
                }
                Request::One(submission) => self.queue(submission),
                Request::Wave(wave) => wave.into_iter().for_each(|submission| self.queue(submission)),
            }
        }
        true
    }

    fn queue(&mut self, submission: Submission) {
        trace!(tag = submission.tag, command = submission.command.path(), "queued");
        let before = self.out.len();
        submission.command.encode(submission.tag, &mut self.out);
        let (tag, pending) = submission.into_pending();
        self.pending.insert(tag, self.queued, pending);
        self.queued += (self.out.len() - before) as u64;
    }

    fn cancel(&mut self, tag: u64, own_tag: u64, abandon: bool) {
        if !self.pending.contains(tag) {
            return;
        }
        if abandon {
            self.pending.abandon(tag);
        }
        let command = Command::new("/cancel").attr("tag", tag.to_string());
        self.queue(Submission { tag: own_tag, command, sink: Sink::Nobody });
    }

    fn dispatch_all(&mut self) -> Result<(), LostCause> {
        while let Some(sentence) = self.decoder.next_sentence().map_err(LostCause::Decode)? {
            match self.pending.dispatch(sentence) {
                Some(Event::Cancel(tag)) => {
                    let own_tag = self.tags.fetch_add(1, Ordering::Relaxed);
                    self.cancel(tag, own_tag, true);
                }
                Some(Event::Over(cause)) => return Err(cause),
                None => {}
            }
        }
        Ok(())
    }
}

impl Request {
    pub(crate) fn into_submissions(self) -> Vec<Submission> {
        match self {
            Self::One(submission) => vec![submission],
            Self::Wave(submissions) => submissions,
            Self::Cancel { .. } | Self::Close => Vec::new(),
        }
    }
}

impl Submission {
    pub(crate) fn into_pending(self) -> (u64, Pending) {
        let many_targets = self.command.has_many_targets();
        let command = self.command.path().into();
        (self.tag, Pending { command, sink: self.sink, many_targets, traps: Vec::new() })
    }
}
