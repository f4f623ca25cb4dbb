//! What would have been on record at the end of an earlier day: the same
//! account with everything later taken away, and everything that ended later
//! still going on. Written without the rules that it tests.

use super::*;

/// `None` for a day that had not come yet.
fn by(day: Option<Date>, as_of: Date) -> Option<Date> {
    day.filter(|day| *day <= as_of)
}

/// The account as it was known at the end of `as_of`.
pub fn known(dossier: &Dossier, as_of: Date) -> Dossier {
    let mut then = dossier.clone();
    then.bills.retain(|bill| bill.issued_on <= as_of);
    for bill in &mut then.bills {
        let came_after = dossier.payments.iter().filter(|one| {
            let is_of_it = one.bill.as_ref() == Some(&bill.id);
            is_of_it && one.state == PaymentState::Settled && one.paid_on > as_of
        });
        let went_after = dossier.payments.iter().filter(|one| {
            let is_of_it = one.bill.as_ref() == Some(&bill.id) && one.paid_on <= as_of;
            is_of_it && one.reversed_on.is_some_and(|back| back > as_of)
        });
        let (came, went) = (sum(came_after), sum(went_after));
        match bill.settled_on {
            // The rest had not gone yet; nothing but payments had.
            Some(settled) if settled > as_of => {
                let of_it =
                    dossier.payments.iter().filter(|one| one.bill.as_ref() == Some(&bill.id));
                let settled = of_it.filter(|one| one.state == PaymentState::Settled);
                bill.remaining = bill.amount - sum(settled) + came - went;
            }
            Some(_) => {}
            None => bill.remaining += came - went,
        }
        bill.settled_on = by(bill.settled_on, as_of);
    }
    then.payments.retain(|one| one.paid_on <= as_of);
    for one in &mut then.payments {
        if one.reversed_on.is_some_and(|back| back > as_of) {
            one.state = PaymentState::Settled;
            one.reversed_on = None;
        }
    }
    then.sent.retain(|one| one.day <= as_of);
    let mut unseen = |hold: &mut Hold| {
        // A promise names its last day; whatever else ends later still goes on.
        if hold.kind != HoldKind::Promise {
            hold.ends_on = by(hold.ends_on, as_of);
        }
    };
    then.holds.retain(|hold| hold.starts_on <= as_of);
    then.placed.retain(|one| one.hold.starts_on <= as_of);
    then.holds.iter_mut().for_each(&mut unseen);
    for one in &mut then.placed {
        if one.hold.ends_on.is_none_or(|day| day >= as_of) {
            one.ended = None;
        }
        unseen(&mut one.hold);
    }
    evidence(&mut then.evidence, as_of);
    then
}

fn sum<'a>(payments: impl Iterator<Item = &'a Payment>) -> i64 {
    payments.map(|one| one.amount).sum()
}

fn evidence(it: &mut Evidence, as_of: Date) {
    it.contract.since = by(it.contract.since, as_of);
    it.contract.autopay.retain(|one| one.starts_on <= as_of);
    for one in &mut it.contract.autopay {
        one.withdrawn_on = by(one.withdrawn_on, as_of);
    }
    it.complaints.retain(|one| one.opened_on <= as_of);
    for one in &mut it.complaints {
        let answered = one.answered_on.or(one.closed_on);
        one.satisfied = one.satisfied.filter(|_| by(answered, as_of).is_some());
        one.answered_on = by(one.answered_on, as_of);
        one.closed_on = by(one.closed_on, as_of);
    }
    it.outages.retain(|one| one.starts_on <= as_of);
    for one in &mut it.outages {
        one.ends_on = by(one.ends_on, as_of);
    }
    it.usage.retain(|one| one.on <= as_of);
    it.returns.retain(|one| one.on <= as_of);
    it.failures.retain(|one| one.on <= as_of);
    it.porting.retain(|one| one.on <= as_of);
    for one in &mut it.porting {
        one.withdrawn_on = by(one.withdrawn_on, as_of);
    }
    it.shared.retain(|one| one.written_off_on <= as_of);
    it.write_offs.retain(|one| one.on <= as_of);
}
