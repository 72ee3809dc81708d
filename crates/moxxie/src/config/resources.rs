//! Sites, pools, routers, tenants and firewall profiles in the file: the fields of the REST requests in snake_case.

use std::{collections::BTreeSet, path::Path};

use moxxie_api::{
    datacenter::DatacenterCreate, pool::PoolCreate, profile::ProfileCreate, router::RouterCreate,
    tenant::TenantCreate,
};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use toml::{Table, Value};

use super::{file, keys::KEYS, nearest};

/// One thing to register.
#[derive(Debug)]
pub(crate) struct Entry<T> {
    /// Its place in the file, for messages: `sites[0]`.
    pub(crate) place: String,
    /// The request that registers it.
    pub(crate) request: T,
    /// The fields that stand in the file, in the API's names: only these are compared with what exists.
    pub(crate) stated: Json,
}

/// Everything to register.
#[derive(Debug, Default)]
pub(crate) struct Resources {
    pub(crate) sites: Vec<Entry<DatacenterCreate>>,
    pub(crate) pools: Vec<Entry<PoolCreate>>,
    pub(crate) tenants: Vec<Entry<TenantCreate>>,
    pub(crate) profiles: Vec<Entry<ProfileCreate>>,
    pub(crate) routers: Vec<Entry<RouterCreate>>,
}

/// A list in the file and its fields; `a.b` is field `b` of table `a`, and `a.*` says that the file chooses
/// the keys of table `a`.
struct Kind {
    list: &'static str,
    fields: &'static [&'static str],
}

const SITES: Kind = Kind {
    list: "sites",
    fields: &[
        "name",
        "description",
        "location",
        "encapsulation",
        "encapsulation.type",
        "encapsulation.service_vlan",
        "encapsulation.tpid",
        "vlan_range",
        "vlan_quarantine_seconds",
        "management_prefixes",
        "dns_servers",
        "hand_off",
    ],
};
const POOLS: Kind = Kind {
    list: "pools",
    fields: &["name", "datacenter", "prefix", "vrf", "policy", "quarantine_seconds", "description"],
};
const TENANTS: Kind = Kind { list: "tenants", fields: &["name", "description"] };
const PROFILES: Kind = Kind {
    list: "profiles",
    fields: &["name", "description", "rules", "sets", "sets.*", "services", "services.*"],
};
const ROUTERS: Kind = Kind {
    list: "routers",
    fields: &[
        "name",
        "datacenter",
        "address",
        "username",
        "password",
        "tls",
        "tls.spki_sha256",
        "trunk",
        "firewall_anchor",
    ],
};
const KINDS: [&Kind; 5] = [&SITES, &POOLS, &TENANTS, &PROFILES, &ROUTERS];

/// Takes the lists out of the file's table and refuses keys nobody knows.
pub(super) fn split(mut table: Table, errors: &mut Vec<String>) -> (Table, Resources) {
    let resources = Resources {
        sites: take(&mut table, &SITES, errors),
        pools: take(&mut table, &POOLS, errors),
        tenants: take(&mut table, &TENANTS, errors),
        profiles: take(&mut table, &PROFILES, errors),
        routers: take(&mut table, &ROUTERS, errors),
    };
    let known = || KEYS.iter().map(|key| key.name).chain(KINDS.iter().map(|kind| kind.list));
    let unknown: Vec<_> = table.keys().filter(|key| !known().any(|name| name == *key)).cloned().collect();
    for key in unknown {
        errors.push(unknown_key(&key, known()));
        table.remove(&key);
    }
    (table, resources)
}

fn unknown_key<'a>(key: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let last = key.rsplit('.').next().unwrap_or(key);
    match nearest(last, known) {
        Some(name) => format!("there is no key {key}; the nearest is {name}"),
        None => format!("there is no key {key}"),
    }
}

fn take<T: DeserializeOwned>(table: &mut Table, kind: &Kind, errors: &mut Vec<String>) -> Vec<Entry<T>> {
    let items = match table.remove(kind.list) {
        None => return Vec::new(),
        Some(Value::Array(items)) => items,
        Some(_) => {
            errors.push(format!("{0} is a list of tables; write each as [[{0}]]", kind.list));
            return Vec::new();
        }
    };
    let mut entries = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        let place = format!("{}[{index}]", kind.list);
        let before = errors.len();
        let Value::Table(item) = item else {
            errors.push(format!("{place} is not a table; write [[{}]]", kind.list));
            continue;
        };
        let stated = camel(item, "", &place, kind, errors);
        if errors.len() > before {
            continue;
        }
        match serde_json::from_value(stated.clone()) {
            Ok(request) => entries.push(Entry { place, request, stated }),
            // Words only of the kinds of values, never the values: one may be a password.
            Err(error) => errors.push(format!("{place}: {}", without_value(&error.to_string()))),
        }
    }
    entries
}

/// serde's `invalid type: string "...", expected i64` without the text between the quotes.
fn without_value(message: &str) -> String {
    match (message.find('"'), message.rfind('"')) {
        (Some(first), Some(last)) if last > first => {
            format!("{}...{}", &message[..=first], &message[last..])
        }
        _ => message.to_owned(),
    }
}

/// The table as JSON with the API's names; unknown keys are reported.
fn camel(table: Table, prefix: &str, place: &str, kind: &Kind, errors: &mut Vec<String>) -> Json {
    let mut object = serde_json::Map::new();
    for (key, value) in table {
        let path = format!("{prefix}{key}");
        if !kind.fields.contains(&path.as_str()) {
            let siblings = kind.fields.iter().filter_map(|field| field.strip_prefix(prefix));
            let siblings = siblings.filter(|field| !field.contains('.'));
            errors.push(unknown_key(&format!("{place}.{path}"), siblings));
            continue;
        }
        let value = match value {
            Value::Table(table) if !kind.fields.contains(&format!("{path}.*").as_str()) => {
                camel(table, &format!("{path}."), place, kind, errors)
            }
            other => serde_json::to_value(other).unwrap_or_default(),
        };
        object.insert(camel_case(&key), value);
    }
    Json::Object(object)
}

fn camel_case(key: &str) -> String {
    let mut parts = key.split('_');
    let mut name = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut letters = part.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    name
}

impl Resources {
    /// Warns of passwords that stand in a file others can read.
    pub(super) fn warn_of_open_secrets(
        &self,
        from_environment: &BTreeSet<String>,
        path: Option<&Path>,
        warnings: &mut Vec<String>,
    ) {
        let Some(path) = path.filter(|path| file::is_open(path)) else { return };
        for router in &self.routers {
            let key = format!("{}.password", router.place);
            if !from_environment.contains(&key) {
                let variable = "\"${ROUTER_API_PASSWORD}\"";
                warnings.push(format!(
                    "{key} stands in {}, which others can read; chmod 600 it, or write {variable}",
                    path.display()
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use moxxie_api::{datacenter::Encapsulation, router::Tls};
    use serde::Serialize;

    use super::*;

    /// All fields of a request, in the file's names.
    fn fields(request: &impl Serialize) -> BTreeSet<String> {
        fn walk(value: &Json, prefix: &str, found: &mut BTreeSet<String>) {
            for (key, value) in value.as_object().into_iter().flatten() {
                let mut name = String::from(prefix);
                for letter in key.chars() {
                    if letter.is_ascii_uppercase() {
                        name.push('_');
                    }
                    name.push(letter.to_ascii_lowercase());
                }
                walk(value, &format!("{name}."), found);
                found.insert(name);
            }
        }
        let mut found = BTreeSet::new();
        walk(&serde_json::to_value(request).unwrap(), "", &mut found);
        found
    }

    fn known(kind: &Kind) -> BTreeSet<String> {
        kind.fields.iter().map(|field| (*field).to_owned()).collect()
    }

    #[test]
    fn the_file_has_every_field_of_the_api() {
        let some = || Some(String::new());
        let encapsulation = Encapsulation { kind: String::new(), service_vlan: Some(1), tpid: some() };
        let site = DatacenterCreate {
            name: String::new(),
            description: String::new(),
            location: String::new(),
            encapsulation: Some(encapsulation),
            vlan_range: some(),
            vlan_quarantine_seconds: Some(1),
            management_prefixes: vec![],
            dns_servers: vec![],
            hand_off: some(),
        };
        assert_eq!(fields(&site), known(&SITES));
        let pool = PoolCreate {
            name: String::new(),
            datacenter: some(),
            prefix: String::new(),
            vrf: some(),
            policy: some(),
            quarantine_seconds: Some(1),
            description: String::new(),
        };
        assert_eq!(fields(&pool), known(&POOLS));
        let tenant = TenantCreate { name: String::new(), description: String::new() };
        assert_eq!(fields(&tenant), known(&TENANTS));
        let profile = ProfileCreate::default();
        let mut of_profiles = known(&PROFILES);
        of_profiles.retain(|field| !field.ends_with(".*"));
        assert_eq!(fields(&profile), of_profiles);
        let router = RouterCreate {
            name: String::new(),
            datacenter: String::new(),
            address: String::new(),
            username: String::new(),
            password: String::new(),
            tls: Some(Tls { spki_sha256: String::new() }),
            trunk: String::new(),
            firewall_anchor: some(),
        };
        // `spkiSha256` is written `spki_sha256`.
        assert_eq!(fields(&router), known(&ROUTERS));
    }

    #[test]
    fn values_do_not_show_in_errors() {
        let message = without_value("invalid type: string \"geheim\", expected i64");
        assert_eq!(message, "invalid type: string \"...\", expected i64");
    }
}
