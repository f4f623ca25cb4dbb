//! Bills, payments and messages on one line of time, as a picture.
//!
//! A bar for each bill on its due date, as high as its amount, coloured by how
//! it was paid; dots for payments, circles for messages. Everything that it
//! shows stands in the tables below it as well.

use jiff::civil::Date;

use crate::model::billing::{days_between, plus_days};
use crate::model::evidence::Dossier;
use crate::model::{Bill, PaymentState};

const WIDTH: i32 = 960;
const HEIGHT: i32 = 170;
/// Where the bars stand.
const GROUND: i32 = 120;
const BAR_MAX: i64 = 90;
const BAR_WIDTH: i32 = 9;
/// What the picture looks back on, and ahead.
const PAST_DAYS: i32 = 730;
const AHEAD_DAYS: i32 = 31;

pub struct Bar {
    pub x: i32,
    pub y: i32,
    pub height: i32,
    /// intime, late, owed or open.
    pub class: &'static str,
    pub bill: String,
}

pub struct Dot {
    pub x: i32,
    pub y: i32,
    /// paid or sent.
    pub class: &'static str,
}

pub struct Tick {
    pub x: i32,
    pub label: String,
}

pub struct Timeline {
    pub width: i32,
    pub height: i32,
    pub ground: i32,
    pub bars: Vec<Bar>,
    pub dots: Vec<Dot>,
    pub ticks: Vec<Tick>,
    pub today_x: i32,
}

impl Timeline {
    pub fn draw(bills: &[Bill], dossier: &Dossier, sent: &[Date], today: Date) -> Timeline {
        let last = plus_days(today, AHEAD_DAYS);
        let days = days_of(bills, today);
        let x = |day: Date| {
            let before = days_between(day, last);
            (0..=days).contains(&before).then(|| WIDTH - 12 - before * (WIDTH - 24) / days)
        };
        let most = bills.iter().map(|bill| bill.amount).max().unwrap_or(0).max(1);
        let bar = |bill: &Bill| {
            let height = (bill.amount * BAR_MAX / most).max(3) as i32;
            let (x, y) = (x(bill.due_on)? - BAR_WIDTH / 2, GROUND - height);
            Some(Bar { x, y, height, class: standing(bill, today), bill: bill.id.0.clone() })
        };
        let paid = dossier.payments.iter().filter(|it| it.state != PaymentState::Reversed);
        let paid =
            paid.filter_map(|it| Some(Dot { x: x(it.paid_on)?, y: GROUND + 12, class: "paid" }));
        let sent = sent.iter();
        let sent = sent.filter_map(|day| Some(Dot { x: x(*day)?, y: GROUND + 26, class: "sent" }));
        Timeline {
            width: WIDTH,
            height: HEIGHT,
            ground: GROUND,
            bars: bills.iter().filter_map(bar).collect(),
            dots: paid.chain(sent).collect(),
            ticks: ticks(today, days)
                .filter_map(|(day, label)| Some(Tick { x: x(day)?, label }))
                .collect(),
            today_x: x(today).unwrap_or(WIDTH),
        }
    }
}

/// As far back as there is something, but a year at least.
fn days_of(bills: &[Bill], today: Date) -> i32 {
    let first = bills.iter().map(|bill| bill.due_on).min().unwrap_or(today);
    (days_between(first, today) + 20).clamp(365, PAST_DAYS) + AHEAD_DAYS
}

/// The first of every third month.
fn ticks(today: Date, days: i32) -> impl Iterator<Item = (Date, String)> {
    let first = plus_days(today, AHEAD_DAYS - days).first_of_month();
    let months = first.series(jiff::Span::new().months(1)).take_while(move |day| *day <= today);
    months
        .filter(|day| day.month() % 3 == 1)
        .map(|day| (day, format!("{}-{:02}", day.year(), day.month())))
}

/// How a bill stands, as a class of the style.
pub fn standing(bill: &Bill, today: Date) -> &'static str {
    match bill.settled_on {
        _ if bill.remaining > 0 && bill.due_on < today => "owed",
        _ if bill.remaining > 0 => "open",
        Some(on) if on > bill.due_on => "late",
        _ => "intime",
    }
}
