//! Many clients want networks and addresses of a few pools at once, through one server or two, while somebody
//! writes into the database behind the servers' back, and while servers and database are killed.
//!
//! No request is answered by a defect, nothing is given twice, and what was acknowledged is there at the end.
//! `MOXXIE_STORM_REQUESTS=20000` asks for more, `MOXXIE_STORM_SEED` for the same again.
#![cfg(feature = "server")]
#![allow(clippy::unwrap_used, reason = "these are tests, in helper functions")]

#[path = "../common/mod.rs"]
mod common;

mod client;
mod foreign;
mod ledger;
mod shapes;

use std::{
    collections::BTreeSet,
    fs,
    path::PathBuf,
    sync::{
        Arc, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use client::{Client, Pool, World};
use common::{Server, moxxie};
use ipnet::IpNet;
use ledger::{Given, Ledger};
use reqwest::Method;
use serde_json::{Value, json};
use throwaway_postgres::{Durability, binaries};
use tokio::task::{JoinHandle, JoinSet, block_in_place};

const CLIENTS: usize = 64;
const SITES: usize = 4;
const POOLS: usize = 8;
/// Everybody takes AS numbers of this range.
const ASN_RANGE: &str = "storm";

/// Which database, and what happens to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Story {
    /// One server on SQLite.
    Sqlite,
    /// The same, killed twice.
    SqliteKilled,
    /// Two servers on PostgreSQL.
    Postgres,
    /// The same; one server is killed, and then PostgreSQL.
    PostgresKilled,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_storm_over_one_server_on_sqlite() {
    storm(Story::Sqlite, 6_000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_storm_while_the_server_on_sqlite_is_killed() {
    storm(Story::SqliteKilled, 2_000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_storm_over_two_servers_on_postgres() {
    storm(Story::Postgres, 6_000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_storm_while_a_server_and_postgres_are_killed() {
    storm(Story::PostgresKilled, 2_000).await;
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap())
}

async fn storm(story: Story, requests: u64) {
    let requests = number("MOXXIE_STORM_REQUESTS").unwrap_or(requests);
    let seed = number("MOXXIE_STORM_SEED").unwrap_or(4711);
    println!("{story:?}: {requests} requests, seed {seed}");
    let Some(mut place) = Place::new(story) else { return };
    let mut world = place.world().await;
    world.deaths = matches!(story, Story::SqliteKilled | Story::PostgresKilled);
    let world = Arc::new(world);

    let over = Arc::new(AtomicBool::new(false));
    let foreign = place.foreign(&world, &over, seed);
    let http = common::http();
    let begun = Instant::now();
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let client = Client::new(world.clone(), http.clone(), number, seed);
        clients.spawn(client.run(usize::try_from(requests).unwrap() / CLIENTS));
    }
    if world.deaths {
        place.kill_some(&world, requests).await;
    }
    let mut all = Ledger::default();
    while let Some(ledger) = clients.join_next().await {
        match ledger {
            Ok(ledger) => all = all.join(ledger),
            Err(error) => place.fail(&error),
        }
    }
    over.store(true, Ordering::Relaxed);
    let written = foreign.await.unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{story:?}: answers {:?}, {} repeated, {written} foreign writes, {} networks, {} addresses, {} prefixes, \
         {} VLAN ids and {} AS numbers left, {seconds:.1} s, {:.0} requests/s",
        all.answers,
        all.repeated,
        all.networks.len(),
        all.addresses.values().map(BTreeSet::len).sum::<usize>(),
        all.prefixes.len(),
        all.vlans.len(),
        all.asns.len(),
        requests as f64 / seconds,
    );

    place.check(&world, &http, all).await;
    place.end();
}

/// Database, servers and where they live.
struct Place {
    story: Story,
    home: tempfile::TempDir,
    postgres: Option<throwaway_postgres::Server>,
    servers: Vec<Server>,
    token: String,
    /// What the killed servers logged.
    logs: String,
}

impl Place {
    fn new(story: Story) -> Option<Self> {
        let postgres = match story {
            Story::Sqlite | Story::SqliteKilled => None,
            Story::Postgres | Story::PostgresKilled => {
                let Some(bin) = binaries() else {
                    assert!(std::env::var("CI").as_deref() != Ok("true"), "CI needs PostgreSQL's programs");
                    eprintln!("PostgreSQL is not installed: skipped");
                    return None;
                };
                let kind = if story == Story::Postgres { Durability::None } else { Durability::Full };
                Some(block_in_place(|| throwaway_postgres::Server::start(&bin, kind, &|| false)).unwrap())
            }
        };
        let home = tempfile::tempdir().unwrap();
        let mut place =
            Self { story, home, postgres, servers: Vec::new(), token: String::new(), logs: String::new() };
        let count = if place.postgres.is_some() { 2 } else { 1 };
        for number in 0..count {
            fs::create_dir(place.directory(number)).unwrap();
            fs::write(place.directory(number).join("moxxie.toml"), configuration()).unwrap();
            let server = place.server(number);
            place.servers.push(server);
        }
        Some(place)
    }

    fn directory(&self, number: usize) -> PathBuf {
        self.home.path().join(format!("server{number}"))
    }

    fn server(&mut self, number: usize) -> Server {
        let mut command = moxxie(&self.directory(number), &["serve", "--config", "moxxie.toml"]);
        command.env("MOXXIE_MASTER_KEY", "5a".repeat(32));
        if let Some(postgres) = &self.postgres {
            command.env("MOXXIE_DATABASE", postgres.url());
        }
        block_in_place(|| {
            let mut server = Server::start(command);
            if self.token.is_empty() {
                self.token = server.line_with("mxt_").trim().to_owned();
            }
            server
        })
    }

    /// The pools, each with a network that everybody uses.
    async fn world(&self) -> World {
        let urls: Vec<String> = self.servers.iter().map(|server| server.url.clone()).collect();
        let mut pools = Vec::new();
        for number in 0..POOLS {
            let (name, site, prefix) = pool(number);
            let body = json!({"clientId": "acme", "datacenter": site, "pool": name, "size": "/24"});
            let (status, network) = self.call(&urls[0], Method::POST, "networks/allocate", Some(body)).await;
            assert_eq!(status, 201, "{network}");
            let (shared, given) = Given::read(&network);
            let moves = number >= POOLS - shapes::MOVING;
            pools.push(Pool { name, site, prefix, moves, shared, shared_subnet: Some(given.subnet) });
        }
        let range = json!({"name": ASN_RANGE, "range": "4200000000-4200000400"});
        let (status, range) = self.call(&urls[0], Method::POST, "asn-ranges", Some(range)).await;
        assert_eq!(status, 201, "{range}");
        let begun = AtomicU64::new(0);
        World {
            urls: RwLock::new(urls),
            token: self.token.clone(),
            pools,
            begun,
            deaths: false,
            failed: AtomicBool::new(false),
        }
    }

    /// Writes behind the servers' back until the storm is over.
    fn foreign(&self, world: &Arc<World>, over: &Arc<AtomicBool>, seed: u64) -> JoinHandle<u64> {
        let (world, over) = (world.clone(), over.clone());
        let mut session = match &self.postgres {
            Some(postgres) => foreign::Session::postgres(postgres.url(), seed),
            None => foreign::Session::sqlite(&self.directory(0).join("data/moxxie.db"), seed),
        };
        tokio::spawn(async move {
            // Not where pools change their shape: what is written there could lie in another one by then.
            let pools: Vec<_> = world.pools[..POOLS - shapes::MOVING]
                .iter()
                .map(|pool| (pool.name.clone(), pool.prefix))
                .collect();
            while !over.load(Ordering::Relaxed) {
                session.write(&pools);
                tokio::time::sleep(foreign::PAUSE).await;
            }
            block_in_place(|| session.end())
        })
    }

    /// A server at a third of the requests, the database at two thirds (on SQLite: the server again).
    async fn kill_some(&mut self, world: &World, requests: u64) {
        let reached = async |part: u64| {
            while world.begun.load(Ordering::Relaxed) < requests * part / 3
                && !world.failed.load(Ordering::Relaxed)
            {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        reached(1).await;
        self.kill_server(world);
        reached(2).await;
        if let Some(postgres) = &mut self.postgres {
            block_in_place(|| {
                postgres.kill().unwrap();
                postgres.restart(&|| false).unwrap();
            });
        } else {
            self.kill_server(world);
        }
    }

    fn kill_server(&mut self, world: &World) {
        let (code, log) = block_in_place(|| self.servers.remove(0).stop("KILL"));
        assert_eq!(code, None, "{log}");
        self.logs += &log;
        let server = self.server(0);
        world.urls.write().unwrap()[0].clone_from(&server.url);
        self.servers.insert(0, server);
    }

    async fn call(&self, url: &str, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let request = common::http().request(method, format!("{url}/api/v1/{path}")).bearer_auth(&self.token);
        let answer = request.json(&body).send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or(Value::Null))
    }

    /// All items of a list.
    async fn list(&self, http: &reqwest::Client, url: &str, path: &str) -> Vec<Value> {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let more = if path.contains('?') { '&' } else { '?' };
            let url = format!("{url}/api/v1/{path}{more}limit=1000{cursor}");
            let answer = http.get(url).bearer_auth(&self.token).send().await.unwrap();
            let page: Value = answer.error_for_status().unwrap().json().await.unwrap();
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }

    /// What is there is what was acknowledged; and all of it can be given back.
    async fn check(&self, world: &World, http: &reqwest::Client, mut all: Ledger) {
        let url = world.urls.read().unwrap()[0].clone();
        let listed = self.list(http, &url, "networks").await;
        let listed: std::collections::BTreeMap<_, _> = listed.iter().map(Given::read).collect();
        for pool in &world.pools {
            let shared = listed.get(&pool.shared).expect("a shared network").clone();
            all.networks.insert(pool.shared.clone(), shared);
        }
        for (id, given) in &all.networks {
            assert_eq!(listed.get(id), Some(given), "{id} was acknowledged");
        }
        for id in listed.keys() {
            assert!(all.networks.contains_key(id), "nobody was told of {id}");
        }
        let prefixes = self.list(http, &url, "prefixes").await;
        let (of_networks, others): (Vec<_>, Vec<_>) =
            prefixes.iter().partition(|prefix| !prefix["networkId"].is_null());
        assert_eq!(of_networks.len(), all.networks.len(), "each network has its prefix");
        let (foreign, ours): (Vec<_>, Vec<_>) =
            others.into_iter().partition(|prefix| prefix["purpose"] == "foreign");
        let ours: std::collections::BTreeMap<_, _> = ours.into_iter().map(shapes::read).collect();
        assert_eq!(ours, all.prefixes, "prefixes");
        let foreign: Vec<IpNet> = foreign.into_iter().map(|prefix| shapes::read(prefix).1).collect();
        all.assert_disjoint(&foreign);
        self.check_numbers(world, http, &all).await;
        for id in all.networks.keys() {
            let records = self.list(http, &url, &format!("networks/{id}/ips")).await;
            let recorded: BTreeSet<std::net::IpAddr> = records
                .iter()
                .filter(|record| record["type"] == "vm")
                .map(|record| record["address"].as_str().unwrap().parse().unwrap())
                .collect();
            assert_eq!(recorded, all.addresses.remove(id).unwrap_or_default(), "addresses of {id}");
        }
        let (_, audit) = self.call(&url, Method::GET, "audit/verify", None).await;
        assert_eq!(audit["intact"], true, "{audit}");
    }

    /// VLAN ids and AS numbers.
    async fn check_numbers(&self, world: &World, http: &reqwest::Client, all: &Ledger) {
        let url = world.urls.read().unwrap()[0].clone();
        let mut vlans = std::collections::BTreeMap::new();
        for site in 0..SITES {
            let site = format!("dc{site}");
            let (status, list) =
                self.call(&url, Method::GET, &format!("datacenters/{site}/vlans"), None).await;
            assert_eq!(status, 200, "{list}");
            for vlan in list["items"].as_array().unwrap().iter().filter(|vlan| vlan["networkId"].is_null()) {
                let id = vlan["id"].as_str().unwrap().to_owned();
                vlans.insert(id, (site.clone(), vlan["vlanId"].as_u64().unwrap()));
            }
        }
        assert_eq!(vlans, all.vlans, "VLAN ids");
        let asns = self.list(http, &url, "asns").await;
        let asns: std::collections::BTreeMap<_, _> = asns
            .iter()
            .map(|asn| (asn["id"].as_str().unwrap().to_owned(), asn["asn"].as_u64().unwrap()))
            .collect();
        assert_eq!(asns, all.asns, "AS numbers");
    }

    /// Ends the test with what the servers had to say.
    fn fail(&mut self, error: &tokio::task::JoinError) -> ! {
        for server in self.servers.drain(..) {
            self.logs += &block_in_place(|| server.stop("KILL")).1;
        }
        for line in self.logs.lines().filter(|line| line.contains(" ERROR ")).take(10) {
            eprintln!("{line}");
        }
        panic!("{:?}: a client met a defect: {error}", self.story);
    }

    fn end(self) {
        for server in self.servers {
            let (code, log) = block_in_place(|| server.stop("TERM"));
            assert_eq!(code, Some(0), "{:?}: {log}", self.story);
        }
    }
}

fn pool(number: usize) -> (String, String, IpNet) {
    // Some fill up in the storm, some do not.
    let length = if number.is_multiple_of(2) { 21 } else { 20 };
    let prefix = format!("172.{}.0.0/{length}", 16 + number).parse().unwrap();
    (format!("pool{number}"), format!("dc{}", number % SITES), prefix)
}

fn configuration() -> String {
    let mut text = "listen = \"127.0.0.1:0\"\ndata_dir = \"data\"\n[[tenants]]\nname = \"acme\"\n".to_owned();
    for number in 0..SITES {
        let outer = if number == 0 {
            "type = \"dot1q\"".to_owned()
        } else {
            format!("type = \"qinq\", service_vlan = {}", 1000 + number)
        };
        text += &format!(
            "[[sites]]\nname = \"dc{number}\"\nencapsulation = {{ {outer} }}\nvlan_range = \"2-4094\"\n"
        );
    }
    for number in 0..POOLS {
        let (name, site, prefix) = pool(number);
        text += &format!("[[pools]]\nname = \"{name}\"\ndatacenter = \"{site}\"\nprefix = \"{prefix}\"\n");
    }
    text
}
