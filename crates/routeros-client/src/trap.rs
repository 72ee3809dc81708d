//! Refusals, in the router's own words and by kind.

use std::fmt;

use routeros_wire::Sentence;

/// What a refusal is about, recognised from its text. RouterOS has no error codes beyond eight coarse
/// categories, so texts are what there is to go by; one that nobody has catalogued is [`TrapKind::Other`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TrapKind {
    /// The item to work on does not exist (`no such item`).
    MissingItem,
    /// The menu or command does not exist, or not in this version or on this device.
    NoSuchCommand,
    /// The command has no such argument, or not in this version (`unknown parameter X`).
    UnknownParameter,
    /// A value of the wrong type, out of range, missing, or naming something that does not exist.
    BadArgument,
    /// The user's group lacks a policy (`not enough permissions (9)`).
    Permission,
    /// Something equal is there already.
    Duplicate,
    /// Something else uses or holds it.
    InUse,
    /// Stopped before its end, by `/cancel` or by the router's own time-out: what it did is not known.
    Interrupted,
    /// Name or password are wrong, or the user may not log in this way.
    Login,
    /// None of these.
    Other,
}

impl TrapKind {
    /// Recognises a refusal by category and text.
    ///
    /// ```
    /// use routeros_client::TrapKind;
    /// assert_eq!(TrapKind::classify(None, "no such item (4)"), TrapKind::MissingItem);
    /// assert_eq!(TrapKind::classify(Some(1), "some new wording"), TrapKind::BadArgument);
    /// ```
    pub fn classify(category: Option<u8>, message: &str) -> Self {
        // Category 2 is documented as "execution of command interrupted", whatever the text.
        if category == Some(2) {
            return Self::Interrupted;
        }
        let text = message.strip_prefix("failure: ").unwrap_or(message);
        let starts = |(prefix, kind): &(&str, Self)| text.starts_with(prefix).then_some(*kind);
        let contains = |(part, kind): &(&str, Self)| text.contains(part).then_some(*kind);
        PREFIXES
            .iter()
            .find_map(starts)
            .or_else(|| PARTS.iter().find_map(contains))
            .unwrap_or(if category == Some(1) { Self::BadArgument } else { Self::Other })
    }
}

/// Texts known by how they begin, `failure: ` taken away.
const PREFIXES: &[(&str, TrapKind)] = &[
    ("no such command", TrapKind::NoSuchCommand),
    ("no such item", TrapKind::MissingItem),
    ("unknown parameter", TrapKind::UnknownParameter),
    ("bad parameter", TrapKind::UnknownParameter),
    ("not enough permissions", TrapKind::Permission),
    ("invalid user name or password", TrapKind::Login),
    ("cannot log in", TrapKind::Login),
    ("interrupted", TrapKind::Interrupted),
    ("action timed out", TrapKind::Interrupted),
    ("input does not match any value of", TrapKind::BadArgument),
    ("ambiguous value of", TrapKind::BadArgument),
    ("invalid value", TrapKind::BadArgument),
    ("value of ", TrapKind::BadArgument),
    ("missing =", TrapKind::BadArgument),
    ("missing or invalid resource identifier", TrapKind::BadArgument),
    ("could not set mtu", TrapKind::BadArgument),
    ("contents too long", TrapKind::BadArgument),
];

/// Texts known by what they contain; duplicates are worded differently in nearly every menu.
const PARTS: &[(&str, TrapKind)] = &[
    ("already have", TrapKind::Duplicate),
    ("already exist", TrapKind::Duplicate),
    ("such name exists", TrapKind::Duplicate),
    ("already added", TrapKind::Duplicate),
    (" in use", TrapKind::InUse),
    ("used by", TrapKind::InUse),
    ("taken by another", TrapKind::InUse),
];

/// One `!trap`: the router refused a command, or one of its targets, or stopped it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trap {
    /// The documented category: 0 missing item or command, 1 argument value, 2 interrupted, 3 scripting,
    /// 4 general, 5 API, 6 terminal, 7 a `:return` value. Often absent.
    pub category: Option<u8>,
    /// The router's own words.
    pub message: String,
    /// What they mean.
    pub kind: TrapKind,
}

impl Trap {
    pub(crate) fn from_sentence(sentence: &Sentence) -> Self {
        let text = |name| sentence.attribute(name).map(String::from_utf8_lossy);
        let category = text("category").and_then(|category| category.parse().ok());
        let message = text("message").map_or_else(|| "no message given".to_owned(), |text| text.into_owned());
        let kind = TrapKind::classify(category, &message);
        Self { category, message, kind }
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Trap {}

/// The traps of one command, at least one: a command with several targets may get one for each.
///
/// ```
/// use routeros_client::{Command, Config, Connection, Security};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let router = routeros_emulator::Emulator::builder().user("admin", "secret").start().await?;
/// # let config = Config::new(&router.addr().to_string(), "admin", "secret".into(), Security::Plain);
/// # let connection = Connection::open(&config).await?;
/// let error = connection.run(Command::new("/ip/pool/remove").id("*98,*99")).await.unwrap_err();
/// let words: Vec<_> = error.traps().iter().map(|trap| trap.message.as_str()).collect();
/// assert_eq!(words, ["no such item", "no such item"]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traps(pub(crate) Vec<Trap>);

impl Traps {
    /// All of them, in the order they came.
    pub fn as_slice(&self) -> &[Trap] {
        &self.0
    }

    /// The first one.
    pub fn first(&self) -> Option<&Trap> {
        self.0.first()
    }
}

impl fmt::Display for Traps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, trap) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{trap}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Traps {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue() {
        use TrapKind::*;
        for (text, kind) in [
            ("no such command", NoSuchCommand),
            ("no such command prefix", NoSuchCommand),
            ("no such command or directory (remove)", NoSuchCommand),
            ("no such item", MissingItem),
            ("no such item (4)", MissingItem),
            ("unknown parameter afi", UnknownParameter),
            ("input does not match any value of interface", BadArgument),
            ("ambiguous value of list, more than one possible value matches input", BadArgument),
            ("invalid value for argument address", BadArgument),
            ("invalid value of mtu, integer value required", BadArgument),
            ("value of vlan-id contains invalid trailing characters", BadArgument),
            ("value of range expects range of ip addresses", BadArgument),
            ("value of lease-time is out of range (00:00:10 .. 1d00:00:00)", BadArgument),
            ("missing =account=", BadArgument),
            ("failure: could not set mtu", BadArgument),
            ("failure: contents too long", BadArgument),
            ("failure: already have interface with such name", Duplicate),
            ("failure: already have such address", Duplicate),
            ("failure: already have such entry", Duplicate),
            ("failure: entry already exists", Duplicate),
            ("failure: pool with such name exists", Duplicate),
            ("failure: server or relay with such interface already exists", Duplicate),
            ("failure: such network already exists", Duplicate),
            ("device already added as bridge port", Duplicate),
            ("failure: user with the same name already exists", Duplicate),
            ("failure: already have user with this name for this server", Duplicate),
            ("not enough permissions (9)", Permission),
            ("interrupted", Interrupted),
            ("invalid user name or password (6)", Login),
            ("cannot log in", Login),
            ("Safe Mode is taken by another user (bob). Action aborted.", InUse),
            ("action failed (6)", Other),
            ("failure: this is configured elsewhere", Other),
            ("failure: resolve failed", Other),
        ] {
            assert_eq!(TrapKind::classify(None, text), kind, "{text}");
        }
        assert_eq!(TrapKind::classify(Some(2), "whatever"), Interrupted);
    }

    #[test]
    fn a_trap_without_a_message() {
        let trap = Trap::from_sentence(&Sentence::new(["!trap", "=category=x"]));
        assert_eq!((trap.category, trap.kind), (None, TrapKind::Other));
    }
}
