//! Routers.

use moxxie_api::{
    Page, PageQuery,
    router::{Route, Router, RouterCreate, RouterRows, RouterStatus},
};

use crate::{Context, Engine, Error};

impl Engine {
    /// Registers a router; its identity is taken when it is first reached. Needs admin.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn create_router(&self, context: &Context, request: RouterCreate) -> Result<Router, Error> {
        todo!()
    }

    /// Lists routers by name.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn routers(&self, context: &Context, page: PageQuery) -> Result<Page<Router>, Error> {
        todo!()
    }

    /// One router, by name or id.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn router(&self, context: &Context, name: &str) -> Result<Router, Error> {
        todo!()
    }

    /// What a router says of itself now; an unreachable one is an answer too, not an error.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn router_status(&self, context: &Context, name: &str) -> Result<RouterStatus, Error> {
        todo!()
    }

    /// The routes a router has now.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it does not answer.
    pub async fn router_routes(&self, context: &Context, name: &str) -> Result<Vec<Route>, Error> {
        todo!()
    }

    /// The rows of ours a router has now.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it does not answer.
    pub async fn router_rows(&self, context: &Context, name: &str) -> Result<RouterRows, Error> {
        todo!()
    }
}
