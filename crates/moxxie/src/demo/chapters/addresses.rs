//! Addresses: the next one, one that somebody has without asking, one that is held.

use moxxie_api::{
    Page,
    address::{Address, AddressRequest},
    reality::{AdoptRequest, Finding, RouterScan},
    search::SearchHit,
};

use crate::demo::story::{Story, ensure};

pub(crate) async fn addresses(story: &mut Story) -> anyhow::Result<()> {
    story.stage.chapter("Addresses, and what the router really shows")?;
    let Some(network) = story.networks.iter().find(|network| network.datacenter == "dc1").cloned() else {
        anyhow::bail!("there is no network in dc1 to take addresses of");
    };
    let id = network.network_id.as_str();
    story.stage.say(&format!("moxxie network ip next {} --hostname db1", network.name))?;
    let first =
        next(story, id, AddressRequest { hostname: Some("db1".into()), ..AddressRequest::default() }).await?;
    story.stage.quote(&format!("{}/{}, gateway {}", first.address, first.prefix_length, first.gateway))?;
    let so = ensure(first.kind == "vm" && first.address != network.gateway, || format!("{first:?}"));
    story.stage.check("the address is a host's, not the gateway's", so)?;

    let held =
        next(story, id, AddressRequest { hold_seconds: Some(3600), ..AddressRequest::default() }).await?;
    let so = ensure(held.status == "held" && held.expires_at.is_some(), || format!("{held:?}"));
    story.stage.check("an address can be held for an hour, and says until when", so)?;
    release(story, id, &held.address).await?;

    // Somebody takes the very address that would be next, and asks nobody.
    let rows = story.lab.dc1.emulator.rows("/interface/vlan");
    let vlan = network.vlan_id.to_string();
    let interface = rows.iter().find(|row| row.get("vlan-id") == Some(&vlan)).and_then(|row| row.get("name"));
    let Some(interface) = interface.cloned() else { anyhow::bail!("{} is not on r1", network.name) };
    story.lab.dc1.emulator.lan().host(&interface, &held.address, "02:00:5E:00:53:AF");
    story
        .stage
        .say(&format!("Somebody without a record answers at {}; moxxie reality scan r1", held.address))?;
    let scan: RouterScan = story.api.act(&["routers", "r1", "scan"], &[], None).await?;
    let found: Vec<Finding> = story.api.list(&["networks", id, "reality"], &[], 100).await?;
    let found = found.into_iter().find(|finding| finding.address.as_deref() == Some(held.address.as_str()));
    let so = ensure(found.is_some(), || format!("scan {scan:?} shows nothing of it"));
    story.stage.check("the scan finds the address that is in use without a record", so)?;
    let passed = next(story, id, AddressRequest::default()).await?;
    let so = ensure(passed.address != held.address, || "it was given out".into());
    story.stage.check("the next address is never one that answers", so)?;
    if let Some(finding) = found {
        story.stage.say(&format!("moxxie reality adopt {} --hostname printer", finding.finding_id))?;
        let adopt = AdoptRequest { hostname: Some("printer".into()), ..AdoptRequest::default() };
        let adopted: Address =
            story.api.post(&["reality", &finding.finding_id, "adopt"], &[], &adopt, None).await?;
        let so = ensure(adopted.mac.as_deref() == Some("02:00:5E:00:53:AF"), || format!("{adopted:?}"));
        story.stage.check("it becomes a record, as it was seen", so)?;
    }

    story.stage.say(&format!("moxxie who-has {}", held.address))?;
    let hits: Page<SearchHit> = story.api.get_with(&["search"], &[("q", held.address.clone())]).await?;
    let who = hits.items.first().and_then(|hit| hit.hostname.clone());
    let so = ensure(who.as_deref() == Some("printer"), || format!("{who:?}"));
    story.stage.check("who has an address is one question", so)?;

    // The next chapter takes the network off, which nobody's addresses may be in.
    let interface_address = held.address.parse()?;
    story.lab.dc1.emulator.lan().remove(&interface, interface_address);
    for address in [first.address, passed.address, held.address] {
        release(story, id, &address).await?;
    }
    let left: Vec<Address> = story.api.list(&["networks", id, "ips"], &[], 1000).await?;
    let so = ensure(left.iter().all(|address| address.created_at.is_none()), || format!("{left:?}"));
    story.stage.check("released, they are free again", so)
}

async fn next(story: &Story, id: &str, request: AddressRequest) -> anyhow::Result<Address> {
    Ok(story.api.post(&["networks", id, "ips", "next"], &[], &request, None).await?)
}

async fn release(story: &Story, id: &str, address: &str) -> anyhow::Result<()> {
    let path = ["networks", id, "ips", address];
    story.api.delete::<Option<serde_json::Value>>(&path, &[("now", "true")]).await?;
    Ok(())
}
