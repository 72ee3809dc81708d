//! One client among many: orders, addresses, removals, at random. What it does with prefixes, VLAN ids and AS numbers
//! is in `shapes`.

use std::{
    sync::{
        Arc, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use ipnet::IpNet;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    ASN_RANGE,
    ledger::{Given, Ledger},
};

/// How long a client asks again for what nobody answered.
const PERSISTENCE: Duration = Duration::from_secs(90);

/// A pool of the storm.
#[derive(Debug, Clone)]
pub(crate) struct Pool {
    pub(crate) name: String,
    pub(crate) site: String,
    pub(crate) prefix: IpNet,
    /// Whether prefixes are moved out of it, and parts of it with them.
    pub(crate) moves: bool,
    /// A network in it that everybody takes addresses from.
    pub(crate) shared: String,
    pub(crate) shared_subnet: Option<IpNet>,
}

/// What all clients have in common.
#[derive(Debug)]
pub(crate) struct World {
    /// Where the servers listen at present.
    pub(crate) urls: RwLock<Vec<String>>,
    pub(crate) token: String,
    pub(crate) pools: Vec<Pool>,
    /// Requests begun by all.
    pub(crate) begun: AtomicU64,
    /// Whether servers and database may vanish: then an answer that says so is no defect.
    pub(crate) deaths: bool,
    /// Whether a client met a defect: there is no point in going on.
    pub(crate) failed: AtomicBool,
}

/// A client with its own randomness and memory.
pub(crate) struct Client {
    pub(crate) world: Arc<World>,
    http: reqwest::Client,
    pub(crate) random: fastrand::Rng,
    number: usize,
    keys: u64,
    pub(crate) ledger: Ledger,
}

impl Drop for Client {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.world.failed.store(true, Ordering::Relaxed);
        }
    }
}

impl Client {
    pub(crate) fn new(world: Arc<World>, http: reqwest::Client, number: usize, seed: u64) -> Self {
        let random = fastrand::Rng::with_seed(seed ^ (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        Self { world, http, random, number, keys: 0, ledger: Ledger::default() }
    }

    /// Does so many things.
    pub(crate) async fn run(mut self, requests: usize) -> Ledger {
        for _ in 0..requests {
            if self.world.failed.load(Ordering::Relaxed) {
                break;
            }
            match self.random.u32(0..160) {
                0..22 => self.order(None, None).await,
                22..30 => self.order_certain_subnet().await,
                30..34 => self.order_contended_vlan().await,
                34..50 => self.remove().await,
                50..72 => self.next_address().await,
                72..80 => self.certain_address().await,
                80..94 => self.release_address().await,
                94..154 => self.shape().await,
                _ => self.look().await,
            }
        }
        std::mem::take(&mut self.ledger)
    }

    pub(crate) fn pool(&mut self) -> Pool {
        let index = self.random.usize(0..self.world.pools.len());
        self.world.pools[index].clone()
    }

    async fn order(&mut self, subnet: Option<IpNet>, vlan: Option<u16>) {
        let pool = self.pool();
        self.order_in(&pool, subnet, vlan).await;
    }

    async fn order_in(&mut self, pool: &Pool, subnet: Option<IpNet>, vlan: Option<u16>) {
        let size = subnet.map_or_else(|| self.random.u8(26..=30), |subnet| subnet.prefix_len());
        let mut body = json!({"clientId": "acme", "datacenter": pool.site, "pool": pool.name,
            "size": format!("/{size}")});
        if let Some(subnet) = subnet {
            body["subnet"] = subnet.to_string().into();
        }
        if let Some(vlan) = vlan {
            body["vlanId"] = vlan.into();
        }
        let (status, answer) = self.ask(Method::POST, "networks/allocate", Some(body)).await;
        match status {
            201 => {
                let (id, given) = Given::read(&answer);
                assert!(pool.prefix.contains(&given.subnet), "{answer}");
                assert!(subnet.is_none_or(|subnet| subnet == given.subnet), "{answer}");
                assert!(vlan.is_none_or(|vlan| u64::from(vlan) == given.vlan), "{answer}");
                assert_eq!(given.subnet.prefix_len(), size, "{answer}");
                self.ledger.networks.insert(id, given);
            }
            // Taken, or full.
            409 => {}
            // That part of the pool is another pool by now.
            422 if pool.moves && subnet.is_some() => {}
            _ => panic!("{status}: {answer}"),
        }
    }

    /// Somebody else may want the very same.
    async fn order_certain_subnet(&mut self) {
        let pool = self.pool();
        let size = self.random.u8(26..=28);
        let subnets: Vec<IpNet> = pool.prefix.subnets(size).unwrap().collect();
        // The upper end, where the rest of the pool is ordered last.
        let index = subnets.len() - 1 - self.random.usize(0..subnets.len() / 4);
        self.order_in(&pool, Some(subnets[index]), None).await;
    }

    async fn order_contended_vlan(&mut self) {
        let vlan = self.random.u16(4000..4020);
        self.order(None, Some(vlan)).await;
    }

    async fn remove(&mut self) {
        let nth = self.one_of(self.ledger.networks.len());
        let Some(id) = nth.and_then(|nth| self.ledger.networks.keys().nth(nth).cloned()) else { return };
        let addresses = self.ledger.addresses.get(&id).is_some_and(|set| !set.is_empty());
        let (status, answer) = self.ask(Method::DELETE, &format!("networks/{id}?wait=60"), None).await;
        match status {
            200 if !addresses => {
                self.ledger.networks.remove(&id);
            }
            409 if addresses => {}
            _ => panic!("{status} with addresses: {addresses}: {answer}"),
        }
    }

    async fn next_address(&mut self) {
        let network = self.network();
        let body = json!({"hostname": format!("h{}.example.net", self.number)});
        let (status, answer) =
            self.ask(Method::POST, &format!("networks/{network}/ips/next"), Some(body)).await;
        match status {
            201 => self.got_address(network, &answer),
            // Full.
            409 => {}
            _ => panic!("{status}: {answer}"),
        }
    }

    /// Somebody else may want the very same.
    async fn certain_address(&mut self) {
        let pool = self.pool();
        let Some(subnet) = pool.shared_subnet else { return };
        let Some(address) = subnet.hosts().nth(self.random.usize(60..120)) else { return };
        let body = json!({"address": address});
        let (status, answer) =
            self.ask(Method::POST, &format!("networks/{}/ips", pool.shared), Some(body)).await;
        match status {
            201 => {
                assert_eq!(answer["address"], json!(address));
                self.got_address(pool.shared, &answer);
            }
            409 => {}
            _ => panic!("{status}: {answer}"),
        }
    }

    fn got_address(&mut self, network: String, answer: &Value) {
        let address = answer["address"].as_str().unwrap().parse().unwrap();
        let new = self.ledger.addresses.entry(network).or_default().insert(address);
        assert!(new, "{address} was given to one client twice");
    }

    async fn release_address(&mut self) {
        let all: usize = self.ledger.addresses.values().map(|set| set.len()).sum();
        let Some(nth) = self.one_of(all) else { return };
        let every = self.ledger.addresses.iter().flat_map(|(id, set)| set.iter().map(move |a| (id, a)));
        let Some((network, address)) = every.map(|(id, a)| (id.clone(), *a)).nth(nth) else { return };
        let (status, answer) =
            self.ask(Method::DELETE, &format!("networks/{network}/ips/{address}"), None).await;
        assert_eq!(status, 204, "{answer}");
        self.ledger.addresses.get_mut(&network).unwrap().remove(&address);
    }

    /// Own networks half of the time, else one that everybody uses.
    fn network(&mut self) -> String {
        if self.random.bool()
            && let Some(n) = self.one_of(self.ledger.networks.len())
            && let Some(id) = self.ledger.networks.keys().nth(n)
        {
            return id.clone();
        }
        self.pool().shared
    }

    async fn look(&mut self) {
        let pool = self.pool();
        let path = match self.random.u32(0..7) {
            0 => format!("networks?datacenter={}&limit=50", pool.site),
            1 => format!("networks/{}/ips", pool.shared),
            2 => format!("pools/{}", pool.name),
            3 => format!("prefixes?within={}&limit=50", pool.prefix.to_string().replace('/', "%2F")),
            4 => format!("prefixes/tree?within={}&limit=50", pool.prefix.to_string().replace('/', "%2F")),
            5 => format!("asns?range={ASN_RANGE}&limit=50"),
            _ => format!("datacenters/{}/available-resources", pool.site),
        };
        let (status, answer) = self.ask(Method::GET, &path, None).await;
        assert_eq!(status, 200, "{path}: {answer}");
    }

    pub(crate) fn one_of(&mut self, count: usize) -> Option<usize> {
        (count > 0).then(|| self.random.usize(0..count))
    }

    /// Asks one of the servers; asks again, with the same key, when nobody can know what became of it.
    pub(crate) async fn ask(&mut self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        self.keys += 1;
        let key = format!("storm-{}-{}", self.number, self.keys);
        self.world.begun.fetch_add(1, Ordering::Relaxed);
        let since = Instant::now();
        loop {
            let urls = self.world.urls.read().unwrap().clone();
            let url = &urls[self.random.usize(0..urls.len())];
            let mut request = self
                .http
                .request(method.clone(), format!("{url}/api/v1/{path}"))
                .bearer_auth(&self.world.token);
            // Without it a repeated DELETE of an address could take it from whoever was given it meanwhile.
            if method != Method::GET {
                request = request.header("Idempotency-Key", &key);
            }
            if let Some(body) = &body {
                request = request.json(body);
            }
            let answer = match request.send().await {
                Ok(answer) => {
                    let status = answer.status().as_u16();
                    answer.text().await.map(|text| (status, text)).map_err(|error| error.to_string())
                }
                Err(error) => Err(error.to_string()),
            };
            let failure = match answer {
                Ok((503, text)) => format!("503: {text}"),
                Ok((status, text)) => {
                    assert!(status < 500, "{method} {path}: {status}: {text}");
                    *self.ledger.answers.entry(status).or_default() += 1;
                    return (status, serde_json::from_str(&text).unwrap_or(Value::Null));
                }
                Err(error) => error,
            };
            assert!(self.world.deaths, "{method} {path}: {failure}");
            assert!(since.elapsed() < PERSISTENCE, "{method} {path}: nobody answers: {failure}");
            self.ledger.repeated += 1;
            tokio::time::sleep(Duration::from_millis(self.random.u64(20..200))).await;
        }
    }
}
