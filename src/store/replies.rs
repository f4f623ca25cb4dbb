//! What subscribers say: kept as it came, settled once, and what follows from it.
//!
//! A reply lies in the bucket of the reminder that it answers, or of the
//! address that it came from, and is settled under that bucket's lease. What
//! follows concerns accounts of any bucket: like a row of a feed it is a fact
//! about them, and touches them, and whoever has their buckets decides again.

mod desk;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use jiff::Timestamp;

use crate::model::hold::PlacedHold;
use crate::model::reply::{Meaning, PostedReply, Reply};
use crate::model::{AccountId, AttemptKey, Bucket, Cause, Channel, ReminderId, Tenure};

use super::buckets::bucket_runs;
use super::consents::{add_consents, said_in};
use super::contacts::{Conversation, put_conversations};
use super::engine::Arg;
use super::facts::{bucket, touch};
use super::holds::put_holds;
use super::keys::reminder_keys;
use super::row::Row;
use super::set::{Micros, set_row};
use super::statements::sql;
use super::tallies::add_stops;
use super::wishes::{SaidWish, put_wishes};
use super::{SqlStore, StoreError};

pub use self::desk::{ReplyLine, SuppressionLine};

/// Characters of a reply that are kept. The longest text message that can be
/// sent has 39,015 of them; beyond this, people ask again.
const WORDS_MAX: usize = 4_000;
/// Of what is said in a form. Whoever takes it in sees to it that it is less:
/// cut short, it could not be read.
const DETAILS_MAX: usize = 8_000;
/// Characters of an address: those that a mail address may have.
const ADDRESS_MAX: usize = 254;

/// What taking in replies and settling them needs.
#[async_trait]
pub trait ReplyStore: Send + Sync {
    /// Keeps replies: all of them are durable once this returns, or none. One
    /// that was posted before is not kept twice.
    async fn keep_replies(&self, replies: &[PostedReply]) -> Result<(), StoreError>;

    /// Replies of these buckets that are to be settled, the oldest first, and
    /// parts of texts after all others.
    async fn unsettled_replies(
        &self,
        buckets: &[Bucket],
        limit: u32,
    ) -> Result<Vec<KeptReply>, StoreError>;

    /// The accounts of these reminders, as far as they are known.
    async fn reminded(
        &self,
        reminders: &[ReminderId],
    ) -> Result<Vec<(ReminderId, Whose)>, StoreError>;

    /// The accounts that have one of these addresses now; one of several
    /// accounts comes several times.
    async fn at_addresses(&self, addresses: &[&str]) -> Result<Vec<(String, Whose)>, StoreError>;

    /// Settles replies under the leases of their buckets: what they mean for
    /// channels is written, and accounts of which that is news are touched.
    /// Once more, it changes nothing.
    async fn settle_replies(
        &self,
        tenure: &Tenure,
        settled: &[SettledReply<'_>],
        now: Timestamp,
    ) -> Result<(), StoreError>;
}

/// A reply as it lies here until it is settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptReply {
    pub bucket: Bucket,
    /// As [`PostedReply::id`] gives it.
    pub id: String,
    pub provider: String,
    pub reply: Reply,
    pub received_at: Timestamp,
}

/// An account that a reply may be of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whose {
    pub bucket: Bucket,
    pub account: AccountId,
    pub language: String,
    /// Its addresses as the ledger has them; personal data.
    pub phone: Option<String>,
    pub email: Option<String>,
}

impl Whose {
    pub fn key(&self) -> (Bucket, AccountId) {
        (self.bucket, self.account.clone())
    }
}

/// What is made of a reply.
#[derive(Debug)]
pub struct SettledReply<'a> {
    pub kept: &'a KeptReply,
    pub meaning: Meaning,
    /// The whole text, where it came in parts.
    pub words: Option<String>,
    /// The first of the accounts that it is of.
    pub account: Option<AccountId>,
    pub for_people: bool,
    pub said: Vec<Said>,
    /// What follows for the account.
    pub hold: Option<PlacedHold>,
    pub wish: Option<SaidWish>,
    /// The subscriber answered a call, and acted in it.
    pub conversation: Option<Conversation>,
}

impl SettledReply<'_> {
    /// Nothing follows from it by itself.
    pub fn silent(kept: &KeptReply) -> SettledReply<'_> {
        SettledReply {
            kept,
            meaning: kept.reply.meaning.clone(),
            words: None,
            account: None,
            for_people: false,
            said: Vec::new(),
            hold: None,
            wish: None,
            conversation: None,
        }
    }
}

/// A word about a channel of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub bucket: Bucket,
    pub account: AccountId,
    pub channel: Channel,
    pub cause: Cause,
    /// It holds no more.
    pub is_lifted: bool,
    pub address: Option<String>,
    pub at: Timestamp,
}

set_row! {
struct ReplyRow<'a> {
    bucket: Bucket,
    reply_id: String,
    provider: &'a str,
    channel: &'static str,
    reminder_id: Option<ReminderId>,
    attempt: Option<u32>,
    address: Option<String>,
    meaning: &'static str,
    words: Option<String>,
    details: Option<String>,
    at: Micros,
    received_at: Micros,
}

struct AddressRow<'a> {
    address: &'a str,
}

struct SettledRow<'a> {
    bucket: Bucket,
    reply_id: &'a str,
    meaning: &'static str,
    words: Option<String>,
    account_id: Option<&'a AccountId>,
    for_people: bool,
}

pub(super) struct SaidRow<'a> {
    pub bucket: Bucket,
    pub account_id: &'a AccountId,
    pub channel: &'static str,
    pub cause: &'static str,
    pub is_lifted: bool,
    pub address: Option<&'a str>,
    pub said_at: Micros,
    pub source: &'a str,
}
}

/// A stranger's text as a column takes it: PostgreSQL has no zero byte.
fn clean(text: &str, max: usize) -> String {
    text.chars().take(max).map(|c| if c == '\0' { '\u{fffd}' } else { c }).collect()
}

fn reply_row(posted: &PostedReply) -> ReplyRow<'_> {
    let PostedReply { provider, reply, received_at, .. } = posted;
    let words = reply.meaning.words().map(|words| clean(words, WORDS_MAX));
    ReplyRow {
        bucket: posted.bucket(),
        reply_id: posted.id(),
        provider,
        channel: reply.channel.as_str(),
        reminder_id: reply.about.map(|key| key.reminder),
        attempt: reply.about.map(|key| key.number),
        address: reply.from.as_deref().map(|from| clean(from, ADDRESS_MAX)),
        meaning: reply.meaning.as_str(),
        words,
        details: reply.meaning.details().map(|details| clean(&details, DETAILS_MAX)),
        at: reply.at.into(),
        received_at: (*received_at).into(),
    }
}

#[async_trait]
impl ReplyStore for SqlStore {
    async fn keep_replies(&self, replies: &[PostedReply]) -> Result<(), StoreError> {
        if replies.is_empty() {
            return Ok(());
        }
        let mut rows: Vec<ReplyRow<'_>> = replies.iter().map(reply_row).collect();
        // In the order of the key, as with receipts.
        rows.sort_by(|a, b| (a.bucket, &a.reply_id).cmp(&(b.bucket, &b.reply_id)));
        self.engine.run(sql::keep_replies, &[Arg::Set(&rows)]).await.map(drop)
    }

    async fn unsettled_replies(
        &self,
        buckets: &[Bucket],
        limit: u32,
    ) -> Result<Vec<KeptReply>, StoreError> {
        let runs = bucket_runs(buckets);
        let args = [Arg::Set(&runs), Arg::Int(i64::from(limit))];
        self.engine.rows(sql::load_replies, &args).await?.iter().map(kept).collect()
    }

    async fn reminded(
        &self,
        reminders: &[ReminderId],
    ) -> Result<Vec<(ReminderId, Whose)>, StoreError> {
        if reminders.is_empty() {
            return Ok(Vec::new());
        }
        let keys = reminder_keys(reminders);
        let rows = self.engine.rows(sql::find_reminded, &[Arg::Set(&keys)]).await?;
        rows.iter().map(|row| Ok((row.reminder("reminder_id")?, whose(row)?))).collect()
    }

    async fn at_addresses(&self, addresses: &[&str]) -> Result<Vec<(String, Whose)>, StoreError> {
        if addresses.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<AddressRow<'_>> =
            addresses.iter().map(|address| AddressRow { address }).collect();
        let rows = self.engine.rows(sql::find_at_address, &[Arg::Set(&keys)]).await?;
        rows.iter().map(|row| Ok((row.text("address")?, whose(row)?))).collect()
    }

    async fn settle_replies(
        &self,
        tenure: &Tenure,
        settled: &[SettledReply<'_>],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if settled.is_empty() {
            return Ok(());
        }
        let said = last_words(settled);
        let rows: Vec<SettledRow<'_>> = settled
            .iter()
            .map(|one| SettledRow {
                bucket: one.kept.bucket,
                reply_id: &one.kept.id,
                meaning: one.meaning.as_str(),
                words: one.words.as_deref().map(|words| clean(words, WORDS_MAX)),
                account_id: one.account.as_ref(),
                for_people: one.for_people,
            })
            .collect();
        let holds: Vec<&PlacedHold> = settled.iter().filter_map(|one| one.hold.as_ref()).collect();
        let wishes: Vec<&SaidWish> = settled.iter().filter_map(|one| one.wish.as_ref()).collect();
        let mut tx = self.write(tenure, rows.iter().map(|row| row.bucket)).await?;
        let mut touched = BTreeSet::new();
        add_consents(&mut tx, &said_in(settled), now).await?;
        if !said.is_empty() {
            for row in tx.rows(sql::put_suppressions, &[Arg::Set(&said)]).await? {
                touched.insert((bucket(&row)?, AccountId(row.text("account_id")?)));
            }
        }
        touched.extend(put_holds(&mut tx, &holds).await?);
        touched.extend(put_wishes(&mut tx, &wishes).await?);
        let conversations = settled.iter().filter_map(|one| one.conversation.as_ref());
        put_conversations(&mut tx, &conversations.collect::<Vec<_>>()).await?;
        touch(&mut tx, &touched).await?;
        let args = [Arg::Set(&rows), Arg::Int(now.as_microsecond())];
        let news = tx.rows(sql::settle_replies, &args).await?;
        add_stops(&mut tx, settled, &news, now).await?;
        tx.commit().await
    }
}

/// Of words about one channel and cause of an account the last; of two of one
/// instant, the stop. In the order of the key.
fn last_words<'a>(settled: &'a [SettledReply<'_>]) -> Vec<SaidRow<'a>> {
    let mut last: BTreeMap<(Bucket, &str, Channel, Cause), (&Said, &str)> = BTreeMap::new();
    for one in settled {
        for said in &one.said {
            let key = (said.bucket, said.account.as_str(), said.channel, said.cause);
            let source = one.kept.provider.as_str();
            let kept = last.entry(key).or_insert((said, source));
            if (said.at, !said.is_lifted) > (kept.0.at, !kept.0.is_lifted) {
                *kept = (said, source);
            }
        }
    }
    last.into_values()
        .map(|(said, source)| SaidRow {
            bucket: said.bucket,
            account_id: &said.account,
            channel: said.channel.as_str(),
            cause: said.cause.as_str(),
            is_lifted: said.is_lifted,
            address: said.address.as_deref(),
            said_at: said.at.into(),
            source,
        })
        .collect()
}

fn whose(row: &Row) -> Result<Whose, StoreError> {
    Ok(Whose {
        bucket: bucket(row)?,
        account: AccountId(row.text("account_id")?),
        language: row.text("language")?,
        phone: row.opt_text("phone")?,
        email: row.opt_text("email")?,
    })
}

fn kept(row: &Row) -> Result<KeptReply, StoreError> {
    let words = row.opt_text("words")?;
    let details = row.opt_text("details")?;
    let meaning = Meaning::parse(&row.text("meaning")?, words.as_deref(), details.as_deref());
    let about = match row.opt_int("attempt")? {
        Some(number) => {
            Some(AttemptKey { reminder: row.reminder("reminder_id")?, number: number as u32 })
        }
        None => None,
    };
    Ok(KeptReply {
        bucket: bucket(row)?,
        id: row.text("reply_id")?,
        provider: row.text("provider")?,
        reply: Reply {
            channel: channel(row)?,
            about,
            from: row.opt_text("address")?,
            meaning: meaning.ok_or(StoreError::Corrupt { column: "meaning" })?,
            at: row.instant("at")?,
        },
        received_at: row.instant("received_at")?,
    })
}

fn channel(row: &Row) -> Result<Channel, StoreError> {
    Channel::parse(&row.text("channel")?).ok_or(StoreError::Corrupt { column: "channel" })
}
