//! Unit tests of risk: accounts told by how late each bill was paid.

mod bills;
mod causes;
mod departures;
mod figures;
mod files;
mod generate;
mod later;
mod profiles;
mod properties;

use jiff::civil::{Date, date};

use crate::model::billing::plus_days;
use crate::model::evidence::{Dossier, Evidence, Feeds};
use crate::model::{Bill, Currency, Hold, HoldKind, Payment, PaymentState};

const TODAY: Date = date(2026, 6, 15);

fn eur() -> Currency {
    "EUR".parse().unwrap()
}

/// What came of a bill.
#[derive(Debug, Clone, Copy)]
enum Came {
    /// Paid so many days after the due date.
    Late(i32),
    /// Half on the due date, half so many days later.
    Halves(i32),
    Half,
    Nothing,
}

use Came::{Half, Halves, Late, Nothing};

/// Bills of 20.00 EUR, one a month, the last one due on the first of this
/// month, each issued 20 days before.
fn account(bills: &[Came]) -> Dossier {
    let mut dossier = Dossier {
        account: "A1".into(),
        tier: None,
        bills: Vec::new(),
        payments: Vec::new(),
        holds: Vec::new(),
        placed: Vec::new(),
        sent: Vec::new(),
        feeds: Feeds::all(),
        evidence: Evidence::default(),
    };
    for (number, came) in bills.iter().enumerate() {
        let ago = (bills.len() - 1 - number) as i64;
        let due_on = date(2026, 6, 1).saturating_sub(jiff::Span::new().months(ago));
        let mut pay = |amount, days| {
            let paid_on = plus_days(due_on, days);
            dossier.payments.push(payment(number, dossier.payments.len(), amount, paid_on));
            amount
        };
        let paid = match *came {
            Late(days) => pay(2_000, days),
            Halves(days) => pay(1_000, 0) + pay(1_000, days),
            Half => pay(1_000, 0),
            Nothing => 0,
        };
        dossier.bills.push(Bill {
            id: format!("B{number}").into(),
            currency: eur(),
            amount: 2_000,
            remaining: 2_000 - paid,
            issued_on: plus_days(due_on, -20),
            due_on,
            settled_on: None,
        });
    }
    dossier
}

fn payment(bill: usize, number: usize, amount: i64, paid_on: Date) -> Payment {
    Payment {
        id: format!("P{number}"),
        bill: Some(format!("B{bill}").into()),
        currency: eur(),
        amount,
        paid_on,
        reversed_on: None,
        state: PaymentState::Settled,
    }
}

fn hold(kind: HoldKind, from: i32, through: Option<i32>) -> Hold {
    Hold {
        id: format!("H{from}"),
        kind,
        bill: None,
        starts_on: plus_days(TODAY, from),
        ends_on: through.map(|days| plus_days(TODAY, days)),
        amount: None,
    }
}
