//! The record of a cluster: everything that both ends of its sessions are made from.

use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
    num::NonZeroU8,
    str::FromStr,
};

use moxxie_core::{Name, asn::AsNumber};

use crate::{Advertised, Communities, Families, GracefulRestart, Timers, plan};

/// The number of a cluster in a ClusterMesh: 1 to 255, unique in the mesh.
pub type MeshId = NonZeroU8;

/// The name of a node as Kubernetes has it: a DNS subdomain (RFC 1123) of at most 253 bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeName(String);

impl NodeName {
    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for NodeName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let good = text.len() <= 253 && text.split('.').all(|label| label.parse::<Name>().is_ok());
        let short: String = text.chars().take(80).collect();
        good.then(|| Self(text.to_owned())).ok_or_else(|| {
            format!("{short:?} is no name of a node: use labels of a-z, 0-9 and '-' with dots between them")
        })
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A node whose addresses are known: it speaks from these, so that a router can have a session for
/// exactly this node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its name in the cluster.
    pub name: NodeName,
    /// In the IPv4 node subnet; there when the cluster has IPv4.
    pub v4: Option<Ipv4Addr>,
    /// In the IPv6 node subnet; there when the cluster has IPv6.
    pub v6: Option<Ipv6Addr>,
}

/// Who gives each node its block of the pod range. Other ways of Cilium announce no pod ranges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PodBlocks {
    /// Cilium's operator.
    #[default]
    ClusterPool,
    /// Kubernetes' controller manager (Talos by default).
    Kubernetes,
}

/// Where Cilium reaches the API server when it replaces kube-proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiServer {
    /// Name or address.
    pub host: NodeName,
    /// Port, usually 6443.
    pub port: u16,
}

/// A cluster as somebody wants it; [`Draft::check`] makes a [`Cluster`] of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Its name, 1 to 32 bytes: Cilium's `cluster.name`.
    pub name: Name,
    /// Its number in a ClusterMesh.
    pub mesh_id: MeshId,
    /// Its own AS.
    pub asn: AsNumber,
    /// The routers' AS.
    pub router_asn: AsNumber,
    /// Its ranges, by family.
    pub families: Families,
    /// The most nodes it will have.
    pub max_nodes: u32,
    /// The nodes that are known. Empty when they come and go by themselves.
    pub nodes: Vec<Node>,
    /// Who hands out pod blocks.
    pub pod_blocks: PodBlocks,
    /// Set when Cilium replaces kube-proxy.
    pub api_server: Option<ApiServer>,
    /// The sessions' timers.
    pub timers: Timers,
    /// Set when routers keep routes of an agent that restarts.
    pub graceful_restart: Option<GracefulRestart>,
    /// Whether sessions have an MD5 key.
    pub md5: bool,
    /// What is announced.
    pub advertised: Advertised,
    /// What announced routes carry.
    pub communities: Communities,
}

/// One thing that is wrong with a [`Draft`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where, in the words of the API: `podCidr`, `nodes[2]`.
    pub field: String,
    /// What, and what would work.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

/// A cluster whose plan holds together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster(Draft);

impl Draft {
    /// Looks at everything that can be told from the record alone.
    ///
    /// # Errors
    /// Every [`Problem`] there is, at once.
    pub fn check(self) -> Result<Cluster, Vec<Problem>> {
        let problems = plan::problems(&self);
        if problems.is_empty() { Ok(Cluster(self)) } else { Err(problems) }
    }
}

impl Cluster {
    /// What it is made of.
    #[must_use]
    pub const fn record(&self) -> &Draft {
        &self.0
    }

    /// The name of the Secret with its MD5 key.
    #[must_use]
    pub fn secret_name(&self) -> String {
        format!("moxxie-{}-bgp", self.0.name)
    }
}
