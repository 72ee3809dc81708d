//! Tokens: who may use the API.

use moxxie_api::token::{Token, TokenCreate, TokenCreated};
use moxxie_core::identity::Principal;

use crate::{Context, Engine, Error};

impl Engine {
    /// Who a bearer token is. A failure is counted per source and minute.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for an unknown, expired or revoked token.
    pub async fn authenticate(&self, secret: &str, source: &str) -> Result<Principal, Error> {
        todo!()
    }

    /// Makes the first admin token when there is none at all; `None` when there is one already.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn bootstrap_admin(&self) -> Result<Option<TokenCreated>, Error> {
        todo!()
    }

    /// Makes a token; its secret is in this answer and nowhere else. Needs admin.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn create_token(&self, context: &Context, request: TokenCreate) -> Result<TokenCreated, Error> {
        todo!()
    }

    /// All tokens, without secrets. Needs admin.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn tokens(&self, context: &Context) -> Result<Vec<Token>, Error> {
        todo!()
    }

    /// Revokes a token at once; revoking twice is the same. Needs admin.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn revoke_token(&self, context: &Context, id: &str) -> Result<Token, Error> {
        todo!()
    }
}
