//! The account's page: facts as words and rows.

use askama::Template;
use jiff::civil::Date;

use crate::http::console::cases::Panel;
use crate::http::console::frame::Frame;
use crate::message::page::masked;
use crate::model::billing::{days_between, owed};
use crate::model::cause::{DebtClass, Ground, SetClass, Verdict};
use crate::model::{Bill, BillId, Money, Payment, Task, TaskKind};
use crate::review::readiness::Stands;
use crate::risk::profile;
use crate::store::AttemptLine;

use super::Told;
use super::picture::{Timeline, standing};

#[derive(Template)]
#[template(path = "account.html")]
pub struct AccountPage<'a> {
    pub frame: Frame<'a>,
    pub told: &'a Told,
    /// Whether names and addresses are shown as they are.
    pub is_open: bool,
    pub timeline: Timeline,
    pub profile: Vec<Cycle>,
    pub today: Date,
    pub messages: Vec<Message<'a>>,
    /// What comes next, a line for each bill.
    pub next: Vec<String>,
    /// Where it is the page of a case.
    pub panel: Option<Panel>,
}

/// A month of the payment profile.
pub struct Cycle {
    pub character: char,
    pub class: &'static str,
}

/// A reminder, and what happened to it.
pub struct Message<'a> {
    pub day: Date,
    pub items: String,
    pub lines: Vec<&'a AttemptLine>,
}

impl<'a> AccountPage<'a> {
    pub fn new(frame: Frame<'a>, told: &'a Told, is_open: bool) -> AccountPage<'a> {
        let today = frame.now().to_zoned(told.facts.account.zone.clone()).date();
        let sent: Vec<Date> = told.facts.sent.iter().map(|one| one.day).collect();
        let tolerance = told.serving.as_ref().map_or(0, |one| one.scenario.tolerance);
        AccountPage {
            timeline: Timeline::draw(&told.bills, &told.dossier, &sent, today),
            profile: cycles(&profile::profile(&told.dossier, today, tolerance).cycles),
            messages: messages(&told.attempts),
            next: next(&frame, told, today),
            panel: None,
            frame,
            told,
            is_open,
            today,
        }
    }

    /// The same as the page of a case.
    pub fn of_case(self, panel: Panel) -> AccountPage<'a> {
        AccountPage { panel: Some(panel), ..self }
    }

    pub fn visitor(&self) -> &str {
        self.frame.visitor.map_or("", |visitor| &visitor.name)
    }

    /// Its tasks, but for the case that the page is about.
    pub fn other_tasks(&self) -> Vec<&Task> {
        let about = self.panel.as_ref().map(|panel| &panel.case.task.id);
        self.told.tasks.iter().filter(|task| Some(&task.id) != about).collect()
    }

    /// The case about it that is open.
    pub fn open_case(&self) -> Option<&Task> {
        let is_it = |task: &&Task| task.kind == TaskKind::Review && task.done.is_none();
        self.told.tasks.iter().find(is_it).filter(|_| self.panel.is_none())
    }

    pub fn id(&self) -> &str {
        self.told.facts.account.id.as_str()
    }

    pub fn name(&self) -> String {
        let name = &self.told.facts.account.name;
        if self.is_open { name.clone() } else { masked(name) }
    }

    /// Number and address: whole only where they were asked for.
    pub fn contacts(&self) -> Vec<String> {
        let contacts = &self.told.facts.account.contacts;
        let phone = contacts.phone.as_ref().map(|it| match self.is_open {
            true => it.e164().to_owned(),
            false => it.to_string(),
        });
        let email = contacts.email.as_ref().map(|it| match self.is_open {
            true => it.as_str().to_owned(),
            false => it.to_string(),
        });
        [phone, email].into_iter().flatten().collect()
    }

    pub fn zone(&self) -> &str {
        self.told.facts.account.zone.iana_name().unwrap_or("UTC")
    }

    /// All that is unpaid, due or not.
    pub fn owed(&self) -> Vec<Money> {
        owed(&self.told.bills)
    }

    /// What of it is past due.
    pub fn arrears(&self) -> Vec<Money> {
        owed(self.told.bills.iter().filter(|bill| bill.due_on < self.today))
    }

    /// Days past due of the oldest unpaid bill; below zero before it.
    pub fn days_past_due(&self) -> Option<i32> {
        let unpaid = self.told.bills.iter().filter(|bill| bill.remaining > 0);
        unpaid.map(|bill| days_between(bill.due_on, self.today)).max()
    }

    pub fn class(&self) -> DebtClass {
        self.told.classed.class_on(self.today)
    }

    pub fn verdict(&self) -> Option<&Verdict> {
        self.told.classed.verdict.as_ref()
    }

    pub fn set(&self) -> Option<&SetClass> {
        self.told.classed.set.as_ref().filter(|set| self.today <= set.until)
    }

    pub fn standing(&self, bill: &Bill) -> &'static str {
        standing(bill, self.today)
    }

    pub fn late_days(&self, bill: &Bill) -> i32 {
        match (bill.remaining, bill.settled_on) {
            (0, Some(on)) => days_between(bill.due_on, on),
            (0, None) => 0,
            _ => days_between(bill.due_on, self.today),
        }
    }

    pub fn billed(&self, bill: &Bill) -> Money {
        Money::new(bill.amount, bill.currency)
    }

    pub fn paid(&self, payment: &Payment) -> Money {
        Money::new(payment.amount, payment.currency)
    }

    /// A reason of the records in words.
    pub fn because(&self, reason: &str) -> String {
        self.frame.word("reason", reason)
    }

    pub fn is_overdue(&self, task: &Task) -> bool {
        task.is_overdue(self.frame.now())
    }

    pub fn ground(&self, ground: &Ground) -> String {
        format!("{:+}", ground.weight)
    }
}

fn cycles(profile: &str) -> Vec<Cycle> {
    let class = |character| match character {
        '0' => "intime",
        '1'..='6' => "late",
        'A'..='F' => "owed",
        _ => "other",
    };
    // The oldest first, as people read.
    profile.chars().rev().map(|character| Cycle { character, class: class(character) }).collect()
}

fn messages(attempts: &[AttemptLine]) -> Vec<Message<'_>> {
    let mut messages: Vec<Message<'_>> = Vec::new();
    let mut last = "";
    for line in attempts {
        if line.reminder != last {
            let items: Vec<String> =
                line.items.iter().map(|it| format!("{} · {}", it.step, it.bill)).collect();
            messages.push(Message { day: line.day, items: items.join(", "), lines: Vec::new() });
            last = &line.reminder;
        }
        messages.iter_mut().last().into_iter().for_each(|message| message.lines.push(line));
    }
    messages.reverse();
    messages
}

fn next(frame: &Frame<'_>, told: &Told, today: Date) -> Vec<String> {
    let Some(serving) = &told.serving else { return vec![frame.say("next_unserved")] };
    let line = |key: &str, step: &str, bill: &BillId, on: Date, reason: &str| {
        let (bill, on) = (bill.to_string(), frame.date(on));
        frame.say_all(key, &[("step", step), ("bill", &bill), ("date", &on), ("reason", reason)])
    };
    let facts = &told.facts;
    let planned = facts.in_hand.iter().flat_map(|one| {
        one.items.iter().map(|it| line("next_planned", &it.step, &it.bill, one.day, ""))
    });
    let waits = facts.recorded.iter().filter(|row| row.is_open).map(|row| {
        let reason = frame.word("reason", row.reason.as_str());
        line("next_waits", &row.step, &row.bill, row.limit_on, &reason)
    });
    let upcoming = facts.bills.iter().filter_map(|bill| {
        let scenario = &serving.scenario;
        let due =
            scenario.next_step(bill, today).filter(|_| bill.remaining > scenario.tolerance)?;
        Some(line("next_upcoming", &due.step.name, &bill.id, due.on, ""))
    });
    planned.chain(waits).chain(upcoming).collect()
}
