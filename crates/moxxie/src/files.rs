//! Files of a site: TOML, YAML or JSON, with the line of everything they say.

mod check;
mod node;
pub(crate) mod write;

use std::{
    collections::BTreeMap,
    fmt, fs,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value};

use self::node::{Node, Said};

/// The lists that files have, in the order in which they are written.
pub(crate) const LISTS: [&str; 8] =
    ["tenants", "vrfs", "sites", "containers", "pools", "profiles", "routers", "networks"];

/// Where something is said.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    file: PathBuf,
    line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

/// Something that is wrong with files.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Wrong {
    place: Option<Place>,
    file: PathBuf,
    message: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "{place}: {}", self.message),
            None if self.file.as_os_str().is_empty() => f.write_str(&self.message),
            None => write!(f, "{}: {}", self.file.display(), self.message),
        }
    }
}

/// Files that cannot be used, with everything that is wrong with them.
#[derive(Debug)]
pub(crate) struct BadFiles(pub(crate) Vec<Wrong>);

impl fmt::Display for BadFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(wrong) = self;
        match wrong.as_slice() {
            [only] => write!(f, "{only}"),
            several => {
                write!(f, "{} things are wrong", several.len())?;
                several.iter().try_for_each(|wrong| write!(f, "\n  {wrong}"))
            }
        }
    }
}

impl std::error::Error for BadFiles {}

/// How the password of a router is found.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Password {
    File(PathBuf),
    Variable(String),
}

/// Everything that files say.
#[derive(Debug, Default)]
pub(crate) struct Files {
    /// What is sent to the server: lists of objects, by the names of [`LISTS`].
    pub(crate) declaration: Map<String, Value>,
    /// The place of each thing said, by its path in the declaration: `pools[3].prefix`.
    places: BTreeMap<String, Place>,
    /// Where the passwords of routers are, by name of the router.
    passwords: BTreeMap<String, (Password, Place)>,
}

impl Files {
    /// Reads these files, and those of these directories.
    ///
    /// # Errors
    /// [`BadFiles`] with everything that is wrong.
    pub(crate) fn read(paths: &[PathBuf]) -> Result<Self, BadFiles> {
        let (mut found, mut wrong, mut files) = (Vec::new(), Vec::new(), Self::default());
        for path in paths {
            let before = found.len();
            if let Err(error) = find(path, true, &mut found) {
                wrong.push(Wrong { place: None, file: path.clone(), message: error.to_string() });
            } else if found.len() == before {
                let message = "has no files that end in .toml, .yaml, .yml or .json".to_owned();
                wrong.push(Wrong { place: None, file: path.clone(), message });
            }
        }
        for file in found {
            match fs::read_to_string(&file) {
                Ok(text) => files.add(&file, &text, &mut wrong),
                Err(error) => wrong.push(Wrong { place: None, file, message: error.to_string() }),
            }
        }
        if wrong.is_empty() { Ok(files) } else { Err(BadFiles(wrong)) }
    }

    fn add(&mut self, file: &Path, text: &str, wrong: &mut Vec<Wrong>) {
        let is_toml = file.extension().is_some_and(|extension| extension == "toml");
        let read = if is_toml { node::toml(text) } else { node::yaml(text) };
        let at = |line: Option<usize>| line.map(|line| Place { file: file.to_owned(), line });
        let Node { said, .. } = match read {
            Ok(node) => node,
            Err((line, message)) => {
                return wrong.push(Wrong { place: at(line), file: file.to_owned(), message });
            }
        };
        let mut say = |line: usize, message: String| {
            wrong.push(Wrong { place: at(Some(line)), file: file.to_owned(), message });
        };
        let lists = match said {
            Said::Table(lists) => lists,
            // An empty file, or one with comments alone.
            Said::Plain(Value::Null) => return,
            _ => return say(1, format!("must be lists by name: {}", LISTS.join(", "))),
        };
        for (name, line, list) in lists {
            if !LISTS.contains(&name.as_str()) {
                say(line, check::no_such_key(&name, &LISTS));
                continue;
            }
            let Said::List(items) = list.said else {
                say(line, format!("{name} must be a list"));
                continue;
            };
            for item in items {
                self.add_item(&name, item, file, &mut say);
            }
        }
    }

    fn add_item(&mut self, list: &str, item: Node, file: &Path, say: &mut impl FnMut(usize, String)) {
        let line = item.line;
        if !matches!(item.said, Said::Table(_)) {
            return say(line, format!("each of {list} must be a table of keys and values"));
        }
        let index = self.declaration.get(list).and_then(Value::as_array).map_or(0, Vec::len);
        let at = format!("{list}[{index}]");
        let mut lines = BTreeMap::new();
        let Value::Object(mut fields) = item.flatten(&at, &mut lines) else { return };
        let line_of = |field: &str| nearest_place(&lines, &join(&at, field)).copied().unwrap_or(line);
        if list == "routers" {
            match password(&mut fields, file) {
                Ok(None) => {}
                Ok(Some(password)) => {
                    let name = fields.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
                    let place = Place { file: file.to_owned(), line };
                    self.passwords.insert(name, (password, place));
                }
                Err((field, message)) => say(line_of(field), message),
            }
        }
        for (field, message) in check::item(list, &fields) {
            say(line_of(&field), if field.is_empty() { message } else { format!("{field}: {message}") });
        }
        let place = |line: usize| Place { file: file.to_owned(), line };
        self.places.extend(lines.into_iter().map(|(path, line)| (path, place(line))));
        let list = self.declaration.entry(list).or_insert_with(|| Value::Array(Vec::new()));
        list.as_array_mut()
            .into_iter()
            .for_each(|list| list.push(Value::Object(std::mem::take(&mut fields))));
    }

    /// Something wrong in the words of the server, at its place in a file.
    pub(crate) fn wrong(&self, field: &str, message: &str) -> Wrong {
        let place = nearest_place(&self.places, field).cloned();
        let last = field.split_once("].").map(|(_, field)| field);
        let message = match (&place, last) {
            (Some(_), Some(field)) => format!("{field}: {message}"),
            (Some(_), None) => message.to_owned(),
            (None, _) => format!("{field}: {message}"),
        };
        Wrong { place, file: PathBuf::new(), message }
    }

    /// Whether the password of a router can be had; `None` when the files do not say where it is.
    ///
    /// # Errors
    /// [`BadFiles`] when it cannot.
    pub(crate) fn password(&self, router: &str) -> Result<Option<String>, BadFiles> {
        let Some((password, place)) = self.passwords.get(router) else { return Ok(None) };
        let wrong = |message: String| {
            BadFiles(vec![Wrong { place: Some(place.clone()), file: PathBuf::new(), message }])
        };
        let text = match password {
            Password::Variable(name) => std::env::var(name).map_err(|_| {
                wrong(format!("the environment variable {name} (passwordEnv of router {router}) is not set"))
            })?,
            Password::File(file) => fs::read_to_string(file).map_err(|error| {
                wrong(format!("{} (passwordFile of router {router}): {error}", file.display()))
            })?,
        };
        Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
    }

    /// The declaration with the passwords of these routers.
    ///
    /// # Errors
    /// [`BadFiles`] when one cannot be had.
    pub(crate) fn with_passwords(&self, routers: &[&str]) -> Result<Map<String, Value>, BadFiles> {
        let mut declaration = self.declaration.clone();
        for router in declaration.get_mut("routers").and_then(Value::as_array_mut).into_iter().flatten() {
            let name = router["name"].as_str().unwrap_or_default().to_owned();
            if routers.contains(&name.as_str())
                && let Some(password) = self.password(&name)?
            {
                router["password"] = Value::String(password);
            }
        }
        Ok(declaration)
    }
}

/// Files below a path, by name. What is named itself is taken whatever it is called.
fn find(path: &Path, named: bool, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if path.is_dir() {
        let entries: Result<Vec<_>, _> = fs::read_dir(path)?.collect();
        let mut entries: Vec<_> = entries?.into_iter().map(|entry| entry.path()).collect();
        entries.sort();
        let hidden =
            |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        return entries.iter().filter(|path| !hidden(path)).try_for_each(|path| find(path, false, found));
    }
    let known = path.extension().is_some_and(|extension| {
        ["toml", "yaml", "yml", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known))
    });
    if named || known {
        found.push(path.to_owned());
    }
    Ok(())
}

/// Takes out of a router's fields where its password is.
fn password(
    fields: &mut Map<String, Value>,
    file: &Path,
) -> Result<Option<Password>, (&'static str, String)> {
    if fields.remove("password").is_some() {
        let message = "a password does not belong into these files: write passwordEnv = \"VARIABLE\" or \
                       passwordFile = \"FILE\"";
        return Err(("password", message.to_owned()));
    }
    let mut text = |field: &'static str| match fields.remove(field) {
        None => Ok(None),
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
        Some(_) => Err((field, format!("{field}: must be a text"))),
    };
    match (text("passwordFile")?, text("passwordEnv")?) {
        (Some(_), Some(_)) => Err(("passwordEnv", "name passwordFile or passwordEnv, not both".to_owned())),
        // As seen from the file that names it.
        (Some(path), None) => Ok(Some(Password::File(file.parent().unwrap_or(Path::new("")).join(path)))),
        (None, name) => Ok(name.map(Password::Variable)),
    }
}

fn join(at: &str, field: &str) -> String {
    if field.is_empty() { at.to_owned() } else { format!("{at}.{field}") }
}

/// What is known of a path, or of what it is part of.
fn nearest_place<'p, T>(places: &'p BTreeMap<String, T>, path: &str) -> Option<&'p T> {
    let mut path = path;
    loop {
        if let Some(place) = places.get(path) {
            return Some(place);
        }
        path = &path[..path.rfind(['.', '['])?];
    }
}

#[cfg(test)]
mod tests;
