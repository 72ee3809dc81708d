//! Watching: hearing that something changes on a router.

use std::{future::Future as _, pin::pin, task::Poll};

use routeros_client::{Connection, Error, RowStream};

use crate::{DriverError, Session, menu::MENUS};

/// Changes of the menus we own rows in, from [`Session::changes`]. Dropping it stops them.
#[derive(Debug)]
pub struct Changes {
    router: String,
    connection: Connection,
    streams: Vec<(&'static str, RowStream)>,
}

impl Session {
    /// Asks the router to tell of changes, in every menu we own rows in that can (`listen`). What changed is
    /// not told, and what happens before the router has begun to listen is not heard: read afterwards.
    #[must_use]
    pub fn changes(&self) -> Changes {
        let listen = |menu: &crate::menu::Menu| (menu.path, self.connection.listen(menu.path));
        let streams = MENUS.iter().map(listen).collect();
        Changes { router: self.name.clone(), connection: self.connection.clone(), streams }
    }

    /// The newest entry of the undo history: every change that a person makes is one.
    ///
    /// # Errors
    /// [`DriverError`].
    pub async fn newest_history(&self) -> Result<Option<String>, DriverError> {
        Ok(self.read_history().await?.into_iter().next().map(|entry| entry.id))
    }
}

impl Changes {
    /// How many menus the router tells of.
    #[must_use]
    pub fn menus(&self) -> usize {
        self.streams.len()
    }

    /// Waits until something changes. A menu that cannot tell is left out; when none can, nothing is ever
    /// heard. Nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// [`DriverError`] when the connection is over.
    pub async fn next(&mut self) -> Result<(), DriverError> {
        loop {
            let (at, heard) = first(&mut self.streams).await;
            match heard {
                Ok(Some(_)) => return Ok(()),
                // More was told than was heard. What it was does not matter; that it goes on does.
                Err(Error::Backlog { .. }) => {
                    let (menu, stream) = &mut self.streams[at];
                    *stream = self.connection.listen(menu);
                    return Ok(());
                }
                Ok(None) => drop(self.streams.swap_remove(at)),
                Err(error) if error.trap_kind().is_some() => drop(self.streams.swap_remove(at)),
                Err(error) => return Err(DriverError::of(&self.router, error)),
            }
        }
    }
}

/// The first stream that says something, and what.
async fn first(
    streams: &mut [(&'static str, RowStream)],
) -> (usize, Result<Option<routeros_client::Row>, Error>) {
    std::future::poll_fn(|context| {
        for (at, (_, stream)) in streams.iter_mut().enumerate() {
            if let Poll::Ready(heard) = pin!(stream.next()).poll(context) {
                return Poll::Ready((at, heard));
            }
        }
        Poll::Pending
    })
    .await
}
