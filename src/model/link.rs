//! Signed links: what stands in a message and leads to the subscriber's own
//! page, or stops e-mails with one click.
//!
//! A token names a reminder and says what it is for; nothing else is in it. It
//! is the whole of the permission: whoever has it may see and say what the page
//! offers, and nothing more. Pure: the time is given.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;

use super::billing::days_between;
use super::{Channel, ReminderId};

/// Bytes of the tag: 88 bits. Four tags are good for a reminder under each key.
/// Who tries a million tokens a second, for a year, on an installation with two
/// keys, finds one with a chance of 3.2e13 * 8 / 2^88, below one in a
/// trillion; and that one opens one page. Each byte less saves a letter of an
/// SMS, each more is of no use.
const TAG: usize = 11;
const ID: usize = 16;
const BYTES: usize = TAG + ID;
/// Letters of a token.
pub const TOKEN_LENGTH: usize = BYTES / 3 * 4;

/// A key is longer than this.
pub const KEY_LENGTH: usize = 32;
/// Forms are good for so long after their page was made.
const FORM_FOR: SignedDuration = SignedDuration::from_hours(24);
const FORM_TAG: usize = 12;

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Shows the page of one account, and takes what is said there.
    Page,
    /// Ends e-mails with one request (RFC 8058), and does nothing else.
    Stop,
}

/// What a token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    pub purpose: Purpose,
    /// The channel of the message that it stood in.
    pub channel: Channel,
    pub reminder: ReminderId,
}

/// Why a token opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadLink {
    #[error("the link is not ours")]
    Forged,
    #[error("the link has expired")]
    Expired,
}

/// Why a text is no key; never shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "holds no key of more than {KEY_LENGTH} characters; make one with: openssl rand -base64 32"
)]
pub struct ShortKey;

/// Signs links, and reads them.
pub struct Links {
    /// The first signs, all are believed: one, or more while they change.
    keys: Vec<Hmac<Sha256>>,
    /// Up to the token.
    url: String,
    valid_days: u16,
}

impl Links {
    /// `url` is what stands before the token. There is at least one key.
    ///
    /// # Errors
    /// Where a key is too short, or there is none.
    pub fn new(keys: &[String], url: &str, valid_days: u16) -> Result<Links, ShortKey> {
        let key = |text: &String| {
            let is_long = text.chars().count() > KEY_LENGTH;
            is_long.then(|| Hmac::new_from_slice(text.as_bytes()).ok()).flatten().ok_or(ShortKey)
        };
        let keys: Vec<Hmac<Sha256>> = keys.iter().map(key).collect::<Result<_, _>>()?;
        match keys.is_empty() {
            true => Err(ShortKey),
            false => Ok(Links { keys, url: url.to_owned(), valid_days }),
        }
    }

    /// The link to the page, for a message of that channel.
    pub fn page(&self, channel: Channel, reminder: ReminderId) -> String {
        self.url_of(Link { purpose: Purpose::Page, channel, reminder })
    }

    /// The link that stops e-mails; `None` where mail programs would not use
    /// it, as RFC 8058 asks for https.
    pub fn stop(&self, reminder: ReminderId) -> Option<String> {
        let link = Link { purpose: Purpose::Stop, channel: Channel::Email, reminder };
        self.url.starts_with("https://").then(|| self.url_of(link))
    }

    /// Where pages are, up to the token.
    pub fn url(&self) -> &str {
        &self.url
    }

    fn url_of(&self, link: Link) -> String {
        format!("{}{}", self.url, self.token(link))
    }

    pub fn token(&self, link: Link) -> String {
        let Some(key) = self.keys.first() else { return String::new() };
        let tag = tag(key, link).finalize().into_bytes();
        let mut bytes = [0; BYTES];
        bytes[..TAG].copy_from_slice(&tag[..TAG]);
        // Backwards, the day with which it begins last: so a token ends in a
        // letter or digit (until 2043). Programs that find links in texts leave
        // out a `-` at the end.
        bytes[TAG..].copy_from_slice(&link.reminder.as_bytes());
        bytes[TAG..].reverse();
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What a token of ours says.
    ///
    /// # Errors
    /// Where it is none, or too old at `now`.
    pub fn read(&self, token: &str, now: Timestamp) -> Result<Link, BadLink> {
        let bytes = match token.len() {
            TOKEN_LENGTH => URL_SAFE_NO_PAD.decode(token).map_err(|_| BadLink::Forged)?,
            _ => return Err(BadLink::Forged),
        };
        let (theirs, rest) = bytes.split_at(TAG);
        let mut id: [u8; ID] = rest.try_into().map_err(|_| BadLink::Forged)?;
        id.reverse();
        let reminder = ReminderId::from_bytes(id);
        // All of them, so that the time does not tell which one was near.
        let mut found = None;
        for key in &self.keys {
            for (purpose, channel) in every_use() {
                let link = Link { purpose, channel, reminder };
                // Compares in constant time.
                if tag(key, link).verify_truncated_left(theirs).is_ok() {
                    found = Some(link);
                }
            }
        }
        let link = found.ok_or(BadLink::Forged)?;
        let today = now.to_zoned(TimeZone::UTC).date();
        match self.is_valid(reminder.day(), today) {
            true => Ok(link),
            false => Err(BadLink::Expired),
        }
    }

    fn is_valid(&self, day: Date, today: Date) -> bool {
        days_between(day, today) <= i32::from(self.valid_days)
    }

    /// What a form of the page carries: when it was made, and that we made it.
    pub fn form(&self, link: Link, now: Timestamp) -> String {
        let second = now.as_second();
        let Some(key) = self.keys.first() else { return String::new() };
        let sum = form_tag(key, link, second).finalize().into_bytes();
        format!("{second}.{}", URL_SAFE_NO_PAD.encode(&sum[..FORM_TAG]))
    }

    /// When the form was made; `None` where it is not ours, or too old.
    pub fn read_form(&self, link: Link, form: &str, now: Timestamp) -> Option<Timestamp> {
        let (second, sum) = form.split_once('.')?;
        let sum = URL_SAFE_NO_PAD.decode(sum).ok().filter(|sum| sum.len() == FORM_TAG)?;
        let made_at = Timestamp::from_second(second.parse().ok()?).ok()?;
        let fits = |key| form_tag(key, link, made_at.as_second()).verify_truncated_left(&sum);
        let is_ours = self.keys.iter().any(|key| fits(key).is_ok());
        (is_ours && made_at + FORM_FOR >= now).then_some(made_at)
    }
}

/// Each use has tags of its own, so a link never does what another is for.
fn every_use() -> [(Purpose, Channel); 4] {
    [
        (Purpose::Page, Channel::Sms),
        (Purpose::Page, Channel::Voice),
        (Purpose::Page, Channel::Email),
        (Purpose::Stop, Channel::Email),
    ]
}

fn tag(key: &Hmac<Sha256>, link: Link) -> Hmac<Sha256> {
    let mut mac = key.clone();
    mac.update(match link.purpose {
        Purpose::Page => b"duebell page/",
        Purpose::Stop => b"duebell stop/",
    });
    mac.update(link.channel.as_str().as_bytes());
    mac.update(&[0]);
    mac.update(&link.reminder.as_bytes());
    mac
}

fn form_tag(key: &Hmac<Sha256>, link: Link, second: i64) -> Hmac<Sha256> {
    let mut mac = key.clone();
    mac.update(b"duebell form/");
    mac.update(link.channel.as_str().as_bytes());
    mac.update(&[0]);
    mac.update(&link.reminder.as_bytes());
    mac.update(&second.to_be_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::model::{AccountId, Bucket};

    const OLD: &str = "an old key of more than 32 characters";
    const NEW: &str = "a new key of more than 32 characters!";
    const SENT: Date = date(2026, 3, 10);

    fn links(keys: &[&str]) -> Links {
        let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        Links::new(&keys, "https://r.example.net/p/", 30).unwrap()
    }

    fn at(day: Date) -> Timestamp {
        day.at(12, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap().timestamp()
    }

    fn link(account: &str) -> Link {
        let account = AccountId::from(account);
        let bucket = Bucket::of(account.as_str());
        let reminder = ReminderId::derive(bucket, &account, SENT, 0);
        Link { purpose: Purpose::Page, channel: Channel::Sms, reminder }
    }

    #[test]
    fn a_token_says_what_it_was_made_for_and_is_short() {
        let links = links(&[NEW]);
        for (purpose, channel) in every_use() {
            let link = Link { purpose, channel, ..link("A") };
            let token = links.token(link);
            assert_eq!(token.len(), 36);
            assert!(token.ends_with(|last: char| last.is_ascii_alphanumeric()), "{token}");
            assert_eq!(links.read(&token, at(SENT)), Ok(link));
        }
        let stop = links.stop(link("A").reminder).unwrap();
        assert!(stop.starts_with("https://r.example.net/p/"));
        let clear = Links::new(&[NEW.to_owned()], "http://127.0.0.1/p/", 30).unwrap();
        assert_eq!(clear.stop(link("A").reminder), None);
    }

    #[test]
    fn one_bit_of_a_token_is_enough_to_be_refused() {
        let links = links(&[NEW, OLD]);
        let bytes = URL_SAFE_NO_PAD.decode(links.token(link("A"))).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut spoilt = bytes.clone();
            spoilt[bit / 8] ^= 1 << (bit % 8);
            let spoilt = URL_SAFE_NO_PAD.encode(&spoilt);
            assert_eq!(links.read(&spoilt, at(SENT)), Err(BadLink::Forged), "{bit}");
        }
    }

    #[test]
    fn a_link_lasts_for_its_days() {
        let links = links(&[NEW]);
        let token = links.token(link("A"));
        assert!(links.read(&token, at(date(2026, 4, 9))).is_ok());
        assert_eq!(links.read(&token, at(date(2026, 4, 10))), Err(BadLink::Expired));
    }

    #[test]
    fn keys_change_without_a_link_being_lost() {
        let before = links(&[OLD]).token(link("A"));
        let after = links(&[NEW, OLD]);
        assert_eq!(after.read(&before, at(SENT)), Ok(link("A")));
        assert_eq!(links(&[NEW]).read(&before, at(SENT)), Err(BadLink::Forged));
        assert_eq!(after.token(link("A")), links(&[NEW]).token(link("A")));
    }

    #[test]
    fn a_key_that_could_be_guessed_signs_nothing() {
        assert!(Links::new(&["x".repeat(KEY_LENGTH)], "", 1).is_err());
        assert!(Links::new(&["x".repeat(KEY_LENGTH + 1)], "", 1).is_ok());
        assert!(Links::new(&[], "", 1).is_err());
    }

    #[test]
    fn a_form_is_good_for_its_own_link_and_a_day() {
        let links = links(&[NEW]);
        let (made, link) = (at(SENT), link("A"));
        let form = links.form(link, made);
        let hours = |count| made + SignedDuration::from_hours(count);
        assert_eq!(links.read_form(link, &form, hours(24)), Some(made));
        assert_eq!(links.read_form(link, &form, hours(25)), None);
        let other = Link { channel: Channel::Email, ..link };
        assert_eq!(links.read_form(other, &form, made), None);
        for bad in ["", ".", "1", "1.", &form[1..], &form.replace('.', "0.")] {
            assert_eq!(links.read_form(link, bad, made), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_a_token_that_we_did_not_make(text in "[A-Za-z0-9_-]{36}", any in ".*") {
            let links = links(&[NEW]);
            prop_assert_eq!(links.read(&text, at(SENT)), Err(BadLink::Forged));
            prop_assert_eq!(links.read(&any, at(SENT)), Err(BadLink::Forged));
        }

        #[test]
        fn whoever_is_reminded_has_a_token_of_their_own(a in "[a-z0-9]{1,8}", b in "[a-z0-9]{1,8}") {
            let links = links(&[NEW]);
            let (of_a, of_b) = (links.token(link(&a)), links.token(link(&b)));
            prop_assert_eq!(a == b, of_a == of_b);
            prop_assert_eq!(links.read(&of_a, at(SENT)), Ok(link(&a)));
        }
    }
}
