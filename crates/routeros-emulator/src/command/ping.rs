//! `/tool/ping` (reference 4, tools).

use std::net::IpAddr;

use super::replies::Replies;
use super::request::Request;
use super::{Answer, Outcome, Then};
use crate::derive;
use crate::errors::{ErrorId, Trap};
use crate::state::{Caller, Router};
use crate::value::parse_duration;

const ARGUMENTS: &[&str] = &[
    "address",
    "arp-ping",
    "as-value",
    "count",
    "do-not-fragment",
    "dscp",
    "interface",
    "interval",
    "proplist",
    ".proplist",
    "size",
    "src-address",
    "ttl",
    "vrf",
    "without-paging",
];

/// More would only cost memory: a real ping of that many takes hours.
const MOST: u32 = 10_000;

/// One row per packet, all at once: nobody waits for packets that are none (assumption `ping`).
pub(super) fn ping(router: &mut Router, _: &Caller, request: &Request, out: &mut Replies) -> Outcome {
    let one = |trap| vec![trap];
    if let Some((name, _)) =
        request.arguments.iter().find(|argument| !ARGUMENTS.contains(&argument.0.as_str()))
    {
        return Err(one(Trap::with(ErrorId::UnknownParameter, name)));
    }
    let address = request.text("address").ok_or_else(|| one(Trap::with(ErrorId::Missing, "address")))?;
    let bare = address.split('%').next().unwrap_or_default();
    let host: IpAddr = bare.parse().map_err(|_| one(Trap::new(ErrorId::ResolveFailed)))?;
    let number = |name: &str, low: u32, high: u32| match request.text(name) {
        None => Ok(None),
        Some(text) => match text.parse::<u32>() {
            Ok(number) if (low..=high).contains(&number) => Ok(Some(number)),
            Ok(_) => Err(one(Trap::with2(ErrorId::OutOfRange, name, &format!("{low} .. {high}")))),
            Err(_) => Err(one(Trap::with(ErrorId::InvalidValue, name))),
        },
    };
    let count = number("count", 0, u32::MAX)?.filter(|count| *count > 0);
    let size = number("size", 14, 65_535)?.unwrap_or(56);
    if let Some(interval) = request.text("interval") {
        match parse_duration(&interval) {
            Some(10..=5000) => {}
            _ => return Err(one(Trap::with2(ErrorId::OutOfRange, "interval", "10ms .. 5s"))),
        }
    }
    let wanted = request.text(".proplist").or_else(|| request.text("proplist"));
    let answers = derive::answers(router, host);
    for seq in 0..count.unwrap_or(1).min(MOST) {
        let sent = seq + 1;
        let (received, loss) = if answers { (sent, 0) } else { (0, 100) };
        let mut fields = vec![("seq", seq.to_string()), ("host", address.clone())];
        if answers {
            fields.extend([("size", size.to_string()), ("ttl", "64".into()), ("time", "250us".into())]);
        } else {
            fields.push(("status", "timeout".into()));
        }
        fields.extend([
            ("sent", sent.to_string()),
            ("received", received.to_string()),
            ("packet-loss", loss.to_string()),
        ]);
        if answers {
            fields.extend(["min-rtt", "avg-rtt", "max-rtt"].map(|name| (name, "250us".to_owned())));
        }
        out.begin("!re");
        for (name, value) in fields {
            if wanted.as_ref().is_none_or(|wanted| wanted.split(',').any(|wanted| wanted == name)) {
                out.attribute(name, value.as_bytes());
            }
        }
        out.end();
    }
    // Without a count it goes on until cancelled.
    Ok(Answer { ret: None, then: if count.is_some() { Then::Done } else { Then::Endless } })
}
