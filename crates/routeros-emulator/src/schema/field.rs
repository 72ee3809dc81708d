//! One field of a menu.

use super::types::Type;

/// Who may write a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// `add` and `set` take it.
    Write,
    /// Only `add` takes it.
    AddOnly,
    /// Only `set` takes it.
    SetOnly,
    /// Only printed.
    Read,
}

/// Whether a value is shown to those who ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Secret {
    /// Anybody who may read the menu.
    No,
    /// Needs policy `sensitive`; absent without it (reference 1.7).
    Sensitive,
    /// Never printed: passwords of users (reference 1.7).
    WriteOnly,
}

/// One field of a menu, with the versions that know it.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) ty: Type,
    /// What a new row gets and `reset` puts back, in output form. `None`: the field is absent until set.
    pub(crate) default: Option<&'static str>,
    pub(crate) access: Access,
    pub(crate) mandatory: bool,
    /// `unset` takes it and `=!name=` clears it.
    pub(crate) unset: bool,
    pub(crate) secret: Secret,
    /// Not part of the configuration that two routers are compared by: counters, times.
    pub(crate) volatile: bool,
    since: Option<u8>,
    until: Option<u8>,
}

/// A writable field.
pub(crate) fn f(name: &'static str, ty: Type) -> Field {
    Field {
        name,
        ty,
        default: None,
        access: Access::Write,
        mandatory: false,
        unset: false,
        secret: Secret::No,
        volatile: false,
        since: None,
        until: None,
    }
}

/// A read-only field.
pub(crate) fn ro(name: &'static str, ty: Type) -> Field {
    Field { access: Access::Read, ..f(name, ty) }
}

impl Field {
    pub(crate) fn default(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }

    pub(crate) fn mandatory(mut self) -> Self {
        self.mandatory = true;
        self
    }

    pub(crate) fn unset(mut self) -> Self {
        self.unset = true;
        self
    }

    pub(crate) fn set_only(mut self) -> Self {
        self.access = Access::SetOnly;
        self
    }

    pub(crate) fn add_only(mut self) -> Self {
        self.access = Access::AddOnly;
        self
    }

    pub(crate) fn secret(mut self, secret: Secret) -> Self {
        self.secret = secret;
        self
    }

    pub(crate) fn volatile(mut self) -> Self {
        self.volatile = true;
        self
    }

    /// First minor version that has the field.
    pub(crate) fn since(mut self, minor: u8) -> Self {
        self.since = Some(minor);
        self
    }

    /// First minor version that no longer has the field.
    pub(crate) fn until(mut self, minor: u8) -> Self {
        self.until = Some(minor);
        self
    }

    pub(crate) fn in_version(&self, minor: u8) -> bool {
        self.since.is_none_or(|since| since <= minor) && self.until.is_none_or(|until| minor < until)
    }

    pub(crate) fn settable(&self) -> bool {
        matches!(self.access, Access::Write | Access::SetOnly)
    }
}
