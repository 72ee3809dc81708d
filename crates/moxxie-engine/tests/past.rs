//! What is taken and how it was arranged at a past time is what was listed then, whatever was done to it
//! since: on both databases.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod lab;

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use lab::{Database, new_database};
use moxxie_api::{
    Page, PastPageQuery, asn::AsnQuery, network::NetworkQuery, prefix::PrefixQuery, vlan::VlanQuery,
};
use moxxie_core::Timestamp;
use moxxie_engine::{Context, Engine, EngineConfig, Error, clock::Ambient};
use moxxie_store::{MasterKey, Store, StoreConfig};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

struct World {
    engine: Engine,
    now: Arc<AtomicI64>,
    _directory: tempfile::TempDir,
}

/// A value of whatever type is wanted.
fn a<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn me() -> Context {
    Context::system()
}

/// All pages of a list.
async fn whole<T: Serialize>(
    mut page: impl AsyncFnMut(Option<String>) -> Result<Page<T>, Error>,
) -> Vec<Value> {
    let mut all = Vec::new();
    let mut cursor = None;
    loop {
        let found = page(cursor).await.unwrap();
        all.extend(found.items.iter().map(|item| json!(item)));
        cursor = found.next_cursor;
        if cursor.is_none() {
            return all;
        }
    }
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap()
}

impl World {
    async fn new(database: Database) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = match database {
            Database::Sqlite => format!("sqlite:{}", directory.path().join("moxxie.db").display()),
            Database::Postgres => new_database(),
        };
        let now = Arc::new(AtomicI64::new(1_800_000_000));
        let (clock, count) = (Arc::clone(&now), AtomicU64::new(1));
        let ambient = Ambient::new(
            move || Timestamp::from_second(clock.load(Ordering::Relaxed)).unwrap(),
            move |bytes| {
                let next = count.fetch_add(1, Ordering::Relaxed).to_be_bytes();
                bytes.iter_mut().rev().zip(next.iter().rev()).for_each(|(byte, value)| *byte = *value);
            },
        );
        let store = Store::open(StoreConfig::new(url, MasterKey::new([7; 32]), ambient.now())).await.unwrap();
        let engine = Engine::new(store, ambient, EngineConfig::default());
        let world = Self { engine, now, _directory: directory };
        world.tick();
        let e = &world.engine;
        e.create_tenant(&me(), a(json!({"name": "acme"}))).await.unwrap();
        let site = json!({"name": "dc1", "vlanRange": "100-120", "vlanQuarantineSeconds": 300});
        e.create_site(&me(), a(site)).await.unwrap();
        e.create_vrf(&me(), a(json!({"name": "lab"}))).await.unwrap();
        for pool in [
            json!({"name": "main", "prefix": "10.0.0.0/20", "quarantineSeconds": 300}),
            json!({"name": "other", "prefix": "10.0.16.0/20"}),
            json!({"name": "six", "prefix": "fd00::/56"}),
            json!({"name": "lab", "prefix": "10.0.0.0/20", "vrf": "lab"}),
        ] {
            e.create_pool(&me(), a(pool)).await.unwrap();
        }
        let range = json!({"name": "low", "range": "64512-64520", "quarantineSeconds": 300});
        e.create_asn_range(&me(), a(range)).await.unwrap();
        e.create_container(&me(), a(json!({"name": "all", "prefix": "10.0.0.0/8"}))).await.unwrap();
        world.tick();
        world
    }

    fn tick(&self) {
        self.now.fetch_add(60, Ordering::Relaxed);
    }

    fn now(&self) -> String {
        Timestamp::from_second(self.now.load(Ordering::Relaxed)).unwrap().to_string()
    }

    /// Everything there is or was, read in pages of this size.
    async fn state(&self, at: Option<&str>, limit: u32) -> Value {
        let e = &self.engine;
        let at = at.map(str::to_owned);
        let past = |cursor| PastPageQuery { at: at.clone(), cursor, limit: Some(limit) };
        let mut state = json!({
            "vrfs": whole(async |cursor| e.vrfs(&me(), past(cursor)).await).await,
            "containers": whole(async |cursor| e.containers(&me(), past(cursor)).await).await,
            "pools": whole(async |cursor| e.pools(&me(), past(cursor)).await).await,
            "ranges": whole(async |cursor| e.asn_ranges(&me(), past(cursor)).await).await,
            "asns": whole(async |cursor| {
                let query = AsnQuery { at: at.clone(), cursor, limit: Some(limit), ..AsnQuery::default() };
                e.asns(&me(), query).await
            }).await,
            "networks": whole(async |cursor| {
                let query =
                    NetworkQuery { at: at.clone(), cursor, limit: Some(limit), ..NetworkQuery::default() };
                e.networks(&me(), query).await
            }).await,
            "vlans": e.vlans(&me(), "dc1", VlanQuery { at: at.clone(), label: None }).await.unwrap(),
        });
        let names: Vec<String> =
            state["vrfs"].as_array().unwrap().iter().map(|vrf| text(vrf, "name").to_owned()).collect();
        for vrf in names {
            state["prefixes"][&vrf] = json!(self.prefixes(at.as_deref(), limit, json!({"vrf": vrf})).await);
        }
        state
    }

    async fn prefixes(&self, at: Option<&str>, limit: u32, filter: Value) -> Vec<Value> {
        let filter: PrefixQuery = a(filter);
        let at = at.map(str::to_owned);
        whole(async |cursor| {
            let query = PrefixQuery { at: at.clone(), cursor, limit: Some(limit), ..filter.clone() };
            self.engine.prefixes(&me(), query).await
        })
        .await
    }

    /// Each thing alone is as it is in the lists.
    async fn each_alone(&self, at: &str, state: &Value) {
        let e = &self.engine;
        let all = |what: &str| state[what].as_array().unwrap().clone();
        for vrf in all("vrfs") {
            assert_eq!(json!(e.vrf(&me(), text(&vrf, "name"), Some(at)).await.unwrap()), vrf);
            for prefix in state["prefixes"][text(&vrf, "name")].as_array().unwrap() {
                let named = e.prefix(&me(), text(prefix, "prefix"), Some(text(&vrf, "name")), Some(at)).await;
                assert_eq!(&json!(named.unwrap()), prefix);
                let by_id = e.prefix(&me(), text(prefix, "id"), None, Some(at)).await.unwrap();
                assert_eq!(&json!(by_id), prefix);
            }
        }
        for one in all("containers") {
            assert_eq!(json!(e.container(&me(), text(&one, "name"), Some(at)).await.unwrap()), one);
        }
        for one in all("pools") {
            assert_eq!(json!(e.pool(&me(), text(&one, "id"), Some(at)).await.unwrap()), one);
            // The prefixes of a pool are those that lay in it then.
            let filter = json!({"pool": one["name"]});
            let of_pool = self.prefixes(Some(at), 100, filter).await;
            let of_vrf = state["prefixes"][text(&one, "vrf")].as_array().unwrap().iter();
            let wanted: Vec<_> = of_vrf.filter(|prefix| prefix["pool"] == one["name"]).cloned().collect();
            assert_eq!(of_pool, wanted);
            assert_eq!(one["usage"]["prefixes"], json!(wanted.len()));
        }
        for one in all("ranges") {
            assert_eq!(json!(e.asn_range(&me(), text(&one, "name"), Some(at)).await.unwrap()), one);
        }
        for one in all("asns") {
            let number = one["asn"].to_string();
            assert_eq!(json!(e.asn(&me(), &number, Some(at)).await.unwrap()), one);
            assert_eq!(json!(e.asn(&me(), text(&one, "id"), Some(at)).await.unwrap()), one);
        }
        for one in state["vlans"]["items"].as_array().unwrap() {
            let number = one["vlanId"].to_string();
            assert_eq!(&json!(e.vlan(&me(), "dc1", &number, Some(at)).await.unwrap()), one);
            assert_eq!(&json!(e.vlan(&me(), "dc1", text(one, "id"), Some(at)).await.unwrap()), one);
        }
        for one in all("networks") {
            assert_eq!(json!(e.network_at(&me(), text(&one, "networkId"), at).await.unwrap()), one);
        }
    }

    /// One random write; whatever comes of it. Answers what it was, if it was done.
    async fn write(&self, random: &mut fastrand::Rng, state: &Value) -> Option<&'static str> {
        let e = &self.engine;
        let mut chance = random.fork();
        let mut pick = |what: &Value| -> Value {
            let all = what.as_array().cloned().unwrap_or_default();
            chance.choice(&all).cloned().unwrap_or_default()
        };
        let vrf = text(&pick(&state["vrfs"]), "name").to_owned();
        let prefix = pick(&state["prefixes"][&vrf]);
        let id = prefix["id"].as_str().unwrap_or("pfx-none").to_owned();
        let (pool, pool2) = (pick(&state["pools"]), pick(&state["pools"]));
        let (pool, pool2) = (text(&pool, "name").to_owned(), text(&pool2, "name").to_owned());
        let network = pick(&state["networks"])["networkId"].as_str().unwrap_or("net-none").to_owned();
        let vlan = pick(&state["vlans"]["items"])["vlanId"].to_string();
        let asn = pick(&state["asns"])["asn"].to_string();
        let container = pick(&state["containers"])["name"].as_str().unwrap_or("none").to_owned();
        let length: u8 =
            prefix["prefix"].as_str().map_or(24, |net| net.split_once('/').unwrap().1.parse().unwrap());
        let status = *random.choice(["assigned", "held", "reserved"].iter()).unwrap();
        let mut take =
            json!({"status": status, "clientId": if random.bool() { json!("acme") } else { json!(null) }});
        if status == "held" {
            take["holdSeconds"] = json!(90);
        }
        let name = format!("n{}", random.u32(..));
        let labels = json!({"app": format!("a{}", random.u8(..3))});
        macro_rules! done {
            ($what:literal, $call:expr) => {
                $call.await.is_ok().then_some($what)
            };
        }
        match random.u8(..34) {
            0..=5 => {
                let mut request = take;
                request["size"] = json!(if pool == "six" { "/64" } else { "/24" });
                request["pool"] = json!(pool);
                request["labels"] = labels;
                done!("take prefix", e.take_prefixes(&me(), a(request)))
            }
            6 | 7 => {
                let change = json!({"purpose": name, "labels": labels});
                done!("update prefix", e.update_prefix(&me(), &id, None, a(change)))
            }
            8 => done!("confirm prefix", e.confirm_prefix(&me(), &id, None)),
            9..=11 => done!("release prefix", e.release_prefix(&me(), &id, None)),
            12 | 13 => {
                let size = if random.bool() { length + 1 } else { length.saturating_sub(1).max(21) };
                let request = json!({"size": format!("/{size}")});
                done!("resize prefix", e.resize_prefix(&me(), &id, None, a(request)))
            }
            14 | 15 => {
                let request = json!({"size": format!("/{}", length + 1)});
                done!("split prefix", e.split_prefix(&me(), &id, None, a(request)))
            }
            16 | 17 => {
                let whole =
                    moxxie_core::prefix::parse(prefix["prefix"].as_str().unwrap_or("10.0.0.0/24")).unwrap();
                let other = moxxie_core::free::buddy(whole).unwrap().to_string();
                done!("merge prefixes", e.merge_prefixes(&me(), &id, None, a(json!({"with": [other]}))))
            }
            18 => done!("move prefix", e.move_prefix(&me(), &id, None, a(json!({"pool": pool})))),
            19 => {
                let change = json!({"name": name, "quarantineSeconds": random.u8(..2) as u32 * 300});
                done!("update pool", e.update_pool(&me(), &pool, a(change)))
            }
            20 => {
                let size = if random.bool() { "/20" } else { "/21" };
                done!("resize pool", e.resize_pool(&me(), &pool, a(json!({"size": size}))))
            }
            21 => {
                let size = if pool == "six" { "/57" } else { "/21" };
                done!("split pool", e.split_pool(&me(), &pool, a(json!({"size": size}))))
            }
            22 => done!("merge pools", e.merge_pools(&me(), &pool, a(json!({"with": [pool2]})))),
            23 => done!("delete pool", e.delete_pool(&me(), &pool)),
            24 => {
                let order = json!({"clientId": "acme", "datacenter": "dc1", "size": "/24", "labels": labels});
                done!("allocate network", e.allocate(&me(), a(order)))
            }
            25 => {
                let size = if random.bool() { "/23" } else { "/25" };
                done!("resize network", e.resize_network(&me(), &network, a(json!({"size": size}))))
            }
            26 => done!("take vlan", e.take_vlan(&me(), "dc1", a(take))),
            27 => done!("update vlan", e.update_vlan(&me(), "dc1", &vlan, a(json!({"labels": labels})))),
            28 => done!("release vlan", e.release_vlan(&me(), "dc1", &vlan)),
            29 => done!("take asn", e.take_asn(&me(), a(take))),
            30 => done!("update asn", e.update_asn(&me(), &asn, a(json!({"purpose": name})))),
            31 => done!("release asn", e.release_asn(&me(), &asn)),
            32 => match random.u8(..5) {
                0 => done!("rename vrf", e.update_vrf(&me(), &vrf, a(json!({"name": name})))),
                1 => {
                    let prefix = format!("10.{}.0.0/16", random.u8(..));
                    let request = json!({"name": name, "prefix": prefix});
                    done!("add container", e.create_container(&me(), a(request)))
                }
                2 => {
                    done!("update container", e.update_container(&me(), &container, a(json!({"name": name}))))
                }
                3 => done!("remove container", e.delete_container(&me(), &container)),
                _ => {
                    let range = text(&pick(&state["ranges"]), "name").to_owned();
                    let change = json!({"name": name, "range": "64512-64530"});
                    done!("update range", e.update_asn_range(&me(), &range, a(change)))
                }
            },
            _ => done!("lapse", e.end_lapsed()),
        }
    }
}

#[tokio::test]
async fn everything_that_was_taken_is_as_it_was() {
    for database in Database::all() {
        let world = World::new(database).await;
        let mut random = fastrand::Rng::with_seed(23);
        let mut seen = Vec::new();
        let mut done = std::collections::BTreeMap::<_, u32>::new();
        let mut state = world.state(None, 1000).await;
        for _ in 0..180 {
            if let Some(what) = world.write(&mut random, &state).await {
                *done.entry(what).or_default() += 1;
            }
            state = world.state(None, 1000).await;
            seen.push((world.now(), state.clone()));
            world.tick();
        }
        println!("{database:?}: {done:?}");
        assert!(done.len() >= 20, "{database:?}: too little was done to say anything: {done:?}");
        for (number, (time, state)) in seen.iter().enumerate() {
            let limit = 2 + random.u32(..30);
            let was = world.state(Some(time), limit).await;
            for (what, there) in state.as_object().unwrap() {
                assert_eq!(&was[what], there, "{database:?}: {what} at {time}, by {limit}");
            }
            if number % 16 == 0 {
                world.each_alone(time, state).await;
            }
        }
    }
}
