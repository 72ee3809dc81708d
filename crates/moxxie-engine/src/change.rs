//! Changes, as users see and steer them.

use std::time::Duration;

use moxxie_api::{
    Page,
    change::{Change, ChangeEvent, ChangeQuery, ResolveRequest},
};

use crate::{Context, Engine, Error};

impl Engine {
    /// Lists changes, the newest first.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn changes(&self, context: &Context, query: ChangeQuery) -> Result<Page<Change>, Error> {
        todo!()
    }

    /// One change, by id.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn change(&self, context: &Context, id: &str) -> Result<Change, Error> {
        todo!()
    }

    /// The events of a change after number `after` (0: from the start).
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn change_events(
        &self,
        context: &Context,
        id: &str,
        after: i64,
    ) -> Result<Vec<ChangeEvent>, Error> {
        todo!()
    }

    /// Returns when some change may have moved, or after `at_most`; spurious wake-ups are normal.
    pub async fn changed(&self, at_most: Duration) {
        todo!()
    }

    /// Waits until the change is over or needs an operator, at most that long, and gives it as it then is.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn wait_for_change(
        &self,
        context: &Context,
        id: &str,
        at_most: Duration,
    ) -> Result<Change, Error> {
        todo!()
    }

    /// Calls a change off: at once when nothing was sent, else by rolling back. Needs operator.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn cancel_change(&self, context: &Context, id: &str) -> Result<Change, Error> {
        todo!()
    }

    /// Tries a waiting or stuck change again at once. Needs operator.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn retry_change(&self, context: &Context, id: &str) -> Result<Change, Error> {
        todo!()
    }

    /// Rolls an unfinished change back. Needs operator.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn rollback_change(&self, context: &Context, id: &str) -> Result<Change, Error> {
        todo!()
    }

    /// Writes off a change whose router will not come back: its allocation is released without the
    /// router having been seen clean. Needs admin and a reason.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn resolve_change(
        &self,
        context: &Context,
        id: &str,
        request: ResolveRequest,
    ) -> Result<Change, Error> {
        todo!()
    }
}
