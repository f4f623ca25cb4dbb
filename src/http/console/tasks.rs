//! What people are to do besides reviews: calls, letters, wrong addresses.

use askama::Template;
use axum::http::StatusCode;

use crate::model::Task;
use crate::model::cause::SetClass;
use crate::model::staff::Permit;
use crate::model::task::Done;
use crate::store::Ended;

use super::frame::{self, Frame};
use super::visit::Visit;
use super::visitor::{Answer, Broken};

const PAGE: u32 = 100;
const OUTCOME_MAX: usize = 500;

#[derive(Template)]
#[template(path = "tasks.html")]
struct TasksPage<'a> {
    frame: Frame<'a>,
    tasks: Vec<Task>,
    says: Option<(String, bool)>,
}

/// `GET /tasks`: those promised first first.
pub async fn list(visit: Visit) -> Answer {
    page(&visit, StatusCode::OK, None).await
}

async fn page(visit: &Visit, status: StatusCode, says: Option<(String, bool)>) -> Answer {
    let tasks = visit.console().store.desk().tasks_to_do(PAGE).await?;
    let page = TasksPage { frame: visit.frame("tasks", "tasks"), tasks, says };
    Ok(frame::page(status, &page))
}

/// `POST /tasks/{id}/done`.
pub async fn done(visit: Visit) -> Answer {
    let outcome: String = visit.form.get("outcome").chars().take(OUTCOME_MAX).collect();
    if outcome.is_empty() {
        let says = visit.frame("tasks", "tasks").say("task_outcome_missing");
        return page(&visit, StatusCode::UNPROCESSABLE_ENTITY, Some((says, false))).await;
    }
    let satisfied = match visit.form.get("satisfied") {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    };
    let (console, by) = (visit.console(), visit.visitor.name.clone());
    let rests =
        SetClass::after_care(&by, &outcome, visit.today(), console.rules.limits.care_rest_days);
    let ended = Ended { done: Done { at: visit.now, by, outcome, satisfied }, rests: &rests };
    match console.store.desk().end_task(&visit.named, &ended, &visit.doer()).await? {
        Some(_) => Ok(visit.see("/tasks")),
        None => Err(Broken::Missing),
    }
}

impl TasksPage<'_> {
    fn may_work(&self) -> bool {
        self.frame.may(Permit::Work)
    }

    fn is_overdue(&self, task: &Task) -> bool {
        task.is_overdue(self.frame.now())
    }
}
