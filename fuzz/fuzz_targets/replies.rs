//! Whatever a router sends, every command is told its end once, with the rows a naive reading gives it.
#![no_main]

use libfuzzer_sys::arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use moxxie_fuzz::{naive, pieces};
use routeros_client::fuzzing::{Told, Want, exchange};
use routeros_client::{Error, LostCause, Row, TrapKind, Version, parse_duration};

/// Enough that sentences for other tags come in between.
const COMMANDS: usize = 4;

fuzz_target!(|input: (&[u8], &[u8], u8)| {
    let (bytes, cuts, wants) = input;
    let wants: Vec<Want> = (0..COMMANDS)
        .map(|at| match wants >> (2 * at) & 3 {
            0 | 1 => Want::Answer,
            2 => Want::Stream(4),
            _ => Want::Nothing,
        })
        .collect();
    let told = exchange(&wants, pieces(bytes, &mut Unstructured::new(cuts)));
    let mut models = model(bytes);
    for (at, told) in told.into_iter().enumerate() {
        let model = std::mem::take(&mut models[at]);
        match told {
            Told::Answer(Ok(reply)) => {
                assert!(model.done && model.traps == 0);
                assert_eq!(reply.rows.len(), model.rows);
                reply.rows.iter().chain([&reply.done]).for_each(read);
                _ = (reply.ret(), reply.ret_bytes(), format!("{reply:?}"));
            }
            Told::Answer(Err(error)) => failed(&error, &model),
            Told::Stream(rows, end) => {
                assert!(rows.len() <= model.rows);
                rows.iter().for_each(read);
                match end {
                    Ok(()) => assert!(model.done && model.traps == 0 && rows.len() == model.rows),
                    Err(Error::Backlog { .. }) => assert!(model.rows > 4 && rows.len() == 4),
                    Err(error) => failed(&error, &model),
                }
            }
            Told::Nothing => {}
        }
    }
});

fn failed(error: &Error, model: &Model) {
    _ = (error.to_string(), format!("{error:?}"), error.outcome(), error.trap_kind());
    match error {
        Error::Trap { traps, .. } => assert!(model.done && traps.as_slice().len() == model.traps),
        // A word that is announced longer than allowed ends the connection earlier than the model knows.
        Error::Lost { cause, .. } => {
            assert!(!model.done || matches!(cause, LostCause::Decode(_)), "{error:?}")
        }
        other => panic!("{other:?}"),
    }
}

/// Every way of looking at a row.
fn read(row: &Row) {
    _ = (row.id(), row.is_dead(), row.is_empty(), format!("{row:?}"));
    let count = row.iter().count();
    assert_eq!(row.pairs().count(), count);
    for (name, value) in row.pairs() {
        assert!(row.has(&name) || name.contains('\u{fffd}'));
        _ = (row.get(&name), row.text(&name), row.flag(&name));
        _ = (parse_duration(&value), value.parse::<Version>(), TrapKind::classify(None, &value));
    }
}

/// What a command gets by a naive reading of the whole stream.
#[derive(Clone, Debug, Default)]
struct Model {
    rows: usize,
    traps: usize,
    done: bool,
}

fn model(bytes: &[u8]) -> Vec<Model> {
    let mut models = vec![Model::default(); COMMANDS];
    for words in naive::decode(bytes).0 {
        if words[0] == b"!fatal" {
            break;
        }
        let tag = words[1..].iter().find_map(|word| word.strip_prefix(b".tag="));
        let tag: Option<usize> = tag.and_then(|tag| std::str::from_utf8(tag).ok()?.parse().ok());
        let model = tag.and_then(|tag| models.get_mut(tag.checked_sub(1)?));
        let Some(model) = model.filter(|model| !model.done) else { continue };
        match &words[0][..] {
            b"!re" => model.rows += 1,
            b"!trap" => model.traps += 1,
            b"!done" => model.done = true,
            _ => {}
        }
    }
    models
}
