//! The replay semantics of DESIGN section 5 once more, plainly: every day, every
//! invoice, every step, with nothing clever. It shares no line with the rules
//! it is there to judge, and is itself judged by the oracle files.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

/// One change in the operator's billing database.
#[derive(Debug, Clone)]
pub struct Event {
    /// When it happened.
    pub date: Date,
    /// When the operator's database shows it; never before `date`.
    pub arrives_on: Date,
    pub kind: EventKind,
}

#[derive(Debug, Clone)]
pub enum EventKind {
    Issued {
        bill: String,
        account: String,
        amount_minor: i64,
        /// For those who write a ledger from the events.
        #[allow(dead_code)]
        currency: String,
        due: Date,
    },
    Payment {
        bill: String,
        amount_minor: i64,
    },
}

/// Whether the day's run comes before or after the day's payments are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentsArrive {
    Before,
    After,
}

/// At least `bills` bills more than `late_days` late, issued within `window_days`.
#[derive(Debug, Clone, Copy)]
pub struct RepeatRule {
    pub bills: usize,
    pub late_days: i32,
    pub window_days: i32,
}

#[derive(Debug, Clone)]
pub struct Replay {
    pub events: Vec<Event>,
    /// Name and days after the due date; none after it is a courtesy, the rest are soft.
    pub steps: Vec<(String, i32)>,
    pub tolerance_minor: i64,
    pub repeat: RepeatRule,
    pub payments: PaymentsArrive,
    /// The first and the last day on which the daemon may run.
    pub first: Date,
    pub last: Date,
    /// Days between them on which it is down.
    pub down: BTreeSet<Date>,
}

/// Day, bill, account and step of a reminder item.
pub type Send = (Date, String, String, String);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// By day, bill and step.
    pub sends: Vec<Send>,
    /// Account and the day on which it was known to be a repeat debtor, by account.
    pub flags: Vec<(String, Date)>,
}

/// What is known of one bill on the day of a run.
#[derive(Debug, Clone)]
struct Bill {
    id: String,
    account: String,
    amount_minor: i64,
    issued: Date,
    due: Date,
    /// Day of each payment, and the amount.
    payments: Vec<(Date, i64)>,
}

/// What the runs have seen so far: bills, and payments by bill.
#[derive(Debug, Default)]
struct Known {
    bills: BTreeMap<String, Bill>,
    payments: BTreeMap<String, Vec<(Date, i64)>>,
}

impl Bill {
    fn remaining(&self) -> i64 {
        self.amount_minor - self.payments.iter().map(|(_, amount)| amount).sum::<i64>()
    }

    fn remaining_at_end_of(&self, day: Date) -> i64 {
        let mut remaining = self.amount_minor;
        for (paid, amount) in &self.payments {
            if *paid <= day {
                remaining -= amount;
            }
        }
        remaining
    }
}

fn add(date: Date, days: i32) -> Date {
    date.checked_add(jiff::Span::new().days(days)).expect("dates of a replay are ordinary")
}

impl Known {
    fn with_payments(&self) -> Vec<Bill> {
        let mut bills = Vec::new();
        for bill in self.bills.values() {
            let mut bill = bill.clone();
            bill.payments = self.payments.get(&bill.id).cloned().unwrap_or_default();
            bills.push(bill);
        }
        bills
    }
}

impl Replay {
    pub fn run(&self) -> Outcome {
        let mut outcome = Outcome::default();
        let mut said: BTreeSet<(String, String)> = BTreeSet::new();
        let mut flagged: BTreeMap<String, Date> = BTreeMap::new();
        let mut known = Known::default();
        let mut unseen: Vec<&Event> = self.events.iter().collect();
        let mut day = self.first;
        while day <= self.last {
            if !self.down.contains(&day) {
                unseen.retain(|event| !self.see(event, day, &mut known));
                let bills = known.with_payments();
                for bill in &bills {
                    let Some(step) = self.step_to_send(bill, day) else { continue };
                    if said.insert((bill.id.clone(), step.clone())) {
                        outcome.sends.push((day, bill.id.clone(), bill.account.clone(), step));
                    }
                }
                for (account, on) in self.flags_on(&bills, day) {
                    flagged.entry(account).or_insert(on);
                }
            }
            day = add(day, 1);
        }
        outcome.sends.sort_by(|a, b| (a.0, &a.1, &a.3).cmp(&(b.0, &b.1, &b.3)));
        outcome.flags = flagged.into_iter().collect();
        outcome
    }

    /// Takes `event` in if the run of `day` can see it.
    fn see(&self, event: &Event, day: Date, known: &mut Known) -> bool {
        match &event.kind {
            EventKind::Issued { bill, account, amount_minor, due, .. } => {
                if event.arrives_on > day {
                    return false;
                }
                let seen = Bill {
                    id: bill.clone(),
                    account: account.clone(),
                    amount_minor: *amount_minor,
                    issued: event.date,
                    due: *due,
                    payments: Vec::new(),
                };
                known.bills.insert(bill.clone(), seen);
            }
            EventKind::Payment { bill, amount_minor } => {
                let is_too_late = match self.payments {
                    PaymentsArrive::Before => event.arrives_on > day,
                    PaymentsArrive::After => event.arrives_on >= day,
                };
                if is_too_late {
                    return false;
                }
                known.payments.entry(bill.clone()).or_default().push((event.date, *amount_minor));
            }
        }
        true
    }

    /// The step that the run of `day` would send for `bill`, sent before or not.
    fn step_to_send(&self, bill: &Bill, day: Date) -> Option<String> {
        if bill.remaining() <= self.tolerance_minor {
            return None;
        }
        let mut steps = self.steps.clone();
        steps.sort_by_key(|(_, offset)| *offset);

        let mut latest = None;
        for (number, (_, offset)) in steps.iter().enumerate() {
            let on = add(bill.due, *offset);
            if on <= day && on >= bill.issued {
                latest = Some(number);
            }
        }
        let latest = latest?;
        let (name, offset) = &steps[latest];
        let last_day = if latest + 1 < steps.len() {
            add(add(bill.due, steps[latest + 1].1), -1)
        } else {
            add(add(bill.due, *offset), 30)
        };
        if day > last_day || (*offset <= 0 && day > bill.due) {
            return None;
        }
        Some(name.clone())
    }

    /// The accounts that the run of `day` knows to be repeat debtors, and since when.
    fn flags_on(&self, bills: &[Bill], day: Date) -> Vec<(String, Date)> {
        let mut late: BTreeMap<&str, Vec<&Bill>> = BTreeMap::new();
        for bill in bills {
            let is_known = self.known_late_on(bill) <= day;
            let limit = add(bill.due, self.repeat.late_days);
            if is_known && bill.remaining_at_end_of(limit) > self.tolerance_minor {
                late.entry(&bill.account).or_default().push(bill);
            }
        }
        let mut flags = Vec::new();
        for (account, late) in late {
            let mut first: Option<Date> = None;
            for end in &late {
                let start = add(end.issued, -self.repeat.window_days);
                let mut known: Vec<Date> = Vec::new();
                for bill in &late {
                    if bill.issued > start && bill.issued <= end.issued {
                        known.push(self.known_late_on(bill));
                    }
                }
                known.sort();
                if let Some(on) = known.get(self.repeat.bills - 1)
                    && first.is_none_or(|first| *on < first)
                {
                    first = Some(*on);
                }
            }
            if let Some(first) = first {
                flags.push((account.to_owned(), first));
            }
        }
        flags
    }

    fn known_late_on(&self, bill: &Bill) -> Date {
        add(bill.due, self.repeat.late_days + 1)
    }
}
