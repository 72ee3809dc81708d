//! A cluster's record as Cilium's objects, in the order in which they are applied.

use std::{fmt::Display, net::IpAddr};

use crate::{
    CLUSTER_LABEL, CiliumVersion, Cluster, FamilyPlan, HelmValues, Manifest, NODE_LABEL, Net, Node, Problem,
    ServiceSelection,
    manifest::{
        Advertise, AdvertisementItem, AdvertisementSpec, Attributes, ClusterConfigSpec, FamilySpec,
        GracefulRestartSpec, Instance, Metadata, Object, OverrideInstance, OverridePeer, OverrideSpec, Peer,
        PeerConfigSpec, PoolBlock, PoolSpec, Reference, Selector, ServiceSpec, TimersSpec,
    },
};

/// The one BGP instance on each node. Its name ties overrides to the cluster configuration.
const INSTANCE: &str = "moxxie";

/// Everything for the cluster's side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// For whom.
    pub version: CiliumVersion,
    /// The cluster's name.
    pub cluster: String,
    /// The Secret that is expected to be there, when sessions have an MD5 key.
    pub secret: Option<String>,
    /// Values of Cilium's chart, installed first: Cilium's operator makes the kinds of the objects.
    pub helm: HelmValues,
    /// The objects in apply order: what others refer to comes before them, so that no session starts
    /// half configured. Removal is the reverse.
    pub manifests: Vec<Manifest>,
}

impl Output {
    /// Makes it.
    ///
    /// # Errors
    /// A [`Problem`] when this version of Cilium cannot do what the record says.
    pub fn of(cluster: &Cluster, version: CiliumVersion) -> Result<Self, Problem> {
        let helm = HelmValues::of(cluster, version)?;
        let record = cluster.record();
        let make = Make { cluster, version };
        let mut manifests = Vec::new();
        if record.families.v4().is_some() {
            manifests.push(make.peer_config::<ipnet::Ipv4Net>());
        }
        if record.families.v6().is_some() {
            manifests.push(make.peer_config::<ipnet::Ipv6Net>());
        }
        manifests.push(make.advertisement());
        manifests.push(make.pool());
        manifests.extend(record.nodes.iter().map(|node| make.node(node)));
        manifests.push(make.cluster_config());
        let secret = record.md5.then(|| cluster.secret_name());
        Ok(Self { version, cluster: record.name.to_string(), secret, helm, manifests })
    }
}

struct Make<'a> {
    cluster: &'a Cluster,
    version: CiliumVersion,
}

impl Make<'_> {
    fn object<S>(&self, kind: &'static str, name: String, spec: S) -> Object<S> {
        let metadata = Metadata::new(self.cluster, name);
        Object { api_version: self.version.api().as_str(), kind, metadata, spec }
    }

    fn name(&self) -> String {
        format!("moxxie-{}", self.cluster.record().name)
    }

    fn peer_config_name<N: Net>(&self) -> String {
        format!("{}-{}", self.name(), N::AFI)
    }

    /// One for each family: its sessions announce that family alone.
    fn peer_config<N: Net>(&self) -> Manifest {
        let record = self.cluster.record();
        let spec = PeerConfigSpec {
            auth_secret_ref: record.md5.then(|| self.cluster.secret_name()),
            timers: TimersSpec {
                connect_retry_time_seconds: record.timers.retry_s(),
                hold_time_seconds: record.timers.hold_s(),
                keep_alive_time_seconds: record.timers.keepalive_s(),
            },
            graceful_restart: record.graceful_restart.map(|restart| GracefulRestartSpec {
                enabled: true,
                restart_time_seconds: restart.restart_s(),
            }),
            families: [FamilySpec {
                afi: N::AFI,
                safi: "unicast",
                advertisements: Selector::label(CLUSTER_LABEL, record.name.as_str()),
            }],
        };
        Manifest::PeerConfig(self.object("CiliumBGPPeerConfig", self.peer_config_name::<N>(), spec))
    }

    fn advertisement(&self) -> Manifest {
        let record = self.cluster.record();
        let attributes =
            (!record.communities.is_empty()).then(|| Attributes { communities: record.communities.clone() });
        let selector = match &record.advertised.services {
            ServiceSelection::All => Selector::everything(),
            ServiceSelection::Labelled { key, value } => Selector::label(key.as_str(), value.as_str()),
        };
        let pods = record.advertised.pods.then_some(Advertise::PodCidr);
        let service = ServiceSpec { addresses: ["LoadBalancerIP"] };
        let both = pods.into_iter().chain([Advertise::Service { service, selector }]);
        let advertisements =
            both.map(|what| AdvertisementItem { what, attributes: attributes.clone() }).collect();
        let spec = AdvertisementSpec { advertisements };
        Manifest::Advertisement(self.object("CiliumBGPAdvertisement", self.name(), spec))
    }

    /// First and last addresses are given out too: the range is routed, nobody uses it as a subnet.
    fn pool(&self) -> Manifest {
        let families = &self.cluster.record().families;
        let v4 = families.v4().into_iter().flat_map(blocks);
        let blocks = v4.chain(families.v6().into_iter().flat_map(blocks)).collect();
        let spec = PoolSpec { allow_first_last_ips: "Yes", blocks };
        Manifest::LoadBalancerIPPool(self.object("CiliumLoadBalancerIPPool", self.name(), spec))
    }

    /// A known node speaks from its recorded addresses; its IPv4 address is its router id.
    fn node(&self, node: &Node) -> Manifest {
        let families = &self.cluster.record().families;
        let v4 = families.v4().zip(node.v4).map(|(plan, from)| local(plan, from.into()));
        let v6 = families.v6().zip(node.v6).map(|(plan, from)| local(plan, from.into()));
        let peers = v4.into_iter().flatten().chain(v6.into_iter().flatten()).collect();
        let router_id = node.v4.map(|address| address.to_string());
        let instance = OverrideInstance { name: INSTANCE.to_owned(), router_id, peers };
        let spec = OverrideSpec { bgp_instances: [instance] };
        let name = node.name.to_string();
        Manifest::NodeConfigOverride(self.object("CiliumBGPNodeConfigOverride", name, spec))
    }

    fn cluster_config(&self) -> Manifest {
        let record = self.cluster.record();
        let mut peers = Vec::new();
        if let Some(plan) = record.families.v4() {
            self.peers(plan, &mut peers);
        }
        if let Some(plan) = record.families.v6() {
            self.peers(plan, &mut peers);
        }
        let instance = Instance { name: INSTANCE.to_owned(), local_asn: record.asn.get(), peers };
        let node_selector = Selector::label(NODE_LABEL, record.name.as_str());
        let spec = ClusterConfigSpec { node_selector, bgp_instances: [instance] };
        Manifest::ClusterConfig(self.object("CiliumBGPClusterConfig", self.name(), spec))
    }

    fn peers<N: Net>(&self, plan: &FamilyPlan<N>, peers: &mut Vec<Peer>) {
        let asn = self.cluster.record().router_asn.get();
        peers.extend(plan.routers.iter().map(|router| Peer {
            name: peer_name::<N>(&router.name),
            peer_asn: asn,
            peer_address: router.address.to_string(),
            peer_config_ref: Reference { name: self.peer_config_name::<N>() },
        }));
    }
}

fn peer_name<N: Net>(router: &impl Display) -> String {
    format!("{router}-{}", N::AFI)
}

fn blocks<N: Net>(plan: &FamilyPlan<N>) -> impl Iterator<Item = PoolBlock> {
    plan.load_balancers.iter().map(|range| PoolBlock { cidr: range.to_string() })
}

fn local<N: Net>(plan: &FamilyPlan<N>, from: IpAddr) -> impl Iterator<Item = OverridePeer> {
    plan.routers.iter().map(move |router| OverridePeer {
        name: peer_name::<N>(&router.name),
        local_address: from.to_string(),
    })
}
