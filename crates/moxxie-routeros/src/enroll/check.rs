//! What an enrolment finds on a router: fine, worth knowing, or in the way.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::{ADMINISTRATOR, CERTIFICATE, NEEDED, POLICIES, Survey, Wish, clock, place, step::ANCHORS};
use crate::{
    Refusal, StateRow, Version, anchor::anchor, bypass, family::Family, find::Index, obstacle, render,
    value::net,
};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// Worth knowing; the enrolment goes on.
    Warning,
    /// In the way; nothing is written.
    Refusal,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What was looked at, a stable word: `version`, `policies`, `clock`, ...
    pub check: &'static str,
    /// How much it matters.
    pub level: Level,
    /// What was found, and what would help.
    pub message: String,
}

/// Flash below which the router is likely to lose configuration that it cannot write, and below which it
/// soon may: a configuration with many networks takes some hundred KiB.
const FLASH: (u64, u64) = (256 << 10, 2 << 20);

/// Looks at everything and names everything at once. A version that is not supported ends it: nothing else
/// could be believed.
#[must_use]
pub fn check(wish: &Wish, survey: &Survey) -> Vec<Finding> {
    let mut found = Findings(Vec::new());
    found.version(survey);
    if !survey.facts.version.is_supported() {
        return found.0;
    }
    found.device(wish, survey);
    found.device_mode(survey);
    found.policies(wish, survey);
    found.user(wish, survey);
    found.clock(wish, survey);
    found.flash(survey);
    found.services(wish, survey);
    found.networks(wish, survey);
    found.anchors(wish, survey);
    found.marks(wish, survey);
    found.0
}

struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, check: &'static str, level: Level, message: impl Into<String>) {
        self.0.push(Finding { check, level, message: message.into() });
    }

    fn version(&mut self, survey: &Survey) {
        let version = survey.facts.version;
        if !version.is_supported() {
            self.add("version", Level::Refusal, Refusal::UnsupportedVersion { found: version }.to_string());
        } else if !version.has_safe_mode() {
            let text = format!(
                "RouterOS {version} has no safe mode over the API: when a connection is lost in the middle of a \
                 change, the router keeps what was sent until moxxie reaches it again; {} or newer undoes it by itself",
                Version::new(7, 18, 0)
            );
            self.add("version", Level::Warning, text);
        } else {
            self.add("version", Level::Ok, format!("RouterOS {version}"));
        }
    }

    fn device(&mut self, wish: &Wish, survey: &Survey) {
        let serial = &survey.facts.serial;
        match wish.registered.iter().find(|(other, _)| other == serial) {
            Some((_, name)) => self.add(
                "device",
                Level::Refusal,
                format!("the device with serial {serial} is registered as router {name} already; a device is one router"),
            ),
            None => self.add("device", Level::Ok, format!("{}, serial {serial}", survey.facts.board)),
        }
    }

    fn device_mode(&mut self, survey: &Survey) {
        const CHECK: &str = "device-mode";
        let Some(mode) = &survey.device_mode else {
            return self.add(
                CHECK,
                Level::Warning,
                "/system/device-mode cannot be read, so it is not known what it forbids",
            );
        };
        let name = mode.text("mode").unwrap_or_default();
        if mode.flag("flagged") {
            let text = "the router has flagged itself (/system/device-mode flagged=yes): it found a suspicious \
                configuration and forbids itself commands; look into it, then `/system/device-mode/update \
                flagged=no` and confirm at the device";
            self.add(CHECK, Level::Refusal, text);
        } else if !mode.flag("scheduler") {
            let text = format!(
                "mode {name} forbids the scheduler, so that no timer on the router can guard a change; safe mode \
                 still does from 7.18; to allow it: `/system/device-mode/update scheduler=yes` and confirm at the device"
            );
            self.add(CHECK, Level::Warning, text);
        } else {
            self.add(CHECK, Level::Ok, format!("{name}, scheduler allowed"));
        }
    }

    fn policies(&mut self, wish: &Wish, survey: &Survey) {
        let needed: &[&str] = if wish.prepared { &NEEDED } else { &ADMINISTRATOR };
        let Some(held) = survey.policies(&wish.login) else {
            let text = format!(
                "user {} is not in /user (RADIUS?), so its policies are not known; {} are needed",
                wish.login,
                needed.join(", ")
            );
            return self.add("policies", Level::Warning, text);
        };
        let missing: Vec<_> =
            needed.iter().copied().filter(|one| !held.iter().any(|held| held == one)).collect();
        if missing.is_empty() {
            self.add(
                "policies",
                Level::Ok,
                format!("user {} has what is needed: {}", wish.login, needed.join(", ")),
            );
        } else {
            let text = format!(
                "user {} lacks the policies {}; add them to its group, or log in as somebody who has them",
                wish.login,
                missing.join(", ")
            );
            self.add("policies", Level::Refusal, text);
        }
    }

    /// Whether the names of moxxie's user and group are free, or taken by what an earlier run left.
    fn user(&mut self, wish: &Wish, survey: &Survey) {
        let user = &wish.user;
        if wish.prepared {
            let held = survey.policies(&wish.login).unwrap_or_default();
            let more: Vec<_> = held.iter().filter(|one| !POLICIES.contains(&one.as_str())).cloned().collect();
            if survey.policies(&wish.login).is_some() && !held.iter().any(|one| one == "test") {
                let text = format!(
                    "user {user} lacks the policy test, so that addresses cannot be verified (--verify)"
                );
                self.add("user", Level::Warning, text);
            }
            if !more.is_empty() {
                let text = format!("user {user} may also {}, which moxxie does not need", more.join(", "));
                self.add("user", Level::Warning, text);
            }
            return;
        }
        if user == &wish.login {
            let text = format!(
                "{user} is both the login and the name of moxxie's own user: log in as an administrator, or choose \
                 another name for the user, or keep the login if it was made for moxxie"
            );
            return self.add("user", Level::Refusal, text);
        }
        if let Some(row) = survey.user(user)
            && !row.comment().starts_with(&wish.user_mark())
        {
            let text = format!(
                "the router has a user {user} that this installation of moxxie did not make; remove it, or choose \
                 another name for moxxie's user"
            );
            return self.add("user", Level::Refusal, text);
        }
        if let Some(held) = survey.group_policies(user)
            && held != POLICIES
        {
            let text = format!(
                "the router has a group {user} with the policies {}, and moxxie's group has {}; remove it, or choose \
                 another name for moxxie's user",
                held.join(","),
                POLICIES.join(",")
            );
            return self.add("user", Level::Refusal, text);
        }
        self.add(
            "user",
            Level::Ok,
            format!("moxxie logs in as {user}, with no more than {}", POLICIES.join(", ")),
        );
    }

    fn clock(&mut self, wish: &Wish, survey: &Survey) {
        let ahead = survey.clock.as_ref().and_then(|clock| clock::ahead(clock, wish.now));
        match ahead {
            None => self.add("clock", Level::Warning, "the router's clock cannot be read"),
            Some(ahead) if ahead.unsigned_abs().as_secs() <= 300 => {
                self.add("clock", Level::Ok, "right to within five minutes");
            }
            Some(ahead) => {
                let hours = ahead.unsigned_abs().as_secs() / 3600;
                let (span, unit) = match hours {
                    0 => (ahead.unsigned_abs().as_secs() / 60, "minutes"),
                    1..48 => (hours, "hours"),
                    _ => (hours / 24, "days"),
                };
                let way = if ahead.is_negative() { "behind" } else { "ahead" };
                let text = format!(
                    "the router's clock is {span} {unit} {way}: its log and its certificates' dates will be wrong; set it, \
                     best with /system/ntp/client"
                );
                self.add("clock", Level::Warning, text);
            }
        }
    }

    fn flash(&mut self, survey: &Survey) {
        let free = survey.resource.as_ref().and_then(|row| row.text("free-hdd-space")?.parse::<u64>().ok());
        match free {
            None => self.add("flash", Level::Warning, "the router does not tell how much flash is free"),
            Some(free) if free < FLASH.0 => self.add(
                "flash",
                Level::Refusal,
                format!("{} KiB of flash are free: the router may not be able to keep its configuration; remove files", free >> 10),
            ),
            Some(free) if free < FLASH.1 => {
                self.add("flash", Level::Warning, format!("only {} KiB of flash are free", free >> 10));
            }
            Some(free) => self.add("flash", Level::Ok, format!("{} MiB free", free >> 20)),
        }
    }

    fn services(&mut self, wish: &Wish, survey: &Survey) {
        match survey.service("api-ssl") {
            None => self.add("api-ssl", Level::Refusal, "the router has no service api-ssl in /ip/service"),
            Some(service) => self.api_ssl(wish, survey, service),
        }
        if let Some(plain) = survey.service("api").filter(|row| !row.flag("disabled")) {
            let from = plain.text("address").unwrap_or_default();
            let whom = if from.is_empty() { "everybody".into() } else { from };
            let text = format!(
                "the plain API service is on and answers {whom}; when nobody needs it, switch it off \
                 (/ip/service/set api disabled=yes)"
            );
            self.add("api", Level::Warning, text);
        }
    }

    fn api_ssl(&mut self, wish: &Wish, survey: &Survey, service: &StateRow) {
        let assigned = survey.assigned().and_then(|row| row.text("name"));
        let disabled = service.flag("disabled");
        let (level, text) = match (&assigned, disabled) {
            (Some(name), false) => (Level::Ok, format!("on, with certificate {name}")),
            (None, _) if wish.prepared => (
                Level::Refusal,
                "api-ssl has no certificate: give it one, or enrol without keeping the login".into(),
            ),
            (_, true) if wish.prepared => {
                (Level::Refusal, "api-ssl is off: /ip/service/set api-ssl disabled=no".into())
            }
            (Some(name), true) => {
                (Level::Ok, format!("off, with certificate {name}; it will be switched on"))
            }
            (None, _) => (Level::Ok, format!("without a certificate; the router will make {CERTIFICATE}")),
        };
        self.add("api-ssl", level, text);
        if survey.certificate(CERTIFICATE).is_some_and(|row| row.flag("revoked")) && assigned.is_none() {
            let text =
                format!("the router has a certificate {CERTIFICATE} that is revoked; remove or rename it");
            self.add("api-ssl", Level::Refusal, text);
        }
        if assigned.is_some() && service.text("tls-version").as_deref() == Some("any") {
            let text = "tls-version=any also allows TLS 1.0 and 1.1; if nobody needs them: /ip/service/set api-ssl tls-version=only-1.2";
            self.add("api-ssl", Level::Warning, text);
        }
        let from = service.text("address").unwrap_or_default();
        let from: Vec<IpNet> = from.split(',').filter_map(net).collect();
        let outside = wish.allow_from.iter().find(|source| !from.iter().any(|one| one.contains(*source)));
        match outside {
            _ if from.is_empty() => {
                let text = "api-ssl answers everybody; limit it to your management networks: /ip/service/set api-ssl address=...";
                self.add("api-ssl", Level::Warning, text);
            }
            Some(source) => {
                let text = format!(
                    "api-ssl answers {} only, and {source} is not among them; add it to the service's address",
                    from.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
                );
                self.add("api-ssl", Level::Refusal, text);
            }
            None => {}
        }
    }

    /// What a network of the site would meet: the trunk and its L2MTU, routing in hardware.
    fn networks(&mut self, wish: &Wish, survey: &Survey) {
        let rows = match render(&wish.probe, &wish.binding, &survey.facts) {
            Ok(rows) => rows,
            Err(error) => return self.add("trunk", Level::Refusal, error.to_string()),
        };
        let wanted: Vec<_> = rows.iter().collect();
        match obstacle::check_trunk(&wanted, &survey.state, &wish.binding) {
            Ok(()) => self.add(
                "trunk",
                Level::Ok,
                format!("{} is there and its frames are long enough", wish.binding.trunk),
            ),
            Err(refusal) => self.add("trunk", Level::Refusal, refusal.to_string()),
        }
        let index = Index::new(&survey.state);
        match bypass::check(&wanted, &rows, &survey.state, &index, &wish.binding) {
            // Told by the check of the anchors.
            Err(Refusal::NoAnchor { .. }) => {}
            Err(refusal) => self.add("firewall", Level::Warning, refusal.to_string()),
            Ok(()) => {
                self.add("firewall", Level::Ok, "no rule before the anchors lets pass what a profile drops")
            }
        }
    }

    fn anchors(&mut self, wish: &Wish, survey: &Survey) {
        for (family, chain) in ANCHORS {
            let filter = family.filter();
            let (name, without) = match family {
                Family::V4 => (format!("chain {chain}"), "networks"),
                Family::V6 => (format!("chain {chain} of IPv6"), "networks with an IPv6 prefix"),
            };
            match anchor(&survey.state, filter, chain, &wish.binding.anchor) {
                Ok(_) => self.add("anchor", Level::Ok, format!("{name} has one")),
                Err(Refusal::NoAnchor { hint, .. }) if has_several(survey, (filter, chain), wish) => {
                    self.add("anchor", Level::Refusal, format!("{name}: {hint}"));
                }
                Err(_) => {
                    let place = match place::successor(survey, filter, chain) {
                        Some(rule) => {
                            format!("before the rule [{}]", rule.describe(filter))
                        }
                        None => "at the end of the chain".to_owned(),
                    };
                    let text = if wish.create_anchors && !wish.prepared {
                        format!("{name} has none; it will be added {place}")
                    } else {
                        format!(
                            "{name} has none, and without it there are no {without}; let it be added {place}, \
                             or add it yourself where moxxie's rules shall begin: {filter}/add chain={chain} \
                             action=passthrough comment={}",
                            crate::script::quote(&wish.binding.anchor)
                        )
                    };
                    let level =
                        if wish.create_anchors && !wish.prepared { Level::Ok } else { Level::Warning };
                    self.add("anchor", level, text);
                }
            }
        }
    }

    fn marks(&mut self, wish: &Wish, survey: &Survey) {
        let marks = || survey.state.menus.values().flatten().filter_map(StateRow::mark);
        let foreign = marks().find(|mark| mark.install != wish.binding.install);
        let count =
            |ours: bool| marks().filter(|mark| (mark.install == wish.binding.install) == ours).count();
        if let Some(mark) = foreign {
            let text = format!(
                "{} rows carry marks of another installation of moxxie ({}); a router belongs to one: remove its networks \
                 there, or the rows by hand",
                count(false),
                mark.install
            );
            self.add("marks", Level::Refusal, text);
        } else if count(true) > 0 {
            let text =
                format!("{} rows carry marks of this installation already; they are kept", count(true));
            self.add("marks", Level::Warning, text);
        } else {
            self.add("marks", Level::Ok, "no rows of an installation of moxxie");
        }
    }
}

/// More than one rule of a chain could be the anchor: adding another would not help.
fn has_several(survey: &Survey, (filter, chain): (&str, &str), wish: &Wish) -> bool {
    let begins = |rule: &&StateRow| !rule.is_dynamic() && rule.comment().starts_with(&wish.binding.anchor);
    survey.rules(filter, chain).filter(begins).count() > 1
}
