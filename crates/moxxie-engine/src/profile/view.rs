//! A profile in the words of the API.

use moxxie_api::profile::{Profile, ProfileRule, ProfileService};
use moxxie_core::profile::{self, Direction, Peer, Service, Traffic, Verdict};
use moxxie_store::StoredProfile;

pub(super) fn view(profile: &profile::Profile, stored: Option<&StoredProfile>) -> Profile {
    Profile {
        name: profile.name.to_string(),
        description: profile.description.clone(),
        built_in: profile::Profile::position_built_in(&profile.name).is_some(),
        rules: profile.rules.iter().map(rule).collect(),
        sets: profile
            .sets
            .iter()
            .map(|(name, set)| (name.to_string(), set.iter().map(ToString::to_string).collect()))
            .collect(),
        services: profile
            .services
            .iter()
            .map(|(name, service)| (name.to_string(), self::service(service)))
            .collect(),
        version: stored.map_or(0, |stored| stored.version),
        updated_at: stored.map(|stored| stored.updated_at),
    }
}

fn rule(rule: &profile::Rule) -> ProfileRule {
    let peer = Some(match &rule.peer {
        Peer::Any => "any".to_owned(),
        Peer::Management => "management".to_owned(),
        Peer::Tenant => "tenant".to_owned(),
        Peer::Outside => "outside".to_owned(),
        Peer::Set(name) => name.to_string(),
    });
    let (from, to) = match rule.direction {
        Direction::In => (peer, None),
        Direction::Out => (None, peer),
        Direction::Router => (None, None),
    };
    let (service, is) = match &rule.traffic {
        Traffic::Any => (None, None),
        Traffic::Named(name) => (Some(name.to_string()), None),
        Traffic::Is(service) => (None, Some(self::service(service))),
    };
    let ProfileService { protocol, ports } = is.unwrap_or_default();
    ProfileRule {
        name: Some(rule.name.to_string()),
        direction: rule.direction.as_str().to_owned(),
        action: match rule.verdict {
            Verdict::Accept => "accept",
            Verdict::Drop => "drop",
        }
        .to_owned(),
        from,
        to,
        service,
        protocol: Some(protocol).filter(|protocol| !protocol.is_empty()),
        ports,
    }
}

fn service(service: &Service) -> ProfileService {
    ProfileService {
        protocol: service.protocol().to_owned(),
        ports: service.ports().iter().map(ToString::to_string).collect(),
    }
}
