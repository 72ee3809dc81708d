//! The whole configuration set aside, and brought back at a reboot.

use std::collections::HashMap;
use std::sync::Arc;

use super::router::Router;
use super::space::Space;
use crate::certificate::KeyPair;
use crate::schema::Compiled;
use crate::version::Version;

/// A router's rows at one moment, with the schema they were written under.
#[derive(Clone, Debug)]
pub(crate) struct Saved {
    version: Version,
    schema: Arc<Compiled>,
    spaces: HashMap<&'static str, Space>,
    keys: HashMap<u32, KeyPair>,
    pub(crate) password: String,
}

/// What is on the flash beside the configuration.
const FILES: &str = "/file";

impl Router {
    pub(crate) fn save(&self, password: &str) -> Saved {
        Saved {
            version: self.settings.version,
            schema: self.schema.clone(),
            spaces: self.spaces.clone(),
            keys: self.keys.clone(),
            password: password.to_owned(),
        }
    }

    /// The state of a backup, under the present version; files stay as they are.
    pub(super) fn restore(&mut self, saved: &Saved) {
        let files = self.spaces.remove(FILES);
        self.spaces.clone_from(&saved.spaces);
        self.spaces.remove(FILES);
        self.keys.clone_from(&saved.keys);
        // As the version that saved it, then on to the present one.
        let version = std::mem::replace(&mut self.settings.version, saved.version);
        self.schema = saved.schema.clone();
        if version != saved.version {
            self.upgrade(version);
        }
        if let Some(files) = files {
            self.spaces.insert(FILES, files);
        }
        self.forget_bgp();
        self.forget_volatile();
    }
}
