//! The client against scripted routers.

mod connection;
mod reconnect;
mod script;
mod secrets;
mod tls;
mod transcripts;
