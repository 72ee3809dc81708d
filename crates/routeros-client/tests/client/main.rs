//! The client against scripted routers.

#![expect(clippy::unwrap_used, reason = "clippy knows tests, but not their helpers")]

mod connection;
mod reconnect;
mod script;
mod secrets;
mod tls;
mod transcripts;
