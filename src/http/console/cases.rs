//! Review cases: the queue, one case with all that it rests on, and what
//! people decide about it.

use askama::Template;
use axum::http::StatusCode;

use crate::message::page::masked;
use crate::model::facts::AccountFacts;
use crate::model::review::{Instalments, Outcome, Proposal, Wanted};
use crate::model::staff::Permit;
use crate::model::{AccountId, Task};
use crate::policy::Versioned;
use crate::review::readiness::readiness;
use crate::review::{Readiness, Refusal, Rules};
use crate::store::{CaseError, CasePage, CasePlace, PlanStore, ReviewCase};

use super::account::AccountPage;
use super::frame::{self, Frame};
use super::visit::Visit;
use super::visitor::{Answer, Broken, query};

const PAGE: u32 = 50;

#[derive(Template)]
#[template(path = "cases.html")]
struct CasesPage<'a> {
    frame: Frame<'a>,
    of: &'a str,
    lines: Vec<Line>,
    more: Option<String>,
    is_first: bool,
}

/// A case, and who it is about.
struct Line {
    task: Task,
    name: String,
}

/// `GET /cases?of=…`: those with the most arrears first.
pub async fn list(visit: Visit) -> Answer {
    let asked = &visit.asked;
    let of = asked.get("of");
    let after = asked
        .get("arrears")
        .parse()
        .ok()
        .map(|arrears| CasePlace { arrears, task: asked.get("task").to_owned() });
    let is_first = after.is_none();
    let page = CasePage { after, assigned_to: (!of.is_empty()).then_some(of), limit: PAGE };
    let store = &visit.console().store;
    let tasks = store.desk().cases(&page).await?;
    let more = tasks.last().filter(|_| tasks.len() == PAGE as usize).map(|last| {
        let place = CasePlace::of(last);
        let arrears = place.arrears.to_string();
        let of = Some(of).filter(|of| !of.is_empty());
        query(&[("of", of), ("arrears", Some(&arrears)), ("task", Some(&place.task))])
    });
    let lines = lines(&visit, tasks).await?;
    let frame = visit.frame("cases", "cases");
    Ok(frame::page(StatusCode::OK, &CasesPage { frame, of, lines, more, is_first }))
}

/// The tasks with the masked names of their accounts, in their order.
async fn lines(visit: &Visit, tasks: Vec<Task>) -> Result<Vec<Line>, Broken> {
    let keys: Vec<_> = tasks.iter().map(|task| (task.bucket, task.account.clone())).collect();
    let facts = visit.console().store.facts(&keys, visit.today()).await?;
    let name = |account: &AccountId| {
        let of = |it: &&AccountFacts| it.account.id == *account;
        facts.iter().find(of).map_or(String::new(), |it| masked(&it.account.name))
    };
    Ok(tasks.into_iter().map(|task| Line { name: name(&task.account), task }).collect())
}

impl CasesPage<'_> {
    fn is_overdue(&self, line: &Line) -> bool {
        line.task.is_overdue(self.frame.now())
    }

    fn visitor(&self) -> &str {
        self.frame.visitor.map_or("", |visitor| &visitor.name)
    }
}

/// What stands above an account's page where it is one of a case.
pub struct Panel {
    pub case: ReviewCase,
    pub before_restriction: Readiness,
    pub before_termination: Readiness,
    /// What the form holds: what was tried, where it was refused.
    pub tried: Tried,
    /// What was done, or why not; and whether it was.
    pub says: Option<(String, bool)>,
}

/// A proposal as it was typed.
#[derive(Debug, Clone, Default)]
pub struct Tried {
    pub outcome: String,
    pub reason: String,
    pub note: String,
    pub count: String,
    pub first_on: String,
}

impl Panel {
    /// The proposal that somebody is to decide about.
    pub fn open(&self) -> Option<&Proposal> {
        self.case.proposals.iter().find(|one| one.decided.is_none())
    }

    pub fn past(&self) -> impl Iterator<Item = &Proposal> {
        self.case.proposals.iter().rev().filter(|one| one.decided.is_some())
    }

    pub fn outcomes(&self) -> &'static [Outcome] {
        &Outcome::ALL
    }

    /// What the law requires, by what it is required for: a key and its list.
    pub fn required(&self) -> [(&'static str, &Readiness); 2] {
        [
            ("case_before_restriction", &self.before_restriction),
            ("case_before_termination", &self.before_termination),
        ]
    }

    pub fn is_open(&self) -> bool {
        self.case.task.done.is_none()
    }
}

/// `GET /cases/{id}`.
pub async fn show(visit: Visit) -> Answer {
    let done = visit.asked.get("done");
    let says = DONE.contains(&done).then(|| {
        let frame = visit.frame("case", "cases");
        (frame.word("case_done", done), true)
    });
    page(&visit, &visit.named, StatusCode::OK, Tried::default(), says).await
}

/// What the page may be told was done just now.
const DONE: [&str; 6] = ["proposed", "decided", "approved", "refused", "withdrawn", "assigned"];

async fn page(
    visit: &Visit,
    id: &str,
    status: StatusCode,
    tried: Tried,
    says: Option<(String, bool)>,
) -> Answer {
    let case = visit.case(id).await?;
    let told = visit.told(&(case.facts.bucket, case.facts.account.clone())).await?;
    let rules = visit.rules(told.serving.as_ref());
    let today = case.facts.today(visit.now);
    let required = |outcome| readiness(outcome, &case.facts, &rules.law, today);
    let panel = Panel {
        before_restriction: required(Outcome::Restrict),
        before_termination: required(Outcome::Terminate),
        tried,
        says,
        case,
    };
    let frame = visit.frame("case", "cases");
    Ok(frame::page(status, &AccountPage::new(frame, &told, false).of_case(panel)))
}

impl Visit {
    async fn case(&self, id: &str) -> Result<ReviewCase, Broken> {
        self.console().store.desk().case_of(id).await?.ok_or(Broken::Missing)
    }

    /// What decisions go by: the law of this scenario.
    fn rules(&self, serving: Option<&Versioned>) -> Rules {
        self.console().rules.book.rules(serving.map(|one| one.scenario.name.as_str()))
    }

    /// What decisions about a case go by.
    async fn rules_of(&self, case: &ReviewCase) -> Result<Rules, Broken> {
        let console = self.console();
        let key = (case.facts.bucket, case.facts.account.clone());
        let facts = console.store.facts(&[key], case.facts.today(self.now)).await?.pop();
        let serving = facts.and_then(|facts| console.rules.scenarios.deciding(&facts));
        Ok(self.rules(serving.as_ref()))
    }
}

/// `POST /cases/{id}/propose`.
pub async fn propose(visit: Visit) -> Answer {
    let form = &visit.form;
    let field = |name: &str| form.get(name).to_owned();
    let tried = Tried {
        outcome: field("outcome"),
        reason: field("reason"),
        note: field("note"),
        count: field("count"),
        first_on: field("first_on"),
    };
    let Some(outcome) = Outcome::parse(&tried.outcome) else {
        let says = visit.frame("case", "cases").say("case_which_outcome");
        return page(
            &visit,
            &visit.named,
            StatusCode::UNPROCESSABLE_ENTITY,
            tried,
            Some((says, false)),
        )
        .await;
    };
    let count = tried.count.parse().ok().filter(|_| outcome == Outcome::Arrangement);
    let instalments = count
        .zip(tried.first_on.parse().ok())
        .map(|(count, first_on)| Instalments { count, first_on });
    let wanted =
        Wanted { outcome, instalments, reason: tried.reason.clone(), note: tried.note.clone() };
    let case = visit.case(&visit.named).await?;
    let rules = visit.rules_of(&case).await?;
    let desk = visit.console().store.desk();
    match desk.propose(&case.task.id, &wanted, &rules, &visit.doer()).await {
        Ok(decided) => {
            let done = if decided.effects.is_some() { "decided" } else { "proposed" };
            Ok(visit.see(&format!("/cases/{}?done={done}", case.task.id)))
        }
        Err(error) => visit.refused(&case.task.id, error, tried).await,
    }
}

/// `POST /proposals/{id}/approve`.
pub async fn approve(visit: Visit) -> Answer {
    let desk = visit.console().store.desk();
    let proposal = desk.proposal(&visit.named).await?.ok_or(Broken::Missing)?;
    let case = visit.case(&proposal.task).await?;
    let rules = visit.rules_of(&case).await?;
    let note = visit.form.get("note");
    match desk.approve(&visit.named, note, &rules, &visit.doer()).await {
        Ok(_) => Ok(visit.see(&format!("/cases/{}?done=approved", case.task.id))),
        Err(error) => visit.refused(&case.task.id, error, Tried::default()).await,
    }
}

/// `POST /proposals/{id}/refuse`.
pub async fn refuse(visit: Visit) -> Answer {
    let desk = visit.console().store.desk();
    let proposal = desk.proposal(&visit.named).await?.ok_or(Broken::Missing)?;
    match desk.refuse(&visit.named, visit.form.get("note"), &visit.doer()).await {
        Ok(_) => Ok(visit.see(&format!("/cases/{}?done=refused", proposal.task))),
        Err(error) => visit.refused(&proposal.task, error, Tried::default()).await,
    }
}

/// `POST /proposals/{id}/withdraw`.
pub async fn withdraw(visit: Visit) -> Answer {
    let desk = visit.console().store.desk();
    let proposal = desk.proposal(&visit.named).await?.ok_or(Broken::Missing)?;
    match desk.withdraw(&visit.named, visit.form.get("note"), &visit.doer()).await {
        Ok(_) => Ok(visit.see(&format!("/cases/{}?done=withdrawn", proposal.task))),
        Err(error) => visit.refused(&proposal.task, error, Tried::default()).await,
    }
}

/// `POST /cases/{id}/assign`.
pub async fn assign(visit: Visit) -> Answer {
    let desk = visit.console().store.desk();
    match desk.assign(&visit.named, visit.form.get("to"), &visit.doer()).await {
        Ok(()) => Ok(visit.see(&format!("/cases/{}?done=assigned", visit.named))),
        Err(error) => visit.refused(&visit.named, error, Tried::default()).await,
    }
}

impl Visit {
    /// The case's page with the reason why not, for those who may know it.
    async fn refused(&self, case: &str, error: CaseError, tried: Tried) -> Answer {
        let refusal = match error {
            CaseError::Refused(refusal) => refusal,
            CaseError::Store(error) => return Err(error.into()),
        };
        let says = in_words(&self.frame("case", "cases"), &refusal);
        page(self, case, StatusCode::CONFLICT, tried, Some((says, false))).await
    }
}

fn in_words(frame: &Frame<'_>, refusal: &Refusal) -> String {
    match refusal {
        Refusal::Pending { by, .. } => frame.say_with("refused_pending", "name", by),
        Refusal::SamePerson(_) => frame.say("refused_same"),
        Refusal::NotYours(by) => frame.say_with("refused_not_yours", "name", by),
        Refusal::Expired(at) => frame.say_with("refused_expired", "time", frame.moment(at)),
        Refusal::Changed(what) => frame.say_with("refused_changed", "what", what),
        Refusal::NotReady(what) => frame.say_with("refused_not_ready", "what", what),
        Refusal::Unfit(what) => what.clone(),
        Refusal::NoCase | Refusal::NoProposal => frame.say("refused_gone"),
    }
}

impl AccountPage<'_> {
    pub fn may_propose(&self) -> bool {
        self.frame.may(Permit::Propose)
    }

    pub fn may_approve(&self) -> bool {
        self.frame.may(Permit::Approve)
    }

    pub fn is_own(&self, proposal: &Proposal) -> bool {
        let name = self.frame.visitor.map_or("", |visitor| &visitor.name);
        crate::review::four_eyes::is_same_person(name, &proposal.proposed_by)
    }
}
