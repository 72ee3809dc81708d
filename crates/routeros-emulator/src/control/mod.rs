//! The control API of the separate program: one JSON object a line, one answer a line.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::bgp::BgpPeer;
use crate::conditions::Load;
use crate::emulator::{Emulator, Refused};
use crate::faults::Fault;

/// What may be asked; `do` names it.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
enum Ask {
    Snapshot,
    Rows {
        menu: String,
    },
    Inject {
        fault: Fault,
    },
    Clear,
    Hits,
    Latency {
        latency_ms: u64,
        #[serde(default)]
        jitter_ms: u64,
    },
    Offline,
    Online,
    Reboot,
    Add {
        menu: String,
        fields: BTreeMap<String, String>,
    },
    Set {
        menu: String,
        #[serde(default)]
        item: String,
        fields: BTreeMap<String, String>,
    },
    Remove {
        menu: String,
        item: String,
    },
    Run {
        command: String,
        #[serde(default)]
        arguments: BTreeMap<String, String>,
    },
    Conditions {
        #[serde(default)]
        bandwidth: Option<u64>,
        #[serde(default)]
        load: Option<Load>,
        #[serde(default)]
        full_flash: bool,
        #[serde(default)]
        silent: bool,
    },
    Later {
        after_ms: u64,
        command: String,
        #[serde(default)]
        arguments: BTreeMap<String, String>,
    },
    Upgrade {
        version: String,
    },
    BgpUp {
        connection: String,
        peer: BgpPeer,
    },
    BgpDown {
        connection: String,
    },
    Host {
        host: crate::lan::Host,
    },
    HostGone {
        interface: String,
        address: std::net::IpAddr,
    },
    Log,
    Clock {
        #[serde(default)]
        set_ms: Option<i64>,
        #[serde(default)]
        advance_ms: Option<u64>,
        #[serde(default)]
        freeze: Option<bool>,
        #[serde(default)]
        skew_ms: Option<i64>,
    },
}

/// Listens for control connections of one emulator.
///
/// ```
/// use std::sync::Arc;
/// use routeros_emulator::{ControlServer, Emulator};
/// use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let router = Arc::new(Emulator::builder().start().await?);
/// let control = ControlServer::bind("127.0.0.1:0").await?;
/// let mut line = BufReader::new(tokio::net::TcpStream::connect(control.addr()).await?);
/// tokio::spawn(control.serve(router.clone()));
/// line.write_all(b"{\"do\":\"rows\",\"menu\":\"/system/identity\"}\n").await?;
/// let mut answer = String::new();
/// line.read_line(&mut answer).await?;
/// assert!(answer.contains("MikroTik"), "{answer}");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ControlServer {
    listener: TcpListener,
    address: SocketAddr,
}

impl ControlServer {
    /// Binds the address; nothing is served before [`ControlServer::serve`].
    ///
    /// # Errors
    ///
    /// The address cannot be bound.
    pub async fn bind(address: &str) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(ControlServer { listener, address })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until dropped.
    pub async fn serve(self, emulator: Arc<Emulator>) {
        let mut clients = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept() => {
                    if let Ok((stream, _)) = accepted {
                        clients.spawn(client(stream, emulator.clone()));
                    }
                }
                Some(_) = clients.join_next(), if !clients.is_empty() => {}
            }
        }
    }
}

async fn client(stream: TcpStream, emulator: Arc<Emulator>) {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let answer = match serde_json::from_str::<Ask>(&line) {
            Ok(ask) => answer(&emulator, ask).await,
            Err(error) => json!({"error": error.to_string()}),
        };
        let mut text = answer.to_string();
        text.push('\n');
        if writer.write_all(text.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn answer(emulator: &Emulator, ask: Ask) -> Value {
    match ask {
        Ask::Snapshot => return json!({"ok": emulator.snapshot()}),
        Ask::Rows { menu } => return json!({"ok": emulator.rows(&menu)}),
        Ask::Hits => return json!({"ok": emulator.faults().hits()}),
        Ask::Log => return json!({"ok": emulator.command_log()}),
        Ask::BgpUp { connection, peer } => return json!({"ok": emulator.bgp().peer_up(&connection, peer)}),
        Ask::Host { host } => {
            emulator.lan().put(host);
        }
        Ask::HostGone { interface, address } => {
            return json!({"ok": emulator.lan().remove(&interface, address)});
        }
        Ask::BgpDown { connection } => emulator.bgp().peer_down(&connection),
        Ask::Add { menu, fields } => return result(emulator.add_row(&menu, &pairs(&fields))),
        Ask::Set { menu, item, fields } => return result(emulator.set_row(&menu, &item, &pairs(&fields))),
        Ask::Remove { menu, item } => return result(emulator.remove_row(&menu, &item)),
        Ask::Run { command, arguments } => return result(emulator.run(&command, &pairs(&arguments))),
        Ask::Clock { set_ms, advance_ms, freeze, skew_ms } => {
            let clock = emulator.clock();
            match freeze {
                Some(true) => clock.freeze(),
                Some(false) => clock.run(),
                None => {}
            }
            if let Some(millis) = set_ms {
                clock.set(millis);
            }
            if let Some(millis) = advance_ms {
                clock.advance(Duration::from_millis(millis));
            }
            if let Some(millis) = skew_ms {
                clock.skew(millis);
            }
            return json!({"ok": clock.now()});
        }
        Ask::Conditions { bandwidth, load, full_flash, silent } => {
            let faults = emulator.faults();
            faults.set_bandwidth(bandwidth);
            faults.set_load(load);
            faults.fill_flash(full_flash);
            faults.set_silent(silent);
        }
        Ask::Later { after_ms, command, arguments } => {
            emulator.later(Duration::from_millis(after_ms), &command, &pairs(&arguments));
        }
        Ask::Upgrade { version } => {
            if let Err(unknown) = emulator.upgrade(&version).await {
                return json!({"error": unknown.to_string()});
            }
        }
        Ask::Inject { fault } => emulator.faults().inject(fault),
        Ask::Clear => emulator.faults().clear(),
        Ask::Latency { latency_ms, jitter_ms } => {
            emulator.faults().set_latency(Duration::from_millis(latency_ms), Duration::from_millis(jitter_ms))
        }
        Ask::Offline => emulator.go_offline().await,
        Ask::Online => emulator.go_online().await,
        Ask::Reboot => emulator.reboot().await,
    }
    json!({"ok": true})
}

fn pairs(fields: &BTreeMap<String, String>) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

fn result<T: serde::Serialize>(result: Result<T, Refused>) -> Value {
    match result {
        Ok(value) => json!({"ok": value}),
        Err(refused) => json!({"error": refused.0}),
    }
}
