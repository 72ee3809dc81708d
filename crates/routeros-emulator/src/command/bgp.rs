//! Commands of `/routing/bgp/session`.

use super::request::Request;
use super::{Answer, Outcome, target};
use crate::errors::{ErrorId, Trap};
use crate::schema::CompiledMenu;
use crate::state::{Caller, Router};
use crate::value::Value;

/// What `clear` takes as flag.
const FLAGS: &[&str] =
    &["input-last-notification", "limit-exceeded", "output-last-notification", "refused-cap-opt", "stopped"];

pub(super) fn session(
    router: &mut Router,
    caller: &Caller,
    menu: &CompiledMenu,
    command: &str,
    request: &Request,
) -> Outcome {
    let one = |trap| vec![trap];
    let afi = ["ip", "ipv6", "l2vpn", "l2vpn-cisco", "vpnv4", "vpnv6", "evpn"];
    for name in ["afi", "address-family"] {
        if request.text(name).is_some_and(|word| !afi.contains(&word.as_str())) {
            return Err(one(Trap::with(ErrorId::NoMatch, name)));
        }
    }
    let flag = match command {
        "clear" => {
            let flag = request.text("flag").ok_or_else(|| one(Trap::with(ErrorId::Missing, "flag")))?;
            if !FLAGS.contains(&flag.as_str()) {
                return Err(one(Trap::with(ErrorId::NoMatch, "flag")));
            }
            Some(match flag.as_str() {
                "input-last-notification" => "input.last-notification".to_owned(),
                "output-last-notification" => "output.last-notification".to_owned(),
                "refused-cap-opt" => "remote.refused-cap-opt".to_owned(),
                _ => flag,
            })
        }
        "unset" => {
            let name = request.text("value-name");
            let name =
                name.filter(|name| matches!(name.as_str(), "ebgp" | "ibgp" | "limit-exceeded" | "stopped"));
            Some(name.ok_or_else(|| one(Trap::new(ErrorId::UnknownValueName)))?)
        }
        _ => None,
    };
    let targets = target::targets(router, caller, menu, request).map_err(one)?;
    let mut traps = Vec::new();
    for found in targets {
        let row = found.and_then(|id| {
            router.row(menu.path(), id).cloned().ok_or_else(|| Trap::new(ErrorId::NoSuchItem))
        });
        match row {
            Err(trap) => traps.push(trap),
            Ok(mut row) => {
                if let Some(ix) = flag.as_deref().and_then(|flag| menu.field(flag)) {
                    row.clear(ix);
                }
                if let (true, Some(ix)) = (command == "stop", menu.field("stopped")) {
                    row.put(ix, Value::bool(true));
                }
                router.replace(menu, row);
            }
        }
    }
    router.settle_bgp();
    if traps.is_empty() { Ok(Answer::done()) } else { Err(traps) }
}
