//! A plan as a RouterOS script.

use std::fmt::Write as _;

use moxxie_core::{
    plan::{Action, Command, Plan},
    row::{Mark, Row},
};

use crate::diff::{value_of, words};

/// The plan as a script that can be pasted into a console, one command a line, in order.
#[must_use]
pub fn script(plan: &Plan) -> String {
    let mut commands: Vec<_> = plan.commands.iter().collect();
    commands.sort_by_key(|command| command.wave);
    let mut text = String::new();
    for command in commands {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", line(command));
    }
    text
}

fn line(command: &Command) -> String {
    let row = &command.row;
    match &command.action {
        Action::Add => {
            let place = row.before.as_deref().map(|before| format!(" place-before={}", anchor(row, before)));
            format!("{} add {}{}", row.menu, words(row), place.unwrap_or_default())
        }
        Action::Remove => format!("{} remove {}", row.menu, find(row)),
        Action::Set { before } => {
            let fields: Vec<_> = before
                .keys()
                .map(|name| match value_of(row, name) {
                    Some(value) => format!("{name}={}", quote(&value)),
                    None => format!("!{name}"),
                })
                .collect();
            format!("{} set {} {}", row.menu, find(row), fields.join(" "))
        }
    }
}

/// The row by its mark. A label may follow the mark, and one mark may begin another.
fn find(row: &Row) -> String {
    format!("[find where {}]", begins(&row.mark.to_string(), true))
}

/// Where a row goes: the first row of the chain that matches.
fn anchor(row: &Row, before: &str) -> String {
    let chain =
        row.fields.get("chain").map_or_else(String::new, |chain| format!("chain={} and ", quote(chain)));
    let is_ours = before.parse::<Mark>().is_ok();
    format!("[:pick [find where {chain}{}] 0]", begins(before, is_ours))
}

/// A condition on the comment. `~` matches a regular expression, so its special characters are escaped.
fn begins(text: &str, whole_word: bool) -> String {
    let mut pattern = String::from("^");
    for c in text.chars() {
        if "\\^$.|?*+()[]{}".contains(c) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    if whole_word {
        // The end of the word or of the comment; for the console, `quote` escapes the dollar sign.
        pattern.push_str("( |$)");
    }
    format!("comment~{}", quote(&pattern))
}

/// A value as the console takes it: bare where that is safe, otherwise in quotes with `"`, `\`, `$` and `?`
/// escaped and bytes that are no printable ASCII as `\XX` (manual, scripting).
pub(crate) fn quote(value: &str) -> String {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.,:/".contains(&byte);
    if !value.is_empty() && value.bytes().all(is_bare) {
        return value.to_owned();
    }
    let mut quoted = String::from("\"");
    for byte in value.bytes() {
        match byte {
            b'"' | b'\\' | b'$' | b'?' => {
                quoted.push('\\');
                quoted.push(char::from(byte));
            }
            b'\n' => quoted.push_str("\\n"),
            b'\r' => quoted.push_str("\\r"),
            b'\t' => quoted.push_str("\\t"),
            0x20..=0x7e => quoted.push(char::from(byte)),
            other => {
                let _ = write!(quoted, "\\{other:02X}");
            }
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_console_would_read_differently_is_quoted() {
        for (value, text) in [
            ("ether1", "ether1"),
            ("10.0.0.0/24", "10.0.0.0/24"),
            ("", "\"\""),
            ("!mx-nets", "\"!mx-nets\""),
            ("a b", "\"a b\""),
            ("say \"hi\"", "\"say \\\"hi\\\"\""),
            ("$x\\y?", "\"\\$x\\\\y\\?\""),
            ("a;b", "\"a;b\""),
            ("two\nlines", "\"two\\nlines\""),
            ("é", "\"\\C3\\A9\""),
        ] {
            assert_eq!(quote(value), text, "{value:?}");
        }
    }

    #[test]
    fn rows_are_found_by_mark_and_placed_before_the_anchor() {
        let rows = crate::testing::rendered(&[crate::testing::network(1, "open")]);
        let of = |part: &str| rows.iter().find(|row| row.mark.part == part).unwrap().clone();
        let fields =
            [("disabled".to_owned(), Some("yes".to_owned())), ("ttl".to_owned(), Some("1".to_owned()))];
        let commands = vec![
            Command { wave: 1, action: Action::Remove, row: of("pool") },
            Command { wave: 0, action: Action::Add, row: of("jump-input") },
            Command { wave: 2, action: Action::Set { before: fields.into() }, row: of("input-drop") },
        ];
        let expected = "\
/ip/firewall/filter add chain=input action=jump jump-target=mx-input in-interface-list=mx-nets comment=mx1:ab12:fw:jump-input place-before=[:pick [find where chain=input and comment~\"^moxxie-anchor\"] 0]
/ip/pool remove [find where comment~\"^mx1:ab12:net-00000000-0001-7101-8101-010101010101:pool( |\\$)\"]
/ip/firewall/filter set [find where comment~\"^mx1:ab12:fw:input-drop( |\\$)\"] disabled=no !ttl
";
        assert_eq!(script(&Plan { commands, ..Plan::default() }), expected);
    }
}
