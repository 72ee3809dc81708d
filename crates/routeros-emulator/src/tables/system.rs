//! `/system`.

use crate::errors::ErrorId;
use crate::schema::{Menu, Type, date, enum_of, f, num, ro, set_of, time, words};
use crate::value::{POLICIES, SCRIPT_POLICIES};

pub(super) fn menus() -> Vec<Menu> {
    vec![
        identity(),
        resource(),
        routerboard(),
        license(),
        clock(),
        scheduler(),
        script(),
        history(),
        device_mode(),
        package(),
        package_update(),
    ]
}

fn identity() -> Menu {
    Menu::singleton("/system/identity").fields([f("name", Type::Text).default("MikroTik")])
}

fn resource() -> Menu {
    Menu::singleton("/system/resource")
        .read_only()
        .fields([
            ro("uptime", time()).volatile(),
            ro("version", Type::Text),
            ro("build-time", Type::Text),
            ro("factory-software", Type::Text),
            ro("free-memory", num(0, i64::MAX)).volatile(),
            ro("total-memory", num(0, i64::MAX)),
            ro("cpu", Type::Text),
            ro("cpu-count", num(0, 1024)),
            ro("cpu-frequency", num(0, 100_000)),
            ro("cpu-load", num(0, 100)).volatile(),
            ro("free-hdd-space", num(0, i64::MAX)).volatile(),
            ro("total-hdd-space", num(0, i64::MAX)),
            ro("write-sect-since-reboot", num(0, i64::MAX)).volatile(),
            ro("write-sect-total", num(0, i64::MAX)).volatile(),
            ro("architecture-name", Type::Text),
            ro("board-name", Type::Text),
            ro("platform", Type::Text),
        ])
        .monitor("monitor", &[])
}

/// Absent on CHR (reference 4: `no such command prefix`).
fn routerboard() -> Menu {
    Menu::singleton("/system/routerboard").hardware().read_only().fields([
        ro("routerboard", Type::Bool),
        ro("model", Type::Text),
        ro("serial-number", Type::Text),
        ro("firmware-type", Type::Text),
        ro("factory-firmware", Type::Text),
        ro("current-firmware", Type::Text),
        ro("upgrade-firmware", Type::Text),
    ])
}

fn license() -> Menu {
    Menu::singleton("/system/license").read_only().fields([
        ro("system-id", Type::Text),
        ro("level", Type::Text),
        ro("limited-upgrades", Type::Bool),
    ])
}

fn clock() -> Menu {
    Menu::singleton("/system/clock").no_undo().fields([
        f("time", date()).volatile(),
        f("date", date()).volatile(),
        f("time-zone-autodetect", Type::Bool).default("true"),
        f("time-zone-name", Type::Text).default("UTC"),
        ro("gmt-offset", Type::Text).default("+00:00"),
        ro("dst-active", Type::Bool).default("false"),
    ])
}

fn scheduler() -> Menu {
    Menu::list("/system/scheduler")
        .auto_name("schedule")
        .unique(&["name"], ErrorId::NameExists)
        .fields([
            f("name", Type::Text),
            f("start-date", date()),
            f("start-time", words(&["startup"], date())),
            f("interval", time()).default("0s"),
            f("on-event", Type::Text).default(""),
            f("policy", set_of(POLICIES)),
            f("days", Type::Opaque).since(24),
            ro("owner", Type::Text),
            ro("run-count", num(0, i64::MAX)).default("0").volatile(),
            ro("next-run", date()).volatile(),
        ])
        .comment_and_disabled()
}

fn script() -> Menu {
    Menu::list("/system/script")
        .auto_name("script")
        .unique(&["name"], ErrorId::NameExists)
        .fields([
            f("name", Type::Text),
            f("owner", Type::Text),
            f("policy", set_of(SCRIPT_POLICIES)),
            f("dont-require-permissions", Type::Bool).default("false"),
            f("source", Type::Text).default(""),
            ro("last-started", date()).volatile(),
            ro("run-count", num(0, i64::MAX)).default("0").volatile(),
            ro("invalid", Type::Bool).default("false"),
        ])
        .comment()
        .command("run", &["number", ".id", "use-script-permissions"])
}

fn history() -> Menu {
    Menu::list("/system/history").read_only().fields([
        ro("action", Type::Text),
        ro("by", Type::Text),
        ro("policy", Type::Text),
        ro("time", date()),
        ro("undoable", Type::Bool),
        ro("redoable", Type::Bool),
        ro("floating-undo", Type::Bool),
    ])
}

fn device_mode() -> Menu {
    let switches = [
        "bandwidth-test",
        "container",
        "email",
        "fetch",
        "hotspot",
        "ipsec",
        "l2tp",
        "pptp",
        "proxy",
        "romon",
        "scheduler",
        "smb",
        "sniffer",
        "socks",
        "traffic-gen",
        "zerotier",
        "install-any-version",
        "partitions",
        "routerboard",
    ];
    Menu::singleton("/system/device-mode")
        .read_only()
        .fields([
            ro("mode", Type::Text).default("advanced"),
            ro("allowed-versions", Type::Text).default("7.13+,6.49.8+"),
            ro("flagged", Type::Bool).default("false"),
            ro("flagging-enabled", Type::Bool).default("true"),
            ro("attempt-count", num(0, 100)).default("0"),
        ])
        .fields(switches.map(|name| ro(name, Type::Bool).default("true")))
}

fn package() -> Menu {
    Menu::list("/system/package")
        .read_only()
        .fields([
            ro("name", Type::Text),
            ro("version", Type::Text),
            ro("build-time", Type::Text),
            ro("scheduled", Type::Text).default(""),
            ro("disabled", Type::Bool).default("false"),
            ro("available", Type::Bool).default("false"),
            ro("size", num(0, i64::MAX)),
        ])
        .command_since(18, "apply-changes", &["ignore-missing"])
}

/// `/system/package/update`.
fn package_update() -> Menu {
    Menu::singleton("/system/package/update")
        .fields([
            f("channel", enum_of(&["development", "long-term", "stable", "testing"])).default("stable"),
            f("check-certificate", Type::Bool).since(23),
            f("ip-version", Type::Opaque).since(23),
            f("mode", Type::Opaque).since(23),
            ro("installed-version", Type::Text),
            ro("latest-version", Type::Text),
            ro("status", Type::Text),
        ])
        .command("cancel", &["as-value"])
        .monitor("check-for-updates", &[])
        .monitor("download", &["ignore-missing"])
        .monitor("install", &["ignore-missing"])
}
