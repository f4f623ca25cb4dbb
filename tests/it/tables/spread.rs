//! What would stand in the way of spreading the tables by bucket. No Citus is
//! at hand: these are its rules on keys, read from the catalogue.
//! <https://docs.citusdata.com/en/stable/develop/reference_ddl.html>

use std::collections::BTreeSet;
use std::path::Path;

use duebell::store::{RetentionStore, SqlStore};

use super::{side, texts};
use crate::support::build::day;
use crate::support::postgres;

/// The coordinator's own: what sqlx keeps of migrations, rows that one
/// statement locks many of, and one chain that triggers guard.
const LOCAL: &str = "'_sqlx_migrations', 'bucket_lease', 'audit_entry', 'audit_head'";

fn named(sql: &str, call: &str) -> BTreeSet<String> {
    let calls = sql.split(call).skip(1);
    calls.map(|rest| rest.split('\'').nth(1).unwrap().to_owned()).collect()
}

#[tokio::test]
async fn every_table_is_spread_by_its_bucket_or_copied_whole() {
    let url = postgres::database().await;
    SqlStore::open(&url, None).await.unwrap().close().await;
    let mut side = side(&url).await;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/citus/distribute.sql");
    let sql = std::fs::read_to_string(file).unwrap();
    let tables = |has_bucket: bool| {
        let not = if has_bucket { "" } else { "not " };
        format!(
            "select c.relname::text from pg_class as c \
             where c.relkind in ('r', 'p') and not c.relispartition \
                 and c.relnamespace = 'public'::regnamespace and c.relname not in ({LOCAL}) \
                 and {not}exists (select 1 from pg_attribute as a \
                     where a.attrelid = c.oid and a.attname = 'bucket' and a.attnum > 0)"
        )
    };
    let with: BTreeSet<String> = texts(&mut side, &tables(true)).await.into_iter().collect();
    let without: BTreeSet<String> = texts(&mut side, &tables(false)).await.into_iter().collect();
    assert_eq!(named(&sql, "create_distributed_table("), with);
    assert_eq!(named(&sql, "create_reference_table("), without);
}

/// Citus cannot keep a key unique over servers: each must name the bucket, and
/// on a partitioned table what it is partitioned by as well.
#[tokio::test]
async fn every_key_of_a_table_with_a_bucket_leads_with_it() {
    let url = postgres::database().await;
    let store = SqlStore::open(&url, None).await.unwrap();
    store.make_month(day("2026-03-01")).await.unwrap();
    let mut side = side(&url).await;
    let keys = "select i.indexrelid::regclass::text || ' on ' || pg_get_indexdef(i.indexrelid, 1, true) \
        from pg_index as i join pg_class as c on c.oid = i.indrelid \
        join pg_attribute as b on b.attrelid = c.oid and b.attname = 'bucket' \
        where i.indisunique and c.relnamespace = 'public'::regnamespace order by 1";
    let keys = texts(&mut side, keys).await;
    assert!(keys.len() > 20, "{keys:?}");
    // A receipt by a provider's reference has nothing else to be found by.
    let by_reference = |key: &String| key == "message_part_pkey on provider";
    let leads = |key: &String| key.ends_with(" on bucket") || by_reference(key);
    assert!(keys.iter().all(leads), "{keys:#?}");

    let apart = "select i.indexrelid::regclass::text from pg_index as i \
        join pg_partitioned_table as p on p.partrelid = i.indrelid \
        where i.indisunique and not p.partattrs[0] = any (i.indkey::int2[])";
    assert_eq!(texts(&mut side, apart).await, [""; 0]);
    // A key that points at a table is another thing that it cannot keep.
    let foreign = "select conname::text from pg_constraint where contype = 'f'";
    assert_eq!(texts(&mut side, foreign).await, [""; 0]);
}
