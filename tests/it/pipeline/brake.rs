//! A day that is out of the ordinary stops sending, until somebody has looked.

use std::sync::Arc;

use duebell::model::audit::Act;
use duebell::model::brake::{Because, Released, Sign};
use duebell::model::reply::Meaning;
use duebell::model::{Channel, reminder};
use duebell::policy::brake::Settings;
use duebell::store::ControlStore;
use serde_json::json;

use super::pair;
use super::replies::said;
use crate::support::bench::Bench;
use crate::support::billing::Billing;
use crate::support::build::*;

/// Small enough for a handful of accounts, and a week that is known.
const SMALL: Settings =
    Settings { factor: 2, days: 7, planned_min: 3, stops_min: 2, planned_max: 0 };

/// The day in March on which many are due, after days with a bill or two each.
const BURST: u32 = 13;

fn hour(day: u32, hour: u32) -> String {
    format!("2026-03-{day:02}T{hour:02}:00Z")
}

async fn fresh(settings: Settings) -> (Arc<Billing>, Bench) {
    let billing = Billing::new();
    let mut bench = Bench::live(billing.clone()).await;
    bench.workshop.settings.brake = settings;
    (billing, bench)
}

/// So many accounts owe since the day before, each with a number of its own.
fn owe(billing: &Billing, day: u32, names: std::ops::Range<u32>) {
    for n in names {
        let account = format!("{day}-{n}");
        billing.account(&account);
        billing.bill(&format!("b{account}"), &account, &format!("2026-03-{:02}", day - 1));
    }
}

/// Every day but the last, each with one bill that fell due; what was sent.
async fn usual_days(billing: &Billing, bench: &Bench) -> usize {
    for day in 2..BURST {
        owe(billing, day, 0..1);
        bench.rounds(&hour(day, 8), &hour(day, 11)).await;
    }
    bench.messages().len()
}

impl Bench {
    async fn released(&self, now: &str, because: Because) {
        let alarm = self.store.control().await.unwrap().brake.expect("the brake is on");
        let tallies = self.store.tallies(alarm.on).await.unwrap();
        let today = reminder::planning_day(at(now));
        let released = Released::of(&alarm, &tallies, today, because);
        let deed = by("Ann", now).deed(Act::Released, None, json!(released));
        self.store.desk().release(&released, deed).await.unwrap();
    }

    async fn brakes_for(&self) -> Option<Sign> {
        self.store.control().await.unwrap().brake.map(|alarm| alarm.sign)
    }
}

#[tokio::test]
async fn a_day_of_many_times_the_usual_waits_until_somebody_has_looked() {
    let (billing, bench) = fresh(SMALL).await;
    let before = usual_days(&billing, &bench).await;
    assert!(before >= 11, "every usual day was sent: {before}");

    owe(&billing, BURST, 0..10);
    bench.rounds(&hour(BURST, 8), &hour(BURST, 18)).await;
    assert_eq!(bench.messages().len(), before, "nothing leaves");
    let alarm = bench.store.control().await.unwrap().brake.unwrap();
    assert_eq!((alarm.sign, alarm.on, alarm.at_most), (Sign::Planned, day("2026-03-13"), 4));
    assert!(alarm.seen >= 10, "{alarm}");

    // Planning goes on, and says why the day passed.
    bench.round(&hour(BURST + 1, 6)).await;
    assert_eq!(bench.standing("13-0").await[0], pair("deferred", "brake"));
    assert_eq!(bench.standing("13-0").await.len(), 2, "it is planned again");

    bench.released(&hour(BURST + 1, 7), Because::Expected).await;
    bench.rounds(&hour(BURST + 1, 8), &hour(BURST + 1, 18)).await;
    let to_them = bench.sent().await.into_iter().filter(|(bill, _)| bill.starts_with("b13-"));
    assert_eq!(to_them.count(), 10, "each once");
    assert_eq!(bench.brakes_for().await, None);
    // As much again is nothing unusual from now on.
    owe(&billing, BURST + 2, 0..10);
    bench.rounds(&hour(BURST + 2, 8), &hour(BURST + 2, 11)).await;
    assert_eq!(bench.brakes_for().await, None);
}

#[tokio::test]
async fn what_was_wrong_and_mended_is_no_measure() {
    let (billing, bench) = fresh(SMALL).await;
    let before = usual_days(&billing, &bench).await;
    owe(&billing, BURST, 0..10);
    bench.rounds(&hour(BURST, 8), &hour(BURST, 11)).await;
    for n in 0..10 {
        billing.remaining(&format!("b13-{n}"), "0.00");
    }
    bench.rounds(&hour(BURST, 11), &hour(BURST, 12)).await;
    bench.released(&hour(BURST, 12), Because::Mended).await;
    bench.rounds(&hour(BURST, 12), &hour(BURST, 18)).await;
    assert_eq!(bench.brakes_for().await, None, "the same day does not ask twice");
    let after: Vec<_> = bench.messages().into_iter().skip(before).map(|it| it.text).collect();
    assert!(after.len() <= 2, "whoever had paid is left alone: {after:?}");
    // The next day had begun somewhere when somebody looked, the one after had not.
    owe(&billing, BURST + 2, 0..10);
    bench.rounds(&hour(BURST + 2, 8), &hour(BURST + 2, 11)).await;
    assert_eq!(bench.brakes_for().await, Some(Sign::Planned));
}

#[tokio::test]
async fn the_first_day_is_no_alarm_but_for_the_most_that_is_allowed() {
    let (billing, bench) = fresh(SMALL).await;
    owe(&billing, 3, 0..30);
    bench.rounds(&hour(3, 8), &hour(3, 11)).await;
    assert_eq!((bench.messages().len(), bench.brakes_for().await), (30, None));

    let (billing, bench) = fresh(Settings { planned_max: 29, ..SMALL }).await;
    owe(&billing, 3, 0..30);
    bench.rounds(&hour(3, 8), &hour(3, 11)).await;
    assert_eq!((bench.messages().len(), bench.brakes_for().await), (0, Some(Sign::Planned)));
}

#[tokio::test]
async fn many_who_want_to_be_left_alone_stop_what_is_still_to_come() {
    let (billing, bench) = fresh(SMALL).await;
    owe(&billing, 10, 0..1);
    bench.round(&hour(10, 6)).await;
    for stranger in ["+4915112345670", "+4915112345671", "+4915112345672"] {
        let stop = || said(Channel::Sms, None, Some(stranger), Meaning::OptOut);
        bench.hear(stop()).await;
        // Posted again, it is the same.
        bench.hear(stop()).await;
        let is_third = stranger.ends_with('2');
        bench.stages().round(at(&hour(10, 7))).await.unwrap();
        let stops = bench.store.tallies(day(TODAY)).await.unwrap()[&day(TODAY)].stops;
        assert_eq!(stops == 3, is_third, "{stops}");
    }
    bench.rounds(&hour(10, 8), &hour(10, 12)).await;
    assert_eq!((bench.messages().len(), bench.brakes_for().await), (0, Some(Sign::Stops)));
    bench.released(&hour(10, 12), Because::Mended).await;
    bench.rounds(&hour(10, 12), &hour(10, 14)).await;
    assert_eq!((bench.messages().len(), bench.brakes_for().await), (1, None));
}

#[tokio::test]
async fn without_a_factor_there_is_no_brake() {
    let (billing, bench) = fresh(Settings::OFF).await;
    let before = usual_days(&billing, &bench).await;
    owe(&billing, BURST, 0..10);
    bench.rounds(&hour(BURST, 8), &hour(BURST, 11)).await;
    assert!(bench.messages().len() >= before + 10);
}
