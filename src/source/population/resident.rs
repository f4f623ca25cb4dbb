//! One made-up subscriber: how they pay, and what they intend to do about a
//! bill on the day it comes.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::dice::Dice;
use super::places::{DOMAINS, PLACES, Place};
use crate::model::billing::plus_days;
use crate::model::{Channel, Currency, Tier};
use crate::source::billing_db::{AccountRow, HoldRow, PaymentRow};

/// How a subscriber deals with bills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Habit {
    /// Days before the due date.
    Prompt,
    /// By direct debit on the due date; now and then one bounces.
    OnTheDay,
    /// Late, unless reminded.
    Forgetful,
    /// In parts, with promises that are mostly kept.
    CannotPay,
    /// Not any more.
    NeverPayer,
    /// Promptly, save what is wrong with the bill.
    Disputing,
}

/// Districts of a place.
const DISTRICTS: u32 = 20;

const HABITS: &[(i64, Habit)] = &[
    (40, Habit::Prompt),
    (22, Habit::OnTheDay),
    (24, Habit::Forgetful),
    (7, Habit::CannotPay),
    (3, Habit::NeverPayer),
    (4, Habit::Disputing),
];
const TIERS: &[(i64, Tier)] =
    &[(2, Tier::Key), (8, Tier::Main), (70, Tier::Ordinary), (20, Tier::Small)];

/// What somebody intends to do, or what is done to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// The operator bills the month.
    Issue,
    /// Pays `percent` of what is left of the bill and not on its way.
    Pay { bill: u32, percent: i64, way: Way },
    /// Money on its way arrives.
    Arrive { bill: u32, payment: usize },
    /// A direct debit is taken back.
    Bounce { bill: u32, payment: usize },
    /// Promises to pay within so many days.
    Promise { bill: u32, days: i32 },
    /// Disputes `percent` of the bill.
    Dispute { bill: u32, percent: i64 },
    /// The dispute is settled, in the operator's favour.
    Resolve { bill: u32 },
}

/// How money travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Card or cash: there at once.
    AtOnce,
    /// A bank transfer: announced, and there the next day.
    Transfer,
    /// Taken by the operator, and taken back by the bank after so many days.
    BouncingDebit { after: i32 },
}

/// A bill while its payer still has to do with it.
#[derive(Debug)]
pub struct Owed {
    pub number: u32,
    pub id: String,
    pub amount: i64,
    pub remaining: i64,
    /// Of what remains, how much is on its way.
    pub arriving: i64,
    pub due_on: Date,
    pub payments: Vec<PaymentRow>,
    pub hold: Option<HoldRow>,
    /// When its payer was last reminded, to some effect or none.
    pub reminded_on: Option<Date>,
}

impl Owed {
    /// Nobody will do anything about it any more.
    pub fn is_over(&self, on: Date) -> bool {
        self.remaining == 0 && self.arriving == 0 && self.due_on < plus_days(on, -60)
    }
}

/// One subscriber.
#[derive(Debug)]
pub struct Resident {
    pub number: u32,
    pub place: &'static Place,
    pub zone: TimeZone,
    pub currency: Currency,
    pub habit: Habit,
    /// The day of the month on which bills are issued.
    pub cycle_day: i8,
    /// Days from issue to due date.
    pub terms: i32,
    /// A usual bill, in minor units.
    pub usual: i64,
    /// From then on nothing is paid, for [`Habit::NeverPayer`].
    pub stops_on: Date,
    pub since: Date,
    pub bills: u32,
    pub owed: Vec<Owed>,
    /// Counts acts, so that two at one instant keep their order.
    pub acts: u32,
}

/// The number of the first account.
const FIRST_ID: u32 = 1_000_000;

pub fn account_id(number: u32) -> String {
    format!("A-{}", FIRST_ID + number)
}

/// Which subscriber an account belongs to.
pub fn number_of(account: &str) -> Option<u32> {
    account.strip_prefix("A-")?.parse::<u32>().ok()?.checked_sub(FIRST_ID)
}

impl Resident {
    pub fn new(seed: u64, number: u32, today: Date) -> Resident {
        let dice = &mut Dice::new(seed, number, "resident");
        let (place, tier) = standing(seed, number);
        let usual = dice.between(place.bill.0, place.bill.1);
        let usual = match tier {
            Tier::Key => usual * dice.between(15, 40),
            Tier::Main => usual * dice.between(4, 9),
            Tier::Ordinary => usual,
            Tier::Small => usual * dice.between(25, 45) / 100,
        };
        let months = dice.between(6, 12);
        Resident {
            number,
            place,
            zone: TimeZone::get(place.zone).expect("the table names zones that exist"),
            currency: place.currency.parse().expect("the table names currencies that exist"),
            habit: dice.weighted(HABITS),
            cycle_day: dice.between(1, 28) as i8,
            terms: dice.pick(&[14, 14, 21]),
            usual,
            stops_on: plus_days(today, -(dice.between(20, 120) as i32)),
            since: today.saturating_sub(jiff::Span::new().months(months)),
            bills: 0,
            owed: Vec::new(),
            acts: 0,
        }
    }

    /// How the operator knows them. `nth`: how many persons live in the same
    /// place already.
    pub fn account(&self, seed: u64, nth: u64) -> AccountRow {
        let person = person_of(self.number);
        let dice = &mut Dice::new(seed, person, "person");
        let people = self.place.people;
        let (_, tier) = standing(seed, self.number);
        let is_firm = matches!(tier, Tier::Key | Tier::Main);
        let form = if is_firm { dice.pick(people.firms) } else { people.person };
        let name = form
            .replace("{given}", dice.pick(people.given))
            .replace("{family}", dice.pick(people.family));
        let phone = dice.chance(95).then(|| self.place.phone(nth));
        let domain = dice.pick(DOMAINS);
        let email = format!("{}{}@{domain}", self.place.mailbox, FIRST_ID + person);
        let wish = dice.chance(15).then(|| dice.pick(&Channel::ADDRESSED));
        AccountRow {
            id: account_id(self.number),
            person_id: Some(format!("S-{}", FIRST_ID + person)),
            name: Some(name),
            language: Some(self.place.language.to_owned()),
            zone: Some(self.place.zone.to_owned()),
            tier: Some(tier),
            segment: Some(if is_firm { "business" } else { "residential" }.to_owned()),
            area: Some(self.area()),
            phone,
            email: dice.chance(85).then_some(email),
            preferred_channel: wish,
            changed_at: self.at(self.since, 9 * 60),
        }
    }

    /// The district where they live.
    pub fn area(&self) -> String {
        let city = self.place.zone.rsplit('/').next().unwrap_or_default();
        format!("{city}-{:02}", person_of(self.number) % DISTRICTS)
    }

    /// The instant of a minute of a day where they live.
    pub fn at(&self, day: Date, minute: i64) -> Timestamp {
        let time = Time::constant((minute / 60) as i8, (minute % 60) as i8, 0, 0);
        day.to_datetime(time)
            .to_zoned(self.zone.clone())
            .expect("a day of this century has an instant")
            .timestamp()
    }

    /// Their civil day at `at`.
    pub fn day(&self, at: Timestamp) -> Date {
        at.to_zoned(self.zone.clone()).date()
    }

    /// The first day of billing on or after `day`.
    pub fn bills_on(&self, day: Date) -> Date {
        let this_month = day.with().day(self.cycle_day).build();
        let this_month = this_month.expect("every month has a day 28");
        if this_month >= day {
            this_month
        } else {
            this_month.saturating_add(jiff::Span::new().months(1))
        }
    }

    pub fn owed(&mut self, bill: u32) -> Option<&mut Owed> {
        self.owed.iter_mut().find(|owed| owed.number == bill)
    }

    /// Chance about one of their bills.
    pub fn dice(&self, seed: u64, bill: u32, occasion: &str) -> Dice {
        Dice::new(seed, self.number, &format!("{bill}/{occasion}"))
    }

    /// What they intend to do about a bill that is due on `due_on`: days
    /// relative to that, and acts.
    pub fn intentions(&self, seed: u64, bill: u32, due_on: Date) -> Vec<(i32, Act)> {
        let mut dice = self.dice(seed, bill, "intentions");
        let mut day = |low: i32, high: i32| dice.between(low.into(), high.into()) as i32;
        let before = day(2, self.terms - 1);
        let (on_time, late) = (day(-3, 0), day(5, 20));
        let (soon, later) = (day(1, 8), day(25, 45));
        let days = day(7, 14);
        let percent = i64::from(day(25, 60));
        let way = if dice.chance(15) { Way::Transfer } else { Way::AtOnce };
        let pay = |percent| Act::Pay { bill, percent, way };
        match self.habit {
            Habit::Prompt => vec![(-before, pay(100))],
            Habit::OnTheDay if dice.chance(3) => {
                let after = dice.between(2, 4) as i32;
                let debit = Act::Pay { bill, percent: 100, way: Way::BouncingDebit { after } };
                vec![(0, debit), (after + soon, pay(100))]
            }
            Habit::OnTheDay => vec![(0, Act::Pay { bill, percent: 100, way: Way::AtOnce })],
            Habit::Forgetful if dice.chance(35) => vec![(on_time, pay(100))],
            Habit::Forgetful => vec![(late, pay(100))],
            Habit::CannotPay if dice.chance(55) => vec![(soon / 2, pay(100))],
            Habit::CannotPay if dice.chance(50) => {
                let kept = if dice.chance(70) { soon + days - 1 } else { later };
                let promise = Act::Promise { bill, days };
                vec![(soon, pay(percent)), (soon, promise), (kept, pay(100))]
            }
            Habit::CannotPay => vec![(soon, pay(percent)), (later, pay(100))],
            Habit::NeverPayer if due_on < self.stops_on => vec![(soon / 2, pay(100))],
            Habit::NeverPayer if dice.chance(10) => vec![(late, pay(percent / 3))],
            Habit::NeverPayer => Vec::new(),
            Habit::Disputing if dice.chance(35) => {
                let disputed = if dice.chance(30) { 100 } else { percent };
                let dispute = Act::Dispute { bill, percent: disputed };
                let settled = (late, Act::Resolve { bill });
                let mut acts = vec![(-before / 2 - 1, dispute), settled, (late + soon, pay(100))];
                if disputed < 100 {
                    acts.push((on_time, pay(100 - disputed)));
                }
                acts
            }
            Habit::Disputing => vec![(on_time, pay(100))],
        }
    }

    /// What a reminder moves them to: days from it, and acts.
    pub fn moved(&self, dice: &mut Dice, bill: u32, is_held: bool) -> Vec<(i32, Act)> {
        let (soon, days) = (dice.between(1, 3) as i32, dice.between(7, 14) as i32);
        let pay = Act::Pay { bill, percent: 100, way: Way::AtOnce };
        match self.habit {
            Habit::Forgetful if dice.chance(75) => vec![(soon, pay)],
            Habit::CannotPay if !is_held && dice.chance(30) => {
                let promise = (1, Act::Promise { bill, days });
                if dice.chance(80) { vec![promise, (days, pay)] } else { vec![promise] }
            }
            Habit::NeverPayer if dice.chance(3) => vec![(soon, pay)],
            _ => Vec::new(),
        }
    }
}

/// Some persons have two accounts, the second right after the first.
pub fn person_of(number: u32) -> u32 {
    if number % 40 == 1 { number - 1 } else { number }
}

/// Where somebody lives and what they are worth: the same for both accounts
/// of one person.
fn standing(seed: u64, number: u32) -> (&'static Place, Tier) {
    let dice = &mut Dice::new(seed, person_of(number), "standing");
    let places: Vec<_> = PLACES.iter().map(|place| (place.weight, place)).collect();
    (dice.weighted(&places), dice.weighted(TIERS))
}
