//! Duebell reminds telecom subscribers of due bills before they are cut off
//! by mistake, and can explain every decision.
//!
//! The map of the house, in reading order: the words ([`model`]), the pure
//! rules ([`policy`], [`outbox`], [`risk`], [`review`], [`evaluation`], [`message`],
//! [`audit`]), the walls ([`source`], [`store`], [`provider`]), the door that works
//! by itself ([`pipeline`]) and the one that is knocked at ([`http`]).
//! `docs/ARCHITECTURE.md` walks through it.

pub mod app;
pub mod audit;
pub mod cli;
pub mod clock;
pub mod config;
pub mod evaluation;
pub mod http;
pub mod lifecycle;
pub mod message;
pub mod model;
pub mod outbox;
pub mod pipeline;
pub mod policy;
pub mod provider;
pub mod review;
pub mod risk;
pub mod source;
pub mod store;
pub mod telemetry;
