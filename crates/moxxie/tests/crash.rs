//! The process dies: at every named point, with the database and the router living on.
//!
//! A server is told to kill itself at one point, as SIGKILL would, while it works on an order. Another is
//! started on the same database. In the end the order is applied or rolled back, and nothing is left over.
#![cfg(feature = "failpoints")]
#![allow(clippy::unwrap_used, reason = "these are tests, in helper functions")]

mod common;

use std::{collections::BTreeSet, fs, sync::Arc, time::Duration};

use common::{Server, moxxie};
use moxxie_engine::failpoint;
use reqwest::Method;
use routeros_emulator::{Emulator, Fault, FaultKind, Snapshot};
use serde_json::{Value, json};
use tokio::{
    sync::Semaphore,
    task::{JoinSet, block_in_place},
};

/// What has to happen so that a point is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Story {
    /// A network is ordered and all goes well.
    Well,
    /// The router, one without safe mode, refuses the last command but one: inverse commands have to run.
    Refused,
    /// The process dies after its decision to keep a change; the router, under safe mode, takes it back,
    /// and the next process has to roll it forward.
    Decided,
    /// Several networks are ordered at once, so that the change has several chunks.
    Several,
    /// A network is taken away.
    Removal,
    /// Addresses are given out.
    Addresses,
}

/// A point, on which of its visits, in which story.
#[derive(Debug, Clone, Copy)]
struct Death {
    story: Story,
    point: &'static str,
    nth: u32,
}

/// Every point in a story that reaches it; waves also in the middle.
fn deaths() -> Vec<Death> {
    let mut deaths = Vec::new();
    for &point in failpoint::ALL {
        let story = match point.split('.').next() {
            Some("undo" | "rollback") => Story::Refused,
            Some("forward") => Story::Decided,
            Some("batch") => Story::Addresses,
            Some("chunk") => Story::Several,
            _ if point == failpoint::GUARD_UNROLLED || point == failpoint::CHANGE_ROLLED_BACK => {
                Story::Refused
            }
            _ => Story::Well,
        };
        deaths.push(Death { story, point, nth: 1 });
        if matches!(point.split('.').next(), Some("wave" | "undo")) && point != failpoint::UNDO_VERIFIED {
            deaths.push(Death { story, point, nth: 4 });
        }
    }
    for (point, nth) in [(failpoint::CHUNK_KEPT, 2), (failpoint::GUARD_TAKEN, 2), (failpoint::WAVE_SENT, 9)] {
        deaths.push(Death { story: Story::Several, point, nth });
    }
    for point in
        [failpoint::WAVE_SENT, failpoint::WAVE_DONE, failpoint::COMMIT_DECIDED, failpoint::JOURNAL_WRITTEN]
    {
        deaths.push(Death { story: Story::Removal, point, nth: 1 });
    }
    deaths
}

/// Which database the servers use.
#[derive(Debug, Clone, Copy)]
enum Database {
    Sqlite,
    Postgres,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn killed_anywhere_on_sqlite() {
    killed_anywhere(Database::Sqlite, 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn killed_anywhere_on_postgres() {
    if std::env::var_os("MOXXIE_TEST_POSTGRES").is_none() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "CI needs MOXXIE_TEST_POSTGRES");
        eprintln!("MOXXIE_TEST_POSTGRES is not set: skipped");
        return;
    }
    // A lease outlives its process here: most of the time is waiting for it.
    killed_anywhere(Database::Postgres, 8).await;
}

async fn killed_anywhere(database: Database, at_once: usize) {
    let permits = Arc::new(Semaphore::new(at_once));
    let mut runs = JoinSet::new();
    let deaths = deaths();
    let all = deaths.len();
    for death in deaths {
        let permits = permits.clone();
        runs.spawn(async move {
            let _permit = permits.acquire_owned().await.unwrap();
            Bench::new(database, death).await.run().await
        });
    }
    let mut reached = BTreeSet::new();
    let mut survived = 0;
    while let Some(hit) = runs.join_next().await {
        reached.extend(hit.unwrap());
        survived += 1;
    }
    assert_eq!(survived, all);
    let defined: BTreeSet<_> = failpoint::ALL.iter().map(|point| (*point).to_owned()).collect();
    assert_eq!(reached, defined, "the points reached are not the points defined");
    println!("{database:?}: {all} deaths at {} points", defined.len());
}

/// One router, one database, one home directory.
struct Bench {
    death: Death,
    home: tempfile::TempDir,
    emulator: Emulator,
    before: Snapshot,
    database: Option<String>,
    token: String,
}

impl Bench {
    async fn new(database: Database, death: Death) -> Self {
        let version = if death.story == Story::Refused { "7.16" } else { "7.22" };
        let emulator = common::router(version).await;
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("moxxie.toml"), common::configuration(&emulator.addr().to_string()))
            .unwrap();
        let database = match database {
            Database::Sqlite => None,
            Database::Postgres => {
                Some(common::new_database(&std::env::var("MOXXIE_TEST_POSTGRES").unwrap(), "crash"))
            }
        };
        let before = emulator.snapshot();
        Self { death, home, emulator, before, database, token: String::new() }
    }

    /// A server on this bench, which dies at `failpoint` if one is given.
    fn server(&mut self, failpoint: Option<String>) -> Server {
        let mut command = moxxie(self.home.path(), &["serve", "--config", "moxxie.toml"]);
        command.env("MOXXIE_FAILPOINT_LOG", self.home.path().join("points.log"));
        if let Some(url) = &self.database {
            command.env("MOXXIE_DATABASE", url);
        }
        if self.death.story == Story::Several {
            command.env("MOXXIE_CHUNK_COMMANDS", "20");
        }
        if let Some(failpoint) = failpoint {
            command.env("MOXXIE_FAILPOINT", failpoint);
        }
        // The emulated routers live in this process: a thread that waits must not be one of theirs.
        block_in_place(|| {
            let mut server = Server::start(command);
            if self.token.is_empty() {
                self.token = server.line_with("mxt_").trim().to_owned();
            }
            server
        })
    }

    async fn run(mut self) -> Vec<String> {
        let what = format!("{:?}", self.death);
        let Death { story, point, nth } = self.death;
        let mut standing = None;
        if matches!(story, Story::Removal | Story::Addresses) {
            let server = self.server(None);
            let made = self
                .call(&server.url, Method::POST, "networks/provision?wait=30", Some(order()))
                .await
                .unwrap();
            standing = Some(made["networkId"].as_str().unwrap().to_owned());
            block_in_place(|| server.stop("TERM"));
        }
        if story == Story::Refused {
            let refusal = FaultKind::Refuse("failure: injected".into());
            self.emulator.faults().inject(Fault::once("/ip/dhcp-server/add", refusal));
        }

        let first = if story == Story::Decided {
            failpoint::COMMIT_DECIDED.to_owned()
        } else {
            format!("{point}:{nth}")
        };
        let server = self.server(Some(first));
        // The answer may be lost with the process; the change is looked for afterwards.
        let _ = match &standing {
            Some(id) if story == Story::Addresses => {
                self.call(&server.url, Method::POST, &format!("networks/{id}/ips/bulk"), Some(three())).await
            }
            None if story == Story::Several => {
                let four = json!({"items": [order(), order(), order(), order()]});
                self.call(&server.url, Method::POST, "networks/bulk", Some(four)).await
            }
            None => self.call(&server.url, Method::POST, "networks/provision", Some(order())).await,
            Some(id) => self.call(&server.url, Method::DELETE, &format!("networks/{id}"), None).await,
        };
        died(server, &what);
        if story == Story::Decided {
            let server = self.server(Some(format!("{point}:{nth}")));
            died(server, &what);
        }

        let server = self.server(None);
        self.until_nothing_is_open(&server.url, &what).await;
        if let Some(id) = standing.filter(|_| story == Story::Addresses) {
            self.assert_all_or_none(&server.url, &id, &what).await;
        }
        self.assert_whole(&server.url, &what).await;
        let (code, log) = block_in_place(|| server.stop("TERM"));
        assert_eq!(code, Some(0), "{what}: {log}");
        assert!(!log.contains("router-secret"), "{what}: the log tells the router's password");
        self.assert_no_secret_on_disk(&what);
        self.emulator.shutdown().await;
        let log = fs::read_to_string(self.home.path().join("points.log")).unwrap();
        log.lines().map(str::to_owned).collect()
    }

    /// Neither the router's password nor the token stands in any file of the data directory.
    fn assert_no_secret_on_disk(&self, what: &str) {
        for file in fs::read_dir(self.home.path().join("data")).unwrap() {
            let path = file.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            for secret in ["router-secret", self.token.as_str()] {
                let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!found, "{what}: a secret stands in {}", path.display());
            }
        }
    }

    async fn until_nothing_is_open(&self, url: &str, what: &str) {
        for _ in 0..600 {
            let open = self.call(url, Method::GET, "changes?open=true", None).await.unwrap();
            let open = open["items"].as_array().unwrap();
            if open.is_empty() {
                return;
            }
            assert!(open.iter().all(|change| change["state"] != "needs_operator"), "{what}: {open:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{what}: the change never ends");
    }

    /// The three addresses are there, or none is; the next is the lowest free one.
    async fn assert_all_or_none(&self, url: &str, network: &str, what: &str) {
        let path = format!("networks/{network}/ips");
        let recorded = async || {
            let all = self.call(url, Method::GET, &path, None).await.unwrap();
            let all = all["items"].as_array().unwrap().clone().into_iter();
            all.filter(|one| one["type"] == "vm")
                .map(|one| one["address"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        let before = recorded().await;
        let expected = if self.death.point == failpoint::BATCH_COMMITTED { 3 } else { 0 };
        assert_eq!(before.len(), expected, "{what}: {before:?}");
        let next = self.call(url, Method::POST, &format!("{path}/next"), Some(json!({}))).await.unwrap();
        let host = 4 + expected;
        assert!(next["address"].as_str().unwrap().ends_with(&format!(".{host}")), "{what}: {next}");
        for address in recorded().await {
            self.call(url, Method::DELETE, &format!("{path}/{address}"), None).await.unwrap();
        }
        assert_eq!(recorded().await.len(), 0, "{what}");
    }

    /// Each network is there whole, or gone whole; taken away, everything is as before.
    async fn assert_whole(&self, url: &str, what: &str) {
        let networks = self.call(url, Method::GET, "networks", None).await.unwrap();
        for network in networks["items"].as_array().unwrap() {
            assert_eq!(network["status"], "provisioned", "{what}");
            let id = network["networkId"].as_str().unwrap();
            let again = format!("networks/{id}/provision?dryRun=true");
            let plan = self.call(url, Method::POST, &again, None).await.unwrap();
            assert_eq!(plan["routers"][0]["commands"], json!([]), "{what}: {plan}");
            let gone = self.call(url, Method::DELETE, &format!("networks/{id}?wait=30"), None).await.unwrap();
            assert_eq!(gone["state"], "applied", "{what}: {gone}");
        }
        let now = self.emulator.snapshot();
        assert_eq!(now, self.before, "{what}: the router differs:\n{}", self.before.diff(&now));
        let left = self.call(url, Method::GET, "datacenters/dc1/available-resources", None).await.unwrap();
        assert_eq!(left["vlansFree"], left["vlansTotal"], "{what}");
        assert_eq!(
            (&left["pools"][0]["prefixes"], &left["pools"][0]["largestFree"]),
            (&json!(0), &json!("/16")),
            "{what}"
        );
        let audit = self.call(url, Method::GET, "audit/verify", None).await.unwrap();
        assert_eq!(audit["intact"], true, "{what}: {audit}");
    }

    async fn call(
        &self,
        url: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Value, String> {
        let url = format!("{url}/api/v1/{path}");
        let mut request = common::http().request(method, &url).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.map_err(|error| error.to_string())?;
        let status = answer.status();
        let text = answer.text().await.map_err(|error| error.to_string())?;
        assert!(!text.contains("router-secret"), "{path} tells the router's password");
        if !status.is_success() {
            return Err(format!("{path}: {status}: {text}"));
        }
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }
}

fn order() -> Value {
    json!({"clientId": "acme", "datacenter": "dc1", "size": "/24",
        "options": {"enableDHCP": true, "firewallProfile": "isolated"}})
}

fn three() -> Value {
    json!({"items": [{"hostname": "a"}, {"hostname": "b"}, {"hostname": "c"}]})
}

/// Waits until the server has killed itself.
fn died(server: Server, what: &str) {
    let (code, log) = block_in_place(|| server.wait());
    assert_eq!(code, None, "{what}: it ended by itself instead of being killed\n{log}");
}
