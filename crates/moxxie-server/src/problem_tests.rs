use moxxie_api::change::ChangeError;
use moxxie_core::identity::Role;
use serde_json::json;

use super::*;

fn change(state: &str, error: Option<&str>) -> Change {
    let now = "2026-01-01T00:00:00Z";
    let mut change: Change = serde_json::from_value(json!({
        "changeId": "chg-1", "kind": "provision", "state": state, "finished": true, "datacenter": "dc1",
        "routers": ["r1"], "steps": [], "attempt": 1, "deadline": now, "createdBy": "me",
        "createdAt": now, "updatedAt": now,
    }))
    .unwrap();
    change.error = error.map(|code| ChangeError {
        code: code.into(),
        message: format!("because of {code}"),
        context: Some(json!({"row": 1})),
    });
    change
}

#[test]
fn the_table() {
    let conflict = |code| Error::Conflict { code, message: "m".into(), context: Some(json!({"a": 1})) };
    let unavailable = Error::Unavailable { message: "m".into(), retry_after_s: 7, source: None };
    let failed = |state, code| Error::ChangeFailed { change: Box::new(change(state, code)) };
    for (error, status, code) in [
        (Error::Unauthenticated, 401, "unauthenticated"),
        (Error::Forbidden { have: Role::Viewer, need: Role::Admin }, 403, "forbidden"),
        (Error::invalid("size", "must be /8 to /30"), 422, "validation"),
        (Error::NotFound { what: "site", name: "x".into() }, 404, "not_found"),
        (conflict("vlan_taken"), 409, "vlan_taken"),
        (conflict("version_changed"), 412, "version_changed"),
        (conflict("something_new"), 409, "something_new"),
        (failed("rolled_back", Some("foreign_row")), 409, "foreign_row"),
        (failed("rolled_back", Some("no_anchor")), 409, "no_anchor"),
        (failed("rolled_back", Some("router_unreachable")), 503, "router_unreachable"),
        (failed("rolled_back", Some("something_new")), 409, "something_new"),
        (failed("rolled_back", Some("internal")), 409, "internal"),
        (failed("cancelled", None), 409, "cancelled"),
        (failed("needs_operator", None), 409, "needs_operator"),
        (unavailable, 503, "unavailable"),
        (Error::Internal("secret cause".into()), 500, "internal"),
    ] {
        let failure = Failure::from(error);
        let problem = failure.problem().clone();
        assert_eq!((problem.status, problem.code.as_str()), (status, code), "{problem:?}");
        assert_eq!(problem.kind, format!("/problems/{code}"));
        assert!(!problem.title.is_empty() && !problem.detail.contains("secret"), "{problem:?}");
        let response = failure.into_response();
        assert_eq!(response.status().as_u16(), status);
        assert_eq!(response.headers()[header::CONTENT_TYPE], MEDIA_TYPE);
        assert_eq!(response.headers().contains_key(header::RETRY_AFTER), status == 503);
        assert_eq!(response.headers().contains_key(header::WWW_AUTHENTICATE), status == 401);
    }
}

#[test]
fn a_failed_change_is_named_with_what_is_in_the_way() {
    let failure = Failure::change(&change("rolled_back", Some("foreign_row")));
    let problem = failure.problem();
    assert_eq!(problem.change_id.as_deref(), Some("chg-1"));
    assert_eq!(problem.context, Some(json!({"row": 1})));
    assert_eq!(problem.detail, "because of foreign_row");
}

#[test]
fn causes_are_written_once_each() {
    #[derive(Debug, thiserror::Error)]
    #[error("reading the table")]
    struct Outer(#[source] std::io::Error);
    let error = Outer(std::io::Error::other("disk on fire"));
    assert_eq!(chain(&error), "reading the table: disk on fire");
}
