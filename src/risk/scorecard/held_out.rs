//! A card judged on rows that it has not seen.

use super::bins::Counts;
use super::card::{Card, Scored};
use super::challenger::{self, ChallengerError};
use super::fit::{FitError, Settings, Target, fit};
use super::measure::{Foretold, Measures, score_stability, stability};
use super::sample::Sample;

/// Above this a bill's end is foretold better than it can be; what looks so
/// is mostly a column that was written after the end was known.
pub const AUC_MAX: f64 = 0.80;

/// One split: fitted on some rows, asked about others.
#[derive(Debug, Clone)]
pub struct HeldOut {
    pub card: Card,
    pub trained_on: Counts,
    pub champion: Vec<Foretold>,
    pub challenger: Vec<Foretold>,
    /// Population stability index of the scores, training against held out.
    pub stability: f64,
    /// The same for each characteristic's bins.
    pub stability_by: Vec<(String, f64)>,
}

#[derive(Debug, thiserror::Error)]
pub enum SplitError {
    #[error(transparent)]
    Fit(#[from] FitError),
    #[error(transparent)]
    Challenger(#[from] ChallengerError),
}

/// Fits on the rows `train` and foretells the rows `test`.
pub fn hold_out(
    sample: &Sample,
    target: &Target,
    settings: &Settings,
    train: &[usize],
    test: &[usize],
) -> Result<HeldOut, SplitError> {
    let (train, test) = (sample.part(train), sample.part(test));
    let card = fit(&train, target, settings)?.card;
    let scorer = card.over(&sample.names()).expect("a card asks for the columns it was fitted on");
    let (then, now) = (scorer.all(&train), scorer.all(&test));
    let with_ends = |foretold: Vec<f64>| -> Vec<Foretold> {
        foretold.into_iter().zip(test.is_bad.iter().copied()).collect()
    };
    let scores = |scored: &[Scored]| scored.iter().map(|it| it.score).collect::<Vec<_>>();
    Ok(HeldOut {
        champion: with_ends(now.iter().map(|it| it.probability).collect()),
        challenger: with_ends(challenger::foretell(&train, &test)?),
        stability: score_stability(&scores(&then), &scores(&now)),
        stability_by: stability_by(&card, &now),
        trained_on: card.fitted_on,
        card,
    })
}

fn stability_by(card: &Card, now: &[Scored]) -> Vec<(String, f64)> {
    let one = |(place, it): (usize, &super::card::Characteristic)| {
        let then: Vec<u64> = it.bins.iter().map(|bin| bin.counts.rows()).collect();
        let mut counts = vec![0; then.len()];
        for scored in now {
            counts[scored.places[place]] += 1;
        }
        (it.name.clone(), stability(&then, &counts))
    };
    card.characteristics.iter().enumerate().map(one).collect()
}

/// Rows by number modulo `folds`: for each fold, the rows to train on and the
/// rows held out.
pub fn folds(rows: usize, folds: usize) -> Vec<(Vec<usize>, Vec<usize>)> {
    (0..folds).map(|fold| (0..rows).partition(|row| row % folds != fold)).collect()
}

/// What several splits, or one, came to.
#[derive(Debug, Clone)]
pub struct Verdict {
    pub champion: Measures,
    pub challenger: Measures,
    /// Mean over the splits.
    pub champion_auc: Option<f64>,
    pub challenger_auc: Option<f64>,
    /// The greatest of the splits.
    pub stability: f64,
    pub stability_by: Vec<(String, f64)>,
    pub splits: usize,
}

impl Verdict {
    pub fn of(splits: &[HeldOut]) -> Verdict {
        let all = |of: fn(&HeldOut) -> &Vec<Foretold>| {
            Measures::of(&splits.iter().flat_map(of).copied().collect::<Vec<_>>())
        };
        let mean = |of: fn(&HeldOut) -> &Vec<Foretold>| {
            let each: Vec<f64> =
                splits.iter().filter_map(|split| Measures::of(of(split)).auc).collect();
            (!each.is_empty()).then(|| each.iter().sum::<f64>() / each.len() as f64)
        };
        let mut stability_by: Vec<(String, f64)> = Vec::new();
        for (name, index) in splits.iter().flat_map(|split| &split.stability_by) {
            match stability_by.iter_mut().find(|it| it.0 == *name) {
                Some(it) => it.1 = it.1.max(*index),
                None => stability_by.push((name.clone(), *index)),
            }
        }
        Verdict {
            champion: all(|split| &split.champion),
            challenger: all(|split| &split.challenger),
            champion_auc: mean(|split| &split.champion),
            challenger_auc: mean(|split| &split.challenger),
            stability: splits.iter().map(|split| split.stability).fold(0.0, f64::max),
            stability_by,
            splits: splits.len(),
        }
    }

    /// What a person must look at before the card is used, in words.
    pub fn warnings(&self, card: &Card, auc_max: f64) -> Vec<String> {
        let mut warnings = Vec::new();
        let best = [("card", self.champion_auc), ("challenger", self.challenger_auc)];
        for (who, auc) in best {
            if let Some(auc) = auc.filter(|auc| *auc > auc_max) {
                warnings.push(format!(
                    "too good: look for leakage. The {who} has an AUC of {auc:.3}, more than \
                     {auc_max:.2}; is a column written only once the end is known? The strongest: \
                     {}",
                    strongest(card).join(", ")
                ));
            }
        }
        if self.stability > 0.25 {
            warnings.push(format!(
                "the scores have moved (stability index {:.2}): the rows held out are about other \
                 people than those it was fitted on",
                self.stability
            ));
        }
        warnings
    }
}

/// The names of the characteristics that tell most.
fn strongest(card: &Card) -> Vec<&str> {
    let mut by: Vec<_> = card.characteristics.iter().collect();
    by.sort_by(|a, b| b.information.total_cmp(&a.information));
    by.into_iter().take(3).map(|it| it.name.as_str()).collect()
}
