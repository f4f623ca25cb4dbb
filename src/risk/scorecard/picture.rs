//! The report as a page: the bins as pictures, the figures as tables.
//!
//! One file without script and without anything from elsewhere, so that it can
//! be kept beside the card for as long as auditors ask.

use std::fmt::Write as _;

use super::card::Characteristic;
use super::fit::Fitted;
use super::held_out::Verdict;
use super::measure::{Decile, Measures};

/// What a report shows.
pub struct Shown<'a> {
    pub fitted: &'a Fitted,
    pub verdict: &'a Verdict,
    pub warnings: &'a [String],
}

const STYLE: &str = "body{font:15px/1.45 system-ui,sans-serif;max-width:60rem;margin:2rem auto;\
padding:0 1rem;color:#222;background:#fff}table{border-collapse:collapse;margin:.5rem 0}\
td,th{padding:.15rem .7rem;text-align:right;border-bottom:1px solid #ddd}\
td:first-child,th:first-child{text-align:left}.warn{border-left:4px solid #b00;padding:.3rem .8rem;\
background:#fee}svg{display:block;margin:.5rem 0}svg text{font:11px system-ui,sans-serif;fill:#444}";

/// Height of the part of a picture above its middle, and below it.
const HALF: f64 = 70.0;
const BAR: f64 = 60.0;
const GAP: f64 = 12.0;
/// Side of the picture of the calibration.
const SIDE: f64 = 260.0;

pub fn page(shown: &Shown) -> String {
    let card = &shown.fitted.card;
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <title>Scorecard {version}</title><style>{STYLE}</style></head><body>\n\
         <h1>Scorecard {version}</h1>\n<p>Foretells {} = {}, fitted on {} rows, {} of them bad. An \
         account starts at {} points; {} points are odds of {} good to 1 bad, and {} more double \
         them.</p>\n",
        escaped(&card.target),
        escaped(&card.bad),
        card.fitted_on.rows(),
        card.fitted_on.bads,
        card.start,
        card.scale.base_points,
        card.scale.odds,
        card.scale.points_to_double,
        version = escaped(&card.version),
    );
    for warning in shown.warnings {
        let _ = writeln!(html, "<p class=\"warn\">{}</p>", escaped(warning));
    }
    html.push_str(&figures(shown.verdict));
    html.push_str("<h2>Characteristics</h2>\n");
    for it in &card.characteristics {
        html.push_str(&characteristic(it, shown.verdict));
    }
    html.push_str(&left_out(shown.fitted));
    html.push_str("</body></html>\n");
    html
}

fn figures(verdict: &Verdict) -> String {
    let number = |number: Option<f64>| number.map_or("–".to_owned(), |it| format!("{it:.4}"));
    let mut html = format!(
        "<h2>On rows held out</h2>\n<p>{} rows, {} bad, in {} split(s). The challenger (boosted \
         trees) decides nothing; it shows what a model that nobody can explain would know more.</p>\
         \n<table><tr><th></th><th>card</th><th>challenger</th></tr>\n",
        verdict.champion.rows.rows(),
        verdict.champion.rows.bads,
        verdict.splits,
    );
    let mut row = |what: &str, card: String, challenger: String| {
        let _ = writeln!(html, "<tr><td>{what}</td><td>{card}</td><td>{challenger}</td></tr>");
    };
    let (card, challenger) = (&verdict.champion, &verdict.challenger);
    let off = |it: &Measures| format!("{:.1} points", 100.0 * it.calibration_error());
    row("AUC, mean of the splits", number(verdict.champion_auc), number(verdict.challenger_auc));
    row("KS", number(card.ks), number(challenger.ks));
    row("Brier", number(Some(card.brier)), number(Some(challenger.brier)));
    row("Worst tenth is off by", off(card), off(challenger));
    row("Stability index of the scores", number(Some(verdict.stability)), "–".to_owned());
    html.push_str("</table>\n<h2>Foretold and come, by tenths</h2>\n");
    html.push_str(&calibration(&card.calibration));
    html
}

/// Foretold to the right, come upwards: on the line is right.
fn calibration(groups: &[Decile]) -> String {
    let most = groups.iter().map(|it| it.foretold.max(it.came())).fold(0.01, f64::max);
    let place = |share: f64| share / most * SIDE;
    let mut svg = format!(
        "<svg role=\"img\" aria-label=\"calibration by tenths\" width=\"{w}\" height=\"{w}\" \
         viewBox=\"-10 -10 {w} {w}\"><rect width=\"{SIDE}\" height=\"{SIDE}\" fill=\"#f4f4f4\"/>\
         <line x1=\"0\" y1=\"{SIDE}\" x2=\"{SIDE}\" y2=\"0\" stroke=\"#999\"/>",
        w = SIDE + 20.0,
    );
    let mut rows = String::new();
    for it in groups {
        let _ = write!(
            svg,
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\" fill=\"#26547c\"/>",
            place(it.foretold),
            SIDE - place(it.came())
        );
        let _ = writeln!(
            rows,
            "<tr><td>{}</td><td>{:.1} %</td><td>{:.1} %</td></tr>",
            it.counts.rows(),
            100.0 * it.foretold,
            100.0 * it.came()
        );
    }
    format!(
        "{svg}</svg>\n<table><tr><th>rows</th><th>foretold</th><th>came</th></tr>\n{rows}</table>\n"
    )
}

fn characteristic(it: &Characteristic, verdict: &Verdict) -> String {
    let moved = verdict.stability_by.iter().find(|moved| moved.0 == it.name);
    let mut html = format!(
        "<h3>{}</h3>\n<p>Information {:.3}, weight {:.2}, stability index {}.</p>\n{}<table><tr>\
         <th></th><th>rows</th><th>share</th><th>bad</th><th>WOE</th><th>points</th></tr>\n",
        escaped(&it.label),
        it.information,
        it.weight,
        moved.map_or("–".to_owned(), |it| format!("{:.4}", it.1)),
        bars(it),
    );
    for (bin, share) in it.seen() {
        let _ = writeln!(
            html,
            "<tr><td>{}</td><td>{}</td><td>{:.1} %</td><td>{:.1} %</td><td>{:.3}</td><td>{:+}</td></tr>",
            escaped(&bin.holds.to_string()),
            bin.counts.rows(),
            100.0 * share,
            100.0 * bin.counts.bad_rate().unwrap_or(0.0),
            bin.woe,
            bin.points,
        );
    }
    html.push_str("</table>\n");
    html
}

/// A bar for each bin: up is better than the average, down is worse, and the
/// darker, the more rows.
fn bars(it: &Characteristic) -> String {
    let bins: Vec<_> = it.bins.iter().filter(|bin| bin.counts.rows() > 0).collect();
    let most = bins.iter().map(|bin| bin.woe.abs()).fold(0.01, f64::max);
    let fullest = bins.iter().map(|bin| bin.counts.rows()).max().unwrap_or(1).max(1);
    let width = bins.len() as f64 * (BAR + GAP) + GAP;
    let mut svg = format!(
        "<svg role=\"img\" aria-label=\"weights of evidence of {}\" width=\"{width}\" \
         height=\"{height}\" viewBox=\"0 -16 {width} {height}\">",
        escaped(&it.label),
        height = 2.0 * HALF + 32.0,
    );
    for (place, bin) in bins.iter().enumerate() {
        let height = bin.woe.abs() / most * HALF;
        let x = GAP + place as f64 * (BAR + GAP);
        let (y, words) = if bin.woe >= 0.0 {
            (HALF - height, HALF - height - 4.0)
        } else {
            (HALF, HALF + height + 12.0)
        };
        let fill = if bin.woe >= 0.0 { "#2a7f62" } else { "#b3443c" };
        let dark = 0.35 + 0.65 * bin.counts.rows() as f64 / fullest as f64;
        let _ = write!(
            svg,
            "<rect x=\"{x}\" y=\"{y:.1}\" width=\"{BAR}\" height=\"{height:.1}\" fill=\"{fill}\" \
             fill-opacity=\"{dark:.2}\"><title>{}</title></rect><text x=\"{}\" y=\"{words:.1}\" \
             text-anchor=\"middle\">{:+}</text>",
            escaped(&bin.holds.to_string()),
            x + BAR / 2.0,
            bin.points,
        );
    }
    let _ = writeln!(
        svg,
        "<line x1=\"0\" y1=\"{HALF}\" x2=\"{width}\" y2=\"{HALF}\" stroke=\"#444\"/></svg>"
    );
    svg
}

fn left_out(fitted: &Fitted) -> String {
    if fitted.left.is_empty() {
        return String::new();
    }
    let mut html = "<h2>Left out</h2>\n<ul>\n".to_owned();
    for left in &fitted.left {
        let name = escaped(&left.name);
        let _ =
            writeln!(html, "<li>{name} (information {:.3}): {}</li>", left.information, left.why);
    }
    html.push_str("</ul>\n");
    html
}

/// Column names and categories come from files that others wrote.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
