//! The conversations of the client's transcripts, asked of the emulator.
//!
//! A transcript's rows are its author's, so what is compared is what the facts are about: which sentences
//! come, in which order within a tag, with which texts of refusals, and which names of properties. Scenes
//! and faults put the emulator into the transcript's situation. Those that are not asked are about routers
//! that misbehave or are older than 7, and are listed with their reasons.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use md5::{Digest, Md5};
use routeros_conformance::{Raw, Target};
use routeros_emulator::{Emulator, Fault, FaultKind};
use routeros_wire::Sentence;

/// Not asked, and why.
const NOT_ASKED: &[(&str, &str)] = &[
    ("control-byte.txt", "sends what no router sends"),
    ("login-fatal.txt", "no working router answers a login so; the check login.required asks for the text"),
    ("tolerated.txt", "sends words that nobody knows and tags that nobody gave"),
];

/// Sentences of one direction or the other, without what cannot be said to a router in words.
#[derive(Debug)]
enum Step {
    Sent(Vec<String>),
    Received(Vec<String>),
    /// The router closes or resets, here or in the middle of the sentence before.
    End,
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../routeros-client/tests/transcripts")
}

/// Reads the format of the transcripts' README.
fn parse(text: &str) -> Vec<Step> {
    let (mut steps, mut words, mut side) = (Vec::new(), Vec::<String>::new(), ' ');
    let mut cut = false;
    for line in text.lines().chain([""]).filter(|line| !line.starts_with('#')) {
        let mark = line.chars().next().unwrap_or(' ');
        if (mark != side || mark == '!') && !words.is_empty() {
            let words = std::mem::take(&mut words);
            match side {
                '>' => steps.push(Step::Sent(words)),
                // What follows a cut is the end.
                _ if std::mem::take(&mut cut) => steps.push(Step::End),
                _ => steps.push(Step::Received(words)),
            }
        }
        side = mark;
        let rest = line.get(2..).unwrap_or_default();
        match (mark, rest.split(' ').next().unwrap_or_default()) {
            ('>' | '<', _) => words.push(rest.to_owned()),
            ('!', "login") => {
                steps.push(Step::Sent(vec![
                    "/login".into(),
                    "=name=admin".into(),
                    "=password=secret".into(),
                ]));
                steps.push(Step::Received(vec!["!done".into()]));
            }
            ('!', "cut") => cut = true,
            ('!', "close" | "reset") if !matches!(steps.last(), Some(Step::End)) => steps.push(Step::End),
            _ => {}
        }
    }
    steps
}

/// What is compared of a sentence: its kind, texts of refusals, names of properties.
fn shape<'a>(words: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut shape: Vec<_> = words
        .into_iter()
        .map(|word| match word.strip_prefix('=').and_then(|word| word.split_once('=')) {
            Some(("message" | "category" | ".dead", _)) | None => word.to_owned(),
            Some((name, _)) => format!("={name}="),
        })
        .collect();
    if let Some((_, rest)) = shape.split_first_mut() {
        rest.sort();
    }
    shape
}

fn tag(words: &[String]) -> String {
    words.iter().find_map(|word| word.strip_prefix(".tag=")).unwrap_or_default().to_owned()
}

/// Sentences by tag: between tags the order is the router's affair.
type ByTag = BTreeMap<String, Vec<Vec<String>>>;

struct Play {
    raw: Raw,
    emulator: Emulator,
    /// What a command needs beyond the transcript's words.
    more: &'static [(&'static str, &'static str)],
    /// The last value that a command returned.
    returned: String,
}

impl Play {
    async fn on(emulator: Emulator) -> Self {
        let target = Target::plain(&emulator.addr().to_string(), "admin", "secret");
        let raw = Raw::open(&target).await.expect("a connection");
        Self { raw, emulator, more: &[], returned: String::new() }
    }

    /// Plays a file. `meanwhile` is told the number of each received sentence before it is awaited.
    async fn file(mut self, name: &str, mut meanwhile: impl FnMut(&Emulator, usize)) {
        let text = std::fs::read_to_string(directory().join(name)).expect("a transcript");
        let steps = parse(&text);
        let (mut expected, mut found) = (ByTag::new(), ByTag::new());
        let mut received = 0;
        let mut steps = steps.into_iter().peekable();
        while let Some(step) = steps.next() {
            match step {
                Step::Sent(words) => {
                    // A wave goes out in one piece; a cancel does not overtake what it cancels.
                    let path = words[0].clone();
                    let mut bytes = self.encoded(words);
                    while let Some(Step::Sent(words)) =
                        steps.next_if(|step| matches!(step, Step::Sent(words) if words[0] == path))
                    {
                        bytes.extend(self.encoded(words));
                    }
                    self.raw.send_bytes(&bytes).await.expect("sending");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                Step::Received(words) => {
                    meanwhile(&self.emulator, received);
                    received += 1;
                    let answer = self.raw.words().await.unwrap_or_else(|stop| panic!("{name}: {stop}"));
                    let returned = answer.iter().find_map(|word| word.strip_prefix("=ret="));
                    self.returned = returned.unwrap_or_default().to_owned();
                    expected.entry(tag(&words)).or_default().push(words);
                    found.entry(tag(&answer)).or_default().push(answer);
                }
                Step::End => {
                    // In the middle of a sentence or before it: either way no further sentence comes.
                    let next = self.raw.next().await;
                    assert!(!matches!(next, Ok(Some(_))), "{name}: {next:?}");
                }
            }
        }
        for (tag, expected) in expected {
            let found = found.remove(&tag).unwrap_or_default();
            let pairs = found.iter().zip(&expected).map(|(found, expected)| properties(found, expected));
            let shapes = expected.iter().map(|words| shape(words.iter().map(String::as_str)));
            assert_eq!(
                pairs.collect::<Vec<_>>(),
                shapes.collect::<Vec<_>>(),
                "{name}, tag {tag:?}: {found:?}"
            );
        }
        self.emulator.shutdown().await;
    }

    fn encoded(&self, words: Vec<String>) -> Vec<u8> {
        let more = self.more.iter().filter(|(path, _)| *path == words[0]).map(|(_, word)| *word);
        // A transcript answers its own challenge; here the router makes one.
        let word = |word: &str| match word.starts_with("=response=") {
            true => response("secret", &self.returned).into_bytes(),
            false => unescape(word),
        };
        let words: Vec<_> = words.iter().map(String::as_str).chain(more).map(word).collect();
        let mut bytes = Vec::new();
        Sentence::new(words).encode_to(&mut bytes);
        bytes
    }
}

/// The answer to a challenge: 00 and the MD5 of a zero byte, the password and the challenge (reference 1.4).
fn response(password: &str, challenge: &str) -> String {
    let challenge = (0..challenge.len()).step_by(2).map(|at| &challenge[at..at + 2]);
    let challenge: Vec<u8> = challenge.map(|two| u8::from_str_radix(two, 16).expect("hex")).collect();
    let hash = Md5::new().chain_update([0]).chain_update(password).chain_update(challenge).finalize();
    hash.iter().fold("=response=00".to_owned(), |text, byte| text + &format!("{byte:02x}"))
}

/// `\xNN` is a byte.
fn unescape(word: &str) -> Vec<u8> {
    let mut parts = word.split("\\x");
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).expect("two digits"));
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    bytes
}

/// The shape of an answer; of a row only what the transcript's row has, for those are shortened.
fn properties(answer: &[String], transcript: &[String]) -> Vec<String> {
    let wanted = shape(transcript.iter().map(String::as_str));
    let mut shape = shape(answer.iter().map(String::as_str));
    if answer[0] == "!re" {
        shape.retain(|word| wanted.contains(word));
    }
    if answer[0] == "!trap" && !wanted.iter().any(|word| word.starts_with("=category=")) {
        shape.retain(|word| !word.starts_with("=category="));
    }
    shape
}

async fn router(version: &str) -> Emulator {
    let builder = Emulator::builder().version(version).expect("a known version").ethernet(1);
    builder.user("admin", "secret").identity("r1").start().await.expect("an emulator")
}

fn add_address(emulator: &Emulator, address: &str) {
    let fields = [("address", address), ("interface", "ether1")];
    emulator.add_row("/ip/address", &fields).expect("an address");
}

const ON_ETHER1: &[(&str, &str)] = &[("/ip/address/add", "=interface=ether1")];

#[tokio::test]
async fn logins() {
    Play::on(router("7.24").await).await.file("login-new.txt", |_, _| {}).await;
    let other = Emulator::builder().user("admin", "other").start().await.expect("an emulator");
    Play::on(other).await.file("login-wrong.txt", |_, _| {}).await;
}

#[tokio::test]
async fn logins_of_old_and_from_where_nobody_may() {
    let builder = Emulator::builder().user("admin", "secret").old_login(true);
    Play::on(builder.start().await.expect("an emulator")).await.file("login-old.txt", |_, _| {}).await;
    let emulator = router("7.24").await;
    emulator.set_row("/ip/service", "api", &[("address", "192.0.2.0/24")]).expect("a setting");
    Play::on(emulator).await.file("login-cut.txt", |_, _| {}).await;
}

#[tokio::test]
async fn listening() {
    Play::on(router("7.24").await).await.file("listen-refused.txt", |_, _| {}).await;
    let change = |emulator: &Emulator, received| match received {
        1 => add_address(emulator, "10.0.0.1/24"),
        // The next change is under way when the cancel is sent.
        2 => {
            let row = emulator.rows("/ip/address").pop().expect("a row");
            emulator.remove_row("/ip/address", &row[".id"]).expect("removed");
            add_address(emulator, "10.0.0.2/24");
        }
        _ => {}
    };
    Play::on(router("7.24").await).await.file("listen.txt", change).await;
}

#[tokio::test]
async fn a_log_that_is_followed() {
    let say = |emulator: &Emulator, received| {
        // Behind the login, before the first line.
        if received == 1 {
            for text in ["1", "2", "3"] {
                emulator.run("/log/info", &[("message", text)]).expect("a line");
            }
        }
    };
    Play::on(router("7.24").await).await.file("backlog.txt", say).await;
}

#[tokio::test]
async fn refusals_and_rows_without_values() {
    let emulator = router("7.24").await;
    add_address(&emulator, "10.0.0.1/24");
    let vlan = [("name", "v1"), ("vlan-id", "9"), ("interface", "ether1")];
    emulator.add_row("/interface/vlan", &vlan).expect("a VLAN");
    Play::on(emulator).await.file("traps.txt", |_, _| {}).await;

    let emulator = router("7.24").await;
    add_address(&emulator, "10.0.0.1/24");
    let fields = [("address", "10.1.0.1/24"), ("interface", "ether1"), ("comment", "x")];
    emulator.add_row("/ip/address", &fields).expect("an address");
    Play::on(emulator).await.file("empty.txt", |_, _| {}).await;
}

#[tokio::test]
async fn several_at_once() {
    let emulator = router("7.24").await;
    add_address(&emulator, "10.0.0.1/24");
    Play::on(emulator).await.file("interleaved.txt", |_, _| {}).await;

    let emulator = router("7.24").await;
    add_address(&emulator, "10.0.0.2/24");
    let mut play = Play::on(emulator).await;
    play.more = ON_ETHER1;
    play.file("wave.txt", |_, _| {}).await;
}

#[tokio::test]
async fn returned_values() {
    Play::on(router("7.24").await).await.file("returned.txt", |_, _| {}).await;
}

#[tokio::test]
async fn cancelling() {
    let emulator = router("7.24").await;
    emulator.faults().inject(Fault::once("/tool/fetch", FaultKind::HangBefore));
    Play::on(emulator).await.file("deadline.txt", |_, _| {}).await;
    Play::on(router("7.24").await).await.file("stream-dropped.txt", |_, _| {}).await;
}

#[tokio::test]
async fn an_end_asked_for() {
    let emulator = router("7.24").await;
    emulator.faults().inject(Fault::once("/tool/fetch", FaultKind::HangBefore));
    Play::on(emulator).await.file("fatal.txt", |_, _| {}).await;
}

#[tokio::test]
async fn a_reset() {
    let emulator = router("7.24").await;
    emulator.faults().inject(Fault::once("/ip/address/add", FaultKind::ResetMidSentence));
    let mut play = Play::on(emulator).await;
    play.more = ON_ETHER1;
    play.file("reset-mid-sentence.txt", |_, _| {}).await;

    // Two rows of one length: half of the answer ends within the second.
    let emulator = router("7.24").await;
    add_address(&emulator, "10.0.0.1/24");
    add_address(&emulator, "10.0.0.2/24");
    emulator.faults().inject(Fault::once("/ip/address/print", FaultKind::ResetMidSentence));
    Play::on(emulator).await.file("closed-mid-sentence.txt", |_, _| {}).await;
}

#[test]
fn every_transcript_is_asked_or_has_a_reason() {
    let tests = include_str!("transcripts.rs");
    for entry in std::fs::read_dir(directory()).expect("the client's transcripts") {
        let name = entry.expect("an entry").file_name().into_string().expect("a name");
        assert!(name == "README.md" || tests.contains(&format!("\"{name}\"")), "{name} is not asked");
    }
    for (name, why) in NOT_ASKED {
        assert!(directory().join(name).is_file() && !why.is_empty(), "{name}");
        assert_eq!(tests.matches(&format!("\"{name}\"")).count(), 1, "{name} is asked as well");
    }
}
