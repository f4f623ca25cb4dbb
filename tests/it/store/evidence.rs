//! What is known beyond bills: as of a day, by account, and for as long as a
//! judgement may look back.

use duebell::model::AccountId;
use duebell::model::evidence::{
    Autopay, Complaint, ContactReturn, Evidence, EvidenceFeed, Fact, Feeds, Outage, PortRequest,
    Terms, Topic, UsageDay, WriteOff,
};
use duebell::model::feed::Feed;
use duebell::model::ledger::{AccountRow, EvidenceRow, OutageRow, Rows};
use duebell::model::{Bucket, Channel};
use duebell::store::{AssessStore, LedgerStore, RetentionStore, SqlStore};
use jiff::SignedDuration;

use super::on_each_engine;
use crate::support::build::*;

on_each_engine![
    what_came_later_than_a_day_is_not_seen_on_it,
    news_of_an_account_has_it_judged_again_but_for_what_it_used,
    a_row_without_its_account_waits_for_it,
    a_row_that_goes_over_to_another_account_leaves_the_first,
    rows_of_one_id_in_two_feeds_are_two_rows,
    an_outage_is_of_every_account_in_its_area,
    several_terms_of_one_account_are_one_contract,
    a_feed_is_known_once_it_was_read_to_its_end_and_for_a_while,
    what_is_over_for_long_goes_and_what_lasts_stays,
    rows_of_a_day_and_later_are_counted,
];

fn row(id: &str, account: &str, fact: Fact) -> EvidenceRow {
    EvidenceRow { row_id: id.into(), account_id: account.into(), fact }
}

/// Merges rows of one feed.
async fn told(store: &SqlStore, rows: Vec<EvidenceRow>) -> (u64, u64) {
    let feed = rows[0].fact.feed();
    let counts = merged(store, Rows::Evidence(feed, rows)).await;
    (counts.used, counts.set_aside)
}

fn complaint(opened_on: &str, closed_on: Option<&str>) -> Fact {
    Fact::Complaint(Complaint {
        topic: Topic::Billing,
        opened_on: day(opened_on),
        closed_on: closed_on.map(day),
        satisfied: None,
        answered_on: None,
    })
}

fn usage(on: &str, charged: i64) -> Fact {
    Fact::Usage(UsageDay { on: day(on), charged, expensive: 0 })
}

fn outage(id: &str, area: &str, starts_on: &str, ends_on: Option<&str>) -> OutageRow {
    let (area, starts_on, ends_on) = (area.into(), day(starts_on), ends_on.map(day));
    OutageRow { outage_id: id.into(), outage: Outage { area, starts_on, ends_on } }
}

/// What was known of an account on a day; of one of which nothing is known, nothing.
async fn known(store: &SqlStore, account: &str, on: &str) -> Evidence {
    let mut all = store.load_evidence(&[key(account)], day(on)).await.unwrap();
    all.remove(&AccountId::from(account)).unwrap_or_default()
}

async fn what_came_later_than_a_day_is_not_seen_on_it(store: &SqlStore) {
    with_accounts(store, &["A", "B"]).await;
    let rows = vec![
        row("c1", "A", complaint("2026-03-01", None)),
        row("c2", "A", complaint("2026-03-05", None)),
        row("c3", "B", complaint("2026-03-01", None)),
    ];
    assert_eq!(told(store, rows).await, (3, 0));
    let opened = |evidence: Evidence| -> Vec<String> {
        evidence.complaints.iter().map(|one| one.opened_on.to_string()).collect()
    };
    assert_eq!(opened(known(store, "A", "2026-02-28").await), [""; 0]);
    assert_eq!(opened(known(store, "A", "2026-03-04").await), ["2026-03-01"]);
    assert_eq!(opened(known(store, "A", "2026-03-05").await), ["2026-03-01", "2026-03-05"]);
    let both = store.load_evidence(&[key("A"), key("B")], day(TODAY)).await.unwrap();
    assert_eq!((both.len(), both[&AccountId::from("B")].complaints.len()), (2, 1));
}

async fn news_of_an_account_has_it_judged_again_but_for_what_it_used(store: &SqlStore) {
    with_accounts(store, &["A"]).await;
    look_at_all(store).await;
    told(store, vec![row("c1", "A", complaint("2026-03-01", None))]).await;
    assert_eq!(touched(store).await, ["A"]);
    look_at_all(store).await;
    let closed = || vec![row("c1", "A", complaint("2026-03-01", Some("2026-03-04")))];
    assert_eq!(told(store, closed()).await, (1, 0));
    assert_eq!(touched(store).await, ["A"]);
    look_at_all(store).await;
    // What is known already is no news.
    assert_eq!(told(store, closed()).await, (1, 0));
    told(store, vec![row("u1", "A", usage("2026-03-09", 120))]).await;
    let complaints = known(store, "A", TODAY).await.complaints;
    let [one] = &complaints[..] else { panic!("{complaints:?}") };
    assert_eq!(one.closed_on, Some(day("2026-03-04")));
    assert_eq!(touched(store).await, [""; 0]);
}

async fn a_row_without_its_account_waits_for_it(store: &SqlStore) {
    assert_eq!(told(store, vec![row("u1", "A", usage("2026-03-09", 120))]).await, (0, 1));
    let outages = Rows::Outages(vec![outage("o1", "west", "2026-03-01", None)]);
    assert_eq!(merged(store, outages).await.used, 1);
    let waiting = store.desk().rejects(10).await.unwrap();
    assert_eq!((waiting[0].row.as_str(), waiting[0].field.as_str()), ("u1", "account_id"));

    with_accounts(store, &["A"]).await;
    store.merge_awaited(&alone(), day(TODAY), at(NOON)).await.unwrap();
    assert_eq!(store.desk().rejects(10).await.unwrap().len(), 0);
    assert_eq!(known(store, "A", TODAY).await.usage[0].charged, 120);
}

async fn a_row_that_goes_over_to_another_account_leaves_the_first(store: &SqlStore) {
    // In buckets of their own.
    assert_ne!(Bucket::of("A"), Bucket::of("B"));
    with_accounts(store, &["A", "B"]).await;
    told(store, vec![row("c1", "A", complaint("2026-03-01", None))]).await;
    told(store, vec![row("c1", "B", complaint("2026-03-01", None))]).await;
    assert_eq!(known(store, "A", TODAY).await, Evidence::default());
    assert_eq!(known(store, "B", TODAY).await.complaints.len(), 1);
    let held = store.held(Feed::Evidence(EvidenceFeed::Complaints), None).await.unwrap();
    assert_eq!(held, 1);
}

async fn rows_of_one_id_in_two_feeds_are_two_rows(store: &SqlStore) {
    with_accounts(store, &["A"]).await;
    let returned = ContactReturn { channel: Channel::Letter, on: day("2026-03-02") };
    let request = PortRequest { on: day("2026-03-03"), withdrawn_on: None };
    told(store, vec![row("1", "A", Fact::Return(returned))]).await;
    told(store, vec![row("1", "A", Fact::Port(request))]).await;
    let known = known(store, "A", TODAY).await;
    assert_eq!((known.returns, known.porting), (vec![returned], vec![request]));
}

async fn an_outage_is_of_every_account_in_its_area(store: &SqlStore) {
    let at_home = |id: &str, area: &str| AccountRow { area: area.into(), ..account(id) };
    let accounts = vec![at_home("A", "west"), at_home("B", "west"), at_home("C", ""), account("D")];
    merged(store, Rows::Accounts(accounts)).await;
    let rows = vec![
        outage("o1", "west", "2026-03-01", Some("2026-03-02")),
        outage("o2", "east", "2026-03-01", None),
        // Of two rows the last counts.
        outage("o3", "west", "2026-03-20", None),
        outage("o3", "west", "2026-03-08", None),
    ];
    assert_eq!(merged(store, Rows::Outages(rows)).await.used, 4);
    for id in ["A", "B"] {
        let outages = known(store, id, TODAY).await.outages;
        let begun: Vec<_> = outages.iter().map(|one| one.starts_on.to_string()).collect();
        assert_eq!(begun, ["2026-03-01", "2026-03-08"], "{id}");
    }
    assert_eq!(known(store, "A", "2026-03-07").await.outages.len(), 1);
    assert_eq!(known(store, "C", TODAY).await.outages, []);
}

async fn several_terms_of_one_account_are_one_contract(store: &SqlStore) {
    with_accounts(store, &["A"]).await;
    let mandate = |starts_on, ends_on| Autopay {
        starts_on: day(starts_on),
        ends_on: Some(day(ends_on)),
        withdrawn_on: None,
    };
    let first = Terms {
        since: Some(day("2019-05-01")),
        margin_percent: Some(30),
        autopay: Some(mandate("2019-05-01", "2024-05-31")),
        ..Terms::default()
    };
    let second = Terms { autopay: Some(mandate("2024-06-01", "2026-05-31")), ..Terms::default() };
    let rows = vec![row("k1", "A", Fact::Contract(first)), row("k2", "A", Fact::Contract(second))];
    told(store, rows).await;
    let contract = known(store, "A", TODAY).await.contract;
    assert_eq!((contract.since, contract.margin_percent), (Some(day("2019-05-01")), Some(30)));
    assert_eq!(contract.autopay.len(), 2);
    // The second was not agreed yet.
    assert_eq!(known(store, "A", "2020-01-01").await.contract.autopay.len(), 1);
}

async fn a_feed_is_known_once_it_was_read_to_its_end_and_for_a_while(store: &SqlStore) {
    let day_long = SignedDuration::from_hours(24);
    let feeds = async |now: &str| store.evidence_feeds(at(now), day_long).await.unwrap();
    assert_eq!(feeds(NOON).await, Feeds::none());
    with_accounts(store, &["A"]).await;
    let rows = Rows::Evidence(EvidenceFeed::Usage, vec![row("u1", "A", usage("2026-03-09", 5))]);
    let half = duebell::model::ledger::Page { is_last: false, ..page(rows) };
    store.merge(&alone(), half, day(TODAY), at(NOON)).await.unwrap();
    assert_eq!(feeds(NOON).await, Feeds::none());

    store.touch_feed(Feed::Evidence(EvidenceFeed::Usage), at(NOON)).await.unwrap();
    // Nobody complained, and that is known too.
    store.touch_feed(Feed::Evidence(EvidenceFeed::Complaints), at(NOON)).await.unwrap();
    let both = [EvidenceFeed::Usage, EvidenceFeed::Complaints].into_iter().collect::<Feeds>();
    assert_eq!(feeds("2026-03-11T12:00Z").await, both);
    assert_eq!(feeds("2026-03-11T12:01Z").await, Feeds::none());
}

async fn what_is_over_for_long_goes_and_what_lasts_stays(store: &SqlStore) {
    with_accounts(store, &["A", "B"]).await;
    let rows = vec![
        row("c1", "A", complaint("2023-01-10", Some("2023-01-20"))),
        row("c2", "A", complaint("2023-01-10", None)),
        row("c3", "A", complaint("2023-01-10", Some("2024-01-01"))),
        row("c4", "B", complaint("2023-01-10", Some("2023-01-20"))),
    ];
    told(store, rows).await;
    let terms = Terms { since: Some(day("2010-01-01")), ..Terms::default() };
    told(store, vec![row("k1", "A", Fact::Contract(terms))]).await;
    let lost = WriteOff { on: day("2022-01-01"), amount: 900, currency: "EUR".parse().unwrap() };
    told(store, vec![row("w1", "A", Fact::WriteOff(lost))]).await;

    assert_eq!(store.forget_evidence(Bucket::of("A"), day("2024-01-01")).await.unwrap(), 2);
    let left = known(store, "A", TODAY).await;
    let closed: Vec<_> = left.complaints.iter().map(|one| one.closed_on).collect();
    assert_eq!(closed, [None, Some(day("2024-01-01"))]);
    assert_eq!((left.contract.since, left.write_offs.len()), (Some(day("2010-01-01")), 0));
    assert_eq!(known(store, "B", TODAY).await.complaints.len(), 1);

    // Outages are of no bucket: they go with the first.
    let rows = vec![
        outage("o1", "west", "2023-01-01", Some("2023-01-02")),
        outage("o2", "west", "2023-01-01", None),
    ];
    merged(store, Rows::Outages(rows)).await;
    assert_eq!(store.forget_evidence(Bucket::FIRST, day("2024-01-01")).await.unwrap(), 1);
}

async fn rows_of_a_day_and_later_are_counted(store: &SqlStore) {
    with_accounts(store, &["A"]).await;
    let rows = vec![
        row("u1", "A", usage("2024-02-28", 1)),
        row("u2", "A", usage("2024-02-29", 2)),
        row("u3", "A", usage("2024-03-01", 3)),
        row("u4", "X", usage("2024-03-01", 3)),
    ];
    assert_eq!(told(store, rows).await, (3, 1));
    let held = async |feed, since: Option<&str>| {
        store.held(Feed::Evidence(feed), since.map(day)).await.unwrap()
    };
    assert_eq!(held(EvidenceFeed::Usage, None).await, 4);
    // What was set aside counts, whatever its day: it need not have one.
    assert_eq!(held(EvidenceFeed::Usage, Some("2024-02-29")).await, 3);
    assert_eq!(held(EvidenceFeed::Complaints, None).await, 0);
    let rows = vec![outage("o1", "west", "2023-01-01", None)];
    merged(store, Rows::Outages(rows)).await;
    assert_eq!(held(EvidenceFeed::Outages, None).await, 1);
    assert_eq!(held(EvidenceFeed::Outages, Some("2023-01-02")).await, 0);
}
