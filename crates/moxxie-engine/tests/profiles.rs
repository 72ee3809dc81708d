//! Firewall profiles that users wrote, from the request to the router and back.

#![allow(clippy::unwrap_used, reason = "these are tests, in helper functions")]

mod lab;

use lab::{Database, Lab, dot1q, order, qinq};
use moxxie_api::{network::NetworkRequest, profile::ProfileCreate};
use moxxie_engine::{Context, Error};

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

            let mut other = web();
            other.rules.truncate(2);
            let (message, context) =
                conflict(lab.engine.set_profile(&system, "web", other).await.unwrap_err());
            let named = format!("acme/{}", first.name);
            assert!(
                message.contains("cannot be changed while networks use it") && message.contains(&named),
                "{message}"
            );
            assert_eq!(context["usedBy"][0], named);
            let (message, _) = conflict(lab.engine.delete_profile(&system, "web").await.unwrap_err());
            assert!(message.contains("cannot be removed") && message.contains(&named), "{message}");
            // The same again is no change, whoever uses it.
            assert_eq!(lab.engine.set_profile(&system, "web", web()).await.unwrap().version, 1);

            for network in [&first, &second.unwrap()] {
                assert_eq!(lab.deprovision(&network.network_id).await.unwrap().state, "applied");
            }
            lab.assert_as_before(router);
        }
        let mut other = web();
        other.rules.truncate(2);
        assert_eq!(lab.engine.set_profile(&system, "web", other).await.unwrap().version, 2);
        lab.engine.delete_profile(&system, "web").await.unwrap();
        assert!(matches!(lab.provision(with("web", "dc1")).await, Err(Error::Invalid(_))));
        lab.assert_audit_intact().await;
    }
}
