//! `/console/inspect` and `/execute`.
#![allow(clippy::unwrap_used, reason = "helpers of tests, too, fail by panicking")]

mod client;

use client::{Client, emulator, session};

async fn names(client: &mut Client, words: &[&str], kind: &str) -> Vec<String> {
    let rows = client.run(words).await.ok().rows;
    rows.into_iter().filter(|row| row["type"] == kind).map(|mut row| row.remove("name").unwrap()).collect()
}

#[tokio::test]
async fn children_of_every_kind() {
    let emu = emulator("7.22").await;
    let mut client = session(&emu).await;
    let child =
        |path: &str| ["/console/inspect".to_owned(), "=request=child".to_owned(), format!("=path={path}")];
    let rows = client.run(&child("")).await.ok().rows;
    let kind = |name: &str| rows.iter().find(|row| row["name"] == name).map(|row| row["node-type"].clone());
    assert_eq!(kind("ip").as_deref(), Some("path"));
    assert_eq!(kind("routing").as_deref(), Some("dir"));
    assert_eq!(kind("ping").as_deref(), Some("cmd"));

    let rows = client.run(&child("ip,address")).await.ok().rows;
    assert_eq!((rows[0]["type"].as_str(), rows[0]["node-type"].as_str()), ("self", "dir"));
    assert!(rows.iter().any(|row| row["name"] == "add" && row["node-type"] == "cmd"));
    assert!(!rows.iter().any(|row| row["name"] == "listen"), "the API's own commands are not in the console");
    let words = child("ip,address,add");
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let arguments = names(&mut client, &words, "child").await;
    assert_eq!(arguments, ["address", "broadcast", "comment", "disabled", "interface", "netmask", "network"]);
    let rows = client.run(&child("ip,address,add,interface")).await.ok().rows;
    assert_eq!((rows.len(), rows[0]["node-type"].as_str()), (1, "arg"));
    assert!(client.run(&child("ip,nothing")).await.ok().rows.is_empty(), "what is not there is no error");
    // 7.23 took the root's ping out of the tree, and answers it all the same.
    let newer = emulator("7.23").await;
    let mut client = session(&newer).await;
    let root = names(&mut client, &["/console/inspect", "=request=child"], "child").await;
    assert!(!root.contains(&"ping".to_owned()));
    assert_eq!(client.run(&["/ping", "=address=127.0.0.1", "=count=1"]).await.ok().rows.len(), 1);
}

#[tokio::test]
async fn syntax_tells_types_and_completion_tells_words() {
    let emu = emulator("7.22").await;
    let mut client = session(&emu).await;
    let syntax = ["/console/inspect", "=request=syntax", "=path=ip,address,add,address"];
    let rows = client.run(&syntax).await.ok().rows;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["symbol-type"], "definition");
    assert_eq!(rows[0]["text"], "A.B.C.D    (IP address)");
    let rows = client.run(&["/console/inspect", "=request=syntax", "=path=ip,address,add"]).await.ok().rows;
    assert_eq!(
        (rows[0]["symbol-type"].as_str(), rows[1]["symbol-type"].as_str()),
        ("collection", "explanation")
    );

    let complete = |input: &str| {
        ["/console/inspect".to_owned(), "=request=completion".to_owned(), format!("=input={input}")]
    };
    let rows = client.run(&complete("/ip/ad")).await.ok().rows;
    assert_eq!((rows[0]["completion"].as_str(), rows[0]["offset"].as_str()), ("address", "4"));
    let rows = client.run(&complete("/interface/vlan/add interface=eth")).await.ok().rows;
    assert_eq!((rows[0]["completion"].as_str(), rows[0]["offset"].as_str()), ("ether1", "30"));
    let rows = client.run(&complete("/ip firewall filter add action=")).await.ok().rows;
    assert!(rows.iter().any(|row| row["completion"] == "fasttrack-connection"), "{rows:?}");
    let rows = client.run(&complete("/ip/address/add bogus")).await.ok().rows;
    assert_eq!((rows.len(), rows[0]["text"].as_str()), (1, "unknown parameter"));
    assert!(client.run(&complete("/foo/bar")).await.ok().rows.is_empty());
    for (words, text) in [
        (&["/console/inspect"][..], "missing =request="),
        (&["/console/inspect", "=request=highlight"], "input does not match any value of request"),
        (&["/console/inspect", "=request=child", "=colour=red"], "unknown parameter colour"),
        (&["/console/other"], "no such command"),
        (&["/undo", "=colour=red"], "unknown parameter colour"),
    ] {
        assert_eq!(client.run(words).await.trap(), text, "{words:?}");
    }
}

#[tokio::test]
async fn print_takes_what_its_menu_and_version_have() {
    let (old, new) = (emulator("7.16").await, emulator("7.24").await);
    let (mut old, mut new) = (session(&old).await, session(&new).await);
    for (words, since) in [
        (["/ip/address/print", "=group-by=interface"], "unknown parameter group-by"),
        (["/ip/address/print", "=order-by=address"], "unknown parameter order-by"),
    ] {
        assert_eq!(old.run(&words).await.trap(), since);
        new.run(&words).await.ok();
    }
    new.run(&["/ip/firewall/filter/print", "=stats="]).await.ok();
    assert_eq!(new.run(&["/ip/address/print", "=stats="]).await.trap(), "unknown parameter stats");
    new.run(&["/system/identity/print", "=.proplist=name"]).await.ok();
    assert_eq!(new.run(&["/system/identity/print", "=detail="]).await.trap(), "unknown parameter detail");
}

#[tokio::test]
async fn scripts_run_in_the_background_or_answer_what_they_put() {
    let emu = emulator("7.22").await;
    let mut client = session(&emu).await;
    let add = "=script=/ip pool add name=p ranges=10.0.0.1-10.0.0.9; :put \"made p\"";
    let reply = client.run(&["/execute", add, "=as-string=no"]).await.ok();
    assert_eq!(reply.ret.as_deref(), Some("made p\r\n"));
    assert_eq!(emu.rows("/ip/pool").len(), 1);
    let job = client.run(&["/execute", "=script=/ip pool remove nothing"]).await.ok().ret.unwrap();
    assert!(job.starts_with('*'), "an id, and not a word of the error: {job}");
    let failed = client.run(&["/execute", "=script=/ip pool remove nothing", "=as-string="]).await;
    assert_eq!(failed.trap(), "no such item");
    client.run(&["/execute", "=script=:put seen", "=file=out"]).await.ok();
    assert!(emu.rows("/file").iter().any(|row| row["name"] == "out.txt" && row["contents"] == "seen\r\n"));
    emu.add_row("/system/script", &[("name", "s"), ("source", ":put named")]).unwrap();
    let reply = client.run(&["/execute", "=script=s", "=as-string="]).await.ok();
    assert_eq!(reply.ret.as_deref(), Some("named\r\n"));
}
