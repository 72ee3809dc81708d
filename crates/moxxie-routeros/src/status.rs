//! What a router tells about its state and its routes, for display.

use routeros_client::{Command, parse_duration};
use serde::{Deserialize, Serialize};

use crate::{DriverError, RouterFacts, Session, session::print};

/// A router's state of health.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouterStatus {
    /// What it is.
    pub facts: RouterFacts,
    /// Seconds since it booted.
    pub uptime_s: u64,
    /// Load of its processors in percent.
    pub cpu_load: Option<u8>,
    /// Bytes of memory that are free.
    pub free_memory: Option<u64>,
    /// Bytes of memory that it has.
    pub total_memory: Option<u64>,
    /// Number of interfaces of any type.
    pub interfaces: Option<u32>,
}

/// Which routes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RouteQuery {
    /// Only of this table.
    pub table: Option<String>,
    /// Only to exactly this prefix, as the router writes it.
    pub destination: Option<String>,
    /// Only those in use.
    pub active: bool,
}

/// A route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// The prefix.
    pub destination: String,
    /// Where to: an address, an interface, or both.
    pub gateway: Option<String>,
    /// The less, the better.
    pub distance: Option<u8>,
    /// The table it is in.
    pub table: Option<String>,
    /// Whether it is in use.
    pub active: bool,
    /// Whether the router made it.
    pub dynamic: bool,
    /// What made it: `connect`, `static`, `bgp`, `ospf`, `dhcp`.
    pub origin: Option<String>,
}

/// Routes, as many as were asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routes {
    /// The routes, in the router's order.
    pub routes: Vec<Route>,
    /// There are more.
    pub truncated: bool,
}

/// Flags of a route that name its origin.
const ORIGINS: [&str; 5] = ["connect", "static", "bgp", "ospf", "dhcp"];

impl Session {
    /// Reads how the router is.
    ///
    /// # Errors
    /// [`DriverError`].
    pub async fn status(&self) -> Result<RouterStatus, DriverError> {
        const RESOURCE: [&str; 4] = ["uptime", "cpu-load", "free-memory", "total-memory"];
        let commands = [
            print("/system/resource", RESOURCE),
            print("/system/identity", ["name"]),
            Command::new("/interface/print").flag("count-only"),
        ];
        let mut answers = self.connection.run_all(commands).await.into_iter();
        let mut next = || answers.next().transpose().map_err(|error| self.error(error));
        let (resource, identity, interfaces) = (next()?, next()?, next()?);
        let resource = resource.and_then(|reply| reply.rows.into_iter().next());
        let text = |name: &str| resource.as_ref().and_then(|row| row.get(name));
        let mut facts = self.facts().clone();
        if let Some(name) = identity.as_ref().and_then(|reply| reply.first()?.text("name")) {
            facts.identity = name.into_owned();
        }
        Ok(RouterStatus {
            facts,
            uptime_s: text("uptime").and_then(parse_duration).map_or(0, |uptime| uptime.as_secs()),
            cpu_load: text("cpu-load").and_then(|value| value.trim_end_matches('%').parse().ok()),
            free_memory: text("free-memory").and_then(|value| value.parse().ok()),
            total_memory: text("total-memory").and_then(|value| value.parse().ok()),
            interfaces: interfaces.and_then(|reply| reply.ret()?.parse().ok()),
        })
    }

    /// Reads at most `limit` routes. A router may carry a full BGP table: the reading is stopped on the
    /// router as soon as there are enough.
    ///
    /// # Errors
    /// [`DriverError`].
    pub async fn routes(&self, query: &RouteQuery, limit: usize) -> Result<Routes, DriverError> {
        let fields = ["dst-address", "gateway", "distance", "routing-table", "active", "dynamic"];
        let mut command = print("/ip/route", fields.into_iter().chain(ORIGINS));
        if let Some(table) = &query.table {
            command = command.equal("routing-table", table);
        }
        if let Some(destination) = &query.destination {
            command = command.equal("dst-address", destination);
        }
        if query.active {
            command = command.equal("active", "true");
        }
        let mut rows = self.connection.stream(command);
        let mut routes = Vec::new();
        while let Some(row) = rows.next().await.map_err(|error| self.error(error))? {
            if routes.len() == limit {
                // Whether the router hears it or has ended by itself makes no difference.
                let _ = rows.cancel().await;
                return Ok(Routes { routes, truncated: true });
            }
            let text = |name| row.text(name).map(|text| text.into_owned());
            routes.push(Route {
                destination: text("dst-address").unwrap_or_default(),
                gateway: text("gateway"),
                distance: row.get("distance").and_then(|value| value.parse().ok()),
                table: text("routing-table"),
                active: row.flag("active"),
                dynamic: row.flag("dynamic"),
                origin: ORIGINS.into_iter().find(|flag| row.flag(flag)).map(str::to_owned),
            });
        }
        Ok(Routes { routes, truncated: false })
    }
}
