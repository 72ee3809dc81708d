//! Refusals, lost answers, lost connections, and the guard.

mod support;

use std::sync::Mutex;

use moxxie_core::change::Outcome;
use moxxie_routeros::{
    DriverError, GuardError, Observer, Released, RouteQuery, SafeMode, Unrolled, connect, missing, remaining,
    undo,
};
use routeros_emulator::{Fault, FaultKind};
use support::*;

#[tokio::test]
async fn a_refusal_half_way_is_undone() {
    let emu = router("7.16").await;
    let before = emu.snapshot();
    emu.faults().inject(Fault::once("/ip/dhcp-server/add", FaultKind::Refuse("failure: no memory".into())));
    let session = open(&emu).await;
    let mut state = session.read().await.unwrap();
    let plan = planned(&[], &[network(1, "isolated")], &state);
    let answers = apply(&session, &plan, &mut state).await;
    let refused: Vec<_> = answers.iter().filter(|answer| answer.outcome == Outcome::Refused).collect();
    assert_eq!(refused.len(), 1);
    assert!(refused[0].text.as_ref().unwrap().contains("no memory"), "{refused:?}");
    let mut state = session.read().await.unwrap();
    assert!(!missing(&plan, &state).is_empty());
    let back = undo(&plan, &state);
    all_done(&apply(&session, &back, &mut state).await);
    let after = emu.snapshot();
    assert_eq!(after, before, "{}", before.diff(&after));
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_the_router_is_asked() {
    for what in [FaultKind::LoseReply, FaultKind::ResetBefore, FaultKind::ResetMidSentence] {
        let emu = router("7.16").await;
        let before = emu.snapshot();
        emu.faults().inject(Fault::once("/ip/address/add", what.clone()));
        let session = open(&emu).await;
        let mut state = session.read().await.unwrap();
        let plan = planned(&[], &[network(1, "isolated")], &state);
        let answers = apply(&session, &plan, &mut state).await;
        assert!(answers.iter().any(|answer| answer.outcome == Outcome::Unknown), "{what:?} {answers:?}");

        // Forward from here, and then all the way back.
        let session = open(&emu).await;
        let mut state = session.read().await.unwrap();
        let rest = remaining(&plan, &state);
        assert!(rest.commands.len() < plan.commands.len());
        all_done(&apply(&session, &rest, &mut state).await);
        let mut state = session.read().await.unwrap();
        assert_eq!(missing(&plan, &state), [], "{what:?}");
        let back = undo(&plan, &state);
        all_done(&apply(&session, &back, &mut state).await);
        let after = emu.snapshot();
        assert_eq!(after, before, "{what:?}: {}", before.diff(&after));
    }
}

#[tokio::test]
async fn an_answer_that_never_comes_ends_with_the_deadline() {
    let emu = router("7.22").await;
    emu.faults().inject(Fault::once("/interface/list/add", FaultKind::HangReply));
    let session = open(&emu).await;
    let mut state = session.read().await.unwrap();
    let plan = planned(&[], &[network(1, "open")], &state);
    let answers = session.apply_wave(&plan, &plan.waves()[0], &mut state, &()).await;
    let unknown: Vec<_> = answers.iter().filter(|answer| answer.outcome == Outcome::Unknown).collect();
    assert_eq!(unknown.len(), 1, "{answers:?}");
    assert!(unknown[0].text.as_ref().unwrap().contains("no answer within"), "{unknown:?}");
}

#[tokio::test]
async fn a_cut_connection_makes_the_router_take_everything_back() {
    let emu = router("7.22").await;
    let before = emu.snapshot();
    let session = open(&emu).await;
    let mut state = session.read().await.unwrap();
    let plan = planned(&[], &[network(1, "isolated")], &state);
    let guard = session.take_guard().await.unwrap();
    assert!(guard.is_active());
    all_done(&apply(&session, &plan, &mut state).await);
    emu.go_offline().await;
    let lost = session.release(guard).await.unwrap_err();
    assert!(matches!(lost, DriverError::Lost { .. }) && lost.is_transient(), "{lost:?}");
    emu.go_online().await;
    let (_, state) = read_when_free(&emu).await;
    assert!(undo(&plan, &state).is_empty());
    let after = emu.snapshot();
    assert_eq!(after, before, "{}", before.diff(&after));
}

#[tokio::test]
async fn an_unroll_undoes_at_once_but_not_the_work_of_others() {
    let emu = router("7.22").await;
    let before = emu.snapshot();
    let session = open(&emu).await;
    let mut state = session.read().await.unwrap();
    let plan = planned(&[], &[network(1, "isolated")], &state);

    let guard = session.take_guard().await.unwrap();
    all_done(&apply(&session, &plan, &mut state).await);
    assert_eq!(session.unroll(guard).await.unwrap(), Unrolled::Undone);
    assert_eq!(emu.snapshot(), before);
    assert_eq!(session.unroll(guard).await.unwrap(), Unrolled::NotHeld);

    let mut state = session.read().await.unwrap();
    let guard = session.take_guard().await.unwrap();
    all_done(&apply(&session, &plan, &mut state).await);
    emu.add_row("/ip/pool", &[("name", "theirs"), ("ranges", "10.50.0.1-10.50.0.9")]).unwrap();
    assert_eq!(session.read().await.unwrap().foreign_history("moxxie"), 1);
    let Unrolled::KeptForeign(foreign) = session.unroll(guard).await.unwrap() else { panic!("not kept") };
    assert_eq!(foreign.len(), 1);
    let mut state = session.read().await.unwrap();
    assert_eq!(state.safe_mode, SafeMode::Off);
    let back = undo(&plan, &state);
    all_done(&apply(&session, &back, &mut state).await);
    emu.remove_row("/ip/pool", "theirs").unwrap();
    assert_eq!(emu.snapshot(), before);
}

#[tokio::test]
async fn a_held_safe_mode_names_its_holder() {
    let emu = router("7.20").await;
    let mut theirs = target(&emu);
    (theirs.username, theirs.password) = ("alice".into(), "".into());
    let alice = connect(&theirs, DEADLINES).await.unwrap();
    let held = alice.take_guard().await.unwrap();
    let session = open(&emu).await;
    match session.take_guard().await.unwrap_err() {
        GuardError::HeldBy { user, .. } => assert_eq!(user, "alice"),
        other => panic!("{other:?}"),
    }
    let state = session.read().await.unwrap();
    assert!(matches!(&state.safe_mode, SafeMode::Other { user, .. } if user == "alice"));
    assert!(!moxxie_routeros::guard_free(&state));
    assert_eq!(alice.release(held).await.unwrap(), Released::Kept);
    assert!(session.take_guard().await.unwrap().is_active());
    assert_eq!(session.read().await.unwrap().safe_mode, SafeMode::Ours);
}

#[tokio::test]
async fn another_device_is_refused_and_errors_keep_secrets() {
    let emu = router("7.22").await;
    let mut other = target(&emu);
    other.expected_serial = Some("SN-2".into());
    let error = connect(&other, DEADLINES).await.unwrap_err();
    assert!(
        matches!(&error, DriverError::IdentityChanged { expected, found, .. } if expected == "SN-2" && found == "SN-1")
    );
    no_secret(&error);

    let mut wrong = target(&emu);
    wrong.password = format!("{PASSWORD}x").into();
    let error = connect(&wrong, DEADLINES).await.unwrap_err();
    assert!(matches!(error, DriverError::Login { .. }) && !error.is_transient(), "{error:?}");
    no_secret(&error);

    let target = target(&emu);
    assert!(!format!("{target:?}").contains(PASSWORD));
    emu.shutdown().await;
    let error = connect(&target, DEADLINES).await.unwrap_err();
    assert!(matches!(error, DriverError::Unreachable { .. }) && error.is_transient(), "{error:?}");
    no_secret(&error);
}

#[tokio::test]
async fn status_and_routes() {
    let emu = builder("7.20").board().identity("edge-1").start().await.unwrap();
    let session = open(&emu).await;
    let status = session.status().await.unwrap();
    assert_eq!((status.facts.serial.as_str(), status.facts.identity.as_str()), ("SN-1", "edge-1"));
    assert!(status.facts.version_text.starts_with("7.20") && status.interfaces.unwrap() >= 4, "{status:?}");
    let routes = session.routes(&RouteQuery::default(), 100).await.unwrap();
    assert!(!routes.truncated);
    let connected = routes.routes.iter().find(|route| route.destination == "192.168.88.0/24").unwrap();
    assert_eq!(connected.origin.as_deref(), Some("connect"));
    emu.add_row("/ip/route", &[("dst-address", "10.7.0.0/16"), ("gateway", "192.168.88.2")]).unwrap();
    let one = session.routes(&RouteQuery::default(), 1).await.unwrap();
    assert!(one.truncated && one.routes.len() == 1);
    let query = RouteQuery { destination: Some("10.7.0.0/16".into()), ..RouteQuery::default() };
    assert_eq!(session.routes(&query, 10).await.unwrap().routes.len(), 1);
    session.status().await.unwrap();
}

#[tokio::test]
async fn the_observer_sees_each_wave_that_is_sent() {
    #[derive(Default)]
    struct Seen(Mutex<Vec<&'static str>>);
    impl Observer for Seen {
        fn before_send(&self) {
            self.0.lock().unwrap().push("before");
        }
        fn after_send(&self) {
            self.0.lock().unwrap().push("sent");
        }
        fn after_answers(&self) {
            self.0.lock().unwrap().push("answered");
        }
    }
    let emu = router("7.22").await;
    let session = open(&emu).await;
    let mut state = session.read().await.unwrap();
    let plan = planned(&[], &[network(1, "open")], &state);
    let seen = Seen::default();
    let wave = &plan.waves()[0];
    all_done(&session.apply_wave(&plan, wave, &mut state, &seen).await);
    assert_eq!(*seen.0.lock().unwrap(), ["before", "sent", "answered"]);
    let again = session.apply_wave(&plan, wave, &mut state, &seen).await;
    assert!(again.iter().all(|answer| answer.outcome == Outcome::AlreadySo));
    assert_eq!(seen.0.lock().unwrap().len(), 3);
}
