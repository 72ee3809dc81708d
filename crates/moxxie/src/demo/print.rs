//! What the demonstration looks like: numbered chapters, short lines, statements that held or did not.

use std::time::{Duration, Instant};

use moxxie_api::change::ChangeEvent;

use crate::output::{Out, Pen, steps::Told, table};

/// Width of text that is wrapped.
const WIDTH: usize = 92;

/// Where the story is told, and the account of what held.
pub(crate) struct Stage {
    out: Out,
    pen: Pen,
    chapter: usize,
    held: usize,
    failed: Vec<String>,
    began: Instant,
    took: Option<Duration>,
}

impl Stage {
    pub(crate) fn new(out: Out) -> Self {
        // A stopwatch for people to read; nothing is decided by it.
        let began = Instant::now();
        Self { out, pen: out.pen, chapter: 0, held: 0, failed: Vec::new(), began, took: None }
    }

    /// The first lines. Tests read the address from the second.
    pub(crate) fn title(&self, url: &str) -> anyhow::Result<()> {
        let title = self.pen.bold("moxxie demo: two emulated routers, one server, one request");
        self.out.text(&format!("{title}\nlistening on {url}\n"))
    }

    /// Begins a chapter.
    pub(crate) fn chapter(&mut self, title: &str) -> anyhow::Result<()> {
        self.chapter += 1;
        self.out.text(&format!("\n{}\n", self.pen.bold(&format!("{}. {title}", self.chapter))))
    }

    /// A line of the story.
    pub(crate) fn say(&self, text: &str) -> anyhow::Result<()> {
        self.out.text(&format!("   {text}\n"))
    }

    /// Text of several lines, set in.
    pub(crate) fn block(&self, text: &str) -> anyhow::Result<()> {
        let lines: Vec<_> = text.lines().map(|line| format!("     {line}\n")).collect();
        self.out.text(&lines.concat())
    }

    /// Aligned columns, set in.
    pub(crate) fn table(&self, headers: &[&str], rows: &[Vec<String>]) -> anyhow::Result<()> {
        self.block(&table::plain(headers, rows))
    }

    /// A step as it happens.
    pub(crate) fn event(&self, event: &ChangeEvent, told: &mut Told) -> anyhow::Result<()> {
        match told.event(event, self.pen) {
            Some(line) => self.out.text(&format!("   {line}\n")),
            None => Ok(()),
        }
    }

    /// What somebody else said, such as a refusal.
    pub(crate) fn quote(&self, text: &str) -> anyhow::Result<()> {
        let lines: Vec<_> =
            wrap(text, WIDTH).iter().map(|line| format!("     {}\n", self.pen.yellow(line))).collect();
        self.out.text(&lines.concat())
    }

    /// A statement that holds, or does not because of something.
    pub(crate) fn check(&mut self, statement: &str, held: Result<(), String>) -> anyhow::Result<()> {
        match held {
            Ok(()) => {
                self.held += 1;
                self.out.text(&format!("   {} {statement}\n", self.pen.green("[held]")))
            }
            Err(why) => {
                let text = format!("   {} {statement}: {why}\n", self.pen.red("[FAILED]"));
                self.failed.push(format!("{statement}: {why}"));
                self.out.text(&text)
            }
        }
    }

    /// The story is over; the clock stops.
    pub(crate) fn summary(&mut self) -> anyhow::Result<()> {
        let took = self.began.elapsed();
        self.took = Some(took);
        let of = self.held + self.failed.len();
        let text = format!("{} of {of} statements held, in {:.1} s", self.held, took.as_secs_f64());
        let text = if self.failed.is_empty() { self.pen.green(&text) } else { self.pen.red(&text) };
        self.out.text(&format!("\n{text}\n"))
    }

    /// How to go on from here.
    pub(crate) fn goodbye(&self, url: &str, token: &str, kept: bool) -> anyhow::Result<()> {
        let pen = self.pen;
        let data = if kept { "" } else { " (its data is then removed; keep it with --data DIR)" };
        self.out.text(&format!(
            "\n{}\n   API        {url}/api/v1\n   Browse it  {url}/docs\n   Token      {token}\n\n{}\n",
            pen.bold(&format!("The server goes on until Ctrl-C{data}")),
            [
                "   Try, in another terminal:".to_owned(),
                pen.dim("     # asks for the token above and keeps it"),
                format!("     moxxie login --server {url}"),
                "     moxxie network list".to_owned(),
                "     moxxie router rows r2".to_owned(),
                "     moxxie network provision --tenant acme --site dc2 --size /28 --dry-run".to_owned(),
                "     moxxie network provision --tenant acme --site dc2 --size /28 --dhcp --wait".to_owned(),
                "     moxxie audit list".to_owned(),
            ]
            .join("\n"),
        ))
    }

    /// An error unless the story was told to its end and everything held.
    pub(crate) fn verdict(&self) -> anyhow::Result<()> {
        anyhow::ensure!(self.took.is_some(), "the story did not come to its end");
        match self.failed.as_slice() {
            [] => Ok(()),
            failed => anyhow::bail!("{} statements did not hold:\n  {}", failed.len(), failed.join("\n  ")),
        }
    }
}

/// Lines of at most that many characters, broken between words; a longer word has a line of its own.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_broken_between_words() {
        assert_eq!(wrap("aa bb cc\nd eeeeeee f", 5), ["aa bb", "cc", "d", "eeeeeee", "f"]);
    }
}
