//! The same request for both sites, and what it makes of their routers.

use std::collections::BTreeMap;

use moxxie_api::{network::Network, router::RouterRows};

use crate::{
    commands::network::tags,
    demo::{
        rows::excerpt,
        story::{Story, TENANT, ensure},
    },
    output::vlans,
};

pub(crate) async fn same_request(story: &mut Story) -> anyhow::Result<()> {
    story.stage.chapter("One request, two datacentres")?;
    story
        .stage
        .say("moxxie network provision --tenant acme --size /24 --profile isolated --dhcp --site ...")?;
    for site in ["dc1", "dc2"] {
        story.stage.say(&format!("... --site {site}"))?;
        let request = Story::request(site, &format!("demo-web-{site}"));
        let change = story.provision(&request).await?;
        let why = change.error.as_ref().map(|error| error.message.clone()).unwrap_or_default();
        let so = ensure(change.state == "applied", || format!("it is {} {why}", change.state));
        story.stage.check(&format!("the network in {site} is provisioned and verified"), so)?;
        if let Some(id) = &change.network_id {
            let network = story.network(id).await?;
            story.networks.push(network);
        }
    }
    let rows: Vec<_> = story.networks.iter().map(row).collect();
    story.stage.table(&["NETWORK", "VLAN", "SUBNET", "GATEWAY", "DHCP", "A HOST SENDS"], &rows)?;
    let service: Vec<_> = story.networks.iter().map(|network| network.service_vlan).collect();
    let so = ensure(service == [None, Some(1000)], || format!("service VLANs are {service:?}"));
    story.stage.check("nothing in the request said Q-in-Q, and dc2 is inside S-VLAN 1000", so)
}

fn row(network: &Network) -> Vec<String> {
    let dhcp = network.dhcp_range.clone().unwrap_or_default();
    let sends = tags(&network.host_tags);
    vec![network.name.clone(), vlans(network), network.subnet.clone(), network.gateway.clone(), dhcp, sends]
}

pub(crate) async fn rows(story: &mut Story) -> anyhow::Result<()> {
    story.stage.chapter("What is on the routers now")?;
    for (router, site) in [("r1", "dc1"), ("r2", "dc2")] {
        let rows = story.rows(router).await?;
        story.stage.say(&format!("{router} ({site}), rows for {TENANT}:"))?;
        let (lines, rest) = excerpt(&rows);
        story.stage.block(&lines)?;
        story.stage.say(&format!("and {rest} rows of the firewall that networks share"))?;
        let Some(network) = story.networks.iter().find(|network| network.datacenter == site) else {
            anyhow::bail!("there is no network in {site} to look for");
        };
        let stacked = vlan_is_stacked(&rows, network);
        let statement = match network.service_vlan {
            Some(service) => {
                format!("{router} has VLAN {} stacked on service VLAN {service}", network.vlan_id)
            }
            None => format!("{router} has VLAN {} on the trunk itself", network.vlan_id),
        };
        story.stage.check(&statement, stacked)?;
        let complete = has_everything(&rows);
        story.stage.check(&format!("{router} has address, firewall rules and DHCP for it"), complete)?;
    }
    Ok(())
}

type Row = BTreeMap<String, String>;

fn menu<'a>(rows: &'a RouterRows, menu: &str) -> &'a [Row] {
    rows.menus.get(menu).map_or(&[], Vec::as_slice)
}

/// The VLAN lies on the trunk, or on a VLAN interface that is the service VLAN and sends its tag.
fn vlan_is_stacked(rows: &RouterRows, network: &Network) -> Result<(), String> {
    let vlans = menu(rows, "/interface/vlan");
    let field = |row: &Row, name: &str| row.get(name).cloned().unwrap_or_default();
    let id = network.vlan_id.to_string();
    let Some(row) = vlans.iter().find(|row| field(row, "vlan-id") == id) else {
        return Err(format!("there is no interface for VLAN {id}"));
    };
    let parent = field(row, "interface");
    let Some(service) = network.service_vlan else {
        return ensure(parent == "ether2", || format!("its parent is {parent}"));
    };
    let Some(outer) = vlans.iter().find(|row| field(row, "name") == parent) else {
        return Err(format!("its parent {parent} is no VLAN of ours"));
    };
    let tagged = ["yes", "true"].contains(&field(outer, "use-service-tag").as_str());
    let so =
        field(outer, "vlan-id") == service.to_string() && field(outer, "interface") == "ether2" && tagged;
    ensure(so, || format!("its parent is {outer:?}"))
}

fn has_everything(rows: &RouterRows) -> Result<(), String> {
    let needed =
        ["/ip/address", "/ip/firewall/filter", "/ip/pool", "/ip/dhcp-server", "/ip/dhcp-server/network"];
    let missing: Vec<_> = needed.into_iter().filter(|name| menu(rows, name).is_empty()).collect();
    ensure(missing.is_empty(), || format!("nothing of ours in {}", missing.join(", ")))
}
