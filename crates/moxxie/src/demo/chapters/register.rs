//! Routers, sites, pools, a tenant.

use moxxie_api::{
    change::Change,
    datacenter::{DatacenterCreate, Encapsulation},
    pool::PoolCreate,
    router::{RouterCreate, RouterStatus},
    tenant::TenantCreate,
};

use crate::demo::{
    routers::{PASSWORD, Site, USER},
    story::{Story, TENANT, ensure},
};

pub(crate) async fn routers(story: &mut Story) -> anyhow::Result<()> {
    story.stage.chapter("Two routers, as their operators hand them over")?;
    let rows: Vec<_> = story
        .lab
        .sites()
        .iter()
        .map(|site| {
            let tagging = match site.service_vlan {
                Some(vlan) => format!("Q-in-Q, S-VLAN {vlan}"),
                None => "dot1q".into(),
            };
            let version = format!("RouterOS {}", site.version);
            let address = site.emulator.addr().to_string();
            vec![site.router.into(), site.name.into(), version, address, tagging]
        })
        .collect();
    story.stage.table(&["ROUTER", "SITE", "VERSION", "API", "TRUNK ether2"], &rows)?;
    story.stage.say("Each has a management address, a firewall with an anchor, and a VLAN of somebody else.")
}

pub(crate) async fn inventory(story: &mut Story) -> anyhow::Result<()> {
    story.stage.chapter("moxxie is told about them")?;
    let mut found = 0;
    for site in story.lab.sites() {
        let pool = PoolCreate {
            name: format!("{}-main", site.name),
            datacenter: Some(site.name.into()),
            prefix: site.pool.into(),
            ..PoolCreate::default()
        };
        let new = [
            story.register("datacenters", site.name, &datacenter(site)).await?,
            story.register("pools", &pool.name, &pool).await?,
            story.register("routers", site.router, &router(site)).await?,
        ];
        found += new.iter().filter(|new| !**new).count();
        story.stage.say(&format!("site {}: pool {}, router {}", site.name, site.pool, site.router))?;
    }
    let tenant = TenantCreate { name: TENANT.into(), description: "The first customer".into() };
    story.register("tenants", TENANT, &tenant).await?;
    story.stage.say(&format!("tenant {TENANT}"))?;
    if found > 0 {
        story.stage.say("They were known from an earlier run; the emulated routers are new and empty.")?;
        clear(story).await?;
    }
    for index in 0..story.lab.sites().len() {
        let site = story.lab.sites()[index];
        let (name, version) = (site.router, site.version);
        let status: RouterStatus = story.api.get(&["routers", name, "status"]).await?;
        let here = status.version.clone().unwrap_or_default();
        let so = status.state == "up" && here.starts_with(version);
        let why = || format!("it is {} {here} {}", status.state, status.reason.clone().unwrap_or_default());
        story.stage.check(&format!("{name} answers as RouterOS {version}"), ensure(so, why))?;
    }
    Ok(())
}

/// Removes what an earlier run left, so that the story can be told again.
async fn clear(story: &Story) -> anyhow::Result<()> {
    for network in story.all_networks().await? {
        if network.client_id == TENANT && network.name.starts_with("demo-") {
            let change: Change =
                story.api.delete(&["networks", &network.network_id], &[("wait", "30")]).await?;
            story.stage.say(&format!("{} of the earlier run: {}", network.name, change.state))?;
        }
    }
    Ok(())
}

fn datacenter(site: &Site) -> DatacenterCreate {
    DatacenterCreate {
        name: site.name.into(),
        description: String::new(),
        location: String::new(),
        encapsulation: site.service_vlan.map(|vlan| Encapsulation {
            kind: "qinq".into(),
            service_vlan: Some(vlan),
            tpid: None,
        }),
        vlan_range: Some("100-2000".into()),
        management_prefixes: vec!["10.255.0.0/24".into()],
        dns_servers: vec![],
        hand_off: None,
        ..DatacenterCreate::default()
    }
}

fn router(site: &Site) -> RouterCreate {
    RouterCreate {
        name: site.router.into(),
        datacenter: site.name.into(),
        address: site.emulator.addr().to_string(),
        username: USER.into(),
        password: PASSWORD.into(),
        tls: None,
        trunk: "ether2".into(),
        firewall_anchor: None,
    }
}
