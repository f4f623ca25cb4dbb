//! Calls that were placed, in memory: which attempt each was, and asking what
//! became of those that no report has come for.
//!
//! A call carries 15 bytes for us. Its token is the beginning of the
//! reminder's id (its day, its bucket, and 52 bits of its hash) and the end of
//! the attempt's number, which names it among all others but cannot be turned
//! back. What a process has not placed itself, it does not know: reports that
//! come after a restart, or to another daemon, are for nothing of ours, and
//! such a call is asked about by the cloud's name for it (`details`).

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use reqwest::Url;
use tracing::{debug, warn};

use super::template::Template;
use super::{Cloud, callback};
use crate::model::{AttemptKey, Channel};
use crate::provider::api::NoAnswer;
use crate::provider::{Fate, Receipt, ReceiptReader, SendOutcome};

/// Beyond this the oldest is forgotten.
const CALLS_MAX: usize = 100_000;
/// The cloud tells of a call for a day.
const KNOWN_FOR: SignedDuration = SignedDuration::from_hours(24);
/// Calls that are asked about at once.
const ASKED_AT_ONCE: usize = 20;

/// What a call is to the cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Product {
    Tts,
    Ivr,
}

impl Product {
    /// What these templates call by.
    pub fn of(templates: &[Template]) -> Vec<Product> {
        let calls = || templates.iter().filter(|it| it.channel == Channel::Voice);
        let is_any = |has_menu| calls().any(|it| it.menu.is_empty() != has_menu);
        let all = [(Product::Tts, is_any(false)), (Product::Ivr, is_any(true))];
        all.into_iter().filter(|(_, is_used)| *is_used).map(|(product, _)| product).collect()
    }

    pub fn action(self) -> &'static str {
        match self {
            Product::Tts => "SingleCallByTts",
            Product::Ivr => "IvrCall",
        }
    }

    /// `ProdId` of `QueryCallDetailByCallId`.
    fn id(self) -> &'static str {
        match self {
            Product::Tts => "11010000138001",
            Product::Ivr => "11000000300005",
        }
    }
}

/// The token of an attempt: 15 characters that a URL bears.
pub fn token(key: AttemptKey) -> String {
    const ID_BITS: u32 = 78;
    const NUMBER_BITS: u32 = 12;
    let id = u128::from_be_bytes(key.reminder.as_bytes()) >> (u128::BITS - ID_BITS);
    let number = u128::from(key.number) & ((1 << NUMBER_BITS) - 1);
    let bits = (id << NUMBER_BITS | number) << (u128::BITS - ID_BITS - NUMBER_BITS);
    // Six bits a character: 15 of them are the 90 bits.
    let mut text = URL_SAFE_NO_PAD.encode(bits.to_be_bytes());
    text.truncate(15);
    text
}

/// One call.
#[derive(Clone)]
struct Placed {
    key: AttemptKey,
    product: Product,
    at: Timestamp,
    /// The cloud's name for it, once it has answered.
    call_id: Option<String>,
    is_over: bool,
    asked_at: Timestamp,
}

/// The calls of this process.
#[derive(Default)]
pub struct Calls(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    by_token: HashMap<String, Placed>,
    in_order: VecDeque<(Timestamp, String)>,
}

impl Calls {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call is about to be placed.
    pub fn begin(&self, key: AttemptKey, product: Product, now: Timestamp) {
        let placed = Placed { key, product, at: now, call_id: None, is_over: false, asked_at: now };
        let mut kept = self.kept();
        while let Some((at, token)) = kept.in_order.front()
            && (kept.in_order.len() >= CALLS_MAX || now.duration_since(*at) > KNOWN_FOR)
        {
            let token = token.clone();
            kept.by_token.remove(&token);
            kept.in_order.pop_front();
        }
        kept.in_order.push_back((now, token(key)));
        kept.by_token.insert(token(key), placed);
    }

    /// What came of placing it; one that may be under way is kept.
    pub fn ended(&self, key: AttemptKey, outcome: &SendOutcome) {
        let mut kept = self.kept();
        match outcome {
            SendOutcome::Accepted { provider_ref } => {
                if let Some(placed) = kept.by_token.get_mut(&token(key)) {
                    placed.call_id = provider_ref.clone();
                }
            }
            SendOutcome::AcceptedInParts { .. } | SendOutcome::Ambiguous { .. } => {}
            SendOutcome::Rejected { .. } | SendOutcome::Deferred { .. } => {
                kept.by_token.remove(&token(key));
            }
        }
    }

    /// The attempt that a report is about.
    pub fn key(&self, token: &str) -> Option<AttemptKey> {
        self.kept().by_token.get(token).map(|placed| placed.key)
    }

    /// Nothing more is to be asked about this call.
    pub fn over(&self, token: &str) {
        if let Some(placed) = self.kept().by_token.get_mut(token) {
            placed.is_over = true;
        }
    }

    /// Calls that nothing was heard of for `every`, which are asked about now.
    fn to_ask(&self, now: Timestamp, every: SignedDuration, limit: usize) -> Vec<Placed> {
        let mut kept = self.kept();
        let is_due = |placed: &&mut Placed| {
            !placed.is_over
                && placed.call_id.is_some()
                && now.duration_since(placed.asked_at) >= every
                && now.duration_since(placed.at) <= KNOWN_FOR
        };
        let mut due: Vec<&mut Placed> = kept.by_token.values_mut().filter(is_due).collect();
        due.sort_by_key(|placed| placed.asked_at);
        due.truncate(limit);
        let ask = |placed: &mut Placed| {
            placed.asked_at = now;
            placed.clone()
        };
        due.into_iter().map(ask).collect()
    }
}

/// How a call ended, that the cloud has by that name since then; `None` where
/// it has not, or is of another product.
///
/// # Errors
/// When there was no answer.
pub(super) async fn detail(
    cloud: &Cloud,
    url: &Url,
    product: Product,
    (call_id, at): (&str, Timestamp),
    now: Timestamp,
) -> Result<Option<(Fate, Timestamp)>, NoAnswer> {
    let parameters = vec![
        ("CallId".to_owned(), call_id.to_owned()),
        ("ProdId".to_owned(), product.id().to_owned()),
        ("QueryDate".to_owned(), at.as_millisecond().to_string()),
    ];
    let answer = cloud.ask(url, "QueryCallDetailByCallId", &parameters, now).await?;
    Ok(callback::detail(&answer.body, now))
}

/// Asks what became of calls.
pub struct Poll {
    pub(super) cloud: Arc<Cloud>,
    pub(super) url: Url,
    pub(super) calls: Arc<Calls>,
    pub(super) every: SignedDuration,
}

#[async_trait]
impl ReceiptReader for Poll {
    async fn receipts(&self, now: Timestamp, limit: usize) -> anyhow::Result<Vec<Receipt>> {
        let due = self.calls.to_ask(now, self.every, limit.min(ASKED_AT_ONCE));
        let asked = due.into_iter().map(|placed| self.ask(placed, now));
        let mut receipts: Vec<Receipt> = join_all(asked).await.into_iter().flatten().collect();
        receipts.sort_by_key(|receipt| receipt.at);
        Ok(receipts)
    }
}

impl Poll {
    /// What became of one call, where it is over. One that cannot be asked
    /// about now is asked about again.
    async fn ask(&self, placed: Placed, now: Timestamp) -> Option<Receipt> {
        let call = (placed.call_id.as_deref()?, placed.at);
        let told = detail(&self.cloud, &self.url, placed.product, call, now).await;
        let Ok(told) = told else {
            warn!("could not ask what became of a call; it is asked about again");
            return None;
        };
        let (fate, at) = told?;
        debug!(attempt = %placed.key, fate = fate.as_str(), "a call is over");
        self.calls.over(&token(placed.key));
        Some(Receipt { key: placed.key, fate, at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "0123456789abcdef0123456789abcdef";

    fn key(number: u32) -> AttemptKey {
        format!("{HEX}.{number}").parse().unwrap()
    }

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_772_366_400 + minute * 60).unwrap()
    }

    fn accepted() -> SendOutcome {
        SendOutcome::Accepted { provider_ref: Some("1^2".to_owned()) }
    }

    #[test]
    fn a_token_has_fifteen_bytes_and_names_one_attempt() {
        let other: AttemptKey = format!("{}.1", HEX.replace("cdef0", "cde00")).parse().unwrap();
        let tokens = [token(key(1)), token(key(2)), token(other)];
        for (index, token) in tokens.iter().enumerate() {
            assert_eq!(token.len(), 15, "{token}");
            assert!(!tokens[..index].contains(token), "{token}");
        }
    }

    #[test]
    fn a_call_that_was_not_placed_is_not_remembered() {
        let calls = Calls::default();
        calls.begin(key(1), Product::Tts, at(0));
        assert_eq!(calls.key(&token(key(1))), Some(key(1)), "a report may come before the answer");
        let refused = SendOutcome::Ambiguous { note: String::new() };
        calls.ended(key(1), &refused);
        assert_eq!(calls.key(&token(key(1))), Some(key(1)), "it may be ringing");
        let because = crate::provider::Refusal::BadRecipient;
        calls.ended(key(1), &SendOutcome::Rejected { because, note: String::new() });
        assert_eq!(calls.key(&token(key(1))), None);
    }

    #[test]
    fn a_call_is_asked_about_while_it_is_not_over() {
        let calls = Calls::default();
        let every = SignedDuration::from_mins(10);
        calls.begin(key(1), Product::Ivr, at(0));
        assert!(calls.to_ask(at(10), every, 5).is_empty(), "it has no name yet");
        calls.ended(key(1), &accepted());
        assert!(calls.to_ask(at(9), every, 5).is_empty());
        assert_eq!(calls.to_ask(at(10), every, 5).len(), 1);
        assert!(calls.to_ask(at(19), every, 5).is_empty());
        assert_eq!(calls.to_ask(at(20), every, 5).len(), 1);
        calls.over(&token(key(1)));
        assert!(calls.to_ask(at(40), every, 5).is_empty());
        assert_eq!(calls.key(&token(key(1))), Some(key(1)), "a key press may still come");
    }

    #[test]
    fn what_is_a_day_old_is_forgotten() {
        let calls = Calls::default();
        calls.begin(key(1), Product::Tts, at(0));
        calls.ended(key(1), &accepted());
        calls.begin(key(2), Product::Tts, at(24 * 60 + 1));
        assert_eq!(calls.key(&token(key(1))), None);
        assert_eq!(calls.key(&token(key(2))), Some(key(2)));
    }
}
