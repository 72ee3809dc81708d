//! Pools.

use moxxie_api::{
    Page, PageQuery,
    pool::{Pool, PoolCreate},
};

use crate::{Context, Engine, Error};

impl Engine {
    /// Registers a pool. Needs admin.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn create_pool(&self, context: &Context, request: PoolCreate) -> Result<Pool, Error> {
        todo!()
    }

    /// Lists pools by name.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn pools(&self, context: &Context, page: PageQuery) -> Result<Page<Pool>, Error> {
        todo!()
    }

    /// One pool, by name or id.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn pool(&self, context: &Context, name: &str) -> Result<Pool, Error> {
        todo!()
    }
}
