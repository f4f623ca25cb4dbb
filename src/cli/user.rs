//! `duebell user`: who may sign in to the console.
//!
//! Whoever may run commands on an installation may do all of this: the first
//! admin comes from here, and one who lost every way in comes back from here.

use anyhow::{Context, ensure};
use clap::Subcommand;
use serde::Serialize;

use crate::app;
use crate::http::console::people::{password::Hasher, start};
use crate::model::staff::{self, Role, Roles};
use crate::store::{Person, SqlStore, Start};
use crate::telemetry;

use super::context::{By, Options, now};
use super::output::print_line;

#[derive(Debug, Subcommand)]
pub enum User {
    /// Let somebody in: prints a start password, once
    Add {
        name: String,
        /// May be given several times
        #[arg(long = "role", value_name = "ROLE", required = true)]
        roles: Vec<Role>,
        #[command(flatten)]
        by: By,
    },
    /// List everybody
    List {
        #[arg(long)]
        json: bool,
    },
    /// Give somebody these roles in the place of those they have
    Roles {
        name: String,
        #[arg(long = "role", value_name = "ROLE", required = true)]
        roles: Vec<Role>,
        #[command(flatten)]
        by: By,
    },
    /// Let somebody in no more, and end their sessions
    Disable {
        name: String,
        #[command(flatten)]
        by: By,
    },
    /// Let somebody in again
    Enable {
        name: String,
        #[command(flatten)]
        by: By,
    },
    /// Give a new start password, take the second step away, and end all sessions
    Reset {
        name: String,
        #[command(flatten)]
        by: By,
    },
}

/// Somebody as people see them.
#[derive(Debug, Serialize)]
struct UserLine {
    name: String,
    roles: Roles,
    state: &'static str,
    has_second_factor: bool,
    added_at: jiff::Timestamp,
}

pub async fn run(options: &Options, command: User) -> anyhow::Result<()> {
    let settings = options.load()?.settings;
    telemetry::start_for_commands();
    let store = app::open_store(&settings.store).await?;
    let (people, now) = (store.people(), now());
    match command {
        User::Add { name, roles, by } => {
            let (name, roles) = (named(&name)?, Roles(roles.into_iter().collect()));
            let (password, until) = start(now);
            let kept = Hasher::default().hash(password.clone()).await;
            let start = Start { password: &kept, until };
            let is_new = people.add(&name, &roles, start, &by.doer(now)?).await?;
            ensure!(is_new, "{name} is there already; `duebell user roles` gives other roles");
            print_line(&format!("{name}: added as {roles}"))?;
            print_start(&password, until)
        }
        User::List { json } => list(&store, json).await,
        User::Roles { name, roles, by } => {
            let (name, roles) = (named(&name)?, Roles(roles.into_iter().collect()));
            known(&name, people.set_roles(&name, &roles, &by.doer(now)?).await?)?;
            print_line(&format!("{name}: {roles} from now on"))
        }
        User::Disable { name, by } => {
            let name = named(&name)?;
            known(&name, people.find(&name).await?.is_some())?;
            people.let_in(&name, false, &by.doer(now)?).await?;
            print_line(&format!("{name}: disabled, and signed out everywhere"))
        }
        User::Enable { name, by } => {
            let name = named(&name)?;
            known(&name, people.find(&name).await?.is_some())?;
            people.let_in(&name, true, &by.doer(now)?).await?;
            print_line(&format!("{name}: may sign in again"))
        }
        User::Reset { name, by } => {
            let name = named(&name)?;
            let (password, until) = start(now);
            let kept = Hasher::default().hash(password.clone()).await;
            known(
                &name,
                people.reset(&name, Start { password: &kept, until }, &by.doer(now)?).await?,
            )?;
            print_line(&format!("{name}: reset, and signed out everywhere"))?;
            print_start(&password, until)
        }
    }
}

fn named(name: &str) -> anyhow::Result<String> {
    let what = "is no name; use letters, digits and . - _ @ between them, 64 at most";
    staff::name(name).with_context(|| format!("{name:?} {what}"))
}

fn known(name: &str, is_known: bool) -> anyhow::Result<()> {
    ensure!(is_known, "there is no {name}; `duebell user list` shows who there is");
    Ok(())
}

/// The one time that a start password is seen.
fn print_start(password: &str, until: jiff::Timestamp) -> anyhow::Result<()> {
    let until = until.strftime("%Y-%m-%d %H:%MZ");
    print_line(&format!("start password, shown this once, good until {until}:"))?;
    print_line(&format!("  {password}"))
}

async fn list(store: &SqlStore, json: bool) -> anyhow::Result<()> {
    let lines: Vec<UserLine> = store.people().all().await?.into_iter().map(line).collect();
    if json {
        return print_line(&serde_json::to_string_pretty(&lines)?);
    }
    for UserLine { name, roles, state, .. } in &lines {
        print_line(&format!("{name}  {roles}  {state}"))?;
    }
    if lines.is_empty() {
        print_line("nobody; `duebell user add NAME --role admin` lets the first person in")?;
    }
    Ok(())
}

fn line(person: Person) -> UserLine {
    let state = match &person {
        Person { disabled_at: Some(_), .. } => "disabled",
        Person { start_until: Some(_), .. } => "has a start password",
        Person { secret: None, .. } => "has no second step yet",
        _ => "active",
    };
    UserLine {
        has_second_factor: person.secret.is_some(),
        name: person.name,
        roles: person.roles,
        state,
        added_at: person.added_at,
    }
}
