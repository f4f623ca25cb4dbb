//! The one integration binary: the walls against real peers, the rules
//! against the data that others made, and the daemon as a whole.

mod audit;
mod billing_db;
mod cases;
mod causes;
mod classes;
mod console;
mod contact;
mod content;
mod daemon;
mod demo;
mod evaluation;
mod fleet;
mod import;
mod page;
mod pipeline;
mod population;
mod provider;
mod receipts;
mod replay;
mod replay_reference;
mod replay_rules;
mod risk;
mod scenarios;
mod shipped;
mod six_providers;
mod source;
mod staff;
mod store;
mod support;
mod tables;
mod tidy;
mod vectors;
