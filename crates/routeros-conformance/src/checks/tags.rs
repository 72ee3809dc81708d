//! Framing, tags, cancelling.

use std::collections::BTreeMap;

use crate::check::{Ending, same, that};
use crate::{Check, Lab, Need, Quality};

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "framing.lengths",
        source: "manual, API: words of 0x80 and 0x4000 bytes and more have two and three bytes of length",
        quality: Quality::Manual,
        need: Need::PlainApi,
        run: |lab| Box::pin(lengths(lab)),
    },
    Check {
        name: "framing.split",
        source: "manual, API: a sentence counts when its closing word came, however its bytes arrive",
        quality: Quality::Manual,
        need: Need::PlainApi,
        run: |lab| Box::pin(split(lab)),
    },
    Check {
        name: "framing.empty-sentence",
        source: "manual, API: empty sentences are ignored",
        quality: Quality::Manual,
        need: Need::PlainApi,
        run: |lab| Box::pin(empty_sentence(lab)),
    },
    Check {
        name: "tags.none",
        source: "manual, API: a command without a tag gets replies without one",
        quality: Quality::Manual,
        need: Need::PlainApi,
        run: |lab| Box::pin(none(lab)),
    },
    Check {
        name: "tags.echoed",
        source: "manual, API: each reply carries its command's tag; replies of several tags may interleave",
        quality: Quality::Manual,
        need: Need::PlainApi,
        run: |lab| Box::pin(echoed(lab)),
    },
    Check {
        name: "trap.then-done",
        source: "manual, API: a !trap is still followed by !done",
        quality: Quality::Manual,
        need: Need::PlainApi,
        run: |lab| Box::pin(trap_then_done(lab)),
    },
    Check {
        name: "cancel.order",
        source: "manual, API: !trap `interrupted` of the command, !done of the cancel, !done of the command",
        quality: Quality::Manual,
        need: Need::PlainApi,
        run: |lab| Box::pin(cancel_order(lab)),
    },
    Check {
        name: "cancel.all",
        source: "manual, API: /cancel without a tag stops everything of the session",
        quality: Quality::Manual,
        need: Need::PlainApi,
        run: |lab| Box::pin(cancel_all(lab)),
    },
];

async fn lengths(lab: &mut Lab) -> Ending {
    let mut raw = lab.raw().await?;
    for length in [0x7f, 0x80, 0xff, 0x100, 0x3fff, 0x4000, 0x4001] {
        let query = format!("?comment={}", "x".repeat(length - "?comment=".len()));
        raw.send(&["/ip/firewall/address-list/print", &query]).await?;
        let last = raw.until_done().await?.pop().unwrap_or_default();
        same("answer", last, vec!["!done".to_owned()])?;
    }
    Ok(())
}

async fn split(lab: &mut Lab) -> Ending {
    let mut raw = lab.raw().await?;
    let mut bytes = Vec::new();
    routeros_wire::encode(["/system/identity/print", ".tag=s"], &mut bytes);
    for byte in bytes {
        raw.send_bytes(&[byte]).await?;
    }
    let answer = raw.until_done().await?;
    same("sentences", answer.len(), 2)
}

async fn empty_sentence(lab: &mut Lab) -> Ending {
    let mut raw = lab.raw().await?;
    raw.send_bytes(&[0, 0]).await?;
    raw.send(&["/system/identity/print"]).await?;
    let answer = raw.until_done().await?;
    same("sentences", answer.len(), 2)
}

async fn none(lab: &mut Lab) -> Ending {
    let mut raw = lab.raw().await?;
    raw.send(&["/system/identity/print"]).await?;
    let tagged = raw
        .until_done()
        .await?
        .into_iter()
        .flatten()
        .find(|word| word.starts_with(".tag"))
        .unwrap_or_default();
    same("tag", tagged.as_str(), "")
}

async fn echoed(lab: &mut Lab) -> Ending {
    let mut raw = lab.raw().await?;
    raw.send_all(&[
        &["/interface/print", "=.proplist=name", ".tag=a"],
        &["/system/identity/print", ".tag=two words"],
        &["/user/print", "=.proplist=name", ".tag=c"],
    ])
    .await?;
    let (mut open, mut rows) = (3, BTreeMap::<String, u32>::new());
    while open > 0 {
        let words = raw.words().await?;
        let tag = words.iter().find_map(|word| word.strip_prefix(".tag=")).unwrap_or("none");
        match words[0].as_str() {
            "!done" => open -= 1,
            _ => *rows.entry(tag.to_owned()).or_default() += 1,
        }
    }
    same("rows of /system/identity", rows.get("two words").copied(), Some(1))?;
    same("tags", rows.into_keys().collect::<Vec<_>>(), ["a", "c", "two words"].map(str::to_owned).into())
}

async fn trap_then_done(lab: &mut Lab) -> Ending {
    let mut raw = lab.raw().await?;
    raw.send(&["/system/identity/frobnicate", ".tag=x"]).await?;
    let answer = raw.until_done().await?;
    let shape: Vec<_> = answer.iter().map(|words| words[0].as_str()).collect();
    same("answer", shape, vec!["!trap", "!done"])?;
    same("the !done", answer[1].join(" ").as_str(), "!done .tag=x")
}

async fn cancel_order(lab: &mut Lab) -> Ending {
    let mut raw = lab.raw().await?;
    raw.send(&["/ip/pool/listen", ".tag=l"]).await?;
    // Otherwise both could wait together, and a command that has not begun cannot be interrupted.
    raw.send(&["/system/identity/print"]).await?;
    raw.until_done().await?;
    raw.send(&["/cancel", "=tag=l", ".tag=c"]).await?;
    let trap = raw.words().await?;
    same("first", trap[0].as_str(), "!trap")?;
    for word in [".tag=l", "=category=2", "=message=interrupted"] {
        that(trap.iter().any(|found| found == word), || format!("no {word} in {trap:?}"))?;
    }
    same("second", raw.words().await?.join(" ").as_str(), "!done .tag=c")?;
    same("third", raw.words().await?.join(" ").as_str(), "!done .tag=l")
}

async fn cancel_all(lab: &mut Lab) -> Ending {
    let mut raw = lab.raw().await?;
    raw.send_all(&[&["/ip/pool/listen", ".tag=l"], &["/interface/listen", ".tag=m"]]).await?;
    raw.send(&["/system/identity/print"]).await?;
    raw.until_done().await?;
    raw.send(&["/cancel", ".tag=c"]).await?;
    let mut seen = Vec::new();
    while seen.len() < 5 {
        let words = raw.words().await?;
        // An interface of a live router may change at any moment.
        if words[0] != "!re" {
            let tag = words.iter().find(|word| word.starts_with(".tag=")).cloned().unwrap_or_default();
            seen.push(format!("{} {tag}", words[0]));
        }
    }
    seen.sort();
    let expected = ["!done .tag=c", "!done .tag=l", "!done .tag=m", "!trap .tag=l", "!trap .tag=m"];
    same("sentences", seen, expected.map(str::to_owned).into())
}
