//! Money: an integer number of minor units and an ISO 4217 currency.
//!
//! Never a float, and two currencies are never added. The number of decimals
//! is the currency's own (JPY 0, EUR 2, BHD 3).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An ISO 4217 currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The three-letter code.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).expect("only ASCII letters are ever stored")
    }

    /// Decimals of the minor unit, by ISO 4217.
    pub fn exponent(&self) -> u32 {
        iso_currency::Currency::from_code(self.code())
            .and_then(iso_currency::Currency::exponent)
            .map_or(0, u32::from)
    }
}

impl FromStr for Currency {
    type Err = UnknownCurrency;

    /// Reads a code such as `EUR`. Funds, metals and test codes have no minor
    /// unit in ISO 4217, so nobody can owe a bill in them: refused.
    fn from_str(code: &str) -> Result<Self, Self::Err> {
        iso_currency::Currency::from_code(code)
            .filter(|known| known.exponent().is_some())
            .and_then(|_| code.as_bytes().try_into().ok())
            .map(Currency)
            .ok_or(UnknownCurrency)
    }
}

/// Not an ISO 4217 code of a currency with a minor unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown currency (expected an ISO 4217 code such as EUR)")]
pub struct UnknownCurrency;

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        code.parse().map_err(serde::de::Error::custom)
    }
}

/// An amount in minor units of its currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    pub minor: i64,
    pub currency: Currency,
}

/// Why a decimal text is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadAmount {
    #[error("not a decimal number (expected digits with at most one decimal point)")]
    NotANumber,
    #[error("more decimals than the currency has")]
    TooPrecise,
    #[error("too large")]
    TooLarge,
}

impl Money {
    pub fn new(minor: i64, currency: Currency) -> Money {
        Money { minor, currency }
    }

    /// Reads a decimal such as `97.6`, `-12` or `0.125`, with a point, without
    /// grouping. Decimals beyond the currency's must be zeros: an amount is
    /// never rounded.
    pub fn parse(text: &str, currency: Currency) -> Result<Money, BadAmount> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || digits.ends_with('.')
        {
            return Err(BadAmount::NotANumber);
        }

        let exponent = currency.exponent() as usize;
        let (kept, dropped) = fraction.split_at(fraction.len().min(exponent));
        if dropped.bytes().any(|byte| byte != b'0') {
            return Err(BadAmount::TooPrecise);
        }

        let mut minor: i64 = 0;
        let padding = std::iter::repeat_n(b'0', exponent - kept.len());
        for byte in whole.bytes().chain(kept.bytes()).chain(padding) {
            minor = minor
                .checked_mul(10)
                .and_then(|m| m.checked_add(i64::from(byte - b'0')))
                .ok_or(BadAmount::TooLarge)?;
        }
        Ok(Money::new(if negative { -minor } else { minor }, currency))
    }

    /// The plain decimal, as [`Money::parse`] reads it: `1234.50`.
    pub fn decimal(&self) -> String {
        let exponent = self.currency.exponent() as usize;
        let sign = if self.minor < 0 { "-" } else { "" };
        let digits = format!("{:0width$}", self.minor.unsigned_abs(), width = exponent + 1);
        let (whole, fraction) = digits.split_at(digits.len() - exponent);
        if fraction.is_empty() {
            format!("{sign}{whole}")
        } else {
            format!("{sign}{whole}.{fraction}")
        }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.decimal(), self.currency)
    }
}

/// Sums per currency, ordered by code: currencies are listed apart, never added.
pub fn totals(amounts: impl IntoIterator<Item = Money>) -> Vec<Money> {
    let mut sums: std::collections::BTreeMap<Currency, i64> = Default::default();
    for amount in amounts {
        let sum = sums.entry(amount.currency).or_default();
        *sum = sum.saturating_add(amount.minor);
    }
    sums.into_iter().map(|(currency, minor)| Money { minor, currency }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn currency(code: &str) -> Currency {
        code.parse().unwrap()
    }

    #[track_caller]
    fn check(text: &str, code: &str, expected: Result<i64, BadAmount>) {
        assert_eq!(Money::parse(text, currency(code)).map(|money| money.minor), expected);
    }

    #[test]
    fn decimals_follow_the_currency() {
        check("97.6", "EUR", Ok(9760));
        check("97", "EUR", Ok(9700));
        check("97", "JPY", Ok(97));
        check("1.234", "BHD", Ok(1234));
        check("-0.05", "USD", Ok(-5));
        check("12.500", "USD", Ok(1250));
    }

    #[test]
    fn an_amount_is_never_guessed_or_rounded() {
        check("1.5", "JPY", Err(BadAmount::TooPrecise));
        check("0.005", "EUR", Err(BadAmount::TooPrecise));
        for nonsense in ["", ".", "1.", ".5", "1,5", "1e3", " 1", "+1", "--1", "NaN", "١"] {
            check(nonsense, "EUR", Err(BadAmount::NotANumber));
        }
        check("99999999999999999999", "EUR", Err(BadAmount::TooLarge));
    }

    #[test]
    fn codes_without_a_minor_unit_are_refused() {
        for code in ["XXX", "XAU", "eur", "EU", "EURO", "ZZZ"] {
            assert!(code.parse::<Currency>().is_err(), "{code}");
        }
    }

    #[test]
    fn two_currencies_are_listed_apart() {
        let owed = [(5, "USD"), (7, "EUR"), (1, "USD")].map(|(m, c)| Money::new(m, currency(c)));
        let sums = totals(owed);
        assert_eq!(sums, [Money::new(7, currency("EUR")), Money::new(6, currency("USD"))]);
    }

    proptest! {
        #[test]
        fn writing_and_reading_an_amount_changes_nothing(
            minor in -1_000_000_000_000i64..1_000_000_000_000,
            code in prop::sample::select(vec!["JPY", "EUR", "BHD", "CNY"]),
        ) {
            let money = Money::new(minor, currency(code));
            prop_assert_eq!(Money::parse(&money.decimal(), money.currency), Ok(money));
        }
    }
}
