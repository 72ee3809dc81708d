//! Logging, time, watching, user settings.

use super::shared::VRFS;
use crate::errors::ErrorId;
use crate::schema::{
    Menu, Secret, Type, enum_of, f, list_of, not, num, ref_to, refs_to, ro, time, time_between,
};

pub(super) fn menus() -> Vec<Menu> {
    vec![
        logging(),
        logging_action(),
        note(),
        ntp_client(),
        ntp_client_servers(),
        ntp_server(),
        netwatch(),
        user_settings(),
        user_aaa(),
        user_ssh_keys(),
    ]
}

/// `/system/logging`.
fn logging() -> Menu {
    Menu::list("/system/logging").fields([
        f("action", ref_to(&["/system/logging/action"], &[])).default("memory"),
        f("prefix", Type::Text).default(""),
        f("regex", Type::Text).default("").since(18),
        f("topics", list_of(not(Type::Text))).default("info"),
        f("comment", Type::Text).since(22),
        f("disabled", Type::Bool).default("false"),
        ro("default", Type::Bool),
        ro("invalid", Type::Bool),
    ])
}

/// `/system/logging/action`.
fn logging_action() -> Menu {
    Menu::list("/system/logging/action").unique(&["name"], ErrorId::NameExists).fields([
        f("name", Type::Text).mandatory(),
        f("add-topics-string", Type::Bool).since(22),
        f("bsd-syslog", Type::Opaque).until(18),
        f("cef-event-delimiter", Type::Text).since(18),
        f("check-certificate", Type::Bool).since(23),
        f("disk-file-count", num(0, 4_294_967_295)),
        f("disk-file-name", Type::Text),
        f("disk-lines-per-file", num(0, 4_294_967_295)),
        f("disk-stop-on-full", Type::Bool),
        f("email-cc", Type::Text).since(23),
        f("email-start-tls", Type::Bool),
        f("email-to", Type::Text),
        f("memory-lines", num(0, 4_294_967_295)),
        f("memory-stop-on-full", Type::Bool),
        f("remember", Type::Bool),
        f("remote", Type::Text),
        f("remote-log-format", enum_of(&["default", "syslog", "cef"])).since(18),
        f("remote-port", num(0, 4_294_967_295)),
        f("remote-protocol", enum_of(&["udp", "tcp"])).since(18),
        f("script", Type::Text).since(22),
        f("src-address", Type::Ip),
        f(
            "syslog-facility",
            enum_of(&[
                "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron",
                "authpriv", "ftp", "ntp", "local0", "local1", "local2", "local3", "local4", "local5",
                "local6", "local7",
            ]),
        ),
        f(
            "syslog-severity",
            enum_of(&[
                "auto",
                "emergency",
                "alert",
                "critical",
                "error",
                "warning",
                "notice",
                "info",
                "debug",
            ]),
        ),
        f("syslog-time-format", enum_of(&["bsd-syslog", "iso8601"])),
        f("target", enum_of(&["memory", "disk", "echo", "remote", "email"])).mandatory().until(22),
        f("target", enum_of(&["memory", "disk", "echo", "remote", "email", "script"])).mandatory().since(22),
        f("vrf", ref_to(VRFS, &["main"])).since(19),
        f("comment", Type::Text),
        ro("default", Type::Bool),
    ])
}

/// `/system/note`.
fn note() -> Menu {
    Menu::singleton("/system/note").fields([
        f("note", Type::Text).default(""),
        f("show-at-cli-login", Type::Bool).default("false"),
        f("show-at-login", Type::Bool).default("true"),
    ])
}

/// `/system/ntp/client`.
fn ntp_client() -> Menu {
    Menu::singleton("/system/ntp/client").fields([
        f("enabled", Type::Bool).default("false"),
        f("mode", enum_of(&["unicast", "broadcast", "multicast", "manycast"])).default("unicast"),
        f("servers", list_of(Type::Text)).default(""),
        f("vrf", ref_to(VRFS, &["main"])).default("main"),
        ro("freq-drift", num(0, i64::MAX)),
        ro("status", Type::Text),
        ro("synced-server", Type::Text),
        ro("synced-stratum", num(0, i64::MAX)),
        ro("system-offset", num(0, i64::MAX)),
    ])
}

/// `/system/ntp/client/servers`.
fn ntp_client_servers() -> Menu {
    Menu::list("/system/ntp/client/servers").fields([
        f("address", Type::Text).mandatory(),
        f("auth-key", enum_of(&["none"])),
        f("iburst", Type::Bool),
        f("max-poll", num(0, 4_294_967_295)),
        f("min-poll", num(0, 4_294_967_295)),
        f("comment", Type::Text),
        f("disabled", Type::Bool).default("false"),
        ro("dynamic", Type::Bool),
        ro("resolved-address", Type::Text),
    ])
}

/// `/system/ntp/server`.
fn ntp_server() -> Menu {
    Menu::singleton("/system/ntp/server").fields([
        f("auth-key", enum_of(&["none"])).default("none"),
        f("broadcast", Type::Bool).default("false"),
        f("broadcast-addresses", Type::Opaque).default(""),
        f("enabled", Type::Bool).default("false"),
        f("local-clock-stratum", num(0, 4_294_967_295)).default("5"),
        f("manycast", Type::Bool).default("false"),
        f("multicast", Type::Bool).default("false"),
        f("use-local-clock", Type::Bool).default("false"),
        f("vrf", ref_to(VRFS, &["main"])).default("main"),
    ])
}

/// `/tool/netwatch`.
fn netwatch() -> Menu {
    Menu::list("/tool/netwatch").fields([
        f("name", Type::Text),
        f("accept-icmp-time-exceeded", Type::Bool).unset(),
        f("certificate", ref_to(&["/certificate"], &["none"])).unset(),
        f("check-certificate", Type::Bool).unset(),
        f("dns-server", Type::Ip).unset(),
        f("down-script", Type::Text).unset(),
        f("early-failure-detection", Type::Bool).unset().since(20),
        f("early-success-detection", Type::Bool).unset().since(20),
        f("host", Type::Text).mandatory(),
        f("http-codes", Type::Text).unset(),
        f("ignore-initial-down", Type::Bool).unset().since(18),
        f("ignore-initial-up", Type::Bool).unset().since(18),
        f("interval", time_between(1000, 42949672950)).unset(),
        f("packet-count", num(0, 4_294_967_295)).unset(),
        f("packet-interval", time_between(20, 42949672950)).unset(),
        f("packet-size", num(0, 4_294_967_295)).unset(),
        f("port", num(0, 65535)).unset(),
        f("record-type", enum_of(&["A", "AAAA", "MX", "NS"])).unset(),
        f("src-address", Type::Ip).unset(),
        f("start-delay", time_between(0, 3600000)).unset(),
        f("startup-delay", time_between(0, 3600000)).unset(),
        f("test-script", Type::Text).unset(),
        f("thr-avg", time()).unset(),
        f("thr-http-time", time()).unset(),
        f("thr-jitter", time()).unset(),
        f("thr-loss-count", num(0, 4_294_967_295)).unset(),
        f("thr-loss-percent", Type::Opaque).unset(),
        f("thr-max", time()).unset(),
        f("thr-stdev", time()).unset(),
        f("thr-tcp-conn-time", time_between(0, 30000)).unset(),
        f("timeout", time_between(10, 2419200000)).unset(),
        f("ttl", num(0, 4_294_967_295)).unset(),
        f("type", enum_of(&["simple", "icmp", "tcp-conn", "http-get", "https-get", "dns"])).default("simple"),
        f("up-script", Type::Text).unset(),
        f("comment", Type::Text),
        f("disabled", Type::Bool).default("false"),
        ro("done-tests", num(0, i64::MAX)),
        ro("failed-tests", num(0, i64::MAX)),
        ro("http-resp-time", time()),
        ro("http-status-code", num(0, i64::MAX)),
        ro("ip", Type::Text),
        ro("ip6", Type::Text),
        ro("loss-count", num(0, i64::MAX)).volatile(),
        ro("loss-percent", num(0, i64::MAX)),
        ro("mail-servers", Type::Text),
        ro("name-servers", Type::Text),
        ro("response-count", num(0, i64::MAX)).volatile(),
        ro("rtt-avg", time()),
        ro("rtt-jitter", time()),
        ro("rtt-max", time()),
        ro("rtt-min", time()),
        ro("rtt-stdev", time()),
        ro("sent-count", num(0, i64::MAX)).volatile(),
        ro("since", Type::Text),
        ro("status", Type::Text).default("unknown"),
        ro("tcp-connect-time", time()),
    ])
}

/// `/user/settings`.
fn user_settings() -> Menu {
    Menu::singleton("/user/settings").fields([
        f("minimum-categories", num(0, 4_294_967_295)).default("0"),
        f("minimum-password-length", num(0, 4_294_967_295)).default("0"),
    ])
}

/// `/user/aaa`.
fn user_aaa() -> Menu {
    Menu::singleton("/user/aaa").fields([
        f("accounting", Type::Bool).default("true"),
        f("default-group", ref_to(&["/user/group"], &[])).default("read"),
        f("exclude-groups", refs_to(&["/user/group"], &[])).default(""),
        f("interim-update", time()).default("0s"),
        f("use-radius", Type::Bool).default("false"),
    ])
}

/// `/user/ssh-keys`.
fn user_ssh_keys() -> Menu {
    Menu::list("/user/ssh-keys").read_only().fields([
        f("key", Type::Text).secret(Secret::Sensitive).add_only(),
        f("user", ref_to(&["/user"], &[])).add_only(),
        f("comment", Type::Text).add_only(),
    ])
}
