//! `/login` (reference 1.4).

use routeros_wire::Sentence;

use super::connection::{Connection, End};
use crate::command::{Replies, Request};
use crate::errors::{ErrorId, Trap};
use crate::state::{Caller, Router};
use crate::value::{Names, Value};

impl Connection {
    pub(super) fn before_login(&mut self, sentence: &Sentence, request: &Request) -> Option<End> {
        if request.path != "/login" {
            return Some(self.fatal("not logged in", request));
        }
        self.shared.record(0, sentence, true);
        let mut replies = Replies::new(request.tag.clone());
        let mut router = self.shared.router();
        match login(&mut router, request, &self.peer, self.via) {
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
fn login(router: &mut Router, request: &Request, peer: &str, via: &'static str) -> Result<Caller, Trap> {
    let name = request.text("name").unwrap_or_default();
    let password = request.argument("password").cloned().unwrap_or_default();
    let refused = || Trap::new(ErrorId::BadLogin);
    let known = check(router, &name, &password);
    let policies = match known {
        Some(policies) if policies.iter().any(|policy| policy == "api") => policies,
        _ => {
            let line = format!("login failure for user {name} from {peer} via {via}");
            router.log.push(router.now, "system,error,critical", &line);
            return Err(refused());
        }
    };
    let session = router.open_session(&name, peer, via);
    Ok(Caller::new(Some(session), &name, policies))
}

/// The policies of a user whose password this is.
fn check(router: &Router, name: &str, password: &[u8]) -> Option<Vec<String>> {
    let id = router.find("/user", name.as_bytes())?;
    let user = router.row("/user", id).filter(|row| router.enabled(row))?;
    let stored = router.value_of(user, "password").and_then(Value::plain).unwrap_or_default();
    if stored != password {
        return None;
    }
    let (space, group) = router.value_of(user, "group")?.target()?;
    let policy = router.value_of(router.row(space, group)?, "policy")?.as_str()?;
    Some(policy.split(',').filter(|policy| !policy.starts_with('!')).map(str::to_owned).collect())
}

/// How many sessions the service allows (reference 1.4).
fn max_sessions(router: &Router, via: &str) -> usize {
    let limit = router.menu("/ip/service").and_then(|menu| {
        let row = router
            .stored(&menu)
            .find(|row| router.value_of(row, "name").and_then(|value| value.as_str()) == Some(via))?;
        router.value_of(row, "max-sessions")?.as_str()?.parse().ok()
    });
    limit.unwrap_or(20)
}
