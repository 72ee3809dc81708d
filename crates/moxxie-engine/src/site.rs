//! Sites (`datacenter` on the wire).

use moxxie_api::{
    Page, PageQuery,
    datacenter::{
        AvailableResources, Datacenter, DatacenterCreate, DatacenterUpdate,
        Encapsulation as WireEncapsulation,
    },
};
use moxxie_core::{
    DomainId, Name, SiteId,
    domain::Domain,
    encapsulation::{Encapsulation, HandOff, Tpid},
    identity::Role,
    site::Site,
    vlan::{VlanId, VlanRange},
};
use serde_json::json;

use crate::{
    Context, Engine, Error, audit::Entry, claim::something_named, page, validate::Checks, write::transaction,
};

/// The VLAN ids a site gives out unless told otherwise: 1 is every switch's default, and the top is
/// where vendors keep internal VLANs.
const USUAL_RANGE: &str = "100-4000";
/// The name of a site's first VLAN domain.
const FIRST_DOMAIN: &str = "trunk";

impl Engine {
    /// Registers a site and its VLAN domain. Needs admin.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn create_site(
        &self,
        context: &Context,
        request: DatacenterCreate,
    ) -> Result<Datacenter, Error> {
        context.require(Role::Admin)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        let (site, domain) = self.checked_site(&request)?;
        let answer = view(&site, &domain);
        let result = transaction!(self, |tx| {
            tx.insert_site(&site, self.now()).await?;
            tx.insert_domain(&domain, self.now()).await?;
            tx.audit(self.event(
                context,
                Entry {
                    action: "site.create",
                    object: site.id.to_string(),
                    tenant: None,
                    outcome: "succeeded",
                    detail: json!({"after": answer}),
                },
            ));
            self.keep(&mut tx, context, &answer).await?;
            answer.clone()
        });
        self.or_recall(context, result).await
    }

    /// The site as it would be shown if the request made it.
    ///
    /// # Errors
    /// [`Error::Invalid`] names every wrong field.
    pub(crate) fn site_as_stated(&self, request: &DatacenterCreate) -> Result<Datacenter, Error> {
        self.checked_site(request).map(|(site, domain)| view(&site, &domain))
    }

    fn checked_site(&self, request: &DatacenterCreate) -> Result<(Site, Domain), Error> {
        let mut checks = Checks::default();
        let name = checks.name("name", &request.name);
        let description = checks.text("description", &request.description, 1000);
        let location = checks.text("location", &request.location, 200);
        let encapsulation = encapsulation(&mut checks, request.encapsulation.as_ref());
        let range = request.vlan_range.as_deref().unwrap_or(USUAL_RANGE).parse::<VlanRange>();
        let range = checks.take("vlanRange", range);
        let quarantine_s = checks.quarantine("vlanQuarantineSeconds", request.vlan_quarantine_seconds);
        let management_prefixes = checks.prefixes("managementPrefixes", &request.management_prefixes);
        let dns_servers = checks.addresses("dnsServers", &request.dns_servers);
        let hand_off = match request.hand_off.as_deref() {
            None | Some("provider-tags") => HandOff::ProviderTags,
            Some("host-tags") => HandOff::HostTags,
            Some(_) => {
                checks.wrong("handOff", "is not a hand-off: provider-tags or host-tags");
                HandOff::ProviderTags
            }
        };
        let first_domain = checks.name("name", FIRST_DOMAIN);
        checks.done()?;
        let (Some(name), Some(encapsulation), Some(range), Some(first_domain)) =
            (name, encapsulation, range, first_domain)
        else {
            return Err(Error::invalid("", "the request is incomplete"));
        };
        let site = Site {
            id: SiteId::new(self.0.ambient.uuid()),
            name,
            description,
            location,
            management_prefixes,
            dns_servers,
            hand_off,
        };
        let domain = Domain {
            id: DomainId::new(self.0.ambient.uuid()),
            site_id: site.id,
            name: first_domain,
            encapsulation,
            range,
            quarantine_s,
        };
        Ok((site, domain))
    }

    /// Changes what is said of a site and which VLAN ids its networks get. What has a VLAN id keeps it, also
    /// outside a new range. Needs admin.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn update_site(
        &self,
        context: &Context,
        name: &str,
        request: DatacenterUpdate,
    ) -> Result<Datacenter, Error> {
        context.require(Role::Admin)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        something_named(&request, "description, location, vlanRange, vlanQuarantineSeconds")?;
        let mut checks = Checks::default();
        let description = request.description.as_deref().map(|text| checks.text("description", text, 1000));
        let location = request.location.as_deref().map(|text| checks.text("location", text, 200));
        let range = request.vlan_range.as_deref();
        let range = range.and_then(|range| checks.take("vlanRange", range.parse::<VlanRange>()));
        let quarantine =
            request.vlan_quarantine_seconds.map(|s| checks.quarantine("vlanQuarantineSeconds", Some(s)));
        checks.done()?;
        let known = self.find_site(name).await?.ok_or_else(|| Error::not_found("datacenter", name))?;
        let domain_id = self.domain_of(&known).await?.id;
        let result = transaction!(self, |tx| {
            let missing = || Error::not_found("datacenter", name);
            let old_domain = tx.lock_domain(domain_id).await?.ok_or_else(missing)?;
            let old = tx.site(known.id).await?.ok_or_else(missing)?;
            let (mut site, mut domain) = (old.clone(), old_domain.clone());
            site.description = description.clone().unwrap_or(site.description);
            site.location = location.clone().unwrap_or(site.location);
            domain.range = range.unwrap_or(domain.range);
            domain.quarantine_s = quarantine.unwrap_or(domain.quarantine_s);
            tx.update_site(&site, self.now()).await?;
            tx.update_domain(&domain, self.now()).await?;
            let answer = view(&site, &domain);
            let detail = json!({"before": view(&old, &old_domain), "after": answer});
            self.note(&mut tx, context, "site.update", &site.id, detail);
            self.keep(&mut tx, context, &answer).await?;
            answer
        });
        self.or_recall(context, result).await
    }

    /// Forgets a site that nothing refers to any more. Needs admin.
    ///
    /// # Errors
    /// See [`Error`]; one that is in use is a [`Error::Conflict`].
    pub async fn delete_site(&self, context: &Context, name: &str) -> Result<(), Error> {
        context.require(Role::Admin)?;
        if self.recall::<()>(context).await?.is_some() {
            return Ok(());
        }
        let site = self.find_site(name).await?.ok_or_else(|| Error::not_found("datacenter", name))?;
        let result = transaction!(self, |tx| {
            crate::write::refuse_held("datacenter", &site.name, &tx.holders_of_site(site.id).await?)?;
            for domain in tx.domains_of_site(site.id).await? {
                let deleted = tx.delete_domain(domain.id, self.now()).await;
                deleted.map_err(|error| crate::write::still_used(error, "datacenter", &site.name))?;
            }
            let deleted = tx.delete_site(site.id, self.now()).await;
            deleted.map_err(|error| crate::write::still_used(error, "datacenter", &site.name))?;
            tx.audit(self.event(
                context,
                Entry {
                    action: "site.delete",
                    object: site.id.to_string(),
                    tenant: None,
                    outcome: "succeeded",
                    detail: json!({"name": site.name}),
                },
            ));
            self.keep(&mut tx, context, &()).await?;
        });
        self.or_recall(context, result).await
    }

    /// Lists sites by name.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn sites(&self, context: &Context, query: PageQuery) -> Result<Page<Datacenter>, Error> {
        context.require(Role::Viewer)?;
        let all = self.0.store.sites().await?;
        let (sites, next_cursor) = page::slice(all, query.cursor, query.limit, |site| site.name.to_string())?;
        let mut items = Vec::with_capacity(sites.len());
        for site in sites {
            items.push(view(&site, &self.domain_of(&site).await?));
        }
        Ok(Page { items, next_cursor })
    }

    /// One site, by name or id.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn site(&self, context: &Context, name: &str) -> Result<Datacenter, Error> {
        context.require(Role::Viewer)?;
        let site = self.find_site(name).await?.ok_or_else(|| Error::not_found("datacenter", name))?;
        Ok(view(&site, &self.domain_of(&site).await?))
    }

    /// What is left in a site.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn available_resources(
        &self,
        context: &Context,
        name: &str,
    ) -> Result<AvailableResources, Error> {
        context.require(Role::Viewer)?;
        let site = self.find_site(name).await?.ok_or_else(|| Error::not_found("datacenter", name))?;
        let domain = self.domain_of(&site).await?;
        let used = self.0.store.used_vlans(domain.id).await?;
        let used = u32::try_from(used.iter().filter(|id| domain.range.contains(**id)).count());
        let mut pools = Vec::new();
        for pool in self.0.store.pools_for_site(site.id).await? {
            pools.push(self.pool_usage(&pool).await?);
        }
        Ok(AvailableResources {
            datacenter: site.name.to_string(),
            vlan_range: domain.range.to_string(),
            vlans_total: domain.range.size(),
            vlans_free: domain.range.size().saturating_sub(used.unwrap_or(u32::MAX)),
            pools,
        })
    }

    /// The site of that name or id.
    pub(crate) async fn find_site(&self, name: &str) -> Result<Option<Site>, Error> {
        if let Ok(id) = name.parse() {
            return Ok(self.0.store.site(id).await?);
        }
        let Ok(name) = name.parse::<Name>() else { return Ok(None) };
        Ok(self.0.store.site_by_name(&name).await?)
    }

    /// The site a request names in a field; the error lists the sites there are.
    pub(crate) async fn site_in_field(&self, field: &str, name: &str) -> Result<Site, Error> {
        if let Some(site) = self.find_site(name).await? {
            return Ok(site);
        }
        let known: Vec<_> =
            self.0.store.sites().await?.into_iter().map(|site| site.name.to_string()).collect();
        let known = if known.is_empty() {
            "none is registered yet".to_owned()
        } else {
            format!("there are {}", known.join(", "))
        };
        Err(Error::invalid(
            field,
            format!("there is no datacentre {:?}; {known}", crate::validate::short(name)),
        ))
    }

    /// The VLAN domain of a site. Each has exactly one until trunks can be added.
    pub(crate) async fn domain_of(&self, site: &Site) -> Result<Domain, Error> {
        let domains = self.0.store.domains_of_site(site.id).await?;
        domains.into_iter().next().ok_or_else(|| Error::not_found("VLAN domain of datacenter", &site.name))
    }
}

fn encapsulation(checks: &mut Checks, wire: Option<&WireEncapsulation>) -> Option<Encapsulation> {
    let Some(wire) = wire else { return Some(Encapsulation::Dot1q) };
    match wire.kind.as_str() {
        "dot1q" => {
            if wire.service_vlan.is_some() || wire.tpid.is_some() {
                checks.wrong(
                    "encapsulation",
                    "serviceVlan and tpid belong to type qinq; leave them out for dot1q",
                );
            }
            Some(Encapsulation::Dot1q)
        }
        "qinq" => {
            let tpid = match wire.tpid.as_deref() {
                None | Some("0x88a8") => Tpid::Service,
                Some("0x8100") => Tpid::Customer,
                Some(_) => {
                    checks.wrong("encapsulation.tpid", "is not a tag type: 0x88a8 or 0x8100");
                    return None;
                }
            };
            let Some(vlan) = wire.service_vlan else {
                checks.wrong("encapsulation.serviceVlan", "is missing: name the provider's service VLAN");
                return None;
            };
            let service_vlan = checks.take("encapsulation.serviceVlan", VlanId::new(vlan))?;
            Some(Encapsulation::Qinq { service_vlan, tpid })
        }
        _ => {
            checks.wrong("encapsulation.type", "is not an encapsulation: dot1q or qinq");
            None
        }
    }
}

/// An encapsulation as the API writes it.
fn wire(encapsulation: Encapsulation) -> WireEncapsulation {
    let outer = encapsulation.outer();
    WireEncapsulation {
        kind: if outer.is_some() { "qinq" } else { "dot1q" }.to_owned(),
        service_vlan: outer.map(|tag| i64::from(tag.vid.get())),
        tpid: outer.map(|tag| tpid(tag.tpid).to_owned()),
    }
}

/// A tag's EtherType as the API writes it.
pub(crate) fn tpid(tpid: Tpid) -> &'static str {
    match tpid {
        Tpid::Service => "0x88a8",
        Tpid::Customer => "0x8100",
    }
}

fn view(site: &Site, domain: &Domain) -> Datacenter {
    let hand_off = match site.hand_off {
        HandOff::ProviderTags => "provider-tags",
        HandOff::HostTags => "host-tags",
    };
    Datacenter {
        id: site.id.to_string(),
        name: site.name.to_string(),
        description: site.description.clone(),
        location: site.location.clone(),
        encapsulation: wire(domain.encapsulation),
        vlan_range: domain.range.to_string(),
        vlan_quarantine_seconds: domain.quarantine_s,
        management_prefixes: site.management_prefixes.iter().map(ToString::to_string).collect(),
        dns_servers: site.dns_servers.iter().map(ToString::to_string).collect(),
        hand_off: hand_off.to_owned(),
        created_at: site.id.created_at(),
    }
}
