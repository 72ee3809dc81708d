//! Colour, where somebody looks at it.

use std::io::IsTerminal;

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Color {
    /// On terminals, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Whether to colour output of this kind. <https://no-color.org>: any non-empty value says no.
    pub(crate) fn wanted(self, is_terminal: bool) -> bool {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        self.decide(is_terminal, no_color || dumb)
    }

    fn decide(self, is_terminal: bool, unwanted: bool) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => is_terminal && !unwanted,
        }
    }
}

/// A pen that writes in colour or does not.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pen(bool);

impl Pen {
    /// A pen for standard output.
    pub(crate) fn stdout(color: Color) -> Self {
        Self(color.wanted(std::io::stdout().is_terminal()))
    }

    /// A pen for standard error.
    pub(crate) fn stderr(color: Color) -> Self {
        Self(color.wanted(std::io::stderr().is_terminal()))
    }

    /// A pen without colour.
    #[cfg(test)]
    pub(crate) fn plain() -> Self {
        Self(false)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.0 && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// Good, or added.
    pub(crate) fn green(self, text: &str) -> String {
        self.paint("32", text)
    }

    /// Bad, or removed.
    pub(crate) fn red(self, text: &str) -> String {
        self.paint("31", text)
    }

    /// Changed, or to be looked at.
    pub(crate) fn yellow(self, text: &str) -> String {
        self.paint("33", text)
    }

    /// Names.
    pub(crate) fn cyan(self, text: &str) -> String {
        self.paint("36", text)
    }

    /// Headings.
    pub(crate) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// Less important.
    pub(crate) fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_for_terminals_that_want_it() {
        assert!(Color::Auto.decide(true, false));
        assert!(!Color::Auto.decide(true, true));
        assert!(!Color::Auto.decide(false, false));
        assert!(Color::Always.decide(false, true));
        assert!(!Color::Never.decide(true, false));
    }

    #[test]
    fn a_plain_pen_leaves_text_alone() {
        assert_eq!(Pen(false).red("x"), "x");
        assert_eq!(Pen(true).red("x"), "\x1b[31mx\x1b[0m");
        assert_eq!(Pen(true).red(""), "");
    }
}
