//! `/tool/ping` (reference 4, tools).

use std::net::IpAddr;

use super::monitor::{Fields, Frame, Monitor};
use super::replies::Replies;
use super::request::Request;
use super::{Answer, Outcome};
use crate::derive::{self, Asked};
use crate::errors::{ErrorId, Trap};
use crate::state::{Caller, Router};

pub(super) const ARGUMENTS: &[&str] = &[
    "address",
    "arp-ping",
    "as-value",
    "count",
    "do-not-fragment",
    "dscp",
    "interface",
    "interval",
    "proplist",
    "size",
    "src-address",
    "ttl",
    "vrf",
    "without-paging",
];

/// One row per packet, at the pace of `interval`; without a count until cancelled (assumption `ping`).
pub(super) fn ping(router: &mut Router, _: &Caller, request: &Request, _: &mut Replies) -> Outcome {
    begin(router, request).map_err(|trap| vec![trap])
}

fn begin(router: &mut Router, request: &Request) -> Result<Answer, Trap> {
    let text = request.text("address").ok_or_else(|| Trap::with(ErrorId::Missing, "address"))?;
    let bare = text.split('%').next().unwrap_or_default();
    let address: IpAddr = bare.parse().map_err(|_| Trap::new(ErrorId::ResolveFailed))?;
    let number = |name: &str, low: u32, high: u32| match request.text(name) {
        None => Ok(None),
        Some(text) => match text.parse::<u32>() {
            Ok(number) if (low..=high).contains(&number) => Ok(Some(number)),
            Ok(_) => Err(Trap::with2(ErrorId::OutOfRange, name, &format!("{low} .. {high}"))),
            Err(_) => Err(Trap::with(ErrorId::InvalidValue, name)),
        },
    };
    let count = number("count", 0, u32::MAX)?.filter(|count| *count > 0);
    let size = number("size", 14, 65_535)?.unwrap_or(56);
    let by_arp = request.text("arp-ping").is_some_and(|word| matches!(&*word, "yes" | "true" | ""));
    let on = request.text("interface");
    // What is asked for on a wire leaves its trace among the neighbours.
    if let Asked::Neighbour { interface, .. } = derive::ask(router, address, on.as_deref()) {
        let now = router.now;
        router.lan.ask(&interface, address, now);
    }
    Monitor::packets(router, request, move |router, seq| {
        let heard = hear(router, address, on.as_deref(), by_arp);
        let row = vec![packet(&heard, &text, by_arp, size, seq)];
        if count.is_some_and(|count| seq + 1 >= u64::from(count)) {
            Frame::Last(row)
        } else {
            Frame::Rows(row)
        }
    })
}

/// What comes back.
enum Heard {
    /// An answer, with the MAC address of who answered where that is what was asked for.
    Answer(Option<String>),
    Nothing,
}

fn hear(router: &Router, address: IpAddr, on: Option<&str>, by_arp: bool) -> Heard {
    match derive::ask(router, address, on) {
        Asked::Own => Heard::Answer(None),
        Asked::Neighbour { mac: Some(mac), .. } if by_arp => Heard::Answer(Some(mac)),
        Asked::Neighbour { pings: true, .. } if !by_arp => Heard::Answer(None),
        Asked::Elsewhere if !by_arp && derive::leads_somewhere(router, address) => Heard::Answer(None),
        _ => Heard::Nothing,
    }
}

fn packet(heard: &Heard, host: &str, by_arp: bool, size: u32, seq: u64) -> Fields {
    let sent = seq + 1;
    let answers = matches!(heard, Heard::Answer(_));
    let (received, loss) = if answers { (sent, 0) } else { (0, 100) };
    // Asked by ARP, the row shows who answered (assumption `arp-ping`).
    let shown = match heard {
        Heard::Answer(Some(mac)) => mac,
        _ => host,
    };
    let mut fields = vec![("seq", seq.to_string()), ("host", shown.to_owned())];
    match (answers, by_arp) {
        (false, _) => fields.push(("status", "timeout".into())),
        (true, true) => fields.push(("time", "250us".into())),
        (true, false) => {
            fields.extend([("size", size.to_string()), ("ttl", "64".into()), ("time", "250us".into())]);
        }
    }
    fields.extend([
        ("sent", sent.to_string()),
        ("received", received.to_string()),
        ("packet-loss", loss.to_string()),
    ]);
    if answers {
        fields.extend(["min-rtt", "avg-rtt", "max-rtt"].map(|name| (name, "250us".to_owned())));
    }
    fields
}
