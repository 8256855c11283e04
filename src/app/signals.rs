//! What the system asks of a running proxy.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

/// An order to a running proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Drain and end.
    Stop,
    /// Read the configuration again.
    Reload,
}

/// SIGTERM and SIGINT stop, SIGHUP reloads. They are listened for from the call on, not from the first
/// poll: one that comes right after the start is no reason to die.
pub fn orders() -> mpsc::Receiver<Order> {
    let (orders, received) = mpsc::channel(8);
    let listening = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()), signal(SignalKind::hangup()));
    tokio::spawn(async move {
        match listening {
            (Ok(term), Ok(interrupt), Ok(hang_up)) => pass_on(term, interrupt, hang_up, orders).await,
            (Err(error), ..) | (_, Err(error), _) | (_, _, Err(error)) => {
                tracing::error!(%error, "cannot listen for signals; stop with SIGKILL");
                // The channel stays open: a closed one would mean the end.
                orders.closed().await;
            }
        }
    });
    received
}

async fn pass_on(mut term: Signal, mut interrupt: Signal, mut hang_up: Signal, orders: mpsc::Sender<Order>) {
    loop {
        let order = tokio::select! {
            _ = term.recv() => Order::Stop,
            _ = interrupt.recv() => Order::Stop,
            _ = hang_up.recv() => Order::Reload,
        };
        if orders.send(order).await.is_err() {
            return;
        }
    }
}
