//! What subscribers said: made sense of, brought together with their
//! accounts, and written down where it concerns a channel.
//!
//! A word about a channel is acted upon at once, and so is a claim of who may
//! make it. What needs a person (who disputes, who asks, who writes in words of
//! their own) waits in a queue.
//! A crash before the write has the same replies settled again, to the same end.

use std::collections::HashMap;

use jiff::Timestamp;
use tracing::info;

use crate::message::reply::understood;
use crate::model::reply::Meaning;
use crate::model::{Bucket, Cause, Channel, ReminderId, Tenure};
use crate::policy::claim;
use crate::store::{Conversation, KeptReply, Said, SaidWish, SettledReply, Whose};

use super::claims::{Claims, Follows};
use super::texts::{Ready, Whole, joined};
use super::{PAGE, Settle};

/// Who may have said what, by how we know.
#[derive(Default)]
struct Known {
    by_reminder: HashMap<ReminderId, Whose>,
    by_address: HashMap<String, Vec<Whose>>,
}

impl Settle {
    /// Settles what subscribers said; the number of replies.
    pub(super) async fn replies(&self, tenure: &Tenure, now: Timestamp) -> anyhow::Result<usize> {
        let replies = &self.0.replies;
        let buckets: Vec<Bucket> = tenure.buckets().collect();
        let mut count = 0;
        loop {
            let kept = replies.unsettled_replies(&buckets, PAGE).await?;
            let Ready { whole, within } = joined(kept, now);
            if whole.is_empty() {
                return Ok(count);
            }
            let known = self.known(&whole).await?;
            let read: Vec<Read<'_>> = whole.iter().map(|one| Read::of(one, &known)).collect();
            let claiming = read.iter().filter_map(Read::claims).map(Whose::key).collect();
            let mut claims = Claims::of(&self.0, claiming, now).await?;
            let settled: Vec<SettledReply<'_>> = read
                .into_iter()
                .map(|one| one.settled(&mut claims))
                .chain(within.iter().map(SettledReply::silent))
                .collect();
            let for_people = settled.iter().filter(|one| one.for_people).count();
            replies.settle_replies(tenure, &settled, now).await?;
            info!(replies = settled.len(), for_people, "settled what subscribers said");
            count += settled.len();
        }
    }

    /// Looks up the accounts of a page of replies: those of the reminders that
    /// they answer, and then all that have one of the addresses.
    async fn known(&self, whole: &[Whole]) -> anyhow::Result<Known> {
        let kept = || whole.iter().map(|one| &one.kept);
        let reminders: Vec<ReminderId> =
            kept().filter_map(|one| Some(one.reply.about?.reminder)).collect();
        let by_reminder: HashMap<ReminderId, Whose> =
            self.0.replies.reminded(&reminders).await?.into_iter().collect();
        let mut addresses: Vec<&str> = kept()
            .filter(|one| is_for_all(one))
            .filter_map(|one| address(one, whose_reminder(one, &by_reminder)))
            .collect();
        addresses.sort_unstable();
        addresses.dedup();
        let mut by_address: HashMap<String, Vec<Whose>> = HashMap::new();
        for (address, whose) in self.0.replies.at_addresses(&addresses).await? {
            by_address.entry(address).or_default().push(whose);
        }
        Ok(Known { by_reminder, by_address })
    }
}

fn whose_reminder<'a>(
    one: &KeptReply,
    by_reminder: &'a HashMap<ReminderId, Whose>,
) -> Option<&'a Whose> {
    by_reminder.get(&one.reply.about?.reminder)
}

/// The address that a reply came from; where only the attempt is told, the one
/// that the account has for its channel.
fn address<'a>(one: &'a KeptReply, whose: Option<&'a Whose>) -> Option<&'a str> {
    one.reply.from.as_deref().or_else(|| at(whose?, one.reply.channel))
}

/// The address that an account has for a channel.
fn at(whose: &Whose, channel: Channel) -> Option<&str> {
    match channel {
        Channel::Sms | Channel::Voice => whose.phone.as_deref(),
        Channel::Email => whose.email.as_deref(),
        Channel::Letter => None,
    }
}

/// Whether it counts for whoever has the address. A provider that refuses an
/// address says so of each attempt anew, and many accounts may share it.
fn is_for_all(one: &KeptReply) -> bool {
    one.reply.meaning != Meaning::BadAddress || one.reply.about.is_none()
}

/// A reply that was made sense of, and whose it is.
struct Read<'a> {
    kept: &'a KeptReply,
    meaning: Meaning,
    /// The whole text, where it came in parts.
    words: Option<String>,
    /// Nothing was left over that a person should read.
    is_whole: bool,
    address: Option<&'a str>,
    /// The first is that of the reminder, where there is one.
    accounts: Vec<&'a Whose>,
}

impl<'a> Read<'a> {
    fn of(Whole { kept, parts }: &'a Whole, known: &'a Known) -> Read<'a> {
        let reminded = whose_reminder(kept, &known.by_reminder);
        let address = address(kept, reminded);
        let sharing = address.filter(|_| is_for_all(kept)).and_then(|it| known.by_address.get(it));
        let mut accounts: Vec<&Whose> = sharing.into_iter().flatten().collect();
        accounts.sort_unstable_by_key(|whose| &whose.account);
        // One account may be found both ways, and counts once.
        if let Some(reminded) = reminded {
            accounts.retain(|whose| whose.account != reminded.account);
            accounts.insert(0, reminded);
        }
        let language = accounts.first().map_or("", |whose| whose.language.as_str());
        let (meaning, is_whole) = match &kept.reply.meaning {
            Meaning::Text(words) => {
                let read = understood(words, language);
                // A word of its own in the last part is meant as one.
                let is_stop = |part: &String| {
                    let read = understood(part, language);
                    read.is_whole && read.meaning == Meaning::OptOut
                };
                match read.meaning {
                    Meaning::Text(_) if parts.iter().any(is_stop) => (Meaning::OptOut, false),
                    meaning => (meaning, read.is_whole),
                }
            }
            other => (other.clone(), true),
        };
        let words = kept.reply.meaning.words().filter(|_| !parts.is_empty()).map(str::to_owned);
        Read { kept, meaning, words, is_whole, address, accounts }
    }

    /// Whose it is and nobody else's. Of an address that several accounts have,
    /// nobody knows which is meant, save by the reminder that it answers.
    fn certain(&self) -> Option<&'a Whose> {
        let is_certain = self.accounts.len() == 1 || self.kept.reply.about.is_some();
        self.accounts.first().copied().filter(|_| is_certain)
    }

    /// Whose claim it is, if it is one.
    fn claims(&self) -> Option<&'a Whose> {
        self.certain().filter(|_| claim::kind(&self.meaning).is_some())
    }

    fn settled(self, claims: &mut Claims) -> SettledReply<'a> {
        let follows = self.claims().map(|whose| claims.follows(self.kept, &self.meaning, whose));
        let conversation =
            self.certain().and_then(|whose| conversation(self.kept, &self.meaning, whose));
        let wish = self.certain().and_then(|whose| wish(self.kept, &self.meaning, whose));
        let Read { kept, meaning, words, is_whole, address, accounts } = self;
        let said =
            accounts.iter().flat_map(|whose| words_about(kept, &meaning, address, whose)).collect();
        let is_answered =
            matches!(follows, Some(Follows::Hold(_) | Follows::Nothing)) || wish.is_some();
        SettledReply {
            kept,
            for_people: is_for_people(&meaning, is_whole, !accounts.is_empty(), is_answered),
            account: accounts.first().map(|whose| whose.account.clone()),
            meaning,
            words,
            said,
            hold: match follows {
                Some(Follows::Hold(placed)) => Some(*placed),
                _ => None,
            },
            wish,
            conversation,
        }
    }
}

/// What a reply says about the channels of an account.
fn words_about(
    one: &KeptReply,
    meaning: &Meaning,
    address: Option<&str>,
    whose: &Whose,
) -> Vec<Said> {
    let own = [one.reply.channel];
    let (cause, is_lifted, channels): (Cause, bool, &[Channel]) = match meaning {
        Meaning::OptOut => (Cause::OptOut, false, &own),
        Meaning::OptIn => (Cause::OptOut, true, &own),
        Meaning::Complaint => (Cause::Complaint, false, &own),
        Meaning::BadAddress => (Cause::BadAddress, false, &own),
        Meaning::WrongNumber => (Cause::WrongNumber, false, one.reply.channel.of_its_address()),
        _ => return Vec::new(),
    };
    let word = |channel: &Channel| Said {
        bucket: whose.bucket,
        account: whose.account.clone(),
        channel: *channel,
        cause,
        is_lifted,
        // As the ledger writes it, where it is the same: that is what the
        // account's address is held against.
        address: at(whose, *channel)
            .filter(|own| address.is_none_or(|said| said.eq_ignore_ascii_case(own)))
            .or(address)
            .map(str::to_owned),
        // A clock that is ahead must not outlast what is said later.
        at: one.reply.at.min(one.received_at),
    };
    channels.iter().map(word).collect()
}

/// A wish of one account; others that share an address of it may be other
/// people's.
fn wish(one: &KeptReply, meaning: &Meaning, whose: &Whose) -> Option<SaidWish> {
    let Meaning::Wish(wish) = meaning else { return None };
    Some(SaidWish {
        bucket: whose.bucket,
        account: whose.account.clone(),
        wish: wish.clone(),
        at: one.reply.at.min(one.received_at),
        source: one.provider.clone(),
    })
}

/// That the subscriber spoke with us, if it was so.
fn conversation(one: &KeptReply, meaning: &Meaning, whose: &Whose) -> Option<Conversation> {
    let call = one.reply.about.filter(|_| one.reply.is_conversation(&one.provider, meaning))?;
    Some(Conversation {
        bucket: whose.bucket,
        account: whose.account.clone(),
        reminder: call.reminder,
        at: one.reply.at.min(one.received_at),
    })
}

/// Whether somebody has to read it. What a provider says of an address is no
/// person's word, and what we could act upon wholly needs no other; what is
/// disputed, or cannot be paid, does though it is acted upon.
fn is_for_people(meaning: &Meaning, is_whole: bool, is_known: bool, is_answered: bool) -> bool {
    match meaning {
        Meaning::BadAddress => false,
        Meaning::OptOut | Meaning::OptIn | Meaning::WrongNumber | Meaning::Complaint => {
            !is_whole || !is_known
        }
        Meaning::Promise(_) | Meaning::Paid(_) | Meaning::Wish(_) => !is_whole || !is_answered,
        // Staff write it down themselves.
        Meaning::Conversation(_) => false,
        Meaning::Dispute(_)
        | Meaning::Hardship(_)
        | Meaning::CallBack(_)
        | Meaning::SendLink
        | Meaning::Help
        | Meaning::Text(_)
        | Meaning::Part(_) => true,
    }
}
