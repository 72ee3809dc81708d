//! `/login`, old and new, and who may come from where (reference 1.4).

use std::net::IpAddr;

use routeros_wire::Sentence;

use super::connection::{Connection, End};
use crate::command::{Replies, Request};
use crate::errors::{ErrorId, Trap};
use crate::md5::{hex, md5};
use crate::state::{Caller, Router, Row};
use crate::value::{Names, Prefix, Value};

impl Connection {
    pub(super) fn before_login(&mut self, sentence: &Sentence, request: &Request) -> Option<End> {
        if request.path != "/login" {
            return Some(self.fatal("not logged in", request));
        }
        self.shared.record(0, sentence, true);
        let mut replies = Replies::new(request.tag.clone());
        let mut router = self.shared.router();
        if router.settings.old_login && request.argument("response").is_none() {
            drop(router);
            let challenge = std::array::from_fn(|_| self.shared.pick(256) as u8);
            self.challenge = Some(challenge);
            replies.done(Some(hex(&challenge).as_bytes()));
            self.push(request.tag.clone(), replies);
            return None;
        }
        // A challenge is good for one answer.
        let challenge = self.challenge.take();
        match login(&mut router, request, &self.peer, self.via, challenge) {
            Ok(caller) => {
                // What a client beyond the limit sees is not known (assumption `max-sessions`).
                let limit = max_sessions(&router, self.via);
                if router.sessions.len() > limit {
                    if let Some(session) = caller.session {
                        router.close_session(session);
                    }
                    return Some(End::Close);
                }
                replies.done(None);
                self.caller = Some(caller);
            }
            Err(trap) => {
                replies.trap(&trap);
                replies.done(None);
            }
        }
        drop(router);
        self.push(request.tag.clone(), replies);
        None
    }
}

/// Who is behind a name and password, and the session that begins.
fn login(
    router: &mut Router,
    request: &Request,
    peer: &str,
    via: &'static str,
    challenge: Option<[u8; 16]>,
) -> Result<Caller, Trap> {
    let name = request.text("name").unwrap_or_default();
    let policies = user(router, &name, peer)
        .filter(|user| proves(request, &user.password, challenge))
        .map(|user| user.policies)
        .filter(|policies| policies.iter().any(|policy| policy == "api"));
    let Some(policies) = policies else {
        let line = format!("login failure for user {name} from {peer} via {via}");
        router.log.push(router.now, "system,error,critical", &line);
        let text = if challenge.is_some() { ErrorId::CannotLogIn } else { ErrorId::BadLogin };
        return Err(Trap::new(text));
    };
    let session = router.open_session(&name, peer, via);
    Ok(Caller::new(Some(session), &name, policies))
}

/// The password itself, or the answer to a challenge made with it.
fn proves(request: &Request, password: &[u8], challenge: Option<[u8; 16]>) -> bool {
    let Some(challenge) = challenge else {
        return request.argument("password").map_or(&b""[..], |given| given) == password;
    };
    let secret = [&[0], password, &challenge].concat();
    request
        .text("response")
        .is_some_and(|response| response.to_lowercase() == format!("00{}", hex(&md5(&secret))))
}

struct User {
    password: Vec<u8>,
    policies: Vec<String>,
}

/// The enabled user of this name, if he may come from there.
fn user(router: &Router, name: &str, peer: &str) -> Option<User> {
    let id = router.find("/user", name.as_bytes())?;
    let user = router.row("/user", id).filter(|row| router.enabled(row))?;
    let from = router.value_of(user, "address").and_then(Value::as_str).unwrap_or_default();
    if !covers(from, peer) {
        return None;
    }
    let password = router.value_of(user, "password").and_then(Value::plain).unwrap_or_default().to_vec();
    let (space, group) = router.value_of(user, "group")?.target()?;
    let policy = router.value_of(router.row(space, group)?, "policy")?.as_str()?;
    let policies = policy.split(',').filter(|policy| !policy.starts_with('!')).map(str::to_owned).collect();
    Some(User { password, policies })
}

/// Whether one of the networks holds the address; no network holds all.
fn covers(networks: &str, peer: &str) -> bool {
    let Ok(peer) = peer.parse::<IpAddr>() else { return networks.is_empty() };
    networks.is_empty()
        || networks.split(',').any(|network| {
            Prefix::parse(network, peer.is_ipv6()).is_some_and(|prefix| {
                ipnet::IpNet::new(prefix.address, prefix.length).is_ok_and(|net| net.contains(&peer))
            })
        })
}

/// Whether the service is on and takes connections from there. One that does not drops them at once
/// (reference 1.4).
pub(super) fn serves(router: &Router, via: &str, peer: &str) -> bool {
    service(router, via).is_none_or(|row| {
        let from = router.value_of(row, "address").and_then(Value::as_str).unwrap_or_default();
        router.enabled(row) && covers(from, peer)
    })
}

fn service<'a>(router: &'a Router, via: &str) -> Option<&'a Row> {
    let menu = router.schema.menu("/ip/service")?;
    router.stored(menu).find(|row| router.value_of(row, "name").and_then(Value::as_str) == Some(via))
}

/// How many sessions the service allows (reference 1.4).
fn max_sessions(router: &Router, via: &str) -> usize {
    let limit =
        service(router, via).and_then(|row| router.value_of(row, "max-sessions")?.as_str()?.parse().ok());
    limit.unwrap_or(20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_answered_with_its_password_only() {
        let challenge = [7; 16];
        let answer = |password: &[u8]| {
            let digest = md5(&[&[0], password, &challenge[..]].concat());
            Request::new("/login", &[("response", &format!("00{}", hex(&digest)))])
        };
        assert!(proves(&answer(b"secret"), b"secret", Some(challenge)));
        assert!(!proves(&answer(b"other"), b"secret", Some(challenge)));
        assert!(!proves(&Request::new("/login", &[("password", "secret")]), b"secret", Some(challenge)));
    }

    #[test]
    fn networks_hold_addresses() {
        assert!(covers("", "10.0.0.1") && covers("", "::1"));
        assert!(covers("192.168.0.0/16,10.0.0.0/8", "10.0.0.1"));
        assert!(!covers("192.168.0.0/16", "10.0.0.1") && !covers("10.0.0.0/8", "::1"));
    }
}
