"""librouteros on the emulator: queries, adding, changing, removing, and its configuration helper."""

import os
import time

import librouteros
from librouteros.exceptions import TrapError
from librouteros.query import And, Key, Or

PORT = int(os.environ["ROUTER_PORT"])
NAME, LIST, ADDRESS, COMMENT = Key("name"), Key("list"), Key("address"), Key("comment")


def connect():
    return librouteros.connect(host="127.0.0.1", port=PORT, username="admin", password="secret", encoding="utf-8")


def refused(text, call):
    try:
        call()
    except TrapError as trap:
        assert text in str(trap), f"{text!r} is not in {str(trap)!r}"
    else:
        raise AssertionError(f"not refused with {text!r}")


def rows(api):
    identity = tuple(api("/system/identity/print"))
    assert len(identity) == 1 and identity[0]["name"] == "MikroTik", identity
    resource = next(iter(api("/system/resource/print")))
    assert str(resource["version"]).startswith("7."), resource

    lists = api.path("ip", "firewall", "address-list")
    ids = [
        lists.add(list="lrc", address=f"192.0.2.{n}", comment=f"number {n}", disabled=n % 2 == 0) for n in range(1, 6)
    ]
    assert all(item.startswith("*") for item in ids), ids
    assert len(tuple(lists)) == 5

    def found(*query):
        return [row["address"] for row in lists.select(ADDRESS).where(*query)]

    assert found(ADDRESS == "192.0.2.3") == ["192.0.2.3"]
    assert found(And(LIST == "lrc", COMMENT == "number 2")) == ["192.0.2.2"]
    assert found(Or(COMMENT == "number 1", COMMENT == "number 4")) == ["192.0.2.1", "192.0.2.4"]
    assert found(Key("disabled") == True) == ["192.0.2.2", "192.0.2.4"]  # noqa: E712
    assert found(COMMENT != "number 1") == [f"192.0.2.{n}" for n in range(2, 6)]
    assert found(COMMENT.In("number 5", "number 2", "number 3")) == ["192.0.2.2", "192.0.2.3", "192.0.2.5"]
    assert found(LIST == "nobody's") == []
    row = next(iter(lists.select(Key(".id"), Key("disabled"), ADDRESS).where(ADDRESS == "192.0.2.1")))
    assert row == {".id": ids[0], "disabled": False, "address": "192.0.2.1"}, row

    lists.update(**{".id": ids[0], "comment": "ěšč"})
    assert [row["comment"] for row in lists.select(COMMENT).where(ADDRESS == "192.0.2.1")] == ["ěšč"]
    refused("already have such entry", lambda: lists.add(list="lrc", address="192.0.2.1"))
    refused("unknown parameter", lambda: lists.add(list="lrc", adress="192.0.2.9"))
    lists.remove(*ids)
    assert tuple(lists) == ()
    refused("no such item", lambda: lists.update(**{".id": ids[0], "comment": "x"}))
    refused("no such command", lambda: tuple(api("/ip/frobnicate/print")))

    bridge = api.path("interface", "bridge").add(name="lrbr", **{"vlan-filtering": False})
    vlans = api.path("interface", "vlan")
    for number in (9, 10, 100):
        vlans.add(name=f"lr{number}", interface="lrbr", **{"vlan-id": number})
    below = [row["name"] for row in vlans.select(NAME).where(Key("vlan-id") < 100)]
    assert below == ["lr9", "lr10"], below
    vlans.remove("lr9", "lr10", "lr100")
    api.path("interface", "bridge").remove(bridge)


def ordered(api):
    rules = api.path("ip", "firewall", "filter")
    a = rules.add(chain="lrc", action="accept", comment="a")
    b = rules.add(chain="lrc", action="drop", comment="b")
    c = rules.add(chain="lrc", action="accept", comment="c", **{"place-before": a})

    def order():
        return "".join(row["comment"] for row in rules.select(COMMENT).where(Key("chain") == "lrc"))

    assert order() == "cab", order()
    tuple(rules("move", numbers=b, destination=c))
    assert order() == "bca", order()
    rules.remove(a, b, c)


def wrong_password():
    refused(
        "invalid user name or password",
        lambda: librouteros.connect(host="127.0.0.1", port=PORT, username="admin", password="x"),
    )


def configuration(api):
    config = api.config()
    api.path("ip", "pool").add(name="lrpool", ranges="192.0.2.10-192.0.2.20")
    before = config.export()
    assert "/ip pool" in before and "lrpool" in before, before
    assert "lrpool" in config.export(path="ip/pool")
    assert config.compare(before) == ""

    config.apply('/ip pool add name=lrtwo ranges=192.0.2.30-192.0.2.40\n')
    names = [row["name"] for row in api.path("ip", "pool").select(NAME)]
    assert names == ["lrpool", "lrtwo"], names
    assert "-" in config.compare(before)
    config.validate('/ip pool add name=lrthree ranges=192.0.2.50-192.0.2.60\n')
    assert len(tuple(api.path("ip", "pool"))) == 2, "a dry run changed something"
    try:
        config.apply("/ip pool frobnicate\n")
    except TrapError:
        pass
    else:
        raise AssertionError("a script that cannot be read was imported")
    assert tuple(api.path("file").select(NAME).where(NAME == "librouteros-import.rsc")) == ()

    config.arm_rollback(600)
    assert config.rollback_pending() and config.backup_exists("librouteros-rollback")
    config.cancel_rollback()
    assert not config.rollback_pending() and not config.backup_exists("librouteros-rollback")

    config.backup_save("lrsaved")
    api.path("ip", "pool").remove("lrtwo", "lrpool")
    try:
        config.backup_load("lrsaved")
    except (librouteros.exceptions.LibRouterosError, OSError):
        pass  # The router goes down under the command.
    for attempt in range(100):
        try:
            api = connect()
            break
        except (librouteros.exceptions.LibRouterosError, OSError):
            time.sleep(0.1)
    names = [row["name"] for row in api.path("ip", "pool").select(NAME)]
    assert names == ["lrpool", "lrtwo"], f"the backup did not bring them back: {names}"
    api.path("ip", "pool").remove("lrtwo", "lrpool")
    return api


def main():
    wrong_password()
    api = connect()
    rows(api)
    ordered(api)
    api = configuration(api)
    api.close()
    print("librouteros", "done")


main()
