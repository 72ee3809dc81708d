//! One API session: reads sentences, runs commands in shuffled order, interleaves replies.

use std::sync::Arc;
use std::time::Duration;

use routeros_wire::{Decoder, Sentence};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadHalf};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::follow::{Computed, follow_change};
use super::queue::{Queue, Waiting};
use super::shared::Shared;
use super::supervisor::Control;
use super::writer::{self, Write};
use crate::command::{Follow, Replies, Request, Then, execute};
use crate::conditions::Way;
use crate::errors::Trap;
use crate::faults::FaultKind;
use crate::state::{Caller, Change, Follower, Router, Running};

/// Sentences that one command sends before another may come in between.
const BURST: usize = 8;

/// Bytes gathered before they are handed to the socket.
const FLUSH_AT: usize = 64 * 1024;

/// Room for reading.
const READ_AT_ONCE: usize = 32 * 1024;

/// How a session ends.
pub(super) enum End {
    /// In order: what was written still goes out.
    Close,
    /// Reset: what was written is lost.
    Reset,
}

/// Replies under way.
pub(super) struct Output {
    pub(super) tag: Option<Vec<u8>>,
    pub(super) replies: Replies,
    pub(super) sent: usize,
    /// The command that went on is over.
    pub(super) last: bool,
}

/// The state of one session.
pub(super) struct Connection {
    pub(super) shared: Arc<Shared>,
    pub(super) peer: String,
    pub(super) via: &'static str,
    pub(super) caller: Option<Caller>,
    /// What was asked at the last `/login` of the old kind.
    pub(super) challenge: Option<[u8; 16]>,
    pub(super) queue: Queue,
    pub(super) outputs: Vec<Output>,
    /// Tags of commands that never answer, by fault.
    pub(super) hung: Vec<Option<Vec<u8>>>,
    /// Tags that follow a menu.
    pub(super) following: Vec<Option<Vec<u8>>>,
    pub(super) changes: (mpsc::UnboundedSender<Output>, mpsc::UnboundedReceiver<Output>),
    pub(super) buffer: Vec<u8>,
    /// When the line had carried what was read last.
    arrived: Instant,
    writer: mpsc::UnboundedSender<Write>,
}

/// Serves a connection until it ends. `reset` makes closing it a reset.
pub(crate) async fn serve<S>(
    shared: Arc<Shared>,
    stream: S,
    peer: String,
    via: &'static str,
    reset: impl Fn() + Send,
) where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let (reader, half) = tokio::io::split(stream);
    let (writer, writing) = writer::spawn(shared.clone(), half);
    let cut = shared.cut.subscribe();
    let mut connection = Connection {
        shared,
        peer,
        via,
        caller: None,
        challenge: None,
        queue: Queue::default(),
        outputs: Vec::new(),
        hung: Vec::new(),
        following: Vec::new(),
        changes: mpsc::unbounded_channel(),
        buffer: Vec::new(),
        arrived: Instant::now(),
        writer,
    };
    let end = connection.run(reader, cut).await;
    if let Some(session) = connection.caller.as_ref().and_then(|caller| caller.session) {
        connection.shared.router().close_session(session);
    }
    match end {
        End::Close => {
            connection.flush();
            let _ = connection.writer.send(Write::Close);
            let _ = tokio::time::timeout(Duration::from_secs(5), writing).await;
        }
        End::Reset => {
            reset();
            writing.abort();
        }
    }
}

impl Connection {
    async fn run<S: AsyncRead>(&mut self, mut reader: ReadHalf<S>, mut cut: watch::Receiver<u64>) -> End {
        let mut decoder = Decoder::new();
        let mut silence = self.shared.faults.silence();
        loop {
            // While packets vanish, nothing is read and nothing said.
            if *silence.borrow_and_update() {
                tokio::select! {
                    _ = cut.changed() => return End::Reset,
                    _ = silence.changed() => continue,
                }
            }
            if self.was_cut() {
                return End::Reset;
            }
            if let Some(end) = self.step().await {
                return end;
            }
            let idle =
                self.outputs.is_empty() && self.queue.next_ready().is_none_or(|at| at > Instant::now());
            if idle {
                self.flush();
            }
            let wake = self.queue.next_ready();
            // Whole batches are read at once, so that pipelined commands wait together.
            decoder.buffer_mut().reserve(READ_AT_ONCE);
            tokio::select! {
                biased;
                _ = cut.changed() => return End::Reset,
                read = reader.read_buf(decoder.buffer_mut()) => match read {
                    Ok(0) => return End::Close,
                    Err(_) => return End::Reset,
                    Ok(bytes) => if let Some(end) = self.take_in(&mut decoder, bytes) {
                        return end;
                    },
                },
                output = self.changes.1.recv() => if let Some(output) = output {
                    self.hear(output);
                },
                () = sleep_until(wake), if idle && wake.is_some() => {}
                _ = silence.changed() => {}
                () = std::future::ready(()), if !idle => {}
            }
        }
    }

    /// `/user/active remove` ends a session.
    fn was_cut(&self) -> bool {
        let Some(session) = self.caller.as_ref().and_then(|caller| caller.session) else { return false };
        self.shared.router().sessions.get(&session).is_none_or(|session| session.cut)
    }

    /// Every complete sentence that was read.
    fn take_in(&mut self, decoder: &mut Decoder, bytes: usize) -> Option<End> {
        self.arrived = self.shared.faults.carry(Way::In, bytes, Instant::now());
        loop {
            match decoder.next_sentence() {
                Ok(Some(sentence)) => {
                    if let Some(end) = self.accept(sentence) {
                        return Some(end);
                    }
                }
                Ok(None) => return None,
                // A reader that meets a control byte cannot resynchronise (reference 1.1).
                Err(_) => return Some(End::Close),
            }
        }
    }

    fn accept(&mut self, sentence: Sentence) -> Option<End> {
        let request = Request::from_sentence(&sentence);
        if self.caller.is_none() {
            return self.before_login(&sentence, &request);
        }
        match request.path.as_str() {
            "/quit" => return Some(self.fatal("session terminated on request", &request)),
            "/cancel" => {
                self.shared.record(self.session(), &sentence, true);
                self.cancel(&request);
            }
            _ => {
                let (latency, jitter) = self.shared.faults.latency();
                let extra = self.shared.pick(jitter.as_millis() as usize + 1) as u64;
                let arrived = self.shared.faults.admit(self.arrived);
                let ready_at = arrived + latency + Duration::from_millis(extra);
                self.queue.push(Waiting { request, sentence, ready_at, delayed: false });
            }
        }
        None
    }

    /// Runs one command that may run, or sends a burst of replies.
    async fn step(&mut self) -> Option<End> {
        let shared = self.shared.clone();
        // Running first makes replies of many commands wait together, so that they can interleave.
        let run_first = self.outputs.is_empty() || shared.pick(4) > 0;
        if run_first && !self.queue.is_empty() {
            let shuffle = shared.shuffle;
            let waiting =
                self.queue.take(Instant::now(), |ready| if shuffle { shared.pick(ready) } else { 0 });
            if let Some(waiting) = waiting {
                return self.run_command(waiting).await;
            }
        }
        if !self.outputs.is_empty() {
            let at = self.shared.pick(self.outputs.len());
            let output = &mut self.outputs[at];
            let to = (output.sent + BURST).min(output.replies.len());
            if to > output.sent {
                self.buffer.extend_from_slice(output.replies.slice(output.sent, to));
            }
            output.sent = to;
            if output.sent == output.replies.len() {
                self.outputs.swap_remove(at);
            }
            if self.buffer.len() >= FLUSH_AT {
                self.flush();
            }
        }
        None
    }

    async fn run_command(&mut self, mut waiting: Waiting) -> Option<End> {
        let shared = self.shared.clone();
        let request = &waiting.request;
        let fault = match waiting.delayed {
            true => None,
            false => shared.faults.meet(&request.path, |name| request.text(name)),
        };
        let tag = request.tag.clone();
        match fault {
            Some(FaultKind::Delay(by)) => {
                waiting.ready_at = Instant::now() + by;
                waiting.delayed = true;
                self.queue.push(waiting);
                return None;
            }
            Some(FaultKind::ResetBefore) => {
                shared.record(self.session(), &waiting.sentence, false);
                return Some(End::Reset);
            }
            Some(FaultKind::HangBefore) => {
                shared.record(self.session(), &waiting.sentence, false);
                self.hung.push(tag);
                return None;
            }
            Some(FaultKind::Reboot) => {
                shared.record(self.session(), &waiting.sentence, false);
                let _ = shared.control.send(Control::Reboot(None));
                return Some(End::Reset);
            }
            Some(FaultKind::Refuse(text)) => {
                shared.record(self.session(), &waiting.sentence, false);
                let mut replies = Replies::new(tag.clone());
                replies.trap(&Trap::text(text));
                replies.done(None);
                self.push(tag, replies);
                return None;
            }
            _ => {}
        }
        let mut replies = Replies::new(tag.clone());
        let then = self.execute(&waiting, &mut replies);
        match fault {
            Some(FaultKind::LoseReply) => return Some(End::Reset),
            Some(FaultKind::HangReply) => {
                self.hung.push(tag);
                return None;
            }
            Some(FaultKind::ResetMidSentence) => return Some(self.reset_in_the_middle(&replies).await),
            _ => {}
        }
        self.push(tag.clone(), replies);
        match then {
            Then::Done | Then::Follow(_) => None,
            Then::Sample(monitor) => {
                self.go_on(tag, monitor);
                None
            }
            Then::Reboot | Then::Shutdown => {
                self.send_all();
                let _ = self.shared.control.send(match then {
                    Then::Shutdown => Control::PowerOff,
                    _ => Control::Reboot(None),
                });
                None
            }
        }
    }

    fn execute(&mut self, waiting: &Waiting, replies: &mut Replies) -> Then {
        let Some(caller) = self.caller.clone() else { return Then::Done };
        self.shared.record(self.session(), &waiting.sentence, true);
        let mut router = self.shared.router();
        let then = execute(&mut router, &caller, &waiting.request, replies);
        if let Then::Follow(follow) = then {
            let tag = waiting.request.tag.clone();
            let session = caller.session.unwrap_or(0);
            let follow: Arc<Follow> = Arc::from(follow);
            let mut computed = Computed::new(&router, &follow, caller);
            let (changes, followed) = (self.changes.0.clone(), follow.clone());
            let notify = move |router: &Router, change: &Change| {
                follow_change(router, &followed, change).is_none_or(|output| changes.send(output).is_ok())
            };
            let bytes = tag.clone().unwrap_or_default();
            router.followers.push(Follower { session, tag: bytes.clone(), notify: Box::new(notify) });
            let changes = self.changes.0.clone();
            let advance = move |router: &Router| {
                computed.changes(router, &follow).is_none_or(|output| changes.send(output).is_ok())
            };
            router.running.push(Running { session, tag: bytes, advance: Box::new(advance) });
            drop(router);
            self.push(tag.clone(), std::mem::take(replies));
            self.following.push(tag);
            return Then::Done;
        }
        then
    }

    /// Half of the answer, cut inside a sentence.
    async fn reset_in_the_middle(&mut self, replies: &Replies) -> End {
        self.send_all();
        let bytes = replies.bytes();
        let _ = self.writer.send(Write::Bytes(bytes[..bytes.len() / 2].to_vec()));
        // The half has to be on its way before the reset throws the rest away.
        tokio::time::sleep(Duration::from_millis(20)).await;
        End::Reset
    }

    pub(super) fn fatal(&mut self, reason: &str, request: &Request) -> End {
        self.send_all();
        let mut replies = Replies::new(request.tag.clone());
        replies.fatal(reason);
        self.buffer.extend_from_slice(replies.bytes());
        End::Close
    }

    pub(super) fn session(&self) -> u32 {
        self.caller.as_ref().and_then(|caller| caller.session).unwrap_or(0)
    }

    pub(super) fn push(&mut self, tag: Option<Vec<u8>>, replies: Replies) {
        if replies.len() > 0 {
            self.outputs.push(Output { tag, replies, sent: 0, last: false });
        }
    }

    fn send_all(&mut self) {
        for output in std::mem::take(&mut self.outputs) {
            if output.sent < output.replies.len() {
                self.buffer.extend_from_slice(output.replies.slice(output.sent, output.replies.len()));
            }
        }
        self.flush();
    }

    fn flush(&mut self) {
        if !self.buffer.is_empty() {
            let _ = self.writer.send(Write::Bytes(std::mem::take(&mut self.buffer)));
        }
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
