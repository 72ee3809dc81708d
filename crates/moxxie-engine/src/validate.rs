//! Checks of request fields, collected so that one answer names them all.

use std::{fmt::Display, net::IpAddr};

use ipnet::IpNet;
use moxxie_api::FieldError;
use moxxie_core::{Name, prefix};

use crate::Error;

/// Wrong fields found so far.
#[derive(Debug, Default)]
pub(crate) struct Checks(Vec<FieldError>);

impl Checks {
    /// Notes a wrong field.
    pub(crate) fn wrong(&mut self, field: &str, message: impl Display) {
        self.0.push(FieldError { field: field.to_owned(), message: message.to_string() });
    }

    /// The value, or a note that the field is wrong.
    pub(crate) fn take<T, E: Display>(&mut self, field: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.wrong(field, error)).ok()
    }

    pub(crate) fn name(&mut self, field: &str, text: &str) -> Option<Name> {
        self.take(field, text.parse::<Name>())
    }

    pub(crate) fn prefix(&mut self, field: &str, text: &str) -> Option<IpNet> {
        self.take(field, prefix::parse(text))
    }

    pub(crate) fn prefixes(&mut self, field: &str, texts: &[String]) -> Vec<IpNet> {
        let numbered = texts.iter().enumerate();
        numbered.filter_map(|(i, text)| self.prefix(&format!("{field}[{i}]"), text)).collect()
    }

    pub(crate) fn addresses(&mut self, field: &str, texts: &[String]) -> Vec<IpAddr> {
        let parse = |text: &String| {
            text.parse::<IpAddr>().map_err(|_| format!("{:?} is not an IP address", short(text)))
        };
        let numbered = texts.iter().enumerate();
        numbered.filter_map(|(i, text)| self.take(&format!("{field}[{i}]"), parse(text))).collect()
    }

    /// Free text: at most `most` characters, no control characters but line breaks.
    pub(crate) fn text(&mut self, field: &str, text: &str, most: usize) -> String {
        if text.chars().count() > most {
            self.wrong(field, format!("is longer than {most} characters"));
        }
        if text.chars().any(|c| c.is_control() && c != '\n') {
            self.wrong(field, "contains control characters");
        }
        text.to_owned()
    }

    /// `Err` with all notes, if there are any.
    pub(crate) fn done(self) -> Result<(), Error> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid(self.0)) }
    }
}

/// At most 80 characters of a text, for an error.
pub(crate) fn short(text: &str) -> String {
    text.chars().take(80).collect()
}
