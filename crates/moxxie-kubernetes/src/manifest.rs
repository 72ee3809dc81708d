//! Objects as the API server gets them: only the fields that are used here, named as the schemas do.
//!
//! Schemas: Cilium's CustomResourceDefinitions of 1.18 to 1.20, `cilium.io/v2` and `v2alpha1`. A test
//! holds everything made here against them.

use std::{collections::BTreeMap, fmt};

use serde::{Serialize, Serializer};

use crate::{CLUSTER_LABEL, Cluster, Communities, Md5Key, helm::SECRETS_NAMESPACE};

/// The value of `app.kubernetes.io/managed-by` on everything made here.
pub const MANAGED_BY: &str = "moxxie";

pub(crate) type Labels = BTreeMap<&'static str, String>;

/// One object. There is none for a Secret: see [`SecretManifest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Manifest {
    /// How sessions are held.
    PeerConfig(Object<PeerConfigSpec>),
    /// What is announced.
    Advertisement(Object<AdvertisementSpec>),
    /// What load balancer services get.
    LoadBalancerIPPool(Object<PoolSpec>),
    /// From where one node speaks.
    NodeConfigOverride(Object<OverrideSpec>),
    /// Who speaks to whom.
    ClusterConfig(Object<ClusterConfigSpec>),
}

impl Manifest {
    /// Kind and name.
    #[must_use]
    pub fn identity(&self) -> (&'static str, &str) {
        match self {
            Self::PeerConfig(o) => (o.kind, &o.metadata.name),
            Self::Advertisement(o) => (o.kind, &o.metadata.name),
            Self::LoadBalancerIPPool(o) => (o.kind, &o.metadata.name),
            Self::NodeConfigOverride(o) => (o.kind, &o.metadata.name),
            Self::ClusterConfig(o) => (o.kind, &o.metadata.name),
        }
    }
}

/// What all objects have in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Object<S> {
    pub(crate) api_version: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) metadata: Metadata,
    pub(crate) spec: S,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Metadata {
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) namespace: Option<&'static str>,
    pub(crate) labels: Labels,
}

impl Metadata {
    pub(crate) fn new(cluster: &Cluster, name: String) -> Self {
        let labels = Labels::from([
            ("app.kubernetes.io/managed-by", MANAGED_BY.to_owned()),
            (CLUSTER_LABEL, cluster.record().name.to_string()),
        ]);
        Self { name, namespace: None, labels }
    }
}

/// Selects by labels or by an expression; an empty one cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Selector {
    MatchLabels(BTreeMap<String, String>),
    MatchExpressions([Expression; 1]),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Expression {
    pub(crate) key: &'static str,
    pub(crate) operator: &'static str,
    pub(crate) values: [&'static str; 1],
}

impl Selector {
    pub(crate) fn label(key: &str, value: &str) -> Self {
        Self::MatchLabels(BTreeMap::from([(key.to_owned(), value.to_owned())]))
    }

    /// Everything: an absent selector selects nothing, so it is said as "not with a label nobody has".
    pub(crate) const fn everything() -> Self {
        Self::MatchExpressions([Expression { key: "moxxie/none", operator: "NotIn", values: ["none"] }])
    }
}

/// `CiliumBGPPeerConfig.spec`
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PeerConfigSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) auth_secret_ref: Option<String>,
    pub(crate) timers: TimersSpec,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) graceful_restart: Option<GracefulRestartSpec>,
    pub(crate) families: [FamilySpec; 1],
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TimersSpec {
    pub(crate) connect_retry_time_seconds: u8,
    pub(crate) hold_time_seconds: u16,
    pub(crate) keep_alive_time_seconds: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GracefulRestartSpec {
    pub(crate) enabled: bool,
    pub(crate) restart_time_seconds: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct FamilySpec {
    pub(crate) afi: &'static str,
    pub(crate) safi: &'static str,
    pub(crate) advertisements: Selector,
}

/// `CiliumBGPAdvertisement.spec`
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AdvertisementSpec {
    pub(crate) advertisements: Vec<AdvertisementItem>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AdvertisementItem {
    #[serde(flatten)]
    pub(crate) what: Advertise,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) attributes: Option<Attributes>,
}

/// The type with exactly what belongs to it: services with a selector, pods without.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "advertisementType")]
pub(crate) enum Advertise {
    #[serde(rename = "PodCIDR")]
    PodCidr,
    Service {
        service: ServiceSpec,
        selector: Selector,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct ServiceSpec {
    pub(crate) addresses: [&'static str; 1],
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Attributes {
    pub(crate) communities: Communities,
}

/// `CiliumLoadBalancerIPPool.spec`
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PoolSpec {
    #[serde(rename = "allowFirstLastIPs")]
    pub(crate) allow_first_last_ips: &'static str,
    pub(crate) blocks: Vec<PoolBlock>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct PoolBlock {
    pub(crate) cidr: String,
}

/// `CiliumBGPNodeConfigOverride.spec`
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OverrideSpec {
    pub(crate) bgp_instances: [OverrideInstance; 1],
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OverrideInstance {
    pub(crate) name: String,
    #[serde(rename = "routerID", skip_serializing_if = "Option::is_none")]
    pub(crate) router_id: Option<String>,
    pub(crate) peers: Vec<OverridePeer>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OverridePeer {
    pub(crate) name: String,
    pub(crate) local_address: String,
}

/// `CiliumBGPClusterConfig.spec`
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterConfigSpec {
    pub(crate) node_selector: Selector,
    pub(crate) bgp_instances: [Instance; 1],
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Instance {
    pub(crate) name: String,
    #[serde(rename = "localASN")]
    pub(crate) local_asn: u32,
    pub(crate) peers: Vec<Peer>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Peer {
    pub(crate) name: String,
    #[serde(rename = "peerASN")]
    pub(crate) peer_asn: u32,
    pub(crate) peer_address: String,
    pub(crate) peer_config_ref: Reference,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Reference {
    pub(crate) name: String,
}

/// The Secret with the MD5 key. It is made on demand and is part of no other output.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretManifest {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata,
    r#type: &'static str,
    #[serde(serialize_with = "shown")]
    string_data: Md5Key,
}

impl SecretManifest {
    /// The Secret of a cluster.
    #[must_use]
    pub fn new(cluster: &Cluster, key: Md5Key) -> Self {
        let mut metadata = Metadata::new(cluster, cluster.secret_name());
        metadata.namespace = Some(SECRETS_NAMESPACE);
        Self { api_version: "v1", kind: "Secret", metadata, r#type: "Opaque", string_data: key }
    }
}

/// Here and nowhere else the key is written out; Cilium reads it from `password`.
fn shown<S: Serializer>(key: &Md5Key, serializer: S) -> Result<S::Ok, S::Error> {
    BTreeMap::from([("password", key.expose())]).serialize(serializer)
}

impl fmt::Debug for SecretManifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretManifest").field("name", &self.metadata.name).finish_non_exhaustive()
    }
}
