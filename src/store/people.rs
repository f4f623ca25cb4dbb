//! The operator's people, where they are signed in, and tries to sign in.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::model::audit::{Act, Doer};
use crate::model::staff::{Roles, Tries};

use super::audit;
use super::engine::{Arg, Tx};
use super::row::Row;
use super::statements::sql;
use super::{SqlStore, StoreError};

/// Somebody who may sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// In small letters: the name that stands in every record of what was done.
    pub name: String,
    pub roles: Roles,
    /// Argon2id, as a PHC string.
    pub password: String,
    /// Set while the password is one that somebody else has seen: until when it
    /// lets its person in, to choose another.
    pub start_until: Option<Timestamp>,
    /// Of the second factor, in base32, once it is set up.
    pub secret: Option<String>,
    /// The last step of time whose code was taken.
    pub last_step: i64,
    /// SHA-256 of the recovery codes that are left.
    pub recovery: Vec<String>,
    pub language: Option<String>,
    pub added_at: Timestamp,
    pub disabled_at: Option<Timestamp>,
}

/// Where somebody is signed in, or about to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the token, which the browser alone has.
    pub id: String,
    /// Whether the second factor was shown as well.
    pub is_whole: bool,
    pub made_at: Timestamp,
    pub seen_at: Timestamp,
    /// When who they are was last shown.
    pub shown_at: Timestamp,
    pub expires_at: Timestamp,
}

/// A session to begin.
#[derive(Debug, Clone, Copy)]
pub struct NewSession<'a> {
    pub id: &'a str,
    pub person: &'a str,
    pub is_whole: bool,
    pub made_at: Timestamp,
    pub expires_at: Timestamp,
}

/// A password that somebody else has seen, and until when it is good.
#[derive(Debug, Clone, Copy)]
pub struct Start<'a> {
    pub password: &'a str,
    pub until: Timestamp,
}

/// How long tries to sign in are remembered at all.
const TRIES_KEPT: SignedDuration = SignedDuration::from_hours(24);

/// What the console and `duebell user` ask of the store. All of it is about a
/// few hundred rows at most.
pub struct People<'a> {
    store: &'a SqlStore,
}

impl SqlStore {
    pub fn people(&self) -> People<'_> {
        People { store: self }
    }
}

impl People<'_> {
    pub async fn find(&self, name: &str) -> Result<Option<Person>, StoreError> {
        let rows = self.store.engine.rows(sql::find_person, &[Arg::Text(name)]).await?;
        rows.first().map(person).transpose()
    }

    /// Everybody, by name.
    pub async fn all(&self) -> Result<Vec<Person>, StoreError> {
        let rows = self.store.engine.rows(sql::list_people, &[]).await?;
        rows.iter().map(person).collect()
    }

    /// Adds somebody; `false` where the name is taken.
    pub async fn add(
        &self,
        name: &str,
        roles: &Roles,
        start: Start<'_>,
        doer: &Doer,
    ) -> Result<bool, StoreError> {
        let roles = roles.to_string();
        let args = [
            Arg::Text(name),
            Arg::Text(&roles),
            Arg::Text(start.password),
            micros(start.until),
            micros(doer.at),
        ];
        let mut tx = self.store.engine.begin().await?;
        let is_new = tx.run(sql::put_person, &args).await? > 0;
        let deed = doer.deed(Act::PersonAdded, name.to_owned(), json!({"roles": roles}));
        if is_new { audit::commit(tx, &[deed]).await.map(|()| true) } else { Ok(false) }
    }

    pub async fn set_roles(
        &self,
        name: &str,
        roles: &Roles,
        doer: &Doer,
    ) -> Result<bool, StoreError> {
        let roles = roles.to_string();
        let mut tx = self.store.engine.begin().await?;
        let is_known = tx.run(sql::set_roles, &[Arg::Text(name), Arg::Text(&roles)]).await? > 0;
        let details = json!({"change": "roles", "roles": roles});
        changed(tx, is_known, name, details, doer).await
    }

    pub async fn set_language(&self, name: &str, language: &str) -> Result<(), StoreError> {
        let args = [Arg::Text(name), Arg::Text(language)];
        self.store.engine.run(sql::set_language, &args).await.map(drop)
    }

    /// A password of their own. Whoever is signed in elsewhere is so no more.
    pub async fn set_password(
        &self,
        name: &str,
        password: &str,
        here: &str,
        doer: &Doer,
    ) -> Result<(), StoreError> {
        let mut tx = self.store.engine.begin().await?;
        tx.run(sql::set_password, &[Arg::Text(name), Arg::Text(password)]).await?;
        tx.run(sql::end_sessions, &[Arg::Text(name), Arg::Text(here)]).await?;
        changed(tx, true, name, json!({"change": "password"}), doer).await.map(drop)
    }

    /// The same password, kept in another way.
    pub async fn rehash(&self, name: &str, was: &str, is: &str) -> Result<(), StoreError> {
        let args = [Arg::Text(name), Arg::Text(was), Arg::Text(is)];
        self.store.engine.run(sql::rehash_password, &args).await.map(drop)
    }

    /// A start password, and no second factor; every session ends.
    pub async fn reset(
        &self,
        name: &str,
        start: Start<'_>,
        doer: &Doer,
    ) -> Result<bool, StoreError> {
        let mut tx = self.store.engine.begin().await?;
        let args = [Arg::Text(name), Arg::Text(start.password), micros(start.until)];
        let is_known = tx.run(sql::reset_person, &args).await? > 0;
        tx.run(sql::end_sessions, &[Arg::Text(name), Arg::Text("")]).await?;
        changed(tx, is_known, name, json!({"change": "reset"}), doer).await
    }

    /// From now on they are let in, or not; `false` where there is nobody of
    /// whom that is news. Every session ends.
    pub async fn let_in(&self, name: &str, is_in: bool, doer: &Doer) -> Result<bool, StoreError> {
        let mut tx = self.store.engine.begin().await?;
        let at = if is_in { Arg::Int(-1) } else { micros(doer.at) };
        let is_news = tx.run(sql::disable_person, &[Arg::Text(name), at]).await? > 0;
        tx.run(sql::end_sessions, &[Arg::Text(name), Arg::Text("")]).await?;
        let change = if is_in { "enabled" } else { "disabled" };
        changed(tx, is_news, name, json!({"change": change}), doer).await
    }

    /// A second factor, `step` of which was shown, and recovery codes.
    pub async fn set_factor(
        &self,
        name: &str,
        secret: &str,
        step: i64,
        recovery: &[String],
        doer: &Doer,
    ) -> Result<(), StoreError> {
        let recovery = recovery.join(" ");
        let args = [Arg::Text(name), Arg::Text(secret), Arg::Int(step), Arg::Text(&recovery)];
        let mut tx = self.store.engine.begin().await?;
        let is_known = tx.run(sql::set_factor, &args).await? > 0;
        changed(tx, is_known, name, json!({"change": "second_factor"}), doer).await.map(drop)
    }

    /// Takes the code of a step; `false` where that step, or a later one, was
    /// taken before. Of two who come with one code, one is let in.
    pub async fn use_step(&self, name: &str, step: i64) -> Result<bool, StoreError> {
        Ok(self.store.engine.run(sql::use_step, &[Arg::Text(name), Arg::Int(step)]).await? > 0)
    }

    /// Leaves them other recovery codes, where they still have these.
    pub async fn set_recovery(
        &self,
        was: &Person,
        left: &[String],
        doer: &Doer,
    ) -> Result<bool, StoreError> {
        let (had, codes) = (was.recovery.join(" "), left.join(" "));
        let args = [Arg::Text(&was.name), Arg::Text(&had), Arg::Text(&codes)];
        let mut tx = self.store.engine.begin().await?;
        let is_done = tx.run(sql::set_recovery, &args).await? > 0;
        let details = json!({"change": "recovery_codes", "left": left.len()});
        changed(tx, is_done, &was.name, details, doer).await
    }

    /// Begins a session in the place of another, where there is one, and forgets
    /// those that are over. Whoever has shown all that is asked signs in by it.
    pub async fn begin_session(
        &self,
        new: NewSession<'_>,
        instead_of: Option<&str>,
        signs_in: Option<&Doer>,
    ) -> Result<(), StoreError> {
        let mut tx = self.store.engine.begin().await?;
        if let Some(id) = instead_of {
            tx.run(sql::end_session, &[Arg::Text(new.person), Arg::Text(id)]).await?;
        }
        tx.run(sql::forget_sessions, &[micros(new.made_at)]).await?;
        let args = [
            Arg::Text(new.id),
            Arg::Text(new.person),
            Arg::Int(i64::from(new.is_whole)),
            micros(new.made_at),
            micros(new.expires_at),
        ];
        tx.run(sql::put_session, &args).await?;
        match signs_in {
            Some(doer) => {
                let deed = doer.deed(Act::SignedIn, new.person.to_owned(), json!({}));
                audit::commit(tx, &[deed]).await
            }
            None => tx.commit().await,
        }
    }

    /// A session and its person as they are at this moment.
    pub async fn session(&self, id: &str) -> Result<Option<(Session, Person)>, StoreError> {
        let rows = self.store.engine.rows(sql::load_session, &[Arg::Text(id)]).await?;
        rows.first().map(|row| Ok((session(row)?, person(row)?))).transpose()
    }

    /// Where somebody is signed in, the last seen first.
    pub async fn sessions(&self, name: &str) -> Result<Vec<Session>, StoreError> {
        let rows = self.store.engine.rows(sql::list_sessions, &[Arg::Text(name)]).await?;
        rows.iter().map(session).collect()
    }

    pub async fn see(&self, id: &str, now: Timestamp) -> Result<(), StoreError> {
        self.store.engine.run(sql::see_session, &[Arg::Text(id), micros(now)]).await.map(drop)
    }

    /// Who they are was shown again.
    pub async fn show(&self, id: &str, now: Timestamp) -> Result<(), StoreError> {
        self.store.engine.run(sql::show_session, &[Arg::Text(id), micros(now)]).await.map(drop)
    }

    /// Signs somebody out of one session; `false` where it is none of theirs.
    pub async fn end_session(&self, name: &str, id: &str, doer: &Doer) -> Result<bool, StoreError> {
        let mut tx = self.store.engine.begin().await?;
        let is_theirs = tx.run(sql::end_session, &[Arg::Text(name), Arg::Text(id)]).await? > 0;
        let deed = doer.deed(Act::SignedOut, name.to_owned(), json!({}));
        if is_theirs { audit::commit(tx, &[deed]).await.map(|()| true) } else { Ok(false) }
    }

    /// Signs somebody out everywhere.
    pub async fn end_sessions(&self, name: &str, doer: &Doer) -> Result<bool, StoreError> {
        let mut tx = self.store.engine.begin().await?;
        let ended = tx.run(sql::end_sessions, &[Arg::Text(name), Arg::Text("")]).await?;
        let details = json!({"change": "signed_out", "sessions": ended});
        changed(tx, ended > 0, name, details, doer).await
    }

    /// Writes a try down as a failure, before it is known to be one, under each
    /// subject with as many free tries; of several at once, none is missed.
    /// Where one of them has to wait, nothing is written, and the moment from
    /// which it need not is returned.
    pub async fn try_sign_in(
        &self,
        subjects: &[(String, u32)],
        now: Timestamp,
    ) -> Result<Result<(), Timestamp>, StoreError> {
        let mut subjects = subjects.to_vec();
        // In one order, so that no two wait for each other.
        subjects.sort_unstable();
        let mut tx = self.store.engine.begin().await?;
        for (subject, free) in &subjects {
            let before = take_try(&mut tx, subject, now).await?;
            match before.again(*free, now) {
                Ok(Tries { failures, last_at }) => {
                    let failures = Arg::Int(i64::from(failures));
                    tx.run(sql::put_try, &[Arg::Text(subject), failures, micros(last_at)]).await?;
                }
                Err(until) => return Ok(Err(until)),
            }
        }
        tx.run(sql::forget_tries, &[micros(now - TRIES_KEPT)]).await?;
        tx.commit().await?;
        Ok(Ok(()))
    }

    /// The tries of these subjects were good.
    pub async fn forget_tries(&self, subjects: &[String]) -> Result<(), StoreError> {
        let mut tx = self.store.engine.begin().await?;
        for subject in subjects {
            tx.run(sql::drop_try, &[Arg::Text(subject)]).await?;
        }
        tx.commit().await
    }
}

/// Ends a transaction in which a person was changed, if they were; whether.
async fn changed(
    tx: Tx,
    is_changed: bool,
    name: &str,
    details: Value,
    doer: &Doer,
) -> Result<bool, StoreError> {
    match is_changed {
        true => {
            let deed = doer.deed(Act::PersonChanged, name.to_owned(), details);
            audit::commit(tx, &[deed]).await.map(|()| true)
        }
        false => tx.commit().await.map(|()| false),
    }
}

async fn take_try(tx: &mut Tx, subject: &str, now: Timestamp) -> Result<Tries, StoreError> {
    let rows = tx.rows(sql::take_try, &[Arg::Text(subject), micros(now)]).await?;
    let row = rows.first().ok_or(StoreError::Corrupt { column: "subject" })?;
    let failures = u32::try_from(row.int("failures")?);
    Ok(Tries { failures: failures.unwrap_or(u32::MAX), last_at: row.instant("last_at")? })
}

fn micros<'a>(at: Timestamp) -> Arg<'a> {
    Arg::Int(at.as_microsecond())
}

fn person(row: &Row) -> Result<Person, StoreError> {
    let roles = Roles::parse(&row.text("roles")?);
    Ok(Person {
        name: row.text("person")?,
        roles: roles.ok_or(StoreError::Corrupt { column: "roles" })?,
        password: row.text("password")?,
        start_until: row.opt_instant("start_until")?,
        secret: row.opt_text("secret")?,
        last_step: row.int("last_step")?,
        recovery: row.text("recovery")?.split_whitespace().map(str::to_owned).collect(),
        language: row.opt_text("language")?,
        added_at: row.instant("added_at")?,
        disabled_at: row.opt_instant("disabled_at")?,
    })
}

fn session(row: &Row) -> Result<Session, StoreError> {
    Ok(Session {
        id: row.text("session")?,
        is_whole: row.int("is_whole")? == 1,
        made_at: row.instant("made_at")?,
        seen_at: row.instant("seen_at")?,
        shown_at: row.instant("shown_at")?,
        expires_at: row.instant("expires_at")?,
    })
}
