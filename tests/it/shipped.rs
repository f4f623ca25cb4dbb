//! The files that are shipped for people to start from: each is read by the
//! code that will read theirs.

use std::path::{Path, PathBuf};

use duebell::config::{self, Channels, DEFAULT_TOML, Log, Paths, ProviderTable, Settings};
use duebell::model::feed::{Cursor, Feed};
use duebell::policy::window::ContactWindow;
use duebell::provider::guard::Limits;
use duebell::provider::kinds::KINDS;
use duebell::source::billing_db::BillingDb;
use duebell::source::import::Mapping;
use duebell::source::sql::{self, SqlSource};
use duebell::source::{Defaults, Source};
use duebell::{message, pipeline, policy, store};
use sqlx::{Connection, Executor, PgConnection};

use crate::support::postgres;

fn shipped(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A law that leaves nothing to the operator, not even the calendars.
const LAW: &str = "cn";

/// The settings as they are where nobody changed anything, over the shipped
/// scenarios. Only the law has no default.
fn untouched() -> config::Loaded {
    let scratch = tempfile::tempdir().unwrap();
    let empty = scratch.path().join("config.toml");
    std::fs::write(&empty, "").unwrap();
    let policy = format!("paths.policy={}", shipped("config/policy").display());
    let overrides = [policy, format!("contact.law={LAW}")];
    config::load(Some(&empty), &overrides).unwrap_or_else(|wrong| panic!("{wrong:#?}"))
}

/// The defaults of the code, with the one override of [`untouched`].
fn code_defaults() -> Settings {
    Settings {
        operator: message::Operator::default(),
        paths: Paths { policy: shipped("config/policy"), ..Paths::default() },
        log: Log::default(),
        store: store::Settings::default(),
        source: None,
        contact: policy::law::Settings::default(),
        pipeline: pipeline::Settings::default(),
        lease: pipeline::lease::Settings::default(),
        channels: Channels::default(),
        provider: KINDS
            .iter()
            .map(|kind| {
                let (kind_of_it, settings) = (kind.name.into(), (kind.defaults)());
                let table = ProviderTable { kind: kind_of_it, limits: Limits::default(), settings };
                (kind.name.to_owned(), table)
            })
            .collect(),
        http: duebell::http::Settings::default(),
        page: duebell::http::page::Settings::default(),
        review: duebell::review::Settings::default(),
        advice: duebell::provider::webhook::Settings::default(),
        console: duebell::http::console::Settings::default(),
    }
}

#[test]
fn the_settings_file_equals_the_codes_defaults() {
    let in_file = serde_json::to_value(untouched().settings).unwrap();
    let mut in_code = code_defaults();
    in_code.contact.law = Some(LAW.to_owned());
    assert_eq!(in_file, serde_json::to_value(in_code).unwrap());
}

/// Every key that the code has stands in the reference, set or, where there is
/// no default, as a comment.
#[test]
fn the_settings_file_names_every_key() {
    let file: toml::Value = toml::from_str(DEFAULT_TOML).unwrap();
    let code = serde_json::to_value(code_defaults()).unwrap();
    let mut missing = Vec::new();
    compare("", &code, &file, &mut missing);
    assert!(missing.is_empty(), "config/default.toml does not say: {}", missing.join(", "));
}

fn compare(place: &str, code: &serde_json::Value, file: &toml::Value, missing: &mut Vec<String>) {
    let Some(table) = code.as_object() else { return };
    for (key, value) in table {
        let place = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
        let in_comment = || {
            let stands = |line: &str| {
                line.strip_prefix("# ").is_some_and(|line| line.starts_with(&format!("{key} = ")))
                    || line == format!("# [{place}]")
            };
            DEFAULT_TOML.lines().any(stands)
        };
        match file.get(key) {
            Some(inner) => compare(&place, value, inner, missing),
            None if value.is_null() && in_comment() => {}
            None => missing.push(place),
        }
    }
}

#[test]
fn the_shipped_scenarios_serve_everybody_and_fit_the_messages() {
    let loaded = untouched();
    let names: Vec<&str> = loaded.scenarios.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["business", "consumer"]);
    let scenarios = policy::Scenarios::new(loaded.scenarios, []);
    let serving = |segment: &str| scenarios.serving(segment).unwrap().scenario.name.clone();
    assert_eq!(serving("business"), "business");
    assert_eq!(serving(""), "consumer");
    assert_eq!(serving("who knows"), "consumer");
}

#[test]
fn the_consumer_ladder_shows_the_defaults() {
    let consumer = config::read_scenario(&shipped("config/policy/consumer.toml")).unwrap();
    assert_eq!(consumer.window, ContactWindow::default());
    assert_eq!(consumer.repeat_debtor, Some(Default::default()));
}

#[test]
fn the_replay_scenario_and_the_import_mapping_can_be_read() {
    config::read_scenario(&shipped("examples/replay/ladder.toml")).unwrap();
    let mapping = std::fs::read_to_string(shipped("examples/import/ibm_ar.toml")).unwrap();
    Mapping::parse(&mapping).unwrap();
}

/// Every file of a mapping folder answers: each feed, the count, the balances.
async fn answers(url: String, queries: &str) -> Vec<Feed> {
    let queries = shipped(queries);
    let settings =
        sql::Settings { url, password_file: None, queries, defaults: Defaults::default() };
    let source = SqlSource::open(&settings).await.unwrap_or_else(|error| panic!("{error:?}"));
    for feed in source.feeds() {
        assert_eq!(source.page(feed, &Cursor::start(), 10).await.unwrap(), [], "{feed}");
        assert_eq!(source.count(feed, None).await.unwrap(), 0, "{feed}");
    }
    assert_eq!(source.balances(&["1".into()]).await.unwrap(), []);
    source.feeds()
}

#[tokio::test]
async fn our_own_billing_database_is_mapped_whole() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("billing.db");
    BillingDb::open(&path, true).await.unwrap().close().await;
    let url = format!("sqlite://{}", path.display());
    assert_eq!(answers(url, "config/source/duebell").await, Feed::ALL);
}

/// The schema that `config/source/example-postgres` is written for.
const FOREIGN: &str = "
    create schema crm;
    create schema billing;
    create table crm.customer (
        customer_no text primary key, person_no text, display_name text, language text,
        class text, brand text, contact_by text, updated_at timestamptz not null
    );
    create table crm.contact (
        customer_no text not null, kind text not null, value text not null,
        valid_to date, updated_at timestamptz not null
    );
    create table billing.invoice (
        id bigint primary key, customer_no text not null, currency text not null,
        kind text not null, state text not null, gross_total numeric(14, 2) not null,
        open_balance numeric(14, 2) not null, issued_on date not null,
        payable_until date not null, cleared_on date, updated_at timestamptz not null
    );
    create table billing.receipt (
        id bigint primary key, customer_no text not null, invoice_id bigint,
        currency text not null, amount numeric(14, 2) not null, value_date date not null,
        cleared boolean not null, returned_on date, updated_at timestamptz not null
    );
    create table billing.dunning_stop (
        id bigint primary key, customer_no text not null, invoice_id bigint,
        reason text not null, valid_from date not null, valid_until date,
        disputed_amount numeric(14, 2), updated_at timestamptz not null
    );
";

#[tokio::test]
async fn the_example_of_a_foreign_schema_is_mapped_whole() {
    let url = postgres::database().await;
    let mut connection = PgConnection::connect(&url).await.unwrap();
    connection.execute(FOREIGN).await.unwrap();
    connection.close().await.unwrap();
    assert_eq!(answers(url, "config/source/example-postgres").await, Feed::LEDGER);
}

/// Names that `order by` takes for a computed column of the select, though the
/// table may have one of that name, with an index: none, or each page of the
/// feed reads and sorts the whole table.
fn computed_in_order(query: &str) -> Vec<&str> {
    let Some((select, order)) = query.split_once("\norder by ") else { return Vec::new() };
    let order = order.lines().next().unwrap();
    let names = order.split(", ").filter(|name| !name.contains(['.', ' ', '(']));
    names
        .filter(|name| {
            select.contains(&format!(" as {name},")) || select.contains(&format!(" as {name}\n"))
        })
        .collect()
}

#[test]
fn the_mappings_order_by_columns_that_an_index_may_have() {
    let computed = "select to_char(at, 'YYYY') as at\nfrom bill\norder by at, id\nlimit :page";
    assert_eq!(computed_in_order(computed), ["at"]);
    assert_eq!(computed_in_order(&computed.replace("by at", "by bill.at")), [""; 0]);

    let feeds = ["accounts", "bills", "payments", "holds"];
    let mut seen = 0;
    for mapping in [
        "config/source/duebell",
        "config/source/example-postgres",
        "config/source/example-mysql",
        "benches/scale/source",
    ] {
        for feed in feeds {
            let file = shipped(mapping).join(format!("{feed}.sql"));
            let Ok(query) = std::fs::read_to_string(&file) else { continue };
            assert_eq!(computed_in_order(&query), [""; 0], "{}", file.display());
            seen += 1;
        }
    }
    assert_eq!(seen, 15);
}
