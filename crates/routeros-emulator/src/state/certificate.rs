//! `/certificate`: signing, and the certificate that a router may begin with.

use super::defaults::fresh;
use super::router::Router;
use super::row::Row;
use crate::certificate::KeyPair;
use crate::clock;
use crate::errors::{ErrorId, Trap};
use crate::schema::CompiledMenu;
use crate::value::{Value, format_duration};

const MENU: &str = "/certificate";

impl Router {
    /// Signs a template. With a CA named, it is issued; the signature is its own all the same.
    pub(crate) fn sign_certificate(
        &mut self,
        id: u32,
        ca: Option<&str>,
        name: Option<&str>,
    ) -> Result<(), Trap> {
        let menu = self.menu(MENU).ok_or_else(|| Trap::new(ErrorId::NoSuchCommandPrefix))?;
        let mut row = self.row(MENU, id).cloned().ok_or_else(|| Trap::new(ErrorId::NoSuchItem))?;
        let text = |row: &Row, field: &str| {
            menu.field(field)
                .and_then(|ix| row.get(ix))
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let common_name = text(&row, "common-name");
        let names: Vec<String> = text(&row, "subject-alt-name")
            .split(',')
            .filter_map(|name| name.split_once(':').map(|(_, name)| name.to_owned()))
            .filter(|name| !name.is_empty())
            .collect();
        let keys = KeyPair::self_signed(&common_name, &names)
            .map_err(|error| Trap::text(format!("failure: {error}")))?;
        let days: i64 = text(&row, "days-valid").parse().unwrap_or(365);
        let lifetime = days * 86_400_000;
        let is_ca = ca.is_none() && text(&row, "key-usage").contains("key-cert-sign");
        let mut fields = vec![
            ("fingerprint", keys.fingerprint()),
            ("serial-number", keys.fingerprint()[..16].to_uppercase()),
            ("invalid-before", clock::format_date_time(self.now)),
            ("invalid-after", clock::format_date_time(self.now + lifetime)),
            ("expires-after", format_duration(lifetime.max(0) as u64)),
            ("private-key", "true".to_owned()),
            ("authority", is_ca.to_string()),
            ("issued", ca.is_some().to_string()),
            ("trusted", "true".to_owned()),
            ("issuer", format!("CN={}", ca.unwrap_or(&common_name))),
        ];
        fields.extend(ca.map(|ca| ("ca", ca.to_owned())));
        fields.extend(name.map(|name| ("name", name.to_owned())));
        put_all(&menu, &mut row, &fields);
        self.check_unique(&menu, &row)?;
        self.replace(&menu, row);
        self.keys.insert(id, keys);
        Ok(())
    }

    /// What `.api_ssl()` begins with.
    pub(crate) fn give_api_ssl_a_certificate(&mut self) {
        let (Some(menu), Some(services)) = (self.menu(MENU), self.menu("/ip/service")) else { return };
        let mut row = fresh(&menu);
        put_all(
            &menu,
            &mut row,
            &[("name", "api-ssl".to_owned()), ("common-name", "routeros-emulator".to_owned())],
        );
        let id = self.insert(&menu, row, None);
        if self.sign_certificate(id, None, None).is_err() {
            return;
        }
        let service = self
            .stored(&services)
            .find(|row| self.value_of(row, "name").and_then(Value::as_str) == Some("api-ssl"))
            .cloned();
        if let (Some(mut service), Some(ix)) = (service, services.field("certificate")) {
            service.put(ix, Value::row(MENU, id));
            self.replace(&services, service);
        }
        self.discard_pending();
    }
}

fn put_all(menu: &CompiledMenu, row: &mut Row, fields: &[(&str, String)]) {
    for (name, value) in fields {
        if let Some(ix) = menu.field(name) {
            row.put(ix, Value::text(value.clone()));
        }
    }
}
