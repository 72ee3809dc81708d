//! A logged-in connection.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use routeros_wire::Decoder;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tracing::debug;

use crate::activity::Activity;
use crate::driver::{self, Request, Submission};
use crate::login::login;
use crate::pending::Sink;
use crate::transport::Transport;
use crate::{Command, Config, Error, LostCause, Reply, RowStream};

/// A handle to one logged-in API session. Clones share the session.
///
/// Any number of commands may be under way at once: each has a tag, and replies find their way back. The
/// socket belongs to a task that ends, and the session with it, when the last handle (streams are handles
/// too) is dropped, when [`close`](Self::close) is called, or when the connection is lost. A connection
/// does not come back by itself; [`Client`](crate::Client) does that.
///
/// Nothing says that a router carries out commands of different tags in the order sent: wait for one
/// before sending another that builds on it.
///
/// ```no_run
/// use routeros_client::{Command, Config, Connection, Security};
/// # async fn example() -> Result<(), routeros_client::Error> {
/// let pin = "sha256:5f0c...".parse().expect("64 digits");
/// let config = Config::new("192.0.2.1", "moxxie", "secret".into(), Security::TlsPinned(pin));
/// let connection = Connection::open(&config).await?;
///
/// let added = connection
///     .run(Command::new("/ip/address/add").attr("address", "10.0.0.1/24").attr("interface", "ether2"))
///     .await?;
/// println!("made {:?}", added.ret());
/// for row in connection.run("/ip/address/print").await? {
///     println!("{:?} {:?}", row.id(), row.get("address"));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Connection {
    shared: Arc<Shared>,
}

struct Shared {
    address: Arc<str>,
    command_deadline: Duration,
    stream_backlog: usize,
    requests: mpsc::UnboundedSender<Request>,
    over: watch::Receiver<Option<LostCause>>,
    activity: Arc<Activity>,
    next_tag: Arc<AtomicU64>,
}

impl Connection {
    /// Connects, does TLS where asked for, logs in. Must be called within a tokio runtime, which then runs
    /// the connection's task.
    ///
    /// # Errors
    ///
    /// [`Error::Connect`], [`Error::ConnectTimeout`], [`Error::Tls`], [`Error::Login`], [`Error::LoginCut`].
    pub async fn open(config: &Config) -> Result<Self, Error> {
        let mut stage = "TCP connection";
        let opening = async {
            let mut transport = Transport::open(config, &mut stage).await?;
            stage = "login";
            let mut decoder = Decoder::with_limits(config.limits);
            login(&mut transport, &mut decoder, config).await?;
            Ok((transport, decoder))
        };
        let timeout = config.connect_timeout;
        let opened = tokio::time::timeout(timeout, opening).await;
        let (transport, decoder) = opened.unwrap_or_else(|_| {
            Err(Error::ConnectTimeout { address: config.address.clone(), stage, after: timeout })
        })?;
        debug!(address = %config.address, user = %config.user, "logged in");

        let (requests, queue) = mpsc::unbounded_channel();
        let (over_sender, over) = watch::channel(None);
        let activity = Arc::new(Activity::new());
        let next_tag = Arc::new(AtomicU64::new(1));
        // Not detached: it ends when the last sender of `requests` is gone, and those are in handles.
        let task = driver::run(transport, decoder, queue, over_sender, activity.clone(), next_tag.clone());
        tokio::spawn(task);
        Ok(Self {
            shared: Arc::new(Shared {
                address: config.address.clone(),
                command_deadline: config.command_deadline,
                stream_backlog: config.stream_backlog,
                requests,
                over,
                activity,
                next_tag,
            }),
        })
    }

    /// Runs a command to its end.
    ///
    /// Dropping the future sends `/cancel`; what the command did by then is not known.
    ///
    /// # Errors
    ///
    /// [`Error::Trap`], [`Error::Fatal`], [`Error::Lost`], [`Error::Deadline`]. Ask [`Error::outcome`]
    /// whether a change may have been made.
    pub async fn run(&self, command: impl Into<Command>) -> Result<Reply, Error> {
        let (submission, waiting) = self.submit(command.into());
        self.send(Request::One(submission));
        waiting.answer().await
    }

    /// Runs commands as one wave: all are sent in one piece before any answer is awaited. The results are
    /// in the order of the commands; the router may carry them out in any order.
    ///
    /// Each command has its own deadline, counted from now. An error of one does not stop the others.
    ///
    /// ```
    /// use routeros_client::{Command, Config, Connection, Security};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let router = routeros_emulator::Emulator::builder().user("admin", "secret").start().await?;
    /// # let config = Config::new(&router.addr().to_string(), "admin", "secret".into(), Security::Plain);
    /// # let connection = Connection::open(&config).await?;
    /// let add = |list: &str| Command::new("/interface/list/add").attr("name", list);
    /// let results = connection.run_all(["lan", "wan", "lan"].map(add)).await;
    /// assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn run_all(&self, commands: impl IntoIterator<Item = Command>) -> Vec<Result<Reply, Error>> {
        let (submissions, all): (Vec<_>, Vec<_>) =
            commands.into_iter().map(|command| self.submit(command)).unzip();
        self.send(Request::Wave(submissions));
        let mut results = Vec::with_capacity(all.len());
        for waiting in all {
            results.push(waiting.answer().await);
        }
        results
    }

    /// Starts a command whose rows are taken as they come: `listen`, monitors, long prints.
    ///
    /// Dropping the stream sends `/cancel`. A stream has no deadline unless the command sets one.
    ///
    /// ```
    /// use routeros_client::{Command, Config, Connection, Security};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let router = routeros_emulator::Emulator::builder().user("admin", "secret").start().await?;
    /// # let config = Config::new(&router.addr().to_string(), "admin", "secret".into(), Security::Plain);
    /// # let connection = Connection::open(&config).await?;
    /// let mut traffic = connection
    ///     .stream(Command::new("/interface/monitor-traffic").attr("interface", "ether1").flag("once"));
    /// let sample = traffic.next().await?.expect("one sample");
    /// assert_eq!(sample.get("rx-bits-per-second"), Some("0"));
    /// assert!(traffic.next().await?.is_none(), "once");
    /// # Ok(())
    /// # }
    /// ```
    pub fn stream(&self, command: impl Into<Command>) -> RowStream {
        let command = command.into();
        let tag = self.next_tag();
        let (rows, row_receiver) = mpsc::channel(self.shared.stream_backlog);
        let (end, end_receiver) = oneshot::channel();
        let path: Arc<str> = command.path().into();
        let deadline = command.own_deadline();
        self.send(Request::One(Submission { tag, command, sink: Sink::Stream { rows, end } }));
        RowStream::new(self.clone(), tag, path, deadline, row_receiver, end_receiver)
    }

    /// Streams the changes of a menu (`/ip/address`): each added or changed row in full, and for a removed
    /// one a row with its `.id` for which [`Row::is_dead`](crate::Row::is_dead) is true. It starts with
    /// nothing: print first, and read again from time to time, since changes may be missed around a
    /// reconnect.
    ///
    /// A menu that cannot do it (singletons) ends the stream with `unknown parameter follow-only`.
    ///
    /// ```
    /// use routeros_client::{Config, Connection, Security};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let router = routeros_emulator::Emulator::builder().user("admin", "secret").shuffle(false).start().await?;
    /// # let config = Config::new(&router.addr().to_string(), "admin", "secret".into(), Security::Plain);
    /// # let connection = Connection::open(&config).await?;
    /// let mut changes = connection.listen("/ip/pool");
    /// # // One after the other, so that it has begun when a later command is answered.
    /// # connection.run("/system/identity/print").await?;
    /// // Somebody else makes a pool, and removes it.
    /// let id = router.add_row("/ip/pool", &[("name", "p"), ("ranges", "10.0.0.2-10.0.0.9")])?;
    /// router.remove_row("/ip/pool", "p")?;
    /// let (added, removed) = (changes.next().await?.unwrap(), changes.next().await?.unwrap());
    /// assert_eq!((added.get("name"), added.is_dead()), (Some("p"), false));
    /// assert_eq!((removed.id(), removed.is_dead()), (Some(id.as_str()), true));
    /// changes.cancel().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn listen(&self, menu: &str) -> RowStream {
        self.stream(Command::new(format!("{}/listen", menu.trim_end_matches('/'))))
    }

    /// Ends the session now; commands under way fail as lost. Returns when the socket is closed.
    pub async fn close(&self) {
        self.send(Request::Close);
        self.closed().await;
    }

    /// Waits until the connection is over and says why.
    pub async fn closed(&self) -> LostCause {
        let mut over = self.shared.over.clone();
        match over.wait_for(Option::is_some).await {
            Ok(cause) => cause.clone().unwrap_or(LostCause::ClosedHere),
            // The runtime that ran the task is gone.
            Err(_) => LostCause::ClosedHere,
        }
    }

    /// True once the connection is over. False proves nothing: a path may have died silently.
    pub fn is_closed(&self) -> bool {
        self.shared.over.borrow().is_some() || self.shared.requests.is_closed()
    }

    /// Time since anything came from the router.
    pub fn silent_for(&self) -> Duration {
        self.shared.activity.silent_for()
    }

    /// True when a deadline passed and nothing has come from the router since: the path may be dead.
    pub fn is_suspect(&self) -> bool {
        self.shared.activity.is_suspect()
    }

    /// `host:port` of the router.
    pub fn address(&self) -> &str {
        &self.shared.address
    }

    /// Asks the router to stop a command, if it is still under way.
    pub(crate) fn cancel(&self, tag: u64, abandon: bool) {
        let own_tag = self.next_tag();
        // Where the task is gone, so is the command.
        _ = self.shared.requests.send(Request::Cancel { tag, own_tag, abandon });
    }

    /// A deadline has passed without an answer.
    pub(crate) fn missed(&self) {
        self.shared.activity.miss();
    }

    pub(crate) fn command_deadline(&self) -> Duration {
        self.shared.command_deadline
    }

    /// Hands a request to the task, or fails it where there is none any more.
    fn send(&self, request: Request) {
        if let Err(mpsc::error::SendError(request)) = self.shared.requests.send(request) {
            let cause = self.shared.over.borrow().clone().unwrap_or(LostCause::ClosedHere);
            for submission in request.into_submissions() {
                submission.into_pending().1.fail(|command| Error::lost(command, false, cause.clone()));
            }
        }
    }

    fn submit(&self, command: Command) -> (Submission, Waiting) {
        let tag = self.next_tag();
        let (sender, answer) = oneshot::channel();
        let after = command.own_deadline().unwrap_or(self.shared.command_deadline);
        let waiting = Waiting {
            connection: self.clone(),
            tag,
            command: command.path().into(),
            after,
            end: Instant::now() + after,
            answer,
            running: true,
        };
        (Submission { tag, command, sink: Sink::Collect { rows: Vec::new(), answer: sender } }, waiting)
    }

    fn next_tag(&self) -> u64 {
        self.shared.next_tag.fetch_add(1, Ordering::Relaxed)
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("address", &self.shared.address).finish_non_exhaustive()
    }
}

/// An answer waited for. Dropped before it came, it cancels the command on the router.
struct Waiting {
    connection: Connection,
    tag: u64,
    command: Arc<str>,
    after: Duration,
    end: Instant,
    answer: oneshot::Receiver<Result<Reply, Error>>,
    /// The command may still be under way.
    running: bool,
}

impl Waiting {
    async fn answer(mut self) -> Result<Reply, Error> {
        let Ok(answer) = tokio::time::timeout_at(self.end, &mut self.answer).await else {
            self.connection.missed();
            // Dropping `self` cancels.
            return Err(Error::Deadline { command: self.command.clone(), after: self.after });
        };
        self.running = false;
        // No answer at all: the task went away with its runtime.
        answer.unwrap_or_else(|_| Err(Error::lost(self.command.clone(), true, LostCause::ClosedHere)))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if self.running {
            self.connection.cancel(self.tag, true);
        }
    }
}
