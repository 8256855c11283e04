//! `cutover` stands in front of a WhatsApp webhook consumer and hands it the one format it was
//! written for.
pub mod event;
pub mod format;
pub mod json;
pub mod translate;
pub mod cli;
