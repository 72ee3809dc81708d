//! Plans that are carried out as they were shown: `?dryRun=true` answers a `planId`, and the same request with
//! `?plan=ID` is done only while a dry run of it would still answer that id.
//!
//! One layer for every operation with a dry run on routers. Between the second look and the order somebody else
//! may still be faster: then the order is checked like any other, and may be given another VLAN id.

use axum::{
    Json,
    body::{Body, Bytes},
    extract::Request,
    http::{Method, Uri, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use moxxie_api::BASE;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::{problem::Failure, problem_kinds};

/// Fields of a network that are drawn anew each time, or tell of changes rather than of the network.
const VOLATILE: [&str; 5] = ["networkId", "createdAt", "updatedAt", "changeId", "provisioningSteps"];

pub(crate) async fn planned(request: Request, next: Next) -> Result<Response, Failure> {
    let query = request.uri().query().unwrap_or_default();
    let has = |pair: &str| query.split('&').any(|one| one == pair);
    let wanted = query.split('&').find_map(|pair| pair.strip_prefix("plan=")).map(str::to_owned);
    // A declaration has ids of its own, checked within its transaction; a table is no order.
    let own = ["/declaration", "/import"].iter().any(|end| request.uri().path().ends_with(end));
    if request.method() == Method::GET || own || (wanted.is_none() && !has("dryRun=true")) {
        return Ok(next.run(request).await);
    }
    let (parts, body) = request.into_parts();
    let body = crate::extract::body(&parts.headers, body).await?;
    let rehearsal = again(&parts, &body, Some("dryRun=true"))?;
    let (answered, dry) = read(next.clone().run(rehearsal).await).await?;
    let Some(mut dry) = dry else {
        return match wanted {
            Some(_) if answered.status().is_success() => {
                Err(Failure::invalid("plan", "this operation has no plan on routers: leave it out"))
            }
            _ => Ok(answered),
        };
    };
    let id = plan_id(&parts, &body, &dry);
    dry["planId"] = json!(id);
    match wanted {
        None => {
            let (mut parts, _) = answered.into_parts();
            parts.headers.remove(header::CONTENT_LENGTH);
            Ok((parts, Json(dry)).into_response())
        }
        Some(wanted) if wanted == id => Ok(next.run(again(&parts, &body, None)?).await),
        Some(_) => {
            let detail = "what the plan is about changed since it was asked for, so nothing was done; look at the plan \
                          as it would be now, and apply that";
            Err(Failure::new(&problem_kinds::PLAN_CHANGED, detail).context(json!({"plan": dry})))
        }
    }
}

/// The same request without `plan`, and with another word in its query; a dry run waits for nothing.
fn again(parts: &Parts, body: &Bytes, word: Option<&str>) -> Result<Request, Failure> {
    let query = parts.uri.query().unwrap_or_default().split('&').filter(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        !pair.is_empty() && name != "plan" && !(word.is_some() && matches!(name, "dryRun" | "wait"))
    });
    let query = query.chain(word).collect::<Vec<_>>().join("&");
    let path = parts.uri.path();
    let uri = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    let mut parts = parts.clone();
    parts.uri = uri.parse::<Uri>().map_err(|_| Failure::invalid("plan", "is not an id of a plan"))?;
    Ok(Request::from_parts(parts, Body::from(body.clone())))
}

/// The answer, and what it says if that is a plan for routers.
async fn read(response: Response) -> Result<(Response, Option<Value>), Failure> {
    if !response.status().is_success() {
        return Ok((response, None));
    }
    let (parts, body) = response.into_parts();
    let broken = |_| Failure::new(&problem_kinds::INTERNAL, "the plan could not be read");
    let bytes = axum::body::to_bytes(body, usize::MAX).await.map_err(broken)?;
    let plan = serde_json::from_slice::<Value>(&bytes).ok().filter(|plan| {
        plan["routers"].as_array().is_some_and(|routers| routers.iter().all(|one| one["commands"].is_array()))
    });
    Ok((Response::from_parts(parts, Body::from(bytes)), plan))
}

/// What is asked for and what would come of it, in one word.
fn plan_id(parts: &Parts, body: &Bytes, dry: &Value) -> String {
    let mut network = dry["network"].clone();
    if let Some(fields) = network.as_object_mut() {
        fields.retain(|field, _| !VOLATILE.contains(&field.as_str()));
    }
    let routers = dry["routers"].as_array().into_iter().flatten().map(|router| {
        let commands = router["commands"].as_array().into_iter().flatten();
        let mut commands: Vec<_> = commands.map(|command| nameless(&command.to_string())).collect();
        // Those of one wave are in order of ids.
        commands.sort();
        json!([router["router"], commands])
    });
    let path = parts.uri.path().trim_start_matches(BASE);
    let body = String::from_utf8_lossy(body);
    let text = json!([parts.method.as_str(), path, body, network, routers.collect::<Vec<_>>()]).to_string();
    format!("plan-{}", moxxie_core::audit::hex(&Sha256::digest(text.as_bytes())[..16]))
}

/// The text without the ids of networks, which are drawn anew when they are made: labels tell them apart.
fn nameless(text: &str) -> String {
    let mut left = text;
    let mut said = String::with_capacity(text.len());
    while let Some(position) = [left.find("net-"), left.find("mx-")].into_iter().flatten().min() {
        let (before, found) = left.split_at(position);
        said.push_str(before);
        let prefix = if found.starts_with("net-") { "net-" } else { "mx-" };
        let rest = &found[prefix.len()..];
        let length = if prefix == "net-" { 36 } else { 12 };
        let is_id = rest.len() >= length
            && rest.bytes().take(length).all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        said.push_str(prefix);
        left = if is_id { &rest[length..] } else { rest };
    }
    said.push_str(left);
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_networks_are_left_out_and_nothing_else() {
        let one =
            "mx1:i:net-01a20d92-6e4c-78d8-878e-c1ae122544b9:vlan acme/web name=mx-c1ae122544b9 list=mx-nets";
        assert_eq!(nameless(one), "mx1:i:net-:vlan acme/web name=mx- list=mx-nets");
        assert_eq!(nameless("net- mx- internet-of"), "net- mx- internet-of");
    }
}
