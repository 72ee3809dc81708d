//! Files of what there is.

use anyhow::Context as _;
use serde_json::{Map, Value};

use super::LISTS;

const HEAD: &str = "\
# Written by `moxxie export`. Passwords are not in it: a router that is not registered yet needs
# passwordEnv = \"VARIABLE\" or passwordFile = \"FILE\".
";

/// A declaration as a TOML file. Lists that are empty are left out.
pub(crate) fn toml(declaration: &Map<String, Value>) -> anyhow::Result<String> {
    let mut text = HEAD.to_owned();
    for (list, items) in lists(declaration) {
        // A list at a time, so that they come in the order of what refers to what.
        let table = Map::from_iter([(list.to_owned(), items.clone())]);
        text.push('\n');
        text.push_str(&toml::to_string(&table).context("writing TOML")?);
    }
    Ok(text)
}

/// A declaration as a YAML file.
pub(crate) fn yaml(declaration: &Map<String, Value>) -> anyhow::Result<String> {
    let mut text = HEAD.replace(" = ", ": ");
    for (list, items) in lists(declaration) {
        let table = Map::from_iter([(list.to_owned(), items.clone())]);
        text.push('\n');
        text.push_str(&serde_saphyr::to_string(&table).context("writing YAML")?);
        if !text.ends_with('\n') {
            text.push('\n');
        }
    }
    Ok(text)
}

fn lists(declaration: &Map<String, Value>) -> impl Iterator<Item = (&'static str, &Value)> {
    let filled = |items: &Value| items.as_array().is_some_and(|items| !items.is_empty());
    LISTS
        .into_iter()
        .filter_map(move |list| Some((list, declaration.get(list).filter(|items| filled(items))?)))
}
