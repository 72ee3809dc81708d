//! Import: a file of lines that say what there is. All of it is done, or nothing.
//!
//! An import only adds. A line about something that is there already must say the same of it; then nothing
//! happens, so that a file can be imported again. Dry run and import are the same transaction: one is
//! dropped.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    net::IpAddr,
};

use ipnet::IpNet;
use moxxie_api::{
    exchange::{ImportProblem, ImportQuery, ImportReport},
    network::{NetworkOptions, NetworkRequest},
};
use moxxie_core::{
    PoolId, TenantId, VrfId,
    address::Layout,
    identity::{Role, Scope},
    network::{Network, NetworkStatus},
    pool::Pool,
    prefix::overlap,
};
use moxxie_store::{Address, PrefixRecord, StoreError, Tx};
use serde_json::json;

use super::{
    lines::labels,
    read::{Line, Problem, read},
    table::{Kind, write_labels},
};
use crate::{
    Context, Engine, Error,
    audit::Entry,
    batch::space::Ground as Place,
    network::{Ground, Order, Part},
    prefix::Source,
    validate::short,
    write::TRIES,
};

/// How many problems a report lists; all are counted.
const LISTED: usize = 1000;

/// How many addresses and prefixes are looked up, and written, with one statement.
const AT_ONCE: usize = 1000;

/// What became of a line.
pub(super) enum Done {
    Created,
    Unchanged,
}

/// Why a line cannot be imported, or why nothing can.
pub(super) enum Failure {
    Line { column: &'static str, message: String },
    All(Error),
}

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        match error.into() {
            Error::Conflict { message, .. } => Self::Line { column: "", message },
            Error::Invalid(fields) => {
                let texts = fields.iter().map(|field| format!("{}: {}", field.field, field.message));
                Self::Line { column: "", message: texts.collect::<Vec<_>>().join("; ") }
            }
            Error::NotFound { what, name } => {
                Self::Line { column: "", message: format!("there is no {what} {name:?}") }
            }
            other => Self::All(other),
        }
    }
}

pub(super) fn wrong(column: &'static str, message: impl Into<String>) -> Failure {
    Failure::Line { column, message: message.into() }
}

/// What lines refer to, looked up once each.
#[derive(Default)]
pub(super) struct Known {
    grounds: HashMap<(String, String, Option<String>, bool, bool), Ground>,
    pub(super) vrfs: HashMap<String, VrfId>,
    pub(super) tenants: HashMap<String, TenantId>,
    /// By VRF and first address.
    pools: BTreeMap<(VrfId, IpAddr), Pool>,
    /// Networks that addresses of the file lie in, by VRF and first address of the prefix.
    pub(super) grounds_of_addresses: BTreeMap<(VrfId, IpAddr), Place>,
    /// What is recorded of the addresses of the lines at hand.
    pub(super) recorded: HashMap<(VrfId, IpAddr), Address>,
    /// Addresses to be written with the next statement.
    pub(super) pending: Vec<Address>,
    /// Prefixes that are in the way of the lines at hand, by VRF and first address.
    taken: BTreeMap<(VrfId, IpAddr), PrefixRecord>,
    /// Prefixes of earlier lines, by VRF and first address.
    prefixes: BTreeMap<(VrfId, IpAddr), IpNet>,
    /// Those to be written with the next statement.
    pending_prefixes: Vec<PrefixRecord>,
    /// Pools whose free blocks have to be computed anew.
    pools_changed: BTreeSet<PoolId>,
    /// Keys of lines that were read: a second line of the same key contradicts or repeats the first.
    seen: HashSet<(Kind, String)>,
}

impl Engine {
    /// Imports a CSV file. Needs operator.
    ///
    /// # Errors
    /// [`Error::Invalid`] names every line that cannot be imported; a dry run answers them instead.
    pub async fn import(
        &self,
        context: &Context,
        query: ImportQuery,
        file: &[u8],
    ) -> Result<ImportReport, Error> {
        context.require(Role::Operator)?;
        let usual = query.kind.as_deref().map(kind).transpose()?;
        let dry_run = query.dry_run == Some(true);
        if !dry_run && let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        let (lines, problems) = read(file, usual);
        // What is held or quarantined no longer is in nobody's way.
        self.end_lapsed().await?;
        let mut tries = 0;
        let result = loop {
            tries += 1;
            match self.import_once(context, &lines, problems.clone(), dry_run).await {
                Err(error) if error.crossed() && tries < TRIES => {}
                Ok(None) if tries < TRIES => {}
                Ok(Some(report)) => break Ok(report),
                Ok(None) => {
                    break Err(Error::Unavailable {
                        message: "others take what the file is about meanwhile; try again".into(),
                        retry_after_s: 2,
                        source: None,
                    });
                }
                Err(error) => break Err(error),
            }
        };
        self.or_recall(context, result).await
    }

    /// `None` when somebody took something between our looking at it and our writing: the transaction is
    /// over then, and what the file says is looked at anew.
    async fn import_once(
        &self,
        context: &Context,
        lines: &[Line],
        mut problems: Vec<Problem>,
        dry_run: bool,
    ) -> Result<Option<ImportReport>, Error> {
        let mut report = ImportReport { dry_run, lines: lines.len() as u64, ..ImportReport::default() };
        let mut tx = self.0.store.begin().await?;
        let mut known = Known::default();
        for kind in Kind::ALL {
            let lines: Vec<&Line> = lines.iter().filter(|line| line.kind == kind).collect();
            if kind == Kind::Prefix && !lines.is_empty() {
                self.lock_pools_of(&mut tx, &mut known, &lines).await?;
            }
            for part in lines.chunks(AT_ONCE) {
                match kind {
                    Kind::Address => self.look_up_addresses(&tx, &mut known, part).await?,
                    Kind::Prefix => self.look_up_prefixes(&tx, &mut known, part).await?,
                    _ => {}
                }
                for line in part {
                    match self.import_line(&mut tx, context, &mut known, line).await {
                        Ok(Done::Created) => {
                            *report.created.entry(kind.as_str().to_owned()).or_default() += 1
                        }
                        Ok(Done::Unchanged) => report.unchanged += 1,
                        Err(_) if tx.is_over() => return Ok(None),
                        Err(Failure::Line { column, message }) => {
                            problems.push(Problem::new(line.number, column, message));
                        }
                        Err(Failure::All(error)) => return Err(error),
                    }
                }
                match known.write(&mut tx).await {
                    Err(StoreError::Conflict(_)) => return Ok(None),
                    other => other?,
                }
            }
            for pool in std::mem::take(&mut known.pools_changed) {
                tx.rebuild_free_blocks(pool).await?;
            }
        }
        problems.sort();
        report.problem_count = problems.len() as u64;
        report.problems = problems.iter().take(LISTED).map(view).collect();
        if dry_run {
            return Ok(Some(report));
        }
        if !problems.is_empty() {
            let fields = report.problems.iter().map(|problem| moxxie_api::FieldError {
                field: field(problem),
                message: problem.message.clone(),
            });
            return Err(Error::Invalid(fields.collect()));
        }
        tx.audit(self.event(
            context,
            Entry {
                action: "import",
                object: "import".to_owned(),
                tenant: None,
                outcome: "succeeded",
                detail: json!({"lines": report.lines, "created": report.created}),
            },
        ));
        self.keep(&mut tx, context, &report).await?;
        tx.commit().await?;
        Ok(Some(report))
    }

    async fn import_line(
        &self,
        tx: &mut Tx,
        context: &Context,
        known: &mut Known,
        line: &Line,
    ) -> Result<Done, Failure> {
        match line.kind {
            Kind::Tenant => self.import_tenant(tx, context, known, line).await,
            Kind::Vrf => self.import_vrf(tx, context, known, line).await,
            Kind::Container => self.import_container(tx, context, known, line).await,
            Kind::Pool => self.import_pool(tx, context, known, line).await,
            Kind::AsnRange => self.import_asn_range(tx, context, known, line).await,
            Kind::Range => self.import_range(tx, context, known, line).await,
            Kind::Network => self.import_network(tx, context, known, line).await,
            Kind::Address => self.import_address(tx, context, known, line).await,
            Kind::Prefix => self.import_prefix(tx, context, known, line).await,
            Kind::Vlan => self.import_vlan(tx, context, known, line).await,
            Kind::Asn => self.import_asn(tx, context, known, line).await,
        }
    }

    async fn import_network(
        &self,
        tx: &mut Tx,
        context: &Context,
        known: &mut Known,
        line: &Line,
    ) -> Result<Done, Failure> {
        let text = |column| line.get(column).unwrap_or_default().to_owned();
        let request = NetworkRequest {
            client_id: text("clientId"),
            kind: line.get("networkType").map(str::to_owned),
            datacenter: text("datacenter"),
            size: text("prefix").rsplit_once('/').map(|(_, length)| length.to_owned()).unwrap_or_default(),
            purpose: text("purpose"),
            name: Some(text("name")),
            vlan_id: Some(number(line, "vlanId")?),
            subnet: Some(text("prefix")),
            gateway: line.get("gateway").map(str::to_owned),
            subnet6: line.get("prefix6").map(str::to_owned),
            gateway6: line.get("gateway6").map(str::to_owned),
            vrf: line.get("vrf").map(str::to_owned),
            labels: labels(line)?,
            options: NetworkOptions {
                enable_dhcp: flag(line, "dhcp")?,
                firewall_profile: line.get("firewallProfile").map(str::to_owned),
                bgp_enabled: false,
                description: line.get("description").map(str::to_owned),
            },
            ..NetworkRequest::default()
        };
        let order = Order::check(&request)?;
        known.first_of(line, &format!("{} {}", order.tenant, text("name")))?;
        let ipv6 = (order.first.is_ipv6(), order.second.is_some());
        let key = (order.tenant.clone(), order.site.clone(), order.vrf.clone(), ipv6.0, ipv6.1);
        if !known.grounds.contains_key(&key) {
            known.grounds.insert(key.clone(), self.ground(tx, context, &order).await?);
        }
        // A ground serves many lines, and each may name a profile of its own.
        self.known_profile(tx, &order.options.profile).await?;
        let ground = &known.grounds[&key];
        if let Some(name) = &order.name
            && let Some(there) = tx.network_by_name(Scope::All, ground.tenant.id, name).await?
        {
            return same_network(&there, &order, ground);
        }
        let network = self.reserve(tx, ground, &order, NetworkStatus::Allocated).await?;
        tx.audit(self.event(
            context,
            Entry {
                action: "network.allocate",
                object: network.id.to_string(),
                tenant: Some(network.tenant_id),
                outcome: "succeeded",
                detail: json!({"line": line.number, "after": network}),
            },
        ));
        Ok(Done::Created)
    }
}

impl Known {
    /// The network an address lies in, if an earlier line asked for it.
    pub(super) fn ground_of(&self, vrf: VrfId, address: IpAddr) -> Option<&Place> {
        let (_, found) = self.grounds_of_addresses.range(..=(vrf, address)).next_back()?;
        (found.prefix.vrf_id == vrf && found.prefix.prefix.contains(&address)).then_some(found)
    }

    /// Remembers which pools there are.
    pub(super) fn learn_pools(&mut self, pools: Vec<Pool>) {
        self.pools = pools.into_iter().map(|pool| ((pool.vrf_id, pool.prefix.network()), pool)).collect();
    }

    /// The pool a prefix lies in.
    pub(super) fn pool_around(&self, vrf: VrfId, prefix: &IpNet) -> Option<&Pool> {
        let (_, pool) = self.pools.range(..=(vrf, prefix.network())).next_back()?;
        (pool.vrf_id == vrf && pool.prefix.contains(prefix)).then_some(pool)
    }

    /// Some pools of a VRF, for an error.
    pub(super) fn some_pools(&self, vrf: VrfId) -> String {
        let of_vrf = self.pools.values().filter(|pool| pool.vrf_id == vrf).take(20);
        of_vrf.map(|pool| format!("{} ({})", pool.name, pool.prefix)).collect::<Vec<_>>().join(", ")
    }

    /// Remembers which prefixes are in the way of the lines at hand.
    pub(super) fn learn_taken(&mut self, taken: Vec<PrefixRecord>) {
        let key = |record: &PrefixRecord| (record.vrf_id, record.prefix.network());
        self.taken = taken.into_iter().map(|record| (key(&record), record)).collect();
    }

    /// A prefix that is there and shares addresses with this one.
    pub(super) fn taken(&self, vrf: VrfId, prefix: &IpNet) -> Option<&PrefixRecord> {
        let (key, there) = self.taken.range(..=(vrf, prefix.broadcast())).next_back()?;
        (key.0 == vrf && overlap(&there.prefix, prefix)).then_some(there)
    }

    /// A prefix of an earlier line that shares addresses with this one.
    pub(super) fn overlapping(&self, vrf: VrfId, prefix: &IpNet) -> Option<IpNet> {
        let (key, other) = self.prefixes.range(..=(vrf, prefix.broadcast())).next_back()?;
        (key.0 == vrf && overlap(other, prefix)).then_some(*other)
    }

    /// Takes a prefix, with the next statement.
    pub(super) fn add_prefix(&mut self, record: PrefixRecord) {
        self.prefixes.insert((record.vrf_id, record.prefix.network()), record.prefix);
        self.pools_changed.insert(record.pool_id);
        self.pending_prefixes.push(record);
    }

    /// Writes what has come together.
    async fn write(&mut self, tx: &mut Tx) -> Result<(), StoreError> {
        tx.insert_prefixes(&std::mem::take(&mut self.pending_prefixes)).await?;
        tx.insert_addresses(&std::mem::take(&mut self.pending)).await
    }

    /// Refuses a second line about the same thing.
    pub(super) fn first_of(&mut self, line: &Line, key: &str) -> Result<(), Failure> {
        if self.seen.insert((line.kind, key.to_owned())) {
            return Ok(());
        }
        Err(wrong("", format!("an earlier line is about the same {} ({})", line.kind.as_str(), short(key))))
    }
}

/// A network that is there must be as the line says.
fn same_network(there: &Network, order: &Order, ground: &Ground) -> Result<Done, Failure> {
    let mut differing = Vec::new();
    let mut compare = |what: &str, is: String, says: String| {
        if is != says {
            differing.push(format!("{what} is {is:?} and the line says {says:?}"));
        }
    };
    let given = |part: &Part| match part.source {
        Source::Given(subnet) => Some((subnet, Layout::choose(subnet, part.gateway).ok()?.gateway())),
        Source::Next(_) => None,
    };
    let (first, second) = (given(&order.first), order.second.as_ref().and_then(given));
    let text = |value: Option<String>| value.unwrap_or_default();
    let subnet = text(first.map(|(subnet, _)| subnet.to_string()));
    let vlan = order.vlan.map(|vlan| vlan.to_string()).unwrap_or_default();
    compare("prefix", there.prefix.to_string(), subnet);
    compare("gateway", there.gateway.to_string(), text(first.map(|(_, gateway)| gateway.to_string())));
    let is = there.second.as_ref();
    let prefix6 = text(second.map(|(subnet, _)| subnet.to_string()));
    compare("prefix6", text(is.map(|is| is.prefix.to_string())), prefix6);
    let gateway6 = text(second.map(|(_, gateway)| gateway.to_string()));
    compare("gateway6", text(is.map(|is| is.gateway.to_string())), gateway6);
    compare("labels", write_labels(&there.labels), write_labels(&order.labels));
    compare("vlanId", there.attachment.vlan.to_string(), vlan);
    compare("networkType", there.kind.to_string(), order.kind.to_string());
    compare("purpose", there.purpose.clone(), order.purpose.clone());
    compare("dhcp", there.options.dhcp.to_string(), order.options.dhcp.to_string());
    compare("firewallProfile", there.options.profile.to_string(), order.options.profile.to_string());
    compare("description", there.options.description.clone(), order.options.description.clone());
    if there.vrf_id != ground.vrf.id {
        differing.push(format!("it is not in VRF {}", ground.vrf.name));
    }
    if there.site_id != ground.site.id {
        differing.push(format!("it is not in datacenter {}", ground.site.name));
    }
    differs(differing, "network", there.name.as_str())
}

/// `Unchanged`, or what differs.
pub(super) fn differs(differing: Vec<String>, what: &str, name: &str) -> Result<Done, Failure> {
    if differing.is_empty() {
        return Ok(Done::Unchanged);
    }
    let message =
        format!("there is {what} {name} already, but {}; an import changes nothing", differing.join(", "));
    Err(wrong("", message))
}

/// A whole number in a column.
pub(super) fn number<T: std::str::FromStr>(line: &Line, column: &'static str) -> Result<T, Failure> {
    let text = line.get(column).unwrap_or_default();
    text.parse().map_err(|_| wrong(column, format!("{:?} is not a number", short(text))))
}

/// `true` or `false`, in the words of spreadsheets.
fn flag(line: &Line, column: &'static str) -> Result<bool, Failure> {
    match line.get(column).unwrap_or("false").to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        other => Err(wrong(column, format!("{:?} is neither true nor false", short(other)))),
    }
}

/// The type of that word.
pub(super) fn kind(text: &str) -> Result<Kind, Error> {
    let kinds = Kind::ALL.map(Kind::as_str).join(", ");
    Kind::parse(text).ok_or_else(|| Error::invalid("type", format!("is none of {kinds}")))
}

fn view(problem: &Problem) -> ImportProblem {
    ImportProblem { line: problem.line, column: problem.column.clone(), message: problem.message.clone() }
}

fn field(problem: &ImportProblem) -> String {
    match problem.column.as_str() {
        "" => format!("line {}", problem.line),
        column => format!("line {}, {column}", problem.line),
    }
}
