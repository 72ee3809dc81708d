//! `moxxie router`: routers under management.

mod enroll;
mod password;

use clap::{Args, Subcommand};
use moxxie_api::{
    Page,
    router::{Route, Router, RouterCreate, RouterRows, RouterStatus, RouterUpdate, Tls},
};

use self::password::From;
use crate::{
    commands::ALL,
    exit::Usage,
    output::{Pen, maybe, time},
    session::Session,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Register a router
    #[command(after_help = "\
The password is asked for, or comes from --password-stdin or --password-env; it is kept sealed.
Examples:
  moxxie router add r2 --site dc2 --address 192.0.2.2 --username moxxie --trunk ether2
  pass show r2 | moxxie router add r2 --site dc2 --address 192.0.2.2:8729 --username moxxie \\
      --trunk ether2 --tls-pin 5f1c...e0 --password-stdin")]
    Add(Add),
    /// Bring a router under management: check it, make moxxie's user and a certificate, register it
    #[command(after_help = "\
An administrator's password is asked for, or comes from --password-stdin or --password-env; it is used this \
once and not kept. Findings and commands are shown before anything is done. Running it again continues, and \
changes nothing when all is there. docs/routeros-setup.md walks through it.

Examples:
  moxxie router enroll r2 --site dc2 --address 192.0.2.2 --trunk ether2 --plain --create-anchors
  moxxie router enroll r2 --site dc2 --address 192.0.2.2 --trunk ether2 --tls-pin 5f1c...e0 --dry-run
  moxxie router enroll r2 --site dc2 --address 192.0.2.2 --trunk ether2 --print-script")]
    Enroll(enroll::Enroll),
    /// Put another device in a router's place, and bring its networks there
    #[command(after_help = "\
The new device is prepared as at an enrolment. Its serial number and that of the old one confirm what is \
meant. Until then it is identity_changed and nothing is written to it.

Examples:
  moxxie router replace r2 --plain --create-anchors --wait
  moxxie router replace r2 --tls-pin 5f1c...e0 --old-serial HD8089W3Y1T --new-serial HE208XK4A2B --yes")]
    Replace(enroll::Replace),
    /// Change a router: its address, how moxxie logs in, its anchor
    #[command(after_help = "\
What is not given stays as it is. The device behind the address must be the one that was enrolled; for \
one that takes its place there is `moxxie router replace`.

Examples:
  moxxie router set r2 --address 192.0.2.9
  pass show r2 | moxxie router set r2 --password-stdin")]
    Set(Set),
    /// List routers
    List,
    /// Show one router
    Show {
        /// Its name or id.
        router: String,
    },
    /// Ask a router how it is now
    Status {
        /// Its name or id.
        router: String,
    },
    /// List the routes a router has now
    Routes {
        /// Its name or id.
        router: String,
    },
    /// List the rows of ours a router has now
    Rows {
        /// Its name or id.
        router: String,
    },
    /// Forget a router and its password; it may carry no network
    Remove {
        /// Its name or id.
        router: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Add {
    /// Its name: 1 to 63 of a-z, 0-9 and -.
    name: String,
    /// The site it stands in.
    #[arg(long)]
    site: String,
    /// Address of its API service; port 8728, or 8729 with --tls-pin, when none is given.
    #[arg(long, value_name = "HOST[:PORT]")]
    address: String,
    /// The user to log in as.
    #[arg(long, alias = "user", value_name = "NAME")]
    username: String,
    /// The interface that carries the VLANs.
    #[arg(long, value_name = "INTERFACE")]
    trunk: String,
    /// Protect the connection by TLS and accept only this key: SHA-256 of its public key info, hex.
    #[arg(long, value_name = "SHA256")]
    tls_pin: Option<String>,
    /// Comment of the firewall rules before which moxxie puts its own [default: moxxie-anchor].
    #[arg(long, value_name = "COMMENT")]
    anchor: Option<String>,
    #[command(flatten)]
    password: From,
}

#[derive(Debug, Args)]
pub(crate) struct Set {
    /// Its name or id.
    router: String,
    /// New address of its API service; port 8728, or 8729 with TLS, when none is given.
    #[arg(long, value_name = "HOST[:PORT]")]
    address: Option<String>,
    /// The user to log in as.
    #[arg(long, alias = "user", value_name = "NAME")]
    username: Option<String>,
    /// Ask for a new password.
    #[arg(long, conflicts_with_all = ["password_stdin", "password_env"])]
    password: bool,
    #[command(flatten)]
    from: From,
    /// Protect the connection by TLS and accept only this key: SHA-256 of its public key info, hex.
    #[arg(long, value_name = "SHA256")]
    tls_pin: Option<String>,
    /// Comment of the firewall rules before which moxxie puts its own.
    #[arg(long, value_name = "COMMENT")]
    anchor: Option<String>,
}

pub(crate) async fn run(command: Command, session: &Session) -> anyhow::Result<()> {
    let Session { api, out } = session;
    match command {
        Command::Add(add) => {
            let request = RouterCreate {
                password: add.password.read(&format!("Password of {} on {}", add.username, add.name))?,
                name: add.name,
                datacenter: add.site,
                address: add.address,
                username: add.username,
                tls: add.tls_pin.map(|spki_sha256| Tls { spki_sha256 }),
                trunk: add.trunk,
                firewall_anchor: add.anchor,
            };
            out.record(&api.post::<Router>(&["routers"], &[], &request, None).await?, fields)
        }
        Command::Enroll(args) => enroll::enroll(args, session).await,
        Command::Replace(args) => enroll::replace(args, session).await,
        Command::Set(set) => run_set(set, session).await,
        Command::Remove { router } => super::remove(&["routers", &router], session).await,
        Command::List => {
            let routers: Vec<Router> = api.list(&["routers"], &[], ALL).await?;
            out.list(&routers, &["NAME", "SITE", "ADDRESS", "TRUNK", "VERSION", "BOARD"], |router| {
                let Router { name, datacenter, address, trunk, .. } = router.clone();
                vec![name, datacenter, address, trunk, maybe(&router.version), maybe(&router.board)]
            })
        }
        Command::Show { router } => out.record(&api.get::<Router>(&["routers", &router]).await?, fields),
        Command::Status { router } => {
            out.record(&api.get::<RouterStatus>(&["routers", &router, "status"]).await?, status)
        }
        Command::Routes { router } => {
            let routes = api.get::<Page<Route>>(&["routers", &router, "routes"]).await?.items;
            out.list(&routes, &["DESTINATION", "GATEWAY", "DISTANCE", "TABLE", "ACTIVE", "ORIGIN"], |route| {
                let active = if route.active { "yes" } else { "no" };
                vec![
                    route.destination.clone(),
                    maybe(&route.gateway),
                    maybe(&route.distance),
                    maybe(&route.table),
                    active.into(),
                    route.origin.clone(),
                ]
            })
        }
        Command::Rows { router } => {
            let rows: RouterRows = api.get(&["routers", &router, "rows"]).await?;
            if out.for_people() { out.text(&menus(&rows, out.pen)) } else { out.data(&rows) }
        }
    }
}

async fn run_set(set: Set, session: &Session) -> anyhow::Result<()> {
    let Session { api, out } = session;
    let Set { router, address, username, password, from, tls_pin, anchor } = set;
    let password = if password || from.is_given() {
        Some(from.read(&format!("New password of moxxie's user on {router}"))?)
    } else {
        None
    };
    let pinned = tls_pin.is_some();
    let request = RouterUpdate {
        address,
        username,
        password,
        tls: tls_pin.map(|spki_sha256| Tls { spki_sha256 }),
        firewall_anchor: anchor,
    };
    if serde_json::to_value(&request)?.as_object().is_some_and(serde_json::Map::is_empty) {
        let options = "--address, --username, --password, --tls-pin or --anchor";
        return Err(Usage(format!("nothing is given to change; give {options}")).into());
    }
    let router: Router = api.patch(&["routers", &router], &request).await?;
    if pinned && router.address.ends_with(":8728") {
        out.warn("8728 is the usual port of the plain API service; for TLS give --address with port 8729");
    }
    out.record(&router, fields)?;
    out.note(&format!("see whether it answers with: moxxie router status {}", router.name));
    Ok(())
}

fn fields(router: &Router) -> Vec<(&'static str, String)> {
    vec![
        ("Name", router.name.clone()),
        ("Id", router.id.clone()),
        ("Site", router.datacenter.clone()),
        ("Address", router.address.clone()),
        ("User", router.username.clone()),
        ("TLS pin", router.tls.as_ref().map(|tls| tls.spki_sha256.clone()).unwrap_or_default()),
        ("Trunk", router.trunk.clone()),
        ("Anchor", router.firewall_anchor.clone()),
        ("Serial", maybe(&router.serial)),
        ("Board", maybe(&router.board)),
        ("Version", maybe(&router.version)),
        ("Registered", time(router.created_at)),
    ]
}

fn status(status: &RouterStatus) -> Vec<(&'static str, String)> {
    let with_unit =
        |value: Option<String>, unit: &str| value.map(|v| format!("{v}{unit}")).unwrap_or_default();
    let uptime = status.uptime_s.map(|s| crate::duration::show(std::time::Duration::from_secs(s)));
    let rows: Vec<_> = status.owned_rows.iter().map(|(menu, count)| format!("{menu} {count}")).collect();
    vec![
        ("Router", status.router.clone()),
        ("State", status.state.clone()),
        ("Reason", maybe(&status.reason)),
        ("Identity", maybe(&status.identity)),
        ("Version", maybe(&status.version)),
        ("Board", maybe(&status.board)),
        ("Serial", maybe(&status.serial)),
        ("Uptime", uptime.unwrap_or_default()),
        ("CPU", with_unit(status.cpu_load_percent.map(|v| v.to_string()), "%")),
        ("Free memory", with_unit(status.free_memory_bytes.map(|v| (v >> 20).to_string()), " MiB")),
        ("Round trip", with_unit(status.round_trip_ms.map(|v| format!("{v:.1}")), " ms")),
        ("Open changes", status.open_changes.to_string()),
        ("Rows of ours", rows.join("\n")),
    ]
}

/// Rows by menu in the router's own notation, one per line; a field without a value says nothing.
pub(crate) fn menus(rows: &RouterRows, pen: Pen) -> String {
    let mut text = String::new();
    for (menu, rows) in rows.menus.iter().filter(|(_, rows)| !rows.is_empty()) {
        text.push_str(&format!("{}\n", pen.cyan(menu)));
        for row in rows {
            let fields: Vec<_> = row
                .iter()
                .filter(|(field, value)| !field.starts_with('.') && *field != "comment" && !value.is_empty())
                .map(|(field, value)| format!("{field}={}", quoted(value)))
                .collect();
            text.push_str(&format!("  {}\n", fields.join(" ")));
            if let Some(comment) = row.get("comment") {
                text.push_str(&format!("    {}\n", pen.dim(comment)));
            }
        }
    }
    if text.is_empty() { "No row of ours is on this router.\n".into() } else { text }
}

fn quoted(value: &str) -> String {
    if value.contains([' ', '"', '\n']) { format!("{value:?}") } else { value.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_printed_by_menu_in_the_routers_words() {
        let row = [
            (".id", "*1"),
            ("name", "mx-100"),
            ("comment", "mx1:a:net-1:vlan acme"),
            ("mtu", ""),
            ("vlan-id", "100"),
        ];
        let row = row.map(|(field, value)| (field.to_owned(), value.to_owned())).into();
        let menus_of = [("/interface/vlan".to_owned(), vec![row]), ("/ip/pool".to_owned(), vec![])].into();
        let rows = RouterRows { router: "r1".into(), menus: menus_of };
        let text = menus(&rows, Pen::plain());
        assert_eq!(text, "/interface/vlan\n  name=mx-100 vlan-id=100\n    mx1:a:net-1:vlan acme\n");
    }
}
