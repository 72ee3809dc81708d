//! A light client: HTTP/1.1 over kept connections, one thread, no library in between, because it shares the machine
//! with what it measures.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

/// A kept connection.
pub(crate) struct Client {
    stream: TcpStream,
    host: String,
    token: String,
    buffer: Vec<u8>,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(host: &str, token: &str) -> Result<Self> {
        let stream = TcpStream::connect(host).await.with_context(|| format!("connecting to {host}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, host: host.to_owned(), token: token.to_owned(), buffer: Vec::with_capacity(4096) })
    }

    /// A request as bytes, made once and sent often.
    pub(crate) fn request(&self, method: &str, path: &str, body: &str) -> Vec<u8> {
        format!(
            "{method} /api/v1/{path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.host,
            self.token,
            body.len()
        )
        .into_bytes()
    }

    pub(crate) async fn send(&mut self, request: &[u8]) -> Result<Answer> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let head = loop {
            if let Some(end) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            self.fill().await?;
        };
        let text = std::str::from_utf8(&self.buffer[..head]).context("the head of an answer")?;
        let status = text.get(9..12).and_then(|status| status.parse().ok()).context("a status")?;
        let length = text.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
        });
        let length = length.unwrap_or(0);
        while self.buffer.len() < head + length {
            self.fill().await?;
        }
        Ok(Answer { status, body: self.buffer[head..head + length].to_vec() })
    }

    /// A request that has to succeed, for setting up.
    pub(crate) async fn call(&mut self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let request = self.request(method, path, &body.to_string());
        let answer = self.send(&request).await?;
        if answer.status >= 300 {
            bail!("{method} {path}: {} {}", answer.status, String::from_utf8_lossy(&answer.body));
        }
        Ok(serde_json::from_slice(&answer.body).unwrap_or(Value::Null))
    }

    async fn fill(&mut self) -> Result<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }
}

/// What a run of many requests came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    pub(crate) per_second: f64,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

/// The same request from many clients at once, for a while. Every answer has to be a success.
pub(crate) async fn run(
    host: &str,
    token: &str,
    clients: usize,
    span: Duration,
    path: &str,
    body: &str,
) -> Result<Rate> {
    let mut tasks = JoinSet::new();
    let start = Instant::now();
    for _ in 0..clients {
        let mut client = Client::connect(host, token).await?;
        let request = client.request("POST", path, body);
        tasks.spawn_local(async move {
            let mut times = Vec::new();
            while start.elapsed() < span {
                let sent = Instant::now();
                let answer = client.send(&request).await?;
                if answer.status != 201 {
                    bail!("{} {}", answer.status, String::from_utf8_lossy(&answer.body));
                }
                times.push(sent.elapsed());
            }
            Ok(times)
        });
    }
    let mut times = Vec::new();
    while let Some(done) = tasks.join_next().await {
        times.extend(done.context("a client")??);
    }
    let elapsed = start.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |share: f64| times.get((times.len() as f64 * share) as usize).copied().unwrap_or_default();
    Ok(Rate { per_second: times.len() as f64 / elapsed, p50: at(0.5), p99: at(0.99) })
}
