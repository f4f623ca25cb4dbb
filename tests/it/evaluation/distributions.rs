//! Quantiles and tails against scipy 1.17.1.
//!
//! Made with `from scipy import stats as s` and, for each line, what stands
//! above its table; numbers are `repr(float(…))`.

use duebell::evaluation::distribution::{
    chi_square_above, normal_above, normal_beyond, normal_quantile, t_beyond, t_two_sided,
};

use super::same;

#[test]
fn the_normal_distribution_is_scipys() {
    // s.norm.ppf(p)
    for (p, z) in [
        (1e-300, -37.0470962993612),
        (1e-12, -7.034483825301131),
        (0.001, -3.090232306167813),
        (0.025, -1.9599639845400545),
        (0.07, -1.4757910281791706),
        (0.3, -0.5244005127080409),
        (0.5, 0.0),
        (0.8, 0.8416212335729143),
        (0.95, 1.6448536269514722),
        (0.9999, 3.719016485455709),
    ] {
        same(&format!("quantile of {p}"), normal_quantile(p), z, 14);
    }
    // s.norm.sf(z)
    for (z, p) in [
        (-3.0, 0.9986501019683699),
        (0.0, 0.5),
        (0.5, 0.3085375387259869),
        (1.96, 0.024997895148220435),
        (5.0, 2.866515718791933e-07),
        (12.0, 1.776482112077653e-33),
        (37.0, 5.7255712225239266e-300),
    ] {
        same(&format!("above {z}"), normal_above(z), p, 12);
        same(&format!("beyond {z}"), normal_beyond(z), 2.0 * if z < 0.0 { 1.0 - p } else { p }, 12);
    }
}

#[test]
fn the_chi_square_distribution_is_scipys() {
    // s.chi2.sf(x, freedom)
    for (x, freedom, p) in [
        (0.5, 1.0, 0.47950012218695337),
        (3.84, 1.0, 0.05004352124870519),
        (500.0, 1.0, 9.505397766554137e-111),
        (0.2, 2.0, 0.9048374180359595),
        (10.0, 3.0, 0.01856613546304325),
        (0.7, 9.0, 0.9998724430111405),
        (9.0, 9.0, 0.43727418891386693),
        (80.0, 9.0, 1.61613141565346e-13),
        (300.0, 250.0, 0.016518273157868715),
    ] {
        same(&format!("above {x} of {freedom}"), chi_square_above(x, freedom), p, 12);
    }
}

#[test]
fn students_t_is_scipys() {
    // 2 * s.t.sf(t, freedom)
    for (t, freedom, p) in [
        (0.1, 1.0, 0.936548965138893),
        (12.7, 1.0, 0.050024327689344165),
        (2.0, 3.5, 0.12613852257591343),
        (0.6, 30.0, 0.5530117596061962),
        (2.1, 79.9, 0.038883721829318),
        (2.1, 80.1, 0.03887577777052705),
        (1.5, 1000.0, 0.13393003882208626),
        (5.3, 36671.157, 1.164709337614634e-07),
        (30.0, 12.0, 1.1773181907018936e-12),
    ] {
        same(&format!("beyond {t} of {freedom}"), t_beyond(t, freedom), p, 12);
        same("on the other side", t_beyond(-t, freedom), p, 12);
    }
    // s.t.isf(alpha / 2, freedom)
    for (alpha, freedom, t) in [
        (0.05, 1.0, 12.706204736174705),
        (0.05, 2.5, 3.5746548420036834),
        (0.01, 9.0, 3.2498355415921263),
        (0.05, 79.9, 1.9901016579556265),
        (0.05, 36671.157, 1.9600286770230322),
        (0.2, 400.0, 1.2836715995703043),
        (1e-6, 6.0, 20.047856110604165),
    ] {
        same(&format!("{alpha} of {freedom}"), t_two_sided(alpha, freedom), t, 12);
    }
}
