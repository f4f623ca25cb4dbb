//! What MariaDB does that the others do not: character sets, zero dates,
//! functions that write, errors whose class says too little.

use std::sync::Arc;

use duebell::model::feed::{Cell, Cursor, Feed};
use duebell::pipeline::Stage;
use duebell::pipeline::sync::Sync;
use duebell::source::sql::SqlSource;
use duebell::source::{Source, SourceError};

use super::foreign::Foreign;
use crate::support::bench::Bench;
use crate::support::build::*;
use crate::support::mariadb;

/// The cells of the first account or bill, by the names that the mapping gives.
async fn first(foreign: &Foreign, feed: Feed) -> impl Fn(&str) -> Option<String> {
    let source = foreign.open().await.unwrap();
    let row = source.page(feed, &Cursor::start(), 10).await.unwrap().remove(0);
    move |name| {
        let place = feed.columns().iter().position(|column| column.name == name).unwrap();
        match &row.cells[place] {
            Cell::Text(text) => Some(text.clone()),
            Cell::Null => None,
            Cell::NotUtf8 => panic!("{name} is no UTF-8"),
        }
    }
}

#[tokio::test]
async fn text_of_every_character_set_arrives_as_it_was_meant() {
    let mut foreign = Foreign::on_mariadb().await;
    // A collation that compares bytes makes a text look like bytes in the protocol.
    let table = "create table subscriber (no varchar(9) character set ascii,
            name varchar(50) character set latin1 collate latin1_bin,
            brand text character set utf8mb4 collate utf8mb4_bin,
            tongue enum('de', 'zh-Hans') character set ucs2, zone varbinary(50), at datetime(6));
        insert into subscriber values
            ('s1', 'Zoë Šœ€', '蓝 📞', 'zh-Hans', 'Asia/Tokyo', '2026-03-10 12:00:00.000125')";
    foreign.run(table).await;
    let sql = "select no as account_id, name, brand as segment, tongue as language, zone,
            null as phone, at as changed_at
        from subscriber where (at, no) > (:changed_at, :id) order by at, no limit :page";
    foreign.map("accounts", sql);

    let cell = first(&foreign, Feed::Accounts).await;
    assert_eq!(cell("name").unwrap(), "Zoë Šœ€");
    assert_eq!(cell("segment").unwrap(), "蓝 📞");
    assert_eq!(cell("language").unwrap(), "zh-Hans");
    assert_eq!(cell("zone").unwrap(), "Asia/Tokyo");
    assert_eq!((cell("phone"), cell("email")), (None, None));
    assert_eq!(cell("changed_at").unwrap(), "2026-03-10 12:00:00.000125");
}

#[tokio::test]
async fn numbers_and_days_arrive_as_text() {
    let mut foreign = Foreign::on_mariadb().await;
    foreign
        .run(
            "create table claim (no bigint unsigned, total double, open decimal(10, 3),
                issued datetime, due date, paid date, at timestamp(3) null);
            set time_zone = '+02:00';
            insert into claim values (18446744073709551615, 1234567.89, 0.500,
                '2026-02-01 00:00:00', '2026-03-01', null, '2026-03-10 14:00:00.125')",
        )
        .await;
    let sql = "select no as bill_id, no = 0 as account_id, 'EUR' as currency, total as amount,
            open as remaining_amount, issued as issued_on, due as due_on, paid as settled_on,
            at as changed_at
        from claim where (at, no) > (:changed_at, :id) limit :page";
    foreign.map("bills", sql);

    let cell = first(&foreign, Feed::Bills).await;
    assert_eq!(cell("bill_id").unwrap(), "18446744073709551615");
    assert_eq!(cell("account_id").unwrap(), "0");
    assert_eq!(cell("amount").unwrap(), "1234567.89");
    assert_eq!(cell("remaining_amount").unwrap(), "0.500");
    assert_eq!(cell("issued_on").unwrap(), "2026-02-01 00:00:00");
    assert_eq!((cell("due_on").unwrap(), cell("settled_on")), ("2026-03-01".into(), None));
    assert_eq!(cell("changed_at").unwrap(), "2026-03-10 12:00:00.125", "in UTC");
}

#[tokio::test]
async fn rows_with_bytes_or_days_that_are_none_cost_themselves_alone() {
    let mut foreign = Foreign::on_mariadb().await;
    foreign.customers(&["C"]).await;
    foreign
        .run(
            "alter table invoice modify no varbinary(64);
            set sql_mode = '';
            insert into invoice values
                (x'ff00fe', 'C', 'EUR', 5, 5, '2026-02-01', '2026-03-01', '2026-03-10 12:00:00'),
                ('zero', 'C', 'EUR', 5, 5, '0000-00-00', '2026-03-01', '2026-03-10 12:00:00'),
                ('good', 'C', 'EUR', 5, 5, '2026-02-01', '2026-03-01', '2026-03-10 12:00:01')",
        )
        .await;
    let bench = Bench::live(Arc::new(foreign.open().await.unwrap())).await;
    Sync(bench.workshop.clone()).run_once(at(NOON)).await.unwrap();

    let desk = bench.store.desk();
    let bills = desk.bills(&"C".into()).await.unwrap();
    assert_eq!(bills.iter().map(|bill| bill.id.as_str()).collect::<Vec<_>>(), ["good"]);
    let mut fields: Vec<(String, String)> =
        desk.rejects(10).await.unwrap().into_iter().map(|line| (line.field, line.reason)).collect();
    fields.sort();
    let [(id, not_utf8), (issued, no_day)] = &fields[..] else { panic!("{fields:?}") };
    assert!(id == "bill_id" && not_utf8.contains("UTF-8"), "{fields:?}");
    assert!(issued == "issued_on" && no_day.contains("no date"), "{fields:?}");
}

#[tokio::test]
async fn a_place_may_be_written_out_for_the_sake_of_the_index() {
    let mut foreign = Foreign::on_mariadb().await;
    foreign.customers(&["a", "b", "c", "d", "e"]).await;
    let sql = "select no as account_id, at as changed_at, 'it\\'s :id' as name from customer
        where at >= :changed_at # it's :id that breaks the tie
          and (at > :changed_at or `no` > :id) order by at, no limit :page # :page";
    foreign.map("accounts", sql);
    let source = foreign.open().await.unwrap();
    let after = Cursor { changed_at: "2026-03-10 12:00:00".into(), id: "b".into() };
    let rows = source.page(Feed::Accounts, &after, 2).await.unwrap();
    let ids: Vec<&Cell> = rows.iter().map(|row| &row.cells[0]).collect();
    assert_eq!(ids, [&Cell::Text("c".into()), &Cell::Text("d".into())]);
    assert_eq!(source.count(Feed::Accounts, None).await.unwrap(), 5);
}

/// Accounts whose segment is what the function gives.
fn calling(function: &str) -> String {
    format!(
        "select no as account_id, {function} as segment, at as changed_at from customer
        where (at, no) > (:changed_at, :id) order by at, no limit :page"
    )
}

#[tokio::test]
async fn a_function_that_writes_is_refused() {
    let mut foreign = Foreign::on_mariadb().await;
    foreign.customers(&["C"]).await;
    foreign
        .run(
            "create table seen (no int);
            create function note() returns int modifies sql data
                begin insert into seen values (1); return 1; end",
        )
        .await;
    // Whoever may write, can.
    foreign.run("select note()").await;
    foreign.map("accounts", &calling("note()"));
    // The server does not even prepare it.
    let error = foreign.open().await.err().expect("it does not open");
    let told = format!("{:#}", anyhow::Error::from(error));
    assert!(told.contains("accounts.sql: the query fails") && told.contains("READ ONLY"), "{told}");
}

#[tokio::test]
async fn a_server_in_trouble_is_away_and_a_wrong_query_is_not() {
    let mut foreign = Foreign::on_mariadb().await;
    foreign.customers(&["C"]).await;
    // Errors of a server in trouble, made to order.
    foreign
        .run(
            "create function fails(number int, is_stopped bool) returns int
            begin
                if is_stopped then signal sqlstate '70100' set mysql_errno = number; end if;
                signal sqlstate 'HY000' set mysql_errno = number;
                return 1;
            end",
        )
        .await;
    for (failure, is_away) in [
        ("fails(1205, false)", true),
        ("fails(1053, false)", true),
        ("fails(3024, false)", true),
        // MariaDB's max_statement_time, as PostgreSQL's statement_timeout.
        ("fails(1969, true)", true),
        ("fails(1365, false)", false),
        ("(select no from customer union all select no from customer)", false),
    ] {
        foreign.map("accounts", &calling(failure));
        let source = foreign.open().await.unwrap();
        let error = source.page(Feed::Accounts, &Cursor::start(), 10).await.unwrap_err();
        assert_eq!(matches!(error, SourceError::Unavailable(_)), is_away, "{failure}: {error:?}");
        assert_eq!(matches!(error, SourceError::Query { .. }), !is_away, "{failure}: {error:?}");
    }
}

#[tokio::test]
async fn the_password_comes_from_its_file_and_is_never_shown() {
    let foreign = Foreign::on_mariadb().await;
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("password");
    let mut settings = foreign.settings();
    settings.url = settings.url.replace(":a%20secret@", "@").replace("mysql://", "mariadb://");
    settings.password_file = Some(file.clone());

    std::fs::write(&file, format!("{}\n", mariadb::PASSWORD)).unwrap();
    assert!(SqlSource::open(&settings).await.is_ok());
    std::fs::write(&file, "a wrong one").unwrap();
    let error = SqlSource::open(&settings).await.err().unwrap();
    assert!(matches!(error, SourceError::Unavailable(_)), "{error:?}");
    let told = format!("{:#}", anyhow::Error::from(error));
    assert!(told.contains("Access denied") && !told.contains("a wrong one"), "{told}");
}
