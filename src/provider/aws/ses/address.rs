//! Mailboxes as SES wants them: plain ASCII, names encoded (RFC 2047).
//!
//! Names come from billing data: a line break in them must not become a header
//! of its own, so control characters are gone first.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lettre::Address;
use reqwest::Url;

/// Bytes of a name in one encoded word, which has 75 characters at most.
const WORD_BYTES_MAX: usize = 45;

/// Reads `Name <address>` or a bare address; `None` where it is neither.
pub fn read(text: &str) -> Option<String> {
    let (name, address) = match text.trim().strip_suffix('>').and_then(|text| text.rsplit_once('<'))
    {
        Some((name, address)) => (name.trim().trim_matches('"'), address),
        None => ("", text.trim()),
    };
    let address = ascii(address).filter(|address| address.parse::<Address>().is_ok())?;
    Some(mailbox(name, &address))
}

/// The address with its domain in the `xn--` form; `None` where the part
/// before the @ is not ASCII.
pub fn ascii(address: &str) -> Option<String> {
    let (local, domain) = address.rsplit_once('@')?;
    if !local.is_ascii() {
        return None;
    }
    if domain.is_ascii() {
        return Some(address.to_owned());
    }
    let url = Url::parse(&format!("https://{domain}/")).ok()?;
    Some(format!("{local}@{}", url.host_str()?))
}

/// A name and an address, as they stand in a header.
pub fn mailbox(name: &str, address: &str) -> String {
    let name = one_line(name);
    if name.is_empty() {
        return address.to_owned();
    }
    if name.is_ascii() {
        let quoted = name.replace('\\', "\\\\").replace('"', "\\\"");
        return format!("\"{quoted}\" <{address}>");
    }
    let mut words = vec![String::new()];
    for letter in name.chars() {
        let last = words.last_mut().expect("there is one from the start");
        if last.len() + letter.len_utf8() > WORD_BYTES_MAX {
            words.push(letter.into());
        } else {
            last.push(letter);
        }
    }
    let encode = |word: &String| format!("=?UTF-8?B?{}?=", STANDARD.encode(word));
    let words: Vec<String> = words.iter().map(encode).collect();
    format!("{} <{address}>", words.join(" "))
}

/// Without control characters, and with one space between words.
pub fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads it back with a library that we did not write.
    fn read_back(mailbox: &str) -> (Option<String>, Option<String>) {
        let mail = format!("To: {mailbox}\r\n\r\n");
        let mail = mail_parser::MessageParser::default().parse(mail.as_bytes()).unwrap();
        let to = mail.to().unwrap();
        assert_eq!(to.iter().count(), 1, "{mailbox}");
        let to = to.first().unwrap();
        (to.name().map(str::to_owned), to.address().map(str::to_owned))
    }

    #[test]
    fn names_that_look_like_addresses_stay_names() {
        let long = "Ωμέγα ".repeat(20);
        for name in ["Zoë Müller", "王小明", "\"O'Neil\", Jr. <x@y.z>", "a, b\\", long.trim()]
        {
            let written = mailbox(name, "zoe@example.net");
            assert!(written.is_ascii(), "{written}");
            let read = read_back(&written);
            assert_eq!(read, (Some(name.to_owned()), Some("zoe@example.net".to_owned())));
        }
        assert_eq!(mailbox("", "zoe@example.net"), "zoe@example.net");
    }

    #[test]
    fn a_name_cannot_add_a_header() {
        let written = mailbox("a\r\nBcc: victim@example.net", "zoe@example.net");
        assert_eq!(written, "\"a Bcc: victim@example.net\" <zoe@example.net>");
    }

    #[test]
    fn domains_are_written_in_ascii() {
        assert_eq!(ascii("zoe@müller.example").as_deref(), Some("zoe@xn--mller-kva.example"));
        assert_eq!(ascii("zoë@example.net"), None);
        let ours = read("Müller <bill@example.org>").unwrap();
        assert_eq!(ours, "=?UTF-8?B?TcO8bGxlcg==?= <bill@example.org>");
        for bad in ["", "nobody", "a@b@c", "A <>"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
