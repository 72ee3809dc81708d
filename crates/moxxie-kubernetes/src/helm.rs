//! Values of Cilium's chart that a cluster with routed pods and BGP needs, and no others.

use ipnet::{Ipv4Net, Ipv6Net};
use serde::Serialize;

use crate::{CiliumVersion, Cluster, Families, FamilyPlan, Net, PodBlocks, Problem};

/// The namespace in which Cilium looks for MD5 keys.
pub const SECRETS_NAMESPACE: &str = "kube-system";

/// The values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HelmValues {
    cluster: ClusterValues,
    bgp_control_plane: BgpControlPlane,
    ipv4: Enabled,
    ipv6: Enabled,
    routing_mode: &'static str,
    // The node subnet is one VLAN: nodes reach each other's pods directly.
    auto_direct_node_routes: bool,
    #[serde(rename = "ipv4NativeRoutingCIDR", skip_serializing_if = "Option::is_none")]
    ipv4_native: Option<String>,
    #[serde(rename = "ipv6NativeRoutingCIDR", skip_serializing_if = "Option::is_none")]
    ipv6_native: Option<String>,
    ipam: Ipam,
    #[serde(flatten)]
    proxy: Option<ProxyReplacement>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct ClusterValues {
    name: String,
    id: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Enabled {
    enabled: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct BgpControlPlane {
    enabled: bool,
    // The chart's key; Cilium's guide calls it otherwise, and the chart would ignore that.
    secrets_namespace: SecretsNamespace,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_report: Option<Enabled>,
    #[serde(rename = "routerIDAllocation", skip_serializing_if = "Option::is_none")]
    router_id_allocation: Option<RouterIdAllocation>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct SecretsNamespace {
    create: bool,
    name: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct RouterIdAllocation {
    mode: &'static str,
    ip_pool: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Ipam {
    mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    operator: Option<Operator>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Operator {
    #[serde(rename = "clusterPoolIPv4PodCIDRList", skip_serializing_if = "Option::is_none")]
    v4: Option<[String; 1]>,
    #[serde(rename = "clusterPoolIPv4MaskSize", skip_serializing_if = "Option::is_none")]
    v4_block: Option<u8>,
    #[serde(rename = "clusterPoolIPv6PodCIDRList", skip_serializing_if = "Option::is_none")]
    v6: Option<[String; 1]>,
    #[serde(rename = "clusterPoolIPv6MaskSize", skip_serializing_if = "Option::is_none")]
    v6_block: Option<u8>,
}

/// Replacing kube-proxy needs the API server's address; what depends on it comes along or not at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct ProxyReplacement {
    kube_proxy_replacement: bool,
    k8s_service_host: String,
    k8s_service_port: u16,
    load_balancer: LoadBalancer,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct LoadBalancer {
    // The same backend after a router spreads flows anew over the nodes.
    algorithm: &'static str,
}

impl HelmValues {
    pub(crate) fn of(cluster: &Cluster, version: CiliumVersion) -> Result<Self, Problem> {
        let record = cluster.record();
        let (v4, v6) = (record.families.v4(), record.families.v6());
        Ok(Self {
            cluster: ClusterValues { name: record.name.to_string(), id: record.mesh_id.get() },
            bgp_control_plane: BgpControlPlane {
                enabled: true,
                secrets_namespace: SecretsNamespace { create: false, name: SECRETS_NAMESPACE },
                status_report: version.has_router_id_pool().then_some(Enabled { enabled: true }),
                router_id_allocation: router_ids(&record.families, version)?,
            },
            ipv4: Enabled { enabled: v4.is_some() },
            ipv6: Enabled { enabled: v6.is_some() },
            routing_mode: "native",
            auto_direct_node_routes: true,
            ipv4_native: v4.map(|plan| plan.native_routing.to_string()),
            ipv6_native: v6.map(|plan| plan.native_routing.to_string()),
            ipam: ipam(record.pod_blocks, v4, v6),
            proxy: record.api_server.as_ref().map(|server| ProxyReplacement {
                kube_proxy_replacement: true,
                k8s_service_host: server.host.to_string(),
                k8s_service_port: server.port,
                load_balancer: LoadBalancer { algorithm: "maglev" },
            }),
        })
    }
}

fn router_ids(families: &Families, version: CiliumVersion) -> Result<Option<RouterIdAllocation>, Problem> {
    let Families::V6 { router_ids, .. } = families else { return Ok(None) };
    if !version.has_router_id_pool() {
        let message = format!(
            "Cilium {version} takes a node's router id from its IPv4 address alone; use Cilium 1.18 or newer, or \
             give the cluster IPv4 too"
        );
        return Err(Problem { field: "ciliumVersion".into(), message });
    }
    Ok(Some(RouterIdAllocation { mode: "ip-pool", ip_pool: router_ids.to_string() }))
}

fn ipam(blocks: PodBlocks, v4: Option<&FamilyPlan<Ipv4Net>>, v6: Option<&FamilyPlan<Ipv6Net>>) -> Ipam {
    fn range<N: Net>(plan: &FamilyPlan<N>) -> [String; 1] {
        [plan.pods.to_string()]
    }
    match blocks {
        PodBlocks::Kubernetes => Ipam { mode: "kubernetes", operator: None },
        // Always said: the chart's own range is 10.0.0.0/8, the same in every cluster.
        PodBlocks::ClusterPool => Ipam {
            mode: "cluster-pool",
            operator: Some(Operator {
                v4: v4.map(range),
                v4_block: v4.map(|plan| plan.node_block),
                v6: v6.map(range),
                v6_block: v6.map(|plan| plan.node_block),
            }),
        },
    }
}
