//! Lines about prefixes, VLAN ids, AS numbers and addresses.

use std::{
    collections::{BTreeSet, HashMap},
    net::IpAddr,
};

use ipnet::IpNet;
use moxxie_core::{
    AddressId, AsnId, PrefixId, TenantId, Timestamp, VlanRecordId, VrfId,
    address::{AddressKind, AddressStatus},
    asn::{AsNumber, Asn},
    claim::{Claim, Status},
    domain::Domain,
    identity::Scope,
    prefix, search,
    vlan::VlanId,
};
use moxxie_store::{Address, Labels, PrefixRecord, Tx, VlanRecord};
use serde_json::json;

use super::{
    import::{Done, Failure, Known, differs, number, wrong},
    read::Line,
    table::{read_labels, write_labels},
};
use crate::{
    Context, Engine, Error,
    address::{going, is_hostname},
    audit::Entry,
    batch::{Family, plan::unfit, space::Ground},
    validate::short,
};

/// What prefixes, VLAN ids and AS numbers have in common.
struct Taken {
    tenant: Option<TenantId>,
    claim: Claim,
    purpose: String,
    labels: Labels,
}

impl Taken {
    /// Says how what is there differs from the line.
    fn compare(&self, is: &Self) -> Vec<String> {
        let mut differing = Vec::new();
        if self.tenant != is.tenant {
            differing.push("clientId is another".to_owned());
        }
        for (column, is, says) in [
            ("status", is.claim.status().as_str().to_owned(), self.claim.status().as_str().to_owned()),
            ("until", time(is.claim.until()), time(self.claim.until())),
            ("purpose", is.purpose.clone(), self.purpose.clone()),
            ("labels", write_labels(&is.labels), write_labels(&self.labels)),
        ] {
            compare(&mut differing, column, &is, &says);
        }
        differing
    }
}

pub(super) fn compare(differing: &mut Vec<String>, column: &str, is: &str, says: &str) {
    if is != says {
        differing.push(format!("{column} is {:?} and the line says {:?}", short(is), short(says)));
    }
}

fn time(at: Option<Timestamp>) -> String {
    at.map(|at| at.to_string()).unwrap_or_default()
}

impl Engine {
    pub(super) async fn tenant_of(
        &self,
        tx: &Tx,
        context: &Context,
        known: &mut Known,
        line: &Line,
    ) -> Result<Option<TenantId>, Failure> {
        let Some(name) = line.get("clientId") else { return Ok(None) };
        if let Some(id) = known.tenants.get(name) {
            return Ok(Some(*id));
        }
        let found = self.find_tenant_in(tx, context, name).await?;
        let missing =
            || wrong("clientId", format!("there is no tenant {:?}; register it first", short(name)));
        let id = found.ok_or_else(missing)?.id;
        known.tenants.insert(name.to_owned(), id);
        Ok(Some(id))
    }

    pub(super) async fn vrf_of(&self, tx: &Tx, known: &mut Known, line: &Line) -> Result<VrfId, Failure> {
        let Some(name) = line.get("vrf") else { return Ok(tx.main_vrf()) };
        if known.vrfs.is_empty() {
            known.vrfs = tx.vrfs().await?.into_iter().map(|vrf| (vrf.name.to_string(), vrf.id)).collect();
        }
        let names = || known.vrfs.keys().cloned().collect::<Vec<_>>().join(", ");
        let missing = || wrong("vrf", format!("there is no VRF {:?}; there are: {}", short(name), names()));
        known.vrfs.get(name).copied().ok_or_else(missing)
    }

    async fn taken(
        &self,
        tx: &Tx,
        context: &Context,
        known: &mut Known,
        line: &Line,
    ) -> Result<Taken, Failure> {
        Ok(Taken {
            tenant: self.tenant_of(tx, context, known, line).await?,
            claim: claim(line, self.now())?,
            purpose: match line.get("purpose").unwrap_or_default() {
                long if long.chars().count() > 1000 => {
                    return Err(wrong("purpose", "is longer than 1000 characters"));
                }
                text => text.to_owned(),
            },
            labels: labels(line)?,
        })
    }

    pub(super) async fn import_prefix(
        &self,
        tx: &mut Tx,
        context: &Context,
        known: &mut Known,
        line: &Line,
    ) -> Result<Done, Failure> {
        let prefix = line.get("prefix").unwrap_or_default();
        let prefix = prefix::parse(prefix).map_err(|error| wrong("prefix", error.to_string()))?;
        let vrf = self.vrf_of(tx, known, line).await?;
        let taken = self.taken(tx, context, known, line).await?;
        known.first_of(line, &format!("{vrf} {prefix}"))?;
        if let Some(there) = known.taken(vrf, &prefix).cloned() {
            if there.prefix != prefix {
                return Err(wrong("prefix", format!("overlaps {}, which is in use", there.prefix)));
            }
            if there.network_id.is_some() {
                return Err(wrong("prefix", format!("{prefix} belongs to a network; leave its line out")));
            }
            let is = Taken {
                tenant: there.tenant_id,
                claim: there.claim,
                purpose: there.purpose,
                labels: there.labels,
            };
            return differs(taken.compare(&is), "a prefix", &prefix.to_string());
        }
        if let Some(other) = known.overlapping(vrf, &prefix) {
            return Err(wrong("prefix", format!("overlaps {other} of an earlier line")));
        }
        let Some(pool) = known.pool_around(vrf, &prefix) else {
            let pools = known.some_pools(vrf);
            let message = format!("lies in no pool of the VRF; register one around it; there are: {pools}");
            return Err(wrong("prefix", message));
        };
        let now = self.now();
        let (pool_id, pool) = (pool.id, pool.name.clone());
        let record = PrefixRecord {
            id: PrefixId::new(self.0.ambient.uuid()),
            vrf_id: vrf,
            tenant_id: taken.tenant,
            pool_id,
            prefix,
            claim: taken.claim,
            purpose: taken.purpose,
            labels: taken.labels,
            network_id: None,
            since: now,
            created_at: now,
        };
        let object = record.id.to_string();
        let after = json!({"prefix": prefix, "pool": pool});
        self.made(tx, context, "prefix.create", object, taken.tenant, line, &after);
        known.add_prefix(record);
        Ok(Done::Created)
    }

    /// Locks the pools that some lines take prefixes from, in order of id.
    pub(super) async fn lock_pools_of(
        &self,
        tx: &mut Tx,
        known: &mut Known,
        lines: &[&Line],
    ) -> Result<(), Error> {
        known.learn_pools(tx.pools().await?);
        let mut ids = BTreeSet::new();
        for (vrf, prefix) in self.prefixes_of(tx, known, lines).await {
            ids.extend(known.pool_around(vrf, &prefix).map(|pool| pool.id));
        }
        let ids: Vec<_> = ids.into_iter().collect();
        tx.lock_pools(&ids).await?;
        Ok(())
    }

    /// Looks up what is in the way of the prefixes of some lines.
    pub(super) async fn look_up_prefixes(
        &self,
        tx: &Tx,
        known: &mut Known,
        lines: &[&Line],
    ) -> Result<(), Error> {
        let wanted = self.prefixes_of(tx, known, lines).await;
        known.learn_taken(tx.overlapping_prefixes(&wanted).await?);
        Ok(())
    }

    /// The prefixes of lines. What is wrong with a line is told when it is its turn.
    async fn prefixes_of(&self, tx: &Tx, known: &mut Known, lines: &[&Line]) -> Vec<(VrfId, IpNet)> {
        let mut prefixes = Vec::with_capacity(lines.len());
        for line in lines {
            let prefix = line.get("prefix").and_then(|text| prefix::parse(text).ok());
            if let (Some(prefix), Ok(vrf)) = (prefix, self.vrf_of(tx, known, line).await) {
                prefixes.push((vrf, prefix));
            }
        }
        prefixes
    }

    pub(super) async fn import_vlan(
        &self,
        tx: &mut Tx,
        context: &Context,
        known: &mut Known,
        line: &Line,
    ) -> Result<Done, Failure> {
        let vlan =
            VlanId::new(number(line, "vlanId")?).map_err(|error| wrong("vlanId", error.to_string()))?;
        let taken = self.taken(tx, context, known, line).await?;
        let domain = self.domain_for(tx, line).await?;
        known.first_of(line, &format!("{} {vlan}", domain.id))?;
        // Locks, so that nobody takes the VLAN id between looking and writing.
        tx.lock_domain(domain.id).await?;
        if let Some(there) = tx.vlan_by_vid(Scope::All, domain.id, vlan).await? {
            if there.attachment_id.is_some() {
                return Err(wrong("vlanId", format!("VLAN {vlan} belongs to a network; leave its line out")));
            }
            let is = Taken {
                tenant: there.tenant_id,
                claim: there.claim,
                purpose: there.purpose,
                labels: there.labels,
            };
            return differs(taken.compare(&is), "a VLAN", &vlan.to_string());
        }
        if !domain.range.contains(vlan) {
            return Err(wrong(
                "vlanId",
                format!("VLAN {vlan} is outside {} of domain {}", domain.range, domain.name),
            ));
        }
        let now = self.now();
        let record = VlanRecord {
            id: VlanRecordId::new(self.0.ambient.uuid()),
            domain_id: domain.id,
            vlan,
            tenant_id: taken.tenant,
            attachment_id: None,
            network_id: None,
            claim: taken.claim,
            purpose: taken.purpose,
            labels: taken.labels,
            since: now,
            created_at: now,
        };
        tx.insert_vlan(&record).await?;
        let object = record.id.to_string();
        self.made(
            tx,
            context,
            "vlan.create",
            object,
            taken.tenant,
            line,
            &json!({"vlan": vlan, "domain": domain.name}),
        );
        Ok(Done::Created)
    }

    /// The VLAN domain of that name at the site; the only one when none is named.
    async fn domain_for(&self, tx: &Tx, line: &Line) -> Result<Domain, Failure> {
        let site = self.site_in_field("datacenter", line.get("datacenter").unwrap_or_default()).await?;
        let mut domains = tx.domains_of_site(site.id).await?;
        let names: Vec<_> = domains.iter().map(|domain| domain.name.to_string()).collect();
        let there_are = format!("datacenter {} has the VLAN domains {}", site.name, names.join(", "));
        if let Some(name) = line.get("name") {
            domains.retain(|domain| domain.name.as_str() == name);
        }
        match <[Domain; 1]>::try_from(domains) {
            Ok([domain]) => Ok(domain),
            Err(_) => Err(wrong("name", format!("name one VLAN domain: {there_are}"))),
        }
    }

    pub(super) async fn import_asn(
        &self,
        tx: &mut Tx,
        context: &Context,
        known: &mut Known,
        line: &Line,
    ) -> Result<Done, Failure> {
        let asn = AsNumber::new(number(line, "asn")?).map_err(|error| wrong("asn", error.to_string()))?;
        let taken = self.taken(tx, context, known, line).await?;
        known.first_of(line, &asn.to_string())?;
        let range = tx.asn_range_of(asn).await?;
        let range =
            range.ok_or_else(|| wrong("asn", format!("AS{asn} lies in no range; register one around it")))?;
        tx.lock_asn_range(range.id).await?;
        if let Some(there) = tx.asn_by_number(Scope::All, asn).await? {
            let is = Taken {
                tenant: there.tenant_id,
                claim: there.claim,
                purpose: there.purpose,
                labels: there.labels,
            };
            return differs(taken.compare(&is), "an AS number", &asn.to_string());
        }
        let now = self.now();
        let record = Asn {
            id: AsnId::new(self.0.ambient.uuid()),
            number: asn,
            range_id: range.id,
            tenant_id: taken.tenant,
            claim: taken.claim,
            purpose: taken.purpose,
            labels: taken.labels,
            since: now,
            created_at: now,
        };
        tx.insert_asn(&record).await?;
        let object = record.id.to_string();
        self.made(
            tx,
            context,
            "asn.create",
            object,
            taken.tenant,
            line,
            &json!({"asn": asn, "range": range.name}),
        );
        Ok(Done::Created)
    }

    pub(super) async fn import_address(
        &self,
        tx: &mut Tx,
        context: &Context,
        known: &mut Known,
        line: &Line,
    ) -> Result<Done, Failure> {
        let text = line.get("address").unwrap_or_default();
        let not_one = |_| wrong("address", format!("{:?} is not an IP address", short(text)));
        let address: IpAddr = text.parse().map_err(not_one)?;
        let vrf = self.vrf_of(tx, known, line).await?;
        known.first_of(line, &format!("{vrf} {address}"))?;
        let mac = match line.get("mac") {
            Some(text) => {
                let not_one = || wrong("mac", format!("{:?} is not a MAC address", short(text)));
                Some(search::mac(text).ok_or_else(not_one)?)
            }
            None => None,
        };
        let kind = match line.get("use") {
            None => AddressKind::Vm,
            Some(word) => {
                let kind = AddressKind::parse(word).filter(|kind| AddressKind::REQUESTABLE.contains(kind));
                let words = || AddressKind::REQUESTABLE.map(AddressKind::as_str).join(", ");
                kind.ok_or_else(|| wrong("use", format!("is none of {}", words())))?
            }
        };
        if let Some(hostname) = line.get("hostname")
            && !is_hostname(hostname)
        {
            let message = "is not a host name: labels of a-z, 0-9 and '-' joined by dots (RFC 1123)";
            return Err(wrong("hostname", message));
        }
        for column in ["vmId", "owner"] {
            if line.get(column).is_some_and(|text| text.chars().count() > 100) {
                return Err(wrong(column, "is longer than 100 characters"));
            }
        }
        let claim = claim(line, self.now())?;
        let status = AddressStatus::parse(claim.status().as_str());
        let status =
            status.ok_or_else(|| wrong("status", "of an address is assigned, held or quarantined"))?;
        let labels = labels(line)?;
        if known.ground_of(vrf, address).is_none() {
            let prefix = tx.overlapping_prefix(vrf, IpNet::from(address)).await?;
            let missing =
                || wrong("address", format!("{address} lies in no network; import the network first"));
            let network = prefix.and_then(|prefix| prefix.network_id).ok_or_else(missing)?;
            // Not what is somebody else's.
            tx.network(context.principal.scope, network).await?.ok_or_else(missing)?;
            let ground = Ground::read(tx, network, Family::of(address)).await?;
            known.grounds_of_addresses.insert((vrf, ground.prefix.prefix.network()), ground);
        }
        let ground = known.ground_of(vrf, address);
        let ground = ground.ok_or_else(|| wrong("address", format!("{address} lies in no network")))?;
        if ground.going {
            return Err(going(&ground.network).into());
        }
        unfit(ground, address, kind).map_err(|message| wrong("address", message))?;
        let now = self.now();
        let record = Address {
            id: AddressId::new(self.0.ambient.uuid()),
            prefix_id: ground.prefix.id,
            network_id: ground.network.id,
            tenant_id: ground.network.tenant_id,
            vrf_id: vrf,
            address,
            status,
            expires_at: claim.until(),
            kind,
            hostname: line.get("hostname").map(str::to_owned),
            mac,
            vm_id: line.get("vmId").map(str::to_owned),
            owner: line.get("owner").map(str::to_owned),
            tags: labels,
            since: now,
            created_at: now,
        };
        if let Some(there) = known.recorded.get(&(vrf, address)) {
            return differs(compare_addresses(there, &record), "a record of", &address.to_string());
        }
        let tenant = Some(record.tenant_id);
        self.made(tx, context, "address.create", record.id.to_string(), tenant, line, &json!(record));
        known.pending.push(record);
        Ok(Done::Created)
    }

    /// Looks up which of the addresses of some lines are recorded.
    pub(super) async fn look_up_addresses(
        &self,
        tx: &Tx,
        known: &mut Known,
        lines: &[&Line],
    ) -> Result<(), Error> {
        known.recorded.clear();
        let mut wanted: HashMap<(VrfId, bool), Vec<IpAddr>> = HashMap::new();
        for line in lines {
            // What is wrong with a line is told when it is its turn.
            let address = line.get("address").and_then(|text| text.parse::<IpAddr>().ok());
            if let (Some(address), Ok(vrf)) = (address, self.vrf_of(tx, known, line).await) {
                wanted.entry((vrf, address.is_ipv4())).or_default().push(address);
            }
        }
        for ((vrf, _), addresses) in wanted {
            let found = tx.addresses_among(vrf, &addresses).await?;
            known.recorded.extend(found.into_iter().map(|record| ((vrf, record.address), record)));
        }
        Ok(())
    }

    /// Notes that a line was done.
    #[expect(clippy::too_many_arguments, reason = "a line of the audit trail has as many parts")]
    pub(super) fn made(
        &self,
        tx: &mut Tx,
        context: &Context,
        action: &str,
        object: String,
        tenant: Option<TenantId>,
        line: &Line,
        after: &serde_json::Value,
    ) {
        let detail = json!({"line": line.number, "after": after});
        tx.audit(self.event(context, Entry { action, object, tenant, outcome: "succeeded", detail }));
    }
}

fn compare_addresses(is: &Address, says: &Address) -> Vec<String> {
    let mut differing = Vec::new();
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    for (column, is, says) in [
        ("status", is.status.as_str().to_owned(), says.status.as_str().to_owned()),
        ("until", time(is.expires_at), time(says.expires_at)),
        ("hostname", text(&is.hostname), text(&says.hostname)),
        ("mac", text(&is.mac), text(&says.mac)),
        ("use", is.kind.as_str().to_owned(), says.kind.as_str().to_owned()),
        ("vmId", text(&is.vm_id), text(&says.vm_id)),
        ("owner", text(&is.owner), text(&says.owner)),
        ("labels", write_labels(&is.tags), write_labels(&says.tags)),
    ] {
        compare(&mut differing, column, &is, &says);
    }
    differing
}

pub(super) fn labels(line: &Line) -> Result<Labels, Failure> {
    let labels = read_labels(line.get("labels").unwrap_or_default());
    labels.map_err(|message| wrong("labels", message))
}

fn claim(line: &Line, now: Timestamp) -> Result<Claim, Failure> {
    let words = || Status::ALL.map(Status::as_str).join(", ");
    let status = Status::parse(line.get("status").unwrap_or("assigned"));
    let status = status.ok_or_else(|| wrong("status", format!("is none of {}", words())))?;
    let until = match line.get("until") {
        Some(text) => {
            let not_one = |_| wrong("until", "is not a time: write it as 2027-01-31T12:00:00Z (RFC 3339)");
            Some(text.parse::<Timestamp>().map_err(not_one)?)
        }
        None => None,
    };
    if until.is_some_and(|until| until <= now) {
        return Err(wrong("until", "is past"));
    }
    Claim::new(status, until)
        .ok_or_else(|| wrong("until", "goes with the status held or quarantined, and they need it"))
}
