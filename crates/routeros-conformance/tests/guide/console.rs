//! The setup guide's code blocks, and console commands as API sentences.
#![allow(dead_code, unreachable_pub, reason = "two tests include this, each uses a part")]

/// One fenced block.
#[derive(Debug)]
pub struct Block {
    /// `routeros`, `sh`.
    pub language: String,
    /// What follows it: `since=18`, `exit=1`.
    pub notes: Vec<(String, u32)>,
    /// Its commands, one a line.
    pub lines: Vec<String>,
}

impl Block {
    /// A note's number.
    pub fn note(&self, name: &str) -> Option<u32> {
        self.notes.iter().find(|(note, _)| note == name).map(|(_, number)| *number)
    }
}

/// The fenced blocks of a document. One of a kind that no test knows is an error, as is one that does not end.
pub fn blocks(text: &str) -> Result<Vec<Block>, String> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in text.lines() {
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(""), Some(_)) => blocks.extend(open.take()),
            (Some(info), None) => {
                let mut words = info.split_whitespace();
                let language = words.next().unwrap_or_default().to_owned();
                if !["routeros", "sh"].contains(&language.as_str()) {
                    return Err(format!("a block of {language:?}: no test knows how to run it"));
                }
                let notes = words.map(|word| {
                    let (name, number) = word.split_once('=').ok_or(format!("note {word:?}"))?;
                    let known = ["since", "until", "exit"].contains(&name);
                    let number = number.parse().ok().filter(|_| known).ok_or(format!("note {word:?}"))?;
                    Ok((name.to_owned(), number))
                });
                open =
                    Some(Block { language, notes: notes.collect::<Result<_, String>>()?, lines: Vec::new() });
            }
            (Some(info), Some(_)) => return Err(format!("a block opens within a block: {info}")),
            (None, Some(block)) if !line.trim().is_empty() && !line.starts_with('#') => {
                block.lines.push(line.trim().to_owned());
            }
            (None, _) => {}
        }
    }
    open.map_or(Ok(blocks), |block| Err(format!("a block does not end: {:?}", block.lines)))
}

/// An attribute (`=`) or query (`?`) with its name and value.
pub type Word = (char, String, String);

/// A console command as path and words of an API sentence.
pub fn sentence(line: &str) -> Result<(String, Vec<Word>), String> {
    let mut tokens = tokens(line)?.into_iter();
    let path = tokens.next().filter(|path| path.starts_with('/')).ok_or(format!("no command: {line}"))?;
    let command = path.rsplit('/').next().unwrap_or_default().to_owned();
    let mut words = Vec::new();
    let mut kind = '=';
    for token in tokens {
        match token.split_once('=') {
            Some((name, value)) if !name.is_empty() && !name.contains(' ') => {
                words.push((kind, name.to_owned(), value.to_owned()));
            }
            _ if token == "where" && command == "print" => kind = '?',
            // The row a command is about stands first, by its name.
            _ if words.is_empty() && kind == '=' => {
                let argument = match command.as_str() {
                    "set" | "remove" | "enable" | "disable" => "numbers",
                    "sign" => "number",
                    _ => return Err(format!("{token:?} in: {line}")),
                };
                words.push(('=', argument.to_owned(), token));
            }
            _ => return Err(format!("{token:?} in: {line}")),
        }
    }
    Ok((path, words))
}

/// Words of a line; quotes hold them together, and a backslash takes the next character as it is.
fn tokens(line: &str) -> Result<Vec<String>, String> {
    let (mut tokens, mut token, mut quoted, mut begun) = (Vec::new(), String::new(), false, false);
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        match c {
            '"' => (quoted, begun) = (!quoted, true),
            '\\' if quoted => token.extend(characters.next()),
            ' ' if !quoted => {
                if begun {
                    tokens.push(std::mem::take(&mut token));
                }
                begun = false;
            }
            c => {
                token.push(c);
                begun = true;
            }
        }
    }
    if begun {
        tokens.push(token);
    }
    if quoted { Err(format!("a quote does not end: {line}")) } else { Ok(tokens) }
}
