//! Which source files have grown too long.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::exec::Shell;

/// Past this there is a reason in writing.
const LIMIT: usize = 600;

/// Prints the source files above the limit, longest first.
pub(crate) fn list(shell: &Shell) -> Result<()> {
    let mut files = Vec::new();
    for dir in ["crates", "xtask"] {
        walk(&shell.root().join(dir), &mut files)?;
    }
    files.retain(|(lines, _)| *lines > LIMIT);
    files.sort_by_key(|file| std::cmp::Reverse(file.0));
    for (lines, file) in &files {
        println!("{lines:6}  {}", file.strip_prefix(shell.root()).unwrap_or(file).display());
    }
    println!("{} files above {LIMIT} lines", files.len());
    Ok(())
}

fn walk(dir: &Path, files: &mut Vec<(usize, PathBuf)>) -> Result<()> {
    let reading = || format!("reading {}", dir.display());
    for entry in fs::read_dir(dir).with_context(reading)? {
        let path = entry.with_context(reading)?.path();
        if path.is_dir() {
            walk(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
            files.push((text.lines().count(), path));
        }
    }
    Ok(())
}
