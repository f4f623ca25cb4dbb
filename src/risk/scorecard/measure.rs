//! How well probabilities foretold what came.

use super::bins::Counts;

/// The probability of a bad end, and whether it came.
pub type Foretold = (f64, bool);

/// Groups of equal size in which probabilities are held against what came.
const GROUPS: usize = 10;
/// Rows added to each group where shares are compared, so that an empty one
/// does not make the index infinite.
const SPARE: f64 = 0.5;

/// Probabilities of a group of rows, against what came.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decile {
    pub counts: Counts,
    /// Mean of the probabilities.
    pub foretold: f64,
}

impl Decile {
    pub fn came(&self) -> f64 {
        self.counts.bad_rate().unwrap_or(0.0)
    }

    /// Above 0: more was feared than came.
    pub fn error(&self) -> f64 {
        self.foretold - self.came()
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Measures {
    pub rows: Counts,
    /// The chance that a bad row was feared more than a good one; a tie counts
    /// one half. 0.5 is a coin. `None` where all ended alike.
    pub auc: Option<f64>,
    /// Kolmogorov and Smirnov: the most that the bad rows run ahead of the good.
    pub ks: Option<f64>,
    /// Mean squared error of the probabilities.
    pub brier: f64,
    pub calibration: Vec<Decile>,
}

impl Measures {
    /// The order of the rows does not matter.
    pub fn of(foretold: &[Foretold]) -> Measures {
        let mut sorted = foretold.to_vec();
        sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let ties = ties(&sorted);
        let mut rows = Counts::default();
        sorted.iter().for_each(|(_, bad)| rows.add(*bad));
        let squares = sorted.iter().map(|(p, bad)| (p - f64::from(u8::from(*bad))).powi(2));
        Measures {
            rows,
            auc: auc(&ties, rows),
            ks: ks(&ties, rows),
            brier: squares.sum::<f64>() / sorted.len().max(1) as f64,
            calibration: calibration(&ties, rows),
        }
    }

    /// The worst group's distance from what came.
    pub fn calibration_error(&self) -> f64 {
        self.calibration.iter().map(|group| group.error().abs()).fold(0.0, f64::max)
    }
}

/// Rows of the same probability, least first.
fn ties(sorted: &[Foretold]) -> Vec<(f64, Counts)> {
    let mut ties: Vec<(f64, Counts)> = Vec::new();
    for (p, bad) in sorted {
        match ties.last_mut() {
            Some((last, counts)) if last == p => counts.add(*bad),
            _ => {
                let mut counts = Counts::default();
                counts.add(*bad);
                ties.push((*p, counts));
            }
        }
    }
    ties
}

/// By ranks: Mann and Whitney's U over the number of pairs.
fn auc(ties: &[(f64, Counts)], rows: Counts) -> Option<f64> {
    let pairs = rows.goods as f64 * rows.bads as f64;
    let (mut goods_below, mut won) = (0.0, 0.0);
    for (_, counts) in ties {
        won += counts.bads as f64 * (goods_below + counts.goods as f64 / 2.0);
        goods_below += counts.goods as f64;
    }
    (pairs > 0.0).then(|| won / pairs)
}

fn ks(ties: &[(f64, Counts)], rows: Counts) -> Option<f64> {
    let mut below = Counts::default();
    let mut most: f64 = 0.0;
    if rows.goods == 0 || rows.bads == 0 {
        return None;
    }
    for (_, counts) in ties {
        below = below.plus(*counts);
        let goods = below.goods as f64 / rows.goods as f64;
        most = most.max(goods - below.bads as f64 / rows.bads as f64);
    }
    Some(most)
}

/// Rows of one probability stay in one group, so groups may differ in size.
fn calibration(ties: &[(f64, Counts)], rows: Counts) -> Vec<Decile> {
    let mut groups: Vec<(Counts, f64)> = Vec::new();
    let (mut seen, mut is_full) = (0, true);
    for (p, counts) in ties {
        let sum = p * counts.rows() as f64;
        match groups.last_mut() {
            Some(last) if !is_full => *last = (last.0.plus(*counts), last.1 + sum),
            _ => groups.push((*counts, sum)),
        }
        seen += counts.rows();
        // The group that a whole share of rows ends in is full.
        let share = rows.rows() as f64 / GROUPS as f64;
        is_full = seen as f64 >= share * groups.len() as f64;
    }
    let decile = |(counts, sum): (Counts, f64)| Decile {
        foretold: sum / counts.rows().max(1) as f64,
        counts,
    };
    groups.into_iter().map(decile).collect()
}

/// Population stability index of shares now against shares then: under 0.1
/// little has moved, above 0.25 the card is about other people.
pub fn stability(then: &[u64], now: &[u64]) -> f64 {
    let shares = |counts: &[u64]| -> Vec<f64> {
        let all = counts.iter().sum::<u64>() as f64 + SPARE * counts.len() as f64;
        counts.iter().map(|count| (*count as f64 + SPARE) / all).collect()
    };
    let pairs = shares(then).into_iter().zip(shares(now));
    pairs.map(|(then, now)| (now - then) * (now / then).ln()).sum()
}

/// Counts of scores in the ten groups that the scores of `then` fall into.
pub fn score_stability(then: &[i32], now: &[i32]) -> f64 {
    let mut sorted = then.to_vec();
    sorted.sort_unstable();
    let mut cuts: Vec<i32> =
        (1..GROUPS).filter_map(|cut| sorted.get(cut * sorted.len() / GROUPS).copied()).collect();
    cuts.dedup();
    let count = |scores: &[i32]| {
        let mut groups = vec![0; cuts.len() + 1];
        for score in scores {
            groups[cuts.partition_point(|cut| cut < score)] += 1;
        }
        groups
    };
    stability(&count(then), &count(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auc_of(foretold: &[Foretold]) -> Option<f64> {
        Measures::of(foretold).auc
    }

    #[test]
    fn a_tie_counts_one_half() {
        assert_eq!(auc_of(&[(0.1, false), (0.9, true)]), Some(1.0));
        assert_eq!(auc_of(&[(0.1, true), (0.9, false)]), Some(0.0));
        assert_eq!(auc_of(&[(0.5, true), (0.5, false)]), Some(0.5));
        // Pairs: 0.4 over 0.1, tie at 0.4, 0.8 over both.
        let some = [(0.1, false), (0.4, false), (0.4, true), (0.8, true)];
        assert_eq!(auc_of(&some), Some(3.5 / 4.0));
        assert_eq!(auc_of(&[(0.5, true)]), None);
    }

    #[test]
    fn the_groups_hold_every_row_once_and_ties_stay_together() {
        let foretold: Vec<Foretold> =
            (0..1_000).map(|row| (f64::from(row / 50) / 20.0, row % 3 == 0)).collect();
        let measures = Measures::of(&foretold);
        assert_eq!(measures.calibration.len(), 10);
        assert!(measures.calibration.iter().all(|group| group.counts.rows() == 100));
        let heavy = Measures::of(&vec![(0.5, true); 70]);
        assert_eq!(heavy.calibration.len(), 1);
    }

    #[test]
    fn the_index_is_none_where_nothing_moved_and_grows() {
        assert_eq!(stability(&[10, 20, 30], &[10, 20, 30]), 0.0);
        let (little, much) = (stability(&[50, 50], &[45, 55]), stability(&[50, 50], &[10, 90]));
        assert!(little > 0.0 && little < 0.1 && much > 0.25, "{little} {much}");
        assert!(stability(&[0, 10], &[10, 0]).is_finite());
        assert_eq!(score_stability(&[1, 2, 3, 4], &[1, 2, 3, 4]), 0.0);
    }

    #[test]
    fn ks_and_brier_are_those_of_the_textbook() {
        let some = [(0.1, false), (0.2, false), (0.3, true), (0.9, true)];
        let measures = Measures::of(&some);
        assert_eq!(measures.ks, Some(1.0));
        let brier = (0.01 + 0.04 + 0.49 + 0.01) / 4.0;
        assert!((measures.brier - brier).abs() < 1e-12);
    }
}
