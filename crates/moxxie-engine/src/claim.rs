//! How prefixes, VLAN ids and AS numbers are asked for: status, time, owner, labels.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use moxxie_core::{
    TenantId, Timestamp,
    claim::{Claim, Status},
};

use moxxie_store::LabelFilter;

use crate::{Context, Engine, Error, validate::Checks};

/// How long something is held when no time is named: a day.
const USUAL_HOLD_S: u32 = 86_400;
/// The longest hold and quarantine: five years.
pub(crate) const LONGEST_S: i64 = 5 * 366 * 86_400;

/// How something is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    Assigned,
    Reserved,
    Held(u32),
}

/// How an address is to be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AddressWish {
    Assigned,
    Held(u32),
}

impl AddressWish {
    /// How long it is held, if it is.
    pub(crate) fn hold_s(self) -> Option<i64> {
        match self {
            Self::Assigned => None,
            Self::Held(seconds) => Some(seconds.into()),
        }
    }
}

impl Wish {
    /// The claim it becomes at `now`.
    pub(crate) fn claim(self, now: Timestamp) -> Claim {
        match self {
            Self::Assigned => Claim::Assigned,
            Self::Reserved => Claim::Reserved,
            Self::Held(seconds) => {
                Claim::Held(now.checked_add(SignedDuration::from_secs(seconds.into())).unwrap_or(now))
            }
        }
    }
}

impl Checks {
    /// Seconds of a quarantine; absent is none.
    pub(crate) fn quarantine(&mut self, field: &str, seconds: Option<i64>) -> u32 {
        match seconds.map(|seconds| (seconds, u32::try_from(seconds))) {
            None => 0,
            Some((0..=LONGEST_S, Ok(seconds))) => seconds,
            Some((seconds, _)) => {
                self.wrong(field, format!("{seconds} is not possible: 0 to {LONGEST_S} seconds"));
                0
            }
        }
    }

    /// How something is to be taken; absent is assigned.
    pub(crate) fn wish(&mut self, status: Option<&str>, hold_s: Option<i64>) -> Wish {
        self.changed_wish(status, hold_s).unwrap_or(Wish::Assigned)
    }

    /// How something is to be taken from now on; `None`: as it is.
    pub(crate) fn changed_wish(&mut self, status: Option<&str>, hold_s: Option<i64>) -> Option<Wish> {
        let hold = self.hold("holdSeconds", hold_s);
        let status = status.map(|status| (status, Status::parse(status)));
        match (status, hold) {
            (None, None) => None,
            (None, Some(seconds)) => Some(Wish::Held(seconds)),
            (Some((_, Some(Status::Held))), seconds) => Some(Wish::Held(seconds.unwrap_or(USUAL_HOLD_S))),
            (Some((_, Some(Status::Assigned | Status::Reserved))), Some(_)) => {
                self.wrong("holdSeconds", "belongs to status held; leave one of the two out");
                None
            }
            (Some((_, Some(Status::Assigned))), None) => Some(Wish::Assigned),
            (Some((_, Some(Status::Reserved))), None) => Some(Wish::Reserved),
            (Some((_, Some(Status::Quarantined))), _) => {
                self.wrong(
                    "status",
                    "quarantined comes by itself after a release: assigned, held or reserved",
                );
                None
            }
            (Some((_, None)), _) => {
                self.wrong("status", "is not a status that can be asked for: assigned, held or reserved");
                None
            }
        }
    }

    /// Seconds of a hold.
    fn hold(&mut self, field: &str, seconds: Option<i64>) -> Option<u32> {
        let seconds = seconds?;
        match (seconds, u32::try_from(seconds)) {
            (1..=LONGEST_S, Ok(seconds)) => Some(seconds),
            _ => {
                self.wrong(field, format!("{seconds} is not possible: 1 to {LONGEST_S} seconds"));
                None
            }
        }
    }

    /// How an address is to be recorded; `None`: as it is. Reserved ones are a type of address, not a status.
    pub(crate) fn address_wish(
        &mut self,
        at: &str,
        status: Option<&str>,
        hold_s: Option<i64>,
    ) -> Option<AddressWish> {
        let (status_field, hold_field) = (format!("{at}status"), format!("{at}holdSeconds"));
        let hold = self.hold(&hold_field, hold_s);
        match (status.map(Status::parse), hold) {
            (None, None) => None,
            (None | Some(Some(Status::Held)), Some(seconds)) => Some(AddressWish::Held(seconds)),
            (Some(Some(Status::Held)), None) => Some(AddressWish::Held(USUAL_HOLD_S)),
            (Some(Some(Status::Assigned)), None) => Some(AddressWish::Assigned),
            (Some(Some(Status::Assigned)), Some(_)) => {
                self.wrong(&hold_field, "belongs to status held; leave one of the two out");
                None
            }
            (Some(Some(Status::Reserved)), _) => {
                self.wrong(
                    &status_field,
                    "is no status of addresses: assigned or held; a reserved one has the type reserved",
                );
                None
            }
            (Some(Some(Status::Quarantined)), _) => {
                self.wrong(&status_field, "quarantined comes by itself after a release: assigned or held");
                None
            }
            (Some(None), _) => {
                self.wrong(&status_field, "is not a status that can be asked for: assigned or held");
                None
            }
        }
    }

    /// A status to filter a list by.
    pub(crate) fn status(&mut self, status: Option<&str>) -> Option<Status> {
        let text = status?;
        let status = Status::parse(text);
        if status.is_none() {
            let known = Status::ALL.map(Status::as_str).join(", ");
            self.wrong("status", format!("is not a status: {known}"));
        }
        status
    }

    /// A label to filter a list by: `key=value`, or a key alone for any value of it.
    pub(crate) fn label_filter(&mut self, label: Option<&str>) -> Option<LabelFilter> {
        let label = label?;
        let (key, value) = match label.split_once('=') {
            Some((key, value)) => (key, Some(value.to_owned())),
            None => (label, None),
        };
        if key.is_empty() {
            self.wrong("label", "is not a label: write key=value, or key for any value of it");
        }
        Some(LabelFilter { key: key.to_owned(), value })
    }

    /// Labels, within bounds.
    pub(crate) fn labels(&mut self, labels: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        if labels.len() > 32 {
            self.wrong("labels", "has more than 32 entries");
        }
        for (key, value) in labels {
            if key.is_empty() {
                self.wrong("labels", "has a key without a character");
            }
            self.text("labels", key, 63);
            self.text(&format!("labels.{}", crate::validate::short(key)), value, 255);
        }
        labels.clone()
    }
}

/// The owner after an update: `None` leaves it, `Some(None)` makes it the operator's own.
pub(crate) type OwnerChange = Option<Option<TenantId>>;

impl Engine {
    /// The tenant a request names in a field.
    pub(crate) async fn tenant_in_field(
        &self,
        context: &Context,
        name: Option<&str>,
    ) -> Result<Option<TenantId>, Error> {
        let Some(name) = name else { return Ok(None) };
        match self.find_tenant(context, name).await? {
            Some(tenant) => Ok(Some(tenant.id)),
            None => Err(Error::invalid(
                "clientId",
                format!(
                    "there is no tenant {:?}; register it first (POST /tenants, `moxxie tenant add`)",
                    crate::validate::short(name)
                ),
            )),
        }
    }

    /// The owner an update names.
    pub(crate) async fn owner_change(
        &self,
        context: &Context,
        client_id: Option<&Option<String>>,
    ) -> Result<OwnerChange, Error> {
        match client_id {
            None => Ok(None),
            Some(name) => Ok(Some(self.tenant_in_field(context, name.as_deref()).await?)),
        }
    }
}

/// An update that names nothing is a mistake of whoever sent it.
pub(crate) fn something_named<T: Default + PartialEq>(request: &T, fields: &str) -> Result<(), Error> {
    if *request == T::default() {
        return Err(Error::invalid("", format!("nothing to change is named: {fields}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(status: Option<&str>, hold: Option<i64>) -> Result<Option<Wish>, Error> {
        let mut checks = Checks::default();
        let wish = checks.changed_wish(status, hold);
        checks.done().map(|()| wish)
    }

    #[test]
    fn labels_to_filter_by() {
        let filter = |text| {
            let mut checks = Checks::default();
            let filter = checks.label_filter(Some(text));
            checks.done().map(|()| filter.map(|filter| (filter.key, filter.value)))
        };
        assert_eq!(filter("app=web").unwrap(), Some(("app".into(), Some("web".into()))));
        assert_eq!(filter("app=a=b").unwrap(), Some(("app".into(), Some("a=b".into()))));
        assert_eq!(filter("app=").unwrap(), Some(("app".into(), Some(String::new()))));
        assert_eq!(filter("app").unwrap(), Some(("app".into(), None)));
        assert!(filter("").is_err() && filter("=web").is_err());
    }

    #[test]
    fn wishes() {
        assert_eq!(wish(None, None).unwrap(), None);
        assert_eq!(wish(Some("held"), None).unwrap(), Some(Wish::Held(86_400)));
        assert_eq!(wish(None, Some(5)).unwrap(), Some(Wish::Held(5)));
        assert_eq!(wish(Some("assigned"), None).unwrap(), Some(Wish::Assigned));
        assert_eq!(wish(Some("reserved"), None).unwrap(), Some(Wish::Reserved));
        for (status, hold) in [
            (Some("quarantined"), None),
            (Some("free"), None),
            (Some("assigned"), Some(5)),
            (None, Some(0)),
            (None, Some(-1)),
            (Some("held"), Some(i64::MAX)),
        ] {
            assert!(wish(status, hold).is_err(), "{status:?} {hold:?}");
        }
    }
}
