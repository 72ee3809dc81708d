//! Carrying an enrolment out on the router, and taking it back.

use std::time::Duration;

use moxxie_core::{
    RouterId,
    id::Uuid,
    router::{Router, Security},
};
use moxxie_routeros::{
    DriverError, Session, Target, connect,
    enroll::{Level, Presented, Wish, check, leftovers, presented},
};
use secrecy::SecretString;

use super::{Visit, Way, visit::generated};
use crate::{
    Engine, Error,
    runner::{failure::Failure, lease::Leases},
};

/// How often the router is looked at while it is taken back what was done.
const ROUNDS: u32 = 4;
/// How often it is looked at whether the service shows its new certificate, and the pause in between.
const LOOKS: (u32, Duration) = (10, Duration::from_millis(300));

/// The longest a step takes: making and signing a key.
const SEND: Duration = Duration::from_secs(40);

/// How a router is reached from now on, proved.
pub(in super::super) struct Settled {
    pub(in super::super) address: String,
    pub(in super::super) spki: String,
    pub(in super::super) username: String,
    pub(in super::super) password: SecretString,
    /// The session that proved it.
    pub(in super::super) session: Session,
}

impl Engine {
    /// The device for this enrolment alone: another one would take away what this one needs. With `router`,
    /// no change works on that router meanwhile.
    pub(in super::super) async fn device_lease(
        &self,
        visit: &Visit,
        router: Option<&Router>,
    ) -> Result<Leases, Error> {
        let digest = ring::digest::digest(&ring::digest::SHA256, visit.survey.facts.serial.as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest.as_ref()[..16]);
        let keys: Vec<_> = std::iter::once(RouterId::new(Uuid::from_bytes(bytes)))
            .chain(router.map(|router| router.id))
            .collect();
        // A holder of its own: within the process others must be kept out too.
        let holder = moxxie_core::audit::hex(&self.0.ambient.random::<8>());
        let leases = Leases::acquire(&self.0.store, &keys, &holder, self.0.config.lease_ttl).await?;
        leases.ok_or_else(|| {
            let message = format!(
                "somebody else is working on the device with serial {} at this moment; try again when they are done",
                visit.survey.facts.serial
            );
            Error::conflict("device_busy", message)
        })
    }

    /// Does the steps and proves that moxxie's login works over TLS. When that fails, what was done is undone.
    ///
    /// # Errors
    /// What failed, and what is left on the router if it could not be undone.
    pub(in super::super) async fn prepare_device(
        &self,
        visit: &mut Visit,
        leases: &mut Leases,
    ) -> Result<Settled, Error> {
        match self.try_out(visit, leases).await {
            Ok(settled) => Ok(settled),
            Err(error) => {
                let left = self.take_back(visit).await;
                Err(with_leftovers(error, &left))
            }
        }
    }

    async fn try_out(&self, visit: &mut Visit, leases: &mut Leases) -> Result<Settled, Error> {
        let name = visit.wanted.name.to_string();
        let failed = |error: &DriverError| Failure::of_driver(&name, error).into_error();
        let password = match (&visit.wanted.login, visit.wanted.keep_login) {
            (Some((_, password)), true) => password.clone(),
            _ => generated(self),
        };
        for step in visit.steps.clone() {
            // What another process sends after a lease is over must not meet what we send.
            if leases.ensure(SEND).await.is_err() {
                return Err(Error::conflict(
                    "device_busy",
                    format!("router {name}: the lease of the device was lost"),
                ));
            }
            visit.begun.push(step.part);
            visit.session.perform(&step, &password).await.map_err(|error| {
                // The router's words, and which command they are about.
                let failure = Failure::of_driver(&name, &error);
                let message = format!("{} (at: {})", failure.message, step.line());
                Failure { message, ..failure }.into_error()
            })?;
        }
        let (address, spki) = self.key(visit).await?;
        let target = Target {
            name: name.clone(),
            address: address.clone(),
            username: visit.wanted.user.clone(),
            password: password.clone(),
            security: Security::Pinned { spki: spki.clone() },
            expected_serial: Some(visit.survey.facts.serial.clone()),
        };
        let session = connect(&target, self.0.config.deadlines()).await.map_err(|error| failed(&error))?;
        // Everything moxxie reads later is read once with its own rights.
        let survey = session.survey().await.map_err(|error| failed(&error))?;
        let wish = Wish { login: target.username.clone(), prepared: true, ..visit.wish.clone() };
        let lacks = check(&wish, &survey)
            .into_iter()
            .find(|found| found.check == "policies" && found.level == Level::Refusal);
        if let Some(lacks) = lacks {
            return Err(Error::conflict("router_login", format!("router {name}: {}", lacks.message)));
        }
        Ok(Settled { address, spki, username: target.username, password, session })
    }

    /// Address and key of the TLS service. Over TLS it is the key that was accepted; after a plain login the
    /// key counts whose certificate the router itself says it has.
    async fn key(&self, visit: &mut Visit) -> Result<(String, String), Error> {
        let name = visit.wanted.name.to_string();
        if let (Way::Tls, Security::Pinned { spki }) = (&visit.wanted.way, &visit.target.security) {
            return Ok((visit.target.address.clone(), spki.clone()));
        }
        let mut last = String::new();
        for _ in 0..LOOKS.0 {
            let survey = self.look_again(visit).await;
            let survey = survey.map_err(|error| Failure::of_driver(&name, &error).into_error())?;
            let address = visit.wanted.tls_address(survey.tls_port());
            let own = survey.fingerprint();
            match presented(&name, &address, self.0.config.deadlines()).await {
                Ok(Presented::Key { spki, certificate }) if Some(&certificate) == own.as_ref() => {
                    return match &visit.wanted.pin {
                        Some(pin) if *pin != spki => Err(Error::conflict(
                            "identity_changed",
                            format!("router {name}: the key at {address} is {spki}, not the one named"),
                        )),
                        _ => Ok((address, spki)),
                    };
                }
                Ok(Presented::Key { .. }) => {
                    last = format!(
                        "{address} shows another certificate than the router says it has: something else answers there"
                    );
                }
                Ok(Presented::NoCertificate) => last = format!("{address} shows no certificate"),
                Err(error) => last = error.chain(),
            }
            tokio::time::sleep(LOOKS.1).await;
        }
        let message = format!(
            "router {name}: TLS does not work after its certificate was made: {last}; is the port of api-ssl open from \
             here, and does the service's address list allow this host?"
        );
        Err(Error::conflict("router_tls", message))
    }

    /// Undoes what this run did, in reverse, by what the router shows. Gives the commands that are left.
    pub(in super::super) async fn take_back(&self, visit: &mut Visit) -> Vec<String> {
        if visit.begun.is_empty() {
            return Vec::new();
        }
        let mut left = visit.begun.iter().rev().map(|part| format!("{part:?}")).collect::<Vec<_>>();
        let nothing = SecretString::from(String::new());
        for round in 0..ROUNDS {
            tokio::time::sleep(LOOKS.1 * round).await;
            let now = match self.look_again(visit).await {
                Ok(now) => now,
                Err(error) => {
                    tracing::warn!(router = %visit.wanted.name, error = &error as &dyn std::error::Error,
                        "an enrolment is being taken back, and the router does not answer");
                    continue;
                }
            };
            let steps = leftovers(&visit.wish, &visit.begun, &visit.survey, &now);
            left = steps.iter().map(moxxie_routeros::enroll::Step::line).collect();
            if left.is_empty() {
                break;
            }
            for step in &steps {
                if let Err(error) = visit.session.perform(step, &nothing).await {
                    tracing::warn!(router = %visit.wanted.name, command = step.line(),
                        error = &error as &dyn std::error::Error, "taking back a part of an enrolment");
                }
            }
        }
        left
    }
}

/// The error, and what became of what had been done.
pub(in super::super) fn with_leftovers(error: Error, left: &[String]) -> Error {
    let end = if left.is_empty() {
        "; what had been done on the router is undone".to_owned()
    } else {
        format!(
            "; it could not all be undone, left to be done on the router: {}; running the same again goes on from there",
            left.join("; ")
        )
    };
    match error {
        Error::Conflict { code, message, context } => {
            Error::Conflict { code, message: message + &end, context }
        }
        Error::Unavailable { message, retry_after_s, source } => {
            Error::Unavailable { message: message + &end, retry_after_s, source }
        }
        other => {
            tracing::warn!(leftovers = ?left, "an enrolment failed{end}");
            other
        }
    }
}
