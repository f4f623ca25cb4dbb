//! A card and its report as a text for the terminal.

use std::fmt::Write as _;

use crate::risk::scorecard::picture::Shown;
use crate::risk::scorecard::{Card, Characteristic, Measures, Verdict};

pub fn report(shown: &Shown) -> String {
    let card = &shown.fitted.card;
    let mut text = head(card);
    for it in &card.characteristics {
        text.push_str(&bins(it));
    }
    for left in &shown.fitted.left {
        let _ = writeln!(
            text,
            "left out: {} (information {:.3}): {}",
            left.name, left.information, left.why
        );
    }
    text.push_str(&held_out(shown.verdict));
    for warning in shown.warnings {
        let _ = writeln!(text, "WARNING: {warning}");
    }
    text.trim_end().to_owned()
}

fn head(card: &Card) -> String {
    let on = card.fitted_on;
    format!(
        "card {}: foretells {} = {}, fitted on {} rows, {} bad ({:.1} %)\n\
         {} points are odds of {} good to 1 bad, {} more double them; an account starts at {}\n\n",
        card.version,
        card.target,
        card.bad,
        on.rows(),
        on.bads,
        100.0 * on.bad_rate().unwrap_or(0.0),
        card.scale.base_points,
        card.scale.odds,
        card.scale.points_to_double,
        card.start,
    )
}

fn bins(it: &Characteristic) -> String {
    let mut text = format!(
        "{} (information {:.3}, weight {:.2})\n  {:<44} {:>8} {:>6} {:>6} {:>7} {:>6}\n",
        it.label, it.information, it.weight, "", "rows", "share", "bad", "WOE", "points"
    );
    for (bin, share) in it.seen() {
        let _ = writeln!(
            text,
            "  {:<44} {:>8} {:>5.1}% {:>5.1}% {:>7.3} {:>+6}",
            bin.holds.to_string(),
            bin.counts.rows(),
            100.0 * share,
            100.0 * bin.counts.bad_rate().unwrap_or(0.0),
            bin.woe,
            bin.points,
        );
    }
    text.push('\n');
    text
}

fn held_out(verdict: &Verdict) -> String {
    let number = |number: Option<f64>| number.map_or("-".to_owned(), |it| format!("{it:.4}"));
    let (champion, challenger) = (&verdict.champion, &verdict.challenger);
    let mut text = format!(
        "\non {} rows held out, {} bad ({} {}):\n  {:<28} {:>10} {:>10}\n",
        champion.rows.rows(),
        champion.rows.bads,
        verdict.splits,
        if verdict.splits == 1 { "split" } else { "splits" },
        "",
        "card",
        "challenger"
    );
    let mut line = |what: &str, a: String, b: String| {
        let _ = writeln!(text, "  {what:<28} {a:>10} {b:>10}");
    };
    line("AUC, mean of the splits", number(verdict.champion_auc), number(verdict.challenger_auc));
    line("KS", number(champion.ks), number(challenger.ks));
    line("Brier", number(Some(champion.brier)), number(Some(challenger.brier)));
    let off = |it: &Measures| format!("{:.1} pts", 100.0 * it.calibration_error());
    line("worst tenth is off by", off(champion), off(challenger));
    line("stability index of scores", number(Some(verdict.stability)), "-".to_owned());
    let moved = verdict.stability_by.iter().max_by(|a, b| a.1.total_cmp(&b.1));
    if let Some((name, index)) = moved {
        let _ = writeln!(text, "  most moved: {name} (stability index {index:.4})");
    }
    let _ = writeln!(text, "\n  tenths of the card     rows  foretold     came");
    for group in &champion.calibration {
        let _ = writeln!(
            text,
            "  {:>27} {:>8.1}% {:>7.1}%",
            group.counts.rows(),
            100.0 * group.foretold,
            100.0 * group.came()
        );
    }
    text.push('\n');
    text
}
