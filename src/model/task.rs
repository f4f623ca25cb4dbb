//! Tasks: what people of the operator's are to do about an account, because a
//! rule says so and a machine must not.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{AccountId, Bucket, Money, Tier};

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// Somebody of care calls back; until that is done, nothing is demanded.
    CareCall,
    /// Somebody calls a key account in person.
    KeyCall,
    /// Somebody looks at the case with its evidence.
    Review,
    /// No address is good any more.
    ContactData,
    /// Somebody offers an arrangement to whoever cannot pay.
    Arrangement,
    /// Somebody of care looks at an account that the watch list names, before
    /// anything is overdue.
    Concern,
    /// Somebody offers a way back, once, and asks why the account left.
    WinBack,
}

impl TaskKind {
    pub const ALL: [TaskKind; 7] = [
        TaskKind::CareCall,
        TaskKind::KeyCall,
        TaskKind::Review,
        TaskKind::ContactData,
        TaskKind::Arrangement,
        TaskKind::Concern,
        TaskKind::WinBack,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            TaskKind::CareCall => "care_call",
            TaskKind::KeyCall => "key_call",
            TaskKind::Review => "review",
            TaskKind::ContactData => "contact_data",
            TaskKind::Arrangement => "arrangement",
            TaskKind::Concern => "concern",
            TaskKind::WinBack => "win_back",
        }
    }

    pub fn parse(text: &str) -> Option<TaskKind> {
        TaskKind::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

impl fmt::Display for TaskKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One task. Of an account and kind, one at most is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Task {
    #[serde(skip)]
    pub bucket: Bucket,
    pub id: String,
    pub account: AccountId,
    pub kind: TaskKind,
    /// Why, in words.
    pub reason: String,
    pub opened_at: Timestamp,
    /// Promised to be done by then; `None` where nobody waits for it.
    pub due_at: Option<Timestamp>,
    /// Of a review: what was overdue when the account was looked at last, in
    /// the currency in which it owes most.
    pub arrears: Option<Money>,
    /// Likewise.
    pub tier: Option<Tier>,
    pub assigned: Option<Assigned>,
    pub done: Option<Done>,
}

/// Whose a task is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Assigned {
    pub to: String,
    pub at: Timestamp,
}

/// How a task ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Done {
    pub at: Timestamp,
    pub by: String,
    pub outcome: String,
    /// What the subscriber said when asked; `None`: nobody asked.
    pub satisfied: Option<bool>,
}

impl Task {
    /// A task that is opened now.
    pub fn open(
        (bucket, account): (Bucket, AccountId),
        kind: TaskKind,
        reason: String,
        opened_at: Timestamp,
        due_at: Option<Timestamp>,
    ) -> Task {
        let named = format!("{account}/{kind}/{opened_at}");
        let id = Sha256::digest(named)[..10].iter().map(|byte| format!("{byte:02x}")).collect();
        Task {
            bucket,
            id,
            account,
            kind,
            reason,
            opened_at,
            due_at,
            arrears: None,
            tier: None,
            assigned: None,
            done: None,
        }
    }

    /// Promised for a time that is over, and not done.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.done.is_none() && self.due_at.is_some_and(|due_at| due_at < now)
    }
}
