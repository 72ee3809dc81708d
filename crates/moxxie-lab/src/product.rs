//! The emulated routers and a server that manages them as it would real ones.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::Options;
use crate::program::{Kept, run, wait};
use crate::topology::ordered_service_vlan;

/// The rules before which moxxie puts its own.
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

/// A router: name, port of its API, port of its control API.
const ROUTERS: [(&str, u16, u16); 2] = [("r1", 8711, 8712), ("r2", 8721, 8722)];

/// Routers and server; they end when it is dropped, the server first.
#[derive(Debug)]
pub(crate) struct Product {
    moxxie: PathBuf,
    home: PathBuf,
    _server: Kept,
    _routers: Vec<Kept>,
}

impl Product {
    pub(crate) fn start(options: &Options) -> Result<Self> {
        let home = options.out.join("home");
        std::fs::create_dir_all(&home).context("making the server's home")?;
        let mut routers = Vec::new();
        for (name, api, control) in ROUTERS {
            routers.push(router(options, name, api, control)?);
        }
        let moxxie = options.bin.join("moxxie");
        std::fs::write(
            home.join("moxxie.toml"),
            "listen = \"127.0.0.1:8780\"\ndata_dir = \"/run/moxxie-lab\"\n",
        )
        .context("writing the configuration")?;
        let mut serve = Command::new(&moxxie);
        serve.args(["serve", "--config", "moxxie.toml"]).current_dir(&home);
        let log = options.out.join("server.log");
        let server = Kept::start(&mut serve, &log)?;
        let token = wait("the server's first token", 150, || {
            let text = std::fs::read_to_string(&log)?;
            let ready = text.contains("listening on ");
            Ok(text.split_whitespace().find(|word| ready && word.starts_with("mxt_")).map(str::to_owned))
        })?;
        std::fs::write(home.join("token"), token).context("keeping the token")?;
        let product = Product { moxxie, home, _server: server, _routers: routers };
        product.register(ordered_service_vlan(options.broken))?;
        Ok(product)
    }

    /// Runs a command of the product, which speaks to the server's public API.
    pub(crate) fn moxxie(&self, line: &str) -> Result<String> {
        self.with_input(line, "")
    }

    fn with_input(&self, line: &str, input: &str) -> Result<String> {
        println!("$ moxxie {line}");
        let mut command = Command::new(&self.moxxie);
        command.args(["--server", "http://127.0.0.1:8780", "--token-file", "token"]);
        run(command.args(line.split(' ')).current_dir(&self.home), input)
    }

    fn register(&self, service_vlan: u16) -> Result<()> {
        self.moxxie("site add dc1 --vlan-range 100-2000 --management 10.255.0.0/24")?;
        let service = format!("--service-vlan {service_vlan}");
        self.moxxie(&format!("site add dc2 {service} --vlan-range 100-2000 --management 10.255.0.0/24"))?;
        self.moxxie("tenant add acme")?;
        for ((router, api, _), (site, prefix)) in
            ROUTERS.into_iter().zip([("dc1", "172.20.0.0/16"), ("dc2", "172.21.0.0/16")])
        {
            self.moxxie(&format!("pool add {site}-main --site {site} --prefix {prefix}"))?;
            let add =
                format!("router add {router} --site {site} --address 127.0.0.1:{api} --username moxxie");
            self.with_input(&format!("{add} --password-stdin --trunk ether2"), "router-secret\n")?;
        }
        Ok(())
    }
}

fn router(options: &Options, name: &str, api: u16, control: u16) -> Result<Kept> {
    let mut command = Command::new(options.bin.join("routeros-emulator"));
    command.args([
        "--version",
        "7.22",
        "--ethernet",
        "2",
        "--user",
        "moxxie:router-secret",
        "--identity",
        name,
    ]);
    command.args([
        "--serial",
        &format!("LAB-{name}"),
        "--dataplane",
        "linux",
        "--netns",
        &format!("lab-{name}"),
    ]);
    command.args(["--api", &format!("127.0.0.1:{api}"), "--control", &format!("127.0.0.1:{control}")]);
    let scene = options.out.join("scene.toml");
    std::fs::write(&scene, SCENE).context("writing the scene")?;
    let log = options.out.join(format!("{name}.log"));
    let kept = Kept::start(command.arg("--scene").arg(&scene), &log)?;
    wait("the router's control API", 100, || Ok(TcpStream::connect(("127.0.0.1", control)).ok()))?;
    Ok(kept)
}

/// The rows of a menu as the router's `print` shows them; `router` is 1 or 2.
pub(crate) fn rows(router: usize, menu: &str) -> Result<Vec<Value>> {
    let (_, _, port) = ROUTERS[router - 1];
    let mut stream = TcpStream::connect(("127.0.0.1", port)).context("the router's control API")?;
    writeln!(stream, "{}", json!({"do": "rows", "menu": menu}))?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    match serde_json::from_str::<Value>(&line)?["ok"].take() {
        Value::Array(rows) => Ok(rows),
        _ => bail!("{menu} of r{router}: {line}"),
    }
}

/// A file of the evidence as text; empty while it is not there.
pub(crate) fn evidence(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}
