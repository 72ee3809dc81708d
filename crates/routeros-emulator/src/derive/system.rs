//! `/system`, `/log`, `/user/active`, `/safe-mode`.

use super::{DYNAMIC_ID, computed};
use crate::clock::{format_date, format_date_time, format_time};
use crate::schema::CompiledMenu;
use crate::state::{Caller, Router, Row};
use crate::value::{Names, Value, format_duration};

pub(super) fn field(router: &Router, menu: &CompiledMenu, name: &str) -> Option<Value> {
    match menu.path() {
        "/system/resource" => resource(router, name),
        "/system/routerboard" => routerboard(router, name),
        "/system/license" => match name {
            "system-id" => Some(Value::text(router.settings.system_id.clone())),
            "level" => Some(Value::fixed("p-unlimited")),
            "limited-upgrades" => Some(Value::bool(false)),
            _ => None,
        },
        // Nobody is there to ask for the time.
        "/system/ntp/client" => match name {
            "status" => {
                let on = router.setting(menu.path(), "enabled").as_deref() == Some("true");
                Some(Value::fixed(if on { "waiting" } else { "stopped" }))
            }
            "freq-drift" => Some(Value::fixed("0")),
            _ => None,
        },
        "/system/package/update" if name == "installed-version" => {
            Some(Value::fixed(router.settings.version.number()))
        }
        "/system/clock" => match name {
            "time" => Some(Value::text(format_time(router.now))),
            "date" => Some(Value::text(format_date(router.now))),
            _ => None,
        },
        _ => None,
    }
}

fn resource(router: &Router, name: &str) -> Option<Value> {
    let chr = router.is_chr();
    let pick = |virtual_one, board| Some(Value::fixed(if chr { virtual_one } else { board }));
    match name {
        "uptime" => {
            let up = (router.now - router.booted).max(0) as u64;
            Some(Value::text(format_duration(up - up % 1000)))
        }
        "version" => Some(Value::text(router.settings.version.long())),
        "build-time" => Some(Value::fixed("2026-01-20 10:00:00")),
        "factory-software" => pick("7.1", "7.1"),
        "free-memory" => pick("805306368", "15032385536"),
        "total-memory" => pick("1073741824", "16508780544"),
        "cpu" => pick("QEMU", "ARM64"),
        "cpu-count" => pick("2", "16"),
        "cpu-frequency" => pick("2400", "2000"),
        "cpu-load" => Some(Value::fixed("1")),
        "free-hdd-space" if router.flash_full => Some(Value::fixed("0")),
        "free-hdd-space" => pick("72351744", "86507520"),
        "total-hdd-space" => pick("93564928", "134217728"),
        "write-sect-since-reboot" => Some(Value::fixed("1024")),
        "write-sect-total" => Some(Value::fixed("4096")),
        "architecture-name" => pick("x86_64", "arm64"),
        "board-name" => pick("CHR QEMU Standard PC (i440FX + PIIX, 1996)", "CCR2116-12G-4S+"),
        "platform" => Some(Value::fixed("MikroTik")),
        _ => None,
    }
}

fn routerboard(router: &Router, name: &str) -> Option<Value> {
    match name {
        "routerboard" => Some(Value::bool(true)),
        "model" => Some(Value::fixed("CCR2116-12G-4S+")),
        "serial-number" => router.settings.board_serial.clone().map(Value::text),
        "firmware-type" => Some(Value::fixed("al64")),
        "factory-firmware" => Some(Value::fixed("7.1")),
        "current-firmware" | "upgrade-firmware" => Some(Value::fixed(router.settings.version.number())),
        _ => None,
    }
}

pub(super) fn log(router: &Router, menu: &CompiledMenu) -> Vec<Row> {
    router
        .log
        .lines()
        .map(|line| {
            computed(
                menu,
                line.id,
                &[
                    ("time", format_date_time(line.time)),
                    ("topics", line.topics.clone()),
                    ("message", line.message.clone()),
                    ("buffer", "memory".into()),
                    ("extra-info", String::new()),
                ],
            )
        })
        .collect()
}

/// Newest first, as the console lists it (assumption `history-texts`).
pub(super) fn history(router: &Router, menu: &CompiledMenu) -> Vec<Row> {
    let flag = |value: bool| value.to_string();
    router
        .history
        .entries()
        .iter()
        .rev()
        .map(|entry| {
            computed(
                menu,
                entry.id,
                &[
                    ("action", entry.action.clone()),
                    ("by", entry.by.clone()),
                    ("policy", "write".into()),
                    ("time", format_date_time(entry.time)),
                    ("undoable", flag(!entry.undone && !entry.floating)),
                    ("redoable", flag(entry.undone)),
                    ("floating-undo", flag(entry.floating)),
                ],
            )
        })
        .collect()
}

pub(super) fn active(router: &Router, menu: &CompiledMenu) -> Vec<Row> {
    router
        .sessions
        .iter()
        .map(|(id, session)| {
            let group = router
                .find("/user", session.user.as_bytes())
                .and_then(|id| router.row("/user", id))
                .and_then(|row| router.value_of(row, "group"))
                .and_then(Value::target)
                .and_then(|(space, id)| router.name_of(space, id))
                .unwrap_or_default();
            computed(
                menu,
                *id,
                &[
                    ("when", format_date_time(session.since)),
                    ("name", session.user.clone()),
                    ("address", session.address.clone()),
                    ("via", session.via.to_owned()),
                    ("group", String::from_utf8_lossy(group).into_owned()),
                ],
            )
        })
        .collect()
}

/// Since 7.19 `/ip/service` also lists connections, under the service's name (reference 4).
pub(super) fn connections(router: &Router, menu: &CompiledMenu) -> Vec<Row> {
    if router.minor() < 19 {
        return Vec::new();
    }
    router
        .sessions
        .iter()
        .map(|(id, session)| {
            let mut row = computed(
                menu,
                DYNAMIC_ID + id,
                &[
                    ("name", session.via.to_owned()),
                    ("port", "8728".into()),
                    ("proto", "tcp".into()),
                    ("connection", "true".into()),
                    ("local", "0.0.0.0".into()),
                    ("remote", session.address.clone()),
                    ("disabled", "false".into()),
                ],
            );
            row.dynamic = true;
            row
        })
        .collect()
}

/// `user` and `owner` are absent while nobody holds (reference 7.1).
pub(super) fn safe_mode(router: &Router, menu: &CompiledMenu, caller: &Caller) -> Row {
    let mut fields =
        vec![("enabled", router.hold.is_some().to_string()), ("current", router.holds(caller).to_string())];
    if let Some(hold) = &router.hold {
        fields.push(("user", hold.user.clone()));
        fields.push(("owner", hold.owner.clone()));
    }
    computed(menu, 0, &fields)
}
