//! Plans that are carried out as they were shown, or not at all.

use axum::http::{Method, StatusCode};
use routeros_emulator::Emulator;
use serde_json::{Value, json};

use crate::support::{Server, order, request};

async fn scene() -> (Emulator, Server) {
    let router =
        Emulator::builder().version("7.22").unwrap().user("moxxie", "planted-secret-4711").ethernet(4);
    let router = router.bind("127.0.0.1:0").start().await.unwrap();
    for chain in ["forward", "input"] {
        let anchor = [("chain", chain), ("action", "passthrough"), ("comment", "moxxie-anchor")];
        router.add_row("/ip/firewall/filter", &anchor).unwrap();
    }
    let server = Server::start().await.with_site().await.with_router(&router.addr().to_string()).await;
    (router, server)
}

async fn plan(server: &Server, path: &str, body: &Value) -> String {
    let reply = server.post(&format!("{path}?dryRun=true"), body.clone()).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    reply.json()["planId"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_order_by_plan_is_what_was_shown() {
    let (router, server) = scene().await;
    let two = json!({"items": [order(), order(), order()]});
    for (path, body) in [("/api/v1/networks/provision", order()), ("/api/v1/networks/bulk", two)] {
        let id = plan(&server, path, &body).await;
        assert_eq!(plan(&server, path, &body).await, id, "the same question has the same answer");
        // Another request is another plan, also with the same id.
        let other = json!({"items": [order()]});
        let mut wrong = if path.ends_with("bulk") { other } else { order() };
        if path.ends_with("provision") {
            wrong["size"] = json!("/25");
        }
        let problem = server.post(&format!("{path}?plan={id}"), wrong).await.problem();
        assert_eq!((problem.status, problem.code.as_str()), (409, "plan_changed"));
        let done = server.post(&format!("{path}?plan={id}"), body.clone()).await;
        assert_eq!(done.status, StatusCode::ACCEPTED, "{}", done.body);
        // Done once it would be something else.
        let problem = server.post(&format!("{path}?plan={id}"), body).await.problem();
        assert_eq!(problem.code, "plan_changed");
        let now = problem.context.unwrap()["plan"].clone();
        assert_ne!(now["planId"], json!(id));
        assert!(now["routers"][0]["commands"].is_array());
    }
    let networks = server.get("/api/v1/networks").await.json();
    assert_eq!(networks["items"].as_array().unwrap().len(), 4);
    // Who may not order may not by plan either, and a refusal is in the trail.
    let id = plan(&server, "/api/v1/networks/provision", &order()).await;
    let path = format!("/api/v1/networks/provision?plan={id}");
    let viewer = request(Method::POST, &path, Some(&server.viewer), Some(order()));
    assert_eq!(server.send(viewer).await.status, StatusCode::FORBIDDEN);
    let trail = server.get("/api/v1/audit?limit=1000").await.body;
    assert!(trail.contains("plan_changed"), "{trail}");
    router.shutdown().await;
}

#[tokio::test]
async fn a_plan_that_records_or_routers_have_overtaken_is_refused() {
    let (router, server) = scene().await;
    let path = "/api/v1/networks/provision";
    // Somebody takes the VLAN id and the prefix.
    let id = plan(&server, path, &order()).await;
    let other = server.post("/api/v1/networks/allocate", order()).await;
    assert_eq!(other.status, StatusCode::CREATED);
    let problem = server.post(&format!("{path}?plan={id}"), order()).await.problem();
    assert_eq!(problem.code, "plan_changed");
    // Somebody makes a list on the router that the network would share: fewer commands are needed, or none is
    // possible; either way nothing is ordered.
    let id = plan(&server, path, &order()).await;
    router.add_row("/interface/list", &[("name", "mx-nets"), ("comment", "mine")]).unwrap();
    let reply = server.post(&format!("{path}?plan={id}"), order()).await;
    assert_eq!(reply.status, StatusCode::CONFLICT, "{}", reply.body);
    let networks = server.get("/api/v1/networks").await.json();
    assert_eq!(networks["items"].as_array().unwrap().len(), 1, "only the one that was allocated");
    // What has no plan on routers takes none.
    let reply = server.admin(Method::DELETE, &format!("/api/v1/tenants/acme?plan={id}"), None).await;
    assert!(reply.status.is_client_error(), "{}", reply.body);
    assert_eq!(server.get("/api/v1/tenants/acme").await.status, StatusCode::OK);
    router.shutdown().await;
}
