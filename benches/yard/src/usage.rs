//! What a process has used, as Linux tells.

/// What Linux counts CPU time in, on every machine that we know of.
const TICKS_PER_SECOND: f64 = 100.0;

/// Fields of `/proc/<who>/stat` from the state on.
fn stat(who: &str) -> Vec<String> {
    let stat = std::fs::read_to_string(format!("/proc/{who}/stat")).unwrap_or_default();
    // The name, in brackets, may hold anything.
    let fields = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
    fields.split(' ').map(str::to_owned).collect()
}

/// Seconds of CPU, user and system, over all threads.
pub fn cpu_s_of(who: &str) -> f64 {
    let fields = stat(who);
    let ticks = fields.iter().skip(11).take(2).filter_map(|it| it.parse::<f64>().ok());
    ticks.sum::<f64>() / TICKS_PER_SECOND
}

/// The most memory that it ever held.
pub fn peak_rss_mib_of(who: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{who}/status")).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = peak.and_then(|it| it.trim().strip_suffix(" kB")).and_then(|it| it.parse().ok());
    kib.unwrap_or(0.0) / 1024.0
}

/// Whether it has ended, waited for or not.
pub fn is_over(who: &str) -> bool {
    matches!(stat(who)[0].as_str(), "" | "Z" | "X")
}

pub fn cpu_s() -> f64 {
    cpu_s_of("self")
}

pub fn peak_rss_mib() -> f64 {
    peak_rss_mib_of("self")
}

/// For figures whose further decimals are noise.
pub fn rounded(value: f64, decimals: i32) -> f64 {
    let scale = 10_f64.powi(decimals);
    (value * scale).round() / scale
}
