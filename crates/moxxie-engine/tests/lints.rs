//! What is looked for before a plan runs, on the emulator: each is told by the dry run and by the plan of a
//! declaration, refuses the order, and leaves router and records as they were.

#![allow(clippy::unwrap_used, reason = "these are tests, in helper functions")]

mod lab;

use lab::{Database, Lab, dot1q, order, qinq};
use moxxie_api::declaration::DeclarationQuery;
use moxxie_engine::{Context, Error};
use serde_json::{Value, json};

fn me() -> Context {
    Context::system()
}

fn code(error: Error) -> (&'static str, String) {
    match error {
        Error::Conflict { code, message, .. } => (code, message),
        other => panic!("{other:?}"),
    }
}

/// A network that the laboratory could have, in a declaration.
fn declared(fields: Value) -> moxxie_api::declaration::Declaration {
    let mut network = json!({"clientId": "acme", "name": "one", "datacenter": "dc1", "size": "/24",
        "options": {"firewallProfile": "isolated"}});
    network.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    serde_json::from_value(json!({"networks": [network]})).unwrap()
}

/// Asks in every way; all refuse with this code and this text, and nothing is done.
async fn refused(lab: &Lab, router: &str, fields: Value, expected: &str, part: &str) {
    let before = lab.emulator(router).snapshot();
    let declaration = declared(fields);
    let request = declaration.networks.as_ref().unwrap()[0].request.clone();
    let query = DeclarationQuery::default();
    for error in [
        lab.engine.provision_dry_run(&me(), request.clone()).await.unwrap_err(),
        lab.engine.declare_dry_run(&me(), declaration, &query).await.unwrap_err(),
    ] {
        let (found, message) = code(error);
        assert!(found == expected && message.contains(part), "{found}: {message}");
    }
    let (change, _) = lab.provision(request).await.unwrap();
    assert_eq!(change.state, "rolled_back");
    assert_eq!(change.error.unwrap().code, expected);
    assert_eq!(lab.emulator(router).snapshot(), before);
    lab.assert_all_free("dc1").await;
}

#[tokio::test]
async fn a_network_that_draws_the_way_back_into_itself() {
    let lab = Lab::new(Database::Sqlite).site("dc1", dot1q()).router("r1", "7.22").start().await;
    let pool = json!({"name": "mgmt", "datacenter": "dc1", "prefix": "2001:db8:ff::/48"});
    lab.engine.create_pool(&me(), serde_json::from_value(pool).unwrap()).await.unwrap();
    let fields = json!({"subnet6": "2001:db8:ff:1::/64"});
    refused(&lab, "r1", fields, "cuts_management", "management prefix 2001:db8:ff::/48").await;
    lab.stop().await;
}

#[tokio::test]
async fn tags_that_do_not_fit_a_vlan_of_somebody_else_and_a_rule_that_lets_pass() {
    let lab = Lab::new(Database::Sqlite).site("dc1", qinq(1000)).router("r1", "7.22").start().await;
    let emulator = lab.emulator("r1");
    // A foreign row has the service VLAN.
    emulator
        .add_row(
            "/interface/vlan",
            &[("name", "old"), ("interface", "ether2"), ("vlan-id", "1000"), ("use-service-tag", "yes")],
        )
        .unwrap();
    refused(&lab, "r1", json!({}), "foreign_row", "old").await;
    lab.stop().await;

    let lab = Lab::new(Database::Sqlite).site("dc1", dot1q()).router("r1", "7.22").start().await;
    let vlan = [("name", "theirs"), ("interface", "ether2"), ("vlan-id", "321")];
    lab.emulator("r1").add_row("/interface/vlan", &vlan).unwrap();
    refused(&lab, "r1", json!({"vlanId": 321}), "foreign_row", "theirs").await;
    lab.stop().await;
}

#[tokio::test]
async fn what_others_refer_to_stays_until_they_let_go() {
    for database in Database::all() {
        let lab = Lab::new(database).site("dc1", dot1q()).router("r1", "7.20").start().await;
        let (change, network) = lab.provision(order("dc1")).await.unwrap();
        assert_eq!(change.state, "applied");
        let network = network.unwrap();
        let inside = network.subnet.replace(".0/24", ".77");
        let emulator = lab.emulator("r1");
        let route = emulator
            .add_row("/ip/route", &[("dst-address", "198.51.100.0/24"), ("gateway", &inside)])
            .unwrap();
        let before = emulator.snapshot();
        let (found, message) =
            code(lab.engine.deprovision_dry_run(&me(), &network.network_id).await.unwrap_err());
        assert!(found == "still_referred" && message.contains(&inside), "{found}: {message}");
        let change = lab.deprovision(&network.network_id).await.unwrap();
        assert_eq!(
            (change.state.as_str(), change.error.unwrap().code.as_str()),
            ("rolled_back", "still_referred")
        );
        assert_eq!(emulator.snapshot(), before);
        assert_eq!(lab.engine.network(&me(), &network.network_id).await.unwrap().status, "provisioned");
        emulator.remove_row("/ip/route", &route).unwrap();
        assert_eq!(lab.deprovision(&network.network_id).await.unwrap().state, "applied");
        lab.stop().await;
    }
}
