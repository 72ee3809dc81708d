//! A visit: connected, looked at, and everything decided; nothing written.

use moxxie_core::router::{self as stored, Security};
use moxxie_routeros::{
    Session, Target, connect,
    enroll::{Finding, Part, Presented, Step, Survey, Wish, check, presented, steps},
};
use secrecy::SecretString;
use serde_json::json;

use super::{Wanted, Way, nothing_to_do};
use crate::{Engine, Error, runner::failure::Failure};

/// A router that was looked at.
pub(in super::super) struct Visit {
    pub(in super::super) wanted: Wanted,
    pub(in super::super) target: Target,
    pub(in super::super) session: Session,
    /// As it was before anything was written.
    pub(in super::super) survey: Survey,
    pub(in super::super) wish: Wish,
    pub(in super::super) findings: Vec<Finding>,
    pub(in super::super) steps: Vec<Step>,
    /// Parts that were begun.
    pub(super) begun: Vec<Part>,
    /// The stored login was tried and works.
    works: bool,
}

impl Visit {
    /// Whether the router is registered and has all it needs.
    pub(super) fn is_settled(&self) -> bool {
        self.works && nothing_to_do(&self.wish, &self.steps)
    }
}

impl Engine {
    /// Connects, looks, and decides. `known` is the record that the router has already.
    pub(in super::super) async fn visit(
        &self,
        wanted: Wanted,
        known: Option<&stored::Router>,
    ) -> Result<Visit, Error> {
        let Some((username, password)) = wanted.login.clone() else {
            return Err(Error::invalid("login", "is missing"));
        };
        let (address, security) = self.first_contact(&wanted, known).await?;
        let name = wanted.name.to_string();
        let target = Target { name, address, username, password, security, expected_serial: None };
        let session = connect(&target, self.0.config.deadlines()).await;
        let session = session.map_err(|error| not_met(Failure::of_driver(&target.name, &error)))?;
        self.decide(wanted, target, session, known).await
    }

    /// Decides anew over the same session: what was seen before the device was leased may not hold any more.
    pub(in super::super) async fn revisit(
        &self,
        visit: Visit,
        known: Option<&stored::Router>,
    ) -> Result<Visit, Error> {
        let Visit { wanted, target, session, .. } = visit;
        self.decide(wanted, target, session, known).await
    }

    async fn decide(
        &self,
        wanted: Wanted,
        target: Target,
        session: Session,
        known: Option<&stored::Router>,
    ) -> Result<Visit, Error> {
        let survey = session.survey().await;
        let survey = survey.map_err(|error| Failure::of_driver(&target.name, &error).into_error())?;
        if let Some(identity) = known.and_then(|known| known.identity.as_ref())
            && identity.serial != survey.facts.serial
        {
            let message = format!(
                "router {} was enrolled with serial {}, and {} answers at {}; if it takes the other's place: \
                 moxxie router replace {}",
                target.name, identity.serial, survey.facts.serial, target.address, target.name
            );
            return Err(Error::conflict("identity_changed", message));
        }
        let works = match known {
            Some(known) if matches!(known.security, Security::Pinned { .. }) && !wanted.keep_login => {
                match self.connect(known).await {
                    Ok(session) => {
                        session.close().await;
                        true
                    }
                    Err(_) => false,
                }
            }
            _ => false,
        };
        let wish = self.wish(&wanted, &target.username, !works).await?;
        let (findings, steps) = (check(&wish, &survey), steps(&wish, Some(&survey)));
        Ok(Visit { wanted, target, session, survey, wish, findings, steps, begun: Vec::new(), works })
    }

    /// Where the login goes, and how it is protected there: never to a key that nobody vouched for.
    async fn first_contact(
        &self,
        wanted: &Wanted,
        known: Option<&stored::Router>,
    ) -> Result<(String, Security), Error> {
        if let Way::Plain(address) = &wanted.way {
            return Ok((address.clone(), Security::Plain));
        }
        let address = wanted.tls_address(None);
        if let Some(spki) = &wanted.pin {
            return Ok((address, Security::Pinned { spki: spki.clone() }));
        }
        if let Some(known) = known.filter(|known| known.address == address)
            && let security @ Security::Pinned { .. } = &known.security
        {
            return Ok((address, security.clone()));
        }
        let name = wanted.name.as_str();
        match presented(name, &address, self.0.config.deadlines()).await {
            Ok(Presented::Key { spki, certificate }) => Err(Error::Conflict {
                code: "unknown_key",
                message: format!(
                    "{address} shows the key {spki}, and nobody has said yet that it is the key of router {name}. Its \
                     certificate has the fingerprint {certificate}: compare that with /certificate/print at the \
                     router's console, then name the key (tls.spkiSha256, --tls-pin). No login was sent"
                ),
                context: Some(
                    json!({"address": address, "spkiSha256": spki, "certificateSha256": certificate}),
                ),
            }),
            Ok(Presented::NoCertificate) => Err(Error::Conflict {
                code: "no_certificate",
                message: format!(
                    "the api-ssl service at {address} has no certificate, so it only offers anonymous encryption, which \
                     does not show who answers. Either let moxxie log in readable this once and make the router a \
                     certificate (plainAddress, --plain; only on a network you trust), or prepare the router at its \
                     console (--print-script)"
                ),
                context: Some(json!({"address": address})),
            }),
            Err(error) => {
                let failure = Failure::of_driver(name, &error);
                let hint = "; is the service api-ssl on? A router without a certificate is enrolled with --plain, or \
                            prepared at its console with --print-script";
                Err(not_met(Failure { message: format!("{}{hint}", failure.message), ..failure }))
            }
        }
    }

    /// Looks again; a session that has ended is opened anew.
    pub(super) async fn look_again(&self, visit: &mut Visit) -> Result<Survey, moxxie_routeros::DriverError> {
        if visit.session.is_closed() {
            visit.session = connect(&visit.target, self.0.config.deadlines()).await?;
        }
        match visit.session.survey().await {
            Err(error) if error.is_transient() => {
                visit.session = connect(&visit.target, self.0.config.deadlines()).await?;
                visit.session.survey().await
            }
            survey => survey,
        }
    }
}

/// Why there was no first contact. That nothing answers is about the address asked for, not about this server.
fn not_met(failure: Failure) -> Error {
    if failure.passing {
        return Error::conflict("no_answer", failure.message);
    }
    failure.into_error()
}

/// A password nobody has to remember: 192 random bits.
pub(super) fn generated(engine: &Engine) -> SecretString {
    SecretString::from(moxxie_core::audit::hex(&engine.0.ambient.random::<24>()))
}
