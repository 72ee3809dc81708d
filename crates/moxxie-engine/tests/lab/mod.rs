//! A laboratory: an engine on a real database with emulated routers on real sockets.
//!
//! `Lab::new().site("dc2", qinq(1000)).router("r2", "7.20").start()` reads like its topology.

#![allow(dead_code, unreachable_pub, reason = "shared by test files, each of which uses a part")]
#![allow(
    clippy::unwrap_used,
    clippy::new_ret_no_self,
    reason = "these are tests, and `Lab::new()...start()` reads well"
)]

use std::{collections::BTreeMap, sync::atomic::AtomicU64, sync::atomic::Ordering, time::Duration};

use moxxie_api::{
    change::Change,
    datacenter::{DatacenterCreate, Encapsulation},
    network::{Network, NetworkRequest},
    pool::PoolCreate,
    router::RouterCreate,
    tenant::TenantCreate,
};
use moxxie_engine::{Context, DriftConfig, Engine, EngineConfig, Error, RealityConfig, clock::Ambient};
use moxxie_store::{MasterKey, Store, StoreConfig};
use routeros_emulator::{Emulator, Snapshot};
use tokio_util::sync::CancellationToken;

/// Which database a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    Sqlite,
    Postgres,
}

impl Database {
    /// Both, or SQLite alone where no PostgreSQL is offered; CI must offer one.
    pub fn all() -> Vec<Self> {
        if std::env::var_os("MOXXIE_TEST_POSTGRES").is_some() {
            return vec![Self::Sqlite, Self::Postgres];
        }
        assert!(std::env::var("CI").as_deref() != Ok("true"), "CI needs MOXXIE_TEST_POSTGRES");
        eprintln!("MOXXIE_TEST_POSTGRES is not set: the PostgreSQL half is skipped");
        vec![Self::Sqlite]
    }
}

struct Site {
    name: String,
    encapsulation: Option<Encapsulation>,
    router: Option<(String, String)>,
}

/// A laboratory being put together.
pub struct Builder {
    database: Database,
    config: EngineConfig,
    sites: Vec<Site>,
    seed: u64,
    ambient: Ambient,
}

/// A running laboratory.
pub struct Lab {
    pub engine: Engine,
    pub routers: BTreeMap<String, Emulator>,
    pub before: BTreeMap<String, Snapshot>,
    pub store: Store,
    pub url: String,
    stop: CancellationToken,
    worker: tokio::task::JoinHandle<Result<(), Error>>,
    _dir: tempfile::TempDir,
}

pub fn qinq(service_vlan: i64) -> Option<Encapsulation> {
    Some(Encapsulation { kind: "qinq".into(), service_vlan: Some(service_vlan), tpid: None })
}

pub fn dot1q() -> Option<Encapsulation> {
    None
}

/// Configuration in which nothing waits longer than a test needs.
pub fn quick() -> EngineConfig {
    EngineConfig {
        change_deadline: Duration::from_secs(20),
        max_backoff: Duration::from_millis(500),
        scan_interval: Duration::from_millis(200),
        connect_deadline: Duration::from_secs(2),
        command_deadline: Duration::from_millis(1500),
        lease_ttl: Duration::from_secs(30),
        settle: Duration::from_millis(100),
        chunk_commands: EngineConfig::default().chunk_commands,
        // Tests look at routers when they want to.
        reality: RealityConfig { interval: Duration::ZERO, ..RealityConfig::default() },
        drift: DriftConfig { interval: Duration::ZERO, ..DriftConfig::default() },
    }
}

impl Lab {
    pub fn new(database: Database) -> Builder {
        Builder { database, config: quick(), sites: Vec::new(), seed: 7, ambient: Ambient::system() }
    }

    pub fn emulator(&self, name: &str) -> &Emulator {
        &self.routers[name]
    }

    /// Orders a network and waits until its change is over or stuck.
    pub async fn provision(&self, request: NetworkRequest) -> Result<(Change, Option<Network>), Error> {
        let accepted = self.engine.provision(&Context::system(), request).await?;
        let change = self.wait(&accepted.change.change_id).await;
        let id = change.network_id.clone().unwrap_or_default();
        let network = self.engine.network(&Context::system(), &id).await.ok();
        Ok((change, network))
    }

    pub async fn deprovision(&self, id: &str) -> Result<Change, Error> {
        let accepted = self.engine.deprovision(&Context::system(), id).await?;
        Ok(self.wait(&accepted.change.change_id).await)
    }

    pub async fn wait(&self, change: &str) -> Change {
        let most = Duration::from_secs(40);
        let change = self.engine.wait_for_change(&Context::system(), change, most).await;
        change.expect("the change can be read")
    }

    /// The router is as it was when the laboratory started.
    pub fn assert_as_before(&self, router: &str) {
        let now = self.routers[router].snapshot();
        let before = &self.before[router];
        assert_eq!(now, *before, "router {router} differs:\n{}", before.diff(&now));
    }

    /// Nothing is allocated at the site.
    pub async fn assert_all_free(&self, site: &str) {
        let left = self.engine.available_resources(&Context::system(), site).await.expect("resources");
        assert_eq!(left.vlans_free, left.vlans_total, "VLANs of {site} are still held");
        for pool in left.pools {
            assert_eq!(pool.prefixes, 0, "prefixes of {} are still held", pool.pool);
            assert!(pool.used_percent.abs() < f64::EPSILON, "{} is not whole again", pool.pool);
        }
    }

    /// The audit trail holds.
    pub async fn assert_audit_intact(&self) {
        let found = self.engine.verify_audit(&Context::system()).await.expect("audit");
        assert!(found.intact, "{:?}", found.problems);
    }

    pub async fn stop(self) {
        self.stop.cancel();
        self.worker.await.expect("the worker does not panic").expect("the worker ends well");
        self.store.close().await;
        for (_, router) in self.routers {
            router.shutdown().await;
        }
    }
}

impl Builder {
    pub fn config(mut self, change: impl FnOnce(&mut EngineConfig)) -> Self {
        change(&mut self.config);
        self
    }

    /// A clock that shows something else than the system's.
    pub fn clock(
        mut self,
        show: impl Fn(moxxie_core::Timestamp) -> moxxie_core::Timestamp + Send + Sync + 'static,
    ) -> Self {
        let (clock, chance) = (Ambient::system(), Ambient::system());
        let fill = move |bytes: &mut [u8]| bytes.iter_mut().for_each(|byte| [*byte] = chance.random());
        self.ambient = Ambient::new(move || show(clock.now()), fill);
        self
    }

    pub fn site(mut self, name: &str, encapsulation: Option<Encapsulation>) -> Self {
        self.sites.push(Site { name: name.into(), encapsulation, router: None });
        self
    }

    /// A router at the site named last.
    pub fn router(mut self, name: &str, version: &str) -> Self {
        let site = self.sites.last_mut().expect("name a site first");
        site.router = Some((name.into(), version.into()));
        self
    }

    pub async fn start(self) -> Lab {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let url = match self.database {
            Database::Sqlite => format!("sqlite:{}", dir.path().join("moxxie.db").display()),
            Database::Postgres => new_database(),
        };
        let ambient = self.ambient;
        let config = StoreConfig::new(url.clone(), MasterKey::new([7; 32]), ambient.now());
        let store = Store::open(config).await.expect("the store opens");
        let engine = Engine::new(store.clone(), ambient, self.config);
        let stop = CancellationToken::new();
        let worker = tokio::spawn({
            let (engine, stop) = (engine.clone(), stop.clone());
            async move { engine.run(stop).await }
        });
        let mut lab = Lab {
            engine,
            routers: BTreeMap::new(),
            before: BTreeMap::new(),
            store,
            url,
            stop,
            worker,
            _dir: dir,
        };
        let system = Context::system();
        let tenant = TenantCreate { name: "acme".into(), description: String::new() };
        lab.engine.create_tenant(&system, tenant).await.expect("the tenant");
        for (n, site) in self.sites.into_iter().enumerate() {
            lab.add(n, site, self.seed).await;
        }
        lab
    }
}

impl Lab {
    async fn add(&mut self, n: usize, site: Site, seed: u64) {
        let system = Context::system();
        let request = DatacenterCreate {
            name: site.name.clone(),
            description: String::new(),
            location: String::new(),
            encapsulation: site.encapsulation,
            vlan_range: Some("100-2000".into()),
            management_prefixes: vec!["10.255.0.0/24".into(), "2001:db8:ff::/48".into()],
            dns_servers: Vec::new(),
            hand_off: None,
            ..DatacenterCreate::default()
        };
        self.engine.create_site(&system, request).await.expect("the site");
        let pool = PoolCreate {
            name: format!("{}-pool", site.name),
            datacenter: Some(site.name.clone()),
            prefix: format!("172.{}.0.0/16", 16 + n),
            ..PoolCreate::default()
        };
        self.engine.create_pool(&system, pool).await.expect("the pool");
        let Some((name, version)) = site.router else { return };
        let emulator = emulator(&name, &version, seed).await;
        let router = RouterCreate {
            name: name.clone(),
            datacenter: site.name,
            address: emulator.addr().to_string(),
            username: "moxxie".into(),
            password: "router-secret".into(),
            tls: None,
            trunk: "ether2".into(),
            firewall_anchor: None,
        };
        self.engine.create_router(&system, router).await.expect("the router");
        self.before.insert(name.clone(), emulator.snapshot());
        self.routers.insert(name, emulator);
    }
}

/// A router as an operator has it before moxxie comes: an uplink, an anchor, somebody else's rows.
pub async fn emulator(name: &str, version: &str, seed: u64) -> Emulator {
    emulator_at(name, version, seed, "127.0.0.1:0").await
}

/// The same, on a given address.
pub async fn emulator_at(name: &str, version: &str, seed: u64, bind: &str) -> Emulator {
    let emulator = Emulator::builder()
        .version(version)
        .expect("the version is emulated")
        .identity(name)
        .serial(&format!("SERIAL-{name}"))
        .user("moxxie", "router-secret")
        .ethernet(4)
        .seed(seed)
        .bind(bind)
        .start()
        .await
        .expect("the emulator starts");
    let add = |menu: &str, fields: &[(&str, &str)]| {
        emulator.add_row(menu, fields).expect("the operator's own rows");
    };
    add("/ip/address", &[("address", "10.255.0.1/24"), ("interface", "ether1")]);
    for filter in ["/ip/firewall/filter", "/ipv6/firewall/filter"] {
        for chain in ["forward", "input"] {
            let rule = |rest: &[(&str, &str)]| add(filter, &[&[("chain", chain)], rest].concat());
            rule(&[("action", "accept"), ("connection-state", "established,related")]);
            rule(&[("action", "passthrough"), ("comment", "moxxie-anchor")]);
            rule(&[("action", "drop"), ("comment", "operator: the rest")]);
        }
    }
    emulator
}

impl Lab {
    /// Gives a site an IPv6 pool.
    pub async fn with_ipv6(self, site: &str) -> Self {
        let pool =
            serde_json::json!({"name": format!("{site}-six"), "datacenter": site, "prefix": "2001:db8::/48"});
        let pool = serde_json::from_value(pool).expect("a pool");
        self.engine.create_pool(&Context::system(), pool).await.expect("the IPv6 pool");
        self
    }
}

/// The same with IPv6 beside.
pub fn dual(site: &str) -> NetworkRequest {
    NetworkRequest { size6: Some("/64".to_owned()), ..order(site) }
}

/// The request of the story: the same for every site but for its name.
pub fn order(site: &str) -> NetworkRequest {
    serde_json::from_value(serde_json::json!({
        "clientId": "acme", "datacenter": site, "size": "/24",
        "options": {"enableDHCP": true, "firewallProfile": "isolated"}
    }))
    .expect("a request")
}

/// A database of its own on the server that the tests were given.
pub fn new_database() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let server = std::env::var("MOXXIE_TEST_POSTGRES").expect("MOXXIE_TEST_POSTGRES");
    let name = format!("engine_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst));
    let status = std::process::Command::new("psql")
        // An earlier process may have had the same number.
        .args(["-q", "-d", &server])
        .args(["-c", &format!("DROP DATABASE IF EXISTS {name}"), "-c", &format!("CREATE DATABASE {name}")])
        .status()
        .expect("psql runs");
    assert!(status.success(), "creating database {name}");
    let (base, _) = server.rsplit_once('/').expect("a URL with a database");
    format!("{base}/{name}")
}

impl Lab {
    /// The files of the SQLite database, as they are on the disk now.
    pub async fn database_bytes(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self._dir.path()).unwrap();
        files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
    }
}
