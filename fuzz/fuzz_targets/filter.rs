//! Any text is a routing filter rule or is refused; a rule prints as a text that is the same rule.
#![no_main]

use libfuzzer_sys::fuzz_target;
use routeros_emulator::fuzzing::filter_rule;

fuzz_target!(|text: &str| {
    let Some((printed, rule)) = filter_rule(text) else { return };
    let Some((again, same)) = filter_rule(&printed) else {
        panic!("{text:?} prints as {printed:?}, which is refused");
    };
    assert_eq!(same, rule, "{text:?} and {printed:?}");
    assert_eq!(again, printed);
});
