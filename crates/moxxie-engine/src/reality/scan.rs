//! A look at a router, from claim to findings.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, hash_map::Entry},
    net::IpAddr,
    sync::atomic::Ordering,
    time::Duration,
};

use moxxie_api::reality::RouterScan;
use moxxie_core::{
    FindingId, NetworkId, Timestamp,
    address::Layout,
    domain::Domain,
    identity::{Role, Scope},
    network::{Network, NetworkStatus},
    prefix::{address_from_number, address_number},
    reality::{Difference, FindingKind, Home, Known, Picture, Record, compare},
    router::Router,
};
use moxxie_routeros::{DriverError, ScanLimits};
use moxxie_store::{ScanClaim, sighting::BATCH};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{
    Context, Engine, Error, audit,
    batch::{Family, space::Ground},
    reality::before,
    router::live::{no_answer, unavailable},
    write::transaction,
};

/// Most sightings that are kept of one router; a router remembers some ten thousand neighbours.
const MOST_SIGHTINGS: u32 = 500_000;
/// What a claim lasts beyond the deadlines of the router: for the database.
const CLAIM_MARGIN: Duration = Duration::from_secs(120);

impl Engine {
    /// Looks at a router now: who is around it, and where that differs from the records. Nothing is written to
    /// the router, and changes of it go on meanwhile. Needs operator.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it does not answer; a conflict when somebody is looking at it already.
    pub async fn scan_router(&self, context: &Context, name: &str) -> Result<RouterScan, Error> {
        context.require(Role::Operator)?;
        let router = self.find_router(name).await?;
        let id = router.id;
        let Some(report) = self.look(router, Duration::ZERO, &CancellationToken::new()).await? else {
            return Err(Error::conflict(
                "scan_running",
                format!("router {name} is being scanned at the moment; its findings are there in a moment"),
            ));
        };
        let result: Result<(), Error> = transaction!(self, |tx| {
            tx.audit(self.event(
                context,
                audit::Entry {
                    action: "router.scan",
                    object: id.to_string(),
                    tenant: None,
                    outcome: "succeeded",
                    detail: json!({"after": report}),
                },
            ));
        });
        result.map(|()| report)
    }

    /// Looks at a router unless somebody does, or did less than `pause` ago.
    /// Cut off by `shutdown`, it leaves the router to the next one.
    pub(super) async fn look(
        &self,
        router: Router,
        pause: Duration,
        shutdown: &CancellationToken,
    ) -> Result<Option<RouterScan>, Error> {
        let config = &self.0.config;
        let ttl = config.connect_deadline + config.reality.deadline + CLAIM_MARGIN;
        let Some(claim) = self.0.store.claim_scan(router.id, &self.0.holder, ttl, pause).await? else {
            return Ok(None);
        };
        let result = tokio::select! {
            result = self.look_claimed(router, claim) => result,
            () = shutdown.cancelled() => Err(Error::Unavailable {
                message: "the server stops".into(),
                retry_after_s: 5,
                source: None,
            }),
        };
        let outcome = if result.is_ok() { "succeeded" } else { "failed" };
        metrics::counter!("reality_scans_total", "outcome" => outcome).increment(1);
        if let Err(error) = &result {
            let text: String = error.to_string().chars().take(1000).collect();
            let now = self.now();
            let noted: Result<bool, Error> =
                transaction!(self, |tx| { tx.fail_scan(claim, &text, now).await? });
            if let Err(error) = noted {
                tracing::warn!(error = &error as &dyn std::error::Error, "noting that a scan failed");
            }
        }
        result.map(Some)
    }

    async fn look_claimed(&self, mut router: Router, claim: ScanClaim) -> Result<RouterScan, Error> {
        let missing = || Error::not_found("VLAN domain of router", &router.name);
        let domain = self.0.store.domain(router.domain_id).await?.ok_or_else(missing)?;
        // A network that goes while the router is being read is not called left over.
        let mut networks = self.networks_by_id(&domain).await?;

        let session = self.session(&router).await.map_err(unavailable)?;
        let config = &self.0.config.reality;
        let limits = ScanLimits { rows: config.rows, deadline: config.deadline };
        let (session, picture) = match session.scan(&router.trunk, limits).await {
            Ok(picture) => (session, picture),
            // A kept session may have died since: a fresh one tells.
            Err(DriverError::Lost { .. }) => {
                let session = self.connect(&router).await.map_err(unavailable)?;
                let picture = session.scan(&router.trunk, limits).await.map_err(|error| no_answer(&error))?;
                (session, picture)
            }
            Err(error) => return Err(no_answer(&error)),
        };
        let facts = session.facts().clone();
        self.enrol(&mut router, &facts).await?;
        self.keep_session(router.id, session);

        let now = self.now();
        networks.extend(self.networks_by_id(&domain).await?);
        for batch in picture.sightings.chunks(BATCH) {
            let result: Result<(), Error> =
                transaction!(self, |tx| { tx.put_sightings(claim, batch, now).await? });
            result?;
            self.0.sightings.fetch_add(1, Ordering::Relaxed);
        }
        let known = self.known(&picture, &domain, &mut networks).await?;
        let exists: HashSet<String> = networks.keys().map(ToString::to_string).collect();
        let is_network = |object: &str| exists.contains(object);
        let install = self.0.store.install();
        let mut found = compare(&picture, domain.encapsulation, install, &known, &is_network);
        if self.speaks_for(&router, &domain).await? {
            found.extend(self.silent(&picture, &domain, &networks, now).await?);
        }
        self.write_findings(&router, &domain, claim, &found, now).await?;
        self.finish(&router, claim, &picture, now).await
    }

    async fn networks_by_id(&self, domain: &Domain) -> Result<HashMap<NetworkId, Network>, Error> {
        let networks = self.0.store.networks_in_domain(domain.id).await?;
        Ok(networks.into_iter().map(|network| (network.id, network)).collect())
    }

    /// What the records say of every address of the picture.
    async fn known(
        &self,
        picture: &Picture,
        domain: &Domain,
        networks: &mut HashMap<NetworkId, Network>,
    ) -> Result<BTreeMap<IpAddr, Known>, Error> {
        let all: BTreeSet<IpAddr> = picture.sightings.iter().map(|seen| seen.address).collect();
        let (v4, v6): (Vec<IpAddr>, Vec<IpAddr>) = all.into_iter().partition(IpAddr::is_ipv4);
        let mut known = BTreeMap::new();
        let mut homes: HashMap<NetworkId, Option<Home>> = HashMap::new();
        for batch in v4.chunks(BATCH).chain(v6.chunks(BATCH)) {
            let numbers: HashMap<u128, IpAddr> = batch.iter().map(|a| (address_number(*a), *a)).collect();
            for told in self.0.store.known_addresses(batch).await? {
                let Some(address) = numbers.get(&told.number) else { continue };
                let home = match told.network.map(|id| homes.entry(id)) {
                    Some(Entry::Occupied(home)) => home.get().clone(),
                    Some(Entry::Vacant(place)) => {
                        let id = *place.key();
                        place.insert(self.home(id, domain, networks).await?).clone()
                    }
                    None => None,
                };
                let record = told.record.map(|(kind, mac)| Record { kind, mac });
                known.insert(*address, Known { home, pool: told.pool.map(|(_, name)| name), record });
            }
        }
        Ok(known)
    }

    async fn home(
        &self,
        id: NetworkId,
        domain: &Domain,
        networks: &mut HashMap<NetworkId, Network>,
    ) -> Result<Option<Home>, Error> {
        let network = match networks.entry(id) {
            Entry::Occupied(known) => known.into_mut(),
            // Another domain's, seen here all the same.
            Entry::Vacant(place) => match self.0.store.network(Scope::All, id).await? {
                Some(network) => place.insert(network),
                None => return Ok(None),
            },
        };
        let layout = Layout::with_gateway(network.prefix, network.gateway);
        let second =
            network.second.as_ref().map(|second| Layout::with_gateway(second.prefix, second.gateway));
        let routers = std::iter::once(&layout).chain(&second).flat_map(|layout| {
            std::iter::once(layout.gateway()).chain(layout.router_pair().into_iter().flatten())
        });
        Ok(Some(Home {
            network: id,
            name: network.name.to_string(),
            tenant: network.tenant_id,
            vlan: (network.attachment.domain_id == domain.id).then_some(network.attachment.vlan),
            provisioned: network.status == NetworkStatus::Provisioned,
            dhcp: self.dhcp_of(network).await?,
            routers: routers.collect(),
        }))
    }

    /// What DHCP gives out in a network.
    async fn dhcp_of(&self, network: &Network) -> Result<Option<(IpAddr, IpAddr)>, Error> {
        // DHCP is IPv4, and an IPv4 prefix is a network's first.
        if network.prefix.addr().is_ipv6() || !network.options.dhcp {
            return Ok(None);
        }
        let ground = Ground::read(&self.0.store, network.id, Family::V4).await?;
        let address = |number| address_from_number(number, network.prefix.network());
        Ok(ground.dhcp.and_then(|(first, last)| Some((address(first)?, address(last)?))))
    }

    /// Whether this router is the one of its domain that tells who is silent.
    async fn speaks_for(&self, router: &Router, domain: &Domain) -> Result<bool, Error> {
        let routers = self.0.store.routers_of_domain(domain.id).await?;
        Ok(routers.first().is_none_or(|first| first.id == router.id))
    }

    /// Recorded hosts of provisioned networks of which nothing was seen for a while.
    async fn silent(
        &self,
        picture: &Picture,
        domain: &Domain,
        networks: &HashMap<NetworkId, Network>,
        now: Timestamp,
    ) -> Result<Vec<Difference>, Error> {
        // Counted from the moment to which what was seen is dated.
        let before = before(now, self.0.config.reality.silent_after);
        // Who is missing from a part of a table may be in the other.
        let of_hosts =
            |table: &String| ["/arp", "/neighbor", "/lease"].iter().any(|end| table.ends_with(end));
        if picture.truncated.iter().any(of_hosts) {
            return Ok(Vec::new());
        }
        let here = |network: &&Network| {
            network.attachment.domain_id == domain.id && network.status == NetworkStatus::Provisioned
        };
        let mut found = Vec::new();
        for network in networks.values().filter(here) {
            let mut after = None;
            loop {
                let silent = self.0.store.silent_addresses(network.id, before, after).await?;
                let full = silent.len() == BATCH;
                after = silent.last().map(|last| last.address);
                found.extend(silent.into_iter().map(|one| silence(network, one)));
                if !full {
                    break;
                }
            }
        }
        Ok(found)
    }

    async fn write_findings(
        &self,
        router: &Router,
        domain: &Domain,
        claim: ScanClaim,
        found: &[Difference],
        now: Timestamp,
    ) -> Result<(), Error> {
        // What two sources find is one finding.
        let unique: BTreeMap<(FindingKind, &str), &Difference> =
            found.iter().map(|one| ((one.kind, one.subject.as_str()), one)).collect();
        let new: Vec<(FindingId, Difference)> =
            unique.into_values().map(|one| (FindingId::new(self.0.ambient.uuid()), one.clone())).collect();
        for batch in new.chunks(BATCH) {
            let result: Result<(), Error> = transaction!(self, |tx| {
                tx.put_findings(claim, router.site_id, batch, now).await?;
                for (_, one) in batch.iter().filter(|(_, one)| one.kind == FindingKind::ForeignVlan) {
                    if let (Some(vlan), Some(name)) = (one.vlan, &one.interface) {
                        tx.put_vlan_sighting(router.id, claim.number, domain.id, vlan, name, now).await?;
                    }
                }
            });
            result?;
        }
        Ok(())
    }

    async fn finish(
        &self,
        router: &Router,
        claim: ScanClaim,
        picture: &Picture,
        now: Timestamp,
    ) -> Result<RouterScan, Error> {
        let forgotten = before(now, self.0.config.reality.keep);
        let truncated = !picture.truncated.is_empty();
        let result: Result<bool, Error> = transaction!(self, |tx| {
            // First of all, so that somebody who has claimed the router since keeps what is theirs.
            let ours = tx.complete_scan(claim, truncated, now).await?;
            if ours {
                tx.prune_sightings(claim, forgotten, MOST_SIGHTINGS).await?;
                tx.prune_vlan_sightings(claim).await?;
                tx.prune_findings(claim).await?;
            }
            ours
        });
        if !result? {
            let message = format!("the scan of router {} took too long; another one has begun", router.name);
            return Err(Error::Unavailable { message, retry_after_s: 10, source: None });
        }
        self.show_findings().await?;
        let mut seen: BTreeMap<String, u64> = BTreeMap::new();
        for sighting in &picture.sightings {
            *seen.entry(sighting.source.as_str().to_owned()).or_default() += 1;
        }
        let findings = self.0.store.count_findings(Some(router.id)).await?;
        Ok(RouterScan {
            router: router.name.to_string(),
            scan: claim.number,
            at: now,
            seen,
            truncated: picture.truncated.clone(),
            findings: findings.into_iter().map(|(kind, count)| (kind.as_str().to_owned(), count)).collect(),
        })
    }

    /// Counts findings for `/metrics`.
    pub(super) async fn show_findings(&self) -> Result<(), Error> {
        let counts: HashMap<_, _> = self.0.store.count_findings(None).await?.into_iter().collect();
        for kind in FindingKind::ALL {
            let count = counts.get(&kind).copied().unwrap_or(0);
            #[expect(clippy::cast_precision_loss, reason = "a gauge is a float; 2^53 findings are none")]
            metrics::gauge!("reality_findings", "kind" => kind.as_str()).set(count as f64);
        }
        Ok(())
    }
}

fn silence(network: &Network, one: moxxie_store::Silent) -> Difference {
    let who = one.hostname.as_ref().map_or(String::new(), |name| format!(" ({name})"));
    let past = if one.was_seen { "was last seen" } else { "was never seen; it was recorded" };
    Difference {
        kind: FindingKind::RecordedSilent,
        subject: one.id.to_string(),
        network: Some(network.id),
        tenant: Some(network.tenant_id),
        address: Some(one.address),
        mac: one.mac,
        interface: None,
        vlan: Some(network.attachment.vlan),
        host_name: one.hostname,
        detail: format!(
            "{}{who} of network {} {past} {}: release it if the host is gone",
            one.address, network.name, one.since
        ),
        since: Some(one.since),
    }
}
