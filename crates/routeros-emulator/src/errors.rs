//! The error catalogue: every text that a router answers with, in one table, with its evidence.

use std::fmt;

/// Why a text is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// Seen on a device or in the vendor's manual (reference section 3).
    Seen,
    /// Nothing was found; the wording is ours.
    Assumed,
}

/// Names of the catalogue's entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ErrorId {
    NoSuchCommand,
    NoSuchCommandPrefix,
    NoSuchItem,
    UnknownParameter,
    NoMatch,
    Ambiguous,
    InvalidValue,
    TrailingCharacters,
    ExpectsRange,
    RangeWithoutAddress,
    OutOfRange,
    Missing,
    InterfaceName,
    SuchAddress,
    SuchEntry,
    EntryExists,
    PoolName,
    DhcpServerInterface,
    DhcpNetwork,
    BridgePort,
    UserName,
    ConfiguredElsewhere,
    CouldNotSetMtu,
    Permissions,
    Interrupted,
    BadLogin,
    CannotLogIn,
    ResolveFailed,
    NotSigned,
    NeedSlave,
    FollowOnly,
    SafeModeHeld,
    SafeModeNotTaken,
    DefaultEntry,
    LastFullUser,
    VlanExists,
    NameExists,
    SuchListMember,
    NothingToUndo,
    NothingToRedo,
    NameOrRegexp,
    LeaseExists,
    UnknownValueName,
    UpdateCanceled,
    ContentsTooLong,
    DiskFull,
    FileExists,
    FilterSyntax,
    ScriptSyntax,
    WrongBackup,
}

struct Entry {
    id: ErrorId,
    /// `{}` stands for the argument's name or another detail; a second `{}` for a second detail.
    text: &'static str,
    /// Trap category of the manual, where one was seen or follows from its meaning (reference 1.3).
    category: Option<u8>,
    evidence: Evidence,
}

const fn seen(id: ErrorId, category: Option<u8>, text: &'static str) -> Entry {
    Entry { id, text, category, evidence: Evidence::Seen }
}

const fn assumed(id: ErrorId, category: Option<u8>, text: &'static str) -> Entry {
    Entry { id, text, category, evidence: Evidence::Assumed }
}

const CATALOGUE: &[Entry] = &[
    seen(ErrorId::NoSuchCommand, Some(0), "no such command"),
    seen(ErrorId::NoSuchCommandPrefix, Some(0), "no such command prefix"),
    seen(ErrorId::NoSuchItem, Some(0), "no such item"),
    seen(ErrorId::UnknownParameter, None, "unknown parameter {}"),
    seen(ErrorId::NoMatch, Some(1), "input does not match any value of {}"),
    seen(ErrorId::Ambiguous, Some(1), "ambiguous value of {}, more than one possible value matches input"),
    seen(ErrorId::InvalidValue, Some(1), "invalid value for argument {}"),
    seen(ErrorId::TrailingCharacters, Some(1), "value of {} contains invalid trailing characters"),
    seen(ErrorId::ExpectsRange, Some(1), "value of {} expects range of ip addresses"),
    seen(ErrorId::RangeWithoutAddress, Some(1), "value of range must have ip address before '-'"),
    seen(ErrorId::OutOfRange, Some(1), "value of {} is out of range ({})"),
    seen(ErrorId::Missing, None, "missing ={}="),
    seen(ErrorId::InterfaceName, Some(4), "failure: already have interface with such name"),
    seen(ErrorId::SuchAddress, Some(4), "failure: already have such address"),
    seen(ErrorId::SuchEntry, Some(4), "failure: already have such entry"),
    seen(ErrorId::EntryExists, Some(4), "failure: entry already exists"),
    seen(ErrorId::PoolName, Some(4), "failure: pool with such name exists"),
    seen(
        ErrorId::DhcpServerInterface,
        Some(4),
        "failure: server or relay with such interface already exists",
    ),
    seen(ErrorId::DhcpNetwork, Some(4), "failure: such network already exists"),
    seen(ErrorId::BridgePort, Some(4), "failure: device already added as bridge port"),
    seen(ErrorId::UserName, Some(4), "failure: user with the same name already exists"),
    seen(ErrorId::ConfiguredElsewhere, Some(4), "failure: this is configured elsewhere"),
    seen(ErrorId::CouldNotSetMtu, Some(4), "failure: could not set mtu"),
    seen(ErrorId::Permissions, None, "not enough permissions (9)"),
    seen(ErrorId::Interrupted, Some(2), "interrupted"),
    seen(ErrorId::BadLogin, None, "invalid user name or password (6)"),
    seen(ErrorId::CannotLogIn, None, "cannot log in"),
    seen(ErrorId::ResolveFailed, Some(4), "failure: resolve failed"),
    seen(ErrorId::NeedSlave, Some(4), "failure: need at least one slave interface"),
    seen(ErrorId::FollowOnly, None, "unknown parameter follow-only"),
    seen(ErrorId::UpdateCanceled, None, "update canceled"),
    seen(ErrorId::ContentsTooLong, Some(4), "failure: contents too long"),
    assumed(
        ErrorId::SafeModeHeld,
        Some(4),
        "failure: Safe Mode is taken by another user ({}). Action aborted.",
    ),
    assumed(ErrorId::SafeModeNotTaken, Some(4), "failure: Safe Mode has not been taken. Action aborted."),
    assumed(ErrorId::DefaultEntry, Some(4), "failure: can not remove default entry"),
    assumed(ErrorId::LastFullUser, Some(4), "failure: can not remove last full user"),
    assumed(ErrorId::VlanExists, Some(4), "failure: already have vlan with such vlan-id on this interface"),
    assumed(ErrorId::NameExists, Some(4), "failure: already have {} with such name"),
    assumed(ErrorId::SuchListMember, Some(4), "failure: already have such member"),
    assumed(ErrorId::NothingToUndo, Some(4), "failure: nothing to undo"),
    assumed(ErrorId::NothingToRedo, Some(4), "failure: nothing to redo"),
    assumed(ErrorId::NameOrRegexp, Some(4), "failure: name or regexp must be set, not both"),
    assumed(ErrorId::LeaseExists, Some(4), "failure: already have static lease with this address"),
    assumed(ErrorId::UnknownValueName, Some(1), "input does not match any value of value-name"),
    assumed(ErrorId::DiskFull, Some(4), "failure: not enough space on disk"),
    assumed(ErrorId::NotSigned, Some(4), "failure: certificate is not signed"),
    assumed(ErrorId::FileExists, Some(4), "failure: file already exists"),
    assumed(ErrorId::FilterSyntax, Some(1), "failure: rule has a syntax error: expected {} at \"{}\""),
    assumed(ErrorId::ScriptSyntax, Some(3), "syntax error: {}"),
    assumed(ErrorId::WrongBackup, Some(4), "failure: wrong backup password"),
];

/// A command's failure as it goes out in `!trap`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trap {
    pub(crate) message: String,
    pub(crate) category: Option<u8>,
}

impl Trap {
    /// An entry without details.
    pub(crate) fn new(id: ErrorId) -> Self {
        Trap::with(id, "")
    }

    /// An entry about an argument.
    pub(crate) fn with(id: ErrorId, detail: &str) -> Self {
        Trap::with2(id, detail, "")
    }

    pub(crate) fn with2(id: ErrorId, first: &str, second: &str) -> Self {
        let (text, category) = match CATALOGUE.iter().find(|entry| entry.id == id) {
            Some(entry) => (entry.text, entry.category),
            None => ("failure: {}", Some(4)),
        };
        Trap { message: text.replacen("{}", first, 1).replacen("{}", second, 1), category }
    }

    /// A text from outside the catalogue: injected faults.
    pub(crate) fn text(message: impl Into<String>) -> Self {
        Trap { message: message.into(), category: Some(4) }
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Texts whose wording is ours, for the list of assumptions.
pub(crate) fn assumed_texts() -> impl Iterator<Item = &'static str> {
    CATALOGUE.iter().filter(|entry| entry.evidence == Evidence::Assumed).map(|entry| entry.text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_fill_the_text() {
        assert_eq!(Trap::with(ErrorId::UnknownParameter, "foo").message, "unknown parameter foo");
        assert_eq!(
            Trap::with2(ErrorId::OutOfRange, "vlan-id", "1 .. 4094").message,
            "value of vlan-id is out of range (1 .. 4094)"
        );
    }

    #[test]
    fn every_entry_is_there_once() {
        for (at, entry) in CATALOGUE.iter().enumerate() {
            assert!(CATALOGUE[..at].iter().all(|other| other.id != entry.id), "{:?} twice", entry.id);
        }
    }
}
