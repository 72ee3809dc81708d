//! Who tells the story, and what every chapter needs.

use moxxie_api::{
    Page,
    change::Change,
    datacenter::AvailableResources,
    network::{Network, NetworkOptions, NetworkRequest},
    router::RouterRows,
};
use serde::Serialize;

use super::{chapters, print::Stage, routers::Lab};
use crate::{
    client::{Api, Error},
    commands::ALL,
    follow,
    output::steps::Told,
};

pub(crate) const TENANT: &str = "acme";

/// The story so far.
pub(crate) struct Story {
    pub(crate) api: Api,
    pub(crate) lab: Lab,
    pub(crate) stage: Stage,
    /// The networks of the main request, by site.
    pub(crate) networks: Vec<Network>,
}

/// What became of a request that may be refused.
pub(crate) enum Outcome<T> {
    Done(T),
    Refused(Box<moxxie_api::Problem>),
}

impl Story {
    pub(crate) fn new(api: Api, lab: Lab, stage: Stage) -> Self {
        Self { api, lab, stage, networks: Vec::new() }
    }

    /// Tells all chapters. One that breaks off is a statement that failed; the next ones are still told.
    pub(crate) async fn tell(&mut self) -> anyhow::Result<()> {
        macro_rules! chapters {
            ($($chapter:path),+ $(,)?) => {$(
                if let Err(error) = $chapter(self).await {
                    self.stage.check("the chapter comes to its end", Err(format!("{error:#}")))?;
                }
            )+};
        }
        chapters![
            chapters::register::routers,
            chapters::register::inventory,
            chapters::provision::same_request,
            chapters::provision::rows,
            chapters::refusals::refusals,
            chapters::failure::half_way,
            chapters::addresses::addresses,
            chapters::removal::deprovision,
            chapters::removal::audit,
        ];
        self.stage.summary()
    }

    /// The request of the story: the same for every site but for its name.
    pub(crate) fn request(site: &str, name: &str) -> NetworkRequest {
        NetworkRequest {
            client_id: TENANT.into(),
            kind: Some("vm".into()),
            datacenter: site.into(),
            size: "/24".into(),
            purpose: "web servers".into(),
            name: Some(name.into()),
            vlan_id: None,
            subnet: None,
            pool: None,
            options: NetworkOptions {
                enable_dhcp: true,
                firewall_profile: Some("isolated".into()),
                bgp_enabled: false,
                description: None,
            },
            ..NetworkRequest::default()
        }
    }

    /// Orders a network and shows its steps live.
    pub(crate) async fn provision(&self, request: &NetworkRequest) -> anyhow::Result<Change> {
        let change: Change = self.api.post(&["networks", "provision"], &[], request, None).await?;
        self.follow(&change.change_id).await
    }

    /// Shows the steps of a change live.
    pub(crate) async fn follow(&self, id: &str) -> anyhow::Result<Change> {
        let mut told = Told::default();
        follow::change(&self.api, id, |event| self.stage.event(event, &mut told)).await
    }

    /// Orders a network that should be refused, and waits for what becomes of it.
    pub(crate) async fn try_to_provision(&self, request: &NetworkRequest) -> Result<Outcome<Network>, Error> {
        refusal(self.api.post(&["networks", "provision"], &[("wait", "30")], request, None).await)
    }

    /// Registers something, or finds it registered.
    pub(crate) async fn register(
        &self,
        list: &str,
        name: &str,
        request: &impl Serialize,
    ) -> Result<bool, Error> {
        match refusal(self.api.get::<serde_json::Value>(&[list, name]).await)? {
            Outcome::Done(_) => Ok(false),
            Outcome::Refused(problem) if problem.status == 404 => {
                self.api.post::<serde_json::Value>(&[list], &[], request, None).await?;
                Ok(true)
            }
            Outcome::Refused(problem) => Err(Error::Problem(problem)),
        }
    }

    pub(crate) async fn network(&self, id: &str) -> Result<Network, Error> {
        self.api.get(&["networks", id]).await
    }

    pub(crate) async fn all_networks(&self) -> Result<Vec<Network>, Error> {
        self.api.list(&["networks"], &[], ALL).await
    }

    pub(crate) async fn rows(&self, router: &str) -> Result<RouterRows, Error> {
        self.api.get(&["routers", router, "rows"]).await
    }

    /// What of a site is taken: free VLANs and networks there are.
    pub(crate) async fn taken(&self, site: &str) -> Result<(u32, Vec<String>), Error> {
        let left: AvailableResources = self.api.get(&["datacenters", site, "available-resources"]).await?;
        let page: Page<Network> = self.api.get(&["networks"]).await?;
        let here = page.items.into_iter().filter(|network| network.datacenter == site);
        Ok((left.vlans_free, here.map(|network| network.subnet).collect()))
    }
}

/// A refusal as something to look at; what hinders asking stays an error.
pub(crate) fn refusal<T>(answer: Result<T, Error>) -> Result<Outcome<T>, Error> {
    match answer {
        Ok(done) => Ok(Outcome::Done(done)),
        Err(Error::Problem(problem)) if (400..500).contains(&problem.status) => Ok(Outcome::Refused(problem)),
        Err(error) => Err(error),
    }
}

/// `Ok` when it is so, else the reason.
pub(crate) fn ensure(so: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if so { Ok(()) } else { Err(why()) }
}
