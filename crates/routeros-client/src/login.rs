//! Logging in, before any tag is in use.

use std::sync::Arc;

use md5::{Digest, Md5};
use routeros_wire::{Decoder, ReplyKind, Sentence};
use secrecy::ExposeSecret;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use crate::transport::read_sentence;
use crate::{Command, Config, Error, LostCause, Trap};

/// Logs in, by challenge where the router asks for it (before RouterOS 6.43).
///
/// The first attempt carries the password either way, because only the answer tells an old router: that
/// is how the protocol is, and one more reason for TLS.
pub(crate) async fn login<S>(stream: &mut S, decoder: &mut Decoder, config: &Config) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let plain = Command::new("/login").attr("name", &config.user).secret("password", &config.password);
    let done = exchange(stream, decoder, config, &plain).await?;
    let Some(challenge) = done.attribute("ret") else {
        return Ok(());
    };
    let Some(response) = response(config.password.expose_secret().as_bytes(), challenge) else {
        return Err(Error::Answer { command: "/login".into(), property: "ret" });
    };
    let answer = Command::new("/login").attr("name", &config.user).attr("response", response);
    exchange(stream, decoder, config, &answer).await.map(|_| ())
}

/// Sends one command and reads up to its `!done`, which is returned.
async fn exchange<S>(
    stream: &mut S,
    decoder: &mut Decoder,
    config: &Config,
    command: &Command,
) -> Result<Sentence, Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let cut = |cause| Error::LoginCut { address: config.address.clone(), cause };
    let mut out = Vec::new();
    command.to_sentence().encode_to(&mut out);
    stream.write_all(&out).await.map_err(|error| cut(LostCause::Io(Arc::new(error))))?;
    stream.flush().await.map_err(|error| cut(LostCause::Io(Arc::new(error))))?;

    let mut refusal = None;
    loop {
        let sentence = read_sentence(stream, decoder).await.map_err(cut)?;
        match ReplyKind::of(&sentence) {
            ReplyKind::Done => {
                return match refusal {
                    Some(trap) => Err(Error::Login { address: config.address.clone(), trap }),
                    None => Ok(sentence),
                };
            }
            ReplyKind::Trap => {
                refusal.get_or_insert_with(|| Trap::from_sentence(&sentence));
            }
            ReplyKind::Fatal => return Err(cut(LostCause::Fatal(fatal_reason(&sentence)))),
            ReplyKind::Re | ReplyKind::Empty | ReplyKind::Other => {}
        }
    }
}

/// The reason in `!fatal`: a bare word, not a `=message=`.
pub(crate) fn fatal_reason(sentence: &Sentence) -> String {
    let bare = sentence.words().skip(1).find(|word| !word.starts_with(b"."));
    let word = sentence.attribute("message").or(bare).unwrap_or(b"no reason given");
    String::from_utf8_lossy(word).into_owned()
}

/// `00` and the hexadecimal MD5 of a zero byte, the password and the challenge; `None` when the challenge
/// is not hexadecimal.
fn response(password: &[u8], challenge: &[u8]) -> Option<String> {
    let digits = std::str::from_utf8(challenge).ok().filter(|text| text.len() % 2 == 0 && text.is_ascii())?;
    let challenge: Vec<u8> = (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16))
        .collect::<Result<_, _>>()
        .ok()?;
    let hash = Md5::new().chain_update([0]).chain_update(password).chain_update(challenge).finalize();
    Some(hash.iter().fold("00".to_owned(), |text, byte| text + &format!("{byte:02x}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenge_response() {
        // md5 of 00 70 01 02, computed apart from this code.
        assert_eq!(response(b"p", b"0102").as_deref(), Some("00a634efa10035ba6d1899a0a8fde3b8f4"));
        assert_eq!(response(b"p", b"012"), None);
        assert_eq!(response(b"p", b"zz"), None);
    }

    #[test]
    fn fatal_reasons() {
        let reason = |words: &[&str]| fatal_reason(&Sentence::new(words));
        assert_eq!(reason(&["!fatal", "not logged in"]), "not logged in");
        assert_eq!(
            reason(&["!fatal", ".tag=1", "session terminated on request"]),
            "session terminated on request"
        );
        assert_eq!(reason(&["!fatal", "=message=x"]), "x");
        assert_eq!(reason(&["!fatal"]), "no reason given");
    }
}
