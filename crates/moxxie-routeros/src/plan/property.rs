//! For random intents: applied is rendered, undone is before, and no step in between is open.

use moxxie_core::device::NetworkIntent;
use proptest::prelude::*;

use super::*;
use crate::{
    diff_text,
    family::Family,
    missing, remaining,
    render::firewall::profile_of_list,
    testing::{
        PROFILES, binding, dual, execute, execute_all, fresh_router, network, rendered, shown,
        shown_by_chain, stacked, tenant_id,
    },
    undo,
};

/// What must hold after every single command: no address without the lists, rules and jumps that judge it.
fn assert_closed(state: &DeviceState, expected: &[Row]) {
    let index = Index::new(state);
    let standing = |row: &Row| index.target(row).is_some();
    let addresses = Family::ALL.into_iter().flat_map(|family| {
        let of_family = expected.iter().filter(move |row| row.menu == family.address());
        of_family.map(move |row| (family, row))
    });
    for (family, address) in addresses.filter(|(_, row)| standing(row)) {
        let interface = &address.fields["interface"];
        let members: Vec<_> = state
            .rows(path::MEMBER)
            .iter()
            .filter(|row| row.text("interface").as_deref() == Some(interface))
            .filter_map(|row| row.text("list").map(|list| list.into_owned()))
            .collect();
        assert!(members.contains(&"mx-nets".to_owned()), "{interface} {members:?}");
        let is_profile = |list: &&str| PROFILES.contains(list);
        let profile = members.iter().map(|list| profile_of_list(list)).find(is_profile);
        let profile = profile.expect("a profile");
        let rule = |part: &str| {
            let part = family.part(part);
            state.rows(family.filter()).iter().any(|row| row.mark().is_some_and(|mark| mark.part == part))
        };
        for part in ["jump-forward-in", "jump-forward-out", "jump-input", "input-drop"] {
            assert!(rule(part), "{part} is missing");
        }
        // That it is the profile's own is what comparing with the rendered rows says.
        if profile != "open" {
            assert!(rule("jump-in") && rule("in-drop"));
        }
        if profile == "isolated" {
            assert!(rule("jump-out") && rule("out-drop"));
        }
        if profile == "web" {
            assert!(rule("jump-out") && rule("out-smtp"));
        }
    }
}

fn networks() -> impl Strategy<Value = Vec<NetworkIntent>> {
    prop::collection::btree_map(1_u8..7, (0..PROFILES.len(), any::<bool>(), any::<bool>(), 1_u8..3), 0..5)
        .prop_map(|made| {
            made.into_iter()
                .map(|(n, (profile, qinq, dhcp, tenant))| {
                    let profile = PROFILES[profile];
                    let mut one = if qinq { stacked(n, profile) } else { network(n, profile) };
                    if !qinq {
                        one.domain = moxxie_core::DomainId::new(moxxie_core::id::uuid_v7(1, [0xd1; 10]));
                    }
                    one.tenant = tenant_id(tenant);
                    if dhcp && n % 2 == 0 {
                        one.dhcp.as_mut().unwrap().dns = vec![one.gateway.addr()];
                    } else if !dhcp {
                        one.dhcp = None;
                    }
                    // A network keeps its prefixes while it is on a router.
                    if n % 3 == 0 {
                        one.second = dual(n, profile).second;
                        one.dns6 = if qinq { dual(n, profile).dns6 } else { Vec::new() };
                    }
                    one
                })
                .collect()
        })
}

/// No chunk is larger than a guard covers, none is empty, and no network is in two.
fn assert_chunked(plan: &Plan, limit: usize) {
    let chunks = plan.chunks();
    let mut whole = HashSet::new();
    for chunk in &chunks {
        let size: usize = chunk.iter().map(Vec::len).sum();
        assert!((1..=limit).contains(&size), "{size} of {limit}");
        let rows = chunk.iter().flatten().map(|index| &plan.commands[*index].row);
        let networks: HashSet<&str> =
            rows.filter(|row| is_network_row(row)).map(|row| row.mark.object.as_str()).collect();
        for network in networks {
            assert!(whole.insert(network.to_owned()), "{network} is in two chunks");
        }
    }
    let waves: Vec<_> = chunks.into_iter().flatten().collect();
    assert_eq!(waves, plan.waves());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn applied_is_rendered_undone_is_before_and_nothing_opens(before in networks(), after in networks(), cut in 0_usize..80, limit in 10_usize..100) {
        let start = {
            let mut state = fresh_router();
            let rows = rendered(&before);
            for (rank, row) in rows.iter().enumerate() {
                let mut row = row.clone();
                row.before = row.before.clone();
                execute(&mut state, &Command { wave: rank as u16, action: Action::Add, row });
            }
            state
        };
        let (was, wanted) = (rendered(&before), rendered(&after));
        let everything: Vec<_> = was.iter().chain(&wanted).cloned().collect();
        let plan = match plan_in_chunks(&was, &wanted, &start, &binding(), limit) {
            Err(Refusal::TooLarge { .. }) => return Ok(()),
            other => other.unwrap(),
        };
        assert_chunked(&plan, limit);
        let mut state = start.clone();
        let mut done = 0;
        let mut cut_state = (cut == 0).then(|| start.clone());
        for wave in plan.waves() {
            for &command in wave.iter().rev() {
                execute(&mut state, &plan.commands[command]);
                assert_closed(&state, &everything);
                done += 1;
                if done == cut {
                    cut_state = Some(state.clone());
                }
            }
        }
        prop_assert_eq!(missing(&plan, &state), []);
        prop_assert!(remaining(&plan, &state).is_empty());
        let second = super::plan(&was, &wanted, &state, &binding()).unwrap();
        prop_assert!(second.is_empty(), "{}", diff_text(&second));

        // Every row is there with its fields, and nothing else of ours.
        let index = Index::new(&state);
        for row in &wanted {
            prop_assert!(matches!(index.find(row), Found::Here(found) if differences(row, found).is_empty()), "{row:?}");
        }
        let owned: usize = crate::owned_rows(&state, "ab12").values().map(Vec::len).sum();
        prop_assert_eq!(owned, wanted.len());

        // From the end, and from wherever it was cut off: back to the start; or forward to the end.
        for middle in [Some(state.clone()), cut_state].into_iter().flatten() {
            let mut back = middle.clone();
            let inverse = undo(&plan, &back);
            for wave in inverse.waves() {
                for &command in wave.iter().rev() {
                    execute(&mut back, &inverse.commands[command]);
                    assert_closed(&back, &everything);
                }
            }
            prop_assert_eq!(shown(&back), shown(&start));
            prop_assert!(undo(&plan, &back).is_empty());
            let mut forward = middle;
            let rest = remaining(&plan, &forward);
            execute_all(&mut forward, &rest);
            prop_assert_eq!(shown_by_chain(&forward), shown_by_chain(&state));
        }
    }
}

/// One more network on a full router is as many commands as one on a small router, and its plan says
/// nothing of the others. The time is printed, never judged.
#[test]
fn a_plan_on_a_router_with_four_thousand_networks() {
    let networks: Vec<_> = (0..4_000_u32)
        .map(|n| {
            let mut one = network(1, PROFILES[n as usize % 3]);
            let bytes = n.to_be_bytes();
            one.network = moxxie_core::NetworkId::new(moxxie_core::id::uuid_v7(
                1,
                [0, 0, 0, 0, 0, 0, bytes[0], bytes[1], bytes[2], bytes[3]],
            ));
            one.tags = moxxie_core::encapsulation::Encapsulation::Dot1q
                .stack(crate::testing::vlan(1 + i64::from(n)));
            one.gateway = format!("10.{}.{}.1/24", n >> 8, n & 255).parse().unwrap();
            one.dhcp = None;
            one
        })
        .collect();
    let (before, after) = (rendered(&networks[..3_999]), rendered(&networks));
    let mut state = fresh_router();
    for (at, row) in before.iter().enumerate() {
        let mut fields = row.fields.clone();
        fields.insert("comment".into(), row.comment());
        let fields = fields.into_iter().map(|(name, value)| (name, value.into_bytes())).collect();
        let new = crate::StateRow { id: format!("*{:X}", at + 100), fields };
        let anchor = row
            .before
            .as_ref()
            .and_then(|before| crate::anchor::place(&state, &row.menu, &row.fields["chain"], before));
        let anchor = anchor.map(|found| found.id.clone());
        let rows = state.menus.entry(row.menu.clone()).or_default();
        let place = rows.iter().position(|row| Some(&row.id) == anchor.as_ref()).unwrap_or(rows.len());
        rows.insert(place, new);
    }
    let start = std::time::Instant::now();
    let plan = plan(&before, &after, &state, &binding()).unwrap();
    println!("4,000 networks, {} commands planned in {:?}", plan.commands.len(), start.elapsed());
    let newest = networks[3_999].network.to_string();
    assert!(
        !plan.is_empty() && plan.commands.iter().all(|command| command.row.mark.object == newest),
        "{plan:?}"
    );
    let alone = super::plan(&before[..0], &rendered(&networks[..1]), &fresh_router(), &binding()).unwrap();
    let own = |command: &&moxxie_core::plan::Command| command.row.mark.object.starts_with("net-");
    assert!(plan.commands.len() <= alone.commands.iter().filter(own).count() + 1, "{plan:?}");
}
