//! Routers.

mod enroll;
pub(crate) mod live;
mod replace;

use moxxie_api::{
    Page, PageQuery,
    router::{Router, RouterCreate, RouterUpdate, Tls},
};
use moxxie_core::{
    Name, RouterId,
    identity::Role,
    network::NetworkStatus,
    router::{self as stored, Security},
    site::Site,
};
use secrecy::SecretString;
use serde_json::json;

use crate::{
    Context, Engine, Error, audit::Entry, page, runner::contact::PASSWORD, validate::Checks,
    write::transaction,
};

/// Comment of the operator's rules before which moxxie puts its own, unless told otherwise.
const USUAL_ANCHOR: &str = "moxxie-anchor";
/// Ports of RouterOS's API service, plain and with TLS.
const PORTS: (u16, u16) = (8728, 8729);

impl Engine {
    /// Registers a router; its identity is taken when it is first reached. Needs admin.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn create_router(&self, context: &Context, request: RouterCreate) -> Result<Router, Error> {
        context.require(Role::Admin)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        let (router, site) = self.checked_router(&request).await?;
        let password = SecretString::from(request.password);
        let answer = view(&router, &site);
        let result = transaction!(self, |tx| {
            // The lock keeps two requests from both finding the site without a router.
            tx.lock_domain(router.domain_id).await?;
            if let Some(other) = tx.routers_of_domain(router.domain_id).await?.first() {
                let message = format!(
                    "site {} has router {} already; this version has one router per site",
                    site.name, other.name
                );
                return Err(Error::conflict("site_has_router", message));
            }
            tx.insert_router(&router, self.now()).await?;
            tx.put_secret(&router.id.to_string(), PASSWORD, &password).await?;
            tx.audit(self.event(
                context,
                Entry {
                    action: "router.create",
                    object: router.id.to_string(),
                    tenant: None,
                    outcome: "succeeded",
                    detail: json!({"after": answer}),
                },
            ));
            self.keep(&mut tx, context, &answer).await?;
            answer.clone()
        });
        self.or_recall(context, result).await
    }

    /// Changes how a router is reached: address, user, password, TLS, anchor. Its identity stays: it has to
    /// be the same device. Needs admin.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn update_router(
        &self,
        context: &Context,
        name: &str,
        request: RouterUpdate,
    ) -> Result<Router, Error> {
        context.require(Role::Admin)?;
        if request == RouterUpdate::default() {
            return Err(Error::invalid(
                "",
                "nothing to change is named: address, username, password, tls or firewallAnchor",
            ));
        }
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        let before = self.find_router(name).await?;
        let site = self.0.store.site(before.site_id).await?;
        let site = site.ok_or_else(|| Error::not_found("datacenter of router", &before.name))?;
        let tls = match (&request.tls, &before.security) {
            (Some(tls), _) => Some(tls.clone()),
            (None, Security::Pinned { spki }) => Some(Tls { spki_sha256: spki.clone() }),
            (None, Security::Plain) => None,
        };
        // The same checks as for a new one, over what it would be.
        let (mut after, _) = self
            .checked_router(&RouterCreate {
                name: before.name.to_string(),
                datacenter: site.name.to_string(),
                address: request.address.clone().unwrap_or_else(|| before.address.clone()),
                username: request.username.clone().unwrap_or_else(|| before.username.clone()),
                password: request.password.clone().unwrap_or_default(),
                tls,
                trunk: before.trunk.clone(),
                firewall_anchor: Some(
                    request.firewall_anchor.clone().unwrap_or_else(|| before.anchor.clone()),
                ),
            })
            .await?;
        after.id = before.id;
        let password = request.password.map(SecretString::from);
        let result = transaction!(self, |tx| {
            tx.lock_domain(after.domain_id).await?;
            let stored = tx.router(after.id).await?.ok_or_else(|| Error::not_found("router", name))?;
            after.identity = stored.identity;
            tx.update_router(&after, self.now()).await?;
            if let Some(password) = &password {
                tx.put_secret(&after.id.to_string(), PASSWORD, password).await?;
            }
            tx.audit(self.event(
                context,
                Entry {
                    action: "router.update",
                    object: after.id.to_string(),
                    tenant: None,
                    outcome: "succeeded",
                    detail: json!({"before": view(&before, &site), "after": view(&after, &site),
                    "passwordChanged": password.is_some()}),
                },
            ));
            let answer = view(&after, &site);
            self.keep(&mut tx, context, &answer).await?;
            answer
        });
        self.drop_session(after.id);
        self.or_recall(context, result).await
    }

    /// Forgets a router that no network needs and no change touches. Needs admin.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn delete_router(&self, context: &Context, name: &str) -> Result<(), Error> {
        context.require(Role::Admin)?;
        if self.recall::<()>(context).await?.is_some() {
            return Ok(());
        }
        let router = self.find_router(name).await?;
        let result = transaction!(self, |tx| {
            tx.lock_domain(router.domain_id).await?;
            let on_it = tx.networks_in_domain(router.domain_id).await?;
            let on_it: Vec<_> = on_it
                .iter()
                .filter(|network| network.status != NetworkStatus::Allocated)
                .map(|network| network.name.to_string())
                .collect();
            if !on_it.is_empty() {
                let some = on_it.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
                return Err(Error::conflict(
                    "in_use",
                    format!(
                        "router {} carries {} networks ({some}); deprovision them first",
                        router.name,
                        on_it.len()
                    ),
                ));
            }
            tx.delete_secrets(&router.id.to_string()).await?;
            tx.delete_router(router.id).await?;
            tx.audit(self.event(
                context,
                Entry {
                    action: "router.delete",
                    object: router.id.to_string(),
                    tenant: None,
                    outcome: "succeeded",
                    detail: json!({"name": router.name, "address": router.address}),
                },
            ));
            self.keep(&mut tx, context, &()).await?;
        });
        self.drop_session(router.id);
        self.or_recall(context, result).await
    }

    /// The router as it would be shown if the request registered it.
    ///
    /// # Errors
    /// [`Error::Invalid`] names every wrong field.
    pub(crate) async fn router_as_stated(&self, request: &RouterCreate) -> Result<Router, Error> {
        self.checked_router(request).await.map(|(router, site)| view(&router, &site))
    }

    async fn checked_router(&self, request: &RouterCreate) -> Result<(stored::Router, Site), Error> {
        let mut checks = Checks::default();
        let name = checks.name("name", &request.name);
        let security = security(&mut checks, request.tls.as_ref());
        let address = checks.take("address", endpoint(&request.address, &security));
        let word = |checks: &mut Checks, field: &str, text: &str, most: usize| {
            if text.trim().is_empty() {
                checks.wrong(field, "is missing");
            }
            checks.text(field, text, most)
        };
        let username = word(&mut checks, "username", &request.username, 64);
        if request.password.len() > 512 {
            checks.wrong("password", "is longer than 512 bytes");
        }
        let trunk = word(&mut checks, "trunk", &request.trunk, 64);
        let anchor = request.firewall_anchor.as_deref().unwrap_or(USUAL_ANCHOR);
        let anchor = word(&mut checks, "firewallAnchor", anchor, 100);
        if anchor.starts_with("mx1:") {
            checks.wrong("firewallAnchor", "begins like moxxie's own marks; choose another comment");
        }
        checks.done()?;
        let (Some(name), Some(address)) = (name, address) else {
            return Err(Error::invalid("", "the request is incomplete"));
        };
        let site = self.site_in_field("datacenter", &request.datacenter).await?;
        let domain = self.domain_of(&site).await?;
        let router = stored::Router {
            id: RouterId::new(self.0.ambient.uuid()),
            name,
            site_id: site.id,
            domain_id: domain.id,
            address,
            username,
            security,
            trunk,
            anchor,
            identity: None,
        };
        Ok((router, site))
    }

    /// Lists routers by name.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn routers(&self, context: &Context, query: PageQuery) -> Result<Page<Router>, Error> {
        context.require(Role::Viewer)?;
        let all = self.0.store.routers().await?;
        let (routers, next_cursor) =
            page::slice(all, query.cursor, query.limit, |router| router.name.to_string())?;
        let sites = self.0.store.sites().await?;
        let items = routers.iter().filter_map(|router| {
            let site = sites.iter().find(|site| site.id == router.site_id)?;
            Some(view(router, site))
        });
        Ok(Page { items: items.collect(), next_cursor })
    }

    /// One router, by name or id.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn router(&self, context: &Context, name: &str) -> Result<Router, Error> {
        context.require(Role::Viewer)?;
        let router = self.find_router(name).await?;
        let site = self.0.store.site(router.site_id).await?;
        let site = site.ok_or_else(|| Error::not_found("datacenter of router", &router.name))?;
        Ok(view(&router, &site))
    }

    pub(crate) async fn find_router(&self, name: &str) -> Result<stored::Router, Error> {
        let found = match (name.parse::<RouterId>(), name.parse::<Name>()) {
            (Ok(id), _) => self.0.store.router(id).await?,
            (_, Ok(name)) => self.0.store.router_by_name(&name).await?,
            _ => None,
        };
        found.ok_or_else(|| Error::not_found("router", name))
    }
}

fn security(checks: &mut Checks, tls: Option<&Tls>) -> Security {
    let Some(tls) = tls else { return Security::Plain };
    let spki = tls.spki_sha256.to_ascii_lowercase();
    if spki.len() != 64 || !spki.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        checks.wrong("tls.spkiSha256", "is not a SHA-256: 64 hex digits");
    }
    Security::Pinned { spki }
}

/// `host:port` with the usual port filled in; IPv6 addresses with a port stand in brackets.
fn endpoint(text: &str, security: &Security) -> Result<String, String> {
    let usual = if matches!(security, Security::Plain) { PORTS.0 } else { PORTS.1 };
    let bad = || {
        format!("{:?} is not an address: write host, host:port or [IPv6]:port", crate::validate::short(text))
    };
    if let Ok(v6) = text.parse::<std::net::Ipv6Addr>() {
        return Ok(format!("[{v6}]:{usual}"));
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, port.parse::<u16>().ok().filter(|port| *port > 0).ok_or_else(bad)?),
        None => (text, usual),
    };
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let good = match bracketed {
        Some(inner) => inner.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            (1..=253).contains(&host.len())
                && host.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-')
        }
    };
    if good { Ok(format!("{host}:{port}")) } else { Err(bad()) }
}

fn view(router: &stored::Router, site: &Site) -> Router {
    let identity = router.identity.as_ref();
    Router {
        id: router.id.to_string(),
        name: router.name.to_string(),
        datacenter: site.name.to_string(),
        address: router.address.clone(),
        username: router.username.clone(),
        tls: match &router.security {
            Security::Plain => None,
            Security::Pinned { spki } => Some(Tls { spki_sha256: spki.clone() }),
        },
        trunk: router.trunk.clone(),
        firewall_anchor: router.anchor.clone(),
        serial: identity.map(|identity| identity.serial.clone()),
        board: identity.map(|identity| identity.board.clone()),
        version: identity.map(|identity| identity.version.clone()),
        created_at: router.id.created_at(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_get_the_usual_port() {
        let pinned = Security::Pinned { spki: String::new() };
        for (text, security, full) in [
            ("r1.example", &Security::Plain, "r1.example:8728"),
            ("192.0.2.1", &pinned, "192.0.2.1:8729"),
            ("192.0.2.1:9000", &pinned, "192.0.2.1:9000"),
            ("2001:db8::1", &Security::Plain, "[2001:db8::1]:8728"),
            ("[2001:db8::1]:99", &Security::Plain, "[2001:db8::1]:99"),
        ] {
            assert_eq!(endpoint(text, security).as_deref(), Ok(full), "{text}");
        }
        for bad in ["", ":1", "a:0", "a:99999", "a b", "http://x", "[zz]:1"] {
            assert!(endpoint(bad, &Security::Plain).is_err(), "{bad}");
        }
    }
}
