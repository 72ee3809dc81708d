//! `moxxie router`: routers under management.

use std::io::{IsTerminal, Read};

use anyhow::Context;
use clap::{Args, Subcommand};
use moxxie_api::{
    Page,
    router::{Route, Router, RouterCreate, RouterRows, RouterStatus, Tls},
};

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
  moxxie router add r2 --site dc2 --address 192.0.2.2 --user moxxie --trunk ether2
  pass show r2 | moxxie router add r2 --site dc2 --address 192.0.2.2:8729 --user moxxie \\
      --trunk ether2 --tls-pin 5f1c...e0 --password-stdin")]
    Add(Add),
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
    #[arg(long)]
    user: String,
    /// The interface that carries the VLANs.
    #[arg(long, value_name = "INTERFACE")]
    trunk: String,
    /// Protect the connection by TLS and accept only this key: SHA-256 of its public key info, hex.
    #[arg(long, value_name = "SHA256")]
    tls_pin: Option<String>,
    /// Comment of the firewall rules before which moxxie puts its own [default: moxxie-anchor].
    #[arg(long, value_name = "COMMENT")]
    anchor: Option<String>,
    /// Read the password from standard input.
    #[arg(long, conflicts_with = "password_env")]
    password_stdin: bool,
    /// Read the password from this environment variable.
    #[arg(long, value_name = "VARIABLE")]
    password_env: Option<String>,
}

pub(crate) async fn run(command: Command, session: &Session) -> anyhow::Result<()> {
    let Session { api, out } = session;
    match command {
        Command::Add(add) => {
            let request = RouterCreate {
                password: password(&add)?,
                name: add.name,
                datacenter: add.site,
                address: add.address,
                username: add.user,
                tls: add.tls_pin.map(|spki_sha256| Tls { spki_sha256 }),
                trunk: add.trunk,
                firewall_anchor: add.anchor,
            };
            out.record(&api.post::<Router>(&["routers"], &[], &request, None).await?, fields)
        }
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

/// The password, from where it was said to be; never from the command line, which others can read.
fn password(add: &Add) -> anyhow::Result<String> {
    let password = if let Some(variable) = &add.password_env {
        std::env::var(variable)
            .map_err(|_| Usage(format!("--password-env: the environment has no variable {variable}")))?
    } else if add.password_stdin {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("reading the password from standard input")?;
        text.trim_end_matches(['\n', '\r']).to_owned()
    } else if std::io::stdin().is_terminal() {
        rpassword::prompt_password(format!("Password of {} on {}: ", add.user, add.name))
            .context("asking for the password")?
    } else {
        let text = "there is no terminal to ask for the password; use --password-stdin or --password-env";
        return Err(Usage(text.into()).into());
    };
    if password.is_empty() {
        return Err(Usage("the password is empty".into()).into());
    }
    Ok(password)
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

/// Rows by menu in the router's own notation, one per line.
pub(crate) fn menus(rows: &RouterRows, pen: Pen) -> String {
    let mut text = String::new();
    for (menu, rows) in rows.menus.iter().filter(|(_, rows)| !rows.is_empty()) {
        text.push_str(&format!("{}\n", pen.cyan(menu)));
        for row in rows {
            let fields: Vec<_> = row
                .iter()
                .filter(|(field, _)| !field.starts_with('.') && *field != "comment")
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
    if value.is_empty() || value.contains([' ', '"', '\n']) { format!("{value:?}") } else { value.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_printed_by_menu_in_the_routers_words() {
        let row =
            [(".id", "*1"), ("name", "mx-100"), ("comment", "mx1:a:net-1:vlan acme"), ("vlan-id", "100")];
        let row = row.map(|(field, value)| (field.to_owned(), value.to_owned())).into();
        let menus_of = [("/interface/vlan".to_owned(), vec![row]), ("/ip/pool".to_owned(), vec![])].into();
        let rows = RouterRows { router: "r1".into(), menus: menus_of };
        let text = menus(&rows, Pen::plain());
        assert_eq!(text, "/interface/vlan\n  name=mx-100 vlan-id=100\n    mx1:a:net-1:vlan acme\n");
    }
}
