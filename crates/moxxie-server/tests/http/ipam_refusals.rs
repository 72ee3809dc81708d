//! What cannot be had of addresses, prefixes, VLAN ids and AS numbers: status, code, a text that names the field or
//! the thing in the way and what would work, nothing half done, and the attempt in the audit trail.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::Server;

const POST: Method = Method::POST;
const PATCH: Method = Method::PATCH;
const DELETE: Method = Method::DELETE;

/// A refusal: what is asked, status and code, the field that is named (empty: none), words of the text.
type Case = (Method, &'static str, Value, u16, &'static str, &'static str, &'static str);

/// A site with a little of everything. Returns the network's path.
pub(crate) async fn stock() -> (Server, String) {
    let server = Server::start().await.with_site().await;
    let made = async |path: &str, body: Value| {
        let reply = server.post(&format!("/api/v1/{path}"), body).await;
        assert_eq!(reply.status, StatusCode::CREATED, "{path}: {}", reply.body);
        reply.json()
    };
    made("vrfs", json!({"name": "lab"})).await;
    made("containers", json!({"name": "private", "prefix": "172.16.0.0/12"})).await;
    made("containers", json!({"name": "other", "prefix": "192.168.0.0/16"})).await;
    made("pools", json!({"name": "lab-main", "vrf": "lab", "prefix": "10.0.0.0/16"})).await;
    made("pools", json!({"name": "six", "prefix": "2001:db8::/48"})).await;
    made("asn-ranges", json!({"name": "low", "range": "64512-64514", "datacenter": "dc2"})).await;
    let kept = json!({"name": "kept", "range": "4200000000-4200000001", "clientId": "acme"});
    made("asn-ranges", kept).await;
    made("asns", json!({"asn": 64_512})).await;
    made("datacenters/dc2/vlans", json!({"vlanId": 150, "status": "reserved", "purpose": "storage"})).await;
    let order = json!({"clientId": "acme", "datacenter": "dc2", "size": "/28", "name": "web"});
    let network = made("networks/allocate", order).await;
    assert_eq!((&network["subnet"], &network["vlanId"]), (&json!("172.20.0.0/28"), &json!(100)));
    let network = format!("networks/{}", network["networkId"].as_str().unwrap());
    made(&format!("{network}/ips"), json!({"address": "172.20.0.4", "hostname": "db"})).await;
    let range = json!({"type": "reserved", "first": "172.20.0.10", "last": "172.20.0.11"});
    made(&format!("{network}/ranges"), range).await;
    for (prefix, status) in
        [("172.20.1.0/24", "assigned"), ("172.20.2.0/24", "held"), ("172.20.3.0/24", "reserved")]
    {
        made("prefixes", json!({"prefix": prefix, "status": status})).await;
    }
    made("prefixes", json!({"prefix": "172.20.4.0/24"})).await;
    let quarantine = Some(json!({"quarantineSeconds": 3600}));
    assert_eq!(server.admin(PATCH, "/api/v1/pools/dc2-main", quarantine).await.status, StatusCode::OK);
    let released = server.admin(DELETE, "/api/v1/prefixes/172.20.4.0%2F24", None).await;
    assert_eq!(released.status, StatusCode::NO_CONTENT);
    (server, network)
}

/// Everything there is, as its lists show it.
pub(crate) async fn state(server: &Server, network: &str) -> Vec<String> {
    let mut all = Vec::new();
    for path in [
        "vrfs",
        "containers",
        "pools",
        "prefixes",
        "prefixes?vrf=lab",
        "prefixes/tree",
        "asn-ranges",
        "asns",
        "datacenters/dc2/vlans",
        "networks",
        "tenants",
        network,
        &format!("{network}/ips"),
        &format!("{network}/ranges"),
    ] {
        let reply = server.get(&format!("/api/v1/{path}")).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}: {}", reply.body);
        all.push(reply.body);
    }
    all
}

async fn all_refused(cases: Vec<Case>) {
    let (server, network) = stock().await;
    let before = state(&server, &network).await;
    let mut wrong = Vec::new();
    let count = cases.len();
    for (method, path, body, status, code, field, words) in cases {
        let path = path.replace("NETWORK", &network);
        let body = (!body.is_null()).then_some(body);
        let reply = server.admin(method.clone(), &format!("/api/v1/{path}"), body.clone()).await;
        let said = format!("{method} {path} {}: {}", body.unwrap_or_default(), reply.body);
        if reply.status.is_success() {
            wrong.push(said);
            continue;
        }
        let problem = reply.problem();
        let named = field.is_empty() || problem.errors.iter().any(|error| error.field == field);
        let text = format!("{} {:?}", problem.detail, problem.errors);
        if (problem.status, problem.code.as_str()) != (status, code) || !named || !text.contains(words) {
            wrong.push(said);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(state(&server, &network).await, before, "nothing was done");
    let trail = server.get("/api/v1/audit?outcome=refused&limit=1000").await.json();
    assert_eq!(trail["items"].as_array().unwrap().len(), count, "each attempt is in the trail");
}

#[tokio::test]
async fn vrfs_containers_and_pools() {
    all_refused(vec![
        (POST, "vrfs", json!({"name": "lab"}), 409, "name_taken", "", "choose another name"),
        (POST, "vrfs", json!({"name": "Lab!"}), 422, "validation", "name", "a-z"),
        (POST, "vrfs", json!({"name": "x", "size": 1}), 422, "validation", "size", "no such field"),
        (PATCH, "vrfs/lab", json!({}), 422, "validation", "", "nothing to change is named"),
        (PATCH, "vrfs/main", json!({"name": "x"}), 422, "validation", "name", "keeps its name"),
        (PATCH, "vrfs/none", json!({"description": "x"}), 404, "not_found", "", "VRF"),
        (DELETE, "vrfs/lab", Value::Null, 409, "in_use", "", "pool lab-main"),
        (DELETE, "vrfs/main", Value::Null, 409, "in_use", "", "stays"),
        (DELETE, "vrfs/none", Value::Null, 404, "not_found", "", "VRF"),
        (
            POST,
            "containers",
            json!({"name": "x", "prefix": "172.16.0.0/12"}),
            409,
            "container_taken",
            "",
            "already",
        ),
        (
            POST,
            "containers",
            json!({"name": "x", "prefix": "172.20.9.0/24"}),
            409,
            "inside_pool",
            "",
            "dc2-main",
        ),
        (
            POST,
            "containers",
            json!({"name": "private", "prefix": "10.0.0.0/8"}),
            409,
            "name_taken",
            "",
            "another name",
        ),
        (
            POST,
            "containers",
            json!({"name": "x", "prefix": "10.0.0.1/8"}),
            422,
            "validation",
            "prefix",
            "10.0.0.0/8",
        ),
        (
            POST,
            "containers",
            json!({"name": "x", "prefix": "10.0.0.0/8", "vrf": "no"}),
            422,
            "validation",
            "vrf",
            "lab",
        ),
        (PATCH, "containers/private", json!({"datacenter": "dc9"}), 422, "validation", "datacenter", "dc9"),
        (PATCH, "containers/private", json!({}), 422, "validation", "", "nothing to change is named"),
        (DELETE, "containers/none", Value::Null, 404, "not_found", "", "container"),
        (POST, "pools", json!({"name": "x", "prefix": "172.20.0.0/17"}), 409, "pool_overlap", "", "dc2-main"),
        (POST, "pools", json!({"name": "x", "prefix": "192.0.0.0/8"}), 409, "container_inside", "", "other"),
        (
            POST,
            "pools",
            json!({"name": "six", "prefix": "10.0.0.0/8"}),
            409,
            "name_taken",
            "",
            "another name",
        ),
        (
            POST,
            "pools",
            json!({"name": "x", "prefix": "10.0.0.0/8", "policy": "any"}),
            422,
            "validation",
            "policy",
            "best_fit",
        ),
        (
            POST,
            "pools",
            json!({"name": "x", "prefix": "10.0.0.0/8", "quarantineSeconds": -1}),
            422,
            "validation",
            "quarantineSeconds",
            "0 to",
        ),
        (
            PATCH,
            "pools/six",
            json!({"quarantineSeconds": 1_000_000_000}),
            422,
            "validation",
            "quarantineSeconds",
            "0 to",
        ),
        (PATCH, "pools/six", json!({"name": "dc2-main"}), 409, "name_taken", "", "another name"),
        (
            POST,
            "pools/dc2-main/resize",
            json!({"prefix": "172.20.128.0/17"}),
            409,
            "in_use",
            "",
            "172.20.0.0/28",
        ),
        (POST, "pools/dc2-main/resize", json!({"size": "/16"}), 422, "validation", "size", "already"),
        (POST, "pools/dc2-main/resize", json!({}), 422, "validation", "size", "either a size or"),
        (POST, "pools/none/resize", json!({"size": "/16"}), 404, "not_found", "", "pool"),
        (
            POST,
            "pools/dc2-main/split",
            json!({"prefix": "172.20.0.0/29"}),
            409,
            "in_use",
            "",
            "172.20.0.0/28",
        ),
        (
            POST,
            "pools/dc2-main/split",
            json!({"prefix": "10.0.0.0/24"}),
            422,
            "validation",
            "prefix",
            "no part of",
        ),
        (POST, "pools/dc2-main/split", json!({"size": "/30"}), 422, "validation", "size", "parts at once"),
        (POST, "pools/dc2-main/split", json!({"size": "/15"}), 422, "validation", "size", "more than 16"),
        (POST, "pools/dc2-main/split", json!({}), 422, "validation", "size", ""),
        (POST, "pools/dc2-main/merge", json!({"with": ["lab-main"]}), 422, "validation", "with", "VRF"),
        (POST, "pools/dc2-main/merge", json!({"with": []}), 422, "validation", "with", ""),
        (POST, "pools/dc2-main/merge", json!({"with": ["none"]}), 422, "validation", "with[0]", "none"),
        (DELETE, "pools/dc2-main", Value::Null, 409, "in_use", "", "172.20.0.0/28"),
    ])
    .await;
}

#[tokio::test]
async fn prefixes() {
    let free = "prefixes/172.20.9.0%2F24";
    let assigned = "prefixes/172.20.1.0%2F24";
    let held = "prefixes/172.20.2.0%2F24";
    let quarantined = "prefixes/172.20.4.0%2F24";
    let networks = "prefixes/172.20.0.0%2F28";
    let at = |path: &str, end: &str| -> &'static str { Box::leak(format!("{path}{end}").into_boxed_str()) };
    let bulk = json!({"items": [{"prefix": "172.20.7.0/24"}, {"prefix": "172.20.1.0/25"}, {"size": "/12", "pool": "dc2-main"}]});
    all_refused(vec![
        (POST, "prefixes", json!({}), 422, "validation", "size", ""),
        (POST, "prefixes", json!({"size": "/24"}), 422, "validation", "pool", "datacenter"),
        (
            POST,
            "prefixes",
            json!({"size": "/24", "prefix": "172.20.8.0/24", "pool": "dc2-main"}),
            422,
            "validation",
            "size",
            "",
        ),
        (
            POST,
            "prefixes",
            json!({"size": "big", "pool": "dc2-main"}),
            422,
            "validation",
            "size",
            "prefix length",
        ),
        (POST, "prefixes", json!({"size": "/24", "pool": "none"}), 422, "validation", "pool", "none"),
        (POST, "prefixes", json!({"prefix": "172.20.1.0/25"}), 409, "prefix_taken", "", "172.20.1.0/24"),
        (POST, "prefixes", json!({"prefix": "172.20.1.1/25"}), 422, "validation", "prefix", "172.20.1.0/25"),
        (POST, "prefixes", json!({"prefix": "192.168.0.0/24"}), 422, "validation", "prefix", "no pool"),
        (
            POST,
            "prefixes",
            json!({"size": "/12", "pool": "dc2-main"}),
            409,
            "exhausted",
            "",
            "dc2-main (172.20.0.0/16) has a /17 left",
        ),
        (
            POST,
            "prefixes",
            json!({"size": "/24", "pool": "dc2-main", "size6": "/20", "pool6": "six"}),
            409,
            "exhausted",
            "",
            "six",
        ),
        (
            POST,
            "prefixes",
            json!({"size": "/24", "pool": "dc2-main", "status": "gone"}),
            422,
            "validation",
            "status",
            "assigned, held or reserved",
        ),
        (
            POST,
            "prefixes",
            json!({"size": "/24", "pool": "dc2-main", "status": "quarantined"}),
            422,
            "validation",
            "status",
            "release",
        ),
        (
            POST,
            "prefixes",
            json!({"size": "/24", "pool": "dc2-main", "status": "reserved", "holdSeconds": 5}),
            422,
            "validation",
            "holdSeconds",
            "status held",
        ),
        (
            POST,
            "prefixes",
            json!({"size": "/24", "pool": "dc2-main", "holdSeconds": 0}),
            422,
            "validation",
            "holdSeconds",
            "1 to",
        ),
        (
            POST,
            "prefixes",
            json!({"size": "/24", "pool": "dc2-main", "holdFor": "1h"}),
            422,
            "validation",
            "holdFor",
            "no such field",
        ),
        (
            POST,
            "prefixes",
            json!({"size": "/24", "pool": "dc2-main", "clientId": "nobody"}),
            422,
            "validation",
            "clientId",
            "register",
        ),
        (
            POST,
            "prefixes",
            json!({"size": "/24", "pool": "dc2-main", "labels": {"": "x"}}),
            422,
            "validation",
            "labels",
            "",
        ),
        (POST, "prefixes/bulk", json!({"items": []}), 422, "validation", "items", "1 to 1000"),
        (POST, "prefixes/bulk", bulk, 409, "bulk_refused", "", "2 of"),
        (
            POST,
            "prefixes/bulk",
            json!({"items": [{"size": "/24", "pool": "dc2-main"}, {"size": "x", "pool": "six"}]}),
            422,
            "validation",
            "items[1].size",
            "",
        ),
        (PATCH, assigned, json!({}), 422, "validation", "", "nothing to change is named"),
        (PATCH, assigned, json!({"clientId": "nobody"}), 422, "validation", "clientId", "nobody"),
        (PATCH, networks, json!({"status": "reserved"}), 409, "in_use", "", "network web"),
        (PATCH, quarantined, json!({"status": "assigned"}), 409, "quarantined", "", "end that first"),
        (PATCH, free, json!({"purpose": "x"}), 404, "not_found", "", "prefix"),
        (POST, at("prefixes/172.20.3.0%2F24", "/confirm"), Value::Null, 409, "not_held", "", "reserved"),
        (POST, at(free, "/confirm"), Value::Null, 404, "not_found", "", "prefix"),
        (POST, at(held, "/resize"), json!({"size": "/23"}), 409, "prefix_taken", "", "172.20.3.0/24"),
        (POST, at(held, "/resize"), json!({"size": "/15"}), 422, "validation", "size", "resize the pool"),
        (POST, at(held, "/resize"), json!({"size": "/24"}), 422, "validation", "size", "already"),
        (
            POST,
            at(held, "/resize"),
            json!({"prefix": "172.20.9.0/24"}),
            422,
            "validation",
            "prefix",
            "neither",
        ),
        (POST, at(networks, "/resize"), json!({"size": "/27"}), 409, "in_use", "", "network web"),
        (POST, at(quarantined, "/resize"), json!({"size": "/25"}), 409, "quarantined", "", "end that first"),
        (POST, at(held, "/split"), json!({"size": "/24"}), 422, "validation", "size", ""),
        (POST, at(held, "/split"), json!({"size": "/40"}), 422, "validation", "size", ""),
        (POST, at(networks, "/split"), json!({"size": "/30"}), 409, "in_use", "", "network web"),
        (POST, at(quarantined, "/split"), json!({"size": "/25"}), 409, "quarantined", "", "end that first"),
        (POST, at(held, "/merge"), json!({"with": []}), 422, "validation", "with", "1 to"),
        (POST, at(held, "/merge"), json!({"with": ["172.20.3.0/24"]}), 409, "prefixes_differ", "", "status"),
        (
            POST,
            at(held, "/merge"),
            json!({"with": ["172.20.9.0/24"]}),
            422,
            "validation",
            "with[0]",
            "172.20.9.0/24",
        ),
        (POST, at(assigned, "/merge"), json!({"with": ["172.20.0.0/28"]}), 409, "in_use", "", "network web"),
        (POST, at(assigned, "/move"), json!({"pool": "dc2-main"}), 422, "validation", "pool", "already"),
        (POST, at(assigned, "/move"), json!({"pool": "none"}), 422, "validation", "pool", "none"),
        (POST, at(assigned, "/move"), json!({"pool": "lab-main"}), 422, "validation", "pool", "another VRF"),
        (POST, at(assigned, "/move"), json!({"pool": "six"}), 422, "validation", "pool", "family"),
        (DELETE, networks, Value::Null, 409, "in_use", "", "network web"),
        (DELETE, free, Value::Null, 404, "not_found", "", "prefix"),
        (DELETE, at(assigned, "?vrf=lab"), Value::Null, 404, "not_found", "", "prefix"),
    ])
    .await;
}

#[tokio::test]
async fn networks_addresses_and_ranges() {
    let many = json!({"items": vec![json!({}); 1001]});
    let too_many = json!({"items": vec![json!({}); 12]});
    let some = json!({"items": [{"address": "172.20.0.5"}, {"address": "172.20.0.4"}]});
    let order = |more: Value| {
        let mut order = json!({"clientId": "acme", "datacenter": "dc2", "size": "/24"});
        order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        order
    };
    all_refused(vec![
        (POST, "networks/allocate", order(json!({"size": "/32"})), 422, "validation", "size", "/8 to /31"),
        (
            POST,
            "networks/allocate",
            order(json!({"gateway": "middle"})),
            422,
            "validation",
            "gateway",
            "first",
        ),
        (
            POST,
            "networks/allocate",
            order(json!({"subnet": "172.20.9.0/24", "gateway": "172.20.9.255"})),
            422,
            "validation",
            "gateway",
            "172.20.9.254",
        ),
        (
            POST,
            "networks/allocate",
            order(json!({"vlanId": 150})),
            409,
            "vlan_taken",
            "",
            "next free one is 101",
        ),
        (
            POST,
            "networks/allocate",
            order(json!({"vlanId": 300, "policy": "by_vlan"})),
            409,
            "exhausted",
            "",
            "number 300",
        ),
        (
            POST,
            "networks/allocate",
            order(json!({"size6": "/32"})),
            409,
            "exhausted",
            "",
            "six (2001:db8::/48) has a /48 left",
        ),
        (
            POST,
            "networks/allocate",
            order(json!({"gateway6": "last"})),
            422,
            "validation",
            "gateway6",
            "size6",
        ),
        (
            POST,
            "networks/allocate",
            order(json!({"subnet": "172.20.4.0/24"})),
            409,
            "prefix_taken",
            "",
            "172.20.4.0/24",
        ),
        (POST, "networks/provision", order(json!({"vrf": "lab"})), 409, "vrf_not_on_routers", "", "allocate"),
        (POST, "networks/provision", order(json!({"size": "/127"})), 409, "size_not_on_routers", "", "/64"),
        (POST, "networks/provision", order(json!({"size": "/31"})), 409, "size_not_on_routers", "", "/30"),
        (POST, "NETWORK/resize", json!({}), 422, "validation", "", "nothing to change is named"),
        (POST, "NETWORK/resize", json!({"size6": "/64"}), 422, "validation", "size6", "`size`"),
        (POST, "NETWORK/resize", json!({"size": "/30"}), 409, "in_use", "", "172.20.0."),
        (DELETE, "NETWORK", Value::Null, 409, "in_use", "", "172.20.0.4"),
        (POST, "NETWORK/ips", json!({"address": "172.20.0.4"}), 409, "address_taken", "", "assigned, vm, db"),
        (
            POST,
            "NETWORK/ips",
            json!({"address": "172.20.0.1"}),
            422,
            "validation",
            "address",
            "addresses for hosts are",
        ),
        (
            POST,
            "NETWORK/ips",
            json!({"address": "172.20.0.15"}),
            422,
            "validation",
            "address",
            "addresses for hosts are",
        ),
        (POST, "NETWORK/ips", json!({"address": "10.0.0.1"}), 422, "validation", "address", "172.20.0.0/28"),
        (POST, "NETWORK/ips", json!({"address": "x"}), 422, "validation", "address", "not an IP address"),
        (
            POST,
            "NETWORK/ips",
            json!({"address": "172.20.0.5", "type": "dhcp", "mac": "02:00:00:00:00:01"}),
            422,
            "validation",
            "address",
            "DHCP",
        ),
        (POST, "NETWORK/ips/next", json!({"hostname": "a b"}), 422, "validation", "hostname", "RFC 1123"),
        (POST, "NETWORK/ips/next", json!({"mac": "x"}), 422, "validation", "mac", "02:00:00:00:00:01"),
        (
            POST,
            "NETWORK/ips/next",
            json!({"type": "gateway"}),
            422,
            "validation",
            "type",
            "vm, reserved, vip, dhcp",
        ),
        (POST, "NETWORK/ips/next", json!({"holdSeconds": 0}), 422, "validation", "holdSeconds", "1 to"),
        (
            POST,
            "NETWORK/ips/next",
            json!({"status": "assigned", "holdSeconds": 5}),
            422,
            "validation",
            "holdSeconds",
            "status held",
        ),
        (
            POST,
            "NETWORK/ips/next",
            json!({"status": "reserved"}),
            422,
            "validation",
            "status",
            "type reserved",
        ),
        (POST, "NETWORK/ips/next", json!({"holdFor": "1h"}), 422, "validation", "holdFor", "no such field"),
        (POST, "NETWORK/ips/next", json!({"family": "ipv6"}), 422, "validation", "family", "IPv6"),
        (POST, "NETWORK/ips/next?verify=true", json!({}), 409, "cannot_verify", "", "router"),
        (POST, "NETWORK/ips/bulk", json!({"items": []}), 422, "validation", "items", "1 to 1000"),
        (POST, "NETWORK/ips/bulk", many, 422, "validation", "items", "has 1001"),
        (POST, "NETWORK/ips/bulk", too_many, 409, "exhausted", "", "only 8 free addresses left"),
        (POST, "NETWORK/ips/bulk", some, 409, "address_taken", "", "items[1]"),
        (
            POST,
            "NETWORK/ips/bulk",
            json!({"items": [{}, {"status": "gone"}]}),
            422,
            "validation",
            "items[1].status",
            "held",
        ),
        (PATCH, "NETWORK/ips/172.20.0.4", json!({}), 422, "validation", "", "nothing to change is named"),
        (
            PATCH,
            "NETWORK/ips/172.20.0.4",
            json!({"status": "quarantined"}),
            422,
            "validation",
            "status",
            "release",
        ),
        (PATCH, "NETWORK/ips/172.20.0.4", json!({"type": "dhcp"}), 422, "validation", "type", "DHCP"),
        (PATCH, "NETWORK/ips/172.20.0.9", json!({"hostname": "x"}), 404, "not_found", "", "address"),
        (DELETE, "NETWORK/ips/172.20.0.1", Value::Null, 409, "in_use", "", "the gateway of network web"),
        (DELETE, "NETWORK/ips/172.20.0.0", Value::Null, 422, "validation", "ip", "addresses for hosts are"),
        (DELETE, "NETWORK/ips/x", Value::Null, 422, "validation", "ip", "not an IP address"),
        (POST, "networks/net-1/ips/next", json!({}), 404, "not_found", "", "network"),
        (
            POST,
            "NETWORK/ranges",
            json!({"type": "any", "first": "172.20.0.5", "last": "172.20.0.6"}),
            422,
            "validation",
            "type",
            "static",
        ),
        (
            POST,
            "NETWORK/ranges",
            json!({"type": "static", "first": "172.20.0.6", "last": "172.20.0.5"}),
            422,
            "validation",
            "last",
            "before",
        ),
        (
            POST,
            "NETWORK/ranges",
            json!({"type": "static", "first": "172.20.0.5", "last": "172.20.0.99"}),
            422,
            "validation",
            "last",
            "172.20.0.0/28",
        ),
        (
            POST,
            "NETWORK/ranges",
            json!({"type": "static", "first": "172.20.0.11", "last": "172.20.0.12"}),
            409,
            "range_overlap",
            "",
            "172.20.0.10-172.20.0.11 (reserved)",
        ),
        (
            POST,
            "NETWORK/ranges",
            json!({"type": "excluded", "first": "172.20.0.4", "last": "172.20.0.5"}),
            409,
            "in_use",
            "",
            "172.20.0.4",
        ),
        (
            POST,
            "NETWORK/ranges",
            json!({"type": "dhcp", "first": "172.20.0.5", "last": "172.20.0.6"}),
            422,
            "validation",
            "type",
            "options.enableDHCP",
        ),
        (DELETE, "NETWORK/ranges/rng-1", Value::Null, 404, "not_found", "", "range"),
    ])
    .await;
}

#[tokio::test]
async fn vlan_ids_as_numbers_and_the_rest() {
    all_refused(vec![
        (POST, "datacenters/dc2/vlans", json!({"vlanId": 150}), 409, "vlan_taken", "", "reserved"),
        (
            POST,
            "datacenters/dc2/vlans",
            json!({"vlanId": 100}),
            409,
            "vlan_taken",
            "",
            "next free one is 101",
        ),
        (POST, "datacenters/dc2/vlans", json!({"vlanId": 50}), 422, "validation", "vlanId", "100-2000"),
        (POST, "datacenters/dc2/vlans", json!({"vlanId": 4095}), 422, "validation", "vlanId", "1 to 4094"),
        (POST, "datacenters/dc2/vlans", json!({"status": "free"}), 422, "validation", "status", "held"),
        (POST, "datacenters/dc9/vlans", json!({}), 404, "not_found", "", "dc9"),
        (PATCH, "datacenters/dc2/vlans/100", json!({"status": "reserved"}), 409, "in_use", "", "network web"),
        (PATCH, "datacenters/dc2/vlans/150", json!({}), 422, "validation", "", "nothing to change is named"),
        (PATCH, "datacenters/dc2/vlans/151", json!({"purpose": "x"}), 404, "not_found", "", "151"),
        (DELETE, "datacenters/dc2/vlans/100", Value::Null, 409, "in_use", "", "deprovision that instead"),
        (DELETE, "datacenters/dc2/vlans/151", Value::Null, 404, "not_found", "", "151"),
        (
            PATCH,
            "datacenters/dc2",
            json!({"vlanQuarantineSeconds": -1}),
            422,
            "validation",
            "vlanQuarantineSeconds",
            "0 to",
        ),
        (DELETE, "datacenters/dc2", Value::Null, 409, "in_use", "", "network web"),
        (DELETE, "tenants/acme", Value::Null, 409, "in_use", "", "network web"),
        (
            POST,
            "asn-ranges",
            json!({"name": "x", "range": "64514-64600"}),
            409,
            "asn_range_overlap",
            "",
            "low",
        ),
        (
            POST,
            "asn-ranges",
            json!({"name": "low", "range": "64600-64700"}),
            409,
            "name_taken",
            "",
            "another name",
        ),
        (
            POST,
            "asn-ranges",
            json!({"name": "x", "range": "65000-65535"}),
            422,
            "validation",
            "range",
            "RFC 7300",
        ),
        (
            POST,
            "asn-ranges",
            json!({"name": "x", "range": "23000-24000"}),
            422,
            "validation",
            "range",
            "RFC 6793",
        ),
        (POST, "asn-ranges", json!({"name": "x", "range": "9-1"}), 422, "validation", "range", ""),
        (PATCH, "asn-ranges/low", json!({"range": "64513-64514"}), 409, "in_use", "", "AS 64512"),
        (PATCH, "asn-ranges/low", json!({}), 422, "validation", "", "nothing to change is named"),
        (DELETE, "asn-ranges/low", Value::Null, 409, "in_use", "", "release them first"),
        (DELETE, "asn-ranges/none", Value::Null, 404, "not_found", "", "none"),
        (POST, "asns", json!({"asn": 64_512}), 409, "asn_taken", "", "next free one of the range is 64513"),
        (POST, "asns", json!({"asn": 23_456}), 422, "validation", "asn", "RFC 6793"),
        (POST, "asns", json!({"asn": 4_294_967_295_i64}), 422, "validation", "asn", "RFC 7300"),
        (POST, "asns", json!({"asn": 65_000}), 422, "validation", "asn", "lies in no range"),
        (POST, "asns", json!({"asn": 4_200_000_000_i64}), 409, "range_reserved", "", "clientId"),
        (POST, "asns", json!({"range": "none"}), 422, "validation", "range", "none"),
        (POST, "asns", json!({"datacenter": "dc9"}), 422, "validation", "datacenter", "dc9"),
        (PATCH, "asns/64512", json!({}), 422, "validation", "", "nothing to change is named"),
        (PATCH, "asns/64513", json!({"purpose": "x"}), 404, "not_found", "", "64513"),
        (DELETE, "asns/64513", Value::Null, 404, "not_found", "", "64513"),
        (POST, "routers/none/scan", Value::Null, 404, "not_found", "", "router"),
        (POST, "reality/fnd-1/acknowledge", json!({"reason": "x"}), 404, "not_found", "", "finding"),
        (POST, "reality/fnd-1/acknowledge", json!({"reason": ""}), 422, "validation", "reason", ""),
        (POST, "reality/fnd-1/adopt", json!({}), 404, "not_found", "", "finding"),
        (POST, "reality/fnd-1/reopen", Value::Null, 404, "not_found", "", "finding"),
        (POST, "routers/none/drift/check", Value::Null, 404, "not_found", "", "router"),
        (POST, "drift/drf-1/revert", Value::Null, 404, "not_found", "", "drift"),
        (POST, "drift/drf-1/accept", json!({"reason": ""}), 422, "validation", "reason", ""),
        (POST, "drift/drf-1/ignore", json!({"reason": "x"}), 404, "not_found", "", "drift"),
        (
            POST,
            "drift/drf-1/ignore",
            json!({"reason": "x", "until": "2000-01-01T00:00:00Z"}),
            422,
            "validation",
            "until",
            "past",
        ),
        (POST, "drift/drf-1/reopen", Value::Null, 404, "not_found", "", "drift"),
        (POST, "import", json!({}), 415, "unsupported_media_type", "", "text/csv"),
    ])
    .await;
}
