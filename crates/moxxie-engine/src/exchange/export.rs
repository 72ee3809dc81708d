//! Export: everything that an import would make, as CSV or JSON, a page at a time.

use moxxie_api::exchange::ExportQuery;
use moxxie_core::{
    DomainId, TenantId, VrfId,
    identity::{Role, Scope},
};
use moxxie_store::{NetworkFilter, Page, PrefixFilter};
use serde_json::{Map, Value};

use super::{
    import::kind,
    inventory,
    record::{Names, Record, tenant_record, vrf_record},
    table::{COLUMNS, Kind, cell, write_labels},
};
use crate::{Context, Engine, Error};

/// How many things are read at a time.
const PAGE: u32 = 1000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    Json,
    Ansible,
}

/// An export that is being read.
pub struct Export {
    engine: Engine,
    scope: Scope,
    tenant: Option<TenantId>,
    format: Format,
    /// What is still to come: lists, each with where it goes on.
    lists: Vec<(List, Option<String>)>,
    names: Names,
    begun: bool,
    any: bool,
}

impl std::fmt::Debug for Export {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Export").field("format", &self.format).finish_non_exhaustive()
    }
}

/// One list of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    Tenants,
    Vrfs,
    Containers,
    Pools,
    AsnRanges,
    Networks,
    /// The ranges of all networks.
    Ranges,
    Prefixes(VrfId),
    Vlans(DomainId),
    Asns,
    /// The addresses of all networks, network by network.
    Addresses,
}

impl Engine {
    /// Begins an export.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn export(&self, context: &Context, query: ExportQuery) -> Result<Export, Error> {
        context.require(Role::Viewer)?;
        let format = match query.format.as_deref() {
            None | Some("csv") => Format::Csv,
            Some("json") => Format::Json,
            Some("ansible") => Format::Ansible,
            Some(_) => return Err(Error::invalid("format", "is none of csv, json, ansible")),
        };
        let only = query.kind.as_deref().map(kind).transpose()?;
        if format == Format::Ansible && only.is_some() {
            return Err(Error::invalid("type", "an inventory has hosts only: leave it out"));
        }
        let tenant = match &query.client_id {
            Some(name) => {
                let found = self.find_tenant(context, name).await?;
                Some(found.ok_or_else(|| Error::invalid("clientId", "there is no such tenant"))?.id)
            }
            None => None,
        };
        let one_tenant = tenant.is_some() || context.principal.scope != Scope::All;
        let names = self.export_names().await?;
        let mut lists = Vec::new();
        for kind in Kind::ALL.into_iter().filter(|kind| only.is_none_or(|only| only == *kind)) {
            match kind {
                Kind::Tenant => lists.push(List::Tenants),
                // What is of no tenant is not a tenant's.
                Kind::Vrf | Kind::Container | Kind::Pool if one_tenant => {}
                Kind::Vrf => lists.push(List::Vrfs),
                Kind::Container => lists.push(List::Containers),
                Kind::Pool => lists.push(List::Pools),
                Kind::AsnRange => lists.push(List::AsnRanges),
                Kind::Network => lists.push(List::Networks),
                Kind::Range => lists.push(List::Ranges),
                Kind::Prefix => {
                    let vrfs = self.0.store.vrfs().await?;
                    lists.extend(vrfs.into_iter().map(|vrf| List::Prefixes(vrf.id)));
                }
                Kind::Vlan => {
                    let mut domains: Vec<_> = names.domains.keys().copied().collect();
                    domains.sort_unstable();
                    lists.extend(domains.into_iter().map(List::Vlans));
                }
                Kind::Asn => lists.push(List::Asns),
                Kind::Address => lists.push(List::Addresses),
            }
        }
        if format == Format::Ansible {
            lists = vec![List::Addresses];
        }
        lists.reverse();
        Ok(Export {
            engine: self.clone(),
            scope: context.principal.scope,
            tenant,
            format,
            lists: lists.into_iter().map(|list| (list, None)).collect(),
            names,
            begun: false,
            any: false,
        })
    }

    async fn export_names(&self) -> Result<Names, Error> {
        let store = &self.0.store;
        let mut names = Names::default();
        let mut page = Page::first(PAGE);
        loop {
            let tenants = store.tenants(Scope::All, &page).await?;
            names
                .tenants
                .extend(tenants.items.into_iter().map(|tenant| (tenant.id, tenant.name.to_string())));
            match tenants.next {
                Some(after) => page.after = Some(after),
                None => break,
            }
        }
        names.vrfs = store.vrfs().await?.into_iter().map(|vrf| (vrf.id, vrf.name.to_string())).collect();
        for site in store.sites().await? {
            for domain in store.domains_of_site(site.id).await? {
                names.domains.insert(domain.id, (site.id, domain.name.to_string()));
            }
            names.sites.insert(site.id, site.name.to_string());
        }
        Ok(names)
    }
}

impl Export {
    /// What the bytes are.
    #[must_use]
    pub const fn content_type(&self) -> &'static str {
        match self.format {
            Format::Csv => "text/csv; charset=utf-8",
            Format::Json | Format::Ansible => "application/json",
        }
    }

    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
        if self.format == Format::Ansible {
            return self.inventory().await;
        }
        let mut bytes = Vec::new();
        if !self.begun {
            self.begun = true;
            match self.format {
                Format::Csv => write_line(&mut bytes, COLUMNS.iter().copied())?,
                _ => bytes.extend_from_slice(b"{\"items\":["),
            }
        }
        if self.lists.is_empty() {
            // The end was written with the last page.
            return Ok(None);
        }
        let records = self.page().await?;
        for record in records {
            match self.format {
                Format::Csv => write_record(&mut bytes, &record)?,
                _ => {
                    bytes.extend_from_slice(if self.any { b",\n" } else { b"\n" });
                    let object: Map<String, Value> =
                        record.into_iter().map(|(column, value)| (column.to_owned(), value)).collect();
                    let text =
                        serde_json::to_vec(&object).map_err(|error| Error::Internal(Box::new(error)))?;
                    bytes.extend_from_slice(&text);
                }
            }
            self.any = true;
        }
        if self.lists.is_empty() && self.format == Format::Json {
            bytes.extend_from_slice(b"\n]}\n");
        }
        Ok(Some(bytes))
    }

    async fn inventory(&mut self) -> Result<Option<Vec<u8>>, Error> {
        if self.begun {
            return Ok(None);
        }
        self.begun = true;
        let mut hosts = inventory::Inventory::default();
        while !self.lists.is_empty() {
            for record in self.page().await? {
                hosts.add(&record)?;
            }
        }
        Ok(Some(hosts.write()?))
    }

    /// The next page of the first list that is left; an empty one does not mean that there are no more.
    async fn page(&mut self) -> Result<Vec<Record>, Error> {
        let Some((list, cursor)) = self.lists.pop() else { return Ok(Vec::new()) };
        let store = self.engine.0.store.clone();
        let page = Page { after: cursor, limit: PAGE };
        let of_tenant = |tenant: Option<TenantId>| self.tenant.is_none() || tenant == self.tenant;
        let (records, next) = match list {
            List::Tenants => {
                let found = store.tenants(self.scope, &page).await?;
                let wanted = found.items.iter().filter(|tenant| of_tenant(Some(tenant.id)));
                (wanted.map(tenant_record).collect(), found.next)
            }
            List::Vrfs => {
                // The VRF main is everywhere.
                let found = store.vrfs().await?;
                let others = found.iter().filter(|vrf| vrf.id != store.main_vrf());
                (others.map(vrf_record).collect(), None)
            }
            List::Containers => {
                let found = store.containers().await?;
                (found.iter().map(|one| self.names.container(one)).collect(), None)
            }
            List::Pools => {
                let found = store.pools().await?;
                (found.iter().map(|pool| self.names.pool(pool)).collect(), None)
            }
            List::AsnRanges => {
                let found = store.asn_ranges(self.scope).await?;
                let wanted = found.iter().filter(|range| of_tenant(range.tenant_id));
                (wanted.map(|range| self.names.asn_range(range)).collect(), None)
            }
            List::Ranges => {
                let filter = NetworkFilter { tenant: self.tenant, ..NetworkFilter::default() };
                let found = store.networks(self.scope, &filter, &page).await?;
                let mut records = Vec::new();
                for network in &found.items {
                    let ranges = store.ranges(self.scope, network.id).await?;
                    records.extend(ranges.iter().map(|range| self.names.range(network, range)));
                }
                (records, found.next)
            }
            List::Networks => {
                let filter = NetworkFilter { tenant: self.tenant, ..NetworkFilter::default() };
                let found = store.networks(self.scope, &filter, &page).await?;
                (found.items.iter().map(|network| self.names.network(network)).collect(), found.next)
            }
            List::Prefixes(vrf) => {
                let filter = PrefixFilter {
                    vrf,
                    within: None,
                    pool: None,
                    tenant: self.tenant,
                    status: None,
                    label: None,
                };
                let found = store.prefixes(self.scope, &filter, &page).await?;
                let alone = found.items.iter().filter(|prefix| prefix.network_id.is_none());
                (alone.map(|prefix| self.names.prefix(prefix)).collect(), found.next)
            }
            List::Vlans(domain) => {
                let found = store.vlans(self.scope, domain).await?;
                let alone =
                    found.iter().filter(|vlan| vlan.attachment_id.is_none() && of_tenant(vlan.tenant_id));
                (alone.map(|vlan| self.names.vlan(vlan)).collect(), None)
            }
            List::Asns => {
                let filter = moxxie_store::AsnFilter { tenant: self.tenant, ..Default::default() };
                let found = store.asns(self.scope, &filter, &page).await?;
                (found.items.iter().map(|asn| self.names.asn(asn)).collect(), found.next)
            }
            List::Addresses => return self.addresses(page.after).await,
        };
        if next.is_some() {
            self.lists.push((list, next));
        }
        Ok(records)
    }

    /// Addresses, network by network; the cursor is that of the networks and, while within one, the
    /// network's id and the address.
    async fn addresses(&mut self, cursor: Option<String>) -> Result<Vec<Record>, Error> {
        let store = self.engine.0.store.clone();
        let (behind, within) = match &cursor {
            Some(text) => text.split_once(' ').map_or((Some(text.as_str()), None), |(network, address)| {
                (Some(network), Some(address.to_owned()))
            }),
            None => (None, None),
        };
        let (network, last) = match (within, behind) {
            (Some(address), Some(network)) => (network.parse().ok(), Some(address)),
            _ => {
                let filter = NetworkFilter { tenant: self.tenant, ..NetworkFilter::default() };
                let page = Page { after: behind.map(str::to_owned), limit: 1 };
                let found = store.networks(self.scope, &filter, &page).await?;
                (found.items.first().map(|network| network.id), None)
            }
        };
        let Some(network) = network else { return Ok(Vec::new()) };
        let Some(home) = store.network(self.scope, network).await? else { return Ok(Vec::new()) };
        let found = store.addresses(self.scope, network, &Page { after: last, limit: PAGE }).await?;
        let next = match found.next {
            Some(address) => format!("{network} {address}"),
            None => network.to_string(),
        };
        self.lists.push((List::Addresses, Some(next)));
        let inventory = self.format == Format::Ansible;
        Ok(found
            .items
            .iter()
            .map(|address| self.names.address(address, inventory.then_some(&home)))
            .collect())
    }
}

fn write_record(bytes: &mut Vec<u8>, record: &Record) -> Result<(), Error> {
    let value = |column: &str| record.iter().find(|(name, _)| *name == column).map(|(_, value)| value);
    let cells = COLUMNS.iter().map(|column| match value(column) {
        None => String::new(),
        Some(Value::String(text)) => cell(text).into_owned(),
        Some(Value::Object(fields)) => {
            let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let labels = fields.iter().map(|(key, value)| (key.clone(), text(value))).collect();
            cell(&write_labels(&labels)).into_owned()
        }
        Some(other) => other.to_string(),
    });
    write_line(bytes, cells)
}

fn write_line<T: AsRef<[u8]>>(bytes: &mut Vec<u8>, cells: impl Iterator<Item = T>) -> Result<(), Error> {
    let mut writer = csv::Writer::from_writer(bytes);
    writer.write_record(cells).map_err(|error| Error::Internal(Box::new(error)))?;
    writer.flush().map_err(|error| Error::Internal(Box::new(error)))
}
