//! What is taken and given back, with a clock that the test holds: on both databases.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod lab;
mod world;

use lab::Database;
use moxxie_api::{PastPageQuery, vlan::VlanQuery};
use moxxie_engine::{Context, Error, Idempotency};
use serde_json::{Value, json};
use world::{World, a, code, me};

#[tokio::test]
async fn a_hold_lapses_by_itself_unless_it_is_confirmed() {
    for database in Database::all() {
        let w = World::new(database).await;
        let hold = json!({"size": "/24", "pool": "dc1-main", "status": "held", "holdSeconds": 60});
        assert_eq!(w.take(hold.clone()).await.unwrap(), ["172.16.0.0/24"]);
        assert_eq!(w.take(hold).await.unwrap(), ["172.16.1.0/24"]);
        let confirmed = w.engine.confirm_prefix(&me(), "172.16.1.0/24", None).await.unwrap();
        assert_eq!((confirmed.status.as_str(), confirmed.expires_at), ("assigned", None));
        w.later(60);
        let (word, message) = code(w.engine.confirm_prefix(&me(), "172.16.0.0/24", None).await);
        assert!(word == "not_held" && message.contains("no longer held"), "{message}");
        // An allocation that wants this very prefix does not wait for the worker.
        assert_eq!(code(w.take(json!({"prefix": "172.16.0.0/23"})).await).0, "prefix_taken");
        assert_eq!(
            w.take(json!({"prefix": "172.16.0.0/24", "status": "held"})).await.unwrap(),
            ["172.16.0.0/24"]
        );
        w.later(86_400);
        w.engine.end_lapsed().await.unwrap();
        assert!(matches!(
            w.engine.prefix(&me(), "172.16.0.0/24", None, None).await,
            Err(Error::NotFound { .. })
        ));
        let pool = w.engine.pool(&me(), "dc1-main", None).await.unwrap();
        assert_eq!((pool.usage.prefixes, pool.usage.assigned), (1, 1));
    }
}

#[tokio::test]
async fn a_full_pool_says_what_is_left_and_what_comes_back() {
    for database in Database::all() {
        let w = World::new(database).await;
        w.engine.update_pool(&me(), "dc1-main", a(json!({"quarantineSeconds": 60}))).await.unwrap();
        w.take(json!({"prefix": "172.16.0.0/17"})).await.unwrap();
        w.take(json!({"prefix": "172.16.128.0/17", "status": "reserved"})).await.unwrap();
        w.engine.release_prefix(&me(), "172.16.0.0/17", None).await.unwrap();
        let (word, message) = code(w.take(json!({"size": "/24", "datacenter": "dc1"})).await);
        assert_eq!(word, "exhausted");
        assert!(message.contains("dc1-main (172.16.0.0/16) has nothing left (1 quarantined)"), "{message}");
        let quarantined = w.engine.prefix(&me(), "172.16.0.0/17", None, None).await.unwrap();
        assert_eq!((quarantined.status.as_str(), quarantined.client_id), ("quarantined", None));
        // Over: found within the allocation, before any worker came by.
        w.later(60);
        assert_eq!(w.take(json!({"size": "/24", "datacenter": "dc1"})).await.unwrap(), ["172.16.0.0/24"]);
        // Ended by hand.
        w.engine.release_prefix(&me(), "172.16.0.0/24", None).await.unwrap();
        w.engine.release_prefix(&me(), "172.16.0.0/24", None).await.unwrap();
        assert_eq!(w.take(json!({"size": "/17", "datacenter": "dc1"})).await.unwrap(), ["172.16.0.0/17"]);
    }
}

#[tokio::test]
async fn bulk_is_all_or_none_and_names_each_item() {
    for database in Database::all() {
        let w = World::new(database).await;
        let bad = json!({"items": [
            {"size": "/24", "pool": "dc1-main"}, {"prefix": "172.16.0.0/25"}, {"prefix": "172.20.0.0/16"},
            {"size": "/17", "pool": "dc2-main"}]});
        let refused = w.engine.take_prefixes_bulk(&me(), a(bad)).await.unwrap_err();
        let Error::Conflict { code: "bulk_refused", context: Some(context), .. } = refused else {
            panic!("{refused:?}")
        };
        let items: Vec<_> = context["errors"].as_array().unwrap().iter().map(|e| e["item"].clone()).collect();
        assert_eq!(items, [1, 3]);
        let wrong =
            json!({"items": [{"size": "/24", "pool": "dc1-main"}, {"size": "big", "pool": "dc1-main"}]});
        let (_, message) = code(w.engine.take_prefixes_bulk(&me(), a(wrong)).await);
        assert!(message.starts_with("items[1].size"), "{message}");
        assert_eq!(w.engine.pool(&me(), "dc1-main", None).await.unwrap().usage.prefixes, 0);
        let good = json!({"items": vec![json!({"size": "/28", "pool": "dc1-main"}); 100]});
        let taken = w.engine.take_prefixes_bulk(&me(), a(good)).await.unwrap();
        assert_eq!(taken.prefixes.len(), 100);
        assert_eq!(taken.prefixes[99].prefix, "172.16.6.48/28");
    }
}

#[tokio::test]
async fn requests_that_come_together_are_answered_as_if_they_came_one_by_one() {
    for database in Database::all() {
        let w = World::new(database).await;
        w.engine.create_pool(&me(), a(json!({"name": "small", "prefix": "10.9.0.0/28"}))).await.unwrap();
        let keyed = Context {
            idempotency: Some(Idempotency { key: "k".into(), route: "r".into(), body_hash: "h".into() }),
            ..me()
        };
        let mut requests = Vec::new();
        for n in 0..40 {
            // Of the small pool there are only 16; one key comes eight times.
            let (context, request) = match n % 5 {
                0 => (me(), json!({"size": "/32", "pool": "small"})),
                1 => (keyed.clone(), json!({"size": "/30", "pool": "dc2-main"})),
                2 => (me(), json!({"size": "/24", "pool": "dc1-main", "size6": "/64", "pool6": "six"})),
                3 => (me(), json!({"prefix": "172.16.255.0/24"})),
                _ => (me(), json!({"size": "/29", "pool": "small"})),
            };
            let engine = w.engine.clone();
            let asked = async move { engine.take_prefixes(&context, a(request)).await };
            requests.push(tokio::spawn(async move { (n, asked.await) }));
        }
        let mut taken = std::collections::BTreeMap::<String, std::collections::BTreeSet<String>>::new();
        let mut refused = std::collections::BTreeMap::<&str, u32>::new();
        for request in requests {
            match request.await.unwrap() {
                (n, Ok(answer)) => {
                    assert_eq!(answer.prefixes.len(), if n % 5 == 2 { 2 } else { 1 });
                    for prefix in answer.prefixes {
                        let new = taken.entry(prefix.pool).or_default().insert(prefix.prefix);
                        // Only the one key is answered alike.
                        assert!(new || n % 5 == 1);
                    }
                }
                (_, Err(Error::Conflict { code, .. })) => *refused.entry(code).or_default() += 1,
                (n, Err(error)) => panic!("{n}: {error:?}"),
            }
        }
        assert_eq!(taken["dc2-main"].len(), 1);
        assert_eq!((taken["dc1-main"].len(), taken["six"].len()), (9, 8));
        assert_eq!(refused["prefix_taken"], 7);
        // All that was given is there, and nothing else.
        for (pool, prefixes) in taken {
            let usage = w.engine.pool(&me(), &pool, None).await.unwrap().usage;
            assert_eq!(usage.prefixes, prefixes.len() as u64, "{pool}");
        }
    }
}

#[tokio::test]
async fn networks_of_one_vlan_are_numbered_alike_in_every_site() {
    for database in Database::all() {
        let w = World::new(database).await;
        for site in ["dc1-main", "dc2-main"] {
            w.engine.update_pool(&me(), site, a(json!({"policy": "by_vlan"}))).await.unwrap();
        }
        let one = w.allocate(json!({"vlanId": 150, "size6": "/64"})).await.unwrap();
        let two = w.allocate(json!({"vlanId": 150, "datacenter": "dc2"})).await.unwrap();
        assert_eq!((one.subnet.as_str(), two.subnet.as_str()), ("172.16.150.0/24", "172.20.150.0/24"));
        assert_eq!(one.subnet6.as_deref(), Some("2001:db8::/64"));
        assert!(one.notes.is_empty(), "{:?}", one.notes);
        // Not free: as the pool's habit the next best, as an order a refusal that says why.
        w.take(json!({"prefix": "172.16.151.128/25", "status": "reserved"})).await.unwrap();
        let refused = w.allocate(json!({"vlanId": 151, "policy": "by_vlan"})).await;
        let (_, message) = code(refused);
        assert!(
            message.contains("172.16.151.0/24 of dc1-main overlaps 172.16.151.128/25 (reserved)"),
            "{message}"
        );
        assert_eq!(
            w.allocate(json!({"vlanId": 151})).await.unwrap().subnet,
            "172.16.150.0/24".replace("150", "148")
        );
        // VLAN 300 has no /24 in a /16.
        let (_, message) = code(w.allocate(json!({"vlanId": 300, "policy": "by_vlan"})).await);
        assert!(message.contains("has no /24 of number 300"), "{message}");
    }
}

#[tokio::test]
async fn a_reserved_network_is_resized_when_nothing_is_lost() {
    for database in Database::all() {
        let w = World::new(database).await;
        let network = w.allocate(json!({"subnet": "172.16.2.0/24", "gateway": "last"})).await.unwrap();
        assert_eq!(network.gateway, "172.16.2.254");
        let id = network.network_id.as_str();
        let held = json!({"prefix": "172.16.3.0/24", "status": "held", "holdSeconds": 60});
        w.take(held).await.unwrap();
        let resize = async |size: &str| w.engine.resize_network(&me(), id, a(json!({"size": size}))).await;
        let (_, message) = code(resize("/23").await);
        assert!(message.contains("172.16.3.0/24 is in the way (held until"), "{message}");
        w.later(60);
        assert_eq!(resize("/23").await.unwrap().subnet, "172.16.2.0/23");
        // The gateway stays where it is, so it must stay inside.
        let (_, message) = code(resize("/25").await);
        assert!(message.contains("172.16.2.254"), "{message}");
        assert_eq!(resize("/24").await.unwrap().version, 3);
        let (_, message) = code(w.engine.release_prefix(&me(), "172.16.2.0/24", None).await);
        assert!(message.contains(&network.name), "{message}");
    }
}

#[tokio::test]
async fn only_the_vrf_main_goes_onto_routers() {
    for database in Database::all() {
        let w = World::new(database).await;
        w.engine.create_vrf(&me(), a(json!({"name": "lab"}))).await.unwrap();
        let pool = json!({"name": "lab-main", "vrf": "lab", "prefix": "172.16.0.0/16"});
        w.engine.create_pool(&me(), a(pool)).await.unwrap();
        let there = w.allocate(json!({"vrf": "lab", "subnet": "172.16.9.0/24"})).await.unwrap();
        let here = w.allocate(json!({"subnet": "172.16.9.0/24"})).await.unwrap();
        assert_eq!((there.vrf.as_str(), here.vrf.as_str()), ("lab", "main"));
        let (word, _) = code(w.engine.provision_allocated(&me(), &there.network_id).await);
        assert_eq!(word, "vrf_not_on_routers");
        let six = w.allocate(json!({"size": "/64"})).await.unwrap();
        assert_eq!((six.subnet.as_str(), six.gateway.as_str()), ("2001:db8::/64", "2001:db8::1"));
        let (word, _) = code(w.engine.provision_allocated(&me(), &six.network_id).await);
        assert_eq!(word, "no_router");
        let (word, _) = code(w.engine.delete_vrf(&me(), "lab").await);
        assert_eq!(word, "in_use");
    }
}

#[tokio::test]
async fn the_tree_shows_what_is_taken_and_what_is_free_in_pages() {
    for database in Database::all() {
        let w = World::new(database).await;
        let container = json!({"name": "private", "prefix": "172.16.0.0/12"});
        w.engine.create_container(&me(), a(container)).await.unwrap();
        w.take(json!({"prefix": "172.16.0.0/17", "status": "reserved"})).await.unwrap();
        let wanted = [
            "172.16.0.0/12 private",
            "  172.16.0.0/16 dc1-main",
            "    172.16.0.0/17 reserved",
            "    172.16.128.0/17 free",
            "  172.17.0.0/16 unpooled",
            "  172.18.0.0/15 unpooled",
            "  172.20.0.0/16 dc2-main",
            "    172.20.0.0/16 free",
            "  172.21.0.0/16 unpooled",
            "  172.22.0.0/15 unpooled",
            "  172.24.0.0/13 unpooled",
            "2001:db8::/48 six",
            "  2001:db8::/48 free",
        ];
        for limit in [1, 2, 3, 5, 13, 1000] {
            assert_eq!(w.tree(json!({"limit": limit})).await, wanted, "{limit}");
        }
        assert_eq!(w.tree(json!({"within": "172.16.128.0/17"})).await, ["172.16.128.0/17 free"]);
        assert_eq!(
            w.tree(json!({"within": "172.16.0.0/16", "level": "pools"})).await,
            ["172.16.0.0/16 dc1-main"]
        );
        let shown = w.engine.container(&me(), "private", None).await.unwrap();
        assert_eq!((shown.usage.pooled_percent, shown.usage.used_percent), (12.5, 25.0));
        let inside = json!({"name": "x", "prefix": "172.16.3.0/24"});
        assert_eq!(code(w.engine.create_container(&me(), a(inside)).await).0, "inside_pool");
    }
}

#[tokio::test]
async fn a_prefix_moves_to_another_pool_and_keeps_its_addresses() {
    for database in Database::all() {
        let w = World::new(database).await;
        let e = &w.engine;
        let shapes = async || {
            let pools = e.pools(&me(), PastPageQuery::default()).await.unwrap().items;
            let mut shapes: Vec<_> = pools.iter().map(|p| format!("{} {}", p.prefix, p.name)).collect();
            shapes.retain(|shape| shape.starts_with("172.16"));
            shapes.sort();
            shapes
        };
        let network = w.allocate(json!({"subnet": "172.16.140.0/24", "size6": "/64"})).await.unwrap();
        let to = |pool: &str| a(json!({"pool": pool}));
        let moved = e.move_prefix(&me(), "172.16.140.0/24", None, to("dc2-main")).await.unwrap();
        assert_eq!((moved.pool.as_str(), moved.prefix.as_str()), ("dc2-main-2", "172.16.140.0/24"));
        let pool = e.pool(&me(), "dc2-main-2", None).await.unwrap();
        assert_eq!((pool.datacenter.as_deref(), pool.usage.prefixes), (Some("dc2"), 1));
        assert_eq!(e.network(&me(), &network.network_id).await.unwrap().pool, "dc2-main-2");
        assert_eq!(
            shapes().await,
            [
                "172.16.0.0/17 dc1-main",
                "172.16.128.0/21 dc1-main-5",
                "172.16.136.0/22 dc1-main-6",
                "172.16.140.0/24 dc2-main-2",
                "172.16.141.0/24 dc1-main-8",
                "172.16.142.0/23 dc1-main-7",
                "172.16.144.0/20 dc1-main-4",
                "172.16.160.0/19 dc1-main-3",
                "172.16.192.0/18 dc1-main-2",
            ]
            .map(str::to_owned)
        );
        // One that is a whole pool takes that pool with it: and back.
        let back = e.move_prefix(&me(), "172.16.140.0/24", None, to("dc1-main-8")).await.unwrap();
        assert_eq!(back.pool, "dc1-main-8", "the other half");
        assert_eq!(e.pool(&me(), "dc1-main-8", None).await.unwrap().prefix, "172.16.140.0/23");
        let shapes = shapes().await;
        assert!(!shapes.iter().any(|shape| shape.contains("dc2-main-2")), "{shapes:?}");
        // Beside a pool of its own size the two become one.
        let half = json!({"prefix": "172.20.1.0/24", "name": "half"});
        e.split_pool(&me(), "dc2-main", a(half)).await.unwrap();
        w.take(json!({"prefix": "172.20.0.0/25"})).await.unwrap();
        let crossing = e.split_pool(&me(), "dc2-main", a(json!({"prefix": "172.20.0.0/26"}))).await;
        assert!(matches!(code(crossing).0, "in_use" | "invalid"));
        let pools = e.pools(&me(), PastPageQuery::default()).await.unwrap().items;
        let used: u64 = pools.iter().map(|pool| pool.usage.prefixes).sum();
        assert_eq!(used, 3);
        let moved = e.move_prefix(&me(), "2001:db8::/64", None, to("dc2-main")).await;
        assert_eq!(code(moved).0, "invalid");
    }
}

#[tokio::test]
async fn vlans_and_as_numbers_are_held_reserved_and_released() {
    for database in Database::all() {
        let w = World::new(database).await;
        let e = &w.engine;
        let vlan = e.take_vlan(&me(), "dc1", a(json!({"status": "reserved", "vlanId": 100}))).await.unwrap();
        assert_eq!((vlan.vlan_id, vlan.status.as_str()), (100, "reserved"));
        let network = w.allocate(json!({})).await.unwrap();
        assert_eq!(network.vlan_id, 101);
        let list = e.vlans(&me(), "dc1", VlanQuery::default()).await.unwrap();
        assert_eq!((list.items.len(), list.free), (2, vec!["102-400".to_owned()]));
        assert_eq!(code(e.release_vlan(&me(), "dc1", "101").await).0, "in_use");
        e.deprovision(&me(), &network.network_id).await.unwrap();

        let wrong = e.create_asn_range(&me(), a(json!({"name": "a", "range": "64512-65535"}))).await;
        assert!(code(wrong).1.contains("RFC 7300"));
        let range =
            json!({"name": "acme", "range": "64600-64601", "clientId": "acme", "quarantineSeconds": 60});
        e.create_asn_range(&me(), a(range)).await.unwrap();
        e.create_asn_range(&me(), a(json!({"name": "all", "range": "4200000000-4200000001"}))).await.unwrap();
        let take = async |request: Value| e.take_asn(&me(), a(request)).await.map(|asn| asn.asn);
        assert_eq!(take(json!({"clientId": "acme"})).await.unwrap(), 64_600);
        assert_eq!(take(json!({})).await.unwrap(), 4_200_000_000);
        assert_eq!(code(take(json!({"asn": 64_601})).await).0, "range_reserved");
        assert!(code(take(json!({"asn": 23_456})).await).1.contains("RFC 6793"));
        e.release_asn(&me(), "64600").await.unwrap();
        assert_eq!(code(take(json!({"asn": 64_600, "clientId": "acme"})).await).0, "asn_taken");
        w.later(60);
        assert_eq!(take(json!({"asn": 64_600, "clientId": "acme"})).await.unwrap(), 64_600);
    }
}

#[tokio::test]
async fn the_same_key_does_nothing_twice_whatever_the_method() {
    for database in Database::all() {
        let w = World::new(database).await;
        let with = |route: &str| Context {
            idempotency: Some(Idempotency { key: "k".into(), route: route.into(), body_hash: "h".into() }),
            ..me()
        };
        let post = with("POST");
        let request = || a(json!({"size": "/24", "pool": "dc1-main"}));
        let first = w.engine.take_prefixes(&post, request()).await.unwrap().prefixes[0].id.clone();
        assert_eq!(w.engine.take_prefixes(&post, request()).await.unwrap().prefixes[0].id, first);
        w.engine.release_prefix(&with("DELETE"), &first, None).await.unwrap();
        w.engine.release_prefix(&with("DELETE"), &first, None).await.unwrap();
        let update = json!({"description": "x"});
        w.engine.update_pool(&with("PATCH"), "dc1-main", a(update.clone())).await.unwrap();
        w.engine.delete_pool(&with("DELETE pool"), "dc1-main").await.unwrap();
        w.engine.delete_pool(&with("DELETE pool"), "dc1-main").await.unwrap();
        w.engine.update_pool(&with("PATCH"), "dc1-main", a(update)).await.unwrap();
        w.engine.delete_tenant(&with("DELETE tenant"), "acme").await.unwrap();
        w.engine.delete_tenant(&with("DELETE tenant"), "acme").await.unwrap();
        assert!(matches!(w.engine.delete_tenant(&me(), "acme").await, Err(Error::NotFound { .. })));
    }
}
