//! Rows as they come.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::{Connection, Error, LostCause, Row, TrapKind};

/// The rows of a command under way, from [`Connection::stream`] or [`Connection::listen`].
///
/// Dropping it stops the command on the router. It keeps the connection open.
///
/// ```
/// use std::time::Duration;
/// use routeros_client::{Command, Config, Connection, Error, Security};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let router = routeros_emulator::Emulator::builder().user("admin", "secret").start().await?;
/// # let config = Config::new(&router.addr().to_string(), "admin", "secret".into(), Security::Plain);
/// # let connection = Connection::open(&config).await?;
/// let ping = Command::new("/tool/ping").attr("address", "127.0.0.1").attr("interval", "10ms");
/// let mut packets = connection.stream(ping.clone());
/// for sent in ["1", "2", "3"] {
///     assert_eq!(packets.next().await?.unwrap().get("sent"), Some(sent));
/// }
/// packets.cancel().await?;
/// // A deadline bounds the whole stream.
/// let mut packets = connection.stream(ping.deadline(Duration::from_millis(100)));
/// let error = loop {
///     match packets.next().await {
///         Ok(row) => assert!(row.is_some()),
///         Err(error) => break error,
///     }
/// };
/// assert!(matches!(error, Error::Deadline { .. }));
/// # Ok(())
/// # }
/// ```
pub struct RowStream {
    connection: Connection,
    tag: u64,
    command: Arc<str>,
    deadline: Option<(Duration, Instant)>,
    rows: mpsc::Receiver<Row>,
    /// Gone once the end has been told.
    end: Option<oneshot::Receiver<Result<(), Error>>>,
}

impl RowStream {
    pub(crate) fn new(
        connection: Connection,
        tag: u64,
        command: Arc<str>,
        deadline: Option<Duration>,
        rows: mpsc::Receiver<Row>,
        end: oneshot::Receiver<Result<(), Error>>,
    ) -> Self {
        let deadline = deadline.map(|after| (after, Instant::now() + after));
        Self { connection, tag, command, deadline, rows, end: Some(end) }
    }

    /// The next row; `None` when the command has ended by itself, and after an error. Nothing is lost when
    /// the future is dropped.
    ///
    /// # Errors
    ///
    /// As for [`Connection::run`], after all rows that came before; and [`Error::Backlog`].
    pub async fn next(&mut self) -> Result<Option<Row>, Error> {
        if self.end.is_none() {
            return Ok(None);
        }
        let Some((after, end)) = self.deadline else {
            return self.step().await;
        };
        match tokio::time::timeout_at(end, self.step()).await {
            Ok(result) => result,
            Err(_) => {
                self.connection.missed();
                self.stop();
                Err(Error::Deadline { command: self.command.clone(), after })
            }
        }
    }

    /// Stops the command and waits for the router's confirmation, at most for the connection's command
    /// deadline; rows still on the way are dropped. The interruption asked for is not an error.
    ///
    /// # Errors
    ///
    /// [`Error::Deadline`]; or where the command had failed otherwise before, or the connection is lost.
    pub async fn cancel(mut self) -> Result<(), Error> {
        if self.end.is_none() {
            return Ok(());
        }
        self.connection.cancel(self.tag, false);
        let after = self.connection.command_deadline();
        self.deadline = Some((after, Instant::now() + after));
        loop {
            match self.next().await {
                Ok(Some(_)) => {}
                Ok(None) => return Ok(()),
                Err(error) if error.trap_kind() == Some(TrapKind::Interrupted) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    async fn step(&mut self) -> Result<Option<Row>, Error> {
        if let Some(row) = self.rows.recv().await {
            return Ok(Some(row));
        }
        let Some(end) = &mut self.end else {
            return Ok(None);
        };
        let result = match end.await {
            Ok(result) => result,
            Err(_) => Err(Error::lost(self.command.clone(), true, LostCause::ClosedHere)),
        };
        self.end = None;
        result.map(|()| None)
    }

    fn stop(&mut self) {
        if self.end.take().is_some() {
            self.connection.cancel(self.tag, true);
        }
    }
}

impl Drop for RowStream {
    fn drop(&mut self) {
        self.stop();
    }
}

impl fmt::Debug for RowStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowStream").field("command", &self.command).finish_non_exhaustive()
    }
}
