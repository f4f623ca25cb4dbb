//! What only one side may know: tokens of sessions, start passwords, recovery
//! codes. All of it comes from the system's generator; what is kept is a hash.

use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD, HEXLOWER};
use hmac::{Hmac, KeyInit as _, Mac as _};
use ring::rand::{SecureRandom as _, SystemRandom};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// 256 bits.
const TOKEN_BYTES: usize = 32;
/// 26 letters of base32: 130 bits.
const CODE_LETTERS: usize = 26;
pub const RECOVERY_CODES: usize = 10;
/// As many bits as SHA-1 has, as RFC 4226 recommends.
const FACTOR_BYTES: usize = 20;

/// What a browser shows to be let in.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    pub fn drawn() -> Token {
        Token(BASE64URL_NOPAD.encode(&random::<TOKEN_BYTES>()))
    }

    /// What a browser showed; `None` where it is no token of ours.
    pub fn read(text: &str) -> Option<Token> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        (bytes.len() == TOKEN_BYTES).then(|| Token(text.to_owned()))
    }

    pub fn shown(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    pub fn id(&self) -> String {
        hash(&self.0)
    }

    /// What the forms of its session carry.
    pub fn of_forms(&self) -> String {
        BASE64URL_NOPAD.encode(&self.derived("form"))
    }

    /// The second factor that its session offers to set up: the same each time
    /// the page is seen, and nothing is kept of it until it was used.
    pub fn new_factor(&self) -> String {
        BASE32_NOPAD.encode(&self.derived("second factor")[..FACTOR_BYTES])
    }

    fn derived(&self, what: &str) -> [u8; 32] {
        let mac = Hmac::<Sha256>::new_from_slice(self.0.as_bytes());
        let mut mac = mac.expect("any length is a key of HMAC");
        mac.update(what.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

/// Ten codes, and what is kept of them.
pub fn recovery_codes() -> (Vec<String>, Vec<String>) {
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| code()).collect();
    let kept = codes.iter().map(|code| hash(&plain(code))).collect();
    (codes, kept)
}

/// The hashes that are left once `code` is used; `None` where it is none of them.
pub fn without(code: &str, kept: &[String]) -> Option<Vec<String>> {
    let used = hash(&plain(code));
    let is_it = |one: &String| -> bool { one.as_bytes().ct_eq(used.as_bytes()).into() };
    let left: Vec<String> = kept.iter().filter(|one| !is_it(one)).cloned().collect();
    (left.len() < kept.len()).then_some(left)
}

/// A password for the first time, of 130 bits in groups that can be read out.
pub fn start_password() -> String {
    code()
}

/// Whether two secrets are the same, without telling how far they are.
pub fn is_same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

fn code() -> String {
    let letters = BASE32_NOPAD.encode(&random::<17>()).to_ascii_lowercase();
    let groups = letters.as_bytes()[..CODE_LETTERS].chunks(5);
    groups.map(String::from_utf8_lossy).collect::<Vec<_>>().join("-")
}

/// A code as it is, however it was typed.
fn plain(code: &str) -> String {
    code.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn hash(text: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(text.as_bytes()))
}

pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).expect("the system has a generator of random bytes");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_back_and_another_is_not_it() {
        let token = Token::drawn();
        let read = Token::read(token.shown()).unwrap();
        assert_eq!((read.id(), read.of_forms()), (token.id(), token.of_forms()));
        assert_ne!(Token::drawn().id(), token.id());
        assert!(!token.id().contains(token.shown()) && token.of_forms() != token.shown());
        assert_eq!(token.new_factor().len(), 32);
        for text in ["", "x", &token.shown()[1..], &format!("{}A", token.shown())] {
            assert!(Token::read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_recovery_code_is_good_once_however_it_is_typed() {
        let (codes, kept) = recovery_codes();
        assert_eq!((codes.len(), codes[0].len()), (10, CODE_LETTERS + 5));
        let left = without(&codes[3].replace('-', " ").to_uppercase(), &kept).unwrap();
        assert_eq!(left.len(), 9);
        assert_eq!(without(&codes[3], &left), None);
        assert_eq!(without("", &kept), None);
        assert!(codes.iter().all(|code| without(code, &kept).is_some()));
    }
}
