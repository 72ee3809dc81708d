//! `/system/device-mode`: what somebody told the device at its button (reference 4).
#![allow(clippy::unwrap_used, reason = "helpers of tests, too, fail by panicking")]

mod client;

use client::emulator;

#[tokio::test]
async fn device_mode_is_set_at_the_device_alone() {
    let emulator = emulator("7.22").await;
    assert!(emulator.set_row("/system/device-mode", "", &[("scheduler", "no")]).is_err(), "no command does");
    let mode = || emulator.rows("/system/device-mode").remove(0);
    assert_eq!((mode()["mode"].as_str(), mode()["scheduler"].as_str()), ("advanced", "true"));
    emulator.set_device_mode(&[("mode", "home"), ("scheduler", "no")]);
    assert_eq!(emulator.rows("/system/device-mode").len(), 1);
    assert_eq!((mode()["mode"].as_str(), mode()["scheduler"].as_str()), ("home", "false"));
    assert_eq!(mode()["fetch"], "true", "the rest is as it was");
}
