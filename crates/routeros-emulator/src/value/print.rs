//! Values to bytes.

use std::borrow::Cow;

use super::{Names, Target, Value, format_id};

/// A value as it is printed; references by the present name of their row, or by its dead id (reference 4).
pub(crate) fn show<'a>(value: &'a Value, names: &'a impl Names) -> Cow<'a, [u8]> {
    match value {
        Value::Plain(bytes) => Cow::Borrowed(bytes),
        Value::Refs { negated: false, targets } if targets.len() == 1 => target(&targets[0], names),
        Value::Refs { negated, targets } => {
            let mut out = Vec::new();
            if *negated {
                out.push(b'!');
            }
            for (at, item) in targets.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                out.extend_from_slice(&target(item, names));
            }
            Cow::Owned(out)
        }
    }
}

fn target<'a>(target: &'a Target, names: &'a impl Names) -> Cow<'a, [u8]> {
    match target {
        Target::Word(word) => Cow::Borrowed(word),
        Target::Row(space, id) => match names.name_of(space, *id) {
            Some(name) => Cow::Borrowed(name),
            None => Cow::Owned(format_id(*id).into_bytes()),
        },
    }
}

/// Appends a form of the value by which equal values are equal bytes: references by id, not by name.
pub(crate) fn push_key(value: Option<&Value>, out: &mut Vec<u8>) {
    match value {
        None => out.push(0),
        Some(Value::Plain(bytes)) => {
            out.push(1);
            out.extend_from_slice(bytes);
        }
        Some(Value::Refs { negated, targets }) => {
            out.push(if *negated { 3 } else { 2 });
            for target in targets {
                match target {
                    Target::Row(space, id) => {
                        out.extend_from_slice(space.as_bytes());
                        out.extend_from_slice(&id.to_be_bytes());
                    }
                    Target::Word(word) => out.extend_from_slice(word),
                }
                out.push(0);
            }
        }
    }
    out.push(0xff);
}
