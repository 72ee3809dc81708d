//! Commands of `/certificate`.

use super::files::write_file;
use super::request::Request;
use super::{Answer, Outcome, target};
use crate::errors::{ErrorId, Trap};
use crate::schema::CompiledMenu;
use crate::state::{Caller, Router};
use crate::value::Names;

pub(super) fn sign(router: &mut Router, caller: &Caller, menu: &CompiledMenu, request: &Request) -> Outcome {
    let one = |trap| vec![trap];
    let item = request.argument("number").or_else(|| request.argument(".id"));
    let item = item.ok_or_else(|| one(Trap::with(ErrorId::Missing, "number")))?;
    let id = target::one(router, caller, menu, item).map_err(one)?;
    let (ca, name) = (request.text("ca"), request.text("name"));
    router.sign_certificate(id, ca.as_deref(), name.as_deref()).map_err(one)?;
    Ok(Answer::done())
}

/// Writes `cert_export_NAME.crt`. Keys stay inside (assumption `certificate-export`).
pub(super) fn export(
    router: &mut Router,
    caller: &Caller,
    menu: &CompiledMenu,
    request: &Request,
) -> Outcome {
    let one = |trap| vec![trap];
    if !caller.may("ftp") {
        return Err(one(Trap::new(ErrorId::Permissions)));
    }
    if request.text("type").is_some_and(|kind| kind != "pem") {
        return Err(one(Trap::with(ErrorId::NoMatch, "type")));
    }
    for found in target::targets(router, caller, menu, request).map_err(one)? {
        let id = found.map_err(one)?;
        let keys = router.keys.get(&id).ok_or_else(|| one(Trap::new(ErrorId::NotSigned)))?;
        let text = pem(&keys.certificate);
        let name = router.name_of(menu.menu.space, id).unwrap_or_default();
        let name = String::from_utf8_lossy(name).into_owned();
        let file = request.text("file-name").unwrap_or_else(|| format!("cert_export_{name}"));
        let size = text.len();
        write_file(router, &format!("{file}.crt"), text, size).map_err(one)?;
    }
    Ok(Answer::done())
}

/// RFC 7468.
fn pem(der: &[u8]) -> String {
    let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
    for line in base64(der).as_bytes().chunks(64) {
        text.push_str(&String::from_utf8_lossy(line));
        text.push('\n');
    }
    text + "-----END CERTIFICATE-----\n"
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let at = |index: usize| u32::from(group.get(index).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place)) as usize & 63];
            text.push(if place <= group.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn vectors_of_the_rfc() {
        for (plain, coded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }
}
