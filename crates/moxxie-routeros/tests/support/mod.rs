//! An emulated router with anchors, small intents, and a change from read to verified.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]
#![allow(dead_code, reason = "every test file uses its own part of this")]

use std::time::Duration;

use moxxie_core::{
    DomainId, NetworkId, TenantId,
    change::Outcome,
    device::{DeviceIntent, DhcpIntent, NetworkIntent},
    encapsulation::{Encapsulation, Tpid},
    id::uuid_v7,
    plan::Plan,
    profile::Profile,
    router::Security,
    row::Row,
    vlan::VlanId,
};
use moxxie_routeros::{
    Answer, Binding, Deadlines, DeviceState, DriverError, RouterFacts, Session, Target, connect, plan, render,
};
use routeros_emulator::{Builder, Emulator};

pub(crate) const PASSWORD: &str = "planted-secret-7f3a";

pub(crate) fn builder(version: &str) -> Builder {
    let scene = r#"
        [[rows]]
        menu = "/ip/address"
        address = "192.168.88.1/24"
        interface = "ether1"

        [[rows]]
        menu = "/ip/firewall/filter"
        chain = "input"
        action = "accept"
        connection-state = "established,related,untracked"

        [[rows]]
        menu = "/ip/firewall/filter"
        chain = "input"
        action = "passthrough"
        comment = "moxxie-anchor"

        [[rows]]
        menu = "/ip/firewall/filter"
        chain = "forward"
        action = "fasttrack-connection"
        connection-state = "established,related"

        [[rows]]
        menu = "/ip/firewall/filter"
        chain = "forward"
        action = "accept"
        connection-state = "established,related,untracked"

        [[rows]]
        menu = "/ip/firewall/filter"
        chain = "forward"
        action = "passthrough"
        comment = "moxxie-anchor"

        [[rows]]
        menu = "/ip/firewall/filter"
        chain = "forward"
        action = "accept"
        comment = "everything else"

        [[rows]]
        menu = "/ipv6/firewall/filter"
        chain = "input"
        action = "accept"
        connection-state = "established,related,untracked"

        [[rows]]
        menu = "/ipv6/firewall/filter"
        chain = "input"
        action = "passthrough"
        comment = "moxxie-anchor"

        [[rows]]
        menu = "/ipv6/firewall/filter"
        chain = "forward"
        action = "accept"
        connection-state = "established,related,untracked"

        [[rows]]
        menu = "/ipv6/firewall/filter"
        chain = "forward"
        action = "passthrough"
        comment = "moxxie-anchor"

        [[rows]]
        menu = "/ipv6/firewall/filter"
        chain = "forward"
        action = "accept"
        comment = "everything else"
    "#;
    Emulator::builder()
        .version(version)
        .unwrap()
        .user("moxxie", PASSWORD)
        .user("alice", "")
        .serial("SN-1")
        .rollback_delay(Duration::from_millis(100))
        .scene(scene)
        .unwrap()
}

pub(crate) async fn router(version: &str) -> Emulator {
    builder(version).start().await.unwrap()
}

pub(crate) fn target(emu: &Emulator) -> Target {
    Target {
        name: "r1".into(),
        address: emu.addr().to_string(),
        username: "moxxie".into(),
        password: PASSWORD.into(),
        security: Security::Plain,
        expected_serial: Some("SN-1".into()),
    }
}

pub(crate) const DEADLINES: Deadlines =
    Deadlines { connect: Duration::from_secs(5), command: Duration::from_millis(1_500) };

pub(crate) async fn open(emu: &Emulator) -> Session {
    connect(&target(emu), DEADLINES).await.unwrap()
}

pub(crate) fn binding() -> Binding {
    Binding {
        install: "ab12".into(),
        trunk: "ether2".into(),
        anchor: "moxxie-anchor".into(),
        address: None,
        management: Vec::new(),
    }
}

pub(crate) fn network(n: u8, profile: &str) -> NetworkIntent {
    let vlan = |id| VlanId::new(id).unwrap();
    let encapsulation = Encapsulation::Qinq { service_vlan: vlan(1000), tpid: Tpid::Service };
    NetworkIntent {
        network: NetworkId::new(uuid_v7(1, [n; 10])),
        tenant: TenantId::new(uuid_v7(1, [0xa1; 10])),
        domain: DomainId::new(uuid_v7(1, [0xd0; 10])),
        tags: encapsulation.stack(vlan(100 + i64::from(n))),
        gateway: format!("10.1.{n}.1/24").parse().unwrap(),
        second: None,
        dns6: Vec::new(),
        profile: profile.parse().unwrap(),
        dhcp: Some(DhcpIntent {
            range: (format!("10.1.{n}.100").parse().unwrap(), format!("10.1.{n}.200").parse().unwrap()),
            dns: vec![format!("10.1.{n}.1").parse().unwrap(), "9.9.9.9".parse().unwrap()],
            lease_s: 5_400,
        }),
        label: format!("acme/n{n}"),
    }
}

/// The same with 2001:db8:n::/64 beside, and the router as its DNS server there.
pub(crate) fn dual(n: u8, profile: &str) -> NetworkIntent {
    NetworkIntent {
        second: Some(format!("2001:db8:{n}::1/64").parse().unwrap()),
        dns6: vec![format!("2001:db8:{n}::1").parse().unwrap()],
        ..network(n, profile)
    }
}

pub(crate) fn rendered(networks: &[NetworkIntent], facts: &RouterFacts) -> Vec<Row> {
    let management = ["192.168.88.0/24", "10.99.0.7/32", "2001:db8:ff::/48", "2001:db8:fe::7/128"];
    let management = management.map(|prefix| prefix.parse().unwrap()).to_vec();
    let intent = DeviceIntent {
        management,
        networks: networks.to_vec(),
        profiles: vec![web()],
        ..DeviceIntent::default()
    };
    render(&intent, &binding(), facts).unwrap()
}

/// A profile as a user might write it: all that rules can say.
pub(crate) fn web() -> Profile {
    serde_json::from_str(include_str!("../web-profile.json")).unwrap()
}

pub(crate) fn planned(before: &[NetworkIntent], after: &[NetworkIntent], state: &DeviceState) -> Plan {
    let (before, after) = (rendered(before, &state.facts), rendered(after, &state.facts));
    plan(&before, &after, state, &binding()).unwrap()
}

/// Sends waves until one has a command that is not done; answers what was answered.
pub(crate) async fn apply(session: &Session, plan: &Plan, state: &mut DeviceState) -> Vec<Answer> {
    let mut answers = Vec::new();
    for wave in plan.waves() {
        let wave_answers = session.apply_wave(plan, &wave, state, &()).await;
        let good = wave_answers.iter().all(|a| matches!(a.outcome, Outcome::Done | Outcome::AlreadySo));
        answers.extend(wave_answers);
        if !good {
            break;
        }
    }
    answers
}

pub(crate) fn all_done(answers: &[Answer]) {
    assert!(answers.iter().all(|answer| answer.outcome == Outcome::Done), "{answers:#?}");
}

/// Waits for safe mode to have let go and reads.
pub(crate) async fn read_when_free(emu: &Emulator) -> (Session, DeviceState) {
    for _ in 0..100 {
        if let Ok(session) = connect(&target(emu), DEADLINES).await
            && let Ok(state) = session.read().await
            && moxxie_routeros::guard_free(&state)
        {
            return (session, state);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("safe mode is still held")
}

pub(crate) fn no_secret(error: &DriverError) {
    let text = format!("{error} {error:?} {}", error.chain());
    assert!(!text.contains(PASSWORD), "{text}");
}
