//! What an enrolment is asked for, checked.

use ipnet::IpNet;
use moxxie_api::enroll::{EnrollOptions, Login, RouterEnroll};
use moxxie_core::{
    Name, NetworkId, TenantId,
    device::{DeviceIntent, NetworkIntent},
    domain::Domain,
    router::Security,
    site::Site,
};
use moxxie_routeros::{Binding, enroll::Wish};
use secrecy::SecretString;

use super::super::{USUAL_ANCHOR, endpoint, security};
use crate::{Engine, Error, validate::Checks};

/// moxxie's own user on a router, unless told otherwise.
const USUAL_USER: &str = "moxxie";
/// The port of the TLS API service, unless the router has another.
const TLS_PORT: u16 = 8729;

/// How the router is reached while it is being enrolled.
#[derive(Debug, Clone)]
pub(in super::super) enum Way {
    /// Without protection, at this `host:port`.
    Plain(String),
    /// Over TLS, with the key that the operator named.
    Tls,
}

/// A checked request.
#[derive(Debug, Clone)]
pub(in super::super) struct Wanted {
    pub(in super::super) name: Name,
    pub(in super::super) site: Site,
    pub(in super::super) domain: Domain,
    /// Host, and the port if one was given.
    address: String,
    pub(in super::super) way: Way,
    /// The key the operator vouches for, 64 hex digits.
    pub(in super::super) pin: Option<String>,
    /// Of an administrator; or, if it is to be kept, moxxie's own.
    pub(in super::super) login: Option<(String, SecretString)>,
    pub(in super::super) keep_login: bool,
    pub(in super::super) trunk: String,
    pub(in super::super) anchor: String,
    pub(in super::super) user: String,
    pub(in super::super) allow_from: Vec<IpNet>,
    pub(in super::super) create_anchors: bool,
    pub(in super::super) disable_plain_api: bool,
}

impl Wanted {
    /// `host:port` of the TLS API service.
    pub(in super::super) fn tls_address(&self, port: Option<u16>) -> String {
        let pinned = Security::Pinned { spki: String::new() };
        // It was checked when the request came.
        let full = endpoint(&self.address, &pinned).unwrap_or_else(|_| self.address.clone());
        let has_port = endpoint(&self.address, &Security::Plain).as_ref() == Ok(&full);
        match (has_port, port) {
            (false, Some(port)) if port != TLS_PORT => {
                full.rsplit_once(':').map_or(full.clone(), |(host, _)| format!("{host}:{port}"))
            }
            _ => full,
        }
    }
}

impl Engine {
    pub(in super::super) async fn wanted(&self, request: &RouterEnroll) -> Result<Wanted, Error> {
        let mut checks = Checks::default();
        let name = checks.name("name", &request.name);
        let pin = match security(&mut checks, request.tls.as_ref()) {
            Security::Pinned { spki } => Some(spki),
            Security::Plain => None,
        };
        let pinned = Security::Pinned { spki: String::new() };
        checks.take("address", endpoint(&request.address, &pinned));
        let plain = request.plain_address.as_ref();
        let plain = plain.and_then(|plain| checks.take("plainAddress", endpoint(plain, &Security::Plain)));
        let login = request.login.as_ref().map(|login| self::login(&mut checks, login));
        let trunk = word(&mut checks, "trunk", &request.trunk, 64);
        let anchor = request.firewall_anchor.as_deref().unwrap_or(USUAL_ANCHOR);
        let anchor = word(&mut checks, "firewallAnchor", anchor, 100);
        if anchor.starts_with("mx1:") {
            checks.wrong("firewallAnchor", "begins like moxxie's own marks; choose another comment");
        }
        let EnrollOptions { user, allow_from, create_anchors, disable_plain_api, keep_login } =
            request.options.clone();
        let user = word(&mut checks, "options.user", user.as_deref().unwrap_or(USUAL_USER), 64);
        let allow_from = sources(&mut checks, &allow_from);
        if keep_login && plain.is_some() {
            checks.wrong(
                "options.keepLogin",
                "needs TLS: a login that is kept is not sent readable; leave plainAddress out",
            );
        }
        if keep_login && create_anchors {
            checks.wrong(
                "options.keepLogin",
                "writes nothing to the router; add the anchors by hand, or leave createAnchors out",
            );
        }
        checks.done()?;
        let Some(name) = name else { return Err(Error::invalid("name", "is missing")) };
        let site = self.site_in_field("datacenter", &request.datacenter).await?;
        let domain = self.domain_of(&site).await?;
        let user = match (&login, keep_login) {
            (Some((username, _)), true) => username.clone(),
            _ => user,
        };
        Ok(Wanted {
            name,
            site,
            domain,
            address: request.address.clone(),
            way: plain.map_or(Way::Tls, Way::Plain),
            pin,
            login,
            keep_login,
            trunk,
            anchor,
            user,
            allow_from,
            create_anchors,
            disable_plain_api,
        })
    }

    /// The same for the driver. `login` is who looks.
    pub(in super::super) async fn wish(
        &self,
        wanted: &Wanted,
        login: &str,
        new_password: bool,
    ) -> Result<Wish, Error> {
        let routers = self.0.store.routers().await?;
        let registered = routers
            .iter()
            .filter(|router| router.name != wanted.name)
            .filter_map(|router| Some((router.identity.as_ref()?.serial.clone(), router.name.to_string())));
        let pools = self.0.store.pools_for_site(wanted.site.id).await?;
        let pool = pools.iter().map(|pool| pool.prefix).find(|prefix| matches!(prefix, IpNet::V4(_)));
        Ok(Wish {
            name: wanted.name.to_string(),
            binding: Binding {
                install: self.0.store.install().to_owned(),
                trunk: wanted.trunk.clone(),
                anchor: wanted.anchor.clone(),
                address: None,
                management: wanted.site.management_prefixes.clone(),
            },
            login: login.to_owned(),
            user: wanted.user.clone(),
            allow_from: wanted.allow_from.clone(),
            create_anchors: wanted.create_anchors,
            prepared: wanted.keep_login,
            new_password,
            registered: registered.collect(),
            probe: self.probe(wanted, pool),
            now: self.now(),
        })
    }

    /// A network such as the site will have: over a whole pool, so that a rule about any part of it counts.
    fn probe(&self, wanted: &Wanted, pool: Option<IpNet>) -> DeviceIntent {
        let id = self.0.ambient.uuid();
        // Without a pool yet, addresses that nobody has (RFC 5737).
        let documentation = IpNet::V4(ipnet::Ipv4Net::new_assert(std::net::Ipv4Addr::new(192, 0, 2, 0), 24));
        let network = NetworkIntent {
            network: NetworkId::new(id),
            tenant: TenantId::new(id),
            domain: wanted.domain.id,
            tags: wanted.domain.encapsulation.stack(wanted.domain.range.first()),
            gateway: moxxie_core::address::Layout::new(pool.unwrap_or(documentation)).gateway_on_interface(),
            second: None,
            dns6: Vec::new(),
            profile: moxxie_core::profile::most_closed(),
            dhcp: None,
            label: String::new(),
        };
        DeviceIntent {
            management: wanted.site.management_prefixes.clone(),
            networks: vec![network],
            profiles: Vec::new(),
            revisions: std::collections::BTreeMap::new(),
        }
    }
}

pub(in super::super) fn login(checks: &mut Checks, login: &Login) -> (String, SecretString) {
    let username = word(checks, "login.username", &login.username, 64);
    if login.password.len() > 512 {
        checks.wrong("login.password", "is longer than 512 bytes");
    }
    (username, SecretString::from(login.password.clone()))
}

fn word(checks: &mut Checks, field: &str, text: &str, most: usize) -> String {
    if text.trim().is_empty() {
        checks.wrong(field, "is missing");
    }
    checks.text(field, text, most)
}

/// Addresses and prefixes; an address stands for itself alone.
fn sources(checks: &mut Checks, texts: &[String]) -> Vec<IpNet> {
    let parse = |text: &String| match text.parse::<std::net::IpAddr>() {
        Ok(address) => Ok(IpNet::from(address)),
        Err(_) => moxxie_core::prefix::parse(text).map_err(|error| error.to_string()),
    };
    let numbered = texts.iter().enumerate();
    numbered.filter_map(|(i, text)| checks.take(&format!("options.allowFrom[{i}]"), parse(text))).collect()
}
