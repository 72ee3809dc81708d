//! Import and export, on both databases.

#![allow(clippy::unwrap_used, reason = "these are tests, in helper functions")]

mod lab;

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use lab::{Database, new_database, quick};
use moxxie_api::{
    datacenter::DatacenterCreate,
    exchange::{ExportQuery, ImportQuery, ImportReport},
    pool::PoolCreate,
    search::SearchQuery,
    tenant::TenantCreate,
};
use moxxie_core::{
    AsnRangeId, Timestamp,
    asn::{AsnRange, AsnSpan},
};
use moxxie_engine::{Context, Engine, Error, clock::Ambient};
use moxxie_store::{MasterKey, Store, StoreConfig};

/// A datacentre, a tenant, a pool and a range of AS numbers, with nothing taken.
struct World {
    engine: Engine,
    store: Store,
    clock: Arc<AtomicI64>,
    _dir: tempfile::TempDir,
}

impl World {
    async fn new(database: Database) -> Self {
        let world = Self::bare(database).await;
        let (engine, store, clock) = (&world.engine, &world.store, &world.clock);
        let system = Context::system();
        let tenant = TenantCreate { name: "acme".into(), description: String::new() };
        engine.create_tenant(&system, tenant).await.unwrap();
        let pool: PoolCreate =
            serde_json::from_value(serde_json::json!({"name": "main", "prefix": "172.20.0.0/14"})).unwrap();
        engine.create_pool(&system, pool).await.unwrap();
        let mut tx = store.begin().await.unwrap();
        let range = AsnRange {
            id: AsnRangeId::new(moxxie_core::id::uuid_v7(1, [9; 10])),
            name: "private".parse().unwrap(),
            span: AsnSpan::new(64512, 65000).unwrap(),
            site_id: None,
            tenant_id: None,
            description: String::new(),
            quarantine_s: 0,
            version: 1,
        };
        tx.insert_asn_range(&range, engine_now(clock)).await.unwrap();
        tx.commit().await.unwrap();
        world
    }

    /// A datacentre and nothing else.
    async fn bare(database: Database) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = match database {
            Database::Sqlite => format!("sqlite:{}", dir.path().join("moxxie.db").display()),
            Database::Postgres => new_database(),
        };
        let clock = Arc::new(AtomicI64::new(1_800_000_000));
        let seconds = Arc::clone(&clock);
        let random = AtomicI64::new(1);
        let ambient = Ambient::new(
            move || Timestamp::from_second(seconds.load(Ordering::SeqCst)).unwrap(),
            move |bytes| {
                let number = random.fetch_add(1, Ordering::SeqCst).to_be_bytes();
                bytes.iter_mut().rev().zip(number.iter().rev()).for_each(|(byte, other)| *byte = *other);
            },
        );
        let config = StoreConfig::new(url, MasterKey::new([7; 32]), ambient.now());
        let store = Store::open(config).await.unwrap();
        let engine = Engine::new(store.clone(), ambient, quick());
        let system = Context::system();
        let site: DatacenterCreate = serde_json::from_value(serde_json::json!({
            "name": "dc2", "vlanRange": "100-2000", "managementPrefixes": ["10.255.0.0/24"],
        }))
        .unwrap();
        engine.create_site(&system, site).await.unwrap();
        Self { engine, store, clock, _dir: dir }
    }

    async fn import(&self, file: &str, dry_run: bool) -> Result<ImportReport, Error> {
        let query = ImportQuery { dry_run: Some(dry_run), kind: None };
        self.engine.import(&Context::system(), query, file.as_bytes()).await
    }

    async fn export(&self, format: &str) -> String {
        let query = ExportQuery { format: Some(format.into()), kind: None, client_id: None };
        let mut export = self.engine.export(&Context::system(), query).await.unwrap();
        let mut all = Vec::new();
        while let Some(part) = export.next().await.unwrap() {
            all.extend(part);
        }
        String::from_utf8(all).unwrap()
    }
}

fn engine_now(clock: &AtomicI64) -> Timestamp {
    Timestamp::from_second(clock.load(Ordering::SeqCst)).unwrap()
}

const FILE: &str = "\u{feff}type,clientId,datacenter,name,prefix,vlanId,dhcp,asn,address,status,until,use,hostname,mac,vmId,purpose,labels\r
address,,,,,,,,172.20.1.9,,,,db-1.example,0200.5e00.5301,vm-1,,app=db;tier=\"back\"\r
network,acme,dc2,web,172.20.1.0/24,150,yes,,,,,,,,,\"a \"\"web\"\", one\",\r
network,acme,dc2,db,172.21.0.0/25,151,,,,,,,,,,'=1+1,\r
prefix,acme,,,172.22.0.0/20,,,,,,,,,,,,env=prod\r
prefix,,,,172.22.16.0/24,,,,,reserved,,,,,,kept,\r
prefix,acme,,,172.22.17.0/24,,,,,held,2027-06-01T00:00:00Z,,,,,,\r
vlan,,dc2,,,200,,,,reserved,,,,,,the other team,\r
asn,acme,,,,,,64600,,,,,,,,cluster,\r
address,,,,,,,,172.21.0.9,,,vip,,,,,\r
";

#[tokio::test]
async fn a_file_is_imported_whole_and_again_changes_nothing() {
    for database in Database::all() {
        let world = World::new(database).await;
        let rehearsed = world.import(FILE, true).await.unwrap();
        assert_eq!(rehearsed.problems, [], "{database:?}");
        assert_eq!(world.export("csv").await.lines().count(), 4, "a dry run does nothing");
        let done = world.import(FILE, false).await.unwrap();
        assert_eq!((done.lines, done.unchanged, &done.created), (9, 0, &rehearsed.created));
        assert_eq!(done.created["network"] + done.created["prefix"] + done.created["address"], 7);

        let again = world.import(FILE, false).await.unwrap();
        assert_eq!((again.unchanged, again.created.len()), (9, 0));
        let table = world.export("csv").await;
        assert_eq!(table.lines().count(), 13, "{table}");
        assert!(table.contains(",'=1+1,"), "{table}");
        let round = world.import(&table, false).await.unwrap();
        assert_eq!((round.unchanged, round.created.len()), (12, 0), "{table}");
        assert_eq!(world.export("csv").await, table);

        let json: serde_json::Value = serde_json::from_str(&world.export("json").await).unwrap();
        assert_eq!(json["items"].as_array().unwrap().len(), 12);

        // What the export of one says, another one takes.
        let other = World::new(database).await;
        let report = other.import(&table, false).await.unwrap();
        assert_eq!((report.unchanged, report.created), (3, done.created));
        assert_eq!(other.export("csv").await, table);
        assert!(world.engine.verify_audit(&Context::system()).await.unwrap().intact);
        world.store.close().await;
    }
}

const ALL: &str = "type,clientId,datacenter,vrf,name,prefix,gateway,prefix6,gateway6,vlanId,asn,address,first,last,status,dhcp,policy,quarantine,use,hostname,description,labels
address,,,lab,,,,,,,,10.1.0.20,,,,,,,vip,vip.example,,app=db
prefix,globex,,lab,,10.2.0.0/24,,,,,,,,,reserved,,,,,,,
network,acme,dc2,,dual,172.20.1.0/24,172.20.1.254,fd00:1::/64,fd00:1::ffff,150,,,,,,yes,,,,,\"two families, one network\",app=web;tier=front
network,acme,dc2,lab,inner,10.1.0.0/24,,,,151,,,,,,,,,,,,
network,globex,dc2,,six,fd00:1:0:1::/64,,,,152,,,,,,,,,,,,
range,,,,,,,,,,,,172.20.1.100,172.20.1.120,,,,,dhcp,,leases,
range,,,lab,,,,,,,,,10.1.0.16,10.1.0.31,,,,,reserved,,balancers,
asn,acme,,,,,,,,,64512,,,,,,,,,,,
vlan,,dc2,,,,,,,200,,,,,reserved,,,,,,,
asn_range,acme,dc2,,acmes,,,,,,,,64512,64600,,,,3600,,,for clusters,
pool,,dc2,,main,172.20.0.0/16,,,,,,,,,,,by_vlan,86400,,,the site's,
pool,,,,six,fd00:1::/48,,,,,,,,,,,,,,,,
pool,,,lab,lab,10.0.0.0/10,,,,,,,,,,,sparse,,,,,
container,,,lab,private,10.0.0.0/8,,,,,,,,,,,,,,,all of it,
vrf,,,,lab,,,,,,,,,,,,,,,,overlaps,
tenant,,,,acme,,,,,,,,,,,,,,,,the first,
tenant,,,,globex,,,,,,,,,,,,,,,,,
";

#[tokio::test]
async fn an_export_makes_the_same_of_an_empty_database() {
    for database in Database::all() {
        let world = World::bare(database).await;
        let rehearsed = world.import(ALL, true).await.unwrap();
        assert_eq!(rehearsed.problems, [], "{database:?}");
        let done = world.import(ALL, false).await.unwrap();
        assert_eq!((done.lines, done.unchanged, &done.created), (17, 0, &rehearsed.created));
        assert_eq!(world.import(ALL, false).await.unwrap().unchanged, 17);
        let table = world.export("csv").await;
        assert_eq!(table.lines().count(), 18, "{table}");

        let other = World::bare(database).await;
        assert_eq!(other.import(&table, false).await.unwrap().created, done.created);
        assert_eq!(other.export("csv").await, table, "{database:?}");
        assert_eq!(other.export("json").await, world.export("json").await);
        assert_eq!(other.import(&table, false).await.unwrap().unchanged, 17);

        // One that says something else of what is there is told so, by line.
        let changed = table
            .replace("by_vlan", "first_fit")
            .replace("172.20.1.254", "172.20.1.1")
            .replace("fd00:1::ffff", "fd00:1::1")
            .replace("tier=front", "tier=back")
            .replace("leases", "phones")
            .replace("overlaps", "apart");
        let report = other.import(&changed, true).await.unwrap();
        let words: Vec<_> = report.problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(report.problem_count, 4, "{words:#?}");
        for (word, column) in
            [("VRF", "description"), ("pool", "policy"), ("network", "gateway6"), ("range", "description")]
        {
            assert!(words.iter().any(|text| text.contains(word) && text.contains(column)), "{words:#?}");
        }
        world.store.close().await;
        other.store.close().await;
    }
}

#[tokio::test]
async fn only_admins_arrange_by_import() {
    let world = World::bare(Database::Sqlite).await;
    let mut operator = Context::system();
    operator.principal.role = moxxie_core::identity::Role::Operator;
    let file = "type,name,prefix\ntenant,acme,\nvrf,lab,\npool,main,10.0.0.0/8\n";
    let query = ImportQuery { dry_run: Some(true), kind: None };
    let report = world.engine.import(&operator, query, file.as_bytes()).await.unwrap();
    assert_eq!((report.problem_count, report.created["tenant"]), (2, 1));
    assert!(report.problems.iter().all(|problem| problem.message.contains("admin")), "{report:?}");
    world.store.close().await;
}

#[tokio::test]
async fn many_prefixes_leave_what_is_free_as_it_is() {
    for database in Database::all() {
        let world = World::new(database).await;
        let lines = |from: u32, step: u32| -> String {
            (0..1500)
                .map(|n| {
                    let first =
                        std::net::Ipv4Addr::from(u32::from_be_bytes([172, 20, 0, 0]) + from + n * step);
                    format!("prefix,{first}/28,rack=r{}\n", n % 7)
                })
                .collect()
        };
        let file = format!("type,prefix,labels\n{}", lines(0, 32));
        assert_eq!(world.import(&file, false).await.unwrap().created["prefix"], 1500);
        assert_eq!(world.import(&file, false).await.unwrap().unchanged, 1500);
        // What overlaps what is there, or an earlier line, is told by its line.
        let file = "type,prefix\nprefix,172.20.0.0/29\nprefix,172.20.0.16/28\nprefix,172.20.0.0/24\nprefix,172.20.0.16/29\n";
        let report = world.import(file, true).await.unwrap();
        let told: Vec<_> = report.problems.iter().map(|problem| problem.line).collect();
        assert_eq!(told, [2, 4, 5], "{:#?}", report.problems);
        // Free blocks and counters are those of a pool whose prefixes were taken one by one.
        let pool = world.engine.pool(&Context::system(), "main", None).await.unwrap();
        assert_eq!((pool.usage.prefixes, pool.usage.assigned), (1500, 1500));
        let at = engine_now(&world.clock).to_string();
        let counted = world.engine.pool(&Context::system(), "main", Some(&at)).await.unwrap();
        assert_eq!(serde_json::json!(counted), serde_json::json!(pool));
        let filter = serde_json::json!({"label": "rack=r3", "limit": 1000});
        let query = serde_json::from_value(filter).unwrap();
        assert_eq!(world.engine.prefixes(&Context::system(), query).await.unwrap().items.len(), 214);
        world.store.close().await;
    }
}

#[tokio::test]
#[ignore = "takes minutes in a debug build; run by hand, and look at how long each database takes"]
async fn a_hundred_thousand_lines() {
    for database in Database::all() {
        let world = World::new(database).await;
        let mut file = String::from("type,clientId,datacenter,name,prefix,vlanId,address,hostname,labels\n");
        file += "network,acme,dc2,big,172.20.0.0/15,150,,,\n";
        for n in 0..50_000_u32 {
            let address = std::net::Ipv4Addr::from(u32::from_be_bytes([172, 20, 1, 0]) + n);
            file += &format!("address,,,,,,{address},host-{n}.example,rack=r{}\n", n % 100);
        }
        for n in 0..49_999_u32 {
            let prefix = std::net::Ipv4Addr::from(u32::from_be_bytes([172, 22, 0, 0]) + n * 2);
            file += &format!("prefix,,,,{prefix}/32,,,,\n");
        }
        for (what, dry_run) in [("dry run", true), ("import", false), ("again", false)] {
            let begin = std::time::Instant::now();
            let report = world.import(&file, dry_run).await.unwrap();
            assert_eq!((report.lines, report.problem_count), (100_000, 0));
            println!("{database:?} {what}: {:?}", begin.elapsed());
        }
        let begin = std::time::Instant::now();
        assert_eq!(world.export("csv").await.lines().count(), 100_004);
        println!("{database:?} export: {:?}", begin.elapsed());
        world.store.close().await;
    }
}

#[tokio::test]
async fn taken_vlans_and_as_numbers_are_found() {
    for database in Database::all() {
        let world = World::new(database).await;
        world.import(FILE, false).await.unwrap();
        for (text, wanted) in [
            ("vlan 200", "vlan reserved"),
            ("AS64600", "asn assigned"),
            ("64600", "asn assigned"),
            ("env=prod", "prefix assigned"),
            ("172.22.16.5", "prefix reserved"),
        ] {
            let query = SearchQuery { q: text.into(), ..SearchQuery::default() };
            let found = world.engine.search(&Context::system(), query).await.unwrap().items;
            let found: Vec<_> = found
                .iter()
                .map(|hit| format!("{} {}", hit.kind, hit.status.as_deref().unwrap_or_default()))
                .collect();
            assert_eq!(found, [wanted], "{database:?}: {text}");
        }
        world.store.close().await;
    }
}

/// Read by Ansible itself, where there is one: `cargo xtask test` makes the environment and names it.
#[tokio::test]
async fn ansible_understands_the_inventory() {
    let python = std::env::var_os("MOXXIE_TEST_PYTHON").filter(|value| !value.is_empty());
    let Some(python) = python else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "MOXXIE_TEST_PYTHON is not set");
        eprintln!("skipped: MOXXIE_TEST_PYTHON is not set");
        return;
    };
    let world = World::new(Database::Sqlite).await;
    let file = "type,clientId,datacenter,name,prefix,vlanId,address,hostname,labels
network,acme,dc2,web,172.20.1.0/24,150,,,
address,,,,,,172.20.1.9,db-1.example,app=db;note={{ 7 * 7 }}
address,,,,,,172.20.1.10,db-1.example,app=db
address,,,,,,172.20.1.11,,
";
    world.import(file, false).await.unwrap();
    let home = tempfile::tempdir().unwrap();
    let inventory = home.path().join("hosts.json");
    std::fs::write(&inventory, world.export("ansible").await).unwrap();
    let run = async |arguments: &[&str]| {
        let output = tokio::process::Command::new(&python)
            .args(["-m", "ansible.cli.inventory", "-i"])
            .arg(&inventory)
            .args(arguments)
            .env("HOME", home.path())
            // Ansible insists on UTF-8.
            .env("LC_ALL", "C.UTF-8")
            .output()
            .await
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && !errors.contains("WARN"), "{errors}");
        String::from_utf8(output.stdout).unwrap()
    };
    let list: serde_json::Value = serde_json::from_str(&run(&["--list"]).await).unwrap();
    let hosts = list["_meta"]["hostvars"].as_object().unwrap();
    assert_eq!(hosts.len(), 3, "{list}");
    assert_eq!(hosts["db-1.example"]["ansible_host"], "172.20.1.9");
    assert_eq!(hosts["db-1.example_172.20.1.10"]["ansible_host"], "172.20.1.10");
    assert_eq!(hosts["172.20.1.11"]["moxxie_network"], "web");
    // Nothing that came in was carried out.
    assert_eq!(hosts["db-1.example"]["moxxie_labels"]["note"], "{ { 7 * 7 }}");
    assert_eq!(list["label_app_db"]["hosts"].as_array().unwrap().len(), 2);
    assert_eq!(list["network_acme_web"]["hosts"].as_array().unwrap().len(), 3);
    world.store.close().await;
}

#[tokio::test]
async fn every_conflict_is_told_by_line_and_nothing_is_done() {
    for database in Database::all() {
        let world = World::new(database).await;
        world.import(FILE, false).await.unwrap();
        let before = world.export("csv").await;
        let file = "type,clientId,datacenter,name,prefix,vlanId,asn,address,status,hostname,mac
network,acme,dc2,new,172.23.0.0/24,300,,,,,
network,nobody,dc2,other,172.23.1.0/24,301,,,,,
network,acme,dc2,web,172.20.1.0/24,152,,,,,
network,acme,dc2,third,172.20.1.128/25,302,,,,,
network,acme,dc2,fourth,172.23.2.0/24,200,,,,,
prefix,,,,172.22.0.0/21,,,,,,
prefix,,,,10.0.0.0/24,,,,,,
prefix,,,,172.20.1.0/24,,,,,,
prefix,,,,172.23.9.1/24,,,,,,
prefix,,,,172.23.8.0/24,,,,held,,
vlan,,dc2,,,150,,,,,
vlan,,dc2,,,99,,,,,
asn,,,,,,4200000000,,,,
asn,,,,,,0,,,,
address,,,,,,,172.20.1.9,,db-2,
address,,,,,,,172.20.1.1,,,
address,,,,,,,172.22.0.9,,,
address,,,,,,,172.23.0.9,,a b,
address,,,,,,,172.23.0.10,,,02:00
address,,,,,,,172.23.0.11,,,
address,,,,,,,172.23.0.11,,,
";
        let report = world.import(file, true).await.unwrap();
        let lines: Vec<_> = report.problems.iter().map(|problem| problem.line).collect();
        let wanted: Vec<u64> = (3..=20).chain([22]).collect();
        assert_eq!(lines, wanted, "{database:?}: {:#?}", report.problems);
        assert_eq!(report.problem_count, 19);
        assert_eq!((report.created["network"], report.created["address"]), (1, 1));
        let Err(Error::Invalid(fields)) = world.import(file, false).await else { panic!("imported") };
        assert_eq!(fields.len(), 19);
        assert_eq!(fields[0].field, "line 3");
        assert_eq!(world.export("csv").await, before);
        world.store.close().await;
    }
}

#[tokio::test]
async fn forecasts_follow_the_samples() {
    for database in Database::all() {
        let world = World::new(database).await;
        let system = Context::system();
        for day in 0..12 {
            let file = format!("type,prefix\nprefix,172.20.{day}.0/24\nprefix,172.21.{day}.0/24\n");
            world.import(&file, false).await.unwrap();
            world.engine.upkeep().await.unwrap();
            world.engine.upkeep().await.unwrap();
            world.clock.fetch_add(86_400, Ordering::SeqCst);
        }
        let forecast = world.engine.pool_forecast(&system, "main").await.unwrap();
        assert_eq!((forecast.outlook.as_str(), forecast.samples), ("full", 12), "{forecast:?}");
        assert_eq!(forecast.addresses_per_day, Some(512.0));
        // 2^18 addresses, 24 prefixes of 256 taken.
        assert_eq!(forecast.days_left, Some(500.0));
        assert_eq!(forecast.full_at.unwrap().as_second(), world.clock.load(Ordering::SeqCst) + 500 * 86_400);

        world.clock.fetch_add(400 * 86_400, Ordering::SeqCst);
        world.engine.upkeep().await.unwrap();
        let forecast = world.engine.pool_forecast(&system, "main").await.unwrap();
        assert_eq!((forecast.outlook.as_str(), forecast.samples), ("too_little_data", 1));
        world.store.close().await;
    }
}
