//! How things go: what is switched, how fresh the feeds are, what was sent
//! today, what waits and why.

use std::sync::{Arc, Mutex};

use askama::Template;
use axum::http::StatusCode;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use tracing::error;

use crate::model::TaskKind;
use crate::model::audit::Act;
use crate::model::brake::{Alarm, Because, Released, Sign};
use crate::model::control::{Control, KILL_SWITCH};
use crate::model::feed::Feed;
use crate::model::reminder::planning_day;
use crate::model::staff::Permit;
use crate::store::{ControlStore, FeedLine, SqlStore, StateCounts, StoreError, TaskCount};

use super::frame::{self, Frame};
use super::visit::Visit;
use super::visitor::Answer;

/// Counting reads a day's work: often enough once a minute, whoever looks.
const AGE_MAX: SignedDuration = SignedDuration::from_secs(60);

/// What was counted, and when.
pub struct Numbers {
    pub at: Timestamp,
    pub day: Date,
    pub reminders: StateCounts,
    pub reasons: StateCounts,
    pub tasks: Vec<TaskCount>,
}

/// The last count. Nobody waits for one but who comes first.
#[derive(Default)]
pub struct Count(Mutex<(Option<Arc<Numbers>>, bool)>);

impl Count {
    /// The last count, and whether another is wanted; whoever is told so makes it.
    fn last(&self, now: Timestamp) -> (Option<Arc<Numbers>>, bool) {
        let mut state = self.0.lock().expect("nobody panics while they hold it");
        let (numbers, is_counting) = &mut *state;
        let is_old = numbers.as_ref().is_none_or(|it| now.duration_since(it.at) > AGE_MAX);
        let is_wanted = is_old && !*is_counting;
        *is_counting |= is_wanted;
        (numbers.clone(), is_wanted)
    }

    fn keep(&self, counted: Option<Arc<Numbers>>) {
        let mut state = self.0.lock().expect("nobody panics while they hold it");
        let numbers = counted.or_else(|| state.0.take());
        *state = (numbers, false);
    }
}

async fn count(store: &SqlStore, day: Date, at: Timestamp) -> Result<Numbers, StoreError> {
    let desk = store.desk();
    let (reminders, reasons) = (desk.of_day(day).await?, desk.waiting_by_reason().await?);
    Ok(Numbers { at, day, reminders, reasons, tasks: desk.tasks_by_kind(at).await? })
}

#[derive(Template)]
#[template(path = "today.html")]
struct TodayPage<'a> {
    frame: Frame<'a>,
    control: Control,
    scenarios: Vec<(String, Option<Date>)>,
    planned_through: Option<Date>,
    feeds: Vec<Fed>,
    numbers: Option<Arc<Numbers>>,
}

struct Fed {
    line: FeedLine,
    /// A key of the catalogue.
    says: &'static str,
    class: &'static str,
}

/// `GET /today`.
pub async fn show(visit: Visit) -> Answer {
    let console = visit.console();
    let (store, day) = (&console.store, visit.now.to_zoned(console.zone.clone()).date());
    let (mut numbers, is_wanted) = console.count.last(visit.now);
    if is_wanted {
        let counted = {
            let (store, count_to) = (store.clone(), console.count.clone());
            let (day, now) = (day, visit.now);
            async move {
                let counted = count(&store, day, now).await;
                let counted = counted.map_err(|why| error!("could not count: {why}")).ok();
                let counted = counted.map(Arc::new);
                count_to.keep(counted.clone());
                counted
            }
        };
        // A task of its own: whoever asked for it may go away before it ends.
        let counted = tokio::spawn(counted);
        if numbers.is_none() {
            numbers = counted.await.ok().flatten();
        }
    }
    let control = store.control().await?;
    let scenarios = console.rules.scenarios.current().iter();
    let page = TodayPage {
        scenarios: scenarios
            .map(|it| (it.scenario.name.clone(), control.live_since(&it.scenario.name)))
            .collect(),
        planned_through: store.desk().planned_through().await?,
        feeds: store.desk().feeds().await?.into_iter().map(|line| fed(line, &visit)).collect(),
        frame: visit.frame("today", "today"),
        control,
        numbers,
    };
    Ok(frame::page(StatusCode::OK, &page))
}

/// `POST /halt`: nothing is sent from now on.
pub async fn halt(visit: Visit) -> Answer {
    switch(&visit, Act::Halt, Some("on")).await
}

/// `POST /resume`.
pub async fn resume(visit: Visit) -> Answer {
    switch(&visit, Act::Resume, None).await
}

/// `POST /release`: somebody has looked, and what the brake stopped goes on.
pub async fn release(visit: Visit) -> Answer {
    let store = &visit.console().store;
    let because = Because::parse(visit.form.get("because"));
    if let (Some(alarm), Some(because)) = (store.control().await?.brake, because) {
        let tallies = store.tallies(alarm.on).await?;
        let released = Released::of(&alarm, &tallies, planning_day(visit.now), because);
        let deed = visit.doer().deed(Act::Released, None, serde_json::json!(released));
        store.desk().release(&released, deed).await?;
    }
    Ok(visit.see("/today"))
}

async fn switch(visit: &Visit, act: Act, to: Option<&str>) -> Answer {
    let deed = visit.doer().deed(act, None, serde_json::json!({}));
    visit.console().store.desk().switch(KILL_SWITCH, to, deed).await?;
    Ok(visit.see("/today"))
}

fn fed(line: FeedLine, visit: &Visit) -> Fed {
    let limits = &visit.console().rules.limits;
    let age = visit.now.duration_since(line.read_at).as_secs();
    let is_evidence = matches!(Feed::parse(&line.feed), Some(Feed::Evidence(_)));
    let age_max = if is_evidence { limits.evidence_age_max_s } else { limits.feed_age_max_s };
    let (says, class) = match (age > i64::from(age_max), is_evidence) {
        (false, _) => ("today_fresh", "good"),
        (true, false) => ("today_stale", "bad"),
        (true, true) => ("today_stale_evidence", "warn"),
    };
    Fed { line, says, class }
}

impl TodayPage<'_> {
    fn may_work(&self) -> bool {
        self.frame.may(Permit::Work)
    }

    fn brake_says(&self, alarm: &Alarm) -> String {
        let key = match alarm.sign {
            Sign::Planned => "today_brake_planned",
            Sign::Stops => "today_brake_stops",
        };
        let count = self.frame.number(self.whole(&alarm.seen));
        self.frame.say_two(key, "count", count, "date", self.frame.date(alarm.on))
    }

    fn whole(&self, count: &u64) -> i64 {
        i64::try_from(*count).unwrap_or(i64::MAX)
    }

    fn leads_to(&self, one: &TaskCount) -> &'static str {
        if one.kind == TaskKind::Review.as_str() { "/cases" } else { "/tasks" }
    }
}
