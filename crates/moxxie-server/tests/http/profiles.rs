//! Firewall profiles: what is refused, and how it is said.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Server, order};

fn web() -> Value {
    json!({
        "name": "web",
        "rules": [
            {"direction": "out", "action": "accept"},
            {"direction": "in", "action": "accept", "service": "web", "from": "offices"}
        ],
        "sets": {"offices": ["203.0.113.0/24"]},
        "services": {"web": {"protocol": "tcp", "ports": ["443"]}}
    })
}

#[tokio::test]
async fn written_shown_used_and_removed() {
    let server = Server::start().await.with_site().await;
    let made = server.post("/api/v1/profiles", web()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    assert_eq!(made.header("location"), "/api/v1/profiles/web");
    let shown = server.get("/api/v1/profiles/web").await.json();
    assert_eq!((&shown["version"], &shown["rules"][1]["name"]), (&json!(1), &json!("r2")));
    assert_eq!(server.post("/api/v1/profiles", web()).await.problem().code, "name_taken");

    let all = server.get("/api/v1/profiles").await.json();
    let names: Vec<_> =
        all["items"].as_array().unwrap().iter().map(|profile| profile["name"].clone()).collect();
    assert_eq!(names, ["isolated", "open", "standard", "web"]);

    let mut order = order();
    order["options"] = json!({"firewallProfile": "web"});
    let network = server.post("/api/v1/networks/allocate", order.clone()).await;
    assert_eq!(network.status, StatusCode::CREATED, "{}", network.body);
    let name = format!("acme/{}", network.json()["name"].as_str().unwrap());
    let mut other = web();
    other["rules"] = json!([{"direction": "out", "action": "accept"}]);
    let problem = server.admin(Method::DELETE, "/api/v1/profiles/web", None).await.problem();
    assert_eq!((problem.status, problem.code.as_str()), (409, "in_use"));
    assert!(problem.detail.contains(&name), "{}", problem.detail);
    let same = server.admin(Method::PUT, "/api/v1/profiles/web", Some(web())).await;
    assert_eq!((same.status, &same.json()["version"]), (StatusCode::OK, &json!(1)));
    // The network is on no router, so that nothing has to be brought anywhere.
    for (profile, version) in [(other.clone(), 2), (web(), 3)] {
        let plan = server.admin(Method::PUT, "/api/v1/profiles/web?dryRun=true", Some(profile.clone())).await;
        assert_eq!((plan.status, &plan.json()["routers"]), (StatusCode::OK, &json!([])), "{}", plan.body);
        let written = server.admin(Method::PUT, "/api/v1/profiles/web", Some(profile)).await;
        assert_eq!((written.status, &written.json()["version"]), (StatusCode::OK, &json!(version)));
    }

    let spare = "/api/v1/profiles/spare";
    other["name"] = json!("spare");
    // Added, the same again, written anew.
    for (description, version) in [("", 1), ("", 1), ("for tests", 2)] {
        other["description"] = json!(description);
        let written = server.admin(Method::PUT, spare, Some(other.clone())).await;
        assert_eq!(written.json()["version"], json!(version), "{}", written.body);
    }
    let removed = server.admin(Method::DELETE, spare, None).await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    assert_eq!(server.get(spare).await.status, StatusCode::NOT_FOUND);

    order["options"] = json!({"firewallProfile": "spare"});
    let problem = server.post("/api/v1/networks/allocate", order).await.problem();
    assert_eq!(problem.errors[0].field, "options.firewallProfile");
    assert!(problem.errors[0].message.contains("there are standard, isolated, open, web"), "{problem:?}");
}

#[tokio::test]
async fn what_is_wrong_with_a_profile_is_said_by_field() {
    let server = Server::start().await;
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut body = web();
        change(&mut body);
        body
    };
    for (body, field, says) in [
        (changed(&|b| b["name"] = json!("open")), "name", "built in"),
        (changed(&|b| b["rules"] = json!([])), "rules", "is empty"),
        (changed(&|b| b["rules"][1]["from"] = json!("office")), "rules[1].from", "there are any, management"),
        (changed(&|b| b["rules"][1]["service"] = json!("ssh")), "rules[1].service", "there are web"),
        (changed(&|b| b["services"]["web"]["ports"] = json!(["0"])), "services.web.ports[0]", "not a port"),
        (changed(&|b| b["sets"]["offices"] = json!(["10.0.0.0/33"])), "sets.offices[0]", ""),
        (
            changed(
                &|b| b["rules"] = json!([{"direction": "in", "action": "drop"}, {"direction": "in", "action": "accept", "from": "management"}]),
            ),
            "rules[1]",
            "can never match",
        ),
    ] {
        let problem = server.post("/api/v1/profiles", body.clone()).await.problem();
        assert_eq!(problem.status, 422, "{body}");
        assert!(
            problem.errors.iter().any(|error| error.field == field && error.message.contains(says)),
            "{body}: {problem:?}"
        );
    }
    let unknown = changed(&|b| b["rules"][0]["form"] = json!("any"));
    assert_eq!(server.post("/api/v1/profiles", unknown).await.problem().errors[0].field, "rules[0].form");
    let renamed = server.admin(Method::PUT, "/api/v1/profiles/other", Some(web())).await.problem();
    assert_eq!(renamed.errors[0].field, "name");
    let built_in = server.admin(Method::DELETE, "/api/v1/profiles/open", None).await.problem();
    assert_eq!((built_in.status, built_in.code.as_str()), (409, "in_use"));
    assert_eq!(
        server.admin(Method::DELETE, "/api/v1/profiles/none", None).await.status,
        StatusCode::NOT_FOUND
    );
}
