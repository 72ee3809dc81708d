//! A network most of whose low addresses answer without being recorded: more of them than memory looks at at once.
#![allow(clippy::unwrap_used, reason = "these are tests, in helper functions")]

mod lab;

use lab::{Database, Lab, dot1q, order};
use moxxie_api::{
    address::{AddressBulkRequest, AddressRequest},
    network::NetworkRequest,
};
use moxxie_engine::{Context, Error};

/// Address number `n` of 172.16.0.0/22.
fn address(n: u16) -> String {
    format!("172.16.{}.{}", n / 256, n % 256)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_address_is_found_behind_hundreds_that_answer() {
    for database in Database::all() {
        let me = Context::system();
        let lab = Lab::new(database).site("dc1", dot1q()).router("r1", "7.22").start().await;
        let mut large = NetworkRequest { size: "/22".into(), ..order("dc1") };
        large.options.enable_dhcp = false;
        let (change, network) = lab.provision(large).await.unwrap();
        assert_eq!(change.state, "applied", "{change:?}");
        let network = network.unwrap();
        let rows = lab.emulator("r1").rows("/interface/vlan");
        let interface = rows.into_iter().find(|row| row["vlan-id"] == network.vlan_id.to_string());
        let interface = interface.unwrap()["name"].clone();
        let lan = lab.emulator("r1").lan();
        let host = |n: u16| {
            lan.host(&interface, &address(n), &format!("02:00:00:00:{:02X}:{:02X}", n / 256, n % 256));
        };
        let next = async || {
            let request = AddressRequest::default();
            lab.engine.create_address(&me, &network.network_id, request).await.map(|got| got.address)
        };
        // Memory knows the beginning of the network before anybody is seen there.
        assert_eq!(next().await.unwrap(), address(4));
        // The lowest 600 free ones answer, and of the following 100 every second one.
        (5..605).for_each(host);
        (605..705).step_by(2).for_each(host);
        lab.engine.scan_router(&me, "r1").await.unwrap();
        assert_eq!(next().await.unwrap(), address(606));
        let items = vec![AddressRequest::default(); 60];
        let bulk = lab
            .engine
            .create_addresses(&me, &network.network_id, AddressBulkRequest { items })
            .await
            .unwrap();
        let given: Vec<_> = bulk.items.into_iter().map(|got| got.address).collect();
        let wanted: Vec<_> = (608..705).step_by(2).chain(705..).take(60).map(address).collect();
        assert_eq!(given, wanted);
        // By name an address that answers is had: that is how somebody who is there is recorded.
        let named = AddressRequest { address: Some(address(300)), ..AddressRequest::default() };
        lab.engine.create_address(&me, &network.network_id, named).await.unwrap();
        // And when all that is free answers, it is said so at once.
        (606..1023).for_each(host);
        lab.engine.scan_router(&me, "r1").await.unwrap();
        match next().await.unwrap_err() {
            Error::Conflict { code: "exhausted", message, .. } => {
                assert!(message.contains("/reality"), "{message}")
            }
            other => panic!("{other:?}"),
        }
        lab.stop().await;
    }
}
