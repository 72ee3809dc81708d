//! Enrolment on emulated routers of every version, under every fault: it ends with the router registered and
//! its login proved, or with the router as it was.

#![allow(clippy::unwrap_used, reason = "these are tests, in helper functions")]

mod lab;

use std::time::Duration;

use lab::{Database, Lab, order, qinq};
use moxxie_api::{
    audit::AuditQuery,
    enroll::{EnrollOptions, Enrolment, Login, RouterEnroll},
    router::Tls,
};
use moxxie_engine::{Context, Error};
use routeros_emulator::{Emulator, Fault, FaultKind};
use secrecy::ExposeSecret;

const ADMIN: &str = "administrator-secret";
const VERSIONS: [&str; 8] = ["7.16", "7.18", "7.19", "7.20", "7.21", "7.22", "7.23", "7.24"];

/// A router out of its box: an administrator, api-ssl without a certificate, rules but no anchor.
async fn fresh(version: &str, serial: &str) -> Emulator {
    boxed(version, serial, "").await
}

async fn boxed(version: &str, serial: &str, scene: &str) -> Emulator {
    let emulator = Emulator::builder()
        .version(version)
        .unwrap()
        .identity("r1")
        .serial(serial)
        .user("admin", ADMIN)
        .ethernet(4)
        .seed(7)
        .scene(scene)
        .unwrap()
        .bind("127.0.0.1:0")
        .api_ssl("127.0.0.1:0")
        .without_certificate()
        .start()
        .await
        .unwrap();
    for chain in ["forward", "input"] {
        let rules: [&[(&str, &str)]; 4] = [
            &[("action", "accept"), ("connection-state", "established,related,untracked")],
            &[("action", "drop"), ("src-address-list", "blocked")],
            &[("action", "accept"), ("src-address", "198.51.100.0/24"), ("comment", "operator: office")],
            &[("action", "drop"), ("comment", "operator: the rest")],
        ];
        for rule in rules {
            let rule: Vec<_> = std::iter::once(("chain", chain)).chain(rule.iter().copied()).collect();
            emulator.add_row("/ip/firewall/filter", &rule).unwrap();
        }
    }
    emulator
}

async fn site(database: Database) -> Lab {
    Lab::new(database).site("dc1", qinq(1000)).start().await
}

fn request(emulator: &Emulator) -> RouterEnroll {
    RouterEnroll {
        name: "r1".into(),
        datacenter: "dc1".into(),
        address: emulator.tls_addr().unwrap().to_string(),
        login: Some(Login { username: "admin".into(), password: ADMIN.into() }),
        tls: None,
        plain_address: Some(emulator.addr().to_string()),
        trunk: "ether2".into(),
        firewall_anchor: None,
        options: EnrollOptions {
            allow_from: vec!["127.0.0.1".into()],
            create_anchors: true,
            ..EnrollOptions::default()
        },
    }
}

async fn enroll(lab: &Lab, request: RouterEnroll) -> Result<Enrolment, Error> {
    lab.engine.enroll_router(&Context::system(), request).await
}

fn level<'a>(answer: &'a Enrolment, check: &str) -> &'a str {
    let found: Vec<_> = answer.findings.iter().filter(|finding| finding.check == check).collect();
    found
        .iter()
        .map(|finding| finding.level.as_str())
        .max_by_key(|level| ["ok", "warning", "refusal"].iter().position(|l| l == level))
        .unwrap_or_else(|| panic!("{check} was not looked at"))
}

fn code(error: &Error) -> &'static str {
    match error {
        Error::Conflict { code, .. } => code,
        Error::Unavailable { .. } => "unavailable",
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_version_is_enrolled_and_then_carries_a_network() {
    for version in VERSIONS {
        let lab = site(Database::Sqlite).await;
        let router = fresh(version, "NEW-1").await;
        let before = router.snapshot();
        let plan = lab.engine.enroll_dry_run(&Context::system(), request(&router)).await.unwrap();
        assert_eq!(router.snapshot(), before, "{version}: a dry run writes nothing");
        assert!(
            plan.findings.iter().all(|finding| finding.level != "refusal"),
            "{version}: {:#?}",
            plan.findings
        );
        assert_eq!(plan.commands.len(), 9, "{version}: {:#?}", plan.commands);

        let done = enroll(&lab, request(&router)).await.unwrap();
        assert_eq!(done.commands, plan.commands, "{version}: what was announced is what is done");
        let registered = done.router.unwrap();
        assert_eq!(
            (registered.serial.as_deref(), registered.username.as_str()),
            (Some("NEW-1"), "moxxie"),
            "{version}"
        );
        assert!(registered.tls.is_some(), "{version}");
        let users = router.rows("/user");
        let user = users.iter().find(|row| row["name"] == "moxxie").unwrap();
        assert_eq!(
            (user["group"].as_str(), user["address"].as_str()),
            ("moxxie", "127.0.0.1/32"),
            "{version}"
        );
        // The anchors stand behind what opens nothing, and before the first rule that does.
        for chain in ["forward", "input"] {
            let rules: Vec<_> =
                router.rows("/ip/firewall/filter").into_iter().filter(|row| row["chain"] == chain).collect();
            let at = rules.iter().position(|row| row.get("comment").is_some_and(|c| c == "moxxie-anchor"));
            assert_eq!((rules.len(), at), (5, Some(2)), "{version}");
            let rules = router.rows("/ipv6/firewall/filter");
            let anchors =
                rules.iter().filter(|row| row["chain"] == chain && row["comment"] == "moxxie-anchor");
            assert_eq!(anchors.count(), 1, "{version}");
        }

        // Again: nothing changes, on the router or in the record.
        let whole = router.snapshot();
        let again = enroll(&lab, request(&router)).await.unwrap();
        assert!(again.commands.is_empty(), "{version}: {:?}", again.commands);
        assert_eq!(again.router.unwrap().tls, registered.tls, "{version}");
        assert_eq!(router.snapshot(), whole, "{version}: {}", whole.diff(&router.snapshot()));

        let (change, network) = lab.provision(order("dc1")).await.unwrap();
        assert_eq!(change.state, "applied", "{version}: {change:?}");
        assert_eq!(network.unwrap().status, "provisioned");
        lab.assert_audit_intact().await;
        lab.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_refused_lost_or_cut_off_is_undone_or_continued() {
    let commands = [
        ("/user/group/add", 1),
        ("/user/add", 1),
        ("/certificate/add", 1),
        ("/certificate/sign", 1),
        ("/ip/service/set", 1),
        ("/ip/firewall/filter/add", 1),
        ("/ip/firewall/filter/add", 2),
        ("/ipv6/firewall/filter/add", 1),
        ("/ipv6/firewall/filter/add", 2),
    ];
    let faults = [
        ("refused", FaultKind::Refuse("failure: injected".into())),
        ("reset before", FaultKind::ResetBefore),
        ("reply lost", FaultKind::LoseReply),
        ("reset in mid-sentence", FaultKind::ResetMidSentence),
        ("reply never", FaultKind::HangReply),
        ("hangs before", FaultKind::HangBefore),
        ("reboot", FaultKind::Reboot),
    ];
    let mut cells = tokio::task::JoinSet::new();
    for (path, nth) in commands {
        let faults = faults.clone();
        cells.spawn(async move {
            for (name, fault) in faults {
                // The signature has a patience of its own, which is long.
                if path == "/certificate/sign" && name.contains("never") | name.contains("hangs") {
                    continue;
                }
                let what = format!("{path} {nth} {name}");
                let lab = site(Database::Sqlite).await;
                let router = fresh("7.22", "NEW-1").await;
                let before = router.snapshot();
                let mut armed = Fault::once(path, fault);
                armed.on = armed.on.nth(nth);
                router.faults().inject(armed);
                let error = enroll(&lab, request(&router)).await.expect_err(&what);
                assert_eq!(router.faults().hits().len(), 1, "{what}: never happened");
                let text = error.to_string();
                assert!(text.contains("is undone"), "{what}: {text}");
                if name == "refused" {
                    assert!(text.contains("injected") && text.contains(path), "{what}: {text}");
                }
                let now = router.snapshot();
                assert_eq!(now, before, "{what}: {}", before.diff(&now));
                assert!(lab.store.routers().await.unwrap().is_empty(), "{what}");
                let done = enroll(&lab, request(&router)).await.expect(&what);
                assert!(done.router.is_some(), "{what}");
                lab.stop().await;
            }
        });
    }
    cells.join_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_undone_is_named_and_the_next_run_goes_on_from_there() {
    let lab = site(Database::Sqlite).await;
    let router = fresh("7.22", "NEW-1").await;
    let faults = router.faults();
    let refuse = || FaultKind::Refuse("failure: not now".into());
    faults.inject(Fault::once("/ip/firewall/filter/add", refuse()));
    for path in ["/user/remove", "/user/group/remove", "/certificate/remove"] {
        let mut fault = Fault::once(path, refuse());
        fault.on = fault.on.times(0);
        faults.inject(fault);
    }
    let error = enroll(&lab, request(&router)).await.unwrap_err().to_string();
    for left in ["/user/remove moxxie", "/user/group/remove moxxie", "/certificate/remove moxxie-api"] {
        assert!(error.contains(left), "{left}: {error}");
    }
    assert!(error.contains("goes on from there"), "{error}");
    faults.clear();
    let plan = lab.engine.enroll_dry_run(&Context::system(), request(&router)).await.unwrap();
    assert_eq!(plan.commands.len(), 6, "{:#?}", plan.commands);
    assert!(plan.commands[0].starts_with("/user/set moxxie"), "{:?}", plan.commands);
    enroll(&lab, request(&router)).await.unwrap();
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_login_is_sent_to_a_key_nobody_vouched_for() {
    let lab = site(Database::Sqlite).await;
    let router = fresh("7.22", "NEW-1").await;
    let mut asked = RouterEnroll { plain_address: None, ..request(&router) };
    let error = enroll(&lab, asked.clone()).await.unwrap_err();
    assert_eq!(code(&error), "no_certificate");
    assert!(error.to_string().contains("--plain") && error.to_string().contains("--print-script"), "{error}");

    // The operator gives the router a certificate by hand.
    router.run("/certificate/add", &[("name", "mine"), ("common-name", "r1")]).unwrap();
    router.run("/certificate/sign", &[("number", "mine")]).unwrap();
    router.set_row("/ip/service", "api-ssl", &[("certificate", "mine")]).unwrap();
    let Error::Conflict { code: "unknown_key", context: Some(shown), .. } =
        enroll(&lab, asked.clone()).await.unwrap_err()
    else {
        panic!("the key was taken unasked")
    };
    assert!(router.rows("/user/active").is_empty() && !format!("{:?}", router.command_log()).contains(ADMIN));
    let before = router.snapshot();
    asked.tls = Some(Tls { spki_sha256: "ab".repeat(32) });
    let error = enroll(&lab, asked.clone()).await.unwrap_err();
    assert_eq!(code(&error), "identity_changed", "{error}");
    assert_eq!(router.snapshot(), before);
    asked.tls = Some(Tls { spki_sha256: shown["spkiSha256"].as_str().unwrap().into() });
    let done = enroll(&lab, asked).await.unwrap();
    assert!(!done.commands.iter().any(|command| command.contains("/certificate")), "{:?}", done.commands);
    assert_eq!(
        router.rows("/ip/service").iter().find(|row| row["name"] == "api-ssl").unwrap()["certificate"],
        "mine"
    );
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_the_way_is_named_at_once_and_nothing_is_written() {
    let lab = site(Database::Sqlite).await;
    let scene = r#"
[[rows]]
menu = "/user/group"
name = "helpers"
policy = "read,api"
[[rows]]
menu = "/user"
name = "helper"
group = "helpers"
password = "helper-secret"
[[rows]]
menu = "/user"
name = "moxxie"
group = "full"
password = "somebody's"
[[rows]]
menu = "/interface/list"
name = "foreign"
comment = "mx1:zzzz:net-1:list"
"#;
    let router = boxed("7.22", "NEW-1", scene).await;
    let before = router.snapshot();
    let mut asked = request(&router);
    asked.login = Some(Login { username: "helper".into(), password: "helper-secret".into() });
    asked.trunk = "ether99".into();
    let plan = lab.engine.enroll_dry_run(&Context::system(), asked.clone()).await.unwrap();
    for check in ["policies", "user", "trunk", "marks"] {
        assert_eq!(level(&plan, check), "refusal", "{check}: {:#?}", plan.findings);
    }
    let policies = plan.findings.iter().find(|finding| finding.check == "policies").unwrap();
    assert!(policies.message.contains("policy, write"), "{}", policies.message);
    let error = enroll(&lab, asked).await.unwrap_err();
    assert_eq!(code(&error), "enrolment_refused");
    assert_eq!(router.snapshot(), before);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn device_mode_flash_and_clock_are_looked_at() {
    let lab = site(Database::Sqlite).await;
    let router = boxed("7.22", "NEW-1", "clock-skew-ms = 172800000\nfull-flash = true").await;
    router.set_device_mode(&[("mode", "home"), ("scheduler", "no")]);
    let plan = lab.engine.enroll_dry_run(&Context::system(), request(&router)).await.unwrap();
    assert_eq!(
        (level(&plan, "device-mode"), level(&plan, "flash"), level(&plan, "clock")),
        ("warning", "refusal", "warning"),
        "{:#?}",
        plan.findings
    );
    router.set_device_mode(&[("flagged", "yes")]);
    router.faults().fill_flash(false);
    let error = enroll(&lab, request(&router)).await.unwrap_err();
    assert_eq!(code(&error), "enrolment_refused");
    assert!(error.to_string().contains("flagged"), "{error}");
    router.set_device_mode(&[("flagged", "no")]);
    enroll(&lab, request(&router)).await.unwrap();
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_do_not_undo_each_other() {
    for database in Database::all() {
        let lab = site(database).await;
        let router = fresh("7.22", "NEW-1").await;
        let other = RouterEnroll { name: "r2".into(), ..request(&router) };
        let (one, two) = tokio::join!(enroll(&lab, request(&router)), enroll(&lab, other));
        let winners = [&one, &two].into_iter().filter(|result| result.is_ok()).count();
        assert_eq!(winners, 1, "{one:?} {two:?}");
        let loser = one.err().or(two.err()).unwrap();
        assert!(["device_busy", "site_has_router"].contains(&code(&loser)), "{loser}");
        let (change, _) = lab.provision(order("dc1")).await.unwrap();
        assert_eq!(change.state, "applied", "the winner's login works: {change:?}");
        lab.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prepared_router_is_only_checked() {
    let lab = site(Database::Sqlite).await;
    let router = fresh("7.22", "NEW-1").await;
    let asked = RouterEnroll { login: None, plain_address: None, ..request(&router) };
    let script = lab.engine.enroll_dry_run(&Context::system(), asked.clone()).await.unwrap();
    assert_eq!(script.commands.len(), 9, "{:#?}", script.commands);
    let error = enroll(&lab, asked.clone()).await.unwrap_err();
    assert!(matches!(error, Error::Invalid(_)), "{error}");

    let comment = format!("mx1:{}:router:user", lab.store.install());
    router.run("/user/group/add", &[("name", "moxxie"), ("policy", "read,write,api,test")]).unwrap();
    let user = [("name", "moxxie"), ("group", "moxxie"), ("password", "by-hand"), ("comment", &comment)];
    router.run("/user/add", &user).unwrap();
    router.run("/certificate/add", &[("name", "moxxie-api"), ("common-name", "r1")]).unwrap();
    router.run("/certificate/sign", &[("number", "moxxie-api")]).unwrap();
    router.set_row("/ip/service", "api-ssl", &[("certificate", "moxxie-api")]).unwrap();
    let before = router.snapshot();
    let mut asked = RouterEnroll {
        login: Some(Login { username: "moxxie".into(), password: "by-hand".into() }),
        options: EnrollOptions { keep_login: true, ..EnrollOptions::default() },
        ..asked
    };
    let Error::Conflict { context: Some(shown), .. } = enroll(&lab, asked.clone()).await.unwrap_err() else {
        panic!()
    };
    asked.tls = Some(Tls { spki_sha256: shown["spkiSha256"].as_str().unwrap().into() });
    let done = enroll(&lab, asked).await.unwrap();
    assert!(done.commands.is_empty(), "{:?}", done.commands);
    assert_eq!(level(&done, "anchor"), "warning");
    assert_eq!(router.snapshot(), before);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_answers_trail_or_database() {
    let lab = site(Database::Sqlite).await;
    let router = fresh("7.22", "NEW-1").await;
    let mut asked = request(&router);
    asked.options.disable_plain_api = true;
    router.faults().inject(Fault::once("/certificate/sign", FaultKind::Refuse("failure: injected".into())));
    let failed = enroll(&lab, asked.clone()).await.unwrap_err();
    let done = enroll(&lab, asked).await.unwrap();
    assert_eq!(level(&done, "api"), "ok");
    let service = router.rows("/ip/service").into_iter().find(|row| row["name"] == "api").unwrap();
    assert_eq!(service["disabled"], "true");
    let id = done.router.as_ref().unwrap().id.clone();
    let generated = lab.store.open_secret(&id, "password").await.unwrap().unwrap();
    let generated = generated.expose_secret().to_owned();
    assert_eq!(generated.len(), 48, "192 bits in hex");

    let trail = lab.engine.audit(&Context::system(), AuditQuery::default()).await.unwrap();
    let actions: Vec<_> = trail.items.iter().map(|event| event.action.as_str()).collect();
    assert!(
        actions.contains(&"router.enroll") && actions.contains(&"router.disable_plain_api"),
        "{actions:?}"
    );
    let texts = [
        format!("{failed} {failed:?}"),
        serde_json::to_string(&done).unwrap() + &format!("{done:?}"),
        serde_json::to_string(&trail.items).unwrap(),
        String::from_utf8_lossy(&lab.database_bytes().await).into_owned(),
    ];
    for (n, text) in texts.iter().enumerate() {
        for secret in [ADMIN, &generated] {
            assert!(!text.contains(secret), "text {n} holds a secret");
        }
    }
    tokio::time::timeout(Duration::from_secs(30), lab.stop()).await.unwrap();
}
