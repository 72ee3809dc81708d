//! `${NAME}` in the file's texts: values from the environment, so that secrets need not stand in it.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::Environment;

/// Puts values of the environment in. Also gives the paths of the texts that had any, which are not to
/// be shown.
pub(super) fn expand(
    table: Table,
    environment: Environment<'_>,
    errors: &mut Vec<String>,
) -> (Table, BTreeSet<String>) {
    let mut walk = Walk { environment, errors, from_environment: BTreeSet::new() };
    let table = walk.table(table, "");
    (table, walk.from_environment)
}

struct Walk<'a> {
    environment: Environment<'a>,
    errors: &'a mut Vec<String>,
    from_environment: BTreeSet<String>,
}

impl Walk<'_> {
    fn table(&mut self, table: Table, path: &str) -> Table {
        let join = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        table
            .into_iter()
            .map(|(key, value)| {
                let value = self.value(value, &join(&key));
                (key, value)
            })
            .collect()
    }

    fn value(&mut self, value: Value, path: &str) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(&text, path)),
            Value::Array(items) => {
                let items = items.into_iter().enumerate();
                Value::Array(items.map(|(i, item)| self.value(item, &format!("{path}[{i}]"))).collect())
            }
            Value::Table(table) => Value::Table(self.table(table, path)),
            other => other,
        }
    }

    /// `$${` stands for `${` itself.
    fn text(&mut self, text: &str, path: &str) -> String {
        let mut done = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            let (before, reference) = rest.split_at(at);
            if let Some(escaped) = before.strip_suffix('$') {
                done.push_str(escaped);
                done.push_str("${");
                rest = &reference[2..];
                continue;
            }
            done.push_str(before);
            let Some(end) = reference.find('}') else {
                self.errors.push(format!("{path}: `${{` without `}}`; write `$${{` for the text itself"));
                return done;
            };
            let name = &reference[2..end];
            match (self.environment)(name) {
                _ if name.is_empty() => self.errors.push(format!("{path}: `${{}}` names no variable")),
                Some(value) => done.push_str(&value),
                None => self.errors.push(format!(
                    "{path} needs the environment variable {name}, which is not set; set it where the \
                     server starts"
                )),
            }
            self.from_environment.insert(path.to_owned());
            rest = &reference[end + 1..];
        }
        done.push_str(rest);
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(text: &str) -> (String, Vec<String>, bool) {
        let environment = |name: &str| (name == "PW").then(|| "s3 cret${X}".to_owned());
        let table = Table::from_iter([("password".to_owned(), Value::String(text.into()))]);
        let mut errors = Vec::new();
        let (table, secrets) = expand(table, &environment, &mut errors);
        (table["password"].as_str().unwrap().to_owned(), errors, !secrets.is_empty())
    }

    #[test]
    fn variables_are_put_in_once_and_not_again() {
        assert_eq!(run("${PW}"), ("s3 cret${X}".into(), vec![], true));
        assert_eq!(run("a${PW}b${PW}").0, "as3 cret${X}bs3 cret${X}");
        assert_eq!(run("plain $HOME $"), ("plain $HOME $".into(), vec![], false));
        assert_eq!(run("a$${PW}"), ("a${PW}".into(), vec![], false));
    }

    #[test]
    fn a_missing_variable_is_named_with_its_key() {
        let (_, errors, _) = run("${ROUTER_API_PASSWORD}");
        assert!(errors[0].starts_with("password needs the environment variable ROUTER_API_PASSWORD"));
        assert_eq!(run("${PW").1.len(), 1);
        assert_eq!(run("${}").1, ["password: `${}` names no variable"]);
    }
}
