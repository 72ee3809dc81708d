//! Lines about what people arrange: tenants, VRFs, containers, pools, ranges of AS numbers, ranges of networks.

use std::net::IpAddr;

use ipnet::IpNet;
use moxxie_core::{
    AsnRangeId, ContainerId, Name, PoolId, SiteId, TenantId, VrfId,
    asn::{AsnRange, AsnSpan},
    container::Container,
    identity::{Role, Scope},
    pool::{Policy, Pool, Used},
    prefix,
    range::RangeKind,
    tenant::Tenant,
    vrf::Vrf,
};
use moxxie_store::Tx;
use serde_json::json;

use super::{
    import::{Done, Failure, Known, differs, number, wrong},
    lines::compare,
    read::Line,
};
use crate::{
    Context, Engine, container::refuse_in_pool, pool::refuse_pool, range::NewRange, validate::short,
};

impl Engine {
    pub(super) async fn import_tenant(
        &self,
        tx: &mut Tx,
        context: &Context,
        known: &mut Known,
        line: &Line,
    ) -> Result<Done, Failure> {
        let (name, description) = (name(line)?, description(line)?);
        known.first_of(line, name.as_str())?;
        if let Some(there) = tx.tenant_by_name(Scope::All, &name).await? {
            let differing = compared([("description", there.description, description)]);
            return differs(differing, "a tenant", name.as_str());
        }
        let tenant = Tenant { id: TenantId::new(self.0.ambient.uuid()), name, description };
        tx.insert_tenant(&tenant, self.now()).await?;
        let (id, after) = (tenant.id.to_string(), json!({"name": tenant.name}));
        self.made(tx, context, "tenant.create", id, Some(tenant.id), line, &after);
        Ok(Done::Created)
    }

    pub(super) async fn import_vrf(
        &self,
        tx: &mut Tx,
        context: &Context,
        known: &mut Known,
        line: &Line,
    ) -> Result<Done, Failure> {
        let (name, description) = (name(line)?, description(line)?);
        known.first_of(line, name.as_str())?;
        if let Some(there) = tx.vrf_by_name(&name).await? {
            let differing = compared([("description", there.description, description)]);
            return differs(differing, "a VRF", name.as_str());
        }
        admin(context)?;
        let vrf = Vrf { id: VrfId::new(self.0.ambient.uuid()), name, description };
        tx.insert_vrf(&vrf, self.now()).await?;
        self.made(tx, context, "vrf.create", vrf.id.to_string(), None, line, &json!(vrf));
        Ok(Done::Created)
    }

    pub(super) async fn import_container(
        &self,
        tx: &mut Tx,
        context: &Context,
        known: &mut Known,
        line: &Line,
    ) -> Result<Done, Failure> {
        let container = Container {
            id: ContainerId::new(self.0.ambient.uuid()),
            name: name(line)?,
            vrf_id: self.vrf_of(tx, known, line).await?,
            site_id: self.site_of(line).await?,
            prefix: network(line)?,
            description: description(line)?,
        };
        known.first_of(line, container.name.as_str())?;
        if let Some(there) = tx.container_by_name(&container.name).await? {
            let differing = compared([
                ("prefix", there.prefix.to_string(), container.prefix.to_string()),
                ("vrf", there.vrf_id.to_string(), container.vrf_id.to_string()),
                ("datacenter", id_of(there.site_id), id_of(container.site_id)),
                ("description", there.description, container.description),
            ]);
            return differs(differing, "a container", there.name.as_str());
        }
        admin(context)?;
        tx.lock_vrf(container.vrf_id).await?;
        refuse_in_pool(tx, container.vrf_id, container.prefix).await?;
        tx.insert_container(&container, self.now()).await?;
        let id = container.id.to_string();
        self.made(tx, context, "container.create", id, None, line, &json!(container));
        Ok(Done::Created)
    }

    pub(super) async fn import_pool(
        &self,
        tx: &mut Tx,
        context: &Context,
        known: &mut Known,
        line: &Line,
    ) -> Result<Done, Failure> {
        let policy = match line.get("policy") {
            None => Policy::default(),
            Some(word) => Policy::parse(word).ok_or_else(|| {
                let known = Policy::ALL.map(Policy::as_str).join(", ");
                wrong("policy", format!("is not a policy: {known}"))
            })?,
        };
        let pool = Pool {
            id: PoolId::new(self.0.ambient.uuid()),
            name: name(line)?,
            site_id: self.site_of(line).await?,
            vrf_id: self.vrf_of(tx, known, line).await?,
            prefix: network(line)?,
            description: description(line)?,
            policy,
            quarantine_s: quarantine(line)?,
            used: Used::default(),
            version: 0,
        };
        known.first_of(line, pool.name.as_str())?;
        if let Some(there) = tx.pool_by_name(&pool.name).await? {
            let differing = compared([
                ("prefix", there.prefix.to_string(), pool.prefix.to_string()),
                ("vrf", there.vrf_id.to_string(), pool.vrf_id.to_string()),
                ("datacenter", id_of(there.site_id), id_of(pool.site_id)),
                ("policy", there.policy.as_str().to_owned(), pool.policy.as_str().to_owned()),
                ("quarantine", there.quarantine_s.to_string(), pool.quarantine_s.to_string()),
                ("description", there.description, pool.description),
            ]);
            return differs(differing, "a pool", there.name.as_str());
        }
        admin(context)?;
        tx.lock_vrf(pool.vrf_id).await?;
        refuse_pool(tx, &pool).await?;
        tx.insert_pool(&pool, self.now()).await?;
        self.made(tx, context, "pool.create", pool.id.to_string(), None, line, &json!(pool));
        Ok(Done::Created)
    }

    pub(super) async fn import_asn_range(
        &self,
        tx: &mut Tx,
        context: &Context,
        known: &mut Known,
        line: &Line,
    ) -> Result<Done, Failure> {
        let span = AsnSpan::new(number(line, "first")?, number(line, "last")?);
        let range = AsnRange {
            id: AsnRangeId::new(self.0.ambient.uuid()),
            name: name(line)?,
            span: span.map_err(|error| wrong("first", error.to_string()))?,
            site_id: self.site_of(line).await?,
            tenant_id: self.tenant_of(tx, context, known, line).await?,
            description: description(line)?,
            quarantine_s: quarantine(line)?,
            version: 0,
        };
        known.first_of(line, range.name.as_str())?;
        if let Some(there) = tx.asn_range_by_name(&range.name).await? {
            let differing = compared([
                ("first and last", there.span.to_string(), range.span.to_string()),
                ("datacenter", id_of(there.site_id), id_of(range.site_id)),
                ("clientId", id_of(there.tenant_id), id_of(range.tenant_id)),
                ("quarantine", there.quarantine_s.to_string(), range.quarantine_s.to_string()),
                ("description", there.description, range.description),
            ]);
            return differs(differing, "a range", there.name.as_str());
        }
        admin(context)?;
        crate::asn::refuse_overlap(tx, &range).await?;
        tx.insert_asn_range(&range, self.now()).await?;
        self.made(tx, context, "asn_range.create", range.id.to_string(), None, line, &json!(range));
        Ok(Done::Created)
    }

    pub(super) async fn import_range(
        &self,
        tx: &mut Tx,
        context: &Context,
        known: &mut Known,
        line: &Line,
    ) -> Result<Done, Failure> {
        let address = |column: &'static str| {
            let text = line.get(column).unwrap_or_default();
            let not_one = |_| wrong(column, format!("{:?} is not an IP address", short(text)));
            text.parse::<IpAddr>().map_err(not_one)
        };
        let (first, last) = (address("first")?, address("last")?);
        let kind = RangeKind::parse(line.get("use").unwrap_or_default()).ok_or_else(|| {
            let words = RangeKind::ALL.map(RangeKind::as_str).join(", ");
            wrong("use", format!("of a range is none of {words}"))
        })?;
        let description = description(line)?;
        let vrf = self.vrf_of(tx, known, line).await?;
        known.first_of(line, &format!("{vrf} {first}"))?;
        let prefix = tx.overlapping_prefix(vrf, IpNet::from(first)).await?;
        let missing = || wrong("first", format!("{first} lies in no network; import the network first"));
        let network = prefix.and_then(|prefix| prefix.network_id).ok_or_else(missing)?;
        let scope = context.principal.scope;
        let there = tx.ranges(scope, network).await?;
        if let Some(there) = there.into_iter().find(|there| there.first == first) {
            let differing = compared([
                ("last", there.last.to_string(), last.to_string()),
                ("use", there.kind.as_str().to_owned(), kind.as_str().to_owned()),
                ("description", there.description, description),
            ]);
            return differs(differing, "a range that begins at", &first.to_string());
        }
        let network = tx.lock_network(scope, network).await?.ok_or_else(missing)?;
        let new = NewRange { kind, first, last, description: &description };
        let range = self.set_range(tx, &network, new).await?;
        let tenant = Some(range.tenant_id);
        let after = json!({"type": kind.as_str(), "first": first, "last": last});
        self.made(tx, context, "range.create", range.id.to_string(), tenant, line, &after);
        Ok(Done::Created)
    }

    /// The site a line names, if it names one.
    async fn site_of(&self, line: &Line) -> Result<Option<SiteId>, Failure> {
        match line.get("datacenter") {
            Some(site) => Ok(Some(self.site_in_field("datacenter", site).await?.id)),
            None => Ok(None),
        }
    }
}

/// What is arranged once for all is arranged by admins.
fn admin(context: &Context) -> Result<(), Failure> {
    context.require(Role::Admin).map_err(|error| wrong("", error.to_string()))
}

fn name(line: &Line) -> Result<Name, Failure> {
    let text = line.get("name").unwrap_or_default();
    text.parse::<Name>().map_err(|error| wrong("name", error.to_string()))
}

fn network(line: &Line) -> Result<IpNet, Failure> {
    let text = line.get("prefix").unwrap_or_default();
    prefix::parse(text).map_err(|error| wrong("prefix", error.to_string()))
}

fn description(line: &Line) -> Result<String, Failure> {
    let text = line.get("description").unwrap_or_default();
    if text.chars().count() > 1000 {
        return Err(wrong("description", "is longer than 1000 characters"));
    }
    Ok(text.to_owned())
}

/// Seconds; none when the cell is empty.
fn quarantine(line: &Line) -> Result<u32, Failure> {
    let Some(_) = line.get("quarantine") else { return Ok(0) };
    let seconds: u32 = number(line, "quarantine")?;
    if i64::from(seconds) > crate::claim::LONGEST_S {
        return Err(wrong("quarantine", format!("is longer than {} seconds", crate::claim::LONGEST_S)));
    }
    Ok(seconds)
}

fn id_of(id: Option<impl ToString>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}

/// Columns in which what is there differs from what a line says.
fn compared<const N: usize>(columns: [(&str, String, String); N]) -> Vec<String> {
    let mut differing = Vec::new();
    for (column, is, says) in columns {
        compare(&mut differing, column, &is, &says);
    }
    differing
}
