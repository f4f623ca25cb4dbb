//! Logistic regression by iteratively reweighted least squares.
//!
//! A small ridge keeps every system solvable: two columns that say the same
//! share their weight, and a column that tells all good from all bad gets a
//! finite one.

/// Rows that are alike, and how they ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern {
    pub x: Vec<f64>,
    pub goods: f64,
    pub bads: f64,
}

/// Log-odds of good: `start` and a weight for each column.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub start: f64,
    pub weights: Vec<f64>,
}

const ROUNDS_MAX: usize = 50;
const STEP_MIN: f64 = 1e-9;
/// How often a step that makes things worse is halved.
const HALVINGS_MAX: usize = 20;

impl Line {
    pub fn log_odds(&self, x: &[f64]) -> f64 {
        let mut sum = self.start;
        for (weight, x) in self.weights.iter().zip(x) {
            sum += weight * x;
        }
        sum
    }
}

/// The line of greatest likelihood less `ridge / 2` times the weights squared,
/// looked for from `line` on. `None` where no such line is found: a ridge of 0
/// and columns that repeat.
pub fn fit(patterns: &[Pattern], ridge: f64, mut line: Line) -> Option<Line> {
    let mut best = likelihood(patterns, &line, ridge);
    for _ in 0..ROUNDS_MAX {
        let step = newton(patterns, &line, ridge)?;
        let mut length = 1.0;
        let mut halvings = 0;
        let (next, reached) = loop {
            let next = moved(&line, &step, length);
            let reached = likelihood(patterns, &next, ridge);
            if reached >= best || halvings == HALVINGS_MAX {
                break (next, reached);
            }
            length /= 2.0;
            halvings += 1;
        };
        if reached < best {
            return Some(line);
        }
        line = next;
        best = reached;
        if step.iter().all(|part| part.abs() * length < STEP_MIN) {
            return Some(line);
        }
    }
    Some(line)
}

fn moved(line: &Line, step: &[f64], length: f64) -> Line {
    let weights = line.weights.iter().zip(&step[1..]).map(|(weight, part)| weight + length * part);
    Line { start: line.start + length * step[0], weights: weights.collect() }
}

fn likelihood(patterns: &[Pattern], line: &Line, ridge: f64) -> f64 {
    let mut sum = 0.0;
    for pattern in patterns {
        let odds = line.log_odds(&pattern.x);
        // ln(1 + e^x) without an overflow.
        sum -= pattern.goods * ln_1p_exp(-odds) + pattern.bads * ln_1p_exp(odds);
    }
    sum - ridge / 2.0 * line.weights.iter().map(|weight| weight * weight).sum::<f64>()
}

fn ln_1p_exp(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// The step that a parabola through this place suggests.
fn newton(patterns: &[Pattern], line: &Line, ridge: f64) -> Option<Vec<f64>> {
    let size = line.weights.len() + 1;
    let mut slope = vec![0.0; size];
    let mut curve = vec![0.0; size * size];
    let mut x = vec![1.0; size];
    for pattern in patterns {
        x[1..].copy_from_slice(&pattern.x);
        let good = 1.0 / (1.0 + (-line.log_odds(&pattern.x)).exp());
        let rows = pattern.goods + pattern.bads;
        let (miss, spread) = (pattern.goods - rows * good, rows * good * (1.0 - good));
        for i in 0..size {
            slope[i] += miss * x[i];
            let part = spread * x[i];
            let row = &mut curve[i * size..i * size + i + 1];
            for (sum, x) in row.iter_mut().zip(&x) {
                *sum += part * x;
            }
        }
    }
    for i in 1..size {
        slope[i] -= ridge * line.weights[i - 1];
        curve[i * size + i] += ridge;
    }
    solved(curve, slope)
}

/// Solves a symmetric positive definite system, of which the lower half is
/// given, by Cholesky's way. `None` where it is not positive definite.
fn solved(mut m: Vec<f64>, mut b: Vec<f64>) -> Option<Vec<f64>> {
    let size = b.len();
    for i in 0..size {
        for j in 0..=i {
            let before: f64 = (0..j).map(|k| m[i * size + k] * m[j * size + k]).sum();
            let rest = m[i * size + j] - before;
            if i != j {
                m[i * size + j] = rest / m[j * size + j];
            } else if rest > f64::EPSILON * m[i * size + i] {
                m[i * size + i] = rest.sqrt();
            } else {
                return None;
            }
        }
    }
    for i in 0..size {
        let before: f64 = (0..i).map(|k| m[i * size + k] * b[k]).sum();
        b[i] = (b[i] - before) / m[i * size + i];
    }
    for i in (0..size).rev() {
        let after: f64 = (i + 1..size).map(|k| m[k * size + i] * b[k]).sum();
        b[i] = (b[i] - after) / m[i * size + i];
    }
    Some(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(x: &[f64], goods: f64, bads: f64) -> Pattern {
        Pattern { x: x.to_vec(), goods, bads }
    }

    fn fit_from_nothing(patterns: &[Pattern], ridge: f64) -> Option<Line> {
        let weights = vec![0.0; patterns[0].x.len()];
        fit(patterns, ridge, Line { start: 0.0, weights })
    }

    #[test]
    fn a_system_is_solved_or_said_to_be_none() {
        // [4 2; 2 3] x = [8; 7] has x = [1.25; 1.5].
        let x = solved(vec![4.0, 0.0, 2.0, 3.0], vec![8.0, 7.0]).unwrap();
        assert!((x[0] - 1.25).abs() < 1e-12 && (x[1] - 1.5).abs() < 1e-12, "{x:?}");
        assert_eq!(solved(vec![1.0, 0.0, 1.0, 1.0], vec![1.0, 1.0]), None);
    }

    #[test]
    fn two_groups_get_their_own_odds() {
        let line =
            fit_from_nothing(&[pattern(&[0.0], 30.0, 10.0), pattern(&[1.0], 10.0, 40.0)], 0.0)
                .unwrap();
        assert!((line.start - 3.0_f64.ln()).abs() < 1e-9, "{line:?}");
        assert!((line.start + line.weights[0] - 0.25_f64.ln()).abs() < 1e-9, "{line:?}");
    }

    #[test]
    fn columns_that_say_the_same_share_the_weight() {
        let twins = [pattern(&[0.0, 0.0], 30.0, 10.0), pattern(&[1.0, 1.0], 10.0, 40.0)];
        assert_eq!(fit_from_nothing(&twins, 0.0), None);
        let line = fit_from_nothing(&twins, 0.01).unwrap();
        assert!((line.weights[0] - line.weights[1]).abs() < 1e-9, "{line:?}");
    }

    #[test]
    fn a_column_that_tells_all_gets_a_finite_weight() {
        let line =
            fit_from_nothing(&[pattern(&[-1.0], 0.0, 50.0), pattern(&[1.0], 50.0, 0.0)], 1.0)
                .unwrap();
        assert!(line.weights[0] > 1.0 && line.weights[0] < 20.0, "{line:?}");
    }
}
