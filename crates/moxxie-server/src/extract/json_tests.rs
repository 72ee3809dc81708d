use moxxie_api::{Problem, address::AddressRequest, network::NetworkRequest, router::RouterCreate};

use super::*;
use crate::extract::NoBody;
use crate::limits::{BODY, BODY_TIME};

fn json() -> HeaderMap {
    HeaderMap::from_iter([(header::CONTENT_TYPE, "application/json; charset=utf-8".parse().unwrap())])
}

fn refusal<B: Serialize + DeserializeOwned + std::fmt::Debug>(body: &str) -> Problem {
    parse::<B>(&json(), body.as_bytes()).unwrap_err().problem().clone()
}

const GOOD: &str = r#"{"clientId":"acme","datacenter":"dc2","size":"/24","options":{"enableDHCP":true}}"#;

#[test]
fn a_request_is_read() {
    let request: NetworkRequest = parse(&json(), GOOD.as_bytes()).unwrap();
    assert_eq!((request.client_id.as_str(), request.options.enable_dhcp), ("acme", true));
}

#[test]
fn what_is_not_json_is_400_with_its_place() {
    for (body, place) in [
        ("{", "line 1, column 1"),
        ("{\n  \"clientId\": oops}", "line 2"),
        ("{\"clientId\":\"a\"", "line 1"),
        (&format!("{GOOD} x"), "trailing"),
        ("{\"clientId\":\"\\ud800\"}", "line 1"),
        ("{\"vlanId\":1e999}", "line 1"),
        (&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)), ""),
        ("", "empty"),
        ("  ", "empty"),
    ] {
        let problem = refusal::<NetworkRequest>(body);
        let start: String = body.chars().take(40).collect();
        if !start.starts_with('[') {
            assert_eq!((problem.status, problem.code.as_str()), (400, "malformed_json"), "{start}");
        }
        assert!(problem.detail.contains(place), "{start}: {}", problem.detail);
    }
}

#[test]
fn the_wrong_field_is_named() {
    let with = |field: &str, value: &str| GOOD.replacen('{', &format!("{{\"{field}\":{value},"), 1);
    for (body, field, words) in [
        (with("siez", "1"), "siez", "there are: clientId, type, datacenter, size"),
        (GOOD.replace("enableDHCP", "dhcp"), "options.dhcp", "there are: enableDHCP, firewallProfile"),
        (GOOD.replace("\"size\":\"/24\",", ""), "size", "required"),
        (GOOD.replace("\"/24\"", "24"), "size", "must be a string, not a number"),
        (GOOD.replace("true", "\"yes\""), "options.enableDHCP", "must be true or false, not a string"),
        (with("vlanId", "\"7\""), "vlanId", "must be a whole number, not a string"),
        (with("vlanId", "1.5"), "vlanId", "whole number"),
        (with("vlanId", "99999999999999999999"), "vlanId", "whole number"),
        (with("clientId", "\"b\""), "clientId", "more than once"),
        (with("name", "\"a\\u0000b\""), "name", "NUL"),
        (GOOD.replace("{\"enableDHCP\":true}", "[]"), "options", "must be an object, not a list"),
        (GOOD.replace("{\"enableDHCP\":true}", "7"), "options", "must be an object"),
        ("[]".into(), "", "required"),
        ("[\"acme\",null,\"dc2\",\"/24\"]".into(), "body", "must be an object"),
        ("null".into(), "body", "must be an object"),
        ("\"x\"".into(), "body", "must be an object"),
    ] {
        let problem = refusal::<NetworkRequest>(&body);
        assert_eq!((problem.status, problem.code.as_str()), (422, "validation"), "{body}");
        let error = &problem.errors[0];
        if !field.is_empty() {
            assert_eq!(error.field, field, "{body}: {}", error.message);
            assert!(error.message.contains(words), "{body}: {}", error.message);
        }
    }
}

#[test]
fn nul_is_found_at_any_depth() {
    for body in [r#"{"tags":{"a":"\u0000"}}"#, r#"{"tags":{"a\u0000":"b"}}"#] {
        let problem = refusal::<AddressRequest>(body);
        assert!(problem.errors[0].field.starts_with("tags"), "{problem:?}");
    }
    assert!(parse::<AddressRequest>(&json(), br#"{"tags":{"a":"\\u0000"}}"#).is_ok(), "an escaped backslash");
}

#[test]
fn a_secret_in_the_wrong_place_is_not_repeated() {
    let body =
        r#"{"name":"r1","datacenter":"dc1","address":"a","username":"u","password":918273645,"trunk":"e"}"#;
    let problem = refusal::<RouterCreate>(body);
    assert_eq!(problem.errors[0].field, "password");
    assert!(!problem.detail.contains("918273645"), "{}", problem.detail);
}

#[test]
fn another_content_type_is_415() {
    for kind in [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("")] {
        let headers = kind.map(|kind| (header::CONTENT_TYPE, kind.parse().unwrap()));
        let failure = parse::<NetworkRequest>(&HeaderMap::from_iter(headers), GOOD.as_bytes()).unwrap_err();
        assert_eq!(failure.problem().status, 415, "{kind:?}");
    }
}

#[test]
fn a_write_without_a_body_takes_nothing_or_an_empty_object() {
    assert!(parse::<NoBody>(&HeaderMap::new(), b"").is_ok());
    assert!(parse::<NoBody>(&json(), b"{}").is_ok());
    assert_eq!(refusal::<NoBody>(r#"{"a":1}"#).errors[0].field, "a");
}

#[tokio::test]
async fn a_body_over_the_limit_is_413() {
    let body = |size: usize| Body::from(vec![b' '; size]);
    assert!(read(&HeaderMap::new(), body(BODY), BODY, BODY_TIME).await.is_ok());
    let failure = read(&HeaderMap::new(), body(BODY + 1), BODY, BODY_TIME).await.unwrap_err();
    assert_eq!(failure.problem().status, 413);
    let announced = HeaderMap::from_iter([(header::CONTENT_LENGTH, "999999999".parse().unwrap())]);
    assert_eq!(read(&announced, Body::empty(), BODY, BODY_TIME).await.unwrap_err().problem().status, 413);
}
