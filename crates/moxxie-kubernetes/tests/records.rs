//! What is refused of a record, and what is written of a good one, to the letter.
#![allow(clippy::unwrap_used, reason = "helpers of tests, too, fail by panicking")]

#[allow(dead_code, reason = "shared with the check against the definitions")]
#[path = "crds/matrix.rs"]
mod matrix;

use moxxie_core::asn::AsNumber;
use moxxie_kubernetes::{Draft, Families, Md5Key, Output, SecretManifest};

/// The fields and messages of what is wrong after a change to a good record.
fn refused(change: impl FnOnce(&mut Draft)) -> String {
    let mut draft = matrix::draft();
    change(&mut draft);
    let problems = draft.check().unwrap_err();
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn v4(draft: &mut Draft) -> &mut moxxie_kubernetes::FamilyPlan<ipnet::Ipv4Net> {
    match &mut draft.families {
        Families::V4(plan) | Families::Dual(plan, _) => plan,
        Families::V6 { .. } => panic!("no IPv4"),
    }
}

fn v6(draft: &mut Draft) -> &mut moxxie_kubernetes::FamilyPlan<ipnet::Ipv6Net> {
    match &mut draft.families {
        Families::V6 { plan, .. } | Families::Dual(_, plan) => plan,
        Families::V4(_) => panic!("no IPv6"),
    }
}

#[test]
fn a_plan_that_does_not_hold_is_refused_with_its_reason() {
    type Case = (fn(&mut Draft), &'static str);
    let cases: [Case; 24] = [
        (
            |d| v4(d).pods = "172.16.0.0/16".parse().unwrap(),
            "podCidr: 172.16.0.0/16 overlaps nodeCidr 172.16.101.0/24",
        ),
        (
            |d| v4(d).load_balancers[0] = "172.16.101.128/25".parse().unwrap(),
            "loadBalancerCidr: 172.16.101.128/25 overlaps",
        ),
        (|d| v4(d).load_balancers[1] = v4(d).load_balancers[0], "overlaps loadBalancerCidr"),
        (|d| v4(d).services = "172.17.0.0/20".parse().unwrap(), "container runtimes"),
        (|d| v4(d).services = "10.16.0.0/11".parse().unwrap(), "wider than /12"),
        (|d| v6(d).services = "fd00:101:2::/64".parse().unwrap(), "wider than /108"),
        (|d| v4(d).pods = "10.101.0.1/16".parse().unwrap(), "has host bits; write 10.101.0.0/16"),
        (|d| v4(d).pods = "10.101.0.0/17".parse().unwrap(), "has 128 blocks of /24 for 200 nodes"),
        (|d| v4(d).node_block = 8, "podBlockLength"),
        (|d| v4(d).node_block = 31, "podBlockLength"),
        (|d| v6(d).node_block = 80, "podBlockLength: a block of /80 in fd00:101:1::/56: use /56 to /72"),
        (
            |d| v4(d).nodes = "172.16.101.0/25".parse().unwrap(),
            "nodeCidr: 172.16.101.0/25 has no room for 200 nodes",
        ),
        (|d| v4(d).native_routing = "10.102.0.0/16".parse().unwrap(), "nativeRoutingCidr"),
        (|d| v4(d).load_balancers.clear(), "loadBalancerCidr: a cluster without one"),
        (|d| v4(d).routers.clear(), "routers: ipv4 has no router"),
        (|d| v4(d).routers[0].address = "172.16.102.2".parse().unwrap(), "no address of the node subnet"),
        (|d| v4(d).routers[1].address = v4(d).routers[0].address, "is there twice"),
        (|d| d.asn = AsNumber::new(65_001).unwrap(), "asn: AS 65001 is the routers' own"),
        (|d| d.name = "default".parse().unwrap(), "name: Cilium takes"),
        (|d| d.name = "a".repeat(33).parse().unwrap(), "at most 32 characters"),
        (
            |d| d.nodes[0].v6 = None,
            "nodes[0]: node-1.example.net has no address in the node subnet fd00:101::/64",
        ),
        (|d| d.nodes[1].v4 = d.nodes[0].v4, "which another node or a router has"),
        (|d| d.nodes[1].v4 = Some("172.16.101.2".parse().unwrap()), "which another node or a router has"),
        (|d| d.max_nodes = 1, "2 nodes, and at most 1 are planned for"),
    ];
    for (change, expected) in cases {
        let problems = refused(change);
        assert!(problems.contains(expected), "expected {expected:?} in:\n{problems}");
    }
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let problems = refused(|draft| {
        draft.asn = draft.router_asn;
        v4(draft).routers.clear();
        v6(draft).node_block = 1;
    });
    assert_eq!(problems.lines().count(), 3, "{problems}");
}

#[test]
fn the_key_is_in_the_secret_alone() {
    let cluster = matrix::full();
    let output = Output::of(&cluster, "1.19".parse().unwrap()).unwrap();
    let key = Md5Key::new("planted0md5key".to_owned().into()).unwrap();
    let secret = SecretManifest::new(&cluster, key);
    assert!(!format!("{secret:?}").contains("planted"));
    let text = secret.yaml().unwrap();
    let read: serde_json::Value = serde_saphyr::from_str(&text).unwrap();
    assert_eq!(read["stringData"]["password"], "planted0md5key");
    assert_eq!(read["metadata"]["name"], output.secret.clone().unwrap());
    assert_eq!(read["metadata"]["namespace"], "kube-system");
    assert!(output.yaml().unwrap().contains("authSecretRef: moxxie-c101-bgp"));
}

#[test]
fn what_others_refer_to_comes_first() {
    let output = Output::of(&matrix::full(), "1.18".parse().unwrap()).unwrap();
    let order: Vec<_> = output.manifests.iter().map(|manifest| manifest.identity()).collect();
    assert_eq!(
        order,
        [
            ("CiliumBGPPeerConfig", "moxxie-c101-ipv4"),
            ("CiliumBGPPeerConfig", "moxxie-c101-ipv6"),
            ("CiliumBGPAdvertisement", "moxxie-c101"),
            ("CiliumLoadBalancerIPPool", "moxxie-c101"),
            ("CiliumBGPNodeConfigOverride", "node-1.example.net"),
            ("CiliumBGPNodeConfigOverride", "node-2.example.net"),
            ("CiliumBGPClusterConfig", "moxxie-c101"),
        ]
    );
}

#[test]
fn a_kustomization_names_exactly_the_files_beside_it() {
    let files = Output::of(&matrix::full(), "1.20".parse().unwrap()).unwrap().kustomize().unwrap();
    let file = |path: &str| -> serde_json::Value {
        serde_saphyr::from_str(&files.iter().find(|file| file.path == path).unwrap().content).unwrap()
    };
    let named: Vec<String> = file("base/c101/kustomization.yaml")["resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| format!("base/c101/{}", name.as_str().unwrap()))
        .collect();
    let there: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(named, there[..there.len() - 2]);
    assert_eq!(there[there.len() - 1], "overlays/c101/kustomization.yaml");
    let overlay = file("overlays/c101/kustomization.yaml");
    assert_eq!(overlay["resources"][0], "../../base/c101");
    assert_eq!(overlay["secretGenerator"][0]["files"][0], "password");
    assert_eq!(overlay["generatorOptions"]["disableNameSuffixHash"], true);
}

/// Words that YAML 1.1, which Kubernetes' tools still read, takes for something else are quoted.
#[test]
fn text_stays_text() {
    let mut draft = matrix::draft();
    draft.name = "on".parse().unwrap();
    let cluster = draft.check().unwrap();
    let output = Output::of(&cluster, "1.20".parse().unwrap()).unwrap();
    let text = output.yaml().unwrap() + &output.helm.yaml().unwrap();
    for expected in [
        "allowFirstLastIPs: \"Yes\"",
        "moxxie/cluster: \"on\"",
        "- 4200000101:1:101",
        "name: \"on\"\n",
        "peerASN: 65001",
    ] {
        assert!(text.contains(expected), "{expected} in:\n{text}");
    }
}

#[test]
fn values_of_the_chart() {
    let output = Output::of(&matrix::full(), "1.18".parse().unwrap()).unwrap();
    let helm = serde_json::to_value(&output.helm).unwrap();
    for (pointer, expected) in [
        ("/bgpControlPlane/enabled", serde_json::json!(true)),
        ("/bgpControlPlane/secretsNamespace/name", "kube-system".into()),
        ("/routingMode", "native".into()),
        ("/ipv4NativeRoutingCIDR", "10.0.0.0/8".into()),
        ("/ipv6NativeRoutingCIDR", "fd00:101:1::/56".into()),
        ("/ipam/operator/clusterPoolIPv4PodCIDRList", serde_json::json!(["10.101.0.0/16"])),
        ("/ipam/operator/clusterPoolIPv4MaskSize", 24.into()),
        ("/ipam/operator/clusterPoolIPv6MaskSize", 64.into()),
        ("/cluster/id", 101.into()),
        ("/k8sServiceHost", "api.c101.example.net".into()),
        ("/loadBalancer/algorithm", "maglev".into()),
    ] {
        assert_eq!(helm.pointer(pointer), Some(&expected), "{pointer}");
    }
}
