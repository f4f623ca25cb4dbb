//! Replies as people see them and see to them.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use crate::model::audit::{Act, Doer};
use crate::model::reply::{Meaning, Note};
use crate::model::{AccountId, Cause};
use crate::store::contacts::{Conversation, put_conversations};
use crate::store::desk::Desk;
use crate::store::engine::Arg;
use crate::store::facts::bucket;
use crate::store::row::Row;
use crate::store::statements::sql;
use crate::store::{StoreError, audit};

/// A reply as people see it.
#[derive(Debug, Clone, Serialize)]
pub struct ReplyLine {
    pub id: String,
    pub at: Timestamp,
    pub account: Option<String>,
    pub channel: String,
    pub provider: String,
    /// Personal data, like the words.
    pub from: Option<String>,
    pub meaning: String,
    pub words: Option<String>,
    /// What was said beyond the meaning, as it was kept: a JSON object.
    pub details: Option<String>,
    pub is_for_people: bool,
    pub done_at: Option<Timestamp>,
    pub done_by: Option<String>,
}

/// What keeps us from an account on a channel, as people see it.
#[derive(Debug, Clone, Serialize)]
pub struct SuppressionLine {
    pub channel: String,
    pub cause: String,
    /// Whether it keeps us from it now: it was not lifted, and is not about an
    /// address that the account has no more.
    pub is_in_force: bool,
    pub said_at: Timestamp,
    pub source: String,
}

impl Desk<'_> {
    /// Replies that wait for people, the oldest first.
    pub async fn replies(&self, limit: u32) -> Result<Vec<ReplyLine>, StoreError> {
        let rows = self.store.engine.rows(sql::list_replies, &[Arg::Int(i64::from(limit))]).await?;
        rows.iter().map(reply_line).collect()
    }

    /// Somebody has seen to a reply; `false` where none of that name waits. Who
    /// was to be called, and was reached, has had a conversation.
    pub async fn end_reply(
        &self,
        id: &str,
        is_reached: bool,
        doer: &Doer,
    ) -> Result<bool, StoreError> {
        let mut tx = self.store.engine.begin().await?;
        let args = [Arg::Text(id), Arg::Text(&doer.by), Arg::Int(doer.at.as_microsecond())];
        let (mut conversations, mut deeds) = (Vec::new(), Vec::new());
        for row in tx.rows(sql::end_reply, &args).await? {
            let (meaning, account) = (row.text("meaning")?, row.opt_text("account_id")?);
            let is_call = meaning == Meaning::CallBack(Note::default()).as_str();
            let details = json!({
                "reply": id, "meaning": meaning, "is_reached": is_call.then_some(is_reached),
            });
            deeds.push(doer.deed(Act::ReplyDone, account.clone(), details));
            let Some(account) = account.filter(|_| is_call && is_reached) else { continue };
            for row in tx.rows(sql::find_bucket, &[Arg::Text(&account)]).await? {
                let account = AccountId(account.clone());
                conversations.push(Conversation::told(bucket(&row)?, account, doer.at));
            }
        }
        put_conversations(&mut tx, &conversations.iter().collect::<Vec<_>>()).await?;
        let is_done = !deeds.is_empty();
        audit::commit(tx, &deeds).await?;
        Ok(is_done)
    }

    /// Writes down that somebody spoke with a subscriber; under this name.
    pub async fn add_conversation(
        &self,
        conversation: &Conversation,
        (id, note): (&str, &Note),
        doer: &Doer,
    ) -> Result<(), StoreError> {
        let meaning = Meaning::Conversation(note.clone());
        let details = meaning.details();
        let mut tx = self.store.engine.begin().await?;
        let args = [
            Arg::Int(conversation.bucket.number().into()),
            Arg::Text(id),
            Arg::Text(conversation.account.as_str()),
            Arg::Text(meaning.as_str()),
            Arg::Text(details.as_deref().unwrap_or_default()),
            Arg::Text(&doer.by),
            Arg::Int(conversation.at.as_microsecond()),
            Arg::Int(doer.at.as_microsecond()),
        ];
        tx.run(sql::add_reply, &args).await?;
        put_conversations(&mut tx, &[conversation]).await?;
        let details = json!({ "reply": id, "spoke_at": conversation.at });
        let account = conversation.account.0.clone();
        audit::commit(tx, &[doer.deed(Act::ConversationAdded, account, details)]).await
    }

    /// All replies of an account, in order.
    pub async fn replies_of(&self, account: &AccountId) -> Result<Vec<ReplyLine>, StoreError> {
        let args = [Arg::Text(account.as_str())];
        let rows = self.store.engine.rows(sql::list_account_replies, &args).await?;
        rows.iter().map(reply_line).collect()
    }

    /// What keeps us from an account, or did.
    pub async fn suppressions(
        &self,
        account: &AccountId,
    ) -> Result<Vec<SuppressionLine>, StoreError> {
        let args = [Arg::Text(account.as_str())];
        let rows = self.store.engine.rows(sql::list_suppressions, &args).await?;
        rows.iter().map(suppression_line).collect()
    }
}

fn reply_line(row: &Row) -> Result<ReplyLine, StoreError> {
    Ok(ReplyLine {
        id: row.text("reply_id")?,
        at: row.instant("at")?,
        account: row.opt_text("account_id")?,
        channel: row.text("channel")?,
        provider: row.text("provider")?,
        from: row.opt_text("address")?,
        meaning: row.text("meaning")?,
        words: row.opt_text("words")?,
        details: row.opt_text("details")?,
        is_for_people: row.int("for_people")? == 1,
        done_at: row.opt_instant("done_at")?,
        done_by: row.opt_text("done_by")?,
    })
}

fn suppression_line(row: &Row) -> Result<SuppressionLine, StoreError> {
    let cause = row.text("cause")?;
    let known = Cause::parse(&cause).ok_or(StoreError::Corrupt { column: "cause" })?;
    let address = row.opt_text("address")?;
    let is_current =
        address.is_some() && [row.opt_text("phone")?, row.opt_text("email")?].contains(&address);
    Ok(SuppressionLine {
        channel: row.text("channel")?,
        cause,
        is_in_force: row.int("is_lifted")? == 0 && (known.is_wish() || is_current),
        said_at: row.instant("said_at")?,
        source: row.text("source")?,
    })
}
