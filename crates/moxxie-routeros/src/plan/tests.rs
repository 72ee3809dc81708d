use moxxie_core::{device::NetworkIntent, profile::Direction};

use super::*;
use crate::{
    diff_text, missing, script,
    testing::{
        binding, dual, execute, execute_all, facts, fresh_router, intent, network, rendered, row, shown,
        shown_by_chain, six, stacked,
    },
    undo,
};

fn planned(before: &[NetworkIntent], after: &[NetworkIntent], state: &DeviceState) -> Result<Plan, Refusal> {
    plan(&rendered(before), &rendered(after), state, &binding())
}

fn provisioned(networks: &[NetworkIntent]) -> DeviceState {
    let mut state = fresh_router();
    let plan = planned(&[], networks, &state).unwrap();
    execute_all(&mut state, &plan);
    state
}

#[test]
fn a_second_network_costs_four_waves_and_its_own_rows() {
    let (one, two) = (network(1, "isolated"), network(2, "isolated"));
    let state = provisioned(std::slice::from_ref(&one));
    let plan = planned(std::slice::from_ref(&one), &[one.clone(), two.clone()], &state).unwrap();
    assert_eq!(plan.waves().len(), 4);
    let object = two.network.to_string();
    assert!(plan.commands.iter().all(|command| command.row.mark.object == object), "{}", diff_text(&plan));
}

#[test]
fn the_jumps_stand_before_the_anchors_and_nothing_else_moved() {
    let state = provisioned(&[stacked(1, "isolated")]);
    let of = |chain: &str| {
        let rows = state.rows("/ip/firewall/filter").iter();
        let rows = rows.filter(|row| row.text("chain").as_deref() == Some(chain));
        rows.map(|row| row.mark().map_or(row.id.clone(), |mark| mark.part)).collect::<Vec<_>>()
    };
    assert_eq!(of("forward"), ["*5", "*6", "jump-forward-in", "jump-forward-out", "*7", "*8"]);
    assert_eq!(of("input"), ["*1", "*2", "jump-input", "*3", "*4"]);
}

#[test]
fn a_profile_that_comes_later_takes_its_place_in_the_chain() {
    let (one, two) = (network(1, "isolated"), network(2, "standard"));
    let mut state = provisioned(std::slice::from_ref(&one));
    let both = [one.clone(), two];
    let plan = planned(&[one], &both, &state).unwrap();
    execute_all(&mut state, &plan);
    assert_eq!(missing(&plan, &state), []);
    assert_eq!(shown_by_chain(&state), shown_by_chain(&provisioned(&both)));
}

#[test]
fn tightening_a_profile_is_never_without_one() {
    let before = [network(1, "open")];
    let after = [network(1, "isolated")];
    let mut state = provisioned(&before);
    let plan = planned(&before, &after, &state).unwrap();
    let first = |part: &str| {
        let command = plan.commands.iter().find(|command| command.row.mark.part == part).unwrap();
        command.wave
    };
    assert!(first("in-mx-isolated") < first("in-mx-open"));
    execute_all(&mut state, &plan);
    assert_eq!(shown_by_chain(&state), shown_by_chain(&provisioned(&after)));
}

/// At no moment does a jump of the profile lead into a chain that is not whole.
#[test]
fn from_one_revision_of_a_profile_to_the_next_is_a_switch() {
    let networks = [network(1, "web"), stacked(2, "web"), dual(4, "web"), network(3, "isolated")];
    let at = |revision| {
        let mut intent = intent(&networks);
        intent.revisions.insert("web".parse().unwrap(), revision);
        if revision == 2 {
            // Other rules, in another order; no rule for connections to the router any more.
            let web = &mut intent.profiles[0];
            web.rules.retain(|rule| rule.direction != Direction::Router);
            web.rules.reverse();
            web.rules.sort_by_key(|rule| rule.direction);
            // What lets everything pass stays the last one out.
            let first = web.rules.iter().position(|rule| rule.is_for_all()).unwrap();
            let last = web.rules.iter().rposition(|rule| rule.direction == Direction::Out).unwrap();
            web.rules.swap(first, last);
        }
        crate::render(&intent, &binding(), &facts()).unwrap()
    };
    let (before, after) = (at(1), at(2));
    let mut state = fresh_router();
    let made = plan(&[], &before, &state, &binding()).unwrap();
    execute_all(&mut state, &made);
    let start = shown_by_chain(&state);
    let assert_whole = |state: &DeviceState| {
        for menu in [path::FILTER, path::FILTER6] {
            let rules = state.rows(menu);
            let of_chain =
                |name: &str| rules.iter().filter(|rule| rule.text("chain").as_deref() == Some(name)).count();
            let targets = rules.iter().filter_map(|rule| rule.text("jump-target"));
            for target in targets.filter(|target| target.starts_with("mx-p-web")) {
                let of_target = |rows: &[Row]| {
                    let is_its = |row: &&Row| row.menu == menu && row.fields["chain"] == *target;
                    rows.iter().filter(is_its).count()
                };
                let whole = of_target(&before).max(of_target(&after));
                // The chain for the router goes with its jump, rule by rule: each only shuts what is to be shut.
                let is_whole = of_chain(&target) == whole || target.ends_with("-router");
                assert!(is_whole, "{menu} {target} is half there");
            }
        }
    };
    let there = plan(&before, &after, &state, &binding()).unwrap();
    assert!(there.commands.iter().all(|command| !is_network_row(&command.row)), "{}", diff_text(&there));
    let switches =
        there.commands.iter().filter(|command| matches!(command.action, Action::Set { .. })).count();
    assert_eq!(switches, 4, "out and in, of both families: {}", diff_text(&there));
    for wave in there.waves() {
        for &command in wave.iter().rev() {
            execute(&mut state, &there.commands[command]);
            assert_whole(&state);
        }
    }
    assert!(missing(&there, &state).is_empty());
    let mut fresh = fresh_router();
    let made = plan(&[], &after, &fresh, &binding()).unwrap();
    execute_all(&mut fresh, &made);
    assert_eq!(shown_by_chain(&state), shown_by_chain(&fresh));
    let back = undo(&there, &state);
    for wave in back.waves() {
        for &command in wave.iter().rev() {
            execute(&mut state, &back.commands[command]);
            assert_whole(&state);
        }
    }
    assert_eq!(shown_by_chain(&state), start);
}

#[test]
fn drift_elsewhere_is_not_carried_along() {
    let (one, two) = (network(1, "open"), network(2, "open"));
    let mut state = provisioned(std::slice::from_ref(&one));
    let addresses = state.menus.get_mut("/ip/address").unwrap();
    addresses.retain(|row| row.text("interface").as_deref() == Some("ether1"));
    let plan = planned(std::slice::from_ref(&one), &[one.clone(), two], &state).unwrap();
    assert!(plan.commands.iter().all(|command| command.row.mark.object != one.network.to_string()));
}

#[test]
fn a_shared_row_that_was_switched_off_is_set_right() {
    let (one, two) = (network(1, "isolated"), network(2, "isolated"));
    let mut state = provisioned(std::slice::from_ref(&one));
    let rules = state.menus.get_mut("/ip/firewall/filter").unwrap();
    let drop = rules.iter_mut().find(|row| row.mark().is_some_and(|mark| mark.part == "out-drop")).unwrap();
    drop.fields.insert("disabled".into(), b"true".to_vec());
    drop.fields.insert("src-address".into(), b"10.9.9.9".to_vec());
    let first = shown(&state);
    let plan = planned(std::slice::from_ref(&one), &[one.clone(), two], &state).unwrap();
    let text = diff_text(&plan);
    assert!(text.contains("    disabled: yes -> no\n    src-address: 10.9.9.9 -> (none)\n"), "{text}");
    assert!(script(&plan).contains("disabled=no !src-address\n"), "{}", script(&plan));
    execute_all(&mut state, &plan);
    assert_eq!(missing(&plan, &state), []);
    let back = undo(&plan, &state);
    execute_all(&mut state, &back);
    assert_eq!(shown(&state).replace("disabled=yes", "disabled=true"), first);
}

#[test]
fn what_an_operator_set_on_our_row_comes_back_with_it() {
    let one = [network(1, "open")];
    let mut state = provisioned(&one);
    let vlan = &mut state.menus.get_mut("/interface/vlan").unwrap()[0];
    vlan.fields.insert("arp".into(), b"proxy-arp".to_vec());
    let first = shown(&state);
    let plan = planned(&one, &[], &state).unwrap();
    execute_all(&mut state, &plan);
    assert_eq!(shown(&state), shown(&fresh_router()));
    let back = undo(&plan, &state);
    execute_all(&mut state, &back);
    assert_eq!(shown(&state), first);
}

#[test]
fn a_moved_gateway_is_a_set_of_the_address() {
    let before = [network(1, "open")];
    let mut moved = network(1, "open");
    moved.gateway = "10.1.1.254/24".parse().unwrap();
    let mut state = provisioned(&before);
    let first = shown(&state);
    let plan = planned(&before, std::slice::from_ref(&moved), &state).unwrap();
    assert!(diff_text(&plan).contains("    address: 10.1.1.1/24 -> 10.1.1.254/24\n"), "{}", diff_text(&plan));
    execute_all(&mut state, &plan);
    assert_eq!(missing(&plan, &state), []);
    assert_eq!(shown_by_chain(&state), shown_by_chain(&provisioned(&[moved])));
    let back = undo(&plan, &state);
    execute_all(&mut state, &back);
    assert_eq!(shown(&state), first);
}

#[test]
fn obstacles_are_named_with_their_row() {
    let obstacle = |menu: &str, fields: &[(&str, &str)]| {
        let mut state = fresh_router();
        state.menus.entry(menu.into()).or_default().push(row("*99", fields));
        match planned(&[], &[stacked(1, "isolated")], &state) {
            Err(Refusal::Obstacles(found)) => found
                .iter()
                .map(|o| format!("{}: {} [{}]", o.menu, o.collides, o.found))
                .collect::<Vec<_>>()
                .join("\n"),
            other => panic!("{other:?}"),
        }
    };
    let name = "mx-010101010101";
    for (menu, fields, text) in [
        (
            "/interface",
            &[("name", name), ("type", "bridge")][..],
            "/interface: name [*99 name=mx-010101010101 type=bridge]",
        ),
        (
            "/interface/vlan",
            &[
                ("name", "provider"),
                ("interface", "ether2"),
                ("vlan-id", "1000"),
                ("use-service-tag", "true"),
            ],
            "/interface/vlan: vlan-id on its parent [*99 name=provider interface=ether2 vlan-id=1000 use-service-tag=true]",
        ),
        (
            "/ip/address",
            &[("address", "10.1.1.1/16"), ("interface", "ether1")],
            "/ip/address: address [*99 address=10.1.1.1/16 interface=ether1]",
        ),
        (
            "/ip/address",
            &[("address", "10.1.1.77/32"), ("interface", "ether1"), ("dynamic", "true")],
            "/ip/address: prefix that overlaps [*99 address=10.1.1.77/32 interface=ether1 (dynamic)]",
        ),
        (
            "/ip/pool",
            &[("name", name), ("ranges", "10.9.0.1-10.9.0.2")],
            "/ip/pool: name [*99 name=mx-010101010101 ranges=10.9.0.1-10.9.0.2]",
        ),
        (
            "/ip/dhcp-server",
            &[("name", "x"), ("interface", name)],
            "/ip/dhcp-server: interface of a DHCP server [*99 name=x interface=mx-010101010101]",
        ),
        (
            "/ip/dhcp-server/network",
            &[("address", "10.1.1.0/24")],
            "/ip/dhcp-server/network: address [*99 address=10.1.1.0/24]",
        ),
        ("/interface/list", &[("name", "mx-nets")], "/interface/list: name [*99 name=mx-nets]"),
        (
            "/interface/list/member",
            &[("list", "mx-nets"), ("interface", "ether1")],
            "/interface/list/member: a list or chain that only moxxie fills [*99 list=mx-nets interface=ether1]",
        ),
        (
            "/ip/firewall/address-list",
            &[("list", "mx-mgmt"), ("address", "10.66.0.0/16")],
            "/ip/firewall/address-list: a list or chain that only moxxie fills [*99 list=mx-mgmt address=10.66.0.0/16]",
        ),
        (
            "/ip/firewall/filter",
            &[("chain", "mx-isolated-in"), ("action", "return"), ("comment", "mx1:zz99:fw:x")],
            "/ip/firewall/filter: a list or chain that only moxxie fills [*99 chain=mx-isolated-in action=return comment=\"mx1:zz99:fw:x\"]",
        ),
    ] {
        assert_eq!(
            obstacle(menu, fields).replace("comment=mx1:zz99:fw:x", "comment=\"mx1:zz99:fw:x\""),
            text
        );
    }
}

#[test]
fn anchors_are_required_and_single() {
    let mut state = fresh_router();
    let one = [network(1, "open")];
    let rules = state.menus.get_mut("/ip/firewall/filter").unwrap();
    let anchor = rules.remove(6);
    let error = planned(&[], &one, &state).unwrap_err().to_string();
    assert!(error.contains("add chain=forward action=passthrough comment=moxxie-anchor"), "{error}");
    let rules = state.menus.get_mut("/ip/firewall/filter").unwrap();
    rules.extend([anchor.clone(), anchor]);
    let error = planned(&[], &one, &state).unwrap_err().to_string();
    assert!(error.contains("2 rules have a comment"), "{error}");
}

#[test]
fn a_rule_that_would_bypass_the_profile_refuses_the_plan() {
    let with = |profile: &str, chain: &str, fields: &[(&str, &str)]| {
        let mut state = fresh_router();
        state.menus.insert(
            "/ip/firewall/address-list".into(),
            vec![row("*50", &[("list", "noc"), ("address", "192.168.88.7")])],
        );
        let fields: Vec<_> = [("chain", chain), ("action", "accept")].iter().chain(fields).copied().collect();
        state.menus.get_mut("/ip/firewall/filter").unwrap().insert(0, row("*77", &fields));
        planned(&[], &[network(1, profile)], &state).err()
    };
    for (profile, chain, fields, passes) in [
        ("web", "forward", &[("out-interface", "ether1")][..], true),
        // It says nothing of management.
        ("web", "forward", &[("src-address-list", "noc"), ("in-interface", "ether1")], true),
        ("isolated", "forward", &[][..], true),
        ("standard", "forward", &[], true),
        ("open", "forward", &[], false),
        ("open", "input", &[], true),
        ("isolated", "forward", &[("disabled", "true")], false),
        ("isolated", "forward", &[("connection-state", "established,related,untracked")], false),
        ("isolated", "forward", &[("connection-state", "established,new")], true),
        ("isolated", "forward", &[("connection-state", "!invalid")], true),
        ("isolated", "forward", &[("in-interface", "ether1"), ("out-interface", "ether3")], false),
        ("isolated", "forward", &[("in-interface", "ether1")], true),
        ("isolated", "forward", &[("in-interface-list", "LAN"), ("out-interface-list", "WAN")], false),
        ("isolated", "forward", &[("out-interface", "ether1")], true),
        ("standard", "forward", &[("out-interface", "ether1")], false),
        ("isolated", "forward", &[("src-address", "192.168.88.0/25"), ("in-interface", "ether1")], false),
        ("isolated", "forward", &[("src-address-list", "noc"), ("in-interface", "ether1")], false),
        ("isolated", "forward", &[("src-address", "172.16.0.0/12"), ("in-interface", "ether1")], true),
        ("isolated", "forward", &[("dst-address", "203.0.113.0/24"), ("in-interface", "ether1")], false),
        ("isolated", "forward", &[("protocol", "tcp"), ("dst-port", "443")], true),
        ("isolated", "forward", &[("action", "fasttrack-connection")], true),
        ("isolated", "forward", &[("action", "drop")], false),
        ("isolated", "forward", &[("action", "return")], true),
        ("isolated", "input", &[("in-interface", "ether1")], false),
        ("isolated", "input", &[("src-address-list", "noc")], false),
        ("isolated", "input", &[("protocol", "udp"), ("dst-port", "161")], true),
        ("isolated", "input", &[("dst-address", "127.0.0.1")], false),
    ] {
        let refusal = with(profile, chain, fields);
        assert_eq!(
            matches!(refusal, Some(Refusal::Bypassed { .. })),
            passes,
            "{profile:?} {chain} {fields:?}: {refusal:?}"
        );
    }
}

#[test]
fn a_jump_to_a_chain_that_accepts_is_a_bypass_too() {
    let mut state = fresh_router();
    let rules = state.menus.get_mut("/ip/firewall/filter").unwrap();
    rules.insert(0, row("*70", &[("chain", "forward"), ("action", "jump"), ("jump-target", "vpn")]));
    rules.push(row("*71", &[("chain", "vpn"), ("action", "accept"), ("protocol", "tcp")]));
    let error = planned(&[], &[network(1, "isolated")], &state).unwrap_err();
    assert!(error.to_string().contains("[*71 chain=vpn action=accept protocol=tcp]"), "{error}");
}

#[test]
fn versions_trunk_mtu_and_size() {
    let one = [stacked(1, "open")];
    let refused = |change: &dyn Fn(&mut DeviceState)| {
        let mut state = fresh_router();
        change(&mut state);
        planned(&[], &one, &state).unwrap_err().to_string()
    };
    let text = refused(&|state| state.facts.version = crate::Version::new(7, 15, 3));
    assert!(text.starts_with("RouterOS 7.15.3 is not supported (supported: 7.16 to 7.24)"), "{text}");
    let text = refused(&|state| drop(state.menus.get_mut("/interface").unwrap().pop()));
    assert!(text.starts_with("the router has no interface \"ether2\""), "{text}");
    let text = refused(&|state| {
        state.menus.get_mut("/interface").unwrap()[1].fields.insert("l2mtu".into(), b"1504".to_vec());
    });
    assert!(text.contains("1500 bytes in 2 VLAN tags need 1508"), "{text}");
    let chunk = crate::plan::plan_in_chunks(&[], &rendered(&one), &fresh_router(), &binding(), 3);
    assert!(matches!(chunk, Err(Refusal::TooLarge { limit: 3, .. })));
}

#[test]
fn hardware_routing_past_the_filter_is_refused() {
    let with = |port: &str, one: NetworkIntent| {
        let mut state = fresh_router();
        let on = [("name", "switch1"), ("l3-hw-offloading", "true")];
        state.menus.insert("/interface/ethernet/switch".into(), vec![row("*1", &on)]);
        let port = [("name", "ether2"), ("l3-hw-offloading", port)];
        state.menus.insert("/interface/ethernet/switch/port".into(), vec![row("*1", &port)]);
        planned(&[], &[one], &state).err()
    };
    assert!(matches!(with("true", network(1, "isolated")), Some(Refusal::Offloaded { .. })));
    assert_eq!(with("false", network(1, "isolated")), None);
    assert_eq!(with("true", stacked(1, "isolated")), None);
}

#[test]
fn what_others_refer_to_is_not_taken_away() {
    let one = [network(1, "isolated")];
    let vlan = provisioned(&one).rows("/interface/vlan")[0].text("name").unwrap().into_owned();
    let gateway =
        provisioned(&one).rows("/ip/address").iter().find(|row| row.mark().is_some()).unwrap().clone();
    let gateway = gateway.text("address").unwrap().split('/').next().unwrap().to_owned();
    for (menu, fields) in [
        ("/ip/firewall/filter", [("chain", "forward"), ("in-interface", vlan.as_str())]),
        ("/ip/firewall/filter", [("chain", "forward"), ("out-interface", &format!("!{vlan}"))]),
        ("/ip/firewall/filter", [("chain", "output"), ("out-interface-list", "mx-nets")]),
        ("/ip/address", [("address", "192.0.2.1/24"), ("interface", &vlan)]),
        ("/interface/vlan", [("name", "theirs"), ("interface", &vlan)]),
        ("/ip/route", [("dst-address", "198.51.100.0/24"), ("gateway", &gateway)]),
        ("/ip/route", [("dst-address", "198.51.100.0/24"), ("gateway", &format!("192.0.2.9%{vlan}"))]),
    ] {
        let mut state = provisioned(&one);
        state.menus.entry(menu.into()).or_default().push(row("*F00", &fields));
        let refusal = planned(&one, &[], &state).unwrap_err();
        let Refusal::Referred(found) = &refusal else { panic!("{refusal:?}") };
        assert!(found.len() == 1 && found[0].contains("*F00"), "{found:?}");
        // What stays is nobody's loss.
        assert!(planned(&one, &one, &state).is_ok(), "{menu}");
    }
    let mut state = provisioned(&one);
    let other = row("*F00", &[("dst-address", "0.0.0.0/0"), ("gateway", "10.255.0.254")]);
    state.menus.insert("/ip/route".into(), vec![other]);
    assert!(planned(&one, &[], &state).is_ok());
}

#[test]
fn the_way_to_the_router_is_not_cut() {
    let one = [network(1, "isolated")];
    let with = |before: &[NetworkIntent], after: &[NetworkIntent], change: &dyn Fn(&mut Binding)| {
        let state = provisioned(before);
        let mut binding = binding();
        change(&mut binding);
        plan(&rendered(before), &rendered(after), &state, &binding)
    };
    let address = one[0].gateway.addr();
    let refusal = with(&one, &[], &|binding| binding.address = Some(address)).unwrap_err();
    assert!(matches!(refusal, Refusal::CutsManagement { .. }), "{refusal}");
    let inside = one[0].gateway.trunc();
    let refusal = with(&[], &one, &|binding| binding.management = vec![inside]).unwrap_err();
    assert!(refusal.to_string().contains("management prefix"), "{refusal}");
    // Neither is in the way of anything else.
    let elsewhere = |binding: &mut Binding| {
        binding.address = "192.0.2.1".parse().ok();
        binding.management = vec!["192.0.2.0/24".parse().unwrap()];
    };
    assert!(with(&[], &one, &elsewhere).is_ok() && with(&one, &[], &elsewhere).is_ok());
}

#[test]
fn a_renamed_row_is_not_guessed_at() {
    let (one, two) = (network(1, "open"), network(2, "open"));
    let mut state = provisioned(std::slice::from_ref(&one));
    let lists = state.menus.get_mut("/interface/list").unwrap();
    let nets = lists.iter_mut().find(|row| row.text("name").as_deref() == Some("mx-nets")).unwrap();
    nets.fields.insert("name".into(), b"ours".to_vec());
    let error = planned(std::slice::from_ref(&one), &[one.clone(), two], &state).unwrap_err().to_string();
    assert!(error.contains("fw:list-mx-nets: name is \"ours\" and should be \"mx-nets\""), "{error}");
}

#[test]
fn a_copied_row_is_not_guessed_at_either() {
    let one = [network(1, "open")];
    let mut state = provisioned(&one);
    let rules = state.menus.get_mut("/ip/firewall/filter").unwrap();
    let mut copy = rules.iter().find(|row| row.mark().is_some()).unwrap().clone();
    copy.id = "*FFF".into();
    rules.push(copy);
    let error = planned(&one, &[], &state).unwrap_err().to_string();
    assert!(error.contains("several rows carry this mark"), "{error}");
}

#[test]
fn the_last_rule_moved_to_the_top_is_noticed() {
    let one = network(1, "isolated");
    let mut state = provisioned(std::slice::from_ref(&one));
    let rules = state.menus.get_mut("/ip/firewall/filter").unwrap();
    let at =
        rules.iter().position(|row| row.mark().is_some_and(|mark| mark.part == "forward-accept")).unwrap();
    let accept = rules.remove(at);
    rules.insert(0, accept);
    let both = [one.clone(), network(2, "isolated")];
    let error = planned(&[one], &both, &state).unwrap_err().to_string();
    assert!(error.contains("it stands before a rule that should come first"), "{error}");
}

#[test]
fn the_basis_moves_with_the_rows_and_the_facts() {
    let one = [network(1, "open")];
    let mut state = fresh_router();
    let basis = |state: &DeviceState| planned(&[], &one, state).unwrap().basis;
    let first = basis(&state);
    state
        .menus
        .get_mut("/ip/address")
        .unwrap()
        .push(row("*9", &[("address", "10.99.0.1/24"), ("interface", "ether1")]));
    assert_eq!(basis(&state), first);
    state.facts.version.patch += 1;
    assert_ne!(basis(&state), first);
}

#[test]
fn what_a_profile_closes_is_closed_in_both_families() {
    let rules = |rows: &[Row], menu: &str| {
        let of_menu = rows.iter().filter(|row| row.menu == menu && row.before.is_none());
        let text = |row: &Row| {
            let fields: Vec<_> = row.fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
            fields.join(" ").replace("icmpv6", "icmp")
        };
        of_menu.map(text).collect::<std::collections::BTreeSet<_>>()
    };
    for profile in ["standard", "isolated", "open", "web"] {
        for one in [dual(1, profile), six(1, profile)] {
            let rows = rendered(&[one]);
            let (v4, v6) = (rules(&rows, "/ip/firewall/filter"), rules(&rows, "/ipv6/firewall/filter"));
            let lacking: Vec<_> = v4.difference(&v6).collect();
            let more = v6.difference(&v4).filter(|rule| !rule.contains("mx-p-web.sixes"));
            let more: Vec<_> = more.collect();
            // Sets of `web` have addresses of one family: what they open is not opened in the other.
            let known = ["dst-port=67", "mx-p-web.offices", "mx-p-web.repos"];
            assert!(lacking.iter().all(|rule| known.iter().any(|word| rule.contains(word))), "{lacking:#?}");
            assert_eq!(more, ["action=accept chain=mx-forward icmp-options=2:0-255 protocol=icmp"]);
        }
        // Interface lists know no family, so what is IPv4 alone is judged as well.
        let both = rendered(&[dual(1, profile), network(2, "isolated")]);
        assert!(rules(&both, "/ipv6/firewall/filter").iter().any(|rule| rule.contains("mx-isolated-in")));
        assert!(rules(&rendered(&[network(2, profile)]), "/ipv6/firewall/filter").is_empty());
    }
}

#[test]
fn the_ipv6_filter_has_anchors_and_bypasses_of_its_own() {
    let with = |one: NetworkIntent, at: usize, fields: &[(&str, &str)]| {
        let mut state = fresh_router();
        state.menus.get_mut("/ipv6/firewall/filter").unwrap().insert(at, row("*77", fields));
        planned(&[], &[one], &state).err().map(|refusal| refusal.to_string())
    };
    let accept = |chain, field, value| [("chain", chain), ("action", "accept"), (field, value)];
    for (chain, field, value, refused) in [
        ("input", "src-address", "fe80::/10", true),
        ("input", "src-address", "2001:db8:1::/48", true),
        ("input", "src-address", "2001:db8:7::/48", false),
        ("input", "protocol", "icmpv6", false),
        ("input", "dst-address", "::1/128", false),
        ("input", "connection-state", "untracked", false),
        ("forward", "protocol", "icmpv6", true),
        ("forward", "dst-address", "2001:db8:1::5", true),
        ("forward", "src-address", "2001:db8:ff:2::/64", false),
    ] {
        let rule = accept(chain, field, value);
        let refusal = with(dual(1, "isolated"), 0, &rule);
        assert_eq!(refusal.is_some(), refused, "{rule:?}: {refusal:?}");
        assert_eq!(with(network(1, "isolated"), 0, &rule), None, "nothing of IPv6 is asked for");
    }
    for index in [1, 4] {
        let mut state = fresh_router();
        state.menus.get_mut("/ipv6/firewall/filter").unwrap().remove(index);
        let error = planned(&[], &[six(1, "open")], &state).unwrap_err().to_string();
        assert!(error.contains("/ipv6/firewall/filter/add chain="), "{error}");
        assert!(planned(&[], &[network(1, "open")], &state).is_ok());
    }
}
