//! What monitors show. Their properties are those of the command trees; nothing passes through an emulated router,
//! so that counters stand still (assumption `samples`).

use std::net::IpAddr;

use super::monitor::{Fields, Frame, Monitor};
use super::replies::Replies;
use super::request::Request;
use super::view::{Key, RowView};
use super::{Answer, Outcome, target};
use crate::derive;
use crate::errors::{ErrorId, Trap};
use crate::schema::CompiledMenu;
use crate::state::{Caller, Router, Row};
use crate::value::{Names, Value};

/// A monitor that belongs to a menu.
pub(super) fn of_menu(
    router: &Router,
    caller: &Caller,
    menu: &CompiledMenu,
    command: &str,
    request: &Request,
) -> Result<Answer, Trap> {
    match (menu.path(), command) {
        ("/interface", _) => traffic(router, request),
        ("/interface/ethernet", _) => each(router, caller, menu, request, ethernet),
        ("/interface/bridge", _) => each(router, caller, menu, request, bridge),
        ("/interface/bridge/port", _) => each(router, caller, menu, request, port),
        ("/interface/bonding", _) => each(router, caller, menu, request, bonding),
        ("/ip/route", _) => check_route(router, request),
        ("/system/resource", _) => Monitor::start(router, request, |router, _| {
            let free = text(router, "/system/resource", None, "free-memory");
            Frame::Rows(vec![vec![("cpu-used", "1".to_owned()), ("free-memory", free)]])
        }),
        // `check-for-updates`, `download`, `install`.
        _ => Monitor::start(router, request, updates),
    }
}

/// A monitor of the items that the request names.
fn each(
    router: &Router,
    caller: &Caller,
    menu: &CompiledMenu,
    request: &Request,
    sample: fn(&Router, &Row) -> Fields,
) -> Result<Answer, Trap> {
    let targets = target::targets(router, caller, menu, request)?;
    let ids = targets.into_iter().collect::<Result<Vec<_>, _>>()?;
    let space = menu.menu.space;
    Monitor::start(router, request, move |router, _| {
        let rows: Vec<_> =
            ids.iter().filter_map(|id| router.row(space, *id)).map(|row| sample(router, row)).collect();
        // Nothing is left to look at.
        if rows.is_empty() { Frame::Last(rows) } else { Frame::Rows(rows) }
    })
}

fn traffic(router: &Router, request: &Request) -> Result<Answer, Trap> {
    const RATES: [&str; 13] = [
        "rx-packets-per-second",
        "rx-bits-per-second",
        "fp-rx-packets-per-second",
        "fp-rx-bits-per-second",
        "rx-drops-per-second",
        "rx-errors-per-second",
        "tx-packets-per-second",
        "tx-bits-per-second",
        "fp-tx-packets-per-second",
        "fp-tx-bits-per-second",
        "tx-drops-per-second",
        "tx-queue-drops-per-second",
        "tx-errors-per-second",
    ];
    let interfaces = request.text("interface").ok_or_else(|| Trap::with(ErrorId::Missing, "interface"))?;
    let no_match = || Trap::with(ErrorId::NoMatch, "interface");
    // None stands for all together.
    let ids = interfaces
        .split(',')
        .map(|name| match name {
            "aggregate" => Ok(None),
            _ => item(router, name).map(Some).ok_or_else(no_match),
        })
        .collect::<Result<Vec<_>, _>>()?;
    Monitor::start(router, request, move |router, _| {
        let names = ids.iter().filter_map(|id| match id {
            None => Some("aggregate".to_owned()),
            Some(id) => name(router, *id),
        });
        let rows: Vec<Fields> = names
            .map(|name| {
                std::iter::once(("name", name)).chain(RATES.map(|rate| (rate, "0".to_owned()))).collect()
            })
            .collect();
        if rows.is_empty() { Frame::Last(rows) } else { Frame::Rows(rows) }
    })
}

fn item(router: &Router, name: &str) -> Option<u32> {
    let id =
        crate::value::parse_id(name.as_bytes()).or_else(|| router.find("/interface", name.as_bytes()))?;
    router.row("/interface", id).map(|row| row.id)
}

fn name(router: &Router, interface: u32) -> Option<String> {
    router.name_of("/interface", interface).map(|name| String::from_utf8_lossy(name).into_owned())
}

/// A property as a print of the menu shows it; of the only row where none is given.
fn text(router: &Router, path: &str, row: Option<&Row>, field: &str) -> String {
    let Some(menu) = router.schema.menu(path) else { return String::new() };
    let single = Row::new(menu.path());
    let view = RowView { router, menu, row: row.unwrap_or(&single), sensitive: false };
    let value = view.get(&Key::find(menu, field.as_bytes())).unwrap_or_default();
    String::from_utf8_lossy(&value).into_owned()
}

fn ethernet(router: &Router, row: &Row) -> Fields {
    let up = text(router, row.menu, Some(row), "running") == "true";
    let mut fields = vec![
        ("name", text(router, row.menu, Some(row), "name")),
        ("status", if up { "link-ok" } else { "no-link" }.to_owned()),
        ("auto-negotiation", if up { "done" } else { "incomplete" }.to_owned()),
    ];
    if up {
        // A virtual port has no rate.
        let (rate, full) = if router.is_chr() { ("", "false") } else { ("10Gbps", "true") };
        fields.extend([("rate", rate.to_owned()), ("full-duplex", full.to_owned())]);
    }
    fields
}

fn bridge(router: &Router, row: &Row) -> Fields {
    let get = |field| text(router, row.menu, Some(row), field);
    let (mac, priority) = (get("mac-address"), get("priority"));
    let ports = router.menu("/interface/bridge/port").map_or(0, |menu| {
        let of_this = |port: &&Row| {
            router.value_of(port, "bridge").and_then(Value::target) == Some(("/interface", row.id))
        };
        router.stored(&menu).filter(of_this).filter(|port| router.enabled(port)).count()
    });
    let on = router.enabled(row);
    vec![
        ("state", if on { "enabled" } else { "disabled" }.to_owned()),
        ("current-mac-address", mac.clone()),
        ("root-bridge", on.to_string()),
        ("root-bridge-id", format!("{priority}.{mac}")),
        ("root-path-cost", "0".to_owned()),
        ("root-port", "none".to_owned()),
        ("port-count", ports.to_string()),
        ("designated-port-count", if on { ports } else { 0 }.to_string()),
        ("fast-forward", get("fast-forward")),
    ]
}

fn port(router: &Router, row: &Row) -> Fields {
    let get = |field| text(router, row.menu, Some(row), field);
    let lower = router.value_of(row, "interface").and_then(Value::target);
    let lower = lower.and_then(|(space, id)| router.row(space, id));
    let up = router.enabled(row) && lower.is_some_and(|lower| derive::running(router, lower));
    let mut fields = vec![
        ("interface", get("interface")),
        ("status", if up { "in-bridge" } else { "inactive" }.to_owned()),
    ];
    if up {
        fields.extend([
            ("role", "designated-port".to_owned()),
            ("edge-port", "true".to_owned()),
            ("edge-port-discovery", "true".to_owned()),
            ("point-to-point-port", "true".to_owned()),
            ("external-fdb", "false".to_owned()),
            ("sending-rstp", "true".to_owned()),
            ("learning", "true".to_owned()),
            ("forwarding", "true".to_owned()),
        ]);
    }
    fields
}

fn bonding(router: &Router, row: &Row) -> Fields {
    let slaves = router.value_of(row, "slaves").map(Value::targets).unwrap_or_default();
    let (mut active, mut inactive) = (Vec::new(), Vec::new());
    for target in slaves {
        let crate::value::Target::Row(space, id) = target else { continue };
        let Some(slave) = router.row(space, *id) else { continue };
        let side = if derive::running(router, slave) { &mut active } else { &mut inactive };
        side.extend(name(router, *id));
    }
    vec![
        ("mode", text(router, row.menu, Some(row), "mode")),
        ("active-ports", active.join(",")),
        ("inactive-ports", inactive.join(",")),
    ]
}

/// Two samples, as measured on a CHR; there is never anything newer.
fn updates(router: &Router, frame: u64) -> Frame {
    let version = router.settings.version.number().to_owned();
    let channel = router.setting("/system/package/update", "channel").unwrap_or_default();
    let mut row = vec![("channel", channel), ("installed-version", version.clone())];
    if frame == 0 {
        row.push(("status", "finding out latest version...".to_owned()));
        return Frame::Rows(vec![row]);
    }
    row.extend([("latest-version", version), ("status", "System is already up to date".to_owned())]);
    Frame::Last(vec![row])
}

fn check_route(router: &Router, request: &Request) -> Result<Answer, Trap> {
    let address = address(request, "dst-ip")?;
    Monitor::start(router, request, move |router, _| {
        let row = match derive::towards(router, address) {
            Some((interface, nexthop)) => {
                vec![("status", "ok".to_owned()), ("interface", interface), ("nexthop", nexthop)]
            }
            None => vec![("status", "failed".to_owned())],
        };
        Frame::Rows(vec![row])
    })
}

fn address(request: &Request, name: &str) -> Result<IpAddr, Trap> {
    let text = request.text(name).ok_or_else(|| Trap::with(ErrorId::Missing, name))?;
    text.parse().map_err(|_| Trap::with(ErrorId::InvalidValue, name))
}

pub(super) const TORCH: &[&str] = &[
    "as-value",
    "cpu",
    "dscp",
    "dst-address",
    "dst-address6",
    "duration",
    "freeze-frame-interval",
    "interface",
    "ip-protocol",
    "mac-protocol",
    "port",
    "proplist",
    "src-address",
    "src-address6",
    "vlan-id",
    "without-paging",
];

/// Nothing passes: every frame is empty.
pub(super) fn torch(router: &mut Router, _: &Caller, request: &Request, _: &mut Replies) -> Outcome {
    let begin = || {
        let interface = request.text("interface").ok_or_else(|| Trap::with(ErrorId::Missing, "interface"))?;
        item(router, &interface).ok_or_else(|| Trap::with(ErrorId::NoMatch, "interface"))?;
        Monitor::start(router, request, |_, _| Frame::Rows(vec![Vec::new()]))
    };
    begin().map_err(|trap| vec![trap])
}

pub(super) const TRACEROUTE: &[&str] = &[
    "address",
    "as-value",
    "count",
    "do-not-fragment",
    "dscp",
    "duration",
    "freeze-frame-interval",
    "interface",
    "max-hops",
    "port",
    "proplist",
    "protocol",
    "size",
    "src-address",
    "timeout",
    "use-dns",
    "vrf",
    "without-paging",
];

/// Whatever a route leads to is one hop away (assumption `ping`).
pub(super) fn traceroute(router: &mut Router, _: &Caller, request: &Request, _: &mut Replies) -> Outcome {
    let begin = || {
        let text = request.text("address").ok_or_else(|| Trap::with(ErrorId::Missing, "address"))?;
        let address: IpAddr = text.parse().map_err(|_| Trap::new(ErrorId::ResolveFailed))?;
        let count = match request.text("count") {
            None => None,
            Some(count) => {
                Some(count.parse::<u64>().map_err(|_| Trap::with(ErrorId::InvalidValue, "count"))?)
            }
        };
        Monitor::start(router, request, move |router, frame| {
            let sent = frame + 1;
            let mut hop = vec![("address", String::new()), ("loss", "100".to_owned())];
            if derive::answers(router, address) {
                hop = vec![("address", text.clone()), ("loss", "0".to_owned())];
            }
            hop.extend([("sent", sent.to_string()), ("status", String::new())]);
            let lost = hop[1].1 == "100";
            let rtt = |value: &str| if lost { "timeout".to_owned() } else { value.to_owned() };
            hop.extend([("last", rtt("0.3")), ("avg", rtt("0.3")), ("best", rtt("0.3"))]);
            hop.extend([("worst", rtt("0.3")), ("std-dev", rtt("0"))]);
            // Zero is no end.
            match count.filter(|count| *count > 0) {
                Some(count) if sent >= count => Frame::Last(vec![hop]),
                _ => Frame::Rows(vec![hop]),
            }
        })
    };
    begin().map_err(|trap| vec![trap])
}

/// `/queue/monitor`: nothing waits.
pub(super) fn queues(router: &mut Router, _: &Caller, request: &Request, _: &mut Replies) -> Outcome {
    let row = || vec![("queued-packets", "0".to_owned()), ("queued-bytes", "0".to_owned())];
    Monitor::start(router, request, move |_, _| Frame::Rows(vec![row()])).map_err(|trap| vec![trap])
}
