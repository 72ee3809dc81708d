//! Registers what the configuration file names: made when absent, left alone when there.

use anyhow::Context as _;
use moxxie_engine::{Context, Engine, Error};
use serde::Serialize;
use serde_json::Value;

use crate::config::{Entry, Resources};

/// Registers everything, in the order in which one needs the other.
pub(super) async fn all(engine: &Engine, resources: &Resources) -> anyhow::Result<()> {
    let context = &Context::system();
    for entry in &resources.sites {
        let name = &entry.request.name;
        if settle("site", name, entry, engine.site(context, name).await)? {
            made("site", name, entry, engine.create_site(context, entry.request.clone()).await)?;
        }
    }
    for entry in &resources.tenants {
        let name = &entry.request.name;
        if settle("tenant", name, entry, engine.tenant(context, name).await)? {
            made("tenant", name, entry, engine.create_tenant(context, entry.request.clone()).await)?;
        }
    }
    for entry in &resources.profiles {
        let name = &entry.request.name;
        // Compared as it would be kept: the file need not name every rule.
        let kept = moxxie_engine::profile::normalised(&entry.request);
        let kept = kept.with_context(|| format!("reading profile {name} ({})", entry.place))?;
        let entry = Entry {
            place: entry.place.clone(),
            request: entry.request.clone(),
            stated: written(serde_json::to_value(kept)?),
        };
        if settle("profile", name, &entry, engine.profile(context, name).await)? {
            made("profile", name, &entry, engine.create_profile(context, entry.request.clone()).await)?;
        }
    }
    for entry in &resources.pools {
        let name = &entry.request.name;
        if settle("pool", name, entry, engine.pool(context, name, None).await)? {
            made("pool", name, entry, engine.create_pool(context, entry.request.clone()).await)?;
        }
    }
    for entry in &resources.routers {
        let name = &entry.request.name;
        if settle("router", name, entry, engine.router(context, name).await)? {
            made("router", name, entry, engine.create_router(context, entry.request.clone()).await)?;
        }
    }
    Ok(())
}

/// A profile without what nobody writes.
fn written(mut profile: Value) -> Value {
    if let Some(fields) = profile.as_object_mut() {
        fields.retain(|name, _| !matches!(name.as_str(), "version" | "updatedAt"));
    }
    profile
}

/// Whether it must be made. One that is there and differs is reported, never changed: the file may be
/// the older of the two.
fn settle<R, T: Serialize>(
    kind: &str,
    name: &str,
    entry: &Entry<R>,
    found: Result<T, Error>,
) -> anyhow::Result<bool> {
    match found {
        Err(Error::NotFound { .. }) => Ok(true),
        Err(error) => Err(error).with_context(|| format!("looking for {kind} {name} of {}", entry.place)),
        Ok(found) => {
            let found = serde_json::to_value(found)?;
            for difference in differences(&entry.stated, &found, "") {
                tracing::warn!(
                    place = entry.place,
                    "the {kind} {name} differs from the configuration file and is left as it is: {difference}"
                );
            }
            Ok(false)
        }
    }
}

fn made<R, T>(kind: &str, name: &str, entry: &Entry<R>, made: Result<T, Error>) -> anyhow::Result<()> {
    match made {
        Ok(_) => tracing::info!("registered {kind} {name} from the configuration file"),
        // Another process that starts at the same time was faster.
        Err(Error::Conflict { code: "name_taken", .. }) => {}
        Err(error) => {
            return Err(error).with_context(|| format!("registering {kind} {name} ({})", entry.place));
        }
    }
    Ok(())
}

/// The stated fields that are otherwise in what was found. What never comes back cannot be compared.
fn differences(stated: &Value, found: &Value, path: &str) -> Vec<String> {
    let mut all = Vec::new();
    for (field, wanted) in stated.as_object().into_iter().flatten() {
        let name = format!("{path}{field}");
        match (wanted, found.get(field)) {
            _ if name == "password" => {}
            (Value::Object(_), Some(there @ Value::Object(_))) => {
                all.extend(differences(wanted, there, &format!("{name}.")));
            }
            (wanted, Some(there)) if alike(wanted, there, &name) => {}
            (wanted, there) => {
                let there = there.unwrap_or(&Value::Null);
                all.push(format!("{name} is {there}, the file says {wanted}"));
            }
        }
    }
    all
}

fn alike(wanted: &Value, there: &Value, name: &str) -> bool {
    match (wanted, there) {
        (Value::String(wanted), Value::String(there)) => {
            wanted.eq_ignore_ascii_case(there)
                // The port need not be said.
                || name == "address" && there.rsplit_once(':').is_some_and(|(host, _)| host == wanted)
        }
        _ => wanted == there,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_the_file_states_is_compared() {
        let found = json!({"name": "r1", "address": "192.0.2.1:8728", "trunk": "ether2", "serial": "X",
                           "tls": {"spkiSha256": "ab", "more": 1}});
        let same =
            json!({"name": "r1", "address": "192.0.2.1", "password": "p", "tls": {"spkiSha256": "AB"}});
        assert_eq!(differences(&same, &found, ""), Vec::<String>::new());
        let other = json!({"name": "r1", "trunk": "ether3", "tls": {"spkiSha256": "cd"}, "location": "x"});
        // Features of other crates decide in which order JSON keeps its fields.
        let mut found = differences(&other, &found, "");
        found.sort();
        assert_eq!(
            found,
            [
                "location is null, the file says \"x\"",
                "tls.spkiSha256 is \"ab\", the file says \"cd\"",
                "trunk is \"ether2\", the file says \"ether3\"",
            ]
        );
    }
}
