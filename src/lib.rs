//! Duebell reminds telecom subscribers of due bills before they are cut off
//! by mistake, and can explain every decision.
//!
//! The map of the house, in reading order: the words ([`model`]), the pure
//! rules ([`policy`], [`outbox`], [`message`]), the walls ([`source`],
//! [`store`], [`provider`]), and the door that works by itself ([`pipeline`]).
//! `docs/ARCHITECTURE.md` walks through it.

pub mod model;
pub mod outbox;
pub mod policy;
pub mod provider;
pub mod source;
