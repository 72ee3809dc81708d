//! A rule as it was understood, and back to text.

use std::fmt;

/// The text of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    If { condition: Condition, then: Vec<Action>, otherwise: Vec<Action> },
    Always(Vec<Action>),
}

impl Rule {
    /// Chains that it jumps to or asks for by name.
    pub(crate) fn jumps(&self) -> impl Iterator<Item = &str> {
        let (then, otherwise) = match self {
            Rule::If { then, otherwise, .. } => (then.as_slice(), otherwise.as_slice()),
            Rule::Always(actions) => (actions.as_slice(), [].as_slice()),
        };
        then.iter().chain(otherwise).filter_map(|action| match action {
            Action::Jump(chain) => Some(chain.as_str()),
            _ => None,
        })
    }
}

/// What must hold. `&&` binds closer than `||`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    Any(Vec<Condition>),
    All(Vec<Condition>),
    Not(Box<Condition>),
    /// A property with its operator and value, or alone.
    Is {
        property: String,
        operator: Option<String>,
        value: Option<Word>,
    },
}

/// A value, with the quotes it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) quoted: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// `accept`, `reject`, `return`.
    End(&'static str),
    Jump(String),
    RpkiVerify(String),
    Unset(String),
    /// `set`, `append`, `filter`, `delete` of a property.
    Change {
        verb: &'static str,
        property: String,
        value: Word,
    },
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rule::Always(actions) => write_actions(f, actions),
            Rule::If { condition, then, otherwise } => {
                write!(f, "if ({condition}) {{ ")?;
                write_actions(f, then)?;
                f.write_str(" }")?;
                if !otherwise.is_empty() {
                    f.write_str(" else { ")?;
                    write_actions(f, otherwise)?;
                    f.write_str(" }")?;
                }
                Ok(())
            }
        }
    }
}

fn write_actions(f: &mut fmt::Formatter<'_>, actions: &[Action]) -> fmt::Result {
    actions.iter().enumerate().try_for_each(|(at, action)| {
        let gap = if at == 0 { "" } else { " " };
        write!(f, "{gap}{action};")
    })
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |f: &mut fmt::Formatter<'_>, parts: &[Condition], with: &str| {
            parts.iter().enumerate().try_for_each(|(at, part)| {
                let gap = if at == 0 { "" } else { with };
                match part {
                    Condition::Any(_) | Condition::All(_) => write!(f, "{gap}({part})"),
                    _ => write!(f, "{gap}{part}"),
                }
            })
        };
        match self {
            Condition::Any(parts) => joined(f, parts, " || "),
            Condition::All(parts) => joined(f, parts, " && "),
            Condition::Not(inner) => match **inner {
                Condition::Is { .. } => write!(f, "not {inner}"),
                _ => write!(f, "not ({inner})"),
            },
            Condition::Is { property, operator, value } => {
                f.write_str(property)?;
                [operator.clone(), value.as_ref().map(ToString::to_string)]
                    .iter()
                    .flatten()
                    .try_for_each(|word| write!(f, " {word}"))
            }
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::End(word) => f.write_str(word),
            Action::Jump(chain) => write!(f, "jump {chain}"),
            Action::RpkiVerify(group) => write!(f, "rpki-verify {group}"),
            Action::Unset(property) => write!(f, "unset {property}"),
            Action::Change { verb, property, value } => write!(f, "{verb} {property} {value}"),
        }
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.quoted {
            write!(f, "\"{}\"", self.text.replace('\\', "\\\\").replace('"', "\\\""))
        } else {
            f.write_str(&self.text)
        }
    }
}
