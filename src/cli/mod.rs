//! The command line: one file per command.
//!
//! May use: everything.

mod advice;
mod audit;
mod cases;
mod check;
mod churn;
mod classes;
mod classify;
mod consent;
mod context;
mod demo;
mod experiment;
mod holds;
mod import;
mod lint;
mod message;
mod notices;
mod output;
mod plan;
mod replay;
mod replies;
mod run;
mod score;
mod source;
mod status;
mod story;
mod switches;
mod sync;
mod tasks;
mod user;
mod watch;
mod wishes;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use jiff::civil::Date;

use self::context::Options;

/// Reminds telecom subscribers of due bills before they are cut off by
/// mistake, and explains every decision. A new installation observes: it
/// sends nothing until `duebell live`.
#[derive(Debug, Parser)]
#[command(name = "duebell", version, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show it all at work on a made-up operator; contacts nobody, needs nothing
    Demo(demo::Demo),
    /// Run the daemon
    Run,
    /// Check settings, scenarios and messages, and print what is in force
    Check {
        #[arg(long)]
        json: bool,
    },
    /// Look at the billing database as Duebell understands it
    Source {
        #[command(subcommand)]
        command: SourceCommand,
    },
    /// Read every feed once into the ledger, and nothing else
    Sync {
        #[arg(long)]
        json: bool,
    },
    /// Load CSV files into a billing database of Duebell's own
    Import(import::Import),
    /// Show what would be sent on a day, and why not, sending nothing
    Plan {
        /// The civil date, each account in its own time zone
        #[arg(long, value_name = "DATE")]
        on: Date,
        /// Only this account
        #[arg(long, value_name = "ACCOUNT")]
        account: Option<String>,
        #[arg(long)]
        json: bool,
    },
    /// Tell an account's story, and what comes next and why
    Explain {
        account: String,
        #[arg(long)]
        json: bool,
    },
    /// Show where the installation stands
    Status {
        #[arg(long)]
        json: bool,
    },
    /// List rows of the billing database that were set aside
    Rejects {
        /// At most so many
        #[arg(long, default_value_t = 1_000)]
        limit: u32,
        #[arg(long)]
        json: bool,
    },
    /// List what subscribers said that waits for somebody to read it
    Replies {
        #[command(subcommand)]
        command: Option<RepliesCommand>,
        /// At most so many
        #[arg(long, default_value_t = 100)]
        limit: u32,
        #[arg(long)]
        json: bool,
    },
    /// Show messages as they would read, what they cost, and what is wrong with them
    Message {
        #[command(subcommand)]
        command: MessageCommand,
    },
    /// List what holds accounts back that the billing system does not know of, and change it
    Holds {
        #[command(subcommand)]
        command: Option<HoldsCommand>,
        /// At most so many
        #[arg(long, default_value_t = 100)]
        limit: u32,
        #[arg(long)]
        json: bool,
    },
    /// Show why an account does not pay, and set it by hand
    Classes {
        #[command(subcommand)]
        command: classes::Classes,
    },
    /// List what people are to do, those that were promised first, and say what is done
    Tasks(tasks::Tasks),
    /// List the accounts that people are to review, those with the most arrears first, and decide
    Cases(cases::Cases),
    /// What the billing system is advised to do, and has not taken
    Advice {
        #[command(subcommand)]
        command: advice::Advice,
    },
    /// List whom early warning names before anything is overdue
    Watch(watch::Watch),
    /// Who left or was barred, why, and who came back
    Churn {
        #[command(subcommand)]
        command: churn::Churn,
    },
    /// Show the statutory notices that an account was given, word for word
    Notices {
        account: String,
        #[arg(long)]
        json: bool,
    },
    /// How a subscriber wants to be reached: language, channel, hours
    Wishes {
        #[command(subcommand)]
        command: WishesCommand,
    },
    /// What subscribers agreed to and refused, with proof; add to it by hand or from a file
    Consent {
        #[command(subcommand)]
        command: consent::Command,
    },
    /// Who may sign in to the console, and with which roles
    User {
        #[command(subcommand)]
        command: user::User,
    },
    /// Let a scenario, or all, send from now on
    Live(switches::Which),
    /// Let a scenario, or all, plan and record, and send nothing
    Observe(switches::Which),
    /// Stop sending until `resume`: all of it, or a part
    Halt(switches::Part),
    /// Let go on what `halt` stopped
    Resume(switches::Part),
    /// Let go on what the brake stopped, and say what it was
    Release(switches::Release),
    /// Show what people did, and whether the record of it is whole
    Audit {
        #[command(subcommand)]
        command: audit::Audit,
    },
    /// Run a real history in virtual time and write what would have been sent
    Replay(replay::Replay),
    /// Measure the rules of the debt class where causes are known
    Classify(classify::Classify),
    /// Fit a scorecard to past rows, explain a score, see how it errs with groups
    Score {
        #[command(subcommand)]
        command: score::Score,
    },
    /// Find out whether reminding works, against accounts that hear nothing by lot
    Experiment {
        #[command(subcommand)]
        command: experiment::Experiment,
    },
}

#[derive(Debug, Subcommand)]
enum RepliesCommand {
    /// Say that somebody has seen to a reply; a call that was wanted counts as a conversation
    Done {
        id: String,
        /// Who has
        #[arg(long, value_name = "NAME")]
        by: String,
        /// Nobody answered, so there was no conversation
        #[arg(long)]
        not_reached: bool,
    },
    /// Write down that somebody spoke with a subscriber
    Add(replies::Add),
}

#[derive(Debug, Subcommand)]
enum MessageCommand {
    /// Render messages for a made-up account, or for one of the ledger
    Preview(message::Preview),
    /// Show what short messages take at their longest, words that sell or threaten, and languages that are missing
    Lint(lint::Lint),
}

#[derive(Debug, Subcommand)]
enum HoldsCommand {
    /// Hold back an account, one of its bills, or everybody in an area or segment
    Place(holds::Place),
    /// End a hold before its time
    Lift {
        id: String,
        /// Who ends it
        #[arg(long, value_name = "NAME")]
        by: String,
    },
}

#[derive(Debug, Subcommand)]
enum WishesCommand {
    /// Show what an account wishes, since when, and who brought it
    Show {
        account: String,
        #[arg(long)]
        json: bool,
    },
    /// Write down what a subscriber wishes; hours that the law leaves no time in are refused
    Set(wishes::Set),
    /// Write down that a subscriber wishes it no longer
    Clear(wishes::Clear),
}

#[derive(Debug, Subcommand)]
enum SourceCommand {
    /// Run each query, name what is missing, and show rows as they were understood
    Check,
}

/// Reads the command line and does as it says.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: could not start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(obey(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn obey(Cli { options, command }: Cli) -> anyhow::Result<()> {
    match command {
        Command::Demo(args) => demo::run(args).await,
        Command::Run => run::run(&options).await,
        Command::Check { json } => check::run(&options, json),
        Command::Source { command: SourceCommand::Check } => source::check(&options).await,
        Command::Sync { json } => sync::sync(&options, json).await,
        Command::Import(args) => import::run(args).await,
        Command::Plan { on, account, json } => {
            plan::plan(&options, on, account.as_deref(), json).await
        }
        Command::Explain { account, json } => story::explain(&options, &account, json).await,
        Command::Status { json } => status::status(&options, json).await,
        Command::Rejects { limit, json } => status::rejects(&options, limit, json).await,
        Command::Replies { command: Some(command), .. } => match command {
            RepliesCommand::Done { id, by, not_reached } => {
                replies::done(&options, &id, &by, !not_reached).await
            }
            RepliesCommand::Add(args) => replies::add(&options, args).await,
        },
        Command::Replies { command: None, limit, json } => {
            replies::list(&options, limit, json).await
        }
        Command::Message { command: MessageCommand::Preview(args) } => {
            message::preview(&options, args).await
        }
        Command::Message { command: MessageCommand::Lint(args) } => lint::run(&options, args).await,
        Command::Holds { command: Some(HoldsCommand::Place(args)), .. } => {
            holds::place(&options, args).await
        }
        Command::Holds { command: Some(HoldsCommand::Lift { id, by }), .. } => {
            holds::lift(&options, &id, &by).await
        }
        Command::Holds { command: None, limit, json } => holds::list(&options, limit, json).await,
        Command::Classes { command } => classes::run(&options, command).await,
        Command::Tasks(args) => tasks::run(&options, args).await,
        Command::Cases(args) => cases::run(&options, args).await,
        Command::Advice { command } => advice::run(&options, command).await,
        Command::Watch(args) => watch::run(&options, args).await,
        Command::Churn { command } => churn::run(&options, command).await,
        Command::Notices { account, json } => notices::list(&options, &account, json).await,
        Command::Wishes { command: WishesCommand::Show { account, json } } => {
            wishes::show(&options, &account, json).await
        }
        Command::Wishes { command: WishesCommand::Set(args) } => wishes::set(&options, args).await,
        Command::Wishes { command: WishesCommand::Clear(args) } => {
            wishes::clear(&options, args).await
        }
        Command::User { command } => user::run(&options, command).await,
        Command::Live(which) => switches::live(&options, &which).await,
        Command::Observe(which) => switches::observe(&options, &which).await,
        Command::Halt(part) => switches::halt(&options, &part).await,
        Command::Consent { command } => consent::run(&options, command).await,
        Command::Release(release) => switches::release(&options, &release).await,
        Command::Resume(part) => switches::resume(&options, &part).await,
        Command::Audit { command } => audit::run(&options, command).await,
        Command::Replay(args) => replay::run(args).await,
        Command::Classify(args) => classify::run(&args),
        Command::Score { command } => score::run(&options, command).await,
        Command::Experiment { command } => experiment::run(&options, command).await,
    }
}
