//! Firewall profiles that users wrote, from the request to the router and back.

#![allow(clippy::unwrap_used, reason = "these are tests, in helper functions")]

mod lab;

use lab::{Database, Lab, dot1q, order, qinq};
use moxxie_api::{change::Change, network::NetworkRequest, profile::ProfileCreate};
use moxxie_engine::{Context, Error};
use routeros_emulator::{Emulator, Fault, FaultKind, Matcher};

fn web() -> ProfileCreate {
    serde_json::from_value(serde_json::json!({
        "name": "web",
        "rules": [
            {"direction": "out", "action": "drop", "protocol": "tcp", "ports": ["25"]},
            {"direction": "out", "action": "accept"},
            {"direction": "in", "action": "accept", "from": "management"},
            {"direction": "in", "action": "accept", "from": "tenant", "service": "web"},
            {"direction": "in", "action": "accept", "from": "offices"},
            {"direction": "router", "action": "accept", "protocol": "udp", "ports": ["123"]}
        ],
        "sets": {"offices": ["203.0.113.0/24", "198.51.100.7"]},
        "services": {"web": {"protocol": "tcp", "ports": ["80", "443", "8000-8100"]}}
    }))
    .unwrap()
}

fn with(profile: &str, site: &str) -> NetworkRequest {
    let mut order = order(site);
    order.options.firewall_profile = Some(profile.to_owned());
    order
}

fn conflict(error: Error) -> (String, serde_json::Value) {
    match error {
        Error::Conflict { code: "in_use", message, context } => (message, context.unwrap()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_of_a_user_is_enforced_and_stays_while_it_is_used() {
    let system = Context::system();
    for (database, version) in Database::all().into_iter().zip(["7.16", "7.24"]) {
        let lab = Lab::new(database)
            .site("dc1", dot1q())
            .router("r1", version)
            .site("dc2", qinq(1000))
            .router("r2", "7.20")
            .start()
            .await;
        let made = lab.engine.create_profile(&system, web()).await.unwrap();
        assert_eq!((made.version, made.rules[0].name.as_deref()), (1, Some("r1")));
        for (site, router) in [("dc1", "r1"), ("dc2", "r2")] {
            let (change, first) = lab.provision(with("web", site)).await.unwrap();
            assert_eq!(change.state, "applied", "{change:?}");
            let first = first.unwrap();
            assert_eq!(first.options.firewall_profile.as_deref(), Some("web"));
            let rules = |chain: &str| {
                let rules = lab.emulator(router).rows("/ip/firewall/filter");
                rules.into_iter().filter(|rule| rule["chain"] == chain).collect::<Vec<_>>()
            };
            let before = lab.emulator(router).rows("/ip/firewall/filter").len();
            let inward = rules("mx-p-web-in");
            assert_eq!(inward.len(), 4, "{inward:?}");
            assert_eq!(
                (inward[1]["dst-port"].as_str(), inward[1]["action"].as_str()),
                ("80,443,8000-8100", "return")
            );
            assert_eq!(inward[2]["src-address-list"], "mx-p-web.offices");
            assert_eq!(inward[3]["action"], "drop");
            assert_eq!(rules("mx-p-web-out").len(), 1);
            assert_eq!(rules("mx-p-web-router").len(), 1);

            // A second network adds no rule, and putting the first on again has nothing to do.
            let (_, second) = lab.provision(with("web", site)).await.unwrap();
            assert_eq!(lab.emulator(router).rows("/ip/firewall/filter").len(), before);
            let plan = lab.engine.restore_dry_run(&system, &first.network_id).await.unwrap();
            assert!(plan.routers[0].commands.is_empty(), "{plan:?}");

            let named = format!("acme/{}", first.name);
            let (message, context) = conflict(lab.engine.delete_profile(&system, "web").await.unwrap_err());
            assert!(message.contains("cannot be removed") && message.contains(&named), "{message}");
            assert_eq!(context["usedBy"][0], named);
            // The same again is no change, whoever uses it; another description is none on routers.
            let same = lab.engine.set_profile(&system, "web", web()).await.unwrap();
            assert!(same.change.is_none(), "{same:?}");
            for description in ["for the shop", ""] {
                let other = ProfileCreate { description: description.into(), ..web() };
                let same = lab.engine.set_profile(&system, "web", other).await.unwrap();
                assert!(same.change.is_none(), "{same:?}");
            }

            for network in [&first, &second.unwrap()] {
                assert_eq!(lab.deprovision(&network.network_id).await.unwrap().state, "applied");
            }
            lab.assert_as_before(router);
        }
        let mut other = web();
        other.rules.truncate(2);
        let written = lab.engine.set_profile(&system, "web", other).await.unwrap();
        assert!(written.change.is_none(), "no router has it any more");
        lab.engine.delete_profile(&system, "web").await.unwrap();
        assert!(matches!(lab.provision(with("web", "dc1")).await, Err(Error::Invalid(_))));
        lab.assert_audit_intact().await;
    }
}

/// The same sets and services under other rules: some gone, some new, the rest in another order.
fn shop() -> ProfileCreate {
    serde_json::from_value(serde_json::json!({
        "name": "web",
        "rules": [
            {"direction": "in", "action": "accept", "from": "offices"},
            {"direction": "in", "action": "accept", "service": "web"},
            {"direction": "in", "action": "accept", "from": "management"},
            {"direction": "out", "action": "accept", "to": "offices"}
        ],
        "sets": {"offices": ["198.51.100.7", "192.0.2.0/24"]},
        "services": {"web": {"protocol": "tcp", "ports": ["443"]}}
    }))
    .unwrap()
}

async fn bring(lab: &Lab, profile: ProfileCreate) -> Change {
    let written = lab.engine.set_profile(&Context::system(), "web", profile).await.unwrap();
    lab.wait(&written.change.unwrap().change_id).await
}

/// What a new connection into a network of the profile meets, in order: the rules of the chain that its jump
/// leads to.
fn inward(router: &Emulator) -> Vec<String> {
    let rules = router.rows("/ip/firewall/filter");
    let jump = rules.iter().find(|rule| {
        rule.get("out-interface-list").is_some_and(|list| list == "mx-p-web")
            && rule.get("jump-target").is_some()
    });
    let target = jump.unwrap()["jump-target"].clone();
    let list = |name: &str| {
        let mut addresses: Vec<_> = router
            .rows("/ip/firewall/address-list")
            .into_iter()
            .filter(|entry| entry["list"] == name)
            .map(|entry| entry["address"].clone())
            .collect();
        addresses.sort();
        addresses.join(",")
    };
    let rules = rules.into_iter().filter(|rule| rule["chain"] == target);
    let text = |rule: std::collections::BTreeMap<String, String>| {
        let get = |name: &str| rule.get(name).cloned().unwrap_or_default();
        let of_tenant = if get("in-interface-list").starts_with("mx-t-") { "tenant" } else { "" };
        format!("{} {} {} {of_tenant}", get("action"), get("dst-port"), list(&get("src-address-list")))
            .trim()
            .to_owned()
    };
    rules.map(|rule| text(rule.into_iter().collect())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn other_rules_come_to_all_its_networks_in_one_change_or_to_none() {
    let system = Context::system();
    for (database, versions) in Database::all().into_iter().cycle().zip([["7.16", "7.24"], ["7.22", "7.20"]])
    {
        let lab = Lab::new(database)
            .site("dc1", dot1q())
            .router("r1", versions[0])
            .site("dc2", qinq(1000))
            .router("r2", versions[1])
            .start()
            .await;
        lab.engine.create_profile(&system, web()).await.unwrap();
        let mut networks = Vec::new();
        for site in ["dc1", "dc1", "dc2"] {
            networks.push(lab.provision(with("web", site)).await.unwrap().1.unwrap());
        }
        // One that is only reserved takes no part, and one of another profile is left alone.
        let reserved = lab.engine.allocate(&system, with("web", "dc2")).await.unwrap();
        networks.push(lab.provision(with("isolated", "dc1")).await.unwrap().1.unwrap());
        let routers = ["r1", "r2"].map(|name| lab.emulator(name));
        let first = routers.map(|router| router.snapshot());
        let rules = routers.map(inward);
        assert_eq!(rules[0].len(), 4, "{rules:?}");

        let rehearsed = lab.engine.set_profile_dry_run(&system, "web", shop()).await.unwrap();
        assert_eq!(rehearsed.routers.len(), 2);
        assert_eq!(routers.map(|router| router.snapshot()), first, "a dry run does nothing");

        // It fails on the second router, when the first has the new rules already.
        for path in ["/ip/firewall/filter/set", "/ip/firewall/filter/remove"] {
            let refuse = FaultKind::Refuse("failure: injected".into());
            lab.emulator("r2").faults().inject(Fault { on: Matcher::path(path), what: refuse });
            let change = bring(&lab, shop()).await;
            lab.emulator("r2").faults().clear();
            assert_eq!(change.state, "rolled_back", "{path}: {change:?}");
            assert_eq!(routers.map(inward), rules, "{path}");
            let kept = lab.engine.profile(&system, "web").await.unwrap();
            assert_eq!(kept.rules.len(), web().rules.len(), "the profile says again what it said");
            for network in &networks {
                let plan = lab.engine.restore_dry_run(&system, &network.network_id).await.unwrap();
                assert!(plan.routers[0].commands.is_empty(), "{path}: {}", plan.routers[0].diff);
            }
        }

        let change = bring(&lab, shop()).await;
        assert_eq!((change.kind.as_str(), change.state.as_str()), ("modify", "applied"), "{change:?}");
        let expected = ["return  192.0.2.0/24,198.51.100.7", "return 443", "return  10.255.0.0/24", "drop"]
            .map(str::to_owned);
        assert_eq!(routers.map(inward), [expected.to_vec(), expected.to_vec()]);
        for network in &networks {
            let plan = lab.engine.restore_dry_run(&system, &network.network_id).await.unwrap();
            assert!(plan.routers[0].commands.is_empty(), "{}", plan.routers[0].diff);
        }
        for router in routers {
            let left = router.rows("/ip/firewall/filter").iter().any(|rule| rule["chain"] == "mx-p-web-in");
            assert!(!left, "the old chain is gone");
        }
        // And back, by rows of the third revision.
        assert_eq!(bring(&lab, web()).await.state, "applied");
        assert_eq!(routers.map(inward), rules);

        networks.push(reserved);
        for network in &networks {
            assert_eq!(lab.deprovision(&network.network_id).await.unwrap().state, "applied");
        }
        for router in ["r1", "r2"] {
            lab.assert_as_before(router);
        }
        lab.engine.delete_profile(&system, "web").await.unwrap();
        lab.assert_audit_intact().await;
        lab.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_it_is_brought_to_routers_nobody_else_comes_to_use_it() {
    let system = Context::system();
    for database in Database::all() {
        let lab = Lab::new(database).site("dc1", dot1q()).router("r1", "7.22").start().await;
        lab.engine.create_profile(&system, web()).await.unwrap();
        let first = lab.provision(with("web", "dc1")).await.unwrap().1.unwrap();
        let reserved = lab.engine.allocate(&system, with("web", "dc1")).await.unwrap();
        let other = lab.provision(with("isolated", "dc1")).await.unwrap().1.unwrap();
        let before = lab.emulator("r1").snapshot();
        let all = Matcher::path("/").times(0);
        lab.emulator("r1").faults().inject(Fault { on: all, what: FaultKind::ResetBefore });
        let written = lab.engine.set_profile(&system, "web", shop()).await.unwrap();
        let change = written.change.unwrap().change_id;

        let code = |error: Error| match error {
            Error::Conflict { code, message, .. } => (code, message.contains(&change)),
            other => panic!("{other:?}"),
        };
        let to_web =
            serde_json::from_value(serde_json::json!({"options": {"firewallProfile": "web"}})).unwrap();
        let refused = [
            code(lab.engine.set_profile(&system, "web", web()).await.unwrap_err()),
            code(lab.engine.provision(&system, with("web", "dc1")).await.unwrap_err()),
            code(lab.engine.allocate(&system, with("web", "dc1")).await.unwrap_err()),
            code(lab.engine.provision_allocated(&system, &reserved.network_id).await.unwrap_err()),
            code(lab.engine.modify_network(&system, &other.network_id, to_web, None).await.unwrap_err()),
            code(lab.engine.deprovision(&system, &first.network_id).await.unwrap_err()),
            code(lab.engine.set_profile_dry_run(&system, "web", web()).await.unwrap_err()),
        ];
        assert_eq!(refused, [("change_open", true); 7]);
        conflict(lab.engine.delete_profile(&system, "web").await.unwrap_err());

        lab.engine.cancel_change(&system, &change).await.unwrap();
        lab.emulator("r1").faults().clear();
        let ended = lab.wait(&change).await;
        assert!(["cancelled", "rolled_back"].contains(&ended.state.as_str()), "{ended:?}");
        assert_eq!(lab.engine.profile(&system, "web").await.unwrap().rules.len(), web().rules.len());
        assert_eq!(lab.emulator("r1").snapshot(), before);
        assert_eq!(bring(&lab, shop()).await.state, "applied");
        lab.stop().await;
    }
}
