//! What there should be, all of it at once: what files of a site say.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned, de::Error as _};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use crate::{
    change::Change, container::ContainerCreate, datacenter::DatacenterCreate, network::NetworkRequest,
    plan::RouterPlan, pool::PoolCreate, profile::ProfileCreate, router::RouterCreate, tenant::TenantCreate,
    vrf::VrfCreate,
};

/// Everything that should be there. Each item is what the request that makes it takes; of what it leaves out
/// something that is there keeps what it has. A list that is left out says nothing of its kind.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Declaration {
    /// Tenants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<TenantCreate>>)]
    pub tenants: Option<Vec<Stated<TenantCreate>>>,
    /// VRFs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<VrfCreate>>)]
    pub vrfs: Option<Vec<Stated<VrfCreate>>>,
    /// Datacentres, each with its VLAN domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<DatacenterCreate>>)]
    pub sites: Option<Vec<Stated<DatacenterCreate>>>,
    /// Containers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<ContainerCreate>>)]
    pub containers: Option<Vec<Stated<ContainerCreate>>>,
    /// Pools.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<PoolCreate>>)]
    pub pools: Option<Vec<Stated<PoolCreate>>>,
    /// Firewall profiles. Rules, sets and services are stated whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<ProfileCreate>>)]
    pub profiles: Option<Vec<Stated<ProfileCreate>>>,
    /// Routers. A password is only used for one that is not registered yet, and may be left out otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<RouterCreate>>)]
    pub routers: Option<Vec<Stated<RouterCreate>>>,
    /// Networks, known by tenant and name. They are put on their routers, unless the item also says
    /// `"provisioned": false`: then they are reserved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<NetworkRequest>>)]
    pub networks: Option<Vec<Stated<NetworkRequest>>>,
}

/// A request of which is known what it says and what it leaves out.
#[derive(Clone)]
pub struct Stated<T> {
    /// What it says.
    pub fields: Map<String, Value>,
    /// The request, with the usual values where it says nothing.
    pub request: T,
}

impl<T> fmt::Debug for Stated<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without values: one may be a password.
        f.debug_struct("Stated").field("fields", &self.fields.keys()).finish_non_exhaustive()
    }
}

/// A request that can be stated in a declaration.
pub trait Declared: DeserializeOwned + Serialize {
    /// A field that the request needs and a declaration can leave out.
    const OPTIONAL: Option<&str> = None;
    /// A field, true or false, that a declaration has beside those of the request.
    const BESIDE: Option<&str> = None;
}

impl Declared for TenantCreate {}
impl Declared for VrfCreate {}
impl Declared for DatacenterCreate {}
impl Declared for ContainerCreate {}
impl Declared for PoolCreate {}
impl Declared for ProfileCreate {}
impl Declared for RouterCreate {
    const OPTIONAL: Option<&str> = Some("password");
}
impl Declared for NetworkRequest {
    const BESIDE: Option<&str> = Some("provisioned");
}

impl<T: Declared> Stated<T> {
    /// Reads the fields as the request they state.
    ///
    /// # Errors
    /// The path of the field that is wrong, and what serde says of it.
    pub fn read(fields: Map<String, Value>) -> Result<Self, (String, serde_json::Error)> {
        let mut whole = fields.clone();
        if let Some(field) = T::OPTIONAL {
            whole.entry(field).or_insert_with(|| Value::String(String::new()));
        }
        if let Some(field) = T::BESIDE
            && let Some(value) = whole.remove(field)
            && !value.is_boolean()
        {
            return Err((field.to_owned(), serde_json::Error::custom("must be true or false")));
        }
        let whole = Value::Object(whole);
        let request: T = serde_path_to_error::deserialize(&whole).map_err(|error| {
            let path = error.path().to_string();
            (if path == "." { String::new() } else { path }, error.into_inner())
        })?;
        // serde also reads a struct from a list of its fields in order. Nobody means that.
        let again = serde_json::to_value(&request).unwrap_or_default();
        match list_for_object(&whole, &again) {
            Some(path) => Err((path, serde_json::Error::custom("must be an object, not a list"))),
            None => Ok(Self { fields, request }),
        }
    }

    /// The field beside those of the request; true when it says nothing.
    #[must_use]
    pub fn beside(&self) -> bool {
        T::BESIDE.and_then(|field| self.fields.get(field)).and_then(Value::as_bool).unwrap_or(true)
    }
}

/// The path of the first list that was read as an object.
fn list_for_object(given: &Value, read: &Value) -> Option<String> {
    let (Value::Object(given), Value::Object(read)) = (given, read) else { return None };
    given.iter().find_map(|(name, item)| match (item, read.get(name)?) {
        (Value::Array(_), Value::Object(_)) => Some(name.clone()),
        (item, read) => list_for_object(item, read).map(|path| format!("{name}.{path}")),
    })
}

impl<T> Serialize for Stated<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.fields.serialize(serializer)
    }
}

impl<'de, T: Declared> Deserialize<'de> for Stated<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Map::deserialize(deserializer)?;
        Self::read(fields).map_err(|(path, error)| match path.as_str() {
            "" => D::Error::custom(error),
            path => D::Error::custom(format!("{path}: {error}")),
        })
    }
}

/// How a declaration is carried out.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeclarationQuery {
    /// `true`: says what would be done and does nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<bool>,
    /// `true`: what is there and not declared is removed, of the kinds that the declaration has a list of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prune: Option<bool>,
    /// The id of a plan that was asked for: it is carried out as it was shown, or refused with the plan as it
    /// would be now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
}

/// What is to be done so that everything is as declared, or what was done.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeclarationPlan {
    /// Names this plan for `?plan=`: it depends on the declaration, on what there is, and on what the routers
    /// show. Absent where the routers were not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_id: Option<String>,
    /// What is to be done, in order. Empty: everything is as declared.
    pub actions: Vec<DeclaredAction>,
    /// What is there, not declared, and left alone.
    pub undeclared: Vec<DeclaredObject>,
    /// What the routers would get; one may have several plans, for changes that come one after the other.
    pub routers: Vec<RouterPlan>,
    /// The changes that do it; none in a dry run.
    pub changes: Vec<Change>,
}

/// Something that can be declared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeclaredObject {
    /// `tenant`, `vrf`, `site`, `container`, `pool`, `profile`, `router` or `network`.
    pub kind: String,
    /// Its name; of a network with its tenant's, `acme/web`.
    pub name: String,
}

/// One thing to be done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeclaredAction {
    /// `create`, `update`, `remove`, or `wait`: something else has to end first, then ask again.
    pub action: String,
    /// What it is about.
    #[serde(flatten)]
    pub object: DeclaredObject,
    /// The fields it gives, or changes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, FieldChange>,
    /// Why it has to wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The change that it waits for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_id: Option<String>,
}

/// What becomes of a field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FieldChange {
    /// What it is; absent of something new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub before: Option<Value>,
    /// What it becomes.
    #[schema(value_type = Object)]
    pub after: Value,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> Result<Declaration, String> {
        serde_json::from_value(value).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_left_out_is_known_to_be() {
        let declaration = read(json!({"sites": [{"name": "dc1", "location": "Wien"}]})).unwrap();
        assert!(declaration.pools.is_none());
        let site = &declaration.sites.unwrap()[0];
        let mut said: Vec<_> = site.fields.keys().collect();
        said.sort();
        assert_eq!(said, ["location", "name"]);
        assert_eq!(site.request.description, "");
    }

    #[test]
    fn a_router_needs_no_password_and_a_network_can_be_reserved() {
        let router =
            json!({"name": "r1", "datacenter": "dc1", "address": "r1", "username": "u", "trunk": "t"});
        let network = json!({"clientId": "a", "datacenter": "d", "size": "/24", "provisioned": false});
        let read = read(json!({"routers": [router], "networks": [network]})).unwrap();
        assert_eq!(read.routers.unwrap()[0].request.password, "");
        assert!(!read.networks.unwrap()[0].beside());
    }

    #[test]
    fn what_nobody_knows_is_refused_and_named() {
        for (value, part) in [
            (json!({"site": []}), "unknown field `site`"),
            (json!({"sites": [{"name": "dc1", "vlan_range": "1-2"}]}), "vlan_range"),
            (json!({"sites": [{"name": 1}]}), "name: invalid type"),
            (json!({"sites": [["dc1"]]}), "expected a map"),
            (
                json!({"sites": [{"name": "d", "encapsulation": ["qinq", 7]}]}),
                "encapsulation: must be an object",
            ),
            (
                json!({"networks": [{"clientId": "a", "datacenter": "d", "size": "/24", "provisioned": 1}]}),
                "provisioned",
            ),
        ] {
            let error = read(value).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }
}
