//! The texts of refusals.

use routeros_client::{Command, TrapKind};

use crate::check::{Ending, Stop, same, that};
use crate::{Check, Lab, Need, Quality};

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "error.no-such-command",
        source: "centrs on 7.23: an unknown last word is `no such command`",
        quality: Quality::Measured,
        need: Need::Session,
        run: |lab| Box::pin(command(lab, "/ip/pool/frobnicate", "no such command")),
    },
    Check {
        name: "error.no-such-prefix",
        source: "centrs on 7.23: an unknown menu on the way is `no such command prefix`",
        quality: Quality::Measured,
        need: Need::Session,
        run: |lab| Box::pin(command(lab, "/ip/frobnicate/print", "no such command prefix")),
    },
    Check {
        name: "error.no-such-item",
        source: "centrs on 7.23: set and remove of an id that is not there say `no such item`",
        quality: Quality::Measured,
        need: Need::Session,
        run: |lab| Box::pin(no_such_item(lab)),
    },
    Check {
        name: "error.unknown-parameter",
        source: "centrs on 7.23: an argument that is not the command's is `unknown parameter X`",
        quality: Quality::Measured,
        need: Need::Session,
        run: |lab| Box::pin(unknown_parameter(lab)),
    },
    Check {
        name: "error.no-match",
        source: "manual, REST: a reference to nothing is `input does not match any value of X`, category 1",
        quality: Quality::Manual,
        need: Need::Session,
        run: |lab| Box::pin(no_match(lab)),
    },
    Check {
        name: "error.out-of-range",
        source: "skills on 7.22: `value of X is out of range (A .. B)`",
        quality: Quality::Measured,
        need: Need::Session,
        run: |lab| Box::pin(out_of_range(lab)),
    },
    Check {
        name: "error.trailing",
        source: "tik4net: garbage behind a number is refused as a bad value",
        quality: Quality::Measured,
        need: Need::Session,
        run: |lab| Box::pin(trailing(lab)),
    },
    Check {
        name: "error.interface-name",
        source: "centrs on 7.23: `failure: already have interface with such name`",
        quality: Quality::Measured,
        need: Need::Session,
        run: |lab| Box::pin(interface_name(lab)),
    },
    Check {
        name: "error.same-address",
        source: "several projects: `failure: already have such address` on the same interface",
        quality: Quality::Measured,
        need: Need::Session,
        run: |lab| Box::pin(same_address(lab)),
    },
    Check {
        name: "error.same-entry",
        source: "several users: `failure: already have such entry` in an address list",
        quality: Quality::Reported,
        need: Need::Session,
        run: |lab| Box::pin(same_entry(lab)),
    },
    Check {
        name: "error.pool-name",
        source: "users' reports: `failure: pool with such name exists`",
        quality: Quality::Reported,
        need: Need::Session,
        run: |lab| Box::pin(pool_name(lab)),
    },
    Check {
        name: "error.version",
        source: "command trees: /safe-mode exists since 7.18, and is `no such command prefix` before",
        quality: Quality::Tree,
        need: Need::Session,
        run: |lab| Box::pin(version(lab)),
    },
];

/// A category, where one came, must be the documented one.
fn category(trap: &routeros_client::Trap, documented: u8) -> Ending {
    match trap.category {
        Some(found) => same("category", found, documented),
        None => Ok(()),
    }
}

async fn bridge(lab: &mut Lab) -> Result<String, Stop> {
    let name = lab.name("br");
    lab.add("/interface/bridge", &[("name", &name)]).await?;
    Ok(name)
}

async fn command(lab: &mut Lab, path: &str, text: &str) -> Ending {
    let trap = lab.refusal(Command::new(path)).await?;
    category(&trap, 0)?;
    same("text", trap.message.as_str(), text)
}

async fn no_such_item(lab: &mut Lab) -> Ending {
    let name = lab.name("pool");
    let id = lab.add("/ip/pool", &[("name", &name), ("ranges", "192.0.2.10-192.0.2.20")]).await?;
    lab.remove("/ip/pool", &id).await?;
    for command in [
        lab.command("/ip/pool", "set", &[(".id", &id), ("comment", "x")]),
        lab.command("/ip/pool", "remove", &[(".id", &id)]),
        lab.command("/ip/pool", "remove", &[(".id", &name)]),
    ] {
        let trap = lab.refusal(command).await?;
        category(&trap, 0)?;
        // Some menus add a number: `no such item (4)`.
        that(trap.message.starts_with("no such item"), || trap.message.clone())?;
    }
    Ok(())
}

async fn unknown_parameter(lab: &mut Lab) -> Ending {
    let name = lab.name("pool");
    let fields = [("name", name.as_str()), ("ranges", "192.0.2.10-192.0.2.20"), ("frobnicate", "1")];
    let add = lab.command("/ip/pool", "add", &fields);
    let trap = lab.refusal(add).await?;
    same("text", trap.message.as_str(), "unknown parameter frobnicate")
}

async fn no_match(lab: &mut Lab) -> Ending {
    let (vlan, missing) = (lab.name("v"), lab.name("missing"));
    let fields = [("name", vlan.as_str()), ("vlan-id", "7"), ("interface", &missing)];
    let add = lab.command("/interface/vlan", "add", &fields);
    let trap = lab.refusal(add).await?;
    category(&trap, 1)?;
    same("text", trap.message.as_str(), "input does not match any value of interface")
}

async fn bad_vlan_id(lab: &mut Lab, value: &str) -> Result<routeros_client::Trap, Stop> {
    let (vlan, bridge) = (lab.name("v"), bridge(lab).await?);
    let fields = [("name", vlan.as_str()), ("interface", &bridge), ("vlan-id", value)];
    let add = lab.command("/interface/vlan", "add", &fields);
    lab.refusal(add).await
}

async fn out_of_range(lab: &mut Lab) -> Ending {
    let trap = bad_vlan_id(lab, "5000").await?;
    category(&trap, 1)?;
    that(trap.message.starts_with("value of vlan-id is out of range ("), || trap.message.clone())
}

async fn trailing(lab: &mut Lab) -> Ending {
    let trap = bad_vlan_id(lab, "7x").await?;
    category(&trap, 1)?;
    same("kind", trap.kind, TrapKind::BadArgument)
}

async fn twice(lab: &mut Lab, menu: &str, fields: &[(&str, &str)], text: &str) -> Ending {
    lab.add(menu, fields).await?;
    let add = lab.command(menu, "add", fields);
    same("text", lab.refusal(add).await?.message.as_str(), text)
}

async fn interface_name(lab: &mut Lab) -> Ending {
    let name = lab.name("br");
    let text = "failure: already have interface with such name";
    twice(lab, "/interface/bridge", &[("name", &name)], text).await
}

async fn same_address(lab: &mut Lab) -> Ending {
    let (bridge, mark) = (bridge(lab).await?, lab.name("address"));
    let fields = [("address", "192.0.2.1/24"), ("interface", bridge.as_str()), ("comment", &mark)];
    twice(lab, "/ip/address", &fields, "failure: already have such address").await
}

async fn same_entry(lab: &mut Lab) -> Ending {
    let list = lab.name("list");
    let fields = [("list", list.as_str()), ("address", "192.0.2.1")];
    twice(lab, "/ip/firewall/address-list", &fields, "failure: already have such entry").await
}

async fn pool_name(lab: &mut Lab) -> Ending {
    let name = lab.name("pool");
    let fields = [("name", name.as_str()), ("ranges", "192.0.2.10-192.0.2.20")];
    twice(lab, "/ip/pool", &fields, "failure: pool with such name exists").await
}

async fn version(lab: &mut Lab) -> Ending {
    if lab.since(18) {
        let reply = lab.run("/safe-mode/print").await?;
        return that(reply.rows.iter().any(|row| row.has("enabled")), || "no `enabled`".to_owned());
    }
    let trap = lab.refusal("/safe-mode/print".into()).await?;
    same("kind", trap.kind, TrapKind::NoSuchCommand)
}
