//! What a client does with prefixes, VLAN ids and AS numbers.

use std::net::IpAddr;

use ipnet::IpNet;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    ASN_RANGE,
    client::{Client, Pool},
};

/// The pools that change their shape themselves, because prefixes move out of them.
pub(crate) const MOVING: usize = 2;

impl Client {
    /// One of these at random.
    pub(crate) async fn shape(&mut self) {
        match self.random.u32(0..100) {
            0..26 => self.next_prefix().await,
            26..34 => self.given_prefix().await,
            34..40 => self.bulk_of_prefixes().await,
            40..52 => self.release_prefix().await,
            52..58 => self.resize().await,
            58..64 => self.split().await,
            64..70 => self.merge().await,
            70..72 => self.move_away().await,
            72..80 => self.take_vlan().await,
            80..86 => self.release_vlan().await,
            86..94 => self.take_asn().await,
            _ => self.release_asn().await,
        }
    }

    async fn next_prefix(&mut self) {
        let pool = self.pool();
        let size = self.random.u8(27..=30);
        let body = json!({"pool": pool.name, "size": format!("/{size}")});
        let (status, answer) = self.ask(Method::POST, "prefixes", Some(body)).await;
        self.took(&pool, (status, answer), &[Some(size)]);
    }

    /// Somebody else may want the very same.
    async fn given_prefix(&mut self) {
        let pool = self.pool();
        let size = self.random.u8(27..=29);
        let subnets: Vec<IpNet> = pool.prefix.subnets(size).unwrap().collect();
        let wanted = subnets[subnets.len() / 2 + self.random.usize(0..subnets.len() / 4)];
        let (status, answer) = self.ask(Method::POST, "prefixes", Some(json!({"prefix": wanted}))).await;
        self.took(&pool, (status, answer), &[Some(size)]);
    }

    /// All or none, of two pools.
    async fn bulk_of_prefixes(&mut self) {
        let (one, other) = (self.pool(), self.pool());
        let sizes: Vec<u8> = (0..self.random.usize(2..9)).map(|_| self.random.u8(28..=30)).collect();
        let items: Vec<Value> = sizes
            .iter()
            .enumerate()
            .map(|(n, size)| {
                let pool = if n % 2 == 0 { &one } else { &other };
                json!({"pool": pool.name, "size": format!("/{size}")})
            })
            .collect();
        let (status, answer) = self.ask(Method::POST, "prefixes/bulk", Some(json!({"items": items}))).await;
        let sizes: Vec<Option<u8>> = sizes.into_iter().map(Some).collect();
        self.took(&one, (status, answer), &sizes);
    }

    /// Notes prefixes that were given, which have these sizes.
    fn took(&mut self, pool: &Pool, (status, answer): (u16, Value), sizes: &[Option<u8>]) {
        match status {
            201 => {
                let prefixes = answer["prefixes"].as_array().unwrap();
                assert_eq!(prefixes.len(), sizes.len(), "{answer}");
                for (one, size) in prefixes.iter().zip(sizes) {
                    let (id, prefix) = read(one);
                    assert!(size.is_none_or(|size| size == prefix.prefix_len()), "{answer}");
                    assert!(sizes.len() > 1 || pool.prefix.contains(&prefix), "{answer}");
                    assert!(self.ledger.prefixes.insert(id, prefix).is_none(), "given twice: {answer}");
                }
            }
            // Taken, or full.
            409 => {}
            // The pool was cut between being looked up and being locked.
            422 if pool.moves => {}
            _ => panic!("{status}: {answer}"),
        }
    }

    async fn release_prefix(&mut self) {
        let Some((id, _)) = self.own_prefix() else { return };
        let (status, answer) = self.ask(Method::DELETE, &format!("prefixes/{id}"), None).await;
        assert!(matches!(status, 200 | 204), "{status}: {answer}");
        self.ledger.prefixes.remove(&id);
    }

    async fn resize(&mut self) {
        let Some((id, prefix)) = self.own_prefix() else { return };
        let size = if self.random.bool() { prefix.prefix_len() - 1 } else { prefix.prefix_len() + 1 };
        let body = json!({"size": format!("/{size}")});
        let (status, answer) = self.ask(Method::POST, &format!("prefixes/{id}/resize"), Some(body)).await;
        match status {
            200 => {
                let (same, now) = read(&answer);
                assert_eq!((&same, now.prefix_len()), (&id, size), "{answer}");
                self.ledger.prefixes.insert(id, now);
            }
            // A neighbour is in the way, or the pool ends here.
            400 | 409 | 422 => {}
            _ => panic!("{status}: {answer}"),
        }
    }

    async fn split(&mut self) {
        let Some((id, prefix)) = self.own_prefix() else { return };
        if prefix.prefix_len() > 30 {
            return;
        }
        let size = prefix.prefix_len() + self.random.u8(1..=2);
        let body = json!({"size": format!("/{size}")});
        let (status, answer) = self.ask(Method::POST, &format!("prefixes/{id}/split"), Some(body)).await;
        assert_eq!(status, 200, "{answer}");
        self.ledger.prefixes.remove(&id);
        let parts: Vec<_> = answer["prefixes"].as_array().unwrap().iter().map(read).collect();
        assert_eq!(parts.len(), 1 << (size - prefix.prefix_len()), "{answer}");
        for (id, part) in parts {
            assert!(prefix.contains(&part), "{answer}");
            self.ledger.prefixes.insert(id, part);
        }
    }

    /// Two halves that this client has.
    async fn merge(&mut self) {
        let halves = self.ledger.prefixes.iter().find_map(|(id, prefix)| {
            let whole = prefix.supernet()?;
            let other = whole.subnets(prefix.prefix_len()).ok()?.find(|half| half != prefix)?;
            let (with, _) = self.ledger.prefixes.iter().find(|(_, prefix)| **prefix == other)?;
            Some((id.clone(), with.clone(), whole))
        });
        let Some((id, with, whole)) = halves else { return };
        let body = json!({"with": [with]});
        let (status, answer) = self.ask(Method::POST, &format!("prefixes/{id}/merge"), Some(body)).await;
        match status {
            200 => {
                assert_eq!(read(&answer), (id.clone(), whole), "{answer}");
                self.ledger.prefixes.remove(&with);
                self.ledger.prefixes.insert(id, whole);
            }
            // One of them has moved to another pool.
            400 | 409 | 422 => {}
            _ => panic!("{status}: {answer}"),
        }
    }

    async fn move_away(&mut self) {
        let all = self.world.pools.len();
        let moving = &self.world.pools[all - MOVING..];
        let (from, to) = (moving[0].clone(), moving[1].name.clone());
        let own = self.ledger.prefixes.iter().find(|(_, prefix)| from.prefix.contains(*prefix));
        let Some((id, prefix)) = own.map(|(id, prefix)| (id.clone(), *prefix)) else { return };
        let body = json!({"pool": to});
        let (status, answer) = self.ask(Method::POST, &format!("prefixes/{id}/move"), Some(body)).await;
        match status {
            200 => assert_eq!(read(&answer), (id, prefix), "{answer}"),
            400 | 409 | 422 => {}
            _ => panic!("{status}: {answer}"),
        }
    }

    fn own_prefix(&mut self) -> Option<(String, IpNet)> {
        let nth = self.one_of(self.ledger.prefixes.len())?;
        self.ledger.prefixes.iter().nth(nth).map(|(id, prefix)| (id.clone(), *prefix))
    }

    async fn take_vlan(&mut self) {
        let site = self.pool().site;
        // The next one, or one that others want too.
        let body =
            if self.random.bool() { json!({}) } else { json!({"vlanId": self.random.u16(4020..4040)}) };
        let (status, answer) = self.ask(Method::POST, &format!("datacenters/{site}/vlans"), Some(body)).await;
        match status {
            201 => {
                let id = answer["id"].as_str().unwrap().to_owned();
                let vlan = (site, answer["vlanId"].as_u64().unwrap());
                assert!(self.ledger.vlans.insert(id, vlan).is_none(), "given twice: {answer}");
            }
            409 => {}
            _ => panic!("{status}: {answer}"),
        }
    }

    async fn release_vlan(&mut self) {
        let nth = self.one_of(self.ledger.vlans.len());
        let one = nth.and_then(|nth| self.ledger.vlans.iter().nth(nth));
        let Some((id, (site, _))) = one.map(|(id, vlan)| (id.clone(), vlan.clone())) else { return };
        let (status, answer) =
            self.ask(Method::DELETE, &format!("datacenters/{site}/vlans/{id}"), None).await;
        assert!(matches!(status, 200 | 204), "{status}: {answer}");
        self.ledger.vlans.remove(&id);
    }

    async fn take_asn(&mut self) {
        let body = match self.random.bool() {
            true => json!({"range": ASN_RANGE}),
            false => json!({"range": ASN_RANGE, "asn": 4_200_000_000_u32 + self.random.u32(100..200)}),
        };
        let (status, answer) = self.ask(Method::POST, "asns", Some(body)).await;
        match status {
            201 => {
                let id = answer["id"].as_str().unwrap().to_owned();
                let number = answer["asn"].as_u64().unwrap();
                assert!(self.ledger.asns.insert(id, number).is_none(), "given twice: {answer}");
            }
            409 => {}
            _ => panic!("{status}: {answer}"),
        }
    }

    async fn release_asn(&mut self) {
        let nth = self.one_of(self.ledger.asns.len());
        let one = nth.and_then(|nth| self.ledger.asns.keys().nth(nth).cloned());
        let Some(id) = one else { return };
        let (status, answer) = self.ask(Method::DELETE, &format!("asns/{id}"), None).await;
        assert!(matches!(status, 200 | 204), "{status}: {answer}");
        self.ledger.asns.remove(&id);
    }
}

/// A prefix and its id.
pub(crate) fn read(prefix: &Value) -> (String, IpNet) {
    let text = |name: &str| prefix[name].as_str().unwrap_or_else(|| panic!("no {name}: {prefix}")).to_owned();
    let net: IpNet = text("prefix").parse().unwrap();
    assert!(matches!(net.addr(), IpAddr::V4(_)));
    (text("id"), net)
}
