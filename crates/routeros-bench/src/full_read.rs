//! The read that every change begins with, on a full router: all menus moxxie owns rows in, by the driver's own
//! function. Router and client are processes of their own, so that each one's memory can be told.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use moxxie_core::device::{DeviceIntent, DhcpIntent, NetworkIntent};
use moxxie_core::encapsulation::Encapsulation;
use moxxie_core::profile::Profile;
use moxxie_core::router::Security;
use moxxie_core::vlan::VlanId;
use moxxie_core::{DomainId, NetworkId, TenantId, id};
use moxxie_routeros::{Binding, Deadlines, DeviceState, RouterFacts, Target, Version};
use serde::{Deserialize, Serialize};

use crate::emulator::{Emulator, USER, peak};
use crate::figure::{Figure, Goal};

/// Options of the client's process.
#[derive(Debug, Args)]
pub(crate) struct Client {
    /// Where the router listens.
    #[arg(long)]
    address: String,
    /// How often it is read.
    #[arg(long)]
    rounds: usize,
}

/// What the client's process found.
#[derive(Debug, Serialize, Deserialize)]
struct Found {
    rows: usize,
    seconds: Vec<f64>,
    peak: f64,
}

impl Client {
    pub(crate) async fn run(self) -> Result<()> {
        let target = Target {
            name: "bench".to_owned(),
            address: self.address,
            username: USER.0.to_owned(),
            password: USER.1.into(),
            security: Security::Plain,
            expected_serial: None,
        };
        let deadlines = Deadlines { command: Duration::from_secs(300), ..Deadlines::default() };
        let session = moxxie_routeros::connect(&target, deadlines).await.context("connecting")?;
        let (mut rows, mut seconds) = (0, Vec::new());
        for _ in 0..self.rounds.max(1) {
            let start = Instant::now();
            let state = session.read().await.context("reading")?;
            seconds.push(start.elapsed().as_secs_f64());
            rows = count(&state);
        }
        session.close().await;
        println!("{}", serde_json::to_string(&Found { rows, seconds, peak: peak("/proc/self")? })?);
        Ok(())
    }
}

fn count(state: &DeviceState) -> usize {
    state.menus.values().map(Vec::len).sum()
}

pub(crate) async fn measure(program: &Path, networks: u32, rounds: usize) -> Result<Vec<Figure>> {
    let directory = tempfile::tempdir().context("making a directory")?;
    let scene = directory.path().join("scene.toml");
    std::fs::write(&scene, self::scene(networks)?).context("writing the scene")?;
    let scene = scene.to_str().context("the directory's name is text")?;
    let emulator = Emulator::start(program, &["--board", "--ethernet", "4", "--scene", scene])?;
    let loading = emulator.peak()?;
    emulator.forget_peak()?;

    let client = tokio::process::Command::new(std::env::current_exe().context("finding this program")?)
        .args(["read", "--address", emulator.address(), "--rounds", &(rounds + 1).to_string()])
        .output()
        .await
        .context("running the client's process")?;
    ensure!(client.status.success(), "the client failed: {}", String::from_utf8_lossy(&client.stderr));
    let found: Found = serde_json::from_slice(&client.stdout).context("reading what the client found")?;
    ensure!(found.rows >= 9 * networks as usize, "the router shows {} rows only", found.rows);
    // The first read warms both sides up.
    let seconds = found.seconds[1..].to_vec();
    let per_second = seconds.iter().map(|second| found.rows as f64 / second).collect();
    Ok(vec![
        Figure::of(&format!("read.{}-rows", found.rows), "s", seconds)
            .goal(Goal::Below(0.5))
            .beside("the first time", found.seconds[0]),
        Figure::of("read.rows", "rows/s", per_second),
        Figure::of("read.client-peak", "MB", vec![found.peak]),
        Figure::of("read.emulator-peak", "MB", vec![emulator.peak()?])
            .beside("while loading the scene", loading),
    ])
}

/// A router with so many networks of moxxie's, as its own renderer wants it, and address lists of somebody else's.
fn scene(networks: u32) -> Result<String> {
    let binding = Binding {
        install: "ab12".to_owned(),
        trunk: "ether1".to_owned(),
        anchor: "moxxie-anchor".to_owned(),
        address: None,
        management: Vec::new(),
    };
    let facts = RouterFacts {
        version: Version::new(7, 22, 0),
        version_text: "7.22".to_owned(),
        board: "CCR2116-12G-4S+".to_owned(),
        serial: "BENCH".to_owned(),
        identity: "bench".to_owned(),
    };
    let foreign = networks + networks / 4;
    let networks = (0..networks).map(network).collect::<Result<_>>()?;
    let rows =
        moxxie_routeros::render(&DeviceIntent { networks, ..DeviceIntent::default() }, &binding, &facts)?;
    let mut scene = String::new();
    for row in rows {
        writeln!(scene, "[[rows]]\nmenu = {:?}", row.menu)?;
        for (name, value) in &row.fields {
            writeln!(scene, "{name} = {value:?}")?;
        }
        writeln!(scene, "comment = {:?}", row.comment())?;
    }
    // What others have on a router is read as well.
    for number in 0..foreign {
        let [_, a, b, c] = number.to_be_bytes();
        writeln!(scene, "[[rows]]\nmenu = \"/ip/firewall/address-list\"\nlist = \"blocked\"")?;
        writeln!(scene, "address = \"172.{}.{b}.{c}\"", 16 + a)?;
    }
    Ok(scene)
}

/// One of many, all different.
fn network(number: u32) -> Result<NetworkIntent> {
    let bytes = number.to_be_bytes();
    let unique = |kind: u8| id::uuid_v7(1, [kind, 0, 0, 0, 0, 0, bytes[0], bytes[1], bytes[2], bytes[3]]);
    let tenant = id::uuid_v7(1, [2, 0, 0, 0, 0, 0, 0, 0, 0, bytes[3] % 50]);
    let [_, _, high, low] = bytes;
    Ok(NetworkIntent {
        network: NetworkId::new(unique(0)),
        tenant: TenantId::new(tenant),
        domain: DomainId::new(id::uuid_v7(1, [3; 10])),
        tags: Encapsulation::Dot1q.stack(VlanId::new(1 + i64::from(number % 4094))?),
        gateway: format!("10.{high}.{low}.1/24").parse()?,
        second: None,
        dns6: Vec::new(),
        profile: Profile::built_in()[number as usize % Profile::built_in().len()].name.clone(),
        dhcp: Some(DhcpIntent {
            range: (format!("10.{high}.{low}.100").parse()?, format!("10.{high}.{low}.200").parse()?),
            dns: vec!["10.255.255.1".parse()?],
            lease_s: 3600,
        }),
        label: format!("tenant-{}/network-{number}", bytes[3] % 50),
    })
}
