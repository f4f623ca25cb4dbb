//! One account on one page: what a person must know to decide about it.

mod picture;
mod view;

use axum::http::StatusCode;
use jiff::SignedDuration;

use crate::model::audit::Act;
use crate::model::cause::Classed;
use crate::model::evidence::Dossier;
use crate::model::facts::{AccountFacts, Flag};
use crate::model::{AccountId, Bill, Bucket, Moratorium, Task};
use crate::policy::Versioned;
use crate::store::{
    AssessStore, AttemptLine, NoticeLine, PlanStore, ReplyLine, SuppressionLine, WhyNotLine,
    WishLine,
};

use super::frame;
use super::visit::Visit;
use super::visitor::{Answer, Broken};

pub use view::AccountPage;

/// Everything that the page is made of.
pub struct Told {
    pub facts: AccountFacts,
    pub dossier: Dossier,
    /// The scenario that decides; `None` where none serves the account.
    pub serving: Option<Versioned>,
    pub bills: Vec<Bill>,
    pub classed: Classed,
    pub flag: Option<Flag>,
    pub tasks: Vec<Task>,
    pub attempts: Vec<AttemptLine>,
    pub notices: Vec<NoticeLine>,
    pub not_sent: Vec<WhyNotLine>,
    pub replies: Vec<ReplyLine>,
    pub suppressions: Vec<SuppressionLine>,
    pub wishes: Vec<WishLine>,
    pub moratoriums: Vec<Moratorium>,
}

impl Visit {
    /// All that is known of an account.
    pub async fn told(&self, whose: &(Bucket, AccountId)) -> Result<Told, Broken> {
        let console = self.console();
        let (store, desk, today) = (&console.store, console.store.desk(), self.today());
        let key = std::slice::from_ref(whose);
        let facts = store.facts(key, today).await?.pop().ok_or(Broken::Missing)?;
        let age_max = SignedDuration::from_secs(console.rules.limits.evidence_age_max_s.into());
        let feeds = store.evidence_feeds(self.now, age_max).await?;
        let dossier = store.dossiers(key, today, &feeds).await?.pop().ok_or(Broken::Missing)?;
        let account = &whose.1;
        let attempts = desk.attempts(account).await?;
        let not_sent = desk.not_sent(account, &attempts).await?;
        let moratoriums = desk.moratoriums(today).await?.into_iter();
        Ok(Told {
            serving: console.rules.scenarios.deciding(&facts),
            bills: desk.bills(account).await?,
            classed: store.classed(key).await?.remove(account).unwrap_or_default(),
            flag: desk.flag(account).await?,
            tasks: desk.tasks_of(whose).await?,
            notices: desk.notices(account).await?,
            replies: desk.replies_of(account).await?,
            suppressions: desk.suppressions(account).await?,
            wishes: desk.wishes(account).await?,
            moratoriums: moratoriums.filter(|it| it.covers(&facts.account)).collect(),
            attempts,
            not_sent,
            facts,
            dossier,
        })
    }

    /// The account of this name, and its bucket.
    pub async fn whose(&self, account: &str) -> Result<(Bucket, AccountId), Broken> {
        let account = AccountId::from(account);
        let bucket = self.console().store.desk().bucket(&account).await?;
        Ok((bucket.ok_or(Broken::Missing)?, account))
    }
}

/// `GET /accounts/{id}`.
pub async fn show(visit: Visit) -> Answer {
    let told = visit.told(&visit.whose(&visit.named).await?).await?;
    let frame = visit.frame("account", "accounts");
    Ok(frame::page(StatusCode::OK, &AccountPage::new(frame, &told, false)))
}

/// `POST /accounts/{id}/unmask`: the same with names and addresses. That
/// somebody looked is written down before they see anything.
pub async fn unmask(visit: Visit) -> Answer {
    let whose = visit.whose(&visit.named).await?;
    let deed = visit.doer().deed(Act::Unmasked, whose.1.0.clone(), serde_json::json!({}));
    visit.console().store.desk().note(&deed).await?;
    let told = visit.told(&whose).await?;
    let frame = visit.frame("account", "accounts");
    Ok(frame::page(StatusCode::OK, &AccountPage::new(frame, &told, true)))
}
