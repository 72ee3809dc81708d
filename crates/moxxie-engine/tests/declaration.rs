//! Declarations: planned, carried out, repeated, exported.

#![allow(clippy::unwrap_used, reason = "these are tests, in helper functions")]

mod lab;

use lab::{Database, Lab, dot1q, qinq};
use moxxie_api::{
    address::AddressRequest,
    declaration::{Declaration, DeclarationPlan, DeclarationQuery},
    network::NetworkQuery,
};
use moxxie_engine::{Context, Error};
use serde_json::{Value, json};

fn me() -> Context {
    Context::system()
}

fn of(value: Value) -> Declaration {
    serde_json::from_value(value).unwrap()
}

fn pruned() -> DeclarationQuery {
    DeclarationQuery { prune: Some(true), ..DeclarationQuery::default() }
}

async fn plan(lab: &Lab, value: &Value, query: &DeclarationQuery) -> Result<DeclarationPlan, Error> {
    lab.engine.declare_dry_run(&me(), of(value.clone()), query).await
}

/// Carries it out, round by round, until nothing is left; says how many rounds it took.
async fn make_so(lab: &Lab, value: &Value, query: &DeclarationQuery) -> usize {
    for round in 0..8 {
        let planned = plan(lab, value, query).await.unwrap();
        if planned.actions.is_empty() {
            return round;
        }
        let query = DeclarationQuery { plan: planned.plan_id, ..query.clone() };
        let done = lab.engine.declare(&me(), of(value.clone()), &query).await.unwrap();
        assert_eq!(done.actions.len(), planned.actions.len());
        for change in done.changes {
            let change = lab.wait(&change.change_id).await;
            assert_eq!(change.state, "applied", "{change:?}");
        }
    }
    panic!("it never ends: {:?}", plan(lab, value, query).await);
}

fn acts(plan: &DeclarationPlan) -> Vec<String> {
    plan.actions.iter().map(|a| format!("{} {} {}", a.action, a.object.kind, a.object.name)).collect()
}

async fn two_sites(database: Database) -> Lab {
    let lab = Lab::new(database).site("dc1", dot1q()).router("r1", "7.20");
    lab.site("dc2", qinq(1000)).router("r2", "7.24").start().await
}

/// What the laboratory has, and more.
fn everything() -> Value {
    json!({
        "tenants": [{"name": "acme", "description": "shops"}, {"name": "zeta"}],
        "vrfs": [{"name": "blue"}],
        "sites": [
            {"name": "dc1", "location": "Wien", "vlanRange": "100-3000"},
            {"name": "dc2", "encapsulation": {"type": "qinq", "serviceVlan": 1000}},
            {"name": "dc3", "encapsulation": {"type": "qinq", "serviceVlan": 7, "tpid": "0x8100"}},
        ],
        "containers": [{"name": "six", "prefix": "2001:db8::/32"}],
        "pools": [
            {"name": "dc1-pool", "prefix": "172.16.0.0/16", "policy": "sparse"},
            {"name": "dc2-pool", "datacenter": "dc2", "prefix": "172.17.0.0/16"},
            {"name": "blue-pool", "vrf": "blue", "prefix": "10.0.0.0/8"},
            {"name": "six-pool", "prefix": "2001:DB8:1::/48"},
        ],
        "profiles": [{
            "name": "web",
            "rules": [{"direction": "out", "action": "accept"},
                {"direction": "in", "action": "accept", "service": "web"}],
            "services": {"web": {"protocol": "tcp", "ports": ["443"]}},
        }],
        "routers": [
            {"name": "r1", "datacenter": "dc1", "username": "moxxie", "trunk": "ether2"},
            {"name": "r2", "datacenter": "dc2", "username": "moxxie", "trunk": "ether2"},
        ],
        "networks": [
            {"clientId": "acme", "name": "front", "datacenter": "dc1", "size": "/26",
                "options": {"enableDHCP": true, "firewallProfile": "web"}},
            {"clientId": "acme", "name": "back", "datacenter": "dc2", "size": "/26", "size6": "/64",
                "options": {"firewallProfile": "isolated", "description": "the rest"}},
            {"clientId": "zeta", "name": "lab", "datacenter": "dc2", "size": "24", "vlanId": 400,
                "gateway": "last", "labels": {"app": "x"}, "provisioned": false},
            {"clientId": "zeta", "name": "over", "datacenter": "dc3", "size": "/24", "vrf": "blue",
                "provisioned": false},
        ],
    })
}

fn with_addresses(lab: &Lab, mut value: Value) -> Value {
    for router in value["routers"].as_array_mut().unwrap() {
        router["address"] = json!(lab.emulator(router["name"].as_str().unwrap()).addr().to_string());
    }
    value
}

#[tokio::test]
async fn everything_is_made_by_one_change_and_then_nothing_is_left_to_do() {
    for database in Database::all() {
        let lab = two_sites(database).await;
        let value = with_addresses(&lab, everything());
        let planned = plan(&lab, &value, &DeclarationQuery::default()).await.unwrap();
        assert_eq!(
            acts(&planned),
            [
                "update tenant acme",
                "create tenant zeta",
                "create vrf blue",
                "update site dc1",
                "create site dc3",
                "create container six",
                "update pool dc1-pool",
                "create pool blue-pool",
                "create pool six-pool",
                "create profile web",
                "create network zeta/lab",
                "create network zeta/over",
                "create network acme/front",
                "create network acme/back",
            ]
        );
        assert_eq!(planned.routers.len(), 2);
        assert!(planned.routers.iter().all(|router| router.diff.contains("acme/")), "{:?}", planned.routers);
        assert!(planned.undeclared.is_empty() && planned.changes.is_empty());
        // Asking did nothing.
        assert!(lab.engine.tenant(&me(), "zeta").await.is_err());
        lab.assert_as_before("r1");
        let again = plan(&lab, &value, &DeclarationQuery::default()).await.unwrap();
        assert_eq!(again.plan_id, planned.plan_id, "the same question has the same answer");

        let query = DeclarationQuery { plan: planned.plan_id.clone(), ..DeclarationQuery::default() };
        let done = lab.engine.declare(&me(), of(value.clone()), &query).await.unwrap();
        assert_eq!(done.actions, planned.actions);
        let [change] = done.changes.as_slice() else { panic!("{:?}", done.changes) };
        assert_eq!(lab.wait(&change.change_id).await.state, "applied");
        assert_eq!(make_so(&lab, &value, &DeclarationQuery::default()).await, 0);

        // What is written back says the same, and says it whole.
        let exported = json!(lab.engine.declared(&me()).await.unwrap());
        let planned = plan(&lab, &exported, &pruned()).await.unwrap();
        assert!(planned.actions.is_empty(), "{:?}", planned.actions);
        assert!(!exported.to_string().contains("router-secret"));
        lab.assert_audit_intact().await;
        lab.stop().await;
    }
}

#[tokio::test]
async fn what_differs_is_changed_and_what_is_not_declared_goes_when_asked() {
    for database in Database::all() {
        let lab = two_sites(database).await;
        let value = with_addresses(&lab, everything());
        make_so(&lab, &value, &DeclarationQuery::default()).await;
        let mut other = value.clone();
        other["networks"][0]["options"] = json!({"enableDHCP": false, "firewallProfile": "web"});
        other["networks"][1]["options"]["firewallProfile"] = json!("web");
        other["profiles"][0]["services"]["web"]["ports"] = json!(["443", "8443"]);
        other["networks"].as_array_mut().unwrap().truncate(2);
        other["tenants"].as_array_mut().unwrap().truncate(1);
        let planned = plan(&lab, &other, &DeclarationQuery::default()).await.unwrap();
        // The profile comes first; its networks wait for that.
        let waits = planned.actions.iter().filter(|action| action.action == "wait").count();
        assert_eq!((acts(&planned)[0].as_str(), waits), ("update profile web", 2), "{:?}", acts(&planned));
        let left: Vec<_> = planned.undeclared.iter().map(|left| left.name.as_str()).collect();
        assert_eq!(left, ["zeta/lab", "zeta/over", "zeta"]);
        assert!(make_so(&lab, &other, &pruned()).await >= 2);
        assert!(lab.engine.tenant(&me(), "zeta").await.is_err());
        let exported = json!(lab.engine.declared(&me()).await.unwrap());
        assert_eq!(exported["networks"].as_array().unwrap().len(), 2);
        // And back.
        let all = Value::Object(value.as_object().unwrap().clone());
        make_so(&lab, &all, &pruned()).await;
        let front = lab.engine.network(&me(), &id_of(&lab, "front").await).await.unwrap();
        assert!(front.options.enable_dhcp);

        // Nothing left at all.
        let empty = json!({"networks": [], "routers": [], "pools": [], "profiles": [], "containers": [],
            "sites": [], "vrfs": [], "tenants": []});
        make_so(&lab, &empty, &pruned()).await;
        lab.assert_as_before("r1");
        lab.assert_as_before("r2");
        assert_eq!(lab.engine.declared(&me()).await.unwrap().sites.unwrap().len(), 0);
        lab.assert_audit_intact().await;
        lab.stop().await;
    }
}

#[tokio::test]
async fn the_id_of_a_plan_is_the_same_however_often_it_is_asked_for() {
    let lab = two_sites(Database::Sqlite).await;
    let network =
        |n: usize| json!({"clientId": "acme", "name": format!("n{n}"), "datacenter": "dc1", "size": "/27"});
    let value = json!({"networks": (0..6).map(network).collect::<Vec<_>>()});
    let mut ids = std::collections::BTreeSet::new();
    for _ in 0..6 {
        let planned = plan(&lab, &value, &DeclarationQuery::default()).await.unwrap();
        assert_eq!(planned.routers.len(), 1);
        ids.insert(planned.plan_id);
    }
    assert_eq!(ids.len(), 1, "{ids:?}");
    let fewer = json!({"networks": (0..5).map(network).collect::<Vec<_>>()});
    assert!(!ids.contains(&plan(&lab, &fewer, &DeclarationQuery::default()).await.unwrap().plan_id));
    lab.stop().await;
}

async fn id_of(lab: &Lab, name: &str) -> String {
    let all = lab.engine.networks(&me(), NetworkQuery::default()).await.unwrap();
    all.items.into_iter().find(|network| network.name == name).unwrap().network_id
}

fn fields(error: Error) -> Vec<String> {
    match error {
        Error::Invalid(errors) => {
            errors.into_iter().map(|error| format!("{}: {}", error.field, error.message)).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_wrong_is_named_all_at_once_and_nothing_is_done() {
    for database in Database::all() {
        let lab = two_sites(database).await;
        let value = json!({
            "tenants": [{"name": "new"}, {"name": "new"}],
            "sites": [{"name": "dc2", "encapsulation": {"type": "dot1q"}}, {"name": "Bad Name"}],
            "pools": [{"name": "p", "prefix": "172.16.5.0/24"}, {"name": "q", "prefix": "10.0.0.1/8"}],
            "networks": [
                {"clientId": "acme", "datacenter": "dc1", "size": "/24"},
                {"clientId": "acme", "name": "a", "datacenter": "dc9", "size": "/24"},
                {"clientId": "acme", "name": "b", "datacenter": "dc1", "size": "/2"},
            ],
        });
        for result in [
            plan(&lab, &value, &DeclarationQuery::default()).await,
            lab.engine.declare(&me(), of(value.clone()), &DeclarationQuery::default()).await,
        ] {
            let found = fields(result.unwrap_err());
            for part in [
                "tenants[1].name: new is declared already, as tenants[0]",
                "sites[0].encapsulation: cannot be changed",
                "sites[1].name: ",
                "pools[0]: ",
                "pools[1].prefix: ",
                "networks[0].name: is missing",
                "networks[2].size: ",
            ] {
                assert!(found.iter().any(|line| line.starts_with(part)), "{part} in {found:#?}");
            }
        }
        let fewer = json!({"tenants": [{"name": "new"}], "networks": [value["networks"][1]]});
        let found = fields(plan(&lab, &fewer, &DeclarationQuery::default()).await.unwrap_err());
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("networks[0].datacenter: "), "{found:?}");
        assert!(lab.engine.tenant(&me(), "new").await.is_err(), "nothing half done");
        lab.stop().await;
    }
}

#[tokio::test]
async fn a_plan_that_would_be_another_one_is_not_carried_out() {
    for database in Database::all() {
        let lab = two_sites(database).await;
        let value = with_addresses(&lab, everything());
        let changed = async |planned: DeclarationPlan| {
            let query = DeclarationQuery { plan: planned.plan_id, ..DeclarationQuery::default() };
            match lab.engine.declare(&me(), of(value.clone()), &query).await.unwrap_err() {
                Error::Conflict { code: "plan_changed", context: Some(now), .. } => {
                    serde_json::from_value::<DeclarationPlan>(now["plan"].clone()).unwrap()
                }
                other => panic!("{other:?}"),
            }
        };
        // Somebody takes the VLAN that one of the networks would have got.
        let planned = plan(&lab, &value, &DeclarationQuery::default()).await.unwrap();
        let order = serde_json::from_value(json!({"clientId": "acme", "datacenter": "dc1", "size": "/26"}));
        lab.engine.allocate(&me(), order.unwrap()).await.unwrap();
        let now = changed(planned.clone()).await;
        assert_ne!(now.actions, planned.actions, "the difference is to be seen");
        assert!(lab.engine.tenant(&me(), "zeta").await.is_err(), "nothing was done");
        // Somebody adds a rule on a router before the anchor, or takes the anchor away.
        let planned = plan(&lab, &value, &DeclarationQuery::default()).await.unwrap();
        let lists = [("name", "mx-nets"), ("comment", "somebody's own")];
        lab.emulator("r1").add_row("/interface/list", &lists).unwrap();
        let query = DeclarationQuery { plan: planned.plan_id.clone(), ..DeclarationQuery::default() };
        let error = lab.engine.declare(&me(), of(value.clone()), &query).await.unwrap_err();
        assert!(matches!(error, Error::Conflict { .. }), "{error:?}");
        assert!(lab.engine.tenant(&me(), "zeta").await.is_err(), "nothing was done");
        lab.stop().await;
    }
}

#[tokio::test]
async fn a_network_in_use_stays_and_nothing_else_is_done() {
    for database in Database::all() {
        let lab = two_sites(database).await;
        let value = with_addresses(&lab, everything());
        make_so(&lab, &value, &DeclarationQuery::default()).await;
        let id = id_of(&lab, "front").await;
        let request: AddressRequest = serde_json::from_value(json!({"hostname": "web-1"})).unwrap();
        lab.engine.create_address(&me(), &id, request).await.unwrap();
        let mut other = value.clone();
        other["networks"].as_array_mut().unwrap().remove(0);
        other["tenants"].as_array_mut().unwrap().push(json!({"name": "late"}));
        let found = fields(lab.engine.declare(&me(), of(other), &pruned()).await.unwrap_err());
        assert!(found[0].contains("front still has recorded addresses"), "{found:?}");
        assert!(lab.engine.tenant(&me(), "late").await.is_err());
        lab.stop().await;
    }
}

/// A site that somebody could have, of reserved networks, so that no router is needed.
fn any(random: &mut fastrand::Rng) -> Value {
    let some = |random: &mut fastrand::Rng, most: usize| 1 + random.usize(..most);
    let tenants: Vec<_> = (0..some(random, 3)).map(|n| format!("t{n}")).collect();
    let profiles: Vec<_> = (0..random.usize(..3)).map(|n| format!("p{n}")).collect();
    let mut networks = Vec::new();
    for n in 0..random.usize(..8) {
        let mut network = json!({
            "clientId": tenants[random.usize(..tenants.len())], "name": format!("n{n}"), "provisioned": false,
            "datacenter": format!("dc{}", random.usize(..2)), "size": format!("/{}", 22 + random.usize(..8)),
            "purpose": random.choice(["", "a: b", "ä\nö"]), "type": random.choice(["vm", "storage"]),
        });
        let profile = random.usize(..=profiles.len());
        let options = &mut network["options"];
        options["enableDHCP"] = json!(random.bool());
        options["firewallProfile"] = json!(profiles.get(profile).map_or("open", String::as_str));
        if random.bool() {
            options["description"] = json!("# of \"mine\"");
        }
        for (field, value) in [
            ("size6", json!("/64")),
            ("gateway", json!("last")),
            ("vlanId", json!(1000 + n)),
            ("labels", json!({"app": "x", "no": "true"})),
        ] {
            if random.bool() {
                network[field] = value;
            }
        }
        networks.push(network);
    }
    let profiles = profiles.iter().map(|name| {
        json!({"name": name, "rules": [
            {"direction": "in", "action": "accept", "from": "noc", "protocol": "tcp", "ports": ["22", "80-90"]},
            {"name": "all", "direction": "out", "action": random.choice(["accept", "drop"])},
        ], "sets": {"noc": ["192.0.2.0/24", "2001:db8::1"]}})
    });
    let encapsulation = |random: &mut fastrand::Rng| match random.u8(..3) {
        0 => json!({"type": "dot1q"}),
        1 => json!({"type": "qinq", "serviceVlan": 7}),
        _ => json!({"type": "qinq", "serviceVlan": 4000, "tpid": "0x8100"}),
    };
    json!({
        "profiles": profiles.collect::<Vec<_>>(),
        "tenants": tenants.iter().map(|name| json!({"name": name})).collect::<Vec<_>>(),
        "sites": [
            {"name": "dc0", "encapsulation": encapsulation(random), "handOff": "host-tags",
                "managementPrefixes": ["192.0.2.0/24"], "dnsServers": ["192.0.2.53", "2001:DB8::53"]},
            {"name": "dc1", "encapsulation": encapsulation(random), "vlanRange": "2-3000", "vlanQuarantineSeconds": 60},
        ],
        "containers": [{"name": "c", "prefix": "10.0.0.0/8", "datacenter": "dc1"}],
        "pools": [
            {"name": "v4", "prefix": "10.1.0.0/16", "policy": random.choice(["best_fit", "first_fit", "sparse"])},
            {"name": "v6", "prefix": "2001:DB8:5::/48", "quarantineSeconds": 60},
        ],
        "networks": networks,
    })
}

#[tokio::test]
async fn whatever_is_made_and_written_back_has_nothing_left_to_do() {
    for database in Database::all() {
        let mut networks = 0;
        for seed in 0..12 {
            let mut random = fastrand::Rng::with_seed(seed);
            let lab = Lab::new(database).start().await;
            for _ in 0..2 {
                // The second one changes, adds and removes.
                let mut value = any(&mut random);
                // What is of a site and cannot be changed is taken from what is there.
                let there = json!(lab.engine.declared(&me()).await.unwrap());
                for site in there["sites"].as_array().unwrap() {
                    let sites = value["sites"].as_array_mut().unwrap();
                    let same = sites.iter_mut().find(|one| one["name"] == site["name"]).unwrap();
                    same["encapsulation"] = site["encapsulation"].clone();
                }
                value["networks"].as_array_mut().unwrap().retain(|network| {
                    let there = there["networks"].as_array().unwrap().iter();
                    there
                        .clone()
                        .all(|one| one["name"] != network["name"] || one["clientId"] != network["clientId"])
                });
                assert!(make_so(&lab, &value, &pruned()).await <= 3, "seed {seed}");
                let exported = json!(lab.engine.declared(&me()).await.unwrap());
                networks += exported["networks"].as_array().unwrap().len();
                for query in [DeclarationQuery::default(), pruned()] {
                    let planned = plan(&lab, &exported, &query).await.unwrap();
                    let (actions, left) = (planned.actions, planned.undeclared);
                    assert!(actions.is_empty() && left.is_empty(), "seed {seed}: {actions:?} {left:?}");
                }
                // As a text and read again, too.
                let again: Value = serde_json::from_str(&exported.to_string()).unwrap();
                assert_eq!(json!(lab.engine.declared(&me()).await.unwrap()), again, "seed {seed}");
            }
            lab.assert_audit_intact().await;
            lab.stop().await;
        }
        assert!(networks > 24, "{networks} networks were tried");
    }
}
