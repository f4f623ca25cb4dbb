//! Estimates against what other people's programs compute from data that
//! nobody here made, and promises against many experiments whose truth is known.

mod calibration;
mod chance;
mod command;
mod distributions;
mod draws;
mod hillstrom;
mod peeking;
mod plans;
mod ranking;
mod score;
mod several;
mod survival;

/// Equal in so many significant digits.
#[track_caller]
fn same(what: &str, found: f64, expected: f64, digits: i32) {
    let off = (found - expected).abs();
    let most = 10_f64.powi(-digits) * expected.abs();
    assert!(off <= most, "{what}: {found:e} is not {expected:e} (off by {off:e})");
}
