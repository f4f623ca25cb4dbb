//! What became of messages whose receipts never came: providers that can be
//! asked are asked once an hour after, and again before the wait ends.

use std::collections::{HashMap, HashSet};

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use tracing::{info, warn};

use crate::model::receipt::{Receipt, Untold};
use crate::model::{ReminderId, ReminderState};
use crate::pipeline::settle::after_receipt;
use crate::store::Standing;

use super::{PAGE, Span, Tend};

/// Most receipts come within seconds, and most of the others when a telephone
/// is on again.
const ASKED_AFTER: SignedDuration = SignedDuration::from_hours(1);
/// Questions to all providers under way at once.
const AT_ONCE: usize = 20;
/// Of a page. Where more receipts are missing, it is not for single ones.
const QUESTIONS_MAX: usize = 500;

impl Tend {
    /// How long before its deadline a message is asked about for the first time;
    /// `None` where nobody can be asked, or no such time is left.
    pub(super) fn asks_before(&self) -> Option<SignedDuration> {
        let deadline = SignedDuration::from_secs(i64::from(self.shop.settings.receipt_deadline_s));
        let is_any = self.shop.providers.has_inquiries();
        Some(deadline - ASKED_AFTER).filter(|before| is_any && before.is_positive())
    }

    /// Asks about accepted reminders whose deadlines lie in this span; those
    /// that nothing is known of are left as they are.
    pub(super) async fn inquire(&self, span: &Span<'_>) -> anyhow::Result<usize> {
        let Span { tenure, buckets, after, until, now } = span;
        let (mut after, mut count) = (*after, 0);
        loop {
            let accepted = [ReminderState::Accepted];
            let waiting =
                self.shop.deadlines.waiting(buckets, &accepted, after, *until, PAGE).await?;
            let told = self.told(&waiting, *now).await?;
            let transitions: Vec<_> = waiting
                .iter()
                .filter_map(|standing| Some((standing, told.get(&standing.reminder)?)))
                .map(|(standing, receipt)| after_receipt(standing, receipt, *now))
                .collect();
            count += self.shop.outbox.append(tenure, &transitions).await? as usize;
            match waiting.last().and_then(|last| last.next_at) {
                Some(last) if waiting.len() == PAGE as usize && last > after => after = last,
                _ => break,
            }
        }
        if count > 0 {
            info!(reminders = count, "receipts that never came were asked for");
        }
        Ok(count)
    }

    /// What their providers say of those that wait for a receipt.
    pub(super) async fn told(
        &self,
        waiting: &[Standing],
        now: Timestamp,
    ) -> anyhow::Result<HashMap<ReminderId, Receipt>> {
        let providers = &self.shop.providers;
        let is_asked = |standing: &&Standing| {
            standing.state == ReminderState::Accepted
                && standing.provider.as_deref().is_some_and(|it| providers.inquiry(it).is_some())
        };
        let ids: Vec<ReminderId> =
            waiting.iter().filter(is_asked).map(|one| one.reminder).take(QUESTIONS_MAX).collect();
        let untold = self.shop.deadlines.untold(&ids).await?;
        let (mut told, mut away) = (HashMap::new(), HashSet::new());
        for some in untold.chunks(AT_ONCE) {
            // One that does not answer is not waited for over and over.
            let asked = some.iter().filter(|about| !away.contains(about.provider.as_str()));
            for (about, answer) in join_all(asked.map(|about| self.answer(about, now))).await {
                match answer {
                    Ok(receipt) => {
                        told.extend(receipt.map(|receipt| (about.key.reminder, receipt)));
                    }
                    Err(error) => {
                        if away.insert(about.provider.as_str()) {
                            let provider = about.provider.as_str();
                            warn!(provider, "could not ask what became of messages: {error:#}");
                        }
                    }
                }
            }
        }
        Ok(told)
    }

    async fn answer<'a>(
        &self,
        about: &'a Untold,
        now: Timestamp,
    ) -> (&'a Untold, anyhow::Result<Option<Receipt>>) {
        let answer = match self.shop.providers.inquiry(&about.provider) {
            Some(inquiry) => inquiry.inquire(about, now).await,
            None => Ok(None),
        };
        (about, answer)
    }
}
