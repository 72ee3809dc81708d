//! What is released, held and needed by others, with a clock that the test holds: on both databases.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod lab;
mod world;

use lab::Database;
use moxxie_api::{
    address::{Address, AddressQuery},
    network::Network,
};
use moxxie_engine::Error;
use serde_json::{Value, json};
use world::{World, a, code, me};

impl World {
    async fn next(&self, network: &Network, request: Value) -> Result<Address, Error> {
        self.engine.create_address(&me(), &network.network_id, a(request)).await
    }

    async fn let_go(&self, network: &Network, address: &str, now: bool) -> Result<(), Error> {
        self.engine.delete_address(&me(), &network.network_id, address, now).await
    }

    /// Address and status of what is recorded.
    async fn recorded(&self, network: &Network) -> Vec<(String, String)> {
        let all = self.engine.addresses(&me(), &network.network_id, AddressQuery::default()).await.unwrap();
        let recorded = all.items.into_iter().filter(|address| address.created_at.is_some());
        recorded.map(|address| (address.address, address.status)).collect()
    }

    /// What the clock says ends, as the server's upkeep ends it.
    async fn passes(&self, seconds: i64) {
        self.later(seconds);
        self.engine.end_lapsed().await.unwrap();
    }
}

#[tokio::test]
async fn a_released_address_stays_in_quarantine_until_its_time_or_until_somebody_ends_it() {
    for database in Database::all() {
        let w = World::new(database).await;
        w.engine.update_pool(&me(), "dc1-main", a(json!({"quarantineSeconds": 60}))).await.unwrap();
        let network = w.allocate(json!({"size": "/29"})).await.unwrap();
        let first = w.next(&network, json!({"hostname": "db"})).await.unwrap();
        assert_eq!(first.address, "172.16.0.2");
        w.let_go(&network, &first.address, false).await.unwrap();
        let pair = |address: &str, status: &str| (address.to_owned(), status.to_owned());
        assert_eq!(w.recorded(&network).await, [pair("172.16.0.2", "quarantined")], "it is visible");
        // Neither the next address nor one to be had by name, nor to be changed.
        assert_eq!(w.next(&network, json!({})).await.unwrap().address, "172.16.0.3");
        let (word, message) = code(w.next(&network, json!({"address": "172.16.0.2"})).await);
        assert!(word == "address_taken" && message.contains("quarantined until"), "{message}");
        let update = a(json!({"hostname": "web"}));
        let changed = w.engine.update_address(&me(), &network.network_id, "172.16.0.2", update).await;
        assert_eq!(code(changed).0, "quarantined");
        // Releasing it again does not end the quarantine: a request that is repeated must not.
        w.let_go(&network, "172.16.0.2", false).await.unwrap();
        assert_eq!(w.recorded(&network).await[0], pair("172.16.0.2", "quarantined"));
        // Ended by hand.
        w.let_go(&network, "172.16.0.2", true).await.unwrap();
        assert_eq!(w.next(&network, json!({})).await.unwrap().address, "172.16.0.2");
        // Left out by hand, and over by the clock: not a second before.
        w.let_go(&network, "172.16.0.3", true).await.unwrap();
        assert_eq!(w.next(&network, json!({})).await.unwrap().address, "172.16.0.3");
        w.let_go(&network, "172.16.0.2", false).await.unwrap();
        w.passes(59).await;
        assert_eq!(w.recorded(&network).await[0], pair("172.16.0.2", "quarantined"));
        w.passes(1).await;
        assert_eq!(w.next(&network, json!({})).await.unwrap().address, "172.16.0.2");
        // A full network says so, and what is over is found when nothing else is left, before any upkeep.
        while w.next(&network, json!({})).await.is_ok() {}
        let (word, message) = code(w.next(&network, json!({})).await);
        assert!(
            word == "exhausted" && message.contains("172.16.0.0/29") && message.contains("release"),
            "{message}"
        );
        w.let_go(&network, "172.16.0.4", false).await.unwrap();
        assert_eq!(code(w.next(&network, json!({})).await).0, "exhausted");
        w.later(60);
        assert_eq!(w.next(&network, json!({})).await.unwrap().address, "172.16.0.4");
        // What is in quarantine does not keep the network.
        for (address, _) in w.recorded(&network).await {
            w.let_go(&network, &address, false).await.unwrap();
        }
        w.engine.deprovision(&me(), &network.network_id).await.unwrap();
    }
}

#[tokio::test]
async fn every_hold_lapses_by_itself_and_none_before_its_time() {
    for database in Database::all() {
        let w = World::new(database).await;
        let e = &w.engine;
        e.create_asn_range(&me(), a(json!({"name": "private", "range": "64512-64513"}))).await.unwrap();
        let network = w.allocate(json!({"subnet": "172.16.9.0/28", "size": "/28"})).await.unwrap();
        let held = json!({"status": "held", "holdSeconds": 60});
        let with = |more: Value| {
            let mut all = held.clone();
            all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            all
        };
        let address = w.next(&network, held.clone()).await.unwrap();
        assert_eq!((address.status.as_str(), address.address.as_str()), ("held", "172.16.9.4"));
        w.take(with(json!({"prefix": "172.16.10.0/24"}))).await.unwrap();
        let vlan = e.take_vlan(&me(), "dc1", a(with(json!({"vlanId": 300})))).await.unwrap();
        let asn = e.take_asn(&me(), a(with(json!({"asn": 64_512})))).await.unwrap();
        assert_eq!([vlan.expires_at, asn.expires_at], [address.expires_at; 2]);
        w.passes(59).await;
        assert_eq!(w.next(&network, json!({})).await.unwrap().address, "172.16.9.5");
        assert_eq!(code(w.take(json!({"prefix": "172.16.10.0/24"})).await).0, "prefix_taken");
        assert_eq!(code(e.take_vlan(&me(), "dc1", a(json!({"vlanId": 300}))).await).0, "vlan_taken");
        assert_eq!(code(e.take_asn(&me(), a(json!({"asn": 64_512}))).await).0, "asn_taken");
        // Held longer, kept, and the rest lapses.
        let longer = a(json!({"holdSeconds": 60}));
        e.update_vlan(&me(), "dc1", "300", longer).await.unwrap();
        e.update_asn(&me(), "64512", a(json!({"status": "assigned"}))).await.unwrap();
        w.passes(1).await;
        assert_eq!(w.next(&network, json!({})).await.unwrap().address, "172.16.9.4");
        assert_eq!(w.take(json!({"prefix": "172.16.10.0/24"})).await.unwrap(), ["172.16.10.0/24"]);
        assert_eq!(e.vlan(&me(), "dc1", "300", None).await.unwrap().status, "held");
        w.passes(59).await;
        assert!(matches!(e.vlan(&me(), "dc1", "300", None).await, Err(Error::NotFound { .. })));
        assert_eq!(e.asn(&me(), "64512", None).await.unwrap().status, "assigned");
        // Held by a change, kept by another.
        let set = async |update: Value| {
            e.update_address(&me(), &network.network_id, "172.16.9.5", a(update)).await.unwrap()
        };
        assert_eq!(set(json!({"holdSeconds": 10})).await.status, "held");
        assert_eq!(set(json!({"status": "assigned"})).await.expires_at, None);
        w.passes(1_000).await;
        assert_eq!(w.recorded(&network).await.len(), 2);
    }
}

#[tokio::test]
async fn the_smallest_prefixes_give_out_what_their_standards_allow() {
    for database in Database::all() {
        let w = World::new(database).await;
        for (size, gateway, host) in [
            ("/30", "172.16.0.1", "172.16.0.2"),
            ("/31", "172.16.0.4", "172.16.0.5"),
            ("/127", "2001:db8::", "2001:db8::1"),
            ("/126", "2001:db8::5", "2001:db8::6"),
        ] {
            let network = w.allocate(json!({"size": size})).await.unwrap();
            assert_eq!(network.gateway, gateway, "{size}");
            assert_eq!(w.next(&network, json!({})).await.unwrap().address, host, "{size}");
            let others = if size == "/126" { 1 } else { 0 };
            for _ in 0..others {
                w.next(&network, json!({})).await.unwrap();
            }
            let (word, message) = code(w.next(&network, json!({})).await);
            assert!(word == "exhausted" && message.contains(&network.subnet), "{message}");
            let (word, message) = code(w.next(&network, json!({"address": gateway})).await);
            assert!(word == "invalid" && message.contains("addresses for hosts are"), "{message}");
            let provisioned = w.engine.provision_allocated(&me(), &network.network_id).await;
            match size {
                "/31" | "/127" => assert_eq!(code(provisioned).0, "size_not_on_routers"),
                _ => assert_eq!(code(provisioned).0, "no_router"),
            }
        }
        let last =
            w.allocate(json!({"size": "/31", "subnet": "172.16.50.0/31", "gateway": "last"})).await.unwrap();
        assert_eq!(last.gateway, "172.16.50.1");
        assert_eq!(w.next(&last, json!({})).await.unwrap().address, "172.16.50.0");
        // A single address is no network, and the refusal says what it is; it is a prefix.
        for (size, pool, prefix) in [("/32", "dc1-main", "172.16.0.6/32"), ("/128", "six", "2001:db8::2/128")]
        {
            let (word, message) = code(w.allocate(json!({"size": size})).await);
            assert!(word == "invalid" && message.contains("as a prefix"), "{message}");
            assert_eq!(w.take(json!({"size": size, "pool": pool})).await.unwrap(), [prefix]);
        }
    }
}

#[tokio::test]
async fn a_prefix_that_moved_is_merged_with_its_neighbour() {
    for database in Database::all() {
        let w = World::new(database).await;
        let e = &w.engine;
        let cut = json!({"prefix": "172.16.2.0/24", "name": "lab"});
        e.split_pool(&me(), "dc1-main", a(cut)).await.unwrap();
        let before = e.pool(&me(), "lab", None).await.unwrap();
        w.take(json!({"prefix": "172.16.2.0/24", "labels": {"rack": "7"}})).await.unwrap();
        w.take(json!({"prefix": "172.16.3.0/24"})).await.unwrap();
        let merge = async || {
            let with = a(json!({"with": ["172.16.3.0/24"]}));
            e.merge_prefixes(&me(), "172.16.2.0/24", None, with).await
        };
        let (word, message) = code(merge().await);
        assert!(word == "prefixes_differ" && message.contains("pool"), "{message}");
        let moved = e.move_prefix(&me(), "172.16.3.0/24", None, a(json!({"pool": "lab"}))).await.unwrap();
        assert_eq!(moved.pool, "lab");
        let id = e.prefix(&me(), "172.16.2.0/24", None, None).await.unwrap().id;
        let merged = merge().await.unwrap();
        assert_eq!((merged.prefix.as_str(), merged.pool.as_str(), &merged.id), ("172.16.2.0/23", "lab", &id));
        assert_eq!(merged.labels["rack"], "7");
        assert!(matches!(e.prefix(&me(), "172.16.3.0/24", None, None).await, Err(Error::NotFound { .. })));
        // Whole again, and free: the pool has what the two had.
        let split = e.split_prefix(&me(), &id, None, a(json!({"size": "/24"}))).await.unwrap();
        let back: Vec<_> = split.prefixes.iter().map(|part| part.prefix.as_str()).collect();
        assert_eq!(back, ["172.16.2.0/24", "172.16.3.0/24"]);
        for prefix in back {
            e.release_prefix(&me(), prefix, None).await.unwrap();
        }
        let lab = e.pool(&me(), "lab", None).await.unwrap();
        assert_eq!((lab.prefix.as_str(), lab.usage.prefixes), ("172.16.2.0/23", 0));
        assert_eq!((lab.usage.largest_free.as_deref(), lab.id), (Some("/23"), before.id));
    }
}

/// Whatever is asked for and not to be had, the answer tells what is left of it, where.
#[tokio::test]
async fn a_refusal_for_want_of_room_says_what_is_left_and_where() {
    for database in Database::all() {
        let w = World::new(database).await;
        let e = &w.engine;
        let says = |result: (&str, String), words: &[&str]| {
            assert_eq!(result.0, "exhausted", "{}", result.1);
            for word in words {
                assert!(result.1.contains(word), "{word}: {}", result.1);
            }
        };
        w.take(json!({"prefix": "172.16.0.0/17"})).await.unwrap();
        w.take(json!({"prefix": "172.16.128.0/18", "status": "held"})).await.unwrap();
        let none = code(w.take(json!({"size": "/17", "datacenter": "dc1"})).await);
        says(none, &["no /17", "dc1-main (172.16.0.0/16)", "has a /18 left", "1 held"]);
        e.update_site(&me(), "dc2", a(json!({"vlanRange": "100-102"}))).await.unwrap();
        e.take_vlan(&me(), "dc2", a(json!({"status": "reserved"}))).await.unwrap();
        e.take_vlan(&me(), "dc2", a(json!({"status": "held"}))).await.unwrap();
        e.take_vlan(&me(), "dc2", a(json!({}))).await.unwrap();
        e.release_vlan(&me(), "dc2", "102").await.unwrap();
        let none = code(e.take_vlan(&me(), "dc2", a(json!({}))).await);
        says(none, &["dc2", "0 VLANs left in 100-102", "1 held, 1 reserved, 1 quarantined", "wider range"]);
        let none = code(w.allocate(json!({"datacenter": "dc2"})).await);
        says(none, &["dc2", "0 VLANs left in 100-102"]);
        for (name, range) in [("low", "64512-64512"), ("high", "4200000000-4200000001")] {
            e.create_asn_range(&me(), a(json!({"name": name, "range": range}))).await.unwrap();
        }
        for _ in 0..3 {
            e.take_asn(&me(), a(json!({}))).await.unwrap();
        }
        let none = code(e.take_asn(&me(), a(json!({}))).await);
        says(
            none,
            &["low (64512-64512) has none of 1 left", "high (4200000000-4200000001) has none of 2 left"],
        );
        let network = w.allocate(json!({"size": "/29"})).await.unwrap();
        let bulk = json!({"items": vec![json!({}); 6]});
        let none = code(e.create_addresses(&me(), &network.network_id, a(bulk)).await);
        says(none, &["only 5 free addresses left", &network.subnet]);
        assert!(w.recorded(&network).await.is_empty());
    }
}

/// For every kind of thing: what depends on it is named, and nothing is done.
#[tokio::test]
async fn nothing_is_released_or_removed_while_something_depends_on_it() {
    for database in Database::all() {
        let w = World::new(database).await;
        let e = &w.engine;
        let refused = |result: Result<(), Error>, words: &[&str]| {
            let (word, message) = code(result);
            assert_eq!(word, "in_use", "{message}");
            for word in words {
                assert!(message.contains(word), "{word}: {message}");
            }
        };
        e.create_vrf(&me(), a(json!({"name": "lab"}))).await.unwrap();
        e.create_pool(&me(), a(json!({"name": "lab-main", "vrf": "lab", "prefix": "10.0.0.0/8"})))
            .await
            .unwrap();
        let container = json!({"name": "lab-all", "vrf": "lab", "prefix": "0.0.0.0/1"});
        e.create_container(&me(), a(container)).await.unwrap();
        refused(e.delete_vrf(&me(), "lab").await, &["pool lab-main", "container lab-all"]);
        refused(e.delete_vrf(&me(), "main").await, &["stays"]);

        let network = w.allocate(json!({"name": "web", "labels": {"app": "web"}})).await.unwrap();
        let id = network.network_id.as_str();
        refused(e.release_prefix(&me(), &network.subnet, None).await, &["network web", id]);
        let vlan = network.vlan_id.to_string();
        refused(e.release_vlan(&me(), "dc1", &vlan).await, &["network web", id]);
        refused(e.delete_pool(&me(), "dc1-main").await, &["1 of its prefixes", &network.subnet]);
        refused(e.delete_tenant(&me(), "acme").await, &["network web"]);
        refused(e.delete_site(&me(), "dc1").await, &["network web", "pool dc1-main"]);

        w.next(&network, json!({"address": "172.16.0.9"})).await.unwrap();
        let gone = e.deprovision(&me(), id).await.map(drop);
        refused(gone, &["172.16.0.9", "release"]);
        refused(w.let_go(&network, &network.gateway, true).await, &["the gateway of network web"]);
        refused(w.let_go(&network, "172.16.0.2", false).await, &["a router's own address"]);
        let site = json!({"name": "dc3", "dnsServers": ["172.16.0.9"]});
        e.create_site(&me(), a(site)).await.unwrap();
        refused(w.let_go(&network, "172.16.0.9", true).await, &["a DNS server of datacentre dc3"]);
        let range = json!({"type": "excluded", "first": "172.16.0.9", "last": "172.16.0.20"});
        let excluded = e.create_range(&me(), id, a(range)).await.map(drop);
        refused(excluded, &["172.16.0.9", "release"]);

        e.create_asn_range(&me(), a(json!({"name": "k8s", "range": "64512-64520", "datacenter": "dc3"})))
            .await
            .unwrap();
        e.take_asn(&me(), a(json!({"asn": 64_513, "clientId": "acme"}))).await.unwrap();
        refused(e.delete_asn_range(&me(), "k8s").await, &["1 of its numbers", "range=k8s"]);
        let narrower = a(json!({"range": "64514-64520"}));
        let narrowed = e.update_asn_range(&me(), "k8s", narrower).await.map(drop);
        refused(narrowed, &["AS 64513", "release it first"]);
        refused(e.delete_site(&me(), "dc3").await, &["AS number range k8s"]);
        refused(e.delete_tenant(&me(), "acme").await, &["network web", "AS number 64513"]);

        // All of it goes when nothing depends on it any more, in the order the refusals ask for.
        e.delete_site(&me(), "dc3").await.unwrap_err();
        e.release_asn(&me(), "64513").await.unwrap();
        e.delete_asn_range(&me(), "k8s").await.unwrap();
        e.delete_site(&me(), "dc3").await.unwrap();
        w.let_go(&network, "172.16.0.9", true).await.unwrap();
        e.deprovision(&me(), id).await.unwrap();
        e.delete_pool(&me(), "lab-main").await.unwrap();
        e.delete_container(&me(), "lab-all").await.unwrap();
        e.delete_vrf(&me(), "lab").await.unwrap();
    }
}
