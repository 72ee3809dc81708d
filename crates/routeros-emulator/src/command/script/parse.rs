//! Script text to statements.

use crate::errors::{ErrorId, Trap};

/// One statement.
#[derive(Debug, PartialEq)]
pub(super) enum Statement {
    Command {
        /// Without a leading slash in the text it is meant from where the script is.
        relative: bool,
        path: String,
        arguments: Vec<Argument>,
    },
    Do {
        body: Vec<Statement>,
        on_error: Option<Vec<Statement>>,
    },
    Log {
        topic: String,
        message: String,
    },
    Error(String),
    /// A line for whoever waits for the script.
    Put(String),
    /// `:delay` and comments: nothing to see.
    Nothing,
}

/// One argument of a command.
#[derive(Debug, PartialEq)]
pub(super) enum Argument {
    Pair(String, String),
    /// An item named without `numbers=`.
    Target(String),
    /// `[find a=b c=d]`, with the argument's name if it had one.
    Find(Option<String>, Vec<String>),
}

/// A token: a word, or a bracketed or braced group.
#[derive(Debug, PartialEq, Clone)]
enum Token {
    Word(String),
    Brackets(String),
    Braces(String),
    End,
}

/// Blocks in blocks; more is refused instead of exhausting the stack (assumption `script-depth`).
const DEPTH: u32 = 32;

pub(super) fn statements(source: &str) -> Result<Vec<Statement>, Trap> {
    nested(source, 0)
}

fn nested(source: &str, depth: u32) -> Result<Vec<Statement>, Trap> {
    if depth > DEPTH {
        return Err(syntax("too many blocks within each other"));
    }
    let mut out = Vec::new();
    for line in lines(tokens(source)?) {
        if let Some(statement) = statement(&line, depth)? {
            out.push(statement);
        }
    }
    Ok(out)
}

fn lines(tokens: Vec<Token>) -> Vec<Vec<Token>> {
    tokens
        .split(|token| *token == Token::End)
        .filter(|line| !line.is_empty())
        .map(<[Token]>::to_vec)
        .collect()
}

fn statement(line: &[Token], depth: u32) -> Result<Option<Statement>, Trap> {
    let Some(Token::Word(first)) = line.first() else {
        return Err(syntax("expected command name"));
    };
    let word = |at: usize| match line.get(at) {
        Some(Token::Word(word)) => word.clone(),
        _ => String::new(),
    };
    Ok(Some(match first.as_str() {
        ":delay" | "delay" | ":local" | ":global" => Statement::Nothing,
        ":error" => Statement::Error(word(1)),
        ":log" => Statement::Log { topic: word(1), message: word(2) },
        ":put" => Statement::Put(word(1)),
        ":do" => {
            let mut groups = line.iter().filter_map(|token| match token {
                Token::Braces(inner) => Some(inner),
                _ => None,
            });
            let body = nested(groups.next().ok_or_else(|| syntax("expected block"))?, depth + 1)?;
            let on_error = groups.next().map(|inner| nested(inner, depth + 1)).transpose()?;
            Statement::Do { body, on_error }
        }
        other if other.starts_with(':') => return Err(syntax(&format!("bad command name {other}"))),
        _ => command(line)?,
    }))
}

/// `/ip address add a=b` and `/ip/address/add a=b` are the same.
fn command(line: &[Token]) -> Result<Statement, Trap> {
    let mut path = String::new();
    let mut arguments = Vec::new();
    let mut in_path = true;
    let mut pending_name: Option<String> = None;
    for token in line {
        match token {
            Token::Word(word) if in_path && !word.contains('=') && !ends_path(&path) => {
                if !word.starts_with('/') && !path.ends_with('/') {
                    path.push('/');
                }
                path.push_str(word);
            }
            Token::Word(word) => {
                in_path = false;
                if let Some(name) = pending_name.take() {
                    arguments.push(Argument::Pair(name, String::new()));
                }
                match word.split_once('=') {
                    Some((name, "")) => pending_name = Some(name.to_owned()),
                    Some((name, value)) => arguments.push(Argument::Pair(name.to_owned(), value.to_owned())),
                    // `!name` clears a property.
                    None if word.len() > 1 && word.starts_with('!') => {
                        arguments.push(Argument::Pair(word.clone(), String::new()));
                    }
                    None => arguments.push(Argument::Target(word.clone())),
                }
                continue;
            }
            Token::Brackets(inner) => {
                in_path = false;
                arguments.push(find(pending_name.take(), inner)?);
            }
            Token::Braces(inner) => {
                in_path = false;
                arguments.push(Argument::Pair(pending_name.take().unwrap_or_default(), inner.clone()));
            }
            Token::End => {}
        }
    }
    if let Some(name) = pending_name {
        arguments.push(Argument::Pair(name, String::new()));
    }
    let relative = !matches!(line.first(), Some(Token::Word(word)) if word.starts_with('/'));
    Ok(Statement::Command { relative, path, arguments })
}

/// After the command word the rest are arguments.
fn ends_path(path: &str) -> bool {
    const COMMANDS: &[&str] = &[
        "add", "set", "remove", "enable", "disable", "move", "unset", "reset", "comment", "print", "run",
        "load", "save",
    ];
    path.rsplit('/').next().is_some_and(|word| COMMANDS.contains(&word))
}

fn find(name: Option<String>, inner: &str) -> Result<Argument, Trap> {
    let mut words = tokens(inner)?.into_iter().filter_map(|token| match token {
        Token::Word(word) => Some(word),
        _ => None,
    });
    match words.next().as_deref() {
        Some("find") => {
            let conditions = words.filter(|word| word != "where" && word != "and").collect();
            Ok(Argument::Find(name, conditions))
        }
        _ => Err(syntax("only [find ...] is understood")),
    }
}

fn tokens(source: &str) -> Result<Vec<Token>, Trap> {
    let mut out = Vec::new();
    let mut word = String::new();
    let mut has_word = false;
    let mut chars = source.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                has_word = true;
                quoted(&mut chars, &mut word)?;
                continue;
            }
            '#' if !has_word && matches!(out.last(), None | Some(Token::End)) => {
                while chars.peek().is_some_and(|c| *c != '\n') {
                    chars.next();
                }
                continue;
            }
            '[' | '{' | ' ' | '\t' | '\r' | '\n' | ';' => {}
            '\\' if chars.peek() == Some(&'\n') => {
                chars.next();
                continue;
            }
            _ => {
                has_word = true;
                word.push(c);
                continue;
            }
        }
        if std::mem::take(&mut has_word) {
            out.push(Token::Word(std::mem::take(&mut word)));
        }
        match c {
            '[' => out.push(Token::Brackets(group(&mut chars, '[', ']')?)),
            '{' => out.push(Token::Braces(group(&mut chars, '{', '}')?)),
            '\n' | ';' => out.push(Token::End),
            _ => {}
        }
    }
    if has_word {
        out.push(Token::Word(word));
    }
    Ok(out)
}

fn quoted(chars: &mut impl Iterator<Item = char>, word: &mut String) -> Result<(), Trap> {
    loop {
        match chars.next() {
            None => return Err(syntax("missing closing quote")),
            Some('"') => return Ok(()),
            Some('\\') => match chars.next() {
                Some('n') => word.push('\n'),
                Some('r') => word.push('\r'),
                Some('t') => word.push('\t'),
                Some(other) => word.push(other),
                None => return Err(syntax("missing closing quote")),
            },
            Some(c) => word.push(c),
        }
    }
}

fn group(chars: &mut impl Iterator<Item = char>, open: char, close: char) -> Result<String, Trap> {
    let (mut depth, mut in_quotes, mut inner) = (1, false, String::new());
    while let Some(c) = chars.next() {
        if c == '\\' {
            inner.push(c);
            inner.extend(chars.next());
            continue;
        }
        in_quotes ^= c == '"';
        if !in_quotes {
            depth += i32::from(c == open) - i32::from(c == close);
            if depth == 0 {
                return Ok(inner);
            }
        }
        inner.push(c);
    }
    Err(syntax(&format!("missing `{close}`")))
}

fn syntax(what: &str) -> Trap {
    Trap::with(ErrorId::ScriptSyntax, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_path_forms_and_find() {
        let script =
            "/interface vlan remove [find name=\"v 1\"];/ip/address/add address=10.0.0.1/24 interface=ether1";
        let statements = statements(script).unwrap();
        assert_eq!(
            statements[0],
            Statement::Command {
                relative: false,
                path: "/interface/vlan/remove".into(),
                arguments: vec![Argument::Find(None, vec!["name=v 1".into()])],
            }
        );
        let Statement::Command { path, arguments, .. } = &statements[1] else { panic!("{statements:?}") };
        assert_eq!(path, "/ip/address/add");
        assert_eq!(arguments.len(), 2);
    }

    #[test]
    fn blocks_nest() {
        let parsed = statements(":do { /safe-mode/unroll } on-error={ :log info \"x }\" }").unwrap();
        assert!(matches!(&parsed[0], Statement::Do { on_error: Some(handler), .. } if handler.len() == 1));
        let deep = |blocks: usize| ":do {".repeat(blocks) + &"}".repeat(blocks);
        assert!(statements(&deep(DEPTH as usize)).is_ok());
        assert!(statements(&deep(2_000)).is_err());
    }
}
