//! A listener: connections in bounds, TLS in front, an orderly end.

use crate::tls;
use anyhow::Context;
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;

/// A request's head that takes longer is given up, and so is a TLS handshake.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// What open connections have after the end was called, to finish their answers.
const LINGER: Duration = Duration::from_secs(5);
/// Connections beyond those that are served; each is told to come back later, and closed.
const SPARE_CONNECTIONS: usize = 64;
/// An accept that fails again and again is said as often as this.
const SAID_AGAIN: Duration = Duration::from_secs(10);
/// After a failed accept (no file descriptors left), so as not to spin.
const ACCEPT_RETRY_PAUSE: Duration = Duration::from_millis(50);

/// TLS as a listener needs it.
#[derive(Clone)]
pub struct Tls {
    /// Certificates and what clients must show.
    pub config: Arc<ServerConfig>,
    /// The host a client's certificate must name.
    pub client_name: Option<String>,
}

/// A bound listener and what it serves.
pub struct Server {
    /// The listener.
    pub listener: TcpListener,
    /// What it serves.
    pub router: Router,
    /// What a connection beyond those that are served is told.
    pub busy: Router,
    /// How many connections are served at once.
    pub max_connections: usize,
    /// TLS in front, as it is for the next connection.
    pub tls: watch::Receiver<Option<Tls>>,
}

/// Binds an address.
///
/// # Errors
/// When it is taken or not ours.
pub async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}

impl Server {
    /// Serves until `stop` says so, then lets open connections finish their answers.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let graceful = GracefulShutdown::new();
        let slots = Arc::new(Semaphore::new(self.max_connections.min(Semaphore::MAX_PERMITS)));
        let spare = Arc::new(Semaphore::new(SPARE_CONNECTIONS));
        loop {
            // Beyond those that are told so, more wait in the kernel's queue.
            let turned_away = tokio::select! {
                spare = Arc::clone(&spare).acquire_owned() => spare,
                () = stopped(&mut stop) => break,
            };
            let Some(stream) = self.accept(&mut stop).await else { break };
            let (slot, router) = match Arc::clone(&slots).try_acquire_owned() {
                Ok(slot) => (Ok(slot), self.router.clone()),
                Err(_) => (turned_away, self.busy.clone()),
            };
            // Neither kind is ever closed.
            let Ok(slot) = slot else { break };
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "cannot set TCP_NODELAY");
            }
            let (tls, watcher) = (self.tls.borrow().clone(), graceful.watcher());
            tokio::spawn(async move {
                let _slot = slot;
                match tls {
                    None => serve(stream, router, watcher).await,
                    Some(tls) => {
                        if let Some(stream) = handshake(stream, &tls).await {
                            serve(stream, router, watcher).await;
                        }
                    }
                }
            });
        }
        drop(self.listener);
        if tokio::time::timeout(LINGER, graceful.shutdown()).await.is_err() {
            tracing::warn!("connections were still open at the end; they go with the process");
        }
    }
}

impl Server {
    /// The next connection; `None` when it is time to stop.
    async fn accept(&self, stop: &mut watch::Receiver<bool>) -> Option<TcpStream> {
        let mut said: Option<Instant> = None;
        loop {
            let accepted = tokio::select! {
                biased;
                () = stopped(stop) => return None,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => return Some(stream),
                Err(error) => {
                    if said.is_none_or(|said| said.elapsed() > SAID_AGAIN) {
                        tracing::warn!(%error, "cannot accept connections");
                        said = Some(Instant::now());
                    }
                    tokio::time::sleep(ACCEPT_RETRY_PAUSE).await;
                }
            }
        }
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // A closed channel means that the app is gone: stop as well.
    let _said_so = stop.wait_for(|stop| *stop).await.is_ok();
}

async fn serve<S>(stream: S, router: Router, watcher: hyper_util::server::graceful::Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).pipeline_flush(true);
    let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "connection ended");
    }
}

async fn handshake(stream: TcpStream, tls: &Tls) -> Option<tokio_rustls::server::TlsStream<TcpStream>> {
    let accepted = tokio::time::timeout(HEAD_TIMEOUT, TlsAcceptor::from(Arc::clone(&tls.config)).accept(stream)).await;
    let stream = match accepted {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            tracing::info!(%error, "TLS handshake failed");
            return None;
        }
        Err(_) => {
            tracing::info!("TLS handshake did not end in time");
            return None;
        }
    };
    let certificate = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
    match &tls.client_name {
        Some(name) if !certificate.is_some_and(|certificate| tls::names(certificate, name)) => {
            tracing::info!(expected = %name, "client certificate names another host");
            None
        }
        _ => Some(stream),
    }
}
