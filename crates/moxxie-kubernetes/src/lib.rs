//! The cluster's side of its BGP sessions: Cilium's objects and Helm values from one record.
//!
//! Pure: no input, no output, no clock. A [`Cluster`] exists only when its plan holds together
//! ([`Draft::check`] names everything that does not), and what is made of it ([`Output::of`]) depends on
//! the record and the [`CiliumVersion`] alone.
//!
//! What Cilium would take and not do as meant cannot be said here: the keepalive time comes from the hold
//! time, families always select advertisements and these always select services, the dial is retried
//! within seconds, each address family has a session of its own, and there is no BFD, which Cilium does
//! not speak.

mod cilium;
mod cluster;
mod export;
mod family;
mod helm;
mod kustomize;
mod manifest;
mod plan;
mod session;
mod version;

pub use cilium::Output;
pub use cluster::{ApiServer, Cluster, Draft, MeshId, Node, NodeName, PodBlocks, Problem};
pub use export::ExportError;
pub use family::{Families, FamilyPlan, Net, Router};
pub use helm::{HelmValues, SECRETS_NAMESPACE};
pub use kustomize::File;
pub use manifest::{MANAGED_BY, Manifest, SecretManifest};
pub use session::{
    Advertised, Communities, GracefulRestart, LargeCommunity, Md5Key, ServiceSelection, SessionError,
    StandardCommunity, Timers,
};
pub use version::{Api, CiliumVersion, VersionError};

/// The label by which a node is taken into BGP, and out of it before it is shut down. Its value is the
/// cluster's name.
pub const NODE_LABEL: &str = "moxxie/bgp";

/// The label of everything made for a cluster; its value is the cluster's name. Advertisements are
/// selected by it.
pub const CLUSTER_LABEL: &str = "moxxie/cluster";
