//! `cutover` stands in front of a WhatsApp webhook consumer and hands it the one format it was
//! written for, whatever the platform sends: the flat On-Premises body or the Cloud API's envelope.
//!
//! ```text
//! bytes -> ingress -> intake -> journal -> translate -> delivery -> bytes
//!          verify     cut,      durable    pure         sign, send,
//!                     route                             one fate
//! ```
//!
//! Without a journal, `pass_through` stands in the place of intake and journal: the answer is the
//! consumers' verdict.
//!
//! Beside them stands `watch`: the way in and the way out tell it what they see, it tells `status`,
//! and nothing waits for it.
//!
//! Arrows never turn back. `json`, `event`, `format`, `translate` and `redact` are pure: no clock,
//! network, configuration or log. `ingress` knows the name of a format and nothing inside one;
//! `journal` keeps what arrived and knows neither bodies nor HTTP; `delivery` calls `translate` and
//! otherwise knows nothing of WhatsApp; `config` knows every stage's settings and no stage knows
//! `config`; `app` is the only wiring.

pub mod cli;

pub mod app;
pub mod config;

pub mod capture;
pub mod ingress;
pub mod received;
pub mod routing;

pub mod intake;
pub mod journal;
pub mod pass_through;

pub mod event;
pub mod fate;
pub mod format;
pub mod json;
pub mod redact;
pub mod translate;

pub mod delivery;

pub mod status;
pub mod watch;

pub mod admin;
pub mod clock;
pub mod headers;
pub mod letters;
mod lock;
pub mod secret;
pub mod server;
pub mod telemetry;
pub mod tls;
pub mod trace;
