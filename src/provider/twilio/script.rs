//! What is said in a call, as it travels to Twilio and back.
//!
//! Twilio asks us what to say when somebody has answered, and again for each
//! key, minutes later and perhaps another process. So all of it goes with the
//! URL that Twilio is given to ask at: rendered, compressed and sealed. Sealed,
//! because URLs stand in the logs of every proxy, and this one names a debt.

use std::io::{Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Voice;
use super::twiml::ssml;
use crate::model::content::{Does, Menu, Part};
use crate::model::{AttemptKey, Prompt};

/// A script that is longer is not one of ours.
const BYTES_MAX: u64 = 64 * 1024;

/// Texts as SSML, in the order in which they may be said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    pub language: String,
    pub voice: Option<String>,
    pub message: String,
    pub invitation: String,
    pub keys: Vec<(char, Deed, String)>,
    pub goodbye: String,
    /// Empty to leave nothing on a machine.
    pub to_machine: String,
}

/// [`Does`], as it is written in a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Does")]
enum Written {
    #[serde(rename = "l")]
    SendLink,
    #[serde(rename = "p")]
    Promise,
    #[serde(rename = "r")]
    Repeat,
    #[serde(rename = "w")]
    WrongNumber,
    #[serde(rename = "o")]
    OptOut,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Deed(#[serde(with = "Written")] pub Does);

impl Script {
    /// Where no voice is known, Twilio chooses one for the language.
    pub fn of(prompt: &Prompt, language: &str, voice: Option<&Voice>) -> Script {
        let said = |parts: &[Part]| ssml(parts);
        let menu = prompt.menu.as_ref();
        let of_menu = |parts: fn(&Menu) -> &[Part]| menu.map(|menu| said(parts(menu)));
        let keys = menu.map(|menu| menu.keys.as_slice()).unwrap_or_default();
        Script {
            language: voice.map_or(language, |voice| &voice.language).to_owned(),
            voice: voice.map(|voice| voice.voice.clone()),
            message: said(&prompt.parts),
            invitation: of_menu(|menu| &menu.invitation).unwrap_or_default(),
            keys: keys.iter().map(|key| (key.digit, Deed(key.does), said(&key.answer))).collect(),
            goodbye: of_menu(|menu| &menu.goodbye).unwrap_or_default(),
            to_machine: said(&prompt.to_machine),
        }
    }
}

/// Closes scripts, and opens those that it closed for the same attempt.
pub struct Seal {
    key: LessSafeKey,
    random: SystemRandom,
}

impl Seal {
    /// Whoever has the token can ask Twilio what was said anyway.
    pub fn new(token: &str) -> Seal {
        let digest = Sha256::new().chain_update("duebell twilio script\0").chain_update(token);
        let key = UnboundKey::new(&AES_256_GCM, &digest.finalize());
        let key = LessSafeKey::new(key.expect("a digest has the length of a key"));
        Seal { key, random: SystemRandom::new() }
    }

    /// `None` where the system gives no random numbers.
    pub fn close(&self, script: &Script, attempt: AttemptKey) -> Option<String> {
        let mut packed = DeflateEncoder::new(Vec::new(), Compression::best());
        packed.write_all(&serde_json::to_vec(script).ok()?).ok()?;
        let mut bytes = packed.finish().ok()?;
        let mut nonce = [0; NONCE_LEN];
        self.random.fill(&mut nonce).ok()?;
        let once = Nonce::assume_unique_for_key(nonce);
        self.key.seal_in_place_append_tag(once, about(attempt), &mut bytes).ok()?;
        bytes.splice(0..0, nonce);
        Some(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// `None` where it is not one that we closed.
    pub fn open(&self, sealed: &str, attempt: AttemptKey) -> Option<Script> {
        let mut bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let once = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let packed = self.key.open_in_place(once, about(attempt), sealed).ok()?;
        let mut text = Vec::new();
        DeflateDecoder::new(&*packed).take(BYTES_MAX).read_to_end(&mut text).ok()?;
        serde_json::from_slice(&text).ok()
    }
}

fn about(attempt: AttemptKey) -> Aad<String> {
    Aad::from(attempt.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_read_by_its_own_attempt_alone() {
        let attempt: AttemptKey = "0123456789abcdef0123456789abcdef.2".parse().unwrap();
        let other = AttemptKey { number: 3, ..attempt };
        let parts = vec![Part::Text("You owe 97.60".to_owned())];
        let script = Script::of(&Prompt { parts, ..Prompt::default() }, "en", None);
        let seal = Seal::new("token");
        let sealed = seal.close(&script, attempt).unwrap();
        assert_eq!(seal.open(&sealed, attempt), Some(script.clone()));
        assert_ne!(seal.close(&script, attempt).unwrap(), sealed);
        assert_eq!(seal.open(&sealed, other), None);
        assert_eq!(Seal::new("other").open(&sealed, attempt), None);
        for bad in ["", "AAAA", "%", &sealed[1..]] {
            assert_eq!(seal.open(bad, attempt), None, "{bad}");
        }
    }
}
