//! The listener's life: up, down, rebooting; and the tick of the clock.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::connection::serve;
use super::distance;
use super::login::serves;
use super::shared::Shared;
use super::tls;

/// How often time-driven things are looked at.
const TICK: Duration = Duration::from_millis(50);

/// What the supervisor is told.
pub(crate) enum Control {
    /// Unreachable from now on.
    Offline(oneshot::Sender<()>),
    /// Reachable again.
    Online(oneshot::Sender<()>),
    /// Unreachable, and nothing that is in memory is left.
    PowerOff,
    /// Down and up again; told when up.
    Reboot(Option<oneshot::Sender<()>>),
    /// The end.
    Shutdown(oneshot::Sender<()>),
}

/// Runs one router's sockets.
pub(crate) struct Supervisor {
    pub(crate) shared: Arc<Shared>,
    pub(crate) listener: Option<TcpListener>,
    pub(crate) address: SocketAddr,
    /// The same for `api-ssl`.
    pub(crate) tls_listener: Option<TcpListener>,
    pub(crate) tls_address: Option<SocketAddr>,
    pub(crate) control: mpsc::UnboundedReceiver<Control>,
    pub(crate) reboot_time: Duration,
    pub(crate) sessions: JoinSet<()>,
    /// While rebooting: when the router is up again, and who wants to know.
    pub(crate) booting: Option<(Instant, Vec<oneshot::Sender<()>>)>,
}

impl Supervisor {
    pub(crate) async fn run(mut self) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                accepted = accept(self.listener.as_ref()) => self.welcome(accepted, false),
                accepted = accept(self.tls_listener.as_ref()) => self.welcome(accepted, true),
                control = self.control.recv() => match control {
                    None => return,
                    Some(Control::Shutdown(done)) => {
                        self.down().await;
                        let _ = done.send(());
                        return;
                    }
                    Some(Control::Offline(done)) => {
                        self.down().await;
                        let _ = done.send(());
                    }
                    Some(Control::PowerOff) => {
                        // The answer may still leave.
                        tokio::time::sleep(Duration::from_millis(10)).await;
                        self.down().await;
                        self.shared.router().reboot();
                    }
                    Some(Control::Online(done)) => {
                        self.up().await;
                        let _ = done.send(());
                    }
                    Some(Control::Reboot(done)) => self.reboot(done).await,
                },
                _ = ticks.tick() => {
                    self.shared.tick();
                    if self.booting.as_ref().is_some_and(|(at, _)| *at <= Instant::now()) {
                        self.up().await;
                    }
                }
                Some(_) = self.sessions.join_next(), if !self.sessions.is_empty() => {}
            }
        }
    }

    fn welcome(&mut self, accepted: std::io::Result<(TcpStream, SocketAddr)>, tls: bool) {
        let Ok((stream, peer)) = accepted else { return };
        let _ = stream.set_nodelay(true);
        // A second handle, to turn closing into a reset.
        let Some((stream, handle)) = twin(stream) else { return };
        let shared = self.shared.clone();
        let peer = peer.ip().to_string();
        self.sessions.spawn(async move {
            if !heard(&shared).await {
                return;
            }
            let reset = || {
                let _ = handle.set_zero_linger();
            };
            let via = if tls { "api-ssl" } else { "api" };
            if !serves(&shared.router(), via, &peer) {
                reset();
                return;
            }
            match shared.faults.distance() {
                Duration::ZERO => talk(shared, stream, peer, tls, reset).await,
                distance => {
                    distance::at(distance, stream, |stream| talk(shared, stream, peer, tls, reset)).await;
                }
            }
            drop(handle);
        });
    }

    async fn reboot(&mut self, done: Option<oneshot::Sender<()>>) {
        if let Some((_, waiting)) = &mut self.booting {
            waiting.extend(done);
            return;
        }
        self.booting = Some((Instant::now() + self.reboot_time, done.into_iter().collect()));
        // Replies that are on their way may still leave.
        tokio::time::sleep(Duration::from_millis(10)).await;
        self.down().await;
        self.shared.router().reboot();
    }

    async fn down(&mut self) {
        self.listener = None;
        self.tls_listener = None;
        self.shared.cut_all();
        let _ = tokio::time::timeout(Duration::from_secs(6), async {
            while self.sessions.join_next().await.is_some() {}
        })
        .await;
    }

    /// Listens on the same ports as before.
    async fn up(&mut self) {
        if self.listener.is_none() {
            self.listener = listen_again(self.address).await;
        }
        if let (None, Some(address)) = (&self.tls_listener, self.tls_address) {
            self.tls_listener = listen_again(address).await;
        }
        for waiting in self.booting.take().into_iter().flat_map(|booting| booting.1) {
            let _ = waiting.send(());
        }
    }
}

/// Waits until packets get through; false when the router goes down first.
async fn heard(shared: &Shared) -> bool {
    let (mut silence, mut cut) = (shared.faults.silence(), shared.cut.subscribe());
    tokio::select! {
        heard = silence.wait_for(|silent| !*silent) => heard.is_ok(),
        _ = cut.changed() => false,
    }
}

async fn accept(listener: Option<&TcpListener>) -> std::io::Result<(TcpStream, SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

fn twin(stream: TcpStream) -> Option<(TcpStream, TcpStream)> {
    let stream = stream.into_std().ok()?;
    let handle = stream.try_clone().ok()?;
    Some((TcpStream::from_std(stream).ok()?, TcpStream::from_std(handle).ok()?))
}

/// A port that is still closing is tried again.
async fn listen_again(address: SocketAddr) -> Option<TcpListener> {
    for _ in 0..100 {
        match TcpListener::bind(address).await {
            Ok(listener) => return Some(listener),
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
    None
}

async fn talk<S>(shared: Arc<Shared>, stream: S, peer: String, tls: bool, reset: impl Fn() + Send)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    if !tls {
        return serve(shared, stream, peer, "api", reset).await;
    }
    let offer = tls::offer(&shared.router());
    match offer {
        tls::Offer::Nothing => {}
        tls::Offer::AnonymousOnly => tls::refuse(stream).await,
        tls::Offer::Tls(acceptor) => {
            if let Ok(stream) = acceptor.accept(stream).await {
                serve(shared, stream, peer, "api-ssl", reset).await;
            }
        }
    }
}
