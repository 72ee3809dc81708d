//! The suite, asked of the emulator in every version.

use routeros_conformance::{Capability, Choice, Target, run};
use routeros_emulator::Emulator;

async fn conforms(version: &str) {
    let emulator = Emulator::builder()
        .version(version)
        .expect("a known version")
        .user("admin", "secret")
        .start()
        .await
        .expect("an emulator");
    let before = emulator.snapshot();
    let mut target = Target::plain(&emulator.addr().to_string(), "admin", "secret");
    target.allowed = Capability::ALL.to_vec();
    let report = run(&target, &Choice { only: Vec::new(), seed: 1 }).await.expect("a report");
    println!("{report}");
    // Here what is only assumed counts as well: the emulator's assumptions are ours.
    assert_eq!((report.count("FAILED"), report.count("differs")), (0, 0), "\n{report}");
    assert!(report.left_over.is_empty(), "{:?}", report.left_over);
    let after = emulator.snapshot();
    assert_eq!(before, after, "{}", before.diff(&after));
    emulator.shutdown().await;
}

macro_rules! versions {
    ($($name:ident $version:literal)*) => {$(
        #[tokio::test]
        async fn $name() {
            conforms($version).await;
        }
    )*};
}

versions! {
    v7_16 "7.16" v7_18 "7.18" v7_19 "7.19" v7_20 "7.20" v7_21 "7.21" v7_22 "7.22" v7_23 "7.23" v7_24 "7.24"
}
