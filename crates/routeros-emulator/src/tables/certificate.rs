//! `/certificate`.

use crate::errors::ErrorId;
use crate::schema::{Menu, Type, enum_of, f, list_of, num, ro, set_of, time};

pub(super) fn menus() -> Vec<Menu> {
    vec![certificate(), settings()]
}

/// `/certificate`.
fn certificate() -> Menu {
    Menu::list("/certificate").no_undo().auto_name("cert").unique(&["name"], ErrorId::NameExists)
        .fields([
            f("name", Type::Text),
            f("common-name", Type::Text),
            f("country", Type::Text),
            f("days-valid", num(0, 36_500)).default("365"),
            f("digest-algorithm", enum_of(&["md5", "sha1", "sha256", "sha384", "sha512"])).default("sha256"),
            f("key-size", enum_of(&["prime256v1", "secp384r1", "secp521r1", "1024", "1536", "2048", "4096", "8192"])).default("2048"),
            f("key-usage", set_of(&["digital-signature", "content-commitment", "key-encipherment", "data-encipherment", "key-agreement", "key-cert-sign", "crl-sign", "encipher-only", "decipher-only", "tls-server", "tls-client", "code-sign", "email-protect", "timestamp", "ocsp-sign", "dvcs"])).default("digital-signature,key-encipherment,data-encipherment,key-cert-sign,crl-sign,tls-server,tls-client"),
            f("locality", Type::Text),
            f("organization", Type::Text),
            f("state", Type::Text),
            f("subject-alt-name", list_of(Type::Text)).default(""),
            f("trust-store", Type::Opaque).since(21),
            f("trusted", Type::Bool).default("false"),
            f("unit", Type::Text),
            ro("acme-managed", Type::Bool).since(22),
            ro("acme-status", Type::Text).since(22),
            ro("akid", Type::Text),
            ro("authority", Type::Bool).default("false"),
            ro("ca", Type::Text),
            ro("ca-crl-host", Type::Text),
            ro("ca-fingerprint", Type::Text),
            ro("challenge-password", Type::Text),
            ro("crl", Type::Bool).default("false"),
            ro("directory-url", Type::Text).since(22),
            ro("domain-names", Type::Text).since(22),
            ro("dynamic", Type::Bool).since(22),
            ro("expired", Type::Bool).default("false"),
            ro("expires-after", time()),
            ro("fingerprint", Type::Text),
            ro("invalid-after", Type::Text),
            ro("invalid-before", Type::Text),
            ro("issued", Type::Bool).default("false"),
            ro("issuer", Type::Text),
            ro("key-type", Type::Text),
            ro("private-key", Type::Bool).default("false"),
            ro("req-fingerprint", Type::Text),
            ro("revoked", Type::Bool).default("false"),
            ro("scep-url", Type::Text),
            ro("serial-number", Type::Text),
            ro("skid", Type::Text),
            ro("smart-card-key", Type::Bool).default("false"),
            ro("status", Type::Text),
        ]).unset_command().command("sign", &[".id", "number", "name", "ca", "ca-crl-host", "ca-on-smart-card"])
        .command("export-certificate", &[".id", "numbers", "export-passphrase", "file-name", "type"])
}

/// `/certificate/settings`. Which authorities are trusted from the start was renamed in 7.21 (reference 5).
fn settings() -> Menu {
    Menu::singleton("/certificate/settings").fields([
        f("builtin-trust-anchors", Type::Opaque).default("trusted").since(19).until(21),
        f("builtin-trust-store", Type::Opaque).default("default").since(21),
        f("crl-download", Type::Bool).default("false"),
        f("crl-store", enum_of(&["ram", "system"])).default("ram"),
        f("crl-use", Type::Bool).default("false"),
        f("current-defaults", Type::Opaque).since(22),
    ])
}
