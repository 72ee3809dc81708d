//! A router that plays a transcript (format: `tests/transcripts/README.md`).

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use routeros_client::{Config, Connection, Error, Security};
use routeros_wire::{Decoder, Sentence};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

#[derive(Debug)]
pub(crate) enum Step {
    Expect(Sentence),
    Send { bytes: Vec<u8> },
    Pause(Duration),
    Close,
    Reset,
}

/// Reads a transcript.
pub(crate) fn parse(text: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut words: Vec<Vec<u8>> = Vec::new();
    let mut side = ' ';
    let mut cut = None;
    for line in text.lines().chain([""]) {
        if line.starts_with('#') {
            continue;
        }
        let (mark, rest) = line.split_at(line.len().min(2));
        let mark = mark.chars().next().unwrap_or(' ');
        if mark != side || mark == '!' {
            let sentence = Sentence::new(std::mem::take(&mut words));
            match side {
                '>' => steps.push(Step::Expect(sentence)),
                '<' => {
                    let mut bytes = Vec::new();
                    sentence.encode_to(&mut bytes);
                    bytes.truncate(cut.take().unwrap_or(usize::MAX));
                    steps.push(Step::Send { bytes });
                }
                _ => {}
            }
        }
        side = mark;
        match mark {
            '>' | '<' => words.push(unescape(rest)),
            '!' => {
                let (name, argument) = rest.split_once(' ').unwrap_or((rest, ""));
                match name {
                    "login" => steps.extend(login()),
                    "cut" => cut = Some(argument.parse().expect("number of bytes")),
                    "raw" => steps.push(Step::Send { bytes: hex(argument) }),
                    "pause" => {
                        steps.push(Step::Pause(Duration::from_millis(
                            argument.parse().expect("milliseconds"),
                        )));
                    }
                    "close" => steps.push(Step::Close),
                    "reset" => steps.push(Step::Reset),
                    other => panic!("unknown directive {other}"),
                }
            }
            _ => {}
        }
    }
    steps
}

fn login() -> [Step; 2] {
    let mut bytes = Vec::new();
    Sentence::new(["!done"]).encode_to(&mut bytes);
    [Step::Expect(Sentence::new(["/login", "=name=admin", "=password=secret"])), Step::Send { bytes }]
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex")).collect()
}

fn unescape(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        let after = &rest[at + 1..];
        if let Some(digits) = after.strip_prefix('x') {
            out.extend(hex(&digits[..2]));
            rest = &digits[2..];
        } else {
            out.push(b'\\');
            rest = &after[1..];
        }
    }
    out.extend_from_slice(rest.as_bytes());
    out
}

/// Words for a failed comparison's report.
fn shown(sentence: &Sentence) -> Vec<String> {
    sentence.words().map(|word| word.escape_ascii().to_string()).collect()
}

/// A router playing one script to one client.
pub(crate) struct Router {
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Router {
    /// Plays a file of `tests/transcripts`.
    pub(crate) async fn file(name: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts").join(name);
        let text = std::fs::read_to_string(&path).expect("transcript");
        Self::scripts(vec![parse(&text)]).await
    }

    /// Plays one script to each client in turn, then stops listening.
    pub(crate) async fn scripts(scripts: Vec<Vec<Step>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let address = listener.local_addr().expect("address");
        let task = tokio::spawn(async move {
            for script in scripts {
                let (socket, _) = listener.accept().await.expect("accept");
                play(socket, script).await;
            }
        });
        Self { address, task }
    }

    pub(crate) fn config(&self) -> Config {
        config(self.address)
    }

    pub(crate) async fn connect(&self) -> Connection {
        self.try_connect().await.expect("connection")
    }

    pub(crate) async fn try_connect(&self) -> Result<Connection, Error> {
        Connection::open(&self.config()).await
    }

    /// Waits until the script was played to its end, and fails where the client departed from it. Handles
    /// must be dropped before: the script ends with the client's leaving.
    pub(crate) async fn finish(self) {
        let played = tokio::time::timeout(Duration::from_secs(10), self.task).await;
        played.expect("the script was not played to its end").expect("script");
    }
}

pub(crate) fn config(address: SocketAddr) -> Config {
    Config::new(&address.to_string(), "admin", "secret".into(), Security::Plain)
        .connect_timeout(Duration::from_secs(5))
        .command_deadline(Duration::from_secs(5))
}

async fn play(socket: TcpStream, script: Vec<Step>) {
    socket.set_nodelay(true).expect("nodelay");
    let mut socket = socket;
    let mut decoder = Decoder::new();
    for step in script {
        match step {
            Step::Reset => return socket.set_zero_linger().expect("linger"),
            Step::Close => return,
            step => play_step(&mut socket, &mut decoder, step).await,
        }
    }
    assert_silent_end(&mut socket, &mut decoder).await;
}

/// One step on any stream.
pub(crate) async fn play_step<S>(socket: &mut S, decoder: &mut Decoder, step: Step)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    match step {
        Step::Expect(expected) => {
            let found = receive(socket, decoder).await.map(|sentence| shown(&sentence));
            assert_eq!(found, Some(shown(&expected)));
        }
        Step::Send { bytes } => {
            socket.write_all(&bytes).await.expect("send");
            socket.flush().await.expect("flush");
        }
        Step::Pause(time) => tokio::time::sleep(time).await,
        Step::Close | Step::Reset => unreachable!("handled by the caller"),
    }
}

pub(crate) async fn assert_silent_end<S: AsyncRead + Unpin>(socket: &mut S, decoder: &mut Decoder) {
    let extra = receive(socket, decoder).await.map(|sentence| shown(&sentence));
    assert_eq!(extra, None, "the client said more than the script has");
}

async fn receive<S: AsyncRead + Unpin>(socket: &mut S, decoder: &mut Decoder) -> Option<Sentence> {
    loop {
        if let Some(sentence) = decoder.next_sentence().expect("framing") {
            return Some(sentence);
        }
        match socket.read_buf(decoder.buffer_mut()).await {
            Ok(0) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}
