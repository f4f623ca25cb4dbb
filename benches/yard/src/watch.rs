//! What a command takes: time, CPU time, memory.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::usage::{self, rounded};

#[derive(clap::Args)]
pub struct Args {
    /// What it prints goes there
    #[arg(long)]
    output: std::path::PathBuf,
    #[arg(trailing_var_arg = true, required = true)]
    command: Vec<String>,
}

const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The last words on CPU time come from the zombie, those on memory from just
/// before.
pub fn run(args: Args) -> crate::Outcome {
    let output = std::fs::File::create(&args.output)?;
    let [program, arguments @ ..] = &args.command[..] else { return Err("no command".into()) };
    let began = Instant::now();
    let mut child =
        Command::new(program).args(arguments).stdin(Stdio::null()).stdout(output).spawn()?;
    let who = child.id().to_string();
    let (mut cpu_s, mut peak_mib) = (0.0, 0.0_f64);
    loop {
        cpu_s = usage::cpu_s_of(&who).max(cpu_s);
        peak_mib = usage::peak_rss_mib_of(&who).max(peak_mib);
        if usage::is_over(&who) {
            break;
        }
        std::thread::sleep(LOOK_EVERY);
    }
    let seconds = began.elapsed().as_secs_f64();
    if !child.wait()?.success() {
        return Err(format!("{} failed", args.command.join(" ")).into());
    }
    let line = json!({
        "s": rounded(seconds, 3),
        "cpu_s": rounded(cpu_s, 2),
        "peak_mib": rounded(peak_mib, 1),
    });
    println!("{line}");
    Ok(())
}
