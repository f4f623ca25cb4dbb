//! Time-based one-time passwords, RFC 6238: SHA-1, 30 s, six digits, as every
//! authenticator on a telephone has them.

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha1::Sha1;
use subtle::ConstantTimeEq as _;

const STEP_S: i64 = 30;
const DIGITS: u32 = 6;
/// Steps before and after the present one whose codes are taken: clocks of
/// telephones are not exact, and typing takes time.
const AROUND: i64 = 1;

/// The step of time whose code this is, where it is one of `secret` at `now`
/// and later than `last`. Each is good once.
pub fn step_of(secret: &str, code: &str, last: i64, now: Timestamp) -> Option<i64> {
    let secret = BASE32_NOPAD.decode(secret.as_bytes()).ok()?;
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let present = now.as_second().div_euclid(STEP_S);
    let mut found = None;
    // All of them are looked at, whichever it is.
    for step in present - AROUND..=present + AROUND {
        let is_it: bool = code_of(&secret, step).as_bytes().ct_eq(code.as_bytes()).into();
        if is_it && step > last {
            found = Some(step);
        }
    }
    found
}

/// The code of one step.
fn code_of(secret: &[u8], step: i64) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).expect("any length is a key of HMAC");
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    // Dynamic truncation, RFC 4226 section 5.3.
    let at = usize::from(digest[19] & 0x0f);
    let bytes = [digest[at] & 0x7f, digest[at + 1], digest[at + 2], digest[at + 3]];
    let code = u32::from_be_bytes(bytes) % 10_u32.pow(DIGITS);
    format!("{code:06}")
}

/// What an authenticator reads from the picture.
pub fn address(secret: &str, name: &str) -> String {
    let name: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
    format!("otpauth://totp/Duebell:{name}?secret={secret}&issuer=Duebell")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Appendix B of RFC 6238, whose secret is these bytes; the last six of its
    /// eight digits.
    #[test]
    fn the_vectors_of_the_rfc_hold() {
        for (second, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code_of(b"12345678901234567890", second / STEP_S), code, "{second}");
        }
    }

    #[test]
    fn a_code_is_good_for_one_step_around_its_own_and_once() {
        let secret = BASE32_NOPAD.encode(b"12345678901234567890");
        let at = |second| Timestamp::from_second(second).unwrap();
        let step = |last, second| step_of(&secret, "050471", last, at(second));
        let its = 1_111_111_111 / STEP_S;
        for second in [its * STEP_S - STEP_S, its * STEP_S, its * STEP_S + 2 * STEP_S - 1] {
            assert_eq!(step(0, second), Some(its), "{second}");
            assert_eq!(step(its, second), None);
        }
        for second in [its * STEP_S - STEP_S - 1, its * STEP_S + 2 * STEP_S] {
            assert_eq!(step(0, second), None, "{second}");
        }
        assert_eq!(step_of(&secret, " 050 471 ", 0, at(its * STEP_S)), Some(its));
        for code in ["", "050471x", "50471", "0504710"] {
            assert_eq!(step_of(&secret, code, 0, at(its * STEP_S)), None, "{code}");
        }
        assert_eq!(step_of("no base32", "050471", 0, at(its * STEP_S)), None);
    }
}
