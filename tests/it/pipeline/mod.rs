//! The stages together, over SQLite and a billing database that changes
//! between their steps. Every instant is given; nobody sleeps.

mod brake;
mod caps;
mod causes;
mod claims;
mod consents;
mod conversations;
mod episodes;
mod estimates;
mod experiments;
mod going_live;
mod halts;
mod inquiries;
mod laws;
mod manners;
mod moratoriums;
mod notices;
mod outages;
mod paid;
mod patience;
mod providers;
mod replies;
mod reviews;
mod stops;
mod templates;
mod texts;
mod windows;
mod wishes;

use std::sync::Arc;

use crate::support::bench::Bench;
use crate::support::billing::Billing;

/// Account A and its bill a1, due on this day; live since long ago.
async fn owing(due_on: &str) -> (Arc<Billing>, Bench) {
    let billing = Billing::new();
    billing.account("A");
    billing.bill("a1", "A", due_on);
    let bench = Bench::live(billing.clone()).await;
    (billing, bench)
}

fn pair(one: &str, other: &str) -> (String, String) {
    (one.to_owned(), other.to_owned())
}
