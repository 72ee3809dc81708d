//! Rows that refer to rows, and rows that others bring with them.

use std::time::Duration;

use routeros_client::Command;

use crate::check::{Ending, Stop, same, that};
use crate::{Check, Lab, Need, Quality};

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "reference.follows-name",
        source: "commonly known: references are by id inside, so a new name shows in what refers to it",
        quality: Quality::Assumed,
        need: Need::Session,
        run: |lab| Box::pin(follows(lab)),
    },
    Check {
        name: "reference.by-id",
        source: "commonly known: a reference may be given as an id and prints as the name",
        quality: Quality::Assumed,
        need: Need::Session,
        run: |lab| Box::pin(by_id(lab)),
    },
    Check {
        name: "reference.dead",
        source: "seen on routers: what refers to a removed interface prints its id",
        quality: Quality::Reported,
        need: Need::Session,
        run: |lab| Box::pin(dead(lab)),
    },
    Check {
        name: "dynamic.connected-route",
        source: "manual, IP routing: an address on an active interface brings a dynamic connected route",
        quality: Quality::Manual,
        need: Need::Session,
        run: |lab| Box::pin(connected(lab)),
    },
    Check {
        name: "address.network",
        source: "manual, IP address: network is computed from the address",
        quality: Quality::Manual,
        need: Need::Session,
        run: |lab| Box::pin(network(lab)),
    },
    Check {
        name: "interface.shared",
        source: "manual: a VLAN is also a row of /interface, with the same id and its type",
        quality: Quality::Measured,
        need: Need::Session,
        run: |lab| Box::pin(shared(lab)),
    },
];

/// A bridge, and a VLAN on it that refers to it as `reference` says.
async fn pair(lab: &mut Lab, by_id: bool) -> Result<(String, String, String), Stop> {
    let (name, vlan) = (lab.name("br"), lab.name("v"));
    let bridge = lab.add("/interface/bridge", &[("name", &name)]).await?;
    let reference = if by_id { bridge.clone() } else { name.clone() };
    let fields = [("name", vlan.as_str()), ("vlan-id", "7"), ("interface", &reference)];
    let vlan = lab.add("/interface/vlan", &fields).await?;
    Ok((name, bridge, vlan))
}

async fn follows(lab: &mut Lab) -> Ending {
    let (_, bridge, vlan) = pair(lab, false).await?;
    let name = lab.name("br");
    lab.set("/interface/bridge", &bridge, &[("name", &name)]).await?;
    same("interface", lab.value("/interface/vlan", &vlan, "interface").await?, Some(name))
}

async fn by_id(lab: &mut Lab) -> Ending {
    let (name, _, vlan) = pair(lab, true).await?;
    same("interface", lab.value("/interface/vlan", &vlan, "interface").await?, Some(name))
}

async fn dead(lab: &mut Lab) -> Ending {
    let (_, bridge, vlan) = pair(lab, false).await?;
    lab.remove("/interface/bridge", &bridge).await?;
    same("interface", lab.value("/interface/vlan", &vlan, "interface").await?, Some(bridge))
}

async fn address(lab: &mut Lab) -> Result<(String, String), Stop> {
    let (name, mark) = (lab.name("br"), lab.name("address"));
    lab.add("/interface/bridge", &[("name", &name)]).await?;
    let fields = [("address", "192.0.2.65/26"), ("interface", name.as_str()), ("comment", &mark)];
    let id = lab.add("/ip/address", &fields).await?;
    Ok((name, id))
}

async fn connected(lab: &mut Lab) -> Ending {
    let (bridge, id) = address(lab).await?;
    let route = || Command::new("/ip/route/print").equal("dst-address", "192.0.2.64/26");
    lab.wait("a dynamic route over the bridge", Duration::from_secs(5), async |lab| {
        let rows = lab.run(route()).await?.rows;
        let ours = |row: &routeros_client::Row| {
            row.flag("dynamic") && row.get("gateway").is_some_and(|gateway| gateway.starts_with(&bridge))
        };
        Ok(rows.iter().any(ours))
    })
    .await?;
    lab.remove("/ip/address", &id).await?;
    lab.wait("the route is gone with the address", Duration::from_secs(5), async |lab| {
        let rows = lab.run(route()).await?.rows;
        Ok(!rows.iter().any(|row| row.get("gateway").is_some_and(|gateway| gateway.starts_with(&bridge))))
    })
    .await
}

async fn network(lab: &mut Lab) -> Ending {
    let (bridge, id) = address(lab).await?;
    same("network", lab.value("/ip/address", &id, "network").await?.as_deref(), Some("192.0.2.64"))?;
    same("actual-interface", lab.value("/ip/address", &id, "actual-interface").await?, Some(bridge))
}

async fn shared(lab: &mut Lab) -> Ending {
    let (_, _, vlan) = pair(lab, false).await?;
    let row = lab.row("/interface", &vlan).await?;
    that(row.is_some(), || format!("/interface has no {vlan}"))?;
    same("type", row.as_ref().and_then(|row| row.get("type")), Some("vlan"))
}
