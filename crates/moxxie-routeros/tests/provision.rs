//! From a read to a verified change and back, on every kind of version.

mod support;

use moxxie_core::change::Outcome;
use moxxie_routeros::{Refusal, missing, owned_rows, plan, remaining, undo};
use support::*;

const VERSIONS: [&str; 5] = ["7.16", "7.18", "7.20", "7.22", "7.24"];

#[tokio::test]
async fn provisioned_verified_repeated_and_removed() {
    for version in VERSIONS {
        let emu = router(version).await;
        let before = emu.snapshot();
        let session = open(&emu).await;
        let networks =
            [network(1, "isolated"), network(2, "standard"), network(3, "open"), network(4, "web")];
        for count in 1..=networks.len() {
            let mut state = session.read().await.unwrap();
            let plan = planned(&networks[..count - 1], &networks[..count], &state);
            let guard = session.take_guard().await.unwrap();
            assert_eq!(guard.is_active(), version != "7.16");
            all_done(&apply(&session, &plan, &mut state).await);
            let fresh = open(&emu).await.read().await.unwrap();
            assert_eq!(missing(&plan, &fresh), [], "{version}");
            assert!(remaining(&plan, &fresh).is_empty());
            session.release(guard).await.unwrap();
            let state = session.read().await.unwrap();
            let second = planned(&networks[..count - 1], &networks[..count], &state);
            assert!(second.is_empty(), "{version}: {}", moxxie_routeros::diff_text(&second));
        }
        let mut state = session.read().await.unwrap();
        assert_eq!(owned_rows(&state, "ab12")["/interface/vlan"].len(), 5);
        // All at once would be more commands than one change may have.
        for (before, after) in [(&networks[..], &networks[..2]), (&networks[..2], &[][..])] {
            let plan = planned(before, after, &state);
            all_done(&apply(&session, &plan, &mut state).await);
            state = session.read().await.unwrap();
            assert_eq!(missing(&plan, &state), []);
        }
        let after = emu.snapshot();
        assert_eq!(after, before, "{version}: {}", before.diff(&after));
        let state = session.read().await.unwrap();
        assert!(planned(&networks[..2], &[], &state).is_empty());
    }
}

#[tokio::test]
async fn undone_from_the_end_of_each_wave() {
    for version in ["7.16", "7.22"] {
        let emu = router(version).await;
        let before = emu.snapshot();
        let session = open(&emu).await;
        let start = session.read().await.unwrap();
        let plan = planned(&[], &[network(1, "standard")], &start);
        for cut in 1..=plan.waves().len() {
            let mut state = session.read().await.unwrap();
            for wave in &plan.waves()[..cut] {
                all_done(&session.apply_wave(&plan, wave, &mut state, &()).await);
            }
            let mut state = session.read().await.unwrap();
            let back = undo(&plan, &state);
            all_done(&apply(&session, &back, &mut state).await);
            let after = emu.snapshot();
            assert_eq!(after, before, "{version}, {cut} waves: {}", before.diff(&after));
            assert!(undo(&plan, &session.read().await.unwrap()).is_empty());
        }
    }
}

#[tokio::test]
async fn a_removal_that_is_undone_puts_every_row_back_where_it_was() {
    let emu = router("7.22").await;
    let session = open(&emu).await;
    let mut state = session.read().await.unwrap();
    let one = [network(1, "standard")];
    all_done(&apply(&session, &planned(&[], &one, &state), &mut state).await);
    let name = moxxie_routeros::network_name(one[0].network);
    emu.set_row("/interface/vlan", &name, &[("arp", "proxy-arp")]).unwrap();
    let before = emu.snapshot();

    let mut state = session.read().await.unwrap();
    let plan = planned(&one, &[], &state);
    all_done(&apply(&session, &plan, &mut state).await);
    let mut state = session.read().await.unwrap();
    let back = undo(&plan, &state);
    all_done(&apply(&session, &back, &mut state).await);
    let after = emu.snapshot();
    assert_eq!(after, before, "{}", before.diff(&after));
}

#[tokio::test]
async fn foreign_rows_are_named_before_anything_is_written() {
    let emu = router("7.22").await;
    emu.add_row("/interface/vlan", &[("name", "provider"), ("interface", "ether2"), ("vlan-id", "1000")])
        .unwrap();
    let before = emu.snapshot();
    let state = open(&emu).await.read().await.unwrap();
    let after = rendered(&[network(1, "open")], &state.facts);
    let refusal = plan(&[], &after, &state, &binding()).unwrap_err();
    assert!(matches!(refusal, Refusal::Obstacles(_)));
    assert!(refusal.to_string().contains("name=provider interface=ether2 vlan-id=1000"), "{refusal}");
    assert_eq!(emu.snapshot(), before);
}

#[tokio::test]
async fn a_row_that_appeared_meanwhile_is_looked_at() {
    let emu = router("7.22").await;
    let (one, two) = (open(&emu).await, open(&emu).await);
    let mut state = one.read().await.unwrap();
    let mut stale = state.clone();
    let plan = planned(&[], &[network(1, "open")], &state);
    let first = &plan.waves()[0];
    all_done(&one.apply_wave(&plan, first, &mut state, &()).await);
    let answers = two.apply_wave(&plan, first, &mut stale, &()).await;
    // Address lists, lists and interfaces are unique, so that the second attempt is refused, and is ours.
    assert!(answers.iter().all(|answer| answer.outcome == Outcome::AlreadySo), "{answers:?}");

    all_done(&apply(&one, &plan, &mut state).await[first.len()..]);
    let name = moxxie_routeros::network_name(network(1, "open").network);
    emu.set_row("/interface/vlan", &name, &[("vlan-id", "999")]).unwrap();
    let mut stale = open(&emu).await.read().await.unwrap();
    stale.menus.insert("/interface/vlan".into(), Vec::new());
    let vlan = plan
        .commands
        .iter()
        .position(|command| command.row.fields.get("vlan-id").is_some_and(|id| id == "101"));
    let answers = two.apply_wave(&plan, &[vlan.unwrap()], &mut stale, &()).await;
    assert_eq!(answers[0].outcome, Outcome::Refused, "{answers:?}");
    assert!(answers[0].text.as_ref().unwrap().contains("already have"), "{answers:?}");
}

#[tokio::test]
async fn ipv6_is_provisioned_verified_repeated_and_removed() {
    for version in VERSIONS {
        let emu = router(version).await;
        let before = emu.snapshot();
        let session = open(&emu).await;
        let six = moxxie_core::device::NetworkIntent {
            gateway: "2001:db8:3::1/80".parse().unwrap(),
            dhcp: None,
            ..network(3, "isolated")
        };
        let networks = [network(1, "standard"), dual(2, "web"), six];
        for count in 1..=networks.len() {
            let (was, is) = (&networks[..count - 1], &networks[..count]);
            let mut state = session.read().await.unwrap();
            let plan = planned(was, is, &state);
            all_done(&apply(&session, &plan, &mut state).await);
            let fresh = open(&emu).await.read().await.unwrap();
            assert_eq!(missing(&plan, &fresh), [], "{version}");
            assert!(remaining(&plan, &fresh).is_empty());
            let second = planned(was, is, &fresh);
            assert!(second.is_empty(), "{version}: {}", moxxie_routeros::diff_text(&second));
            // There and back again, by what the router shows.
            let mut state = session.read().await.unwrap();
            all_done(&apply(&session, &undo(&plan, &fresh), &mut state).await);
            let mut state = session.read().await.unwrap();
            all_done(&apply(&session, &planned(was, is, &state), &mut state).await);
        }
        let own = |menu: &str| {
            let rows = emu.rows(menu).into_iter();
            rows.filter(|row| row.get("comment").is_some_and(|text| text.starts_with("mx1:"))).count()
        };
        assert_eq!([own("/ipv6/address"), own("/ipv6/nd"), own("/ipv6/nd/prefix")], [2, 2, 2]);
        let prefixes = emu.rows("/ipv6/nd/prefix");
        let autonomous =
            |prefix: &str| prefixes.iter().find(|row| row["prefix"] == prefix).unwrap()["autonomous"].clone();
        assert_eq!((&*autonomous("2001:db8:2::/64"), &*autonomous("2001:db8:3::/80")), ("true", "false"));
        for count in (0..networks.len()).rev() {
            let mut state = session.read().await.unwrap();
            let plan = planned(&networks[..=count], &networks[..count], &state);
            all_done(&apply(&session, &plan, &mut state).await);
        }
        let after = emu.snapshot();
        assert_eq!(after, before, "{version}: {}", before.diff(&after));
    }
}
