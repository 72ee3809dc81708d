//! Types of field values. What each accepts and how it prints is in [`crate::value`].

/// The type of a field's value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Type {
    /// Any bytes (RouterOS declares no encoding, reference 1.1).
    Text,
    /// `yes`/`no`/`true`/`false` in, `true`/`false` out (reference 1.2).
    Bool,
    /// Present (`true`) or absent: `/ip/route blackhole`, `/routing/table fib`.
    Switch,
    /// Decimal or 0x hexadecimal in, decimal out; hexadecimal out when `hex`.
    Number { low: i64, high: i64, hex: bool },
    /// A duration, bounds in milliseconds.
    Time { low: u64, high: u64 },
    /// A date, a time of day or both; stored as given.
    Date,
    /// One IPv4 address.
    Ip4,
    /// One IPv6 address.
    Ip6,
    /// IPv4 or IPv6 address, zone or VRF after `%` or `@` allowed.
    Ip,
    /// An interface address: address and prefix length, host bits kept.
    Address4,
    /// The same for IPv6.
    Address6,
    /// A network; host bits are cleared.
    Prefix4,
    /// The same for IPv6.
    Prefix6,
    /// IPv4 or IPv6 network or address, printed with prefix length.
    AnyPrefix,
    /// Address, network or `A-B`; a /32 (or /128) prints without length.
    Range { v6: bool, names: bool },
    /// Comma list of ranges of a pool: `A-B`; a network is kept as given.
    PoolRanges,
    /// A MAC address.
    Mac,
    /// One of these words.
    Enum(&'static [&'static str]),
    /// Comma list out of these words.
    Set(&'static [&'static str]),
    /// Comma list out of policies: what is left out prints with a `!`.
    Policies,
    /// Comma list.
    List(Box<Type>),
    /// Numbers and ranges: `10,20-30`.
    NumberRanges { low: i64, high: i64 },
    /// One of the words, or the type.
    Words(&'static [&'static str], Box<Type>),
    /// A row of one of these spaces, kept by id. Plain words of `words` are taken too.
    Ref { spaces: &'static [&'static str], words: &'static [&'static str], many: bool },
    /// A leading `!` negates.
    Not(Box<Type>),
    /// Stored as given; what it may hold is richer than is checked here.
    Opaque,
}

pub(crate) fn num(low: i64, high: i64) -> Type {
    Type::Number { low, high, hex: false }
}

pub(crate) fn hex(low: i64, high: i64) -> Type {
    Type::Number { low, high, hex: true }
}

pub(crate) fn time() -> Type {
    Type::Time { low: 0, high: u64::from(u32::MAX) * 1000 }
}

/// Bounds in milliseconds.
pub(crate) fn time_between(low: u64, high: u64) -> Type {
    Type::Time { low, high }
}

pub(crate) fn date() -> Type {
    Type::Date
}

pub(crate) fn enum_of(words: &'static [&'static str]) -> Type {
    Type::Enum(words)
}

pub(crate) fn set_of(words: &'static [&'static str]) -> Type {
    Type::Set(words)
}

pub(crate) fn list_of(ty: Type) -> Type {
    Type::List(Box::new(ty))
}

pub(crate) fn words(words: &'static [&'static str], ty: Type) -> Type {
    Type::Words(words, Box::new(ty))
}

pub(crate) fn not(ty: Type) -> Type {
    Type::Not(Box::new(ty))
}

pub(crate) fn ref_to(spaces: &'static [&'static str], words: &'static [&'static str]) -> Type {
    Type::Ref { spaces, words, many: false }
}

pub(crate) fn refs_to(spaces: &'static [&'static str], words: &'static [&'static str]) -> Type {
    Type::Ref { spaces, words, many: true }
}

pub(crate) fn range4() -> Type {
    Type::Range { v6: false, names: false }
}

pub(crate) fn range6() -> Type {
    Type::Range { v6: true, names: false }
}

pub(crate) fn addresses() -> Type {
    list_of(Type::Ip)
}

impl Type {
    /// The name used by `routeros-emulator schema`.
    pub(crate) fn label(&self) -> String {
        match self {
            Type::Text => "text".into(),
            Type::Bool => "bool".into(),
            Type::Switch => "switch".into(),
            Type::Number { low, high, .. } => format!("number {low}..{high}"),
            Type::Time { .. } => "time".into(),
            Type::Date => "date".into(),
            Type::Ip4 => "ipv4".into(),
            Type::Ip6 => "ipv6".into(),
            Type::Ip => "ip".into(),
            Type::Address4 => "ipv4 address/length".into(),
            Type::Address6 => "ipv6 address/length".into(),
            Type::Prefix4 => "ipv4 prefix".into(),
            Type::Prefix6 => "ipv6 prefix".into(),
            Type::AnyPrefix => "ip prefix".into(),
            Type::Range { .. } => "address range".into(),
            Type::PoolRanges => "address ranges".into(),
            Type::Mac => "mac".into(),
            Type::Enum(_) => "enum".into(),
            Type::Set(_) => "set".into(),
            Type::Policies => "policies".into(),
            Type::List(inner) => format!("list of {}", inner.label()),
            Type::NumberRanges { low, high } => format!("number ranges {low}..{high}"),
            Type::Words(_, inner) => format!("word or {}", inner.label()),
            Type::Ref { many: false, .. } => "reference".into(),
            Type::Ref { many: true, .. } => "references".into(),
            Type::Not(inner) => format!("[!] {}", inner.label()),
            Type::Opaque => "opaque".into(),
        }
    }

    /// The words that an enumeration takes, for the schema print.
    pub(crate) fn enumeration(&self) -> &'static [&'static str] {
        match self {
            Type::Enum(words) | Type::Set(words) | Type::Words(words, _) | Type::Ref { words, .. } => words,
            Type::Not(inner) | Type::List(inner) => inner.enumeration(),
            _ => &[],
        }
    }

    /// Spaces whose rows the value may name.
    pub(crate) fn references(&self) -> &'static [&'static str] {
        match self {
            Type::Ref { spaces, .. } => spaces,
            Type::Not(inner) | Type::List(inner) | Type::Words(_, inner) => inner.references(),
            _ => &[],
        }
    }
}
