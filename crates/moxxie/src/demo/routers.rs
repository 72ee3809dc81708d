//! The emulated routers, each as an operator would hand it over: reachable, with a firewall of its own
//! and VLANs of somebody else.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::Context;
use routeros_emulator::Emulator;

use super::file;

/// Who moxxie logs in as. The routers exist only inside this process and listen on loopback.
pub(crate) const USER: &str = "moxxie";
pub(crate) const PASSWORD: &str = "only-for-the-demo";

/// A VLAN on every router's trunk that is not moxxie's.
pub(crate) const FOREIGN_VLAN: i64 = 150;

/// One site of the demonstration with its router.
pub(crate) struct Site {
    pub(crate) name: &'static str,
    pub(crate) router: &'static str,
    pub(crate) version: &'static str,
    pub(crate) pool: &'static str,
    pub(crate) service_vlan: Option<i64>,
    pub(crate) emulator: Emulator,
}

/// Both of them.
pub(crate) struct Lab {
    pub(crate) dc1: Site,
    pub(crate) dc2: Site,
}

impl Lab {
    /// Starts the routers; with kept data on the ports they had before, because moxxie knows them by
    /// their addresses.
    pub(crate) async fn start(data: &Path, keep: bool) -> anyhow::Result<Self> {
        let path = file(data, "demo-routers.toml");
        let mut ports: BTreeMap<String, u16> = match fs::read_to_string(&path) {
            Ok(text) if keep => {
                toml::from_str(&text).with_context(|| format!("reading {}", path.display()))?
            }
            _ => BTreeMap::new(),
        };
        let dc1 = Site {
            name: "dc1",
            router: "r1",
            version: "7.20",
            pool: "172.16.0.0/16",
            service_vlan: None,
            emulator: router("r1", "7.20", 1, ports.get("r1").copied()).await?,
        };
        let dc2 = Site {
            name: "dc2",
            router: "r2",
            version: "7.22",
            pool: "172.20.0.0/16",
            service_vlan: Some(1000),
            emulator: router("r2", "7.22", 2, ports.get("r2").copied()).await?,
        };
        if keep {
            for site in [&dc1, &dc2] {
                ports.insert(site.router.to_owned(), site.emulator.addr().port());
            }
            fs::create_dir_all(data)
                .and_then(|()| fs::write(&path, toml::to_string(&ports).unwrap_or_default()))
                .with_context(|| format!("writing {}", path.display()))?;
        }
        Ok(Self { dc1, dc2 })
    }

    pub(crate) fn sites(&self) -> [&Site; 2] {
        [&self.dc1, &self.dc2]
    }
}

async fn router(name: &str, version: &str, number: u64, port: Option<u16>) -> anyhow::Result<Emulator> {
    let emulator = Emulator::builder()
        .version(version)?
        .identity(name)
        .serial(&format!("DEMO-{name}"))
        .user(USER, PASSWORD)
        .ethernet(4)
        .seed(number)
        .bind(&format!("127.0.0.1:{}", port.unwrap_or(0)))
        .start()
        .await
        .with_context(|| format!("starting the emulated router {name}"))?;
    let address = format!("10.255.0.{number}/24");
    let foreign = FOREIGN_VLAN.to_string();
    let known = [("action", "accept"), ("connection-state", "established,related")];
    let anchor = [("action", "passthrough"), ("comment", "moxxie-anchor")];
    let mut rows: Vec<(&str, Vec<(&str, &str)>)> = vec![
        ("/ip/address", vec![("address", &address), ("interface", "ether1"), ("comment", "management")]),
        (
            "/interface/vlan",
            vec![
                ("name", "office"),
                ("vlan-id", &foreign),
                ("interface", "ether2"),
                ("comment", "not moxxie's"),
            ],
        ),
    ];
    for chain in ["input", "forward"] {
        let rule = |fields: &[(&'static str, &'static str)]| {
            ("/ip/firewall/filter", [&[("chain", chain)], fields].concat())
        };
        rows.extend([rule(&known), rule(&anchor)]);
    }
    for (menu, fields) in rows {
        emulator.add_row(menu, &fields).with_context(|| format!("preparing {name}: {menu}"))?;
    }
    Ok(emulator)
}
