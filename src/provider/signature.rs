//! Signatures of what providers post to us, and of what we post: the Standard
//! Webhooks scheme, <https://github.com/standard-webhooks/standard-webhooks>.
//!
//! The HMAC-SHA256 of "id.timestamp.body" is judged on the bytes as they came:
//! whoever parses first checks something else than what was signed. Pure: the
//! time is given.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;

/// How far the provider's clock and ours may be apart, network included. An
/// older message may be one that somebody kept and plays again.
pub const AGE_MAX: SignedDuration = SignedDuration::from_secs(300);

/// The scheme asks for 24 bytes or more.
const SECRET_BYTES_MIN: usize = 24;
/// A provider signs with one secret, or with two while it changes them; more
/// would have us compare at a stranger's wish.
const SIGNATURES_MAX: usize = 16;

/// What a message says of itself, in its headers.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// `webhook-id`
    pub id: &'a str,
    /// `webhook-timestamp`: seconds since 1970.
    pub timestamp: &'a str,
    /// `webhook-signature`: `v1,<base64>`, several parted by spaces.
    pub signatures: &'a str,
}

/// Why a message is not to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the header {0} is missing")]
    Missing(&'static str),
    /// Of providers that do not sign: see `echo`.
    #[error("the token in the URL is missing or does not fit")]
    BadToken,
    #[error("webhook-timestamp is no number of seconds")]
    BadTimestamp,
    /// What was signed as the time, and how far our clock is ahead of it.
    #[error("{what} is {}", off(*.age))]
    BadTime { what: &'static str, age: SignedDuration },
    #[error("no signature fits")]
    NoneFits,
    /// Signed or not, it comes from somebody else than the settings name.
    #[error("{0}")]
    Stranger(&'static str),
}

/// Why a text is no secret; never shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSecret {
    #[error("does not begin with whsec_")]
    NoPrefix,
    #[error("holds no base64 after whsec_")]
    NotBase64,
    #[error("holds fewer than {SECRET_BYTES_MIN} bytes")]
    TooShort,
}

/// The secrets that are good at the moment: one, or more while they change.
pub struct Secrets(Vec<Hmac<Sha256>>);

impl Secrets {
    /// Reads secrets written as `whsec_<base64>`.
    ///
    /// # Errors
    /// Where one is not.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Secrets, BadSecret> {
        texts.into_iter().map(secret).collect::<Result<_, _>>().map(Secrets)
    }

    /// The header `webhook-signature` by the first secret; `None` where there
    /// is none.
    pub fn sign(&self, id: &str, timestamp: &str, body: &[u8]) -> Option<String> {
        let signed = Signed { id, timestamp, signatures: "" };
        let mac = of(self.0.first()?, &signed, body).finalize().into_bytes();
        Some(format!("v1,{}", STANDARD.encode(mac)))
    }

    /// Whether whoever knows a secret wrote this, just now.
    ///
    /// # Errors
    /// Where not.
    pub fn check(&self, signed: &Signed<'_>, body: &[u8], now: Timestamp) -> Result<(), Refused> {
        let at = instant(signed.timestamp).ok_or(Refused::BadTimestamp)?;
        let age = now.duration_since(at);
        if age.abs() > AGE_MAX {
            return Err(Refused::BadTime { what: "webhook-timestamp", age });
        }
        // Once for each secret, however many signatures there are.
        let ours: Vec<Hmac<Sha256>> = self.0.iter().map(|key| of(key, signed, body)).collect();
        let fits = signed
            .signatures
            .split(' ')
            .take(SIGNATURES_MAX)
            .filter_map(|signature| STANDARD.decode(signature.strip_prefix("v1,")?).ok())
            // Compares in constant time.
            .any(|theirs| ours.iter().any(|mac| mac.clone().verify_slice(&theirs).is_ok()));
        if fits { Ok(()) } else { Err(Refused::NoneFits) }
    }
}

/// So that whoever reads it knows which clock to look at.
fn off(age: SignedDuration) -> String {
    let way = if age.is_negative() { "ahead of" } else { "behind" };
    format!("{} seconds {way} our clock", age.abs().as_secs())
}

fn secret(text: &str) -> Result<Hmac<Sha256>, BadSecret> {
    let base64 = text.trim().strip_prefix("whsec_").ok_or(BadSecret::NoPrefix)?;
    let bytes = STANDARD.decode(base64).map_err(|_| BadSecret::NotBase64)?;
    if bytes.len() < SECRET_BYTES_MIN {
        return Err(BadSecret::TooShort);
    }
    Ok(Hmac::new_from_slice(&bytes).expect("HMAC takes keys of any length"))
}

fn of(key: &Hmac<Sha256>, signed: &Signed<'_>, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = key.clone();
    for part in [signed.id.as_bytes(), b".", signed.timestamp.as_bytes(), b".", body] {
        mac.update(part);
    }
    mac
}

/// Digits alone: a full stop in it would let the parts be cut elsewhere.
fn instant(text: &str) -> Option<Timestamp> {
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then_some(())?;
    Timestamp::from_second(text.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example of the scheme's own libraries.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNED: Signed<'static> = Signed {
        id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp: "1614265330",
        signatures: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn check(signed: Signed<'_>, body: &[u8], second: i64) -> Result<(), Refused> {
        Secrets::parse([SECRET]).unwrap().check(&signed, body, at(second))
    }

    #[test]
    fn the_published_example_is_accepted() {
        assert_eq!(check(SIGNED, BODY, 1_614_265_330), Ok(()));
    }

    #[test]
    fn we_sign_as_the_published_example_is_signed() {
        let secrets = Secrets::parse([SECRET]).unwrap();
        let ours = secrets.sign(SIGNED.id, SIGNED.timestamp, BODY);
        assert_eq!(ours.as_deref(), Some(SIGNED.signatures));
        assert_eq!(Secrets::parse([]).unwrap().sign(SIGNED.id, SIGNED.timestamp, BODY), None);
    }

    #[test]
    fn five_minutes_either_way_are_the_limit() {
        for (off, expected) in [
            (-301, Err("webhook-timestamp is 301 seconds ahead of our clock")),
            (-299, Ok(())),
            (299, Ok(())),
            (301, Err("webhook-timestamp is 301 seconds behind our clock")),
        ] {
            let checked = check(SIGNED, BODY, 1_614_265_330 + off);
            assert_eq!(checked.map_err(|why| why.to_string()), expected.map_err(str::to_owned));
        }
        for timestamp in ["", "now", "+1614265330", "1614265330.5", "-1", "99999999999999999999"] {
            let signed = Signed { timestamp, ..SIGNED };
            assert_eq!(check(signed, BODY, 1_614_265_330), Err(Refused::BadTimestamp));
        }
    }

    #[test]
    fn any_one_of_several_signatures_and_secrets_is_enough() {
        let signatures = format!("v1a,x v2,y v1,AAAA {}", SIGNED.signatures);
        let signed = Signed { signatures: &signatures, ..SIGNED };
        assert_eq!(check(signed, BODY, 1_614_265_330), Ok(()));
        let other = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        let now = at(1_614_265_330);
        let both = Secrets::parse([other, SECRET]).unwrap();
        assert_eq!(both.check(&SIGNED, BODY, now), Ok(()));
        for unknown in [vec![], vec![other]] {
            let secrets = Secrets::parse(unknown).unwrap();
            assert_eq!(secrets.check(&SIGNED, BODY, now), Err(Refused::NoneFits));
        }
    }

    #[test]
    fn a_signature_cut_short_or_of_another_version_does_not_fit() {
        let whole = SIGNED.signatures;
        for signatures in ["", "v1,", &whole[3..], &whole[..whole.len() - 4], "v2,g0hM9SsE"] {
            let signed = Signed { signatures, ..SIGNED };
            assert_eq!(check(signed, BODY, 1_614_265_330), Err(Refused::NoneFits));
        }
    }

    #[test]
    fn a_text_that_is_no_secret_is_refused_without_showing_it() {
        let wrong = |text| Secrets::parse([text]).err();
        assert_eq!(wrong("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), Some(BadSecret::NoPrefix));
        assert_eq!(wrong("whsec_MfKQ*"), Some(BadSecret::NotBase64));
        assert_eq!(wrong("whsec_MfKQ9r8G"), Some(BadSecret::TooShort));
        assert_eq!(wrong("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n"), None);
    }
}
