//! Conformance: what every store promises, held on each engine.

mod assess;
mod attempts;
mod audit;
mod caps;
mod cases;
mod consents;
mod decisions;
mod estimates;
mod evidence;
mod experiments;
mod holds;
mod keys;
mod lease;
mod ledger;
mod notices;
mod opening;
mod outbox;
mod parts;
mod people;
mod plan;
mod plans;
mod replies;
mod retention;
mod statements;
mod tallies;
mod wishes;

use duebell::store::SqlStore;

use crate::support::postgres;

/// Runs each case on both engines, as `<case>::sqlite` and `<case>::postgres`.
macro_rules! on_each_engine {
    ($($case:ident),* $(,)?) => {
        $(mod $case {
            #[tokio::test]
            async fn sqlite() {
                let scratch = tempfile::tempdir().unwrap();
                super::$case(&crate::store::on_sqlite(&scratch).await).await;
            }

            #[tokio::test]
            async fn postgres() {
                super::$case(&crate::store::on_postgres().await).await;
            }
        })*
    };
}
pub(crate) use on_each_engine;

/// A new store in a file of `scratch`.
pub async fn on_sqlite(scratch: &tempfile::TempDir) -> SqlStore {
    let url = format!("sqlite://{}", scratch.path().join("store.db").display());
    SqlStore::open(&url, None).await.unwrap()
}

/// A new store in a database of its own.
pub async fn on_postgres() -> SqlStore {
    SqlStore::open(&postgres::database().await, None).await.unwrap()
}
