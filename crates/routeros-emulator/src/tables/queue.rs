//! `/queue`.

use crate::errors::ErrorId;
use crate::schema::{Menu, Type, f, num, ro, time};

pub(super) fn menus() -> Vec<Menu> {
    vec![queue_simple(), queue_tree()]
}

/// `/queue/simple`.
fn queue_simple() -> Menu {
    Menu::list("/queue/simple").ordered().auto_name("queue").unique(&["name"], ErrorId::NameExists).fields([
        f("name", Type::Text),
        f("bucket-size", Type::Opaque).default("0.1/0.1"),
        f("burst-limit", Type::Opaque).default("0/0"),
        f("burst-threshold", Type::Opaque).default("0/0"),
        f("burst-time", Type::Opaque).default("0s/0s"),
        f("dst", Type::Opaque).unset(),
        f("limit-at", Type::Opaque).default("0/0"),
        f("max-limit", Type::Opaque).default("0/0"),
        f("packet-marks", Type::Opaque).default(""),
        f("parent", Type::Opaque).default("none"),
        f("priority", Type::Opaque).default("8/8"),
        f("queue", Type::Opaque).default("default-small/default-small"),
        f("target", Type::Opaque).mandatory().unset(),
        f("time", Type::Opaque).unset(),
        f("total-bucket-size", num(0, 4_294_967_295)),
        f("total-burst-limit", num(0, 4_294_967_295)),
        f("total-burst-threshold", num(0, 4_294_967_295)),
        f("total-burst-time", time()),
        f("total-limit-at", num(0, 4_294_967_295)),
        f("total-max-limit", num(0, 4_294_967_295)),
        f("total-priority", num(0, 4_294_967_295)),
        f("total-queue", Type::Opaque),
        f("comment", Type::Text),
        f("disabled", Type::Bool).default("false"),
        ro("bytes", Type::Text).default("0/0").volatile(),
        ro("dropped", Type::Text).default("0/0").volatile(),
        ro("dynamic", Type::Bool),
        ro("invalid", Type::Bool),
        ro("packet-rate", Type::Text).default("0/0").volatile(),
        ro("packets", Type::Text).default("0/0").volatile(),
        ro("pcq-queues", Type::Text),
        ro("queued-bytes", Type::Text).default("0/0").volatile(),
        ro("queued-packets", Type::Text).default("0/0").volatile(),
        ro("rate", Type::Text).default("0/0").volatile(),
        ro("total-bytes", num(0, i64::MAX)).default("0").volatile(),
        ro("total-dropped", num(0, i64::MAX)).default("0").volatile(),
        ro("total-packet-rate", num(0, i64::MAX)).default("0").volatile(),
        ro("total-packets", num(0, i64::MAX)).default("0").volatile(),
        ro("total-pcq-queues", num(0, i64::MAX)),
        ro("total-queued-bytes", num(0, i64::MAX)).default("0").volatile(),
        ro("total-queued-packets", num(0, i64::MAX)).default("0").volatile(),
        ro("total-rate", num(0, i64::MAX)).default("0").volatile(),
    ])
}

/// `/queue/tree`.
fn queue_tree() -> Menu {
    Menu::list("/queue/tree").auto_name("queue").unique(&["name"], ErrorId::NameExists).fields([
        f("name", Type::Text),
        f("bucket-size", Type::Opaque).default("0.1"),
        f("burst-limit", Type::Opaque).default("0"),
        f("burst-threshold", Type::Opaque).default("0"),
        f("burst-time", Type::Opaque).default("0s"),
        f("limit-at", Type::Opaque).default("0"),
        f("max-limit", Type::Opaque).default("0"),
        f("packet-mark", Type::Opaque).default(""),
        f("parent", Type::Opaque).mandatory(),
        f("priority", Type::Opaque).default("8"),
        f("queue", Type::Opaque).default("default-small"),
        f("comment", Type::Text),
        f("disabled", Type::Bool).default("false"),
        ro("bytes", num(0, i64::MAX)).default("0").volatile(),
        ro("dropped", num(0, i64::MAX)).default("0").volatile(),
        ro("invalid", Type::Bool),
        ro("packet-rate", num(0, i64::MAX)).default("0").volatile(),
        ro("packets", num(0, i64::MAX)).default("0").volatile(),
        ro("pcq-queues", num(0, i64::MAX)),
        ro("queued-bytes", num(0, i64::MAX)).default("0").volatile(),
        ro("queued-packets", num(0, i64::MAX)).default("0").volatile(),
        ro("rate", num(0, i64::MAX)).default("0").volatile(),
    ])
}
