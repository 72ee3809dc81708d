//! The program as a process, as its users meet it.
#![allow(dead_code, unreachable_pub, reason = "every test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "these are tests, in helper functions")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

/// How long anything may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The program with an environment of its own: nothing of the developer's gets in.
pub fn moxxie(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_moxxie"));
    command
        .args(arguments)
        .env_clear()
        .env("HOME", home)
        .env("PATH", "/usr/bin:/bin")
        .current_dir(home)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs it to its end.
pub fn run(home: &Path, arguments: &[&str]) -> Output {
    moxxie(home, arguments).output().unwrap()
}

/// Runs it to its end with something on standard input.
pub fn run_with_input(home: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = moxxie(home, arguments).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// What it printed.
pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What it said.
pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A process that serves until it is told to stop.
pub struct Server {
    child: Child,
    lines: mpsc::Receiver<String>,
    log: Option<thread::JoinHandle<String>>,
    /// Where it listens.
    pub url: String,
}

impl Server {
    /// Starts it and waits until it says where it listens.
    pub fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut stderr = child.stderr.take().unwrap();
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let log = thread::spawn(move || {
            let mut text = String::new();
            let _ = stderr.read_to_string(&mut text);
            text
        });
        let mut server = Self { child, lines, log: Some(log), url: String::new() };
        let line = server.line_with("listening on ");
        server.url = line.trim_start_matches("listening on ").to_owned();
        server
    }

    /// The next line that holds this.
    pub fn line_with(&mut self, text: &str) -> String {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(text) => return line,
                Ok(_) => {}
                Err(error) => {
                    let _ = self.child.kill();
                    let log = self.log.take().map(|log| log.join().unwrap()).unwrap_or_default();
                    panic!("no line with {text:?}: {error}\n{log}");
                }
            }
        }
    }

    /// Sends a signal and gives the exit code and all it logged.
    pub fn stop(mut self, signal: &str) -> (Option<i32>, String) {
        let kill = format!("kill -{signal} {}", self.child.id());
        assert!(Command::new("/bin/sh").args(["-c", &kill]).status().unwrap().success());
        let status = self.child.wait().unwrap();
        (status.code(), self.log.take().unwrap().join().unwrap())
    }

    /// Waits until it ends, and gives its exit code (none when a signal killed it) and all it logged.
    pub fn wait(mut self) -> (Option<i32>, String) {
        let end = std::time::Instant::now() + PATIENCE;
        let status = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status,
                None if std::time::Instant::now() < end => pause(),
                None => {
                    let _ = self.child.kill();
                    panic!("it does not end:\n{}", self.log.take().unwrap().join().unwrap());
                }
            }
        };
        (status.code(), self.log.take().unwrap().join().unwrap())
    }

    /// All lines it printed meanwhile.
    pub fn lines(&self) -> Vec<String> {
        self.lines.try_iter().collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A moment, between two looks at a process.
#[expect(clippy::disallowed_methods, reason = "waiting for a process, in a thread of its own")]
fn pause() {
    thread::sleep(Duration::from_millis(10));
}

/// An HTTP client that is not ours.
pub fn http() -> reqwest::Client {
    static PROVIDER: std::sync::Once = std::sync::Once::new();
    PROVIDER.call_once(|| {
        rustls::crypto::ring::default_provider().install_default().unwrap();
    });
    reqwest::Client::new()
}

/// A configuration with one site, `dc1` (Q-in-Q, VLANs 100 to 200), whose router answers at `router`.
pub fn configuration(router: &str) -> String {
    format!(
        r#"
listen = "127.0.0.1:0"
data_dir = "data"
scan_interval = "200ms"
max_backoff = "500ms"
command_deadline = "2s"
lease_ttl = "15s"
settle = "200ms"

[[sites]]
name = "dc1"
encapsulation = {{ type = "qinq", service_vlan = 1000 }}
vlan_range = "100-200"
management_prefixes = ["10.255.0.0/24"]

[[pools]]
name = "main"
datacenter = "dc1"
prefix = "172.20.0.0/16"

[[routers]]
name = "r1"
datacenter = "dc1"
address = "{}"
username = "moxxie"
password = "router-secret"
trunk = "ether2"

[[tenants]]
name = "acme"
"#,
        router
    )
}

/// A database of its own on a PostgreSQL server.
pub fn new_database(server: &str, purpose: &str) -> String {
    static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    let name = format!("{purpose}_{}_{count}", std::process::id());
    let sql = format!("CREATE DATABASE {name}");
    let status = Command::new("psql").args(["-q", "-d", server, "-c", &sql]).status().unwrap();
    assert!(status.success(), "creating database {name}");
    let (base, _) = server.rsplit_once('/').unwrap();
    format!("{base}/{name}")
}

/// An emulated router as its operator hands it over, with the anchor rules and nothing else.
#[cfg(feature = "server")]
pub async fn router(version: &str) -> routeros_emulator::Emulator {
    let emulator = routeros_emulator::Emulator::builder()
        .version(version)
        .unwrap()
        .identity("r1")
        .serial("SERIAL-1")
        .user("moxxie", "router-secret")
        .ethernet(2)
        .seed(5)
        .bind("127.0.0.1:0")
        .start()
        .await
        .unwrap();
    for chain in ["forward", "input"] {
        let anchor = [("chain", chain), ("action", "passthrough"), ("comment", "moxxie-anchor")];
        emulator.add_row("/ip/firewall/filter", &anchor).unwrap();
    }
    emulator
}
