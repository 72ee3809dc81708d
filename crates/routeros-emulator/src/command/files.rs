//! `/file`, `/system/backup` and `/import`.

use std::sync::Arc;

use super::replies::Replies;
use super::request::Request;
use super::{Answer, Outcome, Then, script};
use crate::errors::{ErrorId, Trap};
use crate::schema::CompiledMenu;
use crate::state::{Caller, NextBoot, Router, Row, fresh};
use crate::value::{Names, Value};

const FILES: &str = "/file";

/// About what one write takes, and what a print shows (reference 3 and 7.2).
pub(crate) const CONTENTS_LIMIT: usize = 60 * 1024;

/// Called with a file that is about to be written.
pub(super) fn before_write(router: &Router, menu: &CompiledMenu, row: &mut Row) -> Result<(), Trap> {
    if router.flash_full {
        return Err(Trap::new(ErrorId::DiskFull));
    }
    let value = |row: &Row, field: &str| {
        menu.field(field).and_then(|ix| row.get(ix)).and_then(Value::plain).unwrap_or_default().to_vec()
    };
    let size = value(row, "contents").len();
    if size > CONTENTS_LIMIT {
        return Err(Trap::new(ErrorId::ContentsTooLong));
    }
    if value(row, "type").is_empty() {
        let name = String::from_utf8_lossy(&value(row, "name")).into_owned();
        put(menu, row, "type", kind_of(&name));
    }
    put(menu, row, "size", size.to_string());
    put(menu, row, "last-modified", crate::clock::format_date_time(router.now));
    Ok(())
}

fn kind_of(name: &str) -> String {
    match name.rsplit_once('.') {
        Some((_, "rsc")) => "script".to_owned(),
        Some((_, "backup")) => "backup".to_owned(),
        Some((_, ending)) => format!(".{ending} file"),
        None => "file".to_owned(),
    }
}

fn put(menu: &CompiledMenu, row: &mut Row, field: &str, value: impl Into<String>) {
    if let Some(ix) = menu.field(field) {
        row.put(ix, Value::text(value));
    }
}

/// Writes a file of any size, over one of the same name.
pub(super) fn write_file(router: &mut Router, name: &str, contents: String, size: usize) -> Result<(), Trap> {
    if router.flash_full {
        return Err(Trap::new(ErrorId::DiskFull));
    }
    let menu = router.menu(FILES).ok_or_else(|| Trap::new(ErrorId::NoSuchCommandPrefix))?;
    let old = router.find(FILES, name.as_bytes()).and_then(|id| router.row(FILES, id)).cloned();
    let is_new = old.is_none();
    let mut row = old.unwrap_or_else(|| fresh(&menu));
    put(&menu, &mut row, "name", name);
    put(&menu, &mut row, "type", kind_of(name));
    put(&menu, &mut row, "size", size.to_string());
    put(&menu, &mut row, "contents", contents);
    put(&menu, &mut row, "last-modified", crate::clock::format_date_time(router.now));
    if is_new {
        router.insert(&menu, row, None);
    } else {
        router.replace(&menu, row);
    }
    Ok(())
}

pub(super) fn contents(router: &Router, name: &[u8]) -> Result<Vec<u8>, Trap> {
    let id = router.find(FILES, name).ok_or_else(|| Trap::new(ErrorId::NoSuchItem))?;
    let row = router.row(FILES, id).ok_or_else(|| Trap::new(ErrorId::NoSuchItem))?;
    Ok(router.value_of(row, "contents").and_then(Value::plain).unwrap_or_default().to_vec())
}

/// `/file/read =file= =offset= =chunk-size=`: one row with `data` (reference 7.2).
pub(super) fn read(router: &Router, request: &Request, out: &mut Replies) -> Result<Answer, Trap> {
    let file = request.argument("file").ok_or_else(|| Trap::with(ErrorId::Missing, "file"))?;
    let number = |name: &str, default: usize| match request.text(name) {
        None => Ok(default),
        Some(text) => text.parse::<usize>().map_err(|_| Trap::with(ErrorId::InvalidValue, name)),
    };
    let offset = number("offset", 0)?;
    let size = number("chunk-size", 32_768)?.min(32_768);
    let contents = contents(router, file)?;
    let from = offset.min(contents.len());
    let to = (from + size).min(contents.len());
    out.begin("!re");
    out.attribute("data", &contents[from..to]);
    out.end();
    Ok(Answer::done())
}

pub(super) const SAVE: &[&str] = &["dont-encrypt", "encryption", "name", "password"];

pub(super) const LOAD: &[&str] = &["force-v6-to-v7-configuration-upgrade", "name", "password"];

pub(super) const IMPORT: &[&str] = &["dry-run", "file-name", "from-line", "verbose"];

/// `x` and `x.backup` are the same file.
pub(super) fn with_ending(name: &str, ending: &str) -> String {
    if name.ends_with(ending) { name.to_owned() } else { format!("{name}{ending}") }
}

pub(super) fn save_backup(router: &mut Router, _: &Caller, request: &Request, _: &mut Replies) -> Outcome {
    let name = request.text("name").filter(|name| !name.is_empty()).unwrap_or_else(|| {
        let identity = router.setting("/system/identity", "name").unwrap_or_default();
        let stamp = crate::clock::format_date_time(router.now).replace([':', '-'], "").replace(' ', "-");
        format!("{identity}-{stamp}")
    });
    let name = with_ending(&name, ".backup");
    let saved = router.save(&request.text("password").unwrap_or_default());
    // A size as a small configuration has it; what is inside is nobody's business.
    write_file(router, &name, String::new(), 40_000).map_err(|trap| vec![trap])?;
    router.backups.insert(name, Arc::new(saved));
    Ok(Answer::done())
}

/// Reboots into the saved state (reference 7.2).
pub(super) fn load_backup(router: &mut Router, _: &Caller, request: &Request, _: &mut Replies) -> Outcome {
    let missing = |name| vec![Trap::with(ErrorId::Missing, name)];
    let name = with_ending(&request.text("name").ok_or_else(|| missing("name"))?, ".backup");
    let password = request.text("password").ok_or_else(|| missing("password"))?;
    let there = router.find(FILES, name.as_bytes()).is_some();
    let saved = router.backups.get(&name).filter(|_| there).cloned();
    let saved = saved.ok_or_else(|| vec![Trap::new(ErrorId::NoSuchItem)])?;
    if saved.password != password {
        return Err(vec![Trap::new(ErrorId::WrongBackup)]);
    }
    router.next_boot = Some(NextBoot::Restore(saved));
    Ok(Answer { ret: None, then: Then::Reboot })
}

/// Not transactional: a command that fails leaves the earlier ones in force (reference 7.2).
pub(super) fn import(router: &mut Router, caller: &Caller, request: &Request, _: &mut Replies) -> Outcome {
    let one = |trap| vec![trap];
    let on = |name: &str| request.text(name).is_some_and(|value| !matches!(value.as_str(), "no" | "false"));
    if on("dry-run") && !on("verbose") {
        return Err(one(Trap::with(ErrorId::Missing, "verbose")));
    }
    let name = request.argument("file-name").ok_or_else(|| one(Trap::with(ErrorId::Missing, "file-name")))?;
    let source = contents(router, name).map_err(one)?;
    let source = String::from_utf8_lossy(&source).into_owned();
    if on("dry-run") {
        script::check(&source).map_err(one)?;
    } else {
        script::run(router, caller, &source).map_err(one)?;
    }
    Ok(Answer::done())
}
