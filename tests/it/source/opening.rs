//! A mapping that does not fit is told at the start: which file, what is
//! wrong, and the mend.

use duebell::source::sql::SqlSource;
use duebell::source::{Source, SourceError};

use super::foreign::Foreign;
use super::on_each_database;

on_each_database![
    a_mapping_that_fits_opens,
    a_missing_column_is_named_with_what_is_expected,
    a_missing_placeholder_is_named_with_what_would_follow,
    a_query_that_the_database_refuses_is_named,
    a_missing_file_is_named,
    holds_are_read_where_they_are_mapped,
    a_database_that_does_not_answer_is_unavailable,
    the_source_is_never_written_to,
];

/// The whole chain of an error, as it is printed.
fn told(error: SourceError) -> String {
    format!("{:#}", anyhow::Error::from(error))
}

#[track_caller]
fn check(result: Result<SqlSource, SourceError>, foreign: &Foreign, file: &str, parts: &[&str]) {
    let told = told(result.err().expect("it does not open"));
    let file = foreign.mapping(file).display().to_string();
    for part in parts.iter().chain([&file.as_str()]) {
        assert!(told.contains(part), "{told:?} says nothing of {part:?}");
    }
}

async fn a_mapping_that_fits_opens(foreign: Foreign) {
    let source = foreign.open().await.unwrap();
    assert_eq!(format!("{:?}", source.feeds()), "[Accounts, Bills, Payments]");
}

async fn a_missing_column_is_named_with_what_is_expected(foreign: Foreign) {
    let sql = "select no as bill_id, customer as account_id, cur as currency, total as amount,
        issued as issued_on, due as due_on, at as changed_at
        from invoice where (at, no) > (:changed_at, :id) limit :page";
    foreign.map("bills", sql);
    check(
        foreign.open().await,
        &foreign,
        "bills",
        &["`remaining_amount`", "decimal such as 1234.50"],
    );
    foreign.map("balances", "select no as bill_id, cur as currency from invoice where no = :bills");
    foreign.map("bills", &sql.replace("issued as", "open as remaining_amount, issued as"));
    check(
        foreign.open().await,
        &foreign,
        "balances",
        &["`remaining_amount`", "add it to the select"],
    );
}

async fn a_missing_placeholder_is_named_with_what_would_follow(foreign: Foreign) {
    let sql = "select no as account_id, at as changed_at from customer
        where at > :changed_at order by at, no limit :page -- :id";
    foreign.map("accounts", sql);
    check(foreign.open().await, &foreign, "accounts", &["`id`", "read for ever or lost"]);
    foreign.map("accounts", &sql.replace("-- :id", "").replace(":page", "1000"));
    check(foreign.open().await, &foreign, "accounts", &["placeholder `id`"]);
}

async fn a_query_that_the_database_refuses_is_named(foreign: Foreign) {
    let sql =
        "select no as payment_id from receipts where (at, no) > (:changed_at, :id) limit :page";
    foreign.map("payments", sql);
    check(foreign.open().await, &foreign, "payments", &["the query fails", "receipts"]);
}

async fn a_missing_file_is_named(foreign: Foreign) {
    std::fs::remove_file(foreign.mapping("balances")).unwrap();
    check(foreign.open().await, &foreign, "balances", &["could not read", "No such file"]);
}

async fn holds_are_read_where_they_are_mapped(foreign: Foreign) {
    let sql = "select no as hold_id, customer as account_id, 'promise' as kind,
        day as starts_on, at as changed_at from receipt
        where (at, no) > (:changed_at, :id) order by at, no limit :page";
    foreign.map("holds", sql);
    assert_eq!(foreign.open().await.unwrap().feeds().len(), 4);
}

async fn a_database_that_does_not_answer_is_unavailable(foreign: Foreign) {
    let mut settings = foreign.settings();
    settings.url.push_str("-that-is-not-there");
    let error = SqlSource::open(&settings).await.err().unwrap();
    assert!(matches!(error, SourceError::Unavailable(_)), "{error:?}");
    assert!(told(error).starts_with("billing database is unavailable: "));

    settings.url = "oracle://reader:secret@127.0.0.1/billing".into();
    let told = told(SqlSource::open(&settings).await.err().unwrap());
    assert!(told.contains("\"oracle\"") && told.contains("use sqlite://PATH"), "{told}");
    assert!(!told.contains("secret"), "{told}");
}

async fn the_source_is_never_written_to(foreign: Foreign) {
    let sql =
        "with gone as (delete from customer returning no) select no as account_id, no as changed_at
        from gone where no > :changed_at || :id limit :page";
    foreign.map("accounts", sql);
    let Ok(source) = foreign.open().await else { return };
    let start = duebell::model::feed::Cursor::start();
    let feed = duebell::model::feed::Feed::Accounts;
    assert!(source.page(feed, &start, 10).await.is_err());
}
