//! The import of CSV files, made-up ones and the published ones.

use duebell::model::evidence::EvidenceFeed;
use duebell::model::feed::{Cursor, Feed};
use duebell::source::billing_db::BillingDb;
use duebell::source::import::{Counts, Kind, Mapping, import};
use jiff::Timestamp;

use crate::billing_db::{Cells, cell, connect, read_feed};
use crate::support::data;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

/// A database in a folder of its own, and the rejects of the last import.
struct Bench {
    dir: tempfile::TempDir,
    db: BillingDb,
    rejects: Vec<Vec<String>>,
}

impl Bench {
    async fn new() -> Bench {
        let dir = tempfile::tempdir().unwrap();
        let db = BillingDb::open(&dir.path().join("billing.db"), true).await.unwrap();
        Bench { dir, db, rejects: Vec::new() }
    }

    async fn load(&mut self, kind: Kind, mapping: &str, csv: &[u8]) -> anyhow::Result<Counts> {
        let mapping = Mapping::parse(mapping).unwrap();
        let mut rejects = Vec::new();
        let mut heard = 0;
        let counts =
            import(&self.db, kind, csv, "the.csv", &mapping, NOW, &mut rejects, &mut |read| {
                heard = read
            })
            .await?;
        assert_eq!(counts.read, counts.used + counts.set_aside);
        assert_eq!(heard, counts.read);
        self.rejects = csv::Reader::from_reader(rejects.as_slice())
            .records()
            .map(|record| record.unwrap().iter().map(str::to_owned).collect())
            .collect();
        Ok(counts)
    }

    /// (line, field, first words of the reason) of each reject.
    fn told(&self) -> Vec<(&str, &str, &str)> {
        let told = self.rejects.iter().map(|reject| {
            (reject[0].as_str(), reject[1].as_str(), reject[2].split(" (").next().unwrap())
        });
        told.collect()
    }

    async fn feed(&self, feed: Feed) -> Vec<Cells> {
        let mut reader = connect(&self.dir.path().join("billing.db")).await;
        read_feed(&mut reader, feed, Cursor::start(), 1_000).await
    }
}

const BILLS: &str = r#"
    [bills]
    columns = { bill_id = "No", account_id = "Customer", amount = "Sum", issued_on = "Issued", due_on = "Due" }
    constants = { currency = "EUR" }
    create_accounts = true
"#;

fn counts(read: u64, used: u64, set_aside: u64) -> Counts {
    Counts { read, used, set_aside, warnings: 0 }
}

#[tokio::test]
async fn each_bad_row_is_set_aside_with_its_line_field_and_reason() {
    let mut bench = Bench::new().await;
    let csv = b"No,Customer,Sum,Issued,Due\n\
        1,a,10.00,2026-01-01,2026-01-15\n\
        2,a,,2026-01-01,2026-01-15\n\
        3,a,-1,2026-01-01,2026-01-15\n\
        4,a,1.005,2026-01-01,2026-01-15\n\
        5,a,\"1,000\",2026-01-01,2026-01-15\n\
        6,a,10,01/01/2026,2026-01-15\n\
        7,a,10,2026-01-01,0206-01-15\n\
        8,a,10,2026-01-01\n\
        9,\xff,10,2026-01-01,2026-01-15\n\
        1,b,99.00,2026-01-01,2026-01-15\n\
        10,a,99999999999999999999,2026-01-01,2026-01-15\n\
        ,a,10,2026-01-01,2026-01-15\n\
        11,b,0,2026-01-01,2026-01-15\n";
    assert_eq!(bench.load(Kind::Bills, BILLS, csv).await.unwrap(), counts(13, 2, 11));
    assert_eq!(
        bench.told(),
        [
            ("3", "Sum", "empty"),
            ("4", "Sum", "negative"),
            ("5", "Sum", "more decimals than the currency has"),
            ("6", "Sum", "not a number"),
            ("7", "Issued", "not a day"),
            ("8", "Due", "out of range"),
            ("9", "Due", "the row has 4 fields"),
            ("10", "Customer", "not UTF-8"),
            ("11", "No", "the file has this id before"),
            ("12", "Sum", "too large"),
            ("13", "No", "empty"),
        ]
    );
    assert_eq!(bench.rejects[4][3], "6,a,10,01/01/2026,2026-01-15");
    let bills = bench.feed(Feed::Bills).await;
    assert_eq!(cell(&bills[0], "amount"), Some("10.00"), "the first of two rows counts");
    assert_eq!(bench.feed(Feed::Accounts).await.len(), 2);
}

#[tokio::test]
async fn lines_are_counted_as_an_editor_counts_them() {
    let mut bench = Bench::new().await;
    let mapping = BILLS.replace("[bills]", "[bills]\n delimiter = \";\"");
    let csv = b"\xef\xbb\xbfNo;Customer;Sum;Issued;Due\r\n\r\n\
        1;\"a\r\nb\";bad;2026-01-01;2026-01-15\r\n\r\n\
        2;a;bad;2026-01-01;2026-01-15";
    assert_eq!(bench.load(Kind::Bills, &mapping, csv).await.unwrap(), counts(2, 0, 2));
    assert_eq!(bench.told(), [("3", "Sum", "not a number"), ("6", "Sum", "not a number")]);
}

#[tokio::test]
async fn a_repeat_is_seen_across_batches_and_forgotten_with_the_file() {
    let mut bench = Bench::new().await;
    let mut csv = String::from("No,Customer,Sum,Issued,Due\n");
    for number in (0..12_000).chain([0, 11_999]) {
        csv += &format!("{number},a,10.00,2026-01-01,2026-01-15\n");
    }
    for _ in 0..2 {
        let loaded = bench.load(Kind::Bills, BILLS, csv.as_bytes()).await.unwrap();
        assert_eq!(loaded, counts(12_002, 12_000, 2));
        assert_eq!(bench.told()[0].0, "12002");
    }
}

#[tokio::test]
async fn a_file_without_a_mapped_header_is_not_read() {
    let mut bench = Bench::new().await;
    let error = bench.load(Kind::Bills, BILLS, b"No,Kunde,Sum,Issued,Due\n").await.unwrap_err();
    let told = format!("{error:#}");
    assert!(told.contains("`Customer`") && told.contains("the.csv") && told.contains("`Kunde`"));
    assert!(bench.load(Kind::Accounts, BILLS, b"No\n").await.is_err(), "there is no [accounts]");
    let twice = b"No,Customer,Sum,Sum,Issued,Due\n";
    assert!(bench.load(Kind::Bills, BILLS, twice).await.is_err(), "which sum is meant?");
}

#[tokio::test]
async fn a_quotation_mark_that_is_never_closed_is_found_where_it_opens() {
    let mut bench = Bench::new().await;
    let good = "1,a,10.00,2026-01-01,2026-01-15\n";
    let csv = format!("No,Customer,Sum,Issued,Due\n{good}2,\"a,1,,\n{}", good.repeat(50_000));
    let error = bench.load(Kind::Bills, BILLS, csv.as_bytes()).await.unwrap_err();
    let told = format!("{error:#}");
    assert!(told.contains("line 3:") && told.contains("quotation mark"), "{told}");
}

#[tokio::test]
async fn a_bad_contact_costs_the_contact_and_not_the_account() {
    let mut bench = Bench::new().await;
    let mapping = r#"
        [accounts]
        columns = { account_id = "Id", name = "Name", phone = "Phone", email = "Mail", zone = "Zone", tier = "Tier" }
    "#;
    let csv = "Id,Name,Phone,Mail,Zone,Tier\n\
        1,Jürgen Weiß,+49 30 23125 001,j@example.org,europe/berlin,key\n\
        2,王芳,12,nobody,,\n\
        3,x,,,Mars/Olympus,\n\
        4,x,,,,golden\n"
        .as_bytes();
    let loaded = bench.load(Kind::Accounts, mapping, csv).await.unwrap();
    assert_eq!(loaded, Counts { warnings: 2, ..counts(4, 2, 2) });
    let told = bench.told();
    assert!(told[0].2.starts_with("warning: not an international telephone number"), "{told:?}");
    assert!(told[1].2.starts_with("warning: not an e-mail address"), "{told:?}");
    assert_eq!(told[2..], [("4", "Zone", "unknown"), ("5", "Tier", "unknown")]);

    let accounts = bench.feed(Feed::Accounts).await;
    assert_eq!(cell(&accounts[0], "phone"), Some("+493023125001"));
    assert_eq!(cell(&accounts[0], "zone"), Some("Europe/Berlin"));
    assert_eq!((cell(&accounts[1], "name"), cell(&accounts[1], "phone")), (Some("王芳"), None));
}

#[tokio::test]
async fn national_numbers_are_of_the_country_that_the_mapping_names() {
    let mapping =
        "[accounts]\nregion = \"DE\"\ncolumns = { account_id = \"Id\", phone = \"Phone\" }";
    let csv = "Id,Phone\n1,030 23125001\n2,+33 1 42 68 53 00\n3,0049 30 23125001\n4,911\n";
    let mut bench = Bench::new().await;
    let loaded = bench.load(Kind::Accounts, mapping, csv.as_bytes()).await.unwrap();
    assert_eq!(loaded, Counts { warnings: 1, ..counts(4, 4, 0) });
    let accounts = bench.feed(Feed::Accounts).await;
    let phones: Vec<_> = accounts.iter().map(|account| cell(account, "phone")).collect();
    assert_eq!(phones, [Some("+493023125001"), Some("+33142685300"), Some("+493023125001"), None]);

    let strange = Mapping::parse(&mapping.replace("DE", "Germany")).unwrap_err().to_string();
    assert!(strange.contains("accounts.region: `Germany` is no country"), "{strange}");
}

#[tokio::test]
async fn what_a_row_refers_to_must_have_been_loaded() {
    let mut bench = Bench::new().await;
    let strict = BILLS.replace("create_accounts = true", "");
    let csv = b"No,Customer,Sum,Issued,Due\n1,a,10.00,2026-01-01,2026-01-15\n";
    assert_eq!(bench.load(Kind::Bills, &strict, csv).await.unwrap(), counts(1, 0, 1));
    assert_eq!(bench.told(), [("2", "Customer", "no such account")]);
    bench.load(Kind::Bills, BILLS, csv).await.unwrap();

    let mapping = r#"
        [payments]
        columns = { payment_id = "Id", account_id = "Customer", bill_id = "Bill", amount = "Sum", paid_on = "Day", reversed_on = "Back" }
        constants = { currency = "EUR" }
        decimal = ","
        grouping = "."
    "#;
    let csv = b"Id,Customer,Bill,Sum,Day,Back\n\
        1,a,1,\"4,50\",2026-01-10,\n\
        2,a,7,\"1,00\",2026-01-10,\n\
        3,z,,\"1,00\",2026-01-10,\n\
        4,a,,0,2026-01-10,\n\
        5,a,1,\"5,50\",2026-01-10,2026-01-12\n\
        6,a,,\"1.000,00\",2026-01-10,\n";
    assert_eq!(bench.load(Kind::Payments, mapping, csv).await.unwrap(), counts(6, 3, 3));
    let reasons =
        [("3", "Bill", "no such bill"), ("4", "Customer", "no such account"), ("5", "Sum", "zero")];
    assert_eq!(bench.told(), reasons);
    let payments = bench.feed(Feed::Payments).await;
    assert_eq!(cell(&payments[1], "state"), Some("reversed"));
    let bills = bench.feed(Feed::Bills).await;
    assert_eq!(cell(&bills[0], "remaining_amount"), Some("5.50"));
}

/// As the feed gives it to the daemon, days and numbers in its own form.
#[tokio::test]
async fn evidence_is_judged_as_a_feed_is() {
    let mut bench = Bench::new().await;
    let accounts = "[accounts]\ncolumns = { account_id = \"Id\" }\n";
    bench.load(Kind::Accounts, accounts, b"Id\na\n").await.unwrap();
    let mapping = r#"
        [complaints]
        columns = { complaint_id = "No", account_id = "Customer", topic = "About", opened_on = "Day", closed_on = "Done" }
        date_format = "%d.%m.%Y"
        [usage]
        columns = { usage_id = "No", account_id = "Customer", used_on = "Day", charged = "Sum" }
        constants = { currency = "EUR" }
        decimal = ","
        [outages]
        columns = { outage_id = "No", area = "Place", starts_on = "Day" }
    "#;
    let csv = b"No,Customer,About,Day,Done\n\
        1,a,billing,01.03.2026,05.03.2026\n\
        2,a,weather,01.03.2026,\n\
        3,z,billing,01.03.2026,\n\
        4,a,billing,05.03.2026,01.03.2026\n\
        5,a,billing,2026-03-05,\n";
    let complaints = Kind::Evidence(EvidenceFeed::Complaints);
    assert_eq!(bench.load(complaints, mapping, csv).await.unwrap(), counts(5, 1, 4));
    let told = [
        ("3", "About", "\"weather\" is none of those expected: billing, service, conduct or other"),
        ("4", "Customer", "no such account"),
        ("5", "Done", "2026-03-01 lies before opened_on"),
        ("6", "Day", "not a day"),
    ];
    assert_eq!(bench.told(), told);
    let rows = bench.feed(Feed::Evidence(EvidenceFeed::Complaints)).await;
    assert_eq!((rows.len(), cell(&rows[0], "topic")), (1, Some("billing")));
    assert_eq!(cell(&rows[0], "closed_on"), Some("2026-03-05"));

    let usage = Kind::Evidence(EvidenceFeed::Usage);
    let csv = b"No,Customer,Day,Sum\n1,a,2026-03-01,\"1,25\"\n2,a,2026-03-02,much\n";
    assert_eq!(bench.load(usage, mapping, csv).await.unwrap(), counts(2, 1, 1));
    let rows = bench.feed(Feed::Evidence(EvidenceFeed::Usage)).await;
    assert_eq!(
        (cell(&rows[0], "charged"), cell(&rows[0], "currency")),
        (Some("1.25"), Some("EUR"))
    );

    // Of an area, and of no account.
    let outages = Kind::Evidence(EvidenceFeed::Outages);
    let csv = b"No,Place,Day\n1,west,2026-03-01\n";
    assert_eq!(bench.load(outages, mapping, csv).await.unwrap(), counts(1, 1, 0));
    let rows = bench.feed(Feed::Evidence(EvidenceFeed::Outages)).await;
    assert_eq!(cell(&rows[0], "area"), Some("west"));
}

const IBM_AR: &str = include_str!("../../examples/import/ibm_ar.toml");

#[tokio::test]
async fn the_published_ledger_is_used_to_the_last_row() {
    let Some(csv) = data::file("ibm_ar/WA_Fn-UseC_-Accounts-Receivable.csv") else { return };
    let mut bench = Bench::new().await;
    let loaded = bench.load(Kind::Bills, IBM_AR, csv.as_bytes()).await.unwrap();
    assert_eq!(loaded, counts(2_466, 2_466, 0));
    assert_eq!(bench.feed(Feed::Accounts).await.len(), 100);
    let bills = bench.feed(Feed::Bills).await;
    assert_eq!(bills.len(), 2_466);
    assert!(bills.iter().all(|bill| cell(bill, "remaining_amount") == Some("0.00")));
    assert!(bills.iter().all(|bill| cell(bill, "settled_on").is_some()));
}

#[tokio::test]
async fn rows_of_doubtful_origin_are_set_aside() {
    let Some(csv) = data::file("ibm_ar/dirty_variant_with_missing_2586.csv") else { return };
    let mut bench = Bench::new().await;
    let loaded = bench.load(Kind::Bills, IBM_AR, csv.as_bytes()).await.unwrap();
    assert_eq!(loaded, counts(2_586, 2_466, 120));
    assert_eq!(bench.rejects.len(), 120);
    for reject in &bench.rejects {
        let line: usize = reject[0].parse().unwrap();
        let row = csv.split('\n').nth(line - 1).unwrap();
        assert_eq!(reject[3], row.trim_end_matches('\r'));
        assert_eq!(reject[1], "PaperlessDate");
        assert_eq!(reject[2], "empty (the mapping requires a value)");
    }
}
