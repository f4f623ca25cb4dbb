//! The normal, Student's t and the chi-square distribution.
//!
//! Tails are computed as tails, never as one less the rest: a p-value of
//! 1e-112 keeps its digits. `erfc` and `lgamma` are libm's, so that a figure is
//! the same on every machine.

use std::f64::consts::{PI, SQRT_2};

use libm::{erfc, exp, lgamma, log, log1p, sqrt};

/// The chance of a standard normal above `z`.
pub fn normal_above(z: f64) -> f64 {
    erfc(z / SQRT_2) / 2.0
}

pub fn normal_below(z: f64) -> f64 {
    normal_above(-z)
}

/// The chance of a standard normal further from 0 than `z`, on either side.
pub fn normal_beyond(z: f64) -> f64 {
    erfc(z.abs() / SQRT_2)
}

/// Below which a standard normal lies with chance `p`: algorithm AS 241,
/// PPND16 (M. J. Wichura, Applied Statistics 37, 1988, 477-484), good to about
/// 1 part in 1e16.
pub fn normal_quantile(p: f64) -> f64 {
    let from_middle = p - 0.5;
    if from_middle.abs() <= 0.425 {
        let r = 0.180_625 - from_middle * from_middle;
        return from_middle * ratio(r, &MIDDLE);
    }
    let tail = if from_middle < 0.0 { p } else { 1.0 - p };
    let r = sqrt(-log(tail));
    let z = if r <= 5.0 { ratio(r - 1.6, &TAIL) } else { ratio(r - 5.0, &FAR_TAIL) };
    if from_middle < 0.0 { -z } else { z }
}

/// Coefficients above and below the fraction line, those of the highest power
/// last.
type Ratio = ([f64; 8], [f64; 8]);

fn ratio(x: f64, (above, below): &Ratio) -> f64 {
    let sum = |of: &[f64; 8]| of.iter().rev().fold(0.0, |sum, it| sum * x + it);
    sum(above) / sum(below)
}

const MIDDLE: Ratio = (
    [
        3.387_132_872_796_366_5,
        1.331_416_678_917_843_8e2,
        1.971_590_950_306_551_3e3,
        1.373_169_376_550_946e4,
        4.592_195_393_154_987e4,
        6.726_577_092_700_87e4,
        3.343_057_558_358_813e4,
        2.509_080_928_730_122_7e3,
    ],
    [
        1.0,
        4.231_333_070_160_091e1,
        6.871_870_074_920_579e2,
        5.394_196_021_424_751e3,
        2.121_379_430_158_659_7e4,
        3.930_789_580_009_271e4,
        2.872_908_573_572_194_3e4,
        5.226_495_278_852_854e3,
    ],
);

const TAIL: Ratio = (
    [
        1.423_437_110_749_683_5,
        4.630_337_846_156_546,
        5.769_497_221_460_691,
        3.647_848_324_763_204_5,
        1.270_458_252_452_368_4,
        2.417_807_251_774_506e-1,
        2.272_384_498_926_918_4e-2,
        7.745_450_142_783_414e-4,
    ],
    [
        1.0,
        2.053_191_626_637_759,
        1.676_384_830_183_803_8,
        6.897_673_349_851e-1,
        1.481_039_764_274_800_8e-1,
        1.519_866_656_361_645_7e-2,
        5.475_938_084_995_345e-4,
        1.050_750_071_644_416_9e-9,
    ],
);

const FAR_TAIL: Ratio = (
    [
        6.657_904_643_501_103,
        5.463_784_911_164_114,
        1.784_826_539_917_291_3,
        2.965_605_718_285_048_7e-1,
        2.653_218_952_657_612_4e-2,
        1.242_660_947_388_078_4e-3,
        2.711_555_568_743_487_6e-5,
        2.010_334_399_292_288_1e-7,
    ],
    [
        1.0,
        5.998_322_065_558_88e-1,
        1.369_298_809_227_358e-1,
        1.487_536_129_085_061_5e-2,
        7.868_691_311_456_133e-4,
        1.846_318_317_510_054_8e-5,
        1.421_511_758_316_446e-7,
        2.044_263_103_389_939_8e-15,
    ],
);

/// The chance that a chi-square with so many degrees of freedom exceeds `x`.
pub fn chi_square_above(x: f64, freedom: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    if freedom == 1.0 {
        return erfc(sqrt(x / 2.0));
    }
    let (a, x) = (freedom / 2.0, x / 2.0);
    let front = exp(a * log(x) - x - lgamma(a));
    if x < a + 1.0 {
        // The lower part is the smaller one: DLMF 8.7.1.
        let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
        while term > sum * f64::EPSILON {
            n += 1.0;
            term *= x / n;
            sum += term;
        }
        return 1.0 - front * sum;
    }
    // DLMF 8.9.2, made even.
    front * fraction(1.0, x + 1.0 - a, |n| (-n * (n - a), x + 1.0 - a + 2.0 * n))
}

/// The chance that Student's t with so many degrees of freedom, which need not
/// be whole, lies further from 0 than `t`.
pub fn t_beyond(t: f64, freedom: f64) -> f64 {
    let squared = t * t / freedom;
    if squared == 0.0 {
        return 1.0;
    }
    // x = 1 / (1 + t² / freedom), and what x lacks to 1.
    let (x, lacks) = (1.0 / (1.0 + squared), squared / (1.0 + squared));
    let a = freedom / 2.0;
    let front = exp(-a * log1p(squared) - ln_beta_half(a)) * sqrt(lacks);
    if x < (a + 1.0) / (a + 2.5) {
        front * beta_fraction(x, a, 0.5) / a
    } else {
        1.0 - front * beta_fraction(lacks, 0.5, a) / 0.5
    }
}

/// Beyond which Student's t lies `alpha` of the time, on both sides together.
pub fn t_two_sided(alpha: f64, freedom: f64) -> f64 {
    // The tail is convex and the normal's is lighter, so Newton's method walks
    // from there towards the root and never past it.
    let ln_front = -ln_beta_half(freedom / 2.0) - log(freedom) / 2.0;
    let mut t = -normal_quantile(alpha / 2.0);
    for _ in 0..STEPS_MAX {
        let density = exp(ln_front - (freedom + 1.0) / 2.0 * log1p(t * t / freedom));
        let next = t + (t_beyond(t, freedom) - alpha) / (2.0 * density);
        if next <= t * (1.0 + f64::EPSILON) {
            break;
        }
        t = next;
    }
    t
}

/// The logarithm of Beta(a, 1/2).
fn ln_beta_half(a: f64) -> f64 {
    let ln_gamma_half = log(PI) / 2.0;
    if a < FAR {
        return lgamma(a) + ln_gamma_half - lgamma(a + 0.5);
    }
    // The difference of two large logarithms would lose digits: DLMF 5.11.13
    // with its terms worked out.
    let b = 1.0 / (a * a);
    let series = (-1.0 / 8.0 + b * (1.0 / 192.0 + b * (-1.0 / 640.0 + b * 17.0 / 14_336.0))) / a;
    ln_gamma_half - log(a) / 2.0 - series
}

/// From here on four terms of the series are exact.
const FAR: f64 = 40.0;
/// More than any fraction or root here takes.
const STEPS_MAX: usize = 10_000;

/// The continued fraction of the incomplete beta function: DLMF 8.17.22.
fn beta_fraction(x: f64, a: f64, b: f64) -> f64 {
    fraction(1.0, 1.0, |n| {
        let m = libm::floor(n / 2.0);
        let above = if n % 2.0 == 0.0 {
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
        } else {
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
        };
        (above, 1.0)
    })
}

/// a0 / (b0 + a1 / (b1 + a2 / (b2 + ...))), by Lentz's method as Thompson and
/// Barnett mended it (Journal of Computational Physics 64, 1986, 490-509).
fn fraction(above: f64, below: f64, term: impl Fn(f64) -> (f64, f64)) -> f64 {
    let never_zero = |x: f64| if x == 0.0 { f64::MIN_POSITIVE } else { x };
    let mut value = never_zero(below);
    let (mut c, mut d) = (value, 0.0);
    for n in 1..STEPS_MAX {
        let (a, b) = term(n as f64);
        d = 1.0 / never_zero(b + a * d);
        c = never_zero(b + a / c);
        value *= c * d;
        if (c * d - 1.0).abs() <= f64::EPSILON {
            break;
        }
    }
    above / value
}
