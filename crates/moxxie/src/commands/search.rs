//! `moxxie search`, `moxxie who-has`: find things.

use std::net::IpAddr;

use clap::Args;
use moxxie_api::search::SearchHit;

use crate::{exit::Usage, output::maybe, session::Session};

#[derive(Debug, Args)]
pub(crate) struct Search {
    /// An address, prefix, VLAN id, MAC address, label (app=web), id, or a part of a name.
    text: String,
    /// How many at most.
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
}

#[derive(Debug, Args)]
pub(crate) struct WhoHas {
    /// The address.
    address: String,
}

pub(crate) async fn search(args: Search, session: &Session) -> anyhow::Result<()> {
    let Session { api, out } = session;
    let hits: Vec<SearchHit> = api.list(&["search"], &[("q", args.text)], args.limit).await?;
    if hits.is_empty() {
        out.note("nothing was found");
    }
    let headers = ["TYPE", "WHAT", "NETWORK", "VLAN", "PREFIX", "TENANT", "SITE", "ID"];
    out.list(&hits, &headers, |hit| {
        vec![
            hit.kind.clone(),
            what(hit),
            maybe(&hit.network),
            vlan(hit),
            maybe(&hit.prefix),
            maybe(&hit.client_id),
            maybe(&hit.datacenter),
            hit.id.clone(),
        ]
    })
}

pub(crate) async fn who_has(args: WhoHas, session: &Session) -> anyhow::Result<()> {
    let Session { api, out } = session;
    let Ok(address) = args.address.parse::<IpAddr>() else {
        return Err(Usage(format!("{:?} is not an IP address", args.address)).into());
    };
    let hits: Vec<SearchHit> = api.list(&["search"], &[("q", address.to_string())], 100).await?;
    if !out.for_people() {
        return out.data(&hits);
    }
    if hits.is_empty() {
        out.note(&format!("nobody: {address} lies in no prefix that is in use"));
        return Ok(());
    }
    // The record says more than the prefix it lies in; the same address may be used in several VRFs.
    let recorded: Vec<_> = hits.iter().filter(|hit| hit.kind == "address").collect();
    let is_said = |hit: &SearchHit| recorded.iter().any(|record| record.vrf == hit.vrf);
    for hit in hits.iter().filter(|hit| hit.kind == "address" || !is_said(hit)) {
        out.record(hit, |hit| {
            let on = |at: &moxxie_api::search::RouterInterface| format!("{} on {}", at.interface, at.router);
            let record = if hit.kind == "address" { "yes" } else { "none" };
            vec![
                ("Address", maybe(&hit.address)),
                ("Recorded", record.to_owned()),
                ("Status", maybe(&hit.status)),
                ("Use", maybe(&hit.usage)),
                ("Host", maybe(&hit.hostname)),
                ("MAC", maybe(&hit.mac)),
                ("VM", maybe(&hit.vm_id)),
                ("Prefix", maybe(&hit.prefix)),
                ("Network", maybe(&hit.network)),
                ("Network is", maybe(&hit.network_status)),
                ("VLAN", vlan(hit)),
                ("Tenant", maybe(&hit.client_id)),
                ("Site", maybe(&hit.datacenter)),
                ("VRF", maybe(&hit.vrf)),
                ("Pool", maybe(&hit.pool)),
                ("Interface", hit.interfaces.iter().map(on).collect::<Vec<_>>().join("\n")),
            ]
        })?;
    }
    Ok(())
}

/// What names a thing best.
fn what(hit: &SearchHit) -> String {
    let named = match (&hit.address, &hit.hostname) {
        (Some(address), Some(host)) => Some(format!("{address} ({host})")),
        (Some(address), None) => Some(address.clone()),
        (None, _) => hit.name.clone(),
    };
    let asn = || hit.asn.map(|number| format!("AS{number}"));
    let vlan = || hit.vlan_id.map(|vlan| format!("VLAN {vlan}"));
    named.or_else(|| hit.prefix.clone()).or_else(asn).or_else(vlan).unwrap_or_default()
}

/// `100`, or `1000.100` inside a service VLAN.
fn vlan(hit: &SearchHit) -> String {
    match (hit.vlan_id, hit.service_vlan) {
        (Some(vlan), Some(service)) => format!("{service}.{vlan}"),
        (Some(vlan), None) => vlan.to_string(),
        (None, _) => String::new(),
    }
}
