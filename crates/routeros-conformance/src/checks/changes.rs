//! Adding, setting, unsetting, removing.

use routeros_client::{Command, TrapKind};

use crate::check::{Ending, same, that};
use crate::{Check, Lab, Need, Quality, Stop};

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "add.ret",
        source: "manual, API: add answers !done with =ret= and the new id, `*` and upper-case hexadecimal",
        quality: Quality::Manual,
        need: Need::Session,
        run: |lab| Box::pin(add_ret(lab)),
    },
    Check {
        name: "add.defaults",
        source: "command tree and real rows: properties not given get their defaults and are printed",
        quality: Quality::Measured,
        need: Need::Session,
        run: |lab| Box::pin(defaults(lab)),
    },
    Check {
        name: "set.bare-done",
        source: "centrs on 7.23: set and remove answer a bare !done, without !empty",
        quality: Quality::Measured,
        need: Need::PlainApi,
        run: |lab| Box::pin(set_bare_done(lab)),
    },
    Check {
        name: "set.all-or-nothing",
        source: "tf maintainers: a set with one bad argument changes nothing of its item",
        quality: Quality::Reported,
        need: Need::Session,
        run: |lab| Box::pin(all_or_nothing(lab)),
    },
    Check {
        name: "set.empty-comment",
        source: "manual, API: =name= sets an empty value; an empty comment is printed as none",
        quality: Quality::Measured,
        need: Need::Session,
        run: |lab| Box::pin(empty_comment(lab)),
    },
    Check {
        name: "set.exclamation",
        source: "community.routeros: =!name= in set clears a property that can be unset",
        quality: Quality::Measured,
        need: Need::Session,
        run: |lab| Box::pin(exclamation(lab)),
    },
    Check {
        name: "unset",
        source: "command tree: unset with value-name clears one property",
        quality: Quality::Tree,
        need: Need::Session,
        run: |lab| Box::pin(unset(lab)),
    },
    Check {
        name: "enable-disable",
        source: "command tree: list menus have enable and disable",
        quality: Quality::Tree,
        need: Need::Session,
        run: |lab| Box::pin(enable_disable(lab)),
    },
    Check {
        name: "comment.command",
        source: "command tree: list menus have comment",
        quality: Quality::Tree,
        need: Need::Session,
        run: |lab| Box::pin(comment(lab)),
    },
    Check {
        name: "remove",
        source: "manual, API: remove takes an id; the row is gone and a second remove finds nothing",
        quality: Quality::Manual,
        need: Need::Session,
        run: |lab| Box::pin(remove(lab)),
    },
    Check {
        name: "remove.several",
        source: "manual, API: several items are separated by commas",
        quality: Quality::Assumed,
        need: Need::Session,
        run: |lab| Box::pin(several(lab)),
    },
];

const MENU: &str = "/ip/firewall/address-list";
const FILTER: &str = "/ip/firewall/filter";

async fn entry(lab: &mut Lab, address: &str) -> Result<String, Stop> {
    let list = lab.name("list");
    lab.add(MENU, &[("list", &list), ("address", address), ("comment", "first")]).await
}

/// A disabled rule in a chain that nothing jumps to.
async fn rule(lab: &mut Lab) -> Result<String, Stop> {
    let chain = lab.name("chain");
    let fields = [("chain", chain.as_str()), ("action", "accept"), ("disabled", "yes")];
    lab.add(FILTER, &[&fields[..], &[("src-address", "192.0.2.1")]].concat()).await
}

async fn add_ret(lab: &mut Lab) -> Ending {
    let id = entry(lab, "192.0.2.1").await?;
    let digits = id.strip_prefix('*').unwrap_or_default();
    let hex = |byte: u8| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte);
    that(!digits.is_empty() && digits.bytes().all(hex), || format!("ret is {id}"))?;
    that(lab.row(MENU, &id).await?.is_some(), || format!("there is no row {id}"))
}

async fn defaults(lab: &mut Lab) -> Ending {
    let (bridge, vlan) = (lab.name("br"), lab.name("v"));
    lab.add("/interface/bridge", &[("name", &bridge)]).await?;
    let fields = [("name", vlan.as_str()), ("interface", &bridge), ("vlan-id", "7")];
    let id = lab.add("/interface/vlan", &fields).await?;
    for (property, value) in [("mtu", "1500"), ("use-service-tag", "false"), ("disabled", "false")] {
        same(property, lab.value("/interface/vlan", &id, property).await?.as_deref(), Some(value))?;
    }
    Ok(())
}

async fn set_bare_done(lab: &mut Lab) -> Ending {
    let id = entry(lab, "192.0.2.1").await?;
    let mut raw = lab.raw().await?;
    let target = format!("=.id={id}");
    raw.send(&["/ip/firewall/address-list/set", &target, "=comment=second"]).await?;
    same("set", raw.words().await?, vec!["!done".to_owned()])?;
    raw.send(&["/ip/firewall/address-list/remove", &target]).await?;
    same("remove", raw.words().await?, vec!["!done".to_owned()])
}

async fn all_or_nothing(lab: &mut Lab) -> Ending {
    let id = entry(lab, "192.0.2.1").await?;
    let fields = [("comment", "second"), ("disabled", "perhaps")];
    let set = lab.command(MENU, "set", &fields).id(&id);
    lab.refusal(set).await?;
    same("comment", lab.value(MENU, &id, "comment").await?.as_deref(), Some("first"))
}

async fn empty_comment(lab: &mut Lab) -> Ending {
    let id = entry(lab, "192.0.2.1").await?;
    lab.set(MENU, &id, &[("comment", "")]).await?;
    same("comment", lab.value(MENU, &id, "comment").await?.unwrap_or_default().as_str(), "")
}

async fn exclamation(lab: &mut Lab) -> Ending {
    let id = rule(lab).await?;
    same("before", lab.value(FILTER, &id, "src-address").await?.as_deref(), Some("192.0.2.1"))?;
    lab.run(Command::new(format!("{FILTER}/set")).id(&id).unset("src-address")).await?;
    same("after", lab.value(FILTER, &id, "src-address").await?, None)
}

async fn unset(lab: &mut Lab) -> Ending {
    let id = rule(lab).await?;
    lab.run(Command::new(format!("{FILTER}/unset")).id(&id).attr("value-name", "src-address")).await?;
    same("after", lab.value(FILTER, &id, "src-address").await?, None)
}

async fn enable_disable(lab: &mut Lab) -> Ending {
    let id = entry(lab, "192.0.2.1").await?;
    for (verb, disabled) in [("disable", "true"), ("enable", "false")] {
        lab.run(Command::new(format!("{MENU}/{verb}")).id(&id)).await?;
        same(verb, lab.value(MENU, &id, "disabled").await?.as_deref(), Some(disabled))?;
    }
    Ok(())
}

async fn comment(lab: &mut Lab) -> Ending {
    let id = entry(lab, "192.0.2.1").await?;
    lab.run(Command::new(format!("{MENU}/comment")).attr("numbers", &id).attr("comment", "second")).await?;
    same("comment", lab.value(MENU, &id, "comment").await?.as_deref(), Some("second"))
}

async fn remove(lab: &mut Lab) -> Ending {
    let id = entry(lab, "192.0.2.1").await?;
    lab.remove(MENU, &id).await?;
    that(lab.row(MENU, &id).await?.is_none(), || format!("{id} is still there"))?;
    let again = Command::new(format!("{MENU}/remove")).id(&id);
    same("second remove", lab.refusal(again).await?.kind, TrapKind::MissingItem)
}

async fn several(lab: &mut Lab) -> Ending {
    let first = entry(lab, "192.0.2.1").await?;
    let second = entry(lab, "192.0.2.2").await?;
    lab.remove(MENU, &format!("{first},{second}")).await?;
    let left = (lab.row(MENU, &first).await?, lab.row(MENU, &second).await?);
    same("rows left", left, (None, None))
}
