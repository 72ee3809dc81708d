//! Objects with one thing wrong.

use serde_json::{Value, json};

/// A kind, what is done to a valid object of it, and what must be said about that.
type Named = (&'static str, fn(&mut Value), &'static str);

/// The traps of Cilium's objects, each as somebody would step into it.
pub(crate) const NAMED: &[Named] = &[
    // A short hold time alone: the default keepalive time is 30 s.
    (
        "CiliumBGPPeerConfig",
        |o| drop(o["spec"]["timers"].as_object_mut().unwrap().remove("keepAliveTimeSeconds")),
        "keepAliveTimeSeconds can not be larger",
    ),
    ("CiliumBGPPeerConfig", |o| o["spec"]["timers"]["holdTimeSeconds"] = json!(2), "out of range"),
    ("CiliumBGPPeerConfig", |o| o["spec"]["bfd"] = json!({"enabled": true}), "spec.bfd: unknown field"),
    ("CiliumBGPPeerConfig", |o| o["spec"]["families"][0]["afi"] = json!("ip"), "is none of"),
    (
        "CiliumBGPPeerConfig",
        |o| o["spec"]["gracefulRestart"]["restartTimeSeconds"] = json!(4096),
        "out of range",
    ),
    ("CiliumBGPPeerConfig", |o| o["spec"]["timers"]["connectRetryTime"] = json!("30s"), "unknown field"),
    (
        "CiliumBGPAdvertisement",
        |o| o["spec"]["advertisements"][0]["selector"] = json!({}),
        "selector field is not allowed",
    ),
    (
        "CiliumBGPAdvertisement",
        |o| drop(o["spec"]["advertisements"][1].as_object_mut().unwrap().remove("service")),
        "service field is required",
    ),
    (
        "CiliumBGPAdvertisement",
        |o| o["spec"]["advertisements"][0]["service"] = json!({"addresses": ["LoadBalancerIP"]}),
        "service field is not allowed",
    ),
    (
        "CiliumBGPAdvertisement",
        |o| o["spec"]["advertisements"][1]["attributes"]["communities"]["standard"] = json!(["4200000101:1"]),
        "does not match the pattern",
    ),
    (
        "CiliumBGPAdvertisement",
        |o| o["spec"]["advertisements"][1]["service"]["addresses"] = json!(["LoadBalancer"]),
        "is none of",
    ),
    ("CiliumBGPClusterConfig", |o| o["spec"]["bgpInstances"][0]["localASN"] = json!(0), "out of range"),
    (
        "CiliumBGPClusterConfig",
        |o| o["spec"]["bgpInstances"][0]["peers"][0]["peerAddress"] = json!("172.16.101.2/32"),
        "does not match the pattern",
    ),
    (
        "CiliumBGPClusterConfig",
        |o| {
            let peers = o["spec"]["bgpInstances"][0]["peers"].as_array_mut().unwrap();
            peers.push(peers[0].clone());
        },
        "duplicate",
    ),
    (
        "CiliumBGPClusterConfig",
        |o| {
            o["spec"]["bgpInstances"] =
                json!((0..17).map(|n| json!({"name": n.to_string()})).collect::<Vec<_>>())
        },
        "17 items",
    ),
    ("CiliumBGPClusterConfig", |o| o["spec"]["bgpInstances"] = json!([]), "0 items"),
    (
        "CiliumBGPClusterConfig",
        |o| o["spec"]["nodeSelector"]["matchLabels"]["moxxie/bgp"] = json!("no value!"),
        "does not match the pattern",
    ),
    ("CiliumBGPClusterConfig", |o| o["metadata"]["name"] = json!("Upper_case"), "metadata.name"),
    (
        "CiliumBGPNodeConfigOverride",
        |o| o["spec"]["bgpInstances"][0]["routerID"] = json!("fd00::1"),
        "format",
    ),
    ("CiliumLoadBalancerIPPool", |o| o["spec"]["allowFirstLastIPs"] = json!(true), "is no string"),
    ("CiliumLoadBalancerIPPool", |o| o["spec"]["cidrs"] = json!([]), "unknown field"),
    ("CiliumLoadBalancerIPPool", |o| o["spec"]["blocks"][0]["cidr"] = json!("172.20.101.0-9"), "format"),
    ("CiliumLoadBalancerIPPool", |o| o["apiVersion"] = json!("cilium.io/v1"), "no such kind"),
];

/// Every value of a wrong type, every object with a field nobody knows, one at a time.
pub(crate) fn variants(object: &Value) -> Vec<(String, Value)> {
    let mut paths = Vec::new();
    walk(&object["spec"], "/spec".to_owned(), &mut paths);
    let mut all = Vec::new();
    for path in paths {
        let old = object.pointer(&path).unwrap();
        let other = if old.is_boolean() { json!(7) } else { json!(true) };
        let mut wrong_type = object.clone();
        *wrong_type.pointer_mut(&path).unwrap() = other;
        all.push((format!("another type at {path}"), wrong_type));
        // Labels may be called anything.
        if old.is_object() && !path.ends_with("/matchLabels") {
            let mut unknown = object.clone();
            unknown.pointer_mut(&path).unwrap()["unheardOf"] = json!("x");
            all.push((format!("an unknown field at {path}"), unknown));
        }
    }
    all
}

fn walk(value: &Value, path: String, paths: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                walk(field, format!("{path}/{}", name.replace('/', "~1")), paths);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, format!("{path}/{index}"), paths);
            }
        }
        _ => {}
    }
    paths.push(path);
}
