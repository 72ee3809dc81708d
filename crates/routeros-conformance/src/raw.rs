//! A session of bare sentences, for facts about words that a client hides.

use std::io;
use std::time::Duration;

use routeros_wire::{Decoder, Sentence};
use secrecy::ExposeSecret;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::check::{Stop, same};
use crate::{Ending, Target};

/// How long the target may take for one sentence.
const PATIENCE: Duration = Duration::from_secs(20);

/// A plain connection that is not logged in unless asked to.
#[derive(Debug)]
pub struct Raw {
    socket: TcpStream,
    decoder: Decoder,
}

impl Raw {
    /// Connects.
    ///
    /// # Errors
    ///
    /// The system's.
    pub async fn open(target: &Target) -> io::Result<Self> {
        let config = target.config();
        let connecting = TcpStream::connect(config.address());
        let socket = tokio::time::timeout(PATIENCE, connecting).await.map_err(io::Error::other)??;
        socket.set_nodelay(true)?;
        Ok(Self { socket, decoder: Decoder::new() })
    }

    /// Connects and logs in.
    ///
    /// # Errors
    ///
    /// The system's, or an answer other than a bare `!done`.
    pub async fn login(target: &Target) -> Result<Self, Stop> {
        let mut raw = Self::open(target).await?;
        let password = target.password.expose_secret();
        let (name, password) = (format!("=name={}", target.user), format!("=password={password}"));
        raw.send(&["/login", &name, &password]).await?;
        same("answer to the login", raw.words().await?, vec!["!done".to_owned()])?;
        Ok(raw)
    }

    /// Sends sentences in one piece.
    ///
    /// # Errors
    ///
    /// The system's.
    pub async fn send_all(&mut self, sentences: &[&[&str]]) -> io::Result<()> {
        let mut bytes = Vec::new();
        for words in sentences {
            routeros_wire::encode(words.iter(), &mut bytes);
        }
        self.send_bytes(&bytes).await
    }

    /// Sends a sentence.
    ///
    /// # Errors
    ///
    /// The system's.
    pub async fn send(&mut self, words: &[&str]) -> io::Result<()> {
        self.send_all(&[words]).await
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    ///
    /// The system's.
    pub async fn send_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.socket.write_all(bytes).await?;
        self.socket.flush().await
    }

    /// The next sentence; `None` when the target has closed.
    ///
    /// # Errors
    ///
    /// The system's; `TimedOut`; `InvalidData` for what is not the protocol.
    pub async fn next(&mut self) -> io::Result<Option<Sentence>> {
        loop {
            let next = self.decoder.next_sentence();
            let next = next.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
            if next.is_some() {
                return Ok(next);
            }
            let read = self.socket.read_buf(self.decoder.buffer_mut());
            if tokio::time::timeout(PATIENCE, read).await.map_err(io::Error::other)?? == 0 {
                return Ok(None);
            }
        }
    }

    /// The words of the next sentence as text, the first one in front and the others sorted: their order
    /// means nothing.
    ///
    /// # Errors
    ///
    /// Those of [`next`](Self::next), and a closed connection.
    pub async fn words(&mut self) -> Result<Vec<String>, Stop> {
        let Some(sentence) = self.next().await? else {
            return Err(Stop::Differs("the target closed the connection".to_owned()));
        };
        let mut words: Vec<_> =
            sentence.words().map(|word| String::from_utf8_lossy(word).into_owned()).collect();
        if let Some((_, rest)) = words.split_first_mut() {
            rest.sort();
        }
        Ok(words)
    }

    /// All sentences up to and with the first `!done`.
    ///
    /// # Errors
    ///
    /// Those of [`words`](Self::words).
    pub async fn until_done(&mut self) -> Result<Vec<Vec<String>>, Stop> {
        let mut all = Vec::new();
        loop {
            let words = self.words().await?;
            let done = words.first().is_some_and(|word| word == "!done");
            all.push(words);
            if done {
                return Ok(all);
            }
        }
    }

    /// Passes when the target closes without another word.
    ///
    /// # Errors
    ///
    /// A sentence came instead, or nothing.
    pub async fn ends(&mut self) -> Ending {
        match self.next().await {
            Ok(None) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ok(()),
            Err(error) => Err(error.into()),
            Ok(Some(sentence)) => Err(Stop::Differs(format!("expected the end, got {sentence:?}"))),
        }
    }
}
