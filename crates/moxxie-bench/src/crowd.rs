//! Ten million addresses and a million prefixes: written in sets, and then held against the rules that the server
//! keeps when it writes them one by one.

use std::net::Ipv4Addr;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::{database::Database, load::Client};

/// How many addresses are recorded in a network, of the 16,382 hosts of a /18.
const EACH: u64 = 10_000;
/// The first of them: the gateway and the routers come before.
const FIRST: u32 = 16;
/// Of how many addresses one has a host name, and one a label.
const NAMED: u64 = 10;
/// How many values the label has.
const RACKS: u64 = 5_000;
/// A network with its addresses.
#[derive(Debug, Clone)]
pub(crate) struct Network {
    pub(crate) id: String,
    base: u32,
}

/// What was loaded.
#[derive(Debug)]
pub(crate) struct Crowd {
    pub(crate) networks: Vec<Network>,
    pub(crate) addresses: u64,
    pub(crate) prefixes: u64,
    /// The /28 that the pool of the prefixes has room for: a power of two, less than half of which is free.
    room: u64,
}

impl Crowd {
    /// Makes the pools and networks through the server.
    pub(crate) async fn order(client: &mut Client, addresses: u64, prefixes: u64) -> Result<Self> {
        let room = (prefixes + 1).next_power_of_two();
        ensure!(room <= 1 << 20, "at most {} prefixes fit", (1 << 20) - 1);
        let plots = format!("11.0.0.0/{}", 28 - room.ilog2());
        ensure!(addresses / EACH < 1024, "at most {} addresses fit", 1023 * EACH);
        for (name, prefix) in [("plots", plots.as_str()), ("hosts", "12.0.0.0/8")] {
            client.call("POST", "pools", &json!({"name": name, "prefix": prefix})).await?;
        }
        let mut networks = Vec::new();
        for _ in 0..addresses.div_ceil(EACH) {
            let order = json!({"clientId": "acme", "datacenter": "dc1", "pool": "hosts", "size": "/18"});
            let made = client.call("POST", "networks/allocate", &order).await?;
            let text = |name: &str| made[name].as_str().context("a part of a network");
            let base: Ipv4Addr = text("subnet")?.split('/').next().unwrap_or_default().parse()?;
            networks.push(Network { id: text("networkId")?.to_owned(), base: base.into() });
        }
        Ok(Self { networks, addresses, prefixes, room })
    }

    /// The `n`th address, modulo how many there are.
    pub(crate) fn address(&self, n: u64) -> Ipv4Addr {
        let n = n % self.addresses;
        let base = self.networks[(n / EACH) as usize].base;
        (base + FIRST + (n % EACH) as u32).into()
    }

    pub(crate) fn network(&self, n: u64) -> &str {
        &self.networks[(n as usize) % self.networks.len()].id
    }

    /// Whatever `n` is, a number whose address has a name.
    pub(crate) fn named(&self, n: u64) -> u64 {
        n % self.addresses / NAMED * NAMED
    }

    /// The label of such an address.
    pub(crate) fn rack(&self, n: u64) -> u64 {
        self.named(n) / NAMED % RACKS
    }

    pub(crate) fn mac(&self, n: u64) -> String {
        let [a, b, c, d] = ((n % self.addresses) as u32).to_be_bytes();
        format!("02:00:{a:02X}:{b:02X}:{c:02X}:{d:02X}")
    }

    /// Whether a /28 of the pool is taken. What is free is spread evenly, and no two of it are neighbours.
    pub(crate) fn is_taken(&self, n: u64) -> bool {
        let free = self.room - self.prefixes;
        n % self.room * free % self.room >= free
    }

    /// The `n`th /28 of the pool.
    pub(crate) fn plot(&self, n: u64) -> Ipv4Addr {
        (0x0b00_0000 + (n % self.room) as u32 * 16).into()
    }

    /// Writes the rows.
    pub(crate) async fn load(&self, database: &mut Database) -> Result<()> {
        self.load_prefixes(database).await?;
        let later = database.strip("address").await?;
        let labels = database.strip("label").await?;
        let mut begun = 0;
        for chunk in self.networks.chunks(20) {
            let mut sql = String::new();
            for network in chunk {
                sql += &addresses(database, network, begun, EACH.min(self.addresses - begun));
                begun = (begun + EACH).min(self.addresses);
            }
            database.run(&sql).await?;
        }
        let label = "INSERT INTO label (object_id, tenant_id, key, value)
             SELECT id, tenant_id, 'rack', substr(tags, 10, length(tags) - 11) FROM address WHERE tags <> '{}'";
        database.run(label).await?;
        for make in later.into_iter().chain(labels) {
            database.run(&make).await?;
        }
        database.run(database.say("ANALYZE; CHECKPOINT", "ANALYZE").to_owned().as_str()).await
    }

    async fn load_prefixes(&self, database: &mut Database) -> Result<()> {
        let (room, free) = (self.room, self.room - self.prefixes);
        let first = |of: &str| number(database, &format!("184549376 + {of}"));
        let text = |of: &str| dotted(database, &format!("184549376 + {of}"));
        let (numbers, id) = (series(database, 0, room), uuid(database, "i"));
        let sql = format!(
            "DELETE FROM free_block WHERE pool_id = (SELECT id FROM pool WHERE name = 'plots');
             {numbers} INSERT INTO prefix (id, vrf_id, tenant_id, pool_id, family, first, last, length, prefix, status,
                 purpose, labels, since, created_at)
             SELECT 'pfx-' || {id}, o.vrf_id, CASE WHEN i % 2 = 0 THEN t.id END, o.id, 4, {}, {}, 28, {} || '/28',
                 'assigned', '', '{{}}', 0, 0
             FROM g, pool o, tenant t WHERE o.name = 'plots' AND t.name = 'acme' AND i * {free} % {room} >= {free};
             {numbers} INSERT INTO free_block (pool_id, first, length, prefix)
             SELECT o.id, {}, 28, {} || '/28' FROM g, pool o WHERE o.name = 'plots' AND i * {free} % {room} < {free};
             UPDATE pool SET version = version + 1, used = '{{\"assigned\":{{\"28\":{}}}}}' WHERE name = 'plots'",
            first("i * 16"),
            first("i * 16 + 15"),
            text("i * 16"),
            first("i * 16"),
            text("i * 16"),
            self.prefixes
        );
        database.run(&sql).await
    }

    /// Everything that holds when the server writes such rows holds for these: what the database does not refuse by
    /// itself is counted here.
    pub(crate) async fn check(&self, database: &mut Database) -> Result<()> {
        let pool = "(SELECT id FROM pool WHERE name = 'plots')";
        let prefixes = format!("SELECT COUNT(*) FROM prefix WHERE pool_id = {pool}");
        let free = format!("SELECT COUNT(*) FROM free_block WHERE pool_id = {pool} AND length = 28");
        let both = "SELECT COUNT(*) FROM free_block f JOIN prefix p
             ON p.pool_id = f.pool_id AND p.first = f.first WHERE f.length = 28";
        let outside = "SELECT COUNT(*) FROM address a LEFT JOIN prefix p
             ON p.id = a.prefix_id AND p.network_id = a.network_id AND p.vrf_id = a.vrf_id
             AND a.addr > p.first AND a.addr < p.last WHERE p.id IS NULL";
        let ungiven = "SELECT COUNT(*) FROM space";
        let rows = [
            ("prefixes", prefixes.as_str(), self.prefixes),
            ("free /28", &free, self.room - self.prefixes),
            ("both free and taken", both, 0),
            ("addresses", "SELECT COUNT(*) FROM address WHERE kind = 'vm'", self.addresses),
            ("addresses outside their network's prefix", outside, 0),
            ("labels", "SELECT COUNT(*) FROM label", self.addresses.div_ceil(NAMED)),
            ("spaces that know nothing of the addresses", ungiven, 0),
        ];
        for (what, sql, expected) in rows {
            let found = database.number(sql).await?;
            ensure!(u64::try_from(found) == Ok(expected), "{what}: {found}, not {expected}");
        }
        Ok(())
    }

    /// The server says the same.
    pub(crate) async fn ask(&self, client: &mut Client) -> Result<()> {
        let pool = client.call("GET", "pools/plots", &Value::Null).await?;
        ensure!(pool["usage"]["prefixes"] == self.prefixes, "the pool: {pool}");
        let audit = client.call("GET", "audit/verify", &Value::Null).await?;
        ensure!(audit["intact"] == true, "the audit trail: {audit}");
        Ok(())
    }
}

/// The statement that records addresses of a network, numbered from `begun` on.
fn addresses(database: &Database, network: &Network, begun: u64, count: u64) -> String {
    let address = format!("{} + i - {begun}", network.base + FIRST);
    let mac = database.say(
        "upper(regexp_replace(lpad(to_hex(i), 8, '0'), '(..)(..)(..)(..)', '02:00:\\1:\\2:\\3:\\4'))",
        "printf('02:00:%02X:%02X:%02X:%02X', i / 16777216, i / 65536 % 256, i / 256 % 256, i % 256)",
    );
    format!(
        "{} INSERT INTO address (id, prefix_id, network_id, tenant_id, vrf_id, family, addr, text, status, kind, hostname,
             mac, tags, since, created_at)
         SELECT 'ip-' || {}, p.id, n.id, n.tenant_id, n.vrf_id, 4, {}, {}, 'assigned', 'vm',
             CASE WHEN i % {NAMED} = 0 THEN 'host-' || i || '.example.net' END, {mac},
             CASE WHEN i % {NAMED} = 0 THEN '{{\"rack\":\"r' || (i / {NAMED} % {RACKS}) || '\"}}' ELSE '{{}}' END, 0, 0
         FROM g, network n JOIN prefix p ON p.network_id = n.id WHERE n.id = '{}';\n",
        series(database, begun, begun + count),
        uuid(database, "i"),
        number(database, &address),
        dotted(database, &address),
        network.id
    )
}

/// The numbers from `from` to before `to`, as rows of `g(i)`.
fn series(database: &Database, from: u64, to: u64) -> String {
    match database {
        Database::Postgres(_) => format!("WITH g(i) AS (SELECT generate_series({from}::bigint, {to} - 1))"),
        Database::Sqlite(_) => {
            format!("WITH RECURSIVE g(i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM g WHERE i + 1 < {to})")
        }
    }
}

fn uuid(database: &Database, number: &str) -> String {
    let hex = database.say("lpad(to_hex({n}), 8, '0')", "printf('%08x', {n})").replace("{n}", number);
    format!("{hex} || '-0000-7000-8000-000000000000'")
}

fn number(database: &Database, number: &str) -> String {
    database
        .say("decode(lpad(to_hex({n}), 32, '0'), 'hex')", "unhex(printf('%032x', {n}))")
        .replace("{n}", number)
}

fn dotted(database: &Database, number: &str) -> String {
    let sqlite =
        "printf('%d.%d.%d.%d', ({n}) / 16777216, ({n}) / 65536 % 256, ({n}) / 256 % 256, ({n}) % 256)";
    database.say("host('0.0.0.0'::inet + ({n}))", sqlite).replace("{n}", number)
}
