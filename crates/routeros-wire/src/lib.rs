//! The framing of the RouterOS binary API: words and sentences to bytes and back.
//!
//! A *word* is a length followed by that many bytes; a *sentence* is a run of words closed by a word of
//! length zero (manual.mikrotik.com, developer guides, "API"). This crate knows that and nothing else:
//! it does no I/O and gives words no meaning beyond their shape (`=name=value`, `.name=value`, `?query`),
//! so that a client and an emulator can share it without sharing an opinion.
//!
//! ```
//! use routeros_wire::{Decoder, ReplyKind, Sentence, encode};
//!
//! let mut bytes = Vec::new();
//! encode(["!re", "=.id=*1", "=name=ether1", ".tag=7"], &mut bytes);
//!
//! let mut decoder = Decoder::new();
//! decoder.feed(&bytes);
//! let sentence: Sentence = decoder.next_sentence()?.expect("it is all there");
//! assert_eq!(ReplyKind::of(&sentence), ReplyKind::Re);
//! assert_eq!(sentence.attribute("name"), Some(&b"ether1"[..]));
//! assert_eq!(sentence.tag(), Some(&b"7"[..]));
//! # Ok::<(), routeros_wire::DecodeError>(())
//! ```
//!
//! Words are bytes, not text: nothing on the wire declares an encoding, and routers hold comments in
//! whatever code page an operator's console used.

mod decoder;
mod encode;
mod length;
mod limits;
mod reply;
mod sentence;

pub use decoder::{DecodeError, Decoder};
pub use encode::{encode, encode_length};
pub use limits::Limits;
pub use reply::ReplyKind;
pub use sentence::{Attributes, Sentence, Words};

/// Runs the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
