//! A database per test, on both databases.
#![allow(dead_code, unreachable_pub, reason = "every test binary uses a part of it")]

use std::{
    collections::BTreeMap,
    env,
    net::IpAddr,
    sync::atomic::{AtomicU32, Ordering},
};

use ipnet::IpNet;
use moxxie_core::{
    AddressId, AttachmentId, ChangeId, DomainId, EventId, Name, NetworkId, PoolId, PrefixId, RouterId,
    SiteId, TenantId, Timestamp, VlanRecordId,
    address::{AddressKind, AddressStatus, Layout},
    change::{ChangeKind, ChangeState, Decision},
    claim::Claim,
    domain::Domain,
    encapsulation::{Encapsulation, HandOff},
    id::uuid_v7,
    network::{Attachment, Network, NetworkOptions, NetworkStatus},
    pool::{Policy, Pool, Used},
    router::{Router, Security},
    site::Site,
    tenant::Tenant,
    vlan::{VlanId, VlanRange},
};
use moxxie_store::{
    Address, AuditDraft, Batch, Change, Dialect, Labels, MasterKey, NewPrefix, OpenError, SpaceStep, Store,
    StoreConfig, StoreError, Subject, Territory, Written,
};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection};
use uuid::Uuid;

/// The moment at which everything in the tests happens.
pub const NOW: Timestamp = Timestamp::constant(1_800_000_000, 123_456_000);

static COUNTER: AtomicU32 = AtomicU32::new(1);

/// A UUID that no other call got.
pub fn uuid() -> Uuid {
    let n = COUNTER.fetch_add(1, Ordering::Relaxed);
    let [a, b, c, d] = n.to_be_bytes();
    uuid_v7(1_800_000_000_000 + u64::from(n), [0, 0, 0, 0, 0, 0, a, b, c, d])
}

pub fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub fn net(text: &str) -> IpNet {
    text.parse().unwrap()
}

pub fn vlan(id: i64) -> VlanId {
    VlanId::new(id).unwrap()
}

/// A database of its own.
pub struct Database {
    pub store: Store,
    pub dialect: Dialect,
    url: String,
    key: [u8; 32],
    _directory: Option<tempfile::TempDir>,
}

impl Database {
    pub fn config(&self) -> StoreConfig {
        StoreConfig::new(&self.url, MasterKey::new(self.key), NOW)
    }

    /// Another store on the same database: another process, as far as the database can tell.
    pub async fn open_again(&self) -> Result<Store, OpenError> {
        Store::open(self.config()).await
    }

    pub fn path(&self) -> &str {
        self.url.strip_prefix("sqlite:").unwrap()
    }

    /// A connection of its own to PostgreSQL.
    pub async fn postgres(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.unwrap()
    }

    /// Runs SQL behind the store's back.
    pub async fn raw(&self, sql: &str) -> Result<u64, sqlx::Error> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self.dialect {
            Dialect::Sqlite => {
                let mut connection = SqliteConnection::connect(&self.url).await?;
                let done = connection.execute(sqlx::raw_sql(sql)).await?.rows_affected();
                connection.close().await?;
                Ok(done)
            }
            Dialect::Postgres => {
                let mut connection = PgConnection::connect(&self.url).await?;
                let done = connection.execute(sqlx::raw_sql(sql)).await?.rows_affected();
                connection.close().await?;
                Ok(done)
            }
        }
    }

    /// Everything stored, as text.
    pub async fn dump(&self) -> String {
        match self.dialect {
            Dialect::Sqlite => {
                self.raw("PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap();
                String::from_utf8_lossy(&std::fs::read(self.path()).unwrap()).into_owned()
            }
            Dialect::Postgres => {
                let mut connection = PgConnection::connect(&self.url).await.unwrap();
                let tables: Vec<String> =
                    sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")
                        .fetch_all(&mut connection)
                        .await
                        .unwrap();
                let mut dump = String::new();
                for table in tables {
                    let sql = AssertSqlSafe(format!("SELECT t::text FROM {table} t"));
                    let rows: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap();
                    for row in rows {
                        dump += &row;
                        // Bytes print as hex there.
                        for hex in row.split("\\x").skip(1) {
                            let digits: Vec<u8> = hex.bytes().take_while(u8::is_ascii_hexdigit).collect();
                            let text = digits.chunks_exact(2).map(|pair| {
                                let pair = std::str::from_utf8(pair).unwrap();
                                char::from(u8::from_str_radix(pair, 16).unwrap())
                            });
                            dump.extend(text);
                        }
                    }
                }
                dump
            }
        }
    }
}

/// Runs a test on SQLite, and on PostgreSQL when `MOXXIE_TEST_POSTGRES` names a server.
pub async fn on_both(test: impl AsyncFn(&Database)) {
    on_sqlite(&test).await;
    on_postgres(&test).await;
}

pub async fn on_sqlite(test: impl AsyncFn(&Database)) {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", directory.path().join("moxxie.db").display());
    let key = [7; 32];
    let store = Store::open(StoreConfig::new(&url, MasterKey::new(key), NOW)).await.unwrap();
    let database = Database { store, dialect: Dialect::Sqlite, url, key, _directory: Some(directory) };
    test(&database).await;
    database.store.close().await;
}

pub async fn on_postgres(test: impl AsyncFn(&Database)) {
    let Ok(server) = env::var("MOXXIE_TEST_POSTGRES") else {
        assert!(env::var("CI").as_deref() != Ok("true"), "MOXXIE_TEST_POSTGRES is not set");
        eprintln!("skipped on PostgreSQL: MOXXIE_TEST_POSTGRES is not set");
        return;
    };
    let mut admin = PgConnection::connect(&server).await.unwrap();
    let random = fastrand::u64(..);
    let database_name = format!("moxxie_test_{}_{random:x}", std::process::id());
    admin.execute(AssertSqlSafe(format!("CREATE DATABASE {database_name}"))).await.unwrap();
    let (base, query) = server.split_once('?').map_or((server.as_str(), ""), |(base, query)| (base, query));
    let host_end = base.find("://").map_or(0, |at| at + 3);
    let slash = base[host_end..].find('/').map_or(base.len(), |at| host_end + at);
    let url = format!("{}/{database_name}?{query}", &base[..slash]);
    let key = [7; 32];
    let store = Store::open(StoreConfig::new(&url, MasterKey::new(key), NOW)).await.unwrap();
    let database = Database { store, dialect: Dialect::Postgres, url, key, _directory: None };
    test(&database).await;
    database.store.close().await;
    admin.execute(AssertSqlSafe(format!("DROP DATABASE {database_name} WITH (FORCE)"))).await.unwrap();
}

/// A site with a domain, a tenant, a pool and a router.
pub struct World {
    pub site: Site,
    pub domain: Domain,
    pub tenant: Tenant,
    pub pool: Pool,
    pub router: Router,
}

pub async fn world(store: &Store, prefix: &str) -> World {
    let site = Site {
        id: SiteId::new(uuid()),
        name: name("dc1"),
        description: "first".into(),
        location: "Wien".into(),
        management_prefixes: vec![net("192.0.2.0/24"), net("2001:db8::/48")],
        dns_servers: vec!["9.9.9.9".parse().unwrap()],
        hand_off: HandOff::ProviderTags,
    };
    let domain = Domain {
        id: DomainId::new(uuid()),
        site_id: site.id,
        name: name("trunk"),
        encapsulation: Encapsulation::Dot1q,
        range: VlanRange::new(vlan(100), vlan(2000)).unwrap(),
        quarantine_s: 0,
    };
    let tenant = Tenant { id: TenantId::new(uuid()), name: name("acme"), description: String::new() };
    let pool = pool(store, "v4", prefix);
    let router = Router {
        id: RouterId::new(uuid()),
        name: name("r1"),
        site_id: site.id,
        domain_id: domain.id,
        address: "127.0.0.1:8728".into(),
        username: "moxxie".into(),
        security: Security::Plain,
        trunk: "sfp1".into(),
        anchor: "moxxie".into(),
        identity: None,
    };
    let mut tx = store.begin().await.unwrap();
    tx.insert_site(&site, NOW).await.unwrap();
    tx.insert_domain(&domain, NOW).await.unwrap();
    tx.insert_tenant(&tenant, NOW).await.unwrap();
    tx.insert_pool(&pool, NOW).await.unwrap();
    tx.insert_router(&router, NOW).await.unwrap();
    tx.commit().await.unwrap();
    World { site, domain, tenant, pool, router }
}

pub fn vlan_record() -> VlanRecordId {
    VlanRecordId::new(uuid())
}

pub fn pool(store: &Store, pool_name: &str, prefix: &str) -> Pool {
    Pool {
        id: PoolId::new(uuid()),
        name: name(pool_name),
        site_id: None,
        vrf_id: store.main_vrf(),
        prefix: net(prefix),
        description: String::new(),
        policy: Policy::BestFit,
        quarantine_s: 0,
        used: Used::default(),
        version: 1,
    }
}

impl World {
    pub fn new_prefix(&self) -> NewPrefix {
        NewPrefix {
            id: PrefixId::new(uuid()),
            pool_id: self.pool.id,
            policy: None,
            tenant_id: Some(self.tenant.id),
            network_id: None,
            claim: Claim::Assigned,
            purpose: "test".into(),
            labels: BTreeMap::new(),
            now: NOW,
        }
    }

    pub fn network(&self, network_name: &str, vid: i64, prefix: &str) -> Network {
        let prefix = net(prefix);
        Network {
            id: NetworkId::new(uuid()),
            name: name(network_name),
            tenant_id: self.tenant.id,
            kind: name("vm"),
            purpose: "web".into(),
            site_id: self.site.id,
            vrf_id: self.pool.vrf_id,
            pool_id: self.pool.id,
            prefix,
            second: None,
            gateway: prefix.hosts().next().unwrap_or(IpAddr::from([0; 4])),
            options: NetworkOptions { dhcp: true, description: "say \"hi\"".into(), ..Default::default() },
            labels: BTreeMap::new(),
            status: NetworkStatus::Allocated,
            attachment: Attachment {
                id: AttachmentId::new(uuid()),
                domain_id: self.domain.id,
                vlan: vlan(vid),
            },
            created_at: NOW,
            updated_at: NOW,
            version: 1,
        }
    }

    /// A network with its prefix and a space of which all hosts are free.
    pub async fn ground(&self, store: &Store, network_name: &str, vid: i64, prefix: &str) -> Ground {
        let network = self.network(network_name, vid, prefix);
        let new = NewPrefix { network_id: Some(network.id), ..self.new_prefix() };
        let mut tx = store.begin().await.unwrap();
        tx.insert_network(&network, vlan_record()).await.unwrap();
        tx.allocate_given(&new, network.prefix).await.unwrap();
        tx.insert_space(new.id, network.id).await.unwrap();
        let ground = Ground { network, prefix_id: new.id };
        let candidates = Layout::new(ground.network.prefix).host_set();
        tx.rebuild_space(&new.id.to_string(), ground.territory(), &candidates).await.unwrap();
        tx.commit().await.unwrap();
        ground
    }

    pub fn subject(&self, network: NetworkId) -> Subject {
        let (before, during) = (NetworkStatus::Allocated, NetworkStatus::Provisioning);
        Subject { network, made: true, before, during, carried: None }
    }

    pub fn change(&self, network: NetworkId) -> Change {
        Change {
            id: ChangeId::new(uuid()),
            kind: ChangeKind::Provision,
            state: ChangeState::Planned,
            decision: Decision::None,
            network_id: Some(network),
            tenant_id: Some(self.tenant.id),
            site_id: Some(self.site.id),
            routers: vec![self.router.id],
            attempt: 0,
            not_before: NOW,
            deadline: NOW,
            reached: false,
            error: None,
            request: serde_json::json!({"size": "/24"}),
            principal: "root".into(),
            created_at: NOW,
            updated_at: NOW,
            finished_at: None,
            version: 1,
        }
    }
}

/// A network with addresses to give out.
pub struct Ground {
    pub network: Network,
    pub prefix_id: PrefixId,
}

impl Ground {
    pub fn space(&self) -> String {
        self.prefix_id.to_string()
    }

    pub fn territory(&self) -> Territory {
        Territory { vrf: self.network.vrf_id, prefix: self.network.prefix }
    }

    pub fn address(&self, address: &str) -> Address {
        Address {
            id: AddressId::new(uuid()),
            prefix_id: self.prefix_id,
            network_id: self.network.id,
            tenant_id: self.network.tenant_id,
            vrf_id: self.network.vrf_id,
            address: address.parse().unwrap(),
            status: AddressStatus::Assigned,
            expires_at: None,
            kind: AddressKind::Vm,
            hostname: Some("web".into()),
            mac: None,
            vm_id: Some("42".into()),
            owner: None,
            tags: Labels::new(),
            since: NOW,
            created_at: NOW,
        }
    }
}

/// Records addresses as the engine does, at whatever version the space is.
pub async fn record(store: &Store, ground: &Ground, addresses: &[Address]) -> Result<Written, StoreError> {
    let version = store.space(&ground.space()).await.unwrap().unwrap().version;
    let changes = moxxie_core::free_range::RangeChanges::default();
    let spaces = vec![SpaceStep { id: ground.space(), version, changes, low: None }];
    let batch = Batch { taken: addresses.to_vec(), ..batch(spaces) };
    store.write_batch(&batch).await
}

/// A batch that does nothing yet.
pub fn batch(spaces: Vec<SpaceStep>) -> Batch {
    Batch {
        now: NOW,
        spaces,
        taken: Vec::new(),
        released: Vec::new(),
        turned: Vec::new(),
        events: vec![draft("address.create")],
        answers: Vec::new(),
    }
}

pub fn draft(action: &str) -> AuditDraft {
    AuditDraft {
        id: EventId::new(uuid()),
        at: NOW,
        actor: "root".into(),
        source: "127.0.0.1".into(),
        action: action.into(),
        object: "site-1".into(),
        tenant_id: None,
        outcome: "succeeded".into(),
        detail: serde_json::json!({"z": 0.1, "a": [1, 2, {"y": null}], "text": "ä\u{0}"}),
    }
}
