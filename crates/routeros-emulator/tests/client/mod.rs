//! A raw client over the wire codec, for tests: sends words, collects replies. Knows no RouterOS.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests, too, fail by panicking")]
#![allow(dead_code, reason = "each test file uses its part")]

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use routeros_wire::{Decoder, Sentence, encode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) struct Client {
    stream: TcpStream,
    decoder: Decoder,
    seen: VecDeque<Sentence>,
}

/// Everything up to `!done`.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    pub(crate) rows: Vec<BTreeMap<String, String>>,
    pub(crate) traps: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) ret: Option<String>,
    pub(crate) empty: bool,
    pub(crate) fatal: Option<String>,
}

impl Reply {
    pub(crate) fn ok(self) -> Self {
        assert!(self.traps.is_empty() && self.fatal.is_none(), "{self:?}");
        self
    }

    pub(crate) fn id(self) -> String {
        self.ok().ret.expect("an id")
    }

    pub(crate) fn trap(&self) -> &str {
        assert_eq!(self.traps.len(), 1, "{self:?}");
        &self.traps[0]
    }
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        Client { stream, decoder: Decoder::new(), seen: VecDeque::new() }
    }

    pub(crate) async fn login(address: SocketAddr, name: &str, password: &str) -> Self {
        let mut client = Client::connect(address).await;
        let (name, password) = (format!("=name={name}"), format!("=password={password}"));
        client.run(&["/login", &name, &password]).await.ok();
        client
    }

    pub(crate) async fn send<W: AsRef<[u8]>>(&mut self, words: &[W]) {
        let mut bytes = Vec::new();
        encode(words.iter().map(AsRef::as_ref), &mut bytes);
        self.stream.write_all(&bytes).await.unwrap();
    }

    pub(crate) async fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// `None` when the connection ended.
    pub(crate) async fn sentence(&mut self) -> Option<Sentence> {
        loop {
            if let Some(sentence) = self.decoder.next_sentence().unwrap() {
                return Some(sentence);
            }
            let mut buffer = [0; 16 * 1024];
            let read = tokio::time::timeout(Duration::from_secs(10), self.stream.read(&mut buffer));
            match read.await.expect("an answer within 10 s") {
                Ok(0) | Err(_) => return None,
                Ok(n) => self.decoder.feed(&buffer[..n]),
            }
        }
    }

    /// True when nothing comes for a while.
    pub(crate) async fn silent(&mut self, wait: Duration) -> bool {
        tokio::time::timeout(wait, self.sentence()).await.is_err()
    }

    pub(crate) async fn run<W: AsRef<[u8]>>(&mut self, words: &[W]) -> Reply {
        self.send(words).await;
        self.reply().await
    }

    /// Collects to `!done`, `!fatal` or the end of the connection.
    pub(crate) async fn reply(&mut self) -> Reply {
        let mut reply = Reply::default();
        while let Some(sentence) = self.sentence().await {
            match sentence.command() {
                b"!re" => reply.rows.push(attributes(&sentence)),
                b"!trap" => {
                    let mut fields = attributes(&sentence);
                    reply.traps.push(fields.remove("message").unwrap_or_default());
                    reply.categories.extend(fields.remove("category"));
                }
                b"!empty" => reply.empty = true,
                b"!done" => {
                    reply.ret = attributes(&sentence).remove("ret");
                    return reply;
                }
                b"!fatal" => {
                    reply.fatal = sentence.word(1).map(|word| String::from_utf8_lossy(word).into_owned());
                    return reply;
                }
                other => panic!("unexpected {:?}", String::from_utf8_lossy(other)),
            }
        }
        reply.fatal = Some("closed".into());
        reply
    }
}

pub(crate) fn attributes(sentence: &Sentence) -> BTreeMap<String, String> {
    sentence
        .attributes()
        .map(|(name, value)| {
            (String::from_utf8_lossy(name).into_owned(), String::from_utf8_lossy(value).into_owned())
        })
        .collect()
}

pub(crate) async fn emulator(version: &str) -> routeros_emulator::Emulator {
    routeros_emulator::Emulator::builder()
        .version(version)
        .unwrap()
        .user("admin", "secret")
        .seed(7)
        .start()
        .await
        .unwrap()
}

pub(crate) async fn session(emulator: &routeros_emulator::Emulator) -> Client {
    Client::login(emulator.addr(), "admin", "secret").await
}
