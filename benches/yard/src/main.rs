//! What the benchmarks stand Duebell beside: a gateway and a mail server that
//! cost next to nothing, the bare clients, and the best queue that we know of.
//!
//! Servers print `port N` once they listen, and live until they are told to
//! stop. Clients print one line of JSON.

mod bare;
mod graphile;
mod letter;
mod provider;
mod smtp;
mod usage;
mod watch;
mod wire;

use clap::{Parser, Subcommand};

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// A gateway as docs/PROVIDERS.md asks for; GET /stats, POST /reset
    Provider(provider::Args),
    /// Requests as fast as a bare client makes them
    Bare(bare::Args),
    /// A mail server that keeps nothing; counts on SIGTERM
    Smtp(smtp::Args),
    /// One request a job through graphile_worker
    Graphile(graphile::Args),
    /// Runs a command, and tells what it took
    Watch(watch::Args),
    /// Prints a port that is free just now
    Port,
}

/// What goes wrong here is for the reader of the terminal.
type Outcome = Result<(), wire::Error>;

fn main() -> Outcome {
    match Cli::parse().command {
        Command::Provider(args) => one_thread()?.block_on(provider::run(args)),
        Command::Bare(args) => threads(args.threads)?.block_on(bare::run(args)),
        Command::Smtp(args) => one_thread()?.block_on(smtp::run(args)),
        Command::Graphile(args) => threads(0)?.block_on(graphile::run(args)),
        Command::Watch(args) => watch::run(args),
        Command::Port => {
            println!("{}", std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port());
            Ok(())
        }
    }
}

/// Peers that are measured against share two cores with what is measured:
/// one thread is all they may take.
fn one_thread() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

/// As the daemon does, unless a number is given.
fn threads(number: usize) -> std::io::Result<tokio::runtime::Runtime> {
    match number {
        0 => tokio::runtime::Runtime::new(),
        1 => one_thread(),
        _ => {
            tokio::runtime::Builder::new_multi_thread().worker_threads(number).enable_all().build()
        }
    }
}
