//! What fuzz targets reach beside the public interface: the reply parser without a socket. Only with the feature
//! `fuzzing`; nothing else may use it.

use routeros_wire::Decoder;
use tokio::sync::{mpsc, oneshot};

use crate::pending::{Event, Pending, PendingSet, Sink};
use crate::{Error, LostCause, Reply, Row};

/// How the replies to a command are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// All at the end.
    Answer,
    /// Rows as they come, so many of which may wait.
    Stream(u8),
    /// Not at all: the command was given up.
    Nothing,
}

/// What became of a command.
#[derive(Debug)]
pub enum Told {
    /// Wanted as [`Want::Answer`].
    Answer(Result<Reply, Error>),
    /// Wanted as [`Want::Stream`]: rows, then how it ended.
    Stream(Vec<Row>, Result<(), Error>),
    /// Wanted as [`Want::Nothing`].
    Nothing,
}

/// Hands `pieces` of a byte stream to a connection on which the commands with tags 1, 2, ... are under way, then
/// closes it. Answers what each command was told.
///
/// # Panics
///
/// When a command is told nothing, or twice: what is being looked for.
pub fn exchange<'a>(wants: &[Want], pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Told> {
    enum Ear {
        Answer(oneshot::Receiver<Result<Reply, Error>>),
        Stream(mpsc::Receiver<Row>, oneshot::Receiver<Result<(), Error>>),
        Nothing,
    }
    let mut pending = PendingSet::default();
    let mut ears = Vec::new();
    for (tag, want) in (1..).zip(wants) {
        let (sink, ear) = match want {
            Want::Answer => {
                let (answer, told) = oneshot::channel();
                (Sink::Collect { rows: Vec::new(), answer }, Ear::Answer(told))
            }
            Want::Stream(room) => {
                let ((rows, heard), (end, told)) =
                    (mpsc::channel(usize::from(*room).max(1)), oneshot::channel());
                (Sink::Stream { rows, end }, Ear::Stream(heard, told))
            }
            Want::Nothing => (Sink::Nobody, Ear::Nothing),
        };
        pending.insert(
            tag,
            0,
            Pending { command: "/x".into(), sink, many_targets: false, traps: Vec::new() },
        );
        ears.push(ear);
    }
    let cause = listen(&mut pending, pieces).unwrap_or(LostCause::Closed);
    pending.lose_all(1, &cause);
    ears.into_iter()
        .map(|ear| match ear {
            Ear::Answer(mut told) => Told::Answer(told.try_recv().expect("a command is told its end")),
            Ear::Stream(mut heard, mut told) => {
                let rows = std::iter::from_fn(|| heard.try_recv().ok()).collect();
                Told::Stream(rows, told.try_recv().expect("a stream is told its end"))
            }
            Ear::Nothing => Told::Nothing,
        })
        .collect()
}

/// As the connection's task does; `Some` when the session is over before the stream is.
fn listen<'a>(pending: &mut PendingSet, pieces: impl IntoIterator<Item = &'a [u8]>) -> Option<LostCause> {
    let mut decoder = Decoder::new();
    for piece in pieces {
        decoder.feed(piece);
        loop {
            match decoder.next_sentence() {
                Ok(Some(sentence)) => match pending.dispatch(sentence) {
                    Some(Event::Cancel(tag)) => pending.abandon(tag),
                    Some(Event::Over(cause)) => return Some(cause),
                    None => {}
                },
                Ok(None) => break,
                Err(error) => return Some(LostCause::Decode(error)),
            }
        }
    }
    None
}
