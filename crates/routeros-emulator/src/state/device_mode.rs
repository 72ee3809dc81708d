//! `/system/device-mode`: what a device was told at its button (reference 4).

use super::{defaults::fresh, router::Router};
use crate::value::Value;

const MENU: &str = "/system/device-mode";

impl Router {
    /// Makes the settings hold; unknown names are ignored.
    pub(crate) fn set_device_mode(&mut self, settings: &[(&str, &str)]) {
        let Some(menu) = self.menu(MENU) else { return };
        if self.single(MENU).is_none() {
            self.insert(&menu, fresh(&menu), None);
        }
        let Some(mut row) = self.single(MENU).cloned() else { return };
        for (name, value) in settings {
            if let Some(ix) = menu.field(name) {
                let value = match *value {
                    "yes" => Value::bool(true),
                    "no" => Value::bool(false),
                    text => Value::text(text),
                };
                row.put(ix, value);
            }
        }
        self.replace(&menu, row);
        self.discard_pending();
    }
}
