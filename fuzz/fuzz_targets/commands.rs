//! Whatever is asked of a router of whatever version: it answers each command once, its state stays one that can
//! be, what it did is undone and done again by `/undo` and `/redo`, and every menu prints afterwards.
#![no_main]

use libfuzzer_sys::arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use moxxie_fuzz::naive;
use moxxie_fuzz::story::{self, Words};
use routeros_emulator::fuzzing::{Machine, Ran};
use routeros_wire::Sentence;

/// Longer stories find no more, and take longer.
const STEPS: usize = 24;

fuzz_target!(|bytes: &[u8]| {
    let mut u = Unstructured::new(bytes);
    let world = story::world(&mut u);
    let mode = story::pick(&mut u, 32);
    // Looking at everything takes longer than the story: half of them undo, one in four prints.
    let (board, undoing, printing) = (mode & 1 == 1, mode & 2 == 0, mode & 12 == 0);
    let mut machine = Machine::new(world.version, board);
    let mut told = Vec::new();
    for _ in 0..STEPS {
        if u.is_empty() {
            break;
        }
        if story::pick(&mut u, 16) == 15 {
            machine.pass(1 << story::pick(&mut u, 24));
            continue;
        }
        let words = story::command(&mut u, world);
        told.push(show(&words));
        if undoing { undoable(&mut machine, &words, &told) } else { drop(ask(&mut machine, &words)) }
    }
    if let Err(wrong) = machine.check() {
        panic!("{wrong}\nafter\n{}", told.join("\n"));
    }
    if !printing {
        return;
    }
    for path in story::paths(world).filter(|path| board || *path != "/system/routerboard") {
        // A directory has commands of its own, and no rows.
        if story::menu(world, path).is_none_or(|menu| !menu.commands.contains_key("print")) {
            continue;
        }
        let (ran, replies) = ask(&mut machine, &vec![format!("{path}/print").into_bytes()]);
        let last = &replies[replies.len() - 1];
        let trapped = replies.iter().any(|words| words[0] == b"!trap");
        let absent = story::menu(world, path).is_none_or(|menu| menu.hardware);
        assert!(
            !ran.goes_on && last[0] == b"!done" && (!trapped || absent),
            "{path}\nafter\n{}",
            told.join("\n")
        );
    }
});

fn show(words: &Words) -> String {
    words.iter().map(|word| String::from_utf8_lossy(word)).collect::<Vec<_>>().join(" ")
}

/// Runs a command and looks at the shape of the answer.
fn ask(machine: &mut Machine, words: &Words) -> (Ran, Vec<Words>) {
    let tagged: Words = words.iter().cloned().chain([b".tag=7".to_vec()]).collect();
    let ran = machine.run(&Sentence::new(&tagged));
    let (replies, broken) = naive::decode(&ran.replies);
    assert!(!broken);
    let mut finals = 0;
    for reply in &replies {
        assert!(finals == 0, "something comes after the final reply of {}", show(words));
        assert_eq!(reply.iter().filter(|word| *word == b".tag=7").count(), 1, "{}", show(reply));
        match &reply[0][..] {
            b"!re" | b"!trap" | b"!empty" => {}
            b"!done" => finals += 1,
            other => panic!("{} for {}", String::from_utf8_lossy(other), show(words)),
        }
    }
    let wanted = usize::from(!ran.goes_on && !ran.rebooted || finals > 0);
    assert_eq!(finals, wanted, "{}", show(words));
    (ran, replies)
}

/// Runs a command; what it did is undone and done again.
fn undoable(machine: &mut Machine, words: &Words, told: &[String]) {
    let (before, history, held) = (machine.snapshot(), machine.history(), machine.is_held());
    let (ran, replies) = ask(machine, words);
    let after = machine.snapshot();
    let story = || told.join("\n");
    let refused = replies.iter().any(|reply| reply[0] == b"!trap");
    let entries = machine.history();
    let new = entries.iter().filter(|entry| !history.contains(entry)).count();
    if ran.rebooted || held != machine.is_held() {
        return;
    }
    if new == 0 && entries == history {
        assert!(before == after, "not in the history:\n{}\nafter\n{}", before.diff(&after), story());
        return;
    }
    let one_new = new == 1 && entries.last().is_some_and(|entry| !history.contains(entry) && !entry.1);
    if !one_new || refused {
        return;
    }
    assert!(!machine.run(&Sentence::new(["/undo"])).replies.is_empty());
    let undone = machine.snapshot();
    assert!(undone == before, "undo leaves\n{}\nafter\n{}", before.diff(&undone), story());
    if let Err(wrong) = machine.check() {
        panic!("{wrong}\nafter undo of\n{}", story());
    }
    machine.run(&Sentence::new(["/redo"]));
    let redone = machine.snapshot();
    assert!(redone == after, "redo leaves\n{}\nafter\n{}", after.diff(&redone), story());
}
