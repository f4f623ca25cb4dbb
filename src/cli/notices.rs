//! `duebell notices`: what statutory notices an account was given, word for
//! word, and what came of each.

use crate::model::AccountId;
use crate::store::NoticeLine;

use super::context::{Options, desk};
use super::output::print_line;
use super::story::bucket;

pub async fn list(options: &Options, account: &str, json: bool) -> anyhow::Result<()> {
    let desk = desk(options).await?;
    let account = AccountId::from(account);
    bucket(&desk, &account).await?;
    let lines = desk.store.desk().notices(&account).await?;
    if json {
        return print_line(&serde_json::to_string_pretty(&lines)?);
    }
    for line in &lines {
        print(line)?;
    }
    if lines.is_empty() {
        print_line("no statutory notice was given")?;
    }
    Ok(())
}

fn print(line: &NoticeLine) -> anyhow::Result<()> {
    let items: Vec<String> =
        line.items.iter().map(|(bill, step)| format!("{step} of {bill}")).collect();
    print_line(&format!(
        "{} by {} through {}, attempt {}.{}",
        line.submitted_at.strftime("%Y-%m-%d %H:%M:%SZ"),
        line.channel,
        line.provider,
        line.reminder,
        line.attempt
    ))?;
    print_line(&format!("  about    {}", items.join(", ")))?;
    if let Some(address) = &line.address {
        print_line(&format!("  to       {address}"))?;
    }
    if let Some(reference) = &line.provider_ref {
        print_line(&format!("  their    {reference}"))?;
    }
    for (state, at) in &line.followed {
        let state = state.replace('_', " ");
        print_line(&format!("  {state:<8} {}", at.strftime("%Y-%m-%d %H:%M:%SZ")))?;
    }
    print_line(&format!(
        "  template {} in {}, version {}",
        line.template, line.language, line.template_version
    ))?;
    let subject = line.subject.iter().map(|subject| format!("Subject: {subject}\n\n"));
    let said: String = subject.chain([line.body.clone()]).collect();
    said.trim_end().lines().try_for_each(|line| {
        let line = line.replace(char::is_control, " ");
        print_line(&format!("  | {line}"))
    })?;
    print_line("")
}
