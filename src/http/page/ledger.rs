//! How an account stands: what it owes by the ledger, and what follows from all
//! that its subscriber said, settled or not.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::model::billing::{self, plus_days};
use crate::model::facts::AccountFacts;
use crate::model::hold::PlacedHold;
use crate::model::hours::{Hours, WallTime, WeekHours};
use crate::model::link::Link;
use crate::model::reply::{Dispute, Meaning, Note, Pledge, Proof, Reply};
use crate::model::{BillId, Cause, Channel, HoldKind, Money, Wish, money};
use crate::policy::claim::{self, ClaimRules, Granted, Refused};
use crate::policy::{self, ContactRules, Scenario, Scenarios};
use crate::store::{HoldStore, PlanStore, ReplyStore, StoreError};

/// Of one bucket, so many replies that are not settled yet are looked through.
const UNSETTLED_MAX: u32 = 1_000;

/// Where the page looks things up.
pub struct Ledger {
    pub plans: Arc<dyn PlanStore>,
    pub replies: Arc<dyn ReplyStore>,
    pub holds: Arc<dyn HoldStore>,
    pub scenarios: Arc<Scenarios>,
    pub contact: Arc<ContactRules>,
}

/// An account as its subscriber may see it.
pub struct Standing {
    pub facts: AccountFacts,
    pub rules: ClaimRules,
    /// What the account is reminded by; `None` where it never is.
    scenario: Option<Arc<Scenario>>,
    contact: Arc<ContactRules>,
    /// Holds that were placed here, and those that what is not settled yet
    /// will lead to.
    past: Vec<PlacedHold>,
    /// The day at the account's place.
    pub today: Date,
    /// Channels that the subscriber has stopped.
    pub stopped: BTreeSet<Channel>,
    /// Channels whose address is somebody else's.
    pub strangers: BTreeSet<Channel>,
}

impl Ledger {
    /// The account of a link's reminder; `None` where that is forgotten.
    pub async fn standing(
        &self,
        link: Link,
        now: Timestamp,
    ) -> Result<Option<Standing>, StoreError> {
        let found = self.replies.reminded(&[link.reminder]).await?;
        let Some((_, whose)) = found.into_iter().next() else { return Ok(None) };
        let key = [(whose.bucket, whose.account)];
        let on = now.to_zoned(TimeZone::UTC).date();
        let Some(facts) = self.plans.facts(&key, on).await?.into_iter().next() else {
            return Ok(None);
        };
        let past = self.holds.placed_holds(&key).await?;
        let buckets = [link.reminder.bucket()];
        let unsettled = self.replies.unsettled_replies(&buckets, UNSETTLED_MAX).await?;

        let mut standing = self.stands(facts, past, now);
        for kept in unsettled {
            if kept.reply.about.is_some_and(|key| key.reminder == link.reminder) {
                standing.hears(&kept.reply);
            }
        }
        Ok(Some(standing))
    }

    fn stands(&self, facts: AccountFacts, past: Vec<PlacedHold>, now: Timestamp) -> Standing {
        let scenario = self.scenarios.deciding(&facts).map(|one| one.scenario);
        let rules = scenario.as_ref().map(|it| it.claims).unwrap_or_default();
        let contact = self.contact.clone();
        let today = now.to_zoned(facts.account.zone.clone()).date();
        let of = |causes: &[Cause]| {
            let suppressed = facts.account.suppressed.iter();
            suppressed.filter(|one| causes.contains(&one.cause)).map(|one| one.channel).collect()
        };
        let (stopped, strangers) =
            (of(&[Cause::OptOut, Cause::Complaint]), of(&[Cause::WrongNumber]));
        Standing { facts, rules, scenario, contact, past, today, stopped, strangers }
    }
}

impl Standing {
    /// Takes into account what settling will make of a reply.
    pub fn hears(&mut self, reply: &Reply) {
        match &reply.meaning {
            Meaning::OptOut => {
                self.stopped.insert(reply.channel);
            }
            Meaning::OptIn => {
                self.stopped.remove(&reply.channel);
            }
            Meaning::Wish(wish) => self.facts.account.wishes.hear(wish.clone()),
            Meaning::WrongNumber => self.strangers.extend(reply.channel.of_its_address()),
            meaning => {
                let on = reply.at.to_zoned(self.facts.account.zone.clone()).date();
                if let Some(Ok(granted)) = self.answer(meaning, on) {
                    self.place(granted, reply.at);
                }
            }
        }
    }

    fn answer(&self, meaning: &Meaning, on: Date) -> Option<Result<Granted, Refused>> {
        claim::answer(meaning, &self.facts, &self.past, &self.rules, on)
    }

    fn place(&mut self, granted: Granted, at: Timestamp) {
        let hold = granted.hold(String::new());
        self.facts.holds.push(hold.clone());
        self.past.push(PlacedHold {
            bucket: self.facts.account.bucket,
            account: self.facts.account.id.clone(),
            hold,
            currency: granted.currency,
            owner: String::new(),
            reason: String::new(),
            placed_at: at,
            ended: None,
        });
    }

    /// What is unpaid, in each currency, disputed parts included: saying that
    /// something is wrong does not pay it.
    pub fn owed(&self) -> Vec<Money> {
        billing::owed(&self.facts.bills)
    }

    /// What may be claimed about: unpaid and not disputed.
    pub fn claimable(&self) -> Option<Money> {
        let owed =
            self.facts.bills.iter().map(|bill| {
                Money::new(policy::unpaid(&self.facts, bill, self.today), bill.currency)
            });
        match money::totals(owed.filter(|money| money.minor > 0)).as_slice() {
            [only] => Some(*only),
            _ => None,
        }
    }

    /// The due date of the oldest unpaid bill.
    pub fn due_on(&self) -> Option<Date> {
        let bills = self.facts.bills.iter().filter(|bill| bill.remaining > 0);
        bills.map(|bill| bill.due_on).min()
    }

    /// The unpaid bills, the oldest first: the reference of a transfer.
    pub fn unpaid(&self) -> Vec<&BillId> {
        let mut bills: Vec<_> = self.facts.bills.iter().filter(|bill| bill.remaining > 0).collect();
        bills.sort_unstable_by_key(|bill| (bill.due_on, &bill.id));
        bills.into_iter().map(|bill| &bill.id).collect()
    }

    /// What the subscriber said and is in force, the latest of each kind.
    pub fn in_force(&self) -> Vec<&PlacedHold> {
        let kinds = [HoldKind::Promise, HoldKind::Paid, HoldKind::Dispute, HoldKind::Hardship];
        let is_on = |one: &&PlacedHold| one.ended.is_none() && one.hold.is_on(self.today);
        let of = |kind| self.past.iter().filter(is_on).rfind(|one| one.hold.kind == kind);
        kinds.into_iter().filter_map(of).collect()
    }

    pub fn has(&self, kind: HoldKind) -> bool {
        self.in_force().iter().any(|one| one.hold.kind == kind)
    }

    /// Whether saying so would change anything; a person may have to read it.
    pub fn may_say(&self, kind: HoldKind) -> bool {
        let meaning = match kind {
            HoldKind::Promise => Meaning::Promise(Pledge::default()),
            HoldKind::Paid => Meaning::Paid(Proof::default()),
            HoldKind::Dispute => Meaning::Dispute(Dispute::default()),
            HoldKind::Hardship => Meaning::Hardship(Note::default()),
            _ => return false,
        };
        let answer = self.answer(&meaning, self.today);
        !self.has(kind)
            && !matches!(answer, Some(Err(Refused::NothingOwed | Refused::Already)) | None)
    }

    /// The days that a promise may name: the first, the usual and the last.
    pub fn promise_days(&self) -> [Date; 3] {
        [0, self.rules.promise_days, self.rules.promise_days_max]
            .map(|days| plus_days(self.today, days.into()))
    }

    /// The channels of which one may be wished for.
    pub fn choice(&self) -> Vec<Channel> {
        self.channels().into_iter().filter(|channel| !self.stopped.contains(channel)).collect()
    }

    /// Whether there would be any time left in which to reach the subscriber.
    pub fn leaves_time(&self, hours: WeekHours) -> bool {
        let mut account = self.facts.account.clone();
        account.wishes.hear(Wish::Hours(Some(hours)));
        let leaves =
            |scenario: &Arc<Scenario>| self.contact.leaves_time(scenario, &account, self.today);
        self.scenario.as_ref().is_none_or(leaves)
    }

    /// When the subscriber may be reached without a wish, on one day of the
    /// coming week.
    pub fn open_hours(&self) -> Option<Hours> {
        let mut account = self.facts.account.clone();
        account.wishes.hours = None;
        let (scenario, channels) = (self.scenario.as_ref()?, self.channels());
        let on = |offset| {
            let day = plus_days(self.today, offset);
            self.contact.window(scenario, &account, &channels, day)
        };
        let window = (1..8).find_map(on)?;
        let clock = |at: Timestamp| {
            let time = at.to_zoned(account.zone.clone()).time();
            WallTime::new(time.hour() as u16, time.minute() as u16)
        };
        let (opens, closes) = (clock(window.opens)?, clock(window.closes)?);
        let closes = if closes == WallTime::MIDNIGHT { WallTime::DAY_ENDS } else { closes };
        Some(Hours { opens, closes })
    }

    /// The channels by which the subscriber can be reached at all.
    pub fn channels(&self) -> Vec<Channel> {
        let contacts = &self.facts.account.contacts;
        Channel::ADDRESSED.into_iter().filter(|channel| contacts.reaches(*channel)).collect()
    }
}
