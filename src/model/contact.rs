//! Where a subscriber can be reached, and by which channel.
//!
//! Numbers and addresses are personal data: their `Debug` and `Display` are
//! masked. Only [`PhoneNumber::e164`] and [`EmailAddress::as_str`] give the
//! whole, for the provider that must have it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A way of reaching a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    Sms,
    Voice,
    Email,
    /// On paper. Its address is known to whoever prints it.
    Letter,
}

impl Channel {
    pub const ALL: [Channel; 4] = [Channel::Sms, Channel::Voice, Channel::Email, Channel::Letter];

    /// Those whose addresses we know: what a subscriber asks for or stops.
    pub const ADDRESSED: [Channel; 3] = [Channel::Sms, Channel::Voice, Channel::Email];

    pub fn as_str(self) -> &'static str {
        match self {
            Channel::Sms => "sms",
            Channel::Voice => "voice",
            Channel::Email => "email",
            Channel::Letter => "letter",
        }
    }

    /// The channels that go to the same address: a number is called and
    /// written to.
    pub fn of_its_address(self) -> &'static [Channel] {
        match self {
            Channel::Sms | Channel::Voice => &[Channel::Sms, Channel::Voice],
            Channel::Email => &[Channel::Email],
            Channel::Letter => &[Channel::Letter],
        }
    }

    pub fn parse(text: &str) -> Option<Channel> {
        Channel::ALL.into_iter().find(|channel| channel.as_str() == text)
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A telephone number in E.164 form that the numbering plan knows as valid.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// Reads an international number (`+49 151 …`), or a national one of
    /// `region` (ISO 3166, `DE`) where a region is given.
    pub fn parse(text: &str, region: Option<&str>) -> Option<PhoneNumber> {
        use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat};
        let region = match region {
            Some(code) => Some(code.parse().ok()?),
            None => None,
        };
        let number = PHONE_NUMBER_UTIL.parse(text, region).ok()?;
        if !PHONE_NUMBER_UTIL.is_valid_number(&number) {
            return None;
        }
        let e164 = PHONE_NUMBER_UTIL.format(&number, PhoneNumberFormat::E164);
        Some(PhoneNumber(e164.into_owned()))
    }

    /// Whether numbering plans know this country, as ISO 3166 writes it.
    pub fn is_region(code: &str) -> bool {
        use rlibphonenumber::PHONE_NUMBER_UTIL;
        let region = code.parse().ok();
        region.is_some_and(|it| PHONE_NUMBER_UTIL.get_country_code_for_region(it).is_some())
    }

    /// A number that was checked before it was stored.
    pub fn from_stored(e164: String) -> PhoneNumber {
        PhoneNumber(e164)
    }

    /// Whether it has the form of E.164; what was stored is taken at its word.
    pub fn is_e164(&self) -> bool {
        let digits = self.0.strip_prefix('+').unwrap_or_default();
        let is_long_enough = (2..=15).contains(&digits.len());
        is_long_enough && !digits.starts_with('0') && digits.bytes().all(|it| it.is_ascii_digit())
    }

    /// The whole number, for the provider.
    pub fn e164(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keep = self.0.len().saturating_sub(2);
        write!(f, "{}•••{}", &self.0[..3.min(keep)], &self.0[keep..])
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhoneNumber({self})")
    }
}

/// An e-mail address that a mail server would accept the form of (RFC 5321).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress(String);

impl EmailAddress {
    pub fn parse(text: &str) -> Option<EmailAddress> {
        let address: lettre::Address = text.parse().ok()?;
        // A domain without a dot is a host of the operator's own network;
        // no subscriber lives there, and a typo often looks like it.
        address.domain().contains('.').then(|| EmailAddress(text.to_owned()))
    }

    /// An address that was checked before it was stored.
    pub fn from_stored(address: String) -> EmailAddress {
        EmailAddress(address)
    }

    /// Whether it has the form of an address; what was stored is taken at its
    /// word.
    pub fn is_whole(&self) -> bool {
        self.0.parse::<lettre::Address>().is_ok()
    }

    /// The whole address, for the provider.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.0.chars().next().unwrap_or('•');
        let domain = self.0.rsplit('@').next().unwrap_or_default();
        write!(f, "{first}•••@{domain}")
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmailAddress({self})")
    }
}

/// The addresses of one account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contacts {
    pub phone: Option<PhoneNumber>,
    pub email: Option<EmailAddress>,
    /// The channel that the billing system says is preferred.
    pub preferred: Option<Channel>,
}

impl Contacts {
    /// A letter always has somewhere to go.
    pub fn reaches(&self, channel: Channel) -> bool {
        channel == Channel::Letter || self.address(channel).is_some()
    }

    /// Where a channel reaches the subscriber: the whole number or address, as
    /// far as it is ours to know.
    pub fn address(&self, channel: Channel) -> Option<&str> {
        match channel {
            Channel::Sms | Channel::Voice => self.phone.as_ref().map(PhoneNumber::e164),
            Channel::Email => self.email.as_ref().map(EmailAddress::as_str),
            Channel::Letter => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_none_is_refused() {
        for text in ["", "12", "hello", "+49", "+999 123 456", "+1 555"] {
            assert_eq!(PhoneNumber::parse(text, None), None, "{text}");
        }
        let number = PhoneNumber::parse("0151 23456789", Some("DE")).unwrap();
        assert_eq!(number.e164(), "+4915123456789");
    }

    #[test]
    fn a_stored_number_is_held_to_the_form_of_e164() {
        let is_e164 = |text: &str| PhoneNumber::from_stored(text.to_owned()).is_e164();
        assert!(is_e164("+4915123456789") && is_e164("+15558675310"));
        for text in [
            "",
            "+",
            "0151 23456789",
            "+49 151 23456789",
            "004915123456789",
            "+0151234567",
            "+49151234567890123",
            "+４９１５１２３４５６",
            "+4915123456789\r\nX: y",
            "anna@example.net",
        ] {
            assert!(!is_e164(text), "{text:?}");
        }
    }

    #[test]
    fn an_address_that_is_none_is_refused() {
        for text in ["", "nobody", "a@", "@b.de", "a b@c.de", "a@localhost"] {
            assert_eq!(EmailAddress::parse(text), None, "{text}");
        }
        assert!(EmailAddress::parse("zoë.müller@example.org").is_some());
    }

    #[test]
    fn a_log_line_never_shows_the_whole_contact() {
        let contacts = Contacts {
            phone: PhoneNumber::parse("+4915123456789", None),
            email: EmailAddress::parse("anna.schmidt@example.org"),
            preferred: None,
        };
        let shown = format!("{contacts:?}");
        assert!(!shown.contains("23456") && !shown.contains("schmidt"), "{shown}");
    }
}
