//! The installation itself.

use moxxie_core::Timestamp;

use crate::Reads;

impl Reads {
    /// The installation's tag, used in marks on routers: 8 of `a-z0-9`, made once.
    #[must_use]
    pub fn install(&self) -> &str {
        todo!()
    }

    /// When the installation was made.
    #[must_use]
    pub fn created_at(&self) -> Timestamp {
        todo!()
    }
}
