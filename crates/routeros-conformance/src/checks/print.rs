//! What `print` answers.

use routeros_client::{Command, TrapKind};

use crate::check::{Ending, same, that};
use crate::{Check, Lab, Need, Quality};

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "print.empty",
        source: "change log of 7.18: a query that matches nothing is answered by !empty, then !done; before, only !done",
        quality: Quality::Manual,
        need: Need::PlainApi,
        run: |lab| Box::pin(empty(lab)),
    },
    Check {
        name: "print.proplist",
        source: "manual, API: .proplist limits properties, .id must be listed to be there",
        quality: Quality::Manual,
        need: Need::Session,
        run: |lab| Box::pin(proplist(lab)),
    },
    Check {
        name: "print.proplist-unknown",
        source: "tik4net: on 7.x an unknown name in .proplist is ignored, those after it are not",
        quality: Quality::Measured,
        need: Need::Session,
        run: |lab| Box::pin(proplist_unknown(lab)),
    },
    Check {
        name: "print.bare-row",
        source: "librouteros: a row with none of the listed properties is a bare !re",
        quality: Quality::Measured,
        need: Need::Session,
        run: |lab| Box::pin(bare_row(lab)),
    },
    Check {
        name: "print.count-only",
        source: "mktxp: count-only answers =ret=N and no row, and honours queries",
        quality: Quality::Measured,
        need: Need::Session,
        run: |lab| Box::pin(count_only(lab)),
    },
    Check {
        name: "print.getall",
        source: "manual, API: getall is another word for print",
        quality: Quality::Manual,
        need: Need::Session,
        run: |lab| Box::pin(getall(lab)),
    },
    Check {
        name: "print.singleton",
        source: "command tree: /system/identity has one row, without .id",
        quality: Quality::Tree,
        need: Need::Session,
        run: |lab| Box::pin(singleton(lab)),
    },
    Check {
        name: "print.booleans",
        source: "centrs on 7.23: booleans come as true and false, whichever way they were given",
        quality: Quality::Measured,
        need: Need::Session,
        run: |lab| Box::pin(booleans(lab)),
    },
    Check {
        name: "print.bytes",
        source: "several clients: a comment is bytes and comes back as it was written",
        quality: Quality::Measured,
        need: Need::Session,
        run: |lab| Box::pin(bytes(lab)),
    },
    Check {
        name: "print.chr-without-board",
        source: "users' reports: a CHR has no /system/routerboard and says `no such command prefix`",
        quality: Quality::Measured,
        need: Need::Session,
        run: |lab| Box::pin(without_board(lab)),
    },
];

const MENU: &str = "/ip/firewall/address-list";

async fn entry(lab: &mut Lab) -> Result<(String, String), crate::Stop> {
    let list = lab.name("list");
    let id = lab.add(MENU, &[("list", &list), ("address", "192.0.2.1")]).await?;
    Ok((list, id))
}

async fn empty(lab: &mut Lab) -> Ending {
    let query = format!("?list={}", lab.name("none"));
    let mut raw = lab.raw().await?;
    raw.send(&["/ip/firewall/address-list/print", &query]).await?;
    let words: Vec<_> = raw.until_done().await?.into_iter().flatten().collect();
    let expected = if lab.since(18) { vec!["!empty", "!done"] } else { vec!["!done"] };
    same("answer", words, expected.into_iter().map(str::to_owned).collect())
}

async fn proplist(lab: &mut Lab) -> Ending {
    let (list, id) = entry(lab).await?;
    for (names, count) in [(vec!["address"], 1), (vec![".id", "list", "address"], 3)] {
        let print = Command::new(format!("{MENU}/print")).proplist(names).equal("list", &list);
        let rows = lab.run(print).await?.rows;
        same("properties", rows.iter().map(|row| row.iter().count()).collect(), vec![count])?;
        same(".id", rows[0].id(), (count == 3).then_some(id.as_str()))?;
    }
    Ok(())
}

async fn proplist_unknown(lab: &mut Lab) -> Ending {
    let (list, _) = entry(lab).await?;
    let print = Command::new(format!("{MENU}/print")).proplist(["list", "no-such", "address"]);
    let rows = lab.run(print.equal("list", &list)).await?.rows;
    same("properties", rows.iter().map(|row| row.iter().count()).collect(), vec![2])
}

async fn bare_row(lab: &mut Lab) -> Ending {
    let (list, _) = entry(lab).await?;
    let print = Command::new(format!("{MENU}/print")).proplist(["comment"]).equal("list", &list);
    let rows = lab.run(print).await?.rows;
    same("rows", rows.len(), 1)?;
    that(rows[0].is_empty(), || format!("the row has {:?}", rows[0]))
}

async fn count_only(lab: &mut Lab) -> Ending {
    let (list, _) = entry(lab).await?;
    let second = [("list", list.as_str()), ("address", "192.0.2.2")];
    lab.add(MENU, &second).await?;
    let count = Command::new(format!("{MENU}/print")).flag("count-only").equal("list", &list);
    let reply = lab.run(count).await?;
    same("rows", reply.rows.len(), 0)?;
    same("ret", reply.ret(), Some("2"))
}

async fn getall(lab: &mut Lab) -> Ending {
    let (list, id) = entry(lab).await?;
    let rows = lab.run(Command::new(format!("{MENU}/getall")).equal("list", &list)).await?.rows;
    same("ids", rows.iter().filter_map(|row| row.id()).collect(), vec![id.as_str()])
}

async fn singleton(lab: &mut Lab) -> Ending {
    let reply = lab.run("/system/identity/print").await?;
    same("rows", reply.rows.len(), 1)?;
    same(".id", reply.rows[0].id(), None)?;
    same("name", reply.rows[0].text("name").as_deref(), Some(lab.facts().identity.as_str()))
}

async fn booleans(lab: &mut Lab) -> Ending {
    let (_, id) = entry(lab).await?;
    for (given, back) in [("yes", "true"), ("no", "false"), ("true", "true"), ("false", "false")] {
        lab.set(MENU, &id, &[("disabled", given)]).await?;
        same(given, lab.value(MENU, &id, "disabled").await?.as_deref(), Some(back))?;
    }
    Ok(())
}

async fn bytes(lab: &mut Lab) -> Ending {
    let (_, id) = entry(lab).await?;
    for comment in ["= a=b ?#| =.id=*1 \"quoted\" \\".as_bytes(), "späť".as_bytes(), b"caf\xe9 \x8a"] {
        lab.run(Command::new(format!("{MENU}/set")).id(&id).attr("comment", comment)).await?;
        let row = lab.row(MENU, &id).await?;
        same("comment", row.as_ref().and_then(|row| row.bytes("comment")), Some(comment))?;
    }
    Ok(())
}

async fn without_board(lab: &mut Lab) -> Ending {
    if !lab.facts().board.starts_with("CHR") {
        return Err(crate::Stop::Skipped(format!("{} is no CHR", lab.facts().board)));
    }
    let trap = lab.refusal("/system/routerboard/print".into()).await?;
    same("kind", trap.kind, TrapKind::NoSuchCommand)?;
    that(trap.message.starts_with("no such command"), || trap.message.clone())
}
