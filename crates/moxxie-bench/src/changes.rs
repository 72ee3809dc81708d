//! Changes on a router that is 20 ms away, beside the same rows written by Ansible's `api_modify`.

use std::{
    fmt::Write as _,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Instant,
};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::{Arguments, load::Client, server::Server};

/// Milliseconds that a byte takes to the router, and back.
const DISTANCE_MS: u64 = 10;
/// A round trip, in seconds.
const ROUND_TRIP_S: f64 = 0.02;
/// Networks of one change.
const MANY: usize = 1000;
/// Networks that Ansible writes.
const PEER: usize = 100;

/// An operator's router: rules to stand before, and a port for the networks.
const SCENE: &str = r#"
[[rows]]
menu = "/ip/firewall/filter"
chain = "forward"
action = "passthrough"
comment = "moxxie-anchor"

[[rows]]
menu = "/ip/firewall/filter"
chain = "input"
action = "passthrough"
comment = "moxxie-anchor"
"#;

/// A router in a process of its own.
struct Router {
    child: Child,
    address: String,
}

impl Router {
    fn start(program: &Path, home: &Path) -> Result<Self> {
        let scene = home.join("scene.toml");
        std::fs::write(&scene, SCENE)?;
        let mut child = Command::new(program)
            .args(["--api", "127.0.0.1:0", "--user", "admin:bench", "--version", "7.22"])
            .args(["--distance-ms", &DISTANCE_MS.to_string(), "--scene"])
            .arg(&scene)
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {}", program.display()))?;
        let mut line = String::new();
        let told = child.stdout.take().context("its standard output is ours")?;
        let mut router = Self { child, address: String::new() };
        BufReader::new(told).read_line(&mut line).context("waiting for the emulator")?;
        let ready: Value =
            serde_json::from_str(&line).with_context(|| format!("the emulator said {line:?}"))?;
        router.address = ready["api"].as_str().context("the emulator names no address")?.to_owned();
        Ok(router)
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One network, many, a plan and a look at very many; and what Ansible needs for some.
pub(crate) async fn measure(arguments: &Arguments) -> Result<Value> {
    let emulator = arguments.emulator.as_deref().context("--emulator is missing")?;
    let home = tempfile::tempdir()?;
    let router = Router::start(emulator, home.path())?;
    let server = Server::start(&arguments.moxxie, home.path(), None)?;
    let mut client = Client::connect(&server.host, &server.token).await?;
    let add = json!({"name": "r1", "datacenter": "dc1", "address": router.address, "username": "admin",
        "password": "bench", "trunk": "ether2"});
    client.call("POST", "routers", &add).await?;
    println!("\nchanges, the router {:.0} ms away, SQLite", ROUND_TRIP_S * 1000.0);

    // The first makes what all share, and the session.
    timed(&mut client, "POST", "networks/provision?wait=60", &order()).await?;
    let mut singles = Vec::new();
    for _ in 0..9 {
        singles.push(timed(&mut client, "POST", "networks/provision?wait=60", &order()).await?.0);
    }
    singles.sort_by(f64::total_cmp);
    let one = singles[singles.len() / 2];
    let trips = one / ROUND_TRIP_S;
    println!(
        "  one network, warm session: {:.0} ms, {trips:.1} round trips (goal: at most 12)",
        one * 1000.0
    );

    let (accepted, many) = bulk(&mut client, MANY).await?;
    println!("  {MANY} networks in one change: {many:.1} s (goal 40), of which the order {accepted:.1} s");
    let per_network = many / MANY as f64;

    let mut there = 10 + MANY;
    while there + MANY <= 3_900 {
        bulk(&mut client, MANY).await?;
        there += MANY;
    }
    bulk(&mut client, 3_890 - there).await?;
    let there = 3_890;
    let (mut plans, mut looks) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        let path = "networks/provision?dryRun=true";
        let (seconds, plan) = timed(&mut client, "POST", path, &order()).await?;
        ensure!(plan["routers"][0]["commands"].as_array().is_some_and(|all| !all.is_empty()), "{plan}");
        plans.push(seconds);
        let (seconds, found) = timed(&mut client, "POST", "routers/r1/drift/check", &json!({})).await?;
        ensure!(found.to_string().matches("drf-").count() == 0, "there is no drift: {found}");
        looks.push(seconds);
    }
    plans.sort_by(f64::total_cmp);
    looks.sort_by(f64::total_cmp);
    let (plan, look) = (plans[2], looks[2]);
    println!(
        "  plan of one more on a router with {there}: {:.0} ms with the reading (goal 300)",
        plan * 1000.0
    );
    println!("  drift check of it: {:.0} ms (goal 1,000)", look * 1000.0);

    let peer = match &arguments.python {
        Some(python) => Some(ansible(emulator, home.path(), python)?),
        None => None,
    };
    if let Some(peer) = peer {
        let each = peer / PEER as f64;
        println!(
            "  the rows of {PEER} networks by Ansible's api_modify: {peer:.1} s, {:.0} ms each; moxxie {:.0} ms each, {:.1} \
             times as fast",
            each * 1000.0,
            per_network * 1000.0,
            each / per_network
        );
    }
    Ok(json!({
        "roundTripS": ROUND_TRIP_S, "oneS": one, "oneRoundTrips": trips, "manyS": many, "manyOrderS": accepted,
        "planS": plan, "driftCheckS": look, "networks": there, "ansibleS": peer, "ansibleNetworks": PEER,
    }))
}

fn order() -> Value {
    json!({"clientId": "acme", "datacenter": "dc1", "size": "/29", "options": {"firewallProfile": "isolated"}})
}

async fn timed(client: &mut Client, method: &str, path: &str, body: &Value) -> Result<(f64, Value)> {
    let start = Instant::now();
    let answer = client.call(method, path, body).await?;
    Ok((start.elapsed().as_secs_f64(), answer))
}

/// Orders so many networks at once: seconds until it is accepted, and until all of them are verified.
async fn bulk(client: &mut Client, count: usize) -> Result<(f64, f64)> {
    let items: Vec<Value> = (0..count).map(|_| order()).collect();
    let (accepted, change) = timed(client, "POST", "networks/bulk", &json!({"items": items})).await?;
    let start = Instant::now();
    let path = format!("changes/{}", change["changeId"].as_str().context("a change's id")?);
    loop {
        let change = client.call("GET", &path, &Value::Null).await?;
        if change["finished"] == true {
            ensure!(change["state"] == "applied", "{change}");
            return Ok((accepted, accepted + start.elapsed().as_secs_f64()));
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// Seconds that Ansible needs to write the same kinds of rows for some networks to a fresh router.
fn ansible(emulator: &Path, home: &Path, python: &Path) -> Result<f64> {
    let router = Router::start(emulator, home)?;
    let port = router.address.rsplit_once(':').context("a port")?.1;
    let mut playbook = format!(
        "- hosts: localhost\n  connection: local\n  gather_facts: false\n  module_defaults:\n    \
         group/community.routeros.api: &router\n      hostname: 127.0.0.1\n      port: {port}\n      username: admin\n      \
         password: bench\n      tls: false\n    community.routeros.api_modify: *router\n  tasks:\n"
    );
    let lists = ["mx-nets", "mx-isolated"];
    let mut task = |path: &str, rows: Vec<String>| {
        let _ =
            write!(playbook, "    - community.routeros.api_modify:\n        path: {path}\n        data:\n");
        for row in rows {
            let _ = writeln!(playbook, "          - {{{row}}}");
        }
    };
    task("interface list", lists.map(|list| format!("name: {list}")).to_vec());
    let numbers = || 0..PEER;
    let vlan = |n| {
        format!("name: mx-{n}, interface: ether2, vlan-id: {}, comment: \"mx1:bench:net-{n}:vlan\"", 100 + n)
    };
    task("interface vlan", numbers().map(vlan).collect());
    let member =
        |(n, list)| format!("list: {list}, interface: mx-{n}, comment: \"mx1:bench:net-{n}:in-{list}\"");
    let members = numbers().flat_map(|n| lists.map(|list| (n, list)));
    task("interface list member", members.map(member).collect());
    let address = |n| {
        let (high, low) = (n * 8 / 256, n * 8 % 256 + 1);
        format!("address: 10.9.{high}.{low}/29, interface: mx-{n}, comment: \"mx1:bench:net-{n}:gateway\"")
    };
    task("ip address", numbers().map(address).collect());
    std::fs::write(home.join("playbook.yml"), playbook)?;
    let start = Instant::now();
    let output = Command::new(python)
        .args(["-m", "ansible", "playbook", "playbook.yml"])
        .env("ANSIBLE_LOCALHOST_WARNING", "False")
        .env("ANSIBLE_HOME", home)
        .current_dir(home)
        .output()
        .context("starting Ansible")?;
    let seconds = start.elapsed().as_secs_f64();
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "Ansible failed:\n{said}{}", String::from_utf8_lossy(&output.stderr));
    Ok(seconds)
}
