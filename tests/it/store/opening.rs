//! Opening: whoever comes at the same time, one store comes of it.

use duebell::store::SqlStore;
use futures_util::future::join_all;

use crate::support::postgres;

/// The daemon starts for the first time while somebody asks for its status.
async fn open_together(url: &str) {
    let open = || {
        let url = url.to_owned();
        #[allow(clippy::disallowed_methods, reason = "several processes, as threads")]
        tokio::spawn(async move { SqlStore::open(&url, None).await })
    };
    for opened in join_all((0..8).map(|_| open())).await {
        let store = opened.unwrap().unwrap();
        assert!(store.is_empty().await.unwrap());
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_may_make_one_store_at_once_on_sqlite() {
    for _ in 0..4 {
        let scratch = tempfile::tempdir().unwrap();
        open_together(&format!("sqlite://{}", scratch.path().join("store.db").display())).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_may_make_one_store_at_once_on_postgres() {
    open_together(&postgres::database().await).await;
}
