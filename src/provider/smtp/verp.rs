//! Return addresses that name the attempt (VERP): `bounce+TAG@…`, and what
//! names it in the `Message-ID`.
//!
//! Whoever knows an account's id can work out the keys of its attempts, and a
//! bounce is nothing but a mail that anybody can write. So both are signed,
//! and what is not is nobody's bounce. Whoever was sent a letter knows its tag,
//! and can do no more with it than say that this letter did not arrive.
//!
//! The tag is base32 in small letters, as mail systems may write an address
//! in capitals; with the name before it, it must stay within the 64 characters
//! that a local part may have (RFC 5321, section 4.5.3.1.1).

use anyhow::{Context, ensure};
use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use lettre::address::Address;
use sha2::Sha256;

use super::{Settings, read};
use crate::model::{AttemptKey, ReminderId};

/// Of a signature: 80 bits, which nobody guesses one mail at a time.
const SIGNATURE_BYTES: usize = 10;
const REMINDER_BYTES: usize = 16;
const TAG_BYTES: usize = REMINDER_BYTES + 4 + SIGNATURE_BYTES;
/// In base32, without padding.
const TAG_LENGTH: usize = TAG_BYTES * 8 / 5;
const NAME_LENGTH_MAX: usize = 64 - TAG_LENGTH - 1;
/// Shorter secrets could be guessed.
const SECRET_LENGTH_MIN: usize = 24;

/// Where bounces come back to.
pub(super) struct ReturnAddress {
    name: String,
    domain: String,
    signing: Hmac<Sha256>,
    /// These were used before, and letters that they signed are on their way.
    earlier: Vec<Hmac<Sha256>>,
}

impl ReturnAddress {
    /// Reads the secrets; `None` where bounces go to the sender.
    ///
    /// # Errors
    /// What is wrong with the settings, beginning with the key.
    pub fn open(settings: &Settings) -> anyhow::Result<Option<ReturnAddress>> {
        let Some(text) = &settings.bounces else {
            let is_alone =
                settings.bounces_maildir.is_none() && settings.bounces_secret_file.is_none();
            ensure!(is_alone, "bounces is not set; name the address that they come back to");
            return Ok(None);
        };
        let is_plain = |c: char| c.is_ascii_alphanumeric() || ".-_@".contains(c);
        let address: Option<Address> = text.parse().ok().filter(|_| text.chars().all(is_plain));
        let address =
            address.context("bounces is no plain address; write one such as bounce@example.org")?;
        ensure!(
            address.user().len() <= NAME_LENGTH_MAX,
            "bounces has more than {NAME_LENGTH_MAX} characters before its @, \
             and the attempt's tag must have room there"
        );
        let file = settings.bounces_secret_file.as_ref();
        let file = file.context(
            "bounces_secret_file is not set; name a file with what \
             openssl rand -base64 32 says",
        )?;
        let lines = read(file, "bounces_secret_file")?;
        let secrets = lines.lines().map(str::trim).filter(|line| !line.is_empty()).map(|line| {
            ensure!(
                line.len() >= SECRET_LENGTH_MIN,
                "bounces_secret_file {} holds fewer than {SECRET_LENGTH_MIN} characters on a line",
                file.display()
            );
            Ok(Hmac::new_from_slice(line.as_bytes()).expect("HMAC takes keys of any length"))
        });
        let mut secrets = secrets.collect::<anyhow::Result<Vec<_>>>()?.into_iter();
        let signing = secrets
            .next()
            .with_context(|| format!("bounces_secret_file {} is empty", file.display()))?;
        Ok(Some(ReturnAddress {
            name: address.user().to_owned(),
            domain: address.domain().to_owned(),
            signing,
            earlier: secrets.collect(),
        }))
    }

    /// Where this attempt's bounce comes back to.
    pub fn of(&self, key: AttemptKey) -> Address {
        let tag = [bytes(key).as_slice(), &self.signature(key)].concat();
        let local = format!("{}+{}", self.name, small(&tag));
        Address::new(local, self.domain.clone())
            .expect("a plain name with a tag is the local part of an address")
    }

    /// What a `Message-ID` has before its @: the key as it stands, so that it
    /// is found in the mail server's log, and its signature.
    pub fn message_id(&self, key: AttemptKey) -> String {
        format!("{key}.{}", small(&self.signature(key)))
    }

    /// The attempt that an address names, where we wrote it.
    pub fn key_of_address(&self, address: &str) -> Option<AttemptKey> {
        let (local, _) = address.rsplit_once('@')?;
        let (_, tag) = local.rsplit_once('+')?;
        let tag: [u8; TAG_BYTES] = decoded(tag)?.try_into().ok()?;
        let (reminder, rest) = tag.split_first_chunk::<REMINDER_BYTES>()?;
        let (number, signature) = rest.split_first_chunk::<4>()?;
        let reminder = ReminderId::from_bytes(*reminder);
        self.signed(AttemptKey { reminder, number: u32::from_be_bytes(*number) }, signature)
    }

    /// The attempt that a `Message-ID` names, where we wrote it.
    pub fn key_of_message_id(&self, id: &str) -> Option<AttemptKey> {
        let (key, signature) = id.rsplit_once('@')?.0.rsplit_once('.')?;
        self.signed(key.parse().ok()?, &decoded(signature)?)
    }

    /// The key, where one of our secrets signed it.
    fn signed(&self, key: AttemptKey, signature: &[u8]) -> Option<AttemptKey> {
        let is_whole = signature.len() == SIGNATURE_BYTES;
        let secrets = std::iter::once(&self.signing).chain(&self.earlier);
        // Compares in constant time.
        let mut fits = secrets.map(|it| of(it, key).verify_truncated_left(signature).is_ok());
        // A number that our tables do not hold was never an attempt's.
        let is_attempt = i32::try_from(key.number).is_ok_and(|number| number > 0);
        (is_whole && is_attempt && fits.any(|it| it)).then_some(key)
    }

    fn signature(&self, key: AttemptKey) -> [u8; SIGNATURE_BYTES] {
        let whole = of(&self.signing, key).finalize().into_bytes();
        std::array::from_fn(|index| whole[index])
    }
}

fn of(secret: &Hmac<Sha256>, key: AttemptKey) -> Hmac<Sha256> {
    let mut mac = secret.clone();
    mac.update(&bytes(key));
    mac
}

fn bytes(key: AttemptKey) -> Vec<u8> {
    [key.reminder.as_bytes().as_slice(), &key.number.to_be_bytes()].concat()
}

fn small(bytes: &[u8]) -> String {
    BASE32_NOPAD.encode(bytes).to_ascii_lowercase()
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    (text.len() <= TAG_LENGTH).then_some(())?;
    BASE32_NOPAD.decode(text.to_ascii_uppercase().as_bytes()).ok()
}

/// For tests: signs with what `secrets` holds.
#[cfg(test)]
pub(super) fn returns(secrets: &str) -> ReturnAddress {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("secret");
    std::fs::write(&file, secrets).unwrap();
    let settings = Settings {
        bounces: Some("bounce@billing.example".to_owned()),
        bounces_secret_file: Some(file),
        ..Settings::default()
    };
    ReturnAddress::open(&settings).unwrap().unwrap()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "a secret of the operator's own";
    const EARLIER: &str = "another one from last year\n";

    fn key() -> AttemptKey {
        "0123456789abcdef0123456789abcdef.2".parse().unwrap()
    }

    #[test]
    fn the_attempt_comes_back_whatever_mail_systems_make_of_its_address() {
        let returns = returns(SECRET);
        let address = returns.of(key());
        assert!(address.user().len() <= 64 && address.user().starts_with("bounce+"), "{address}");
        assert_eq!(address.domain(), "billing.example");
        let address = address.to_string();
        for form in [address.to_uppercase(), address.to_lowercase(), format!("{address}.")] {
            assert_eq!(returns.key_of_address(&form), Some(key()), "{form}");
        }
        let id = format!("{}@billing.example", returns.message_id(key()));
        assert!(id.starts_with("0123456789abcdef0123456789abcdef.2."), "{id}");
        assert_eq!(returns.key_of_message_id(&id), Some(key()));
        assert_eq!(returns.key_of_message_id(&id.to_uppercase()), Some(key()));
    }

    #[test]
    fn nobody_else_can_write_one() {
        let (ours, theirs) = (returns(SECRET), returns("a secret of somebody else's"));
        assert_eq!(ours.key_of_address(theirs.of(key()).as_ref()), None);
        let id = format!("{}@billing.example", theirs.message_id(key()));
        assert_eq!(ours.key_of_message_id(&id), None);
        // Without a signature, or with less of one.
        assert_eq!(ours.key_of_message_id(&format!("{}@billing.example", key())), None);
        assert_eq!(ours.key_of_message_id(&format!("{}.@billing.example", key())), None);
        let id = ours.message_id(key());
        assert_eq!(ours.key_of_message_id(&format!("{}@b.example", &id[..id.len() - 8])), None);
    }

    #[test]
    fn a_secret_that_is_replaced_is_believed_as_long_as_it_stands_there() {
        let before = returns(EARLIER);
        let after = returns(&format!("{SECRET}\n\n{EARLIER}"));
        assert_eq!(after.key_of_address(before.of(key()).as_ref()), Some(key()));
        assert_eq!(before.key_of_address(after.of(key()).as_ref()), None);
    }

    #[test]
    fn a_bad_setting_is_named_with_its_mend() {
        let dir = tempfile::tempdir().unwrap();
        let check = |bounces: Option<&str>, secret: Option<&str>, field: &str| {
            let file = dir.path().join("secret");
            std::fs::write(&file, secret.unwrap_or_default()).unwrap();
            let settings = Settings {
                bounces: bounces.map(str::to_owned),
                bounces_secret_file: secret.map(|_| file),
                bounces_maildir: Some("/var/mail/bounces".into()),
                ..Settings::default()
            };
            let error = format!("{:#}", ReturnAddress::open(&settings).err().unwrap());
            assert!(error.starts_with(field) && !error.contains("short"), "{error}");
        };
        let (good, secret) = (Some("bounce@billing.example"), Some(SECRET));
        check(None, None, "bounces is not set");
        check(Some("bounce"), secret, "bounces is no plain address");
        check(Some("bounce+a@billing.example"), secret, "bounces is no plain address");
        check(Some("a-bounce-mailbox@billing.example"), secret, "bounces has more than 15");
        check(good, None, "bounces_secret_file is not set");
        check(good, Some("\n"), "bounces_secret_file ");
        check(good, Some("short"), "bounces_secret_file ");
    }

    proptest! {
        #[test]
        fn a_tag_that_was_changed_anywhere_is_nobodys(
            reminder: [u8; 16], number in 1_u32..1000, at in 0_usize..TAG_LENGTH, to in "[a-z2-7]",
        ) {
            let returns = returns(SECRET);
            let key = AttemptKey { reminder: ReminderId::from_bytes(reminder), number };
            let mut address = returns.of(key).to_string();
            prop_assert_eq!(returns.key_of_address(&address), Some(key));
            let at = "bounce+".len() + at;
            let is_same = address[at..=at] == to;
            address.replace_range(at..=at, &to);
            prop_assert_eq!(returns.key_of_address(&address).is_some(), is_same);
        }
    }
}
