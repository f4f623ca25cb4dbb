//! `duebell import`: CSV files into a billing database of our own, for
//! operators who have nothing else.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::Args;
use serde::Serialize;

use crate::model::evidence::EvidenceFeed;
use crate::source::billing_db::BillingDb;
use crate::source::import::{self, BadMapping, Kind, Mapping};

use super::context::now;
use super::output::print_line;

#[derive(Debug, Args)]
pub struct Import {
    /// The SQLite billing database to load into; it is created where there is none
    #[arg(long, value_name = "FILE")]
    into: PathBuf,
    /// How the CSV headers map to our columns (TOML), for example examples/import/ibm_ar.toml
    #[arg(long, value_name = "FILE")]
    mapping: PathBuf,
    /// CSV of accounts; read first
    #[arg(long, value_name = "FILE")]
    accounts: Option<PathBuf>,
    /// CSV of bills
    #[arg(long, value_name = "FILE")]
    bills: Option<PathBuf>,
    /// CSV of payments
    #[arg(long, value_name = "FILE")]
    payments: Option<PathBuf>,
    /// CSV of evidence and its feed, such as complaints=tickets.csv; may be repeated
    #[arg(long, value_name = "FEED=FILE", value_parser = evidence_file)]
    evidence: Vec<(EvidenceFeed, PathBuf)>,
    /// Directory for the rows set aside, <kind>.rejects.csv; by default beside the database
    #[arg(long, value_name = "DIR")]
    rejects: Option<PathBuf>,
    /// Print the counts as JSON
    #[arg(long)]
    json: bool,
}

fn evidence_file(text: &str) -> Result<(EvidenceFeed, PathBuf), String> {
    let known = || EvidenceFeed::ALL.map(EvidenceFeed::as_str).join(", ");
    let (feed, file) = text.split_once('=').ok_or("write FEED=FILE")?;
    match EvidenceFeed::parse(feed) {
        Some(feed) if !file.is_empty() => Ok((feed, file.into())),
        Some(_) => Err("names no file; write FEED=FILE".to_owned()),
        None => Err(format!("`{feed}` is no feed of evidence; known are {}", known())),
    }
}

#[derive(Serialize)]
struct Loaded {
    kind: &'static str,
    read: u64,
    used: u64,
    set_aside: u64,
    warnings: u64,
    rejects: PathBuf,
}

pub async fn run(args: Import) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(&args.mapping)
        .with_context(|| format!("could not read {}", args.mapping.display()))?;
    let mapping = Mapping::parse(&text).map_err(|bad| in_words(&args.mapping, &bad))?;
    let files: Vec<(Kind, &PathBuf)> = [
        (Kind::Accounts, &args.accounts),
        (Kind::Bills, &args.bills),
        (Kind::Payments, &args.payments),
    ]
    .into_iter()
    .filter_map(|(kind, file)| Some((kind, file.as_ref()?)))
    .chain(args.evidence.iter().map(|(feed, file)| (Kind::Evidence(*feed), file)))
    .collect();
    ensure!(
        !files.is_empty(),
        "nothing to import; give --accounts, --bills, --payments or --evidence"
    );

    let db = BillingDb::open(&args.into, true)
        .await
        .with_context(|| format!("could not open {}", args.into.display()))?;
    let rejects = args.rejects.clone().or_else(|| args.into.parent().map(Path::to_owned));
    let rejects = rejects.filter(|dir| !dir.as_os_str().is_empty()).unwrap_or_else(|| ".".into());
    std::fs::create_dir_all(&rejects)
        .with_context(|| format!("could not create {}", rejects.display()))?;
    let mut loaded = Vec::new();
    for (kind, file) in files {
        loaded.push(load(&db, kind, file, &mapping, &rejects).await?);
    }
    db.close().await;
    if args.json {
        return print_line(&serde_json::to_string_pretty(&loaded)?);
    }
    for one in &loaded {
        print_line(&format!(
            "{}: {} read = {} used + {} set aside ({} warnings); see {}",
            one.kind,
            one.read,
            one.used,
            one.set_aside,
            one.warnings,
            one.rejects.display()
        ))?;
    }
    Ok(())
}

async fn load(
    db: &BillingDb,
    kind: Kind,
    file: &Path,
    mapping: &Mapping,
    rejects: &Path,
) -> anyhow::Result<Loaded> {
    let name = file.display().to_string();
    let csv = File::open(file).with_context(|| format!("could not open {name}"))?;
    let rejects = rejects.join(format!("{}.rejects.csv", kind.as_str()));
    let mut aside = File::create(&rejects)
        .with_context(|| format!("could not create {}", rejects.display()))?;
    let mut told = 0;
    let mut progress = |read: u64| {
        if read / 100_000 > told {
            told = read / 100_000;
            eprintln!("{}: {read} rows read", kind.as_str());
        }
    };
    let counts = import::import(
        db,
        kind,
        BufReader::new(csv),
        &name,
        mapping,
        now(),
        &mut aside,
        &mut progress,
    )
    .await?;
    Ok(Loaded {
        kind: kind.as_str(),
        read: counts.read,
        used: counts.used,
        set_aside: counts.set_aside,
        warnings: counts.warnings,
        rejects,
    })
}

fn in_words(file: &Path, bad: &BadMapping) -> anyhow::Error {
    let lines: Vec<String> = bad
        .problems
        .iter()
        .map(|p| format!("  {}: {} {}; {}", file.display(), p.field, p.problem, p.mend))
        .collect();
    anyhow::anyhow!("the mapping needs mending:\n{}", lines.join("\n"))
}
