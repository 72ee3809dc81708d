//! Steps: what is left to do on a router, each as one command.

use routeros_client::Command;
use secrecy::SecretString;

use super::{CERTIFICATE, POLICIES, Survey, Wish, place};
use crate::{anchor::anchor, family::Family, script::quote};

/// How long a certificate is valid, in days. Its key is pinned and its dates are not looked at; ten years
/// keep other clients of the service from complaining.
const DAYS: &str = "3650";

/// Where anchors go: networks with an IPv6 prefix need those of both families.
pub(super) const ANCHORS: [(Family, &str); 4] =
    [(Family::V4, "forward"), (Family::V4, "input"), (Family::V6, "forward"), (Family::V6, "input")];

/// What a step makes or changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The group with moxxie's policies.
    Group,
    /// moxxie's user.
    User,
    /// The template of the certificate.
    Certificate,
    /// The certificate itself, signed by the router.
    Signature,
    /// `api-ssl` shows it.
    Service,
    /// The anchor of a chain in a filter.
    Anchor(&'static str, &'static str),
}

/// A value of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    Text(String),
    /// The password of moxxie's user, which only the wire sees.
    Password,
}

/// One command of an enrolment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What it makes or changes.
    pub part: Part,
    pub(super) path: &'static str,
    /// The row it is about: the argument that names it, its id, and its name for people.
    pub(super) target: Option<(&'static str, String, String)>,
    pub(super) words: Vec<(&'static str, Word)>,
}

impl Step {
    fn new(part: Part, path: &'static str, words: &[(&'static str, &str)]) -> Self {
        let words = words.iter().map(|(name, value)| (*name, Word::Text((*value).to_owned()))).collect();
        Self { part, path, target: None, words }
    }

    fn on(mut self, argument: &'static str, id: &str, name: &str) -> Self {
        self.target = Some((argument, id.to_owned(), name.to_owned()));
        self
    }

    /// The command as it is sent.
    pub(super) fn command(&self, password: &SecretString) -> Command {
        let command = Command::new(self.path);
        let command = match &self.target {
            Some((argument, id, _)) => command.attr(argument, id),
            None => command,
        };
        self.words.iter().fold(command, |command, (name, word)| match word {
            Word::Text(value) => command.attr(name, value),
            Word::Password => command.secret(name, password),
        })
    }

    /// The same as a line of a RouterOS script, with the word `PASSWORD` for the password.
    #[must_use]
    pub fn line(&self) -> String {
        let mut line = self.path.to_owned();
        if let Some((_, _, name)) = &self.target {
            line = format!("{line} {}", quote(name));
        }
        for (name, word) in &self.words {
            let value = match word {
                // An id is no text for the console.
                Word::Text(id) if *name == "place-before" => id.clone(),
                Word::Text(value) => quote(value),
                Word::Password => "PASSWORD".to_owned(),
            };
            line = format!("{line} {name}={value}");
        }
        line
    }
}

/// What is left to do, in the order in which it is done. Without a survey: everything, for a router that
/// was not looked at.
#[must_use]
pub fn steps(wish: &Wish, survey: Option<&Survey>) -> Vec<Step> {
    if wish.prepared {
        return Vec::new();
    }
    let mut steps = Vec::new();
    if survey.is_none_or(|survey| survey.group(&wish.user).is_none()) {
        let words = [("name", wish.user.as_str()), ("policy", &POLICIES.join(","))];
        steps.push(Step::new(Part::Group, "/user/group/add", &words));
    }
    steps.extend(user(wish, survey));
    steps.extend(certificate(wish, survey));
    steps.extend(service(survey));
    if wish.create_anchors {
        steps.extend(ANCHORS.into_iter().filter_map(|place| anchor_of(wish, survey, place)));
    }
    steps
}

fn user(wish: &Wish, survey: Option<&Survey>) -> Option<Step> {
    let from = wish.allow_from.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let mut step = match survey.and_then(|survey| survey.user(&wish.user)) {
        None => {
            let comment = format!("{} moxxie logs in as this user", wish.user_mark());
            let words = [("name", wish.user.as_str()), ("group", &wish.user), ("comment", &comment)];
            Step::new(Part::User, "/user/add", &words)
        }
        Some(row) => {
            let right = row.text("group").as_deref() == Some(wish.user.as_str()) && !row.flag("disabled");
            if right && !wish.new_password {
                return None;
            }
            let words = [("group", wish.user.as_str()), ("disabled", "no")];
            Step::new(Part::User, "/user/set", &words).on(".id", &row.id, &wish.user)
        }
    };
    step.words.push(("password", Word::Password));
    if !from.is_empty() {
        step.words.push(("address", Word::Text(from)));
    }
    Some(step)
}

/// A certificate is made when `api-ssl` has none that works; one that is there is left alone.
fn certificate(wish: &Wish, survey: Option<&Survey>) -> Vec<Step> {
    let found = survey.and_then(|survey| survey.certificate(CERTIFICATE));
    if survey.is_some_and(|survey| survey.assigned().is_some())
        || found.is_some_and(|row| row.flag("private-key"))
    {
        return Vec::new();
    }
    let template = Step::new(
        Part::Certificate,
        "/certificate/add",
        &[
            ("name", CERTIFICATE),
            ("common-name", &wish.name),
            ("days-valid", DAYS),
            ("key-usage", "digital-signature,key-encipherment,tls-server"),
        ],
    );
    let sign = Step::new(Part::Signature, "/certificate/sign", &[]).on("number", CERTIFICATE, CERTIFICATE);
    if found.is_some() { vec![sign] } else { vec![template, sign] }
}

/// `api-ssl` is switched on, and shows the certificate when it has none of its own. TLS below 1.2 goes only
/// where no client can have used it: a service without a certificate served nobody.
fn service(survey: Option<&Survey>) -> Option<Step> {
    let mut words = Vec::new();
    let row = survey.and_then(|survey| survey.service("api-ssl"));
    if survey.is_none_or(|survey| survey.assigned().is_none()) {
        words.extend([("certificate", CERTIFICATE), ("tls-version", "only-1.2")]);
    }
    if row.is_none_or(|row| row.flag("disabled")) {
        words.push(("disabled", "no"));
    }
    let id = row.map_or("api-ssl", |row| &row.id);
    (!words.is_empty()).then(|| Step::new(Part::Service, "/ip/service/set", &words).on(".id", id, "api-ssl"))
}

fn anchor_of(wish: &Wish, survey: Option<&Survey>, (family, chain): (Family, &'static str)) -> Option<Step> {
    let filter = family.filter();
    if survey.is_some_and(|survey| anchor(&survey.state, filter, chain, &wish.binding.anchor).is_ok()) {
        return None;
    }
    let add = match family {
        Family::V4 => "/ip/firewall/filter/add",
        Family::V6 => "/ipv6/firewall/filter/add",
    };
    let words = [("chain", chain), ("action", "passthrough"), ("comment", &wish.binding.anchor)];
    let mut step = Step::new(Part::Anchor(filter, chain), add, &words);
    if let Some(rule) = survey.and_then(|survey| place::successor(survey, filter, chain)) {
        step.words.push(("place-before", Word::Text(rule.id.clone())));
    }
    Some(step)
}
