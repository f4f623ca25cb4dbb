//! What Kannel calls: the URL that was given with a message, for its receipt,
//! and the `get-url` of a service, for what subscribers write.
//!
//! Both are GET with everything in the query. Kannel wants 200 and nothing in
//! the answer, which would go to the subscriber.

use async_trait::async_trait;

use crate::model::receipt::Fate;
use crate::model::{Channel, PhoneNumber};
use crate::provider::echo::{self, Tokens};
use crate::provider::{Answer, Call, CallbackReader, Meaning, NotTaken, Posted, Receipt, Reply};

/// A text of some ten parts; more is none that a phone wrote.
const TEXT_BYTES_MAX: usize = 8_192;

/// Understands what Kannel calls.
pub struct Callback {
    tokens: Tokens,
}

impl Callback {
    pub fn new(tokens: Tokens) -> Callback {
        Callback { tokens }
    }

    fn posted(&self, call: &Call<'_>) -> Result<Posted, NotTaken> {
        self.tokens.check(call.query)?;
        let fields = Fields::of(call.query);
        let mut posted = match fields.get("key") {
            Some(key) => receipt(key, &fields, call)?,
            None => reply(&fields, call)?,
        };
        posted.answer = Some(Answer { content_type: "text/plain", body: String::new() });
        Ok(posted)
    }
}

fn unreadable(what: &str) -> NotTaken {
    NotTaken::Unreadable(what.to_owned())
}

fn receipt(key: &[u8], fields: &Fields, call: &Call<'_>) -> Result<Posted, NotTaken> {
    let key = str::from_utf8(key).ok().and_then(echo::key);
    let key = key.ok_or_else(|| unreadable("key is no attempt key"))?;
    let status = fields.get("status").and_then(|status| str::from_utf8(status).ok());
    let status: Option<u32> = status.and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| unreadable("status is no number"))?;
    let receipt = fate(status).map(|fate| Receipt { key, fate, at: call.now });
    Ok(Posted {
        message_id: format!("{key}/{status}"),
        receipts: receipt.into_iter().collect(),
        ..Posted::default()
    })
}

/// `%d`: 1 delivered, 2 not delivered, 4 buffered, 8 taken by the centre, 16
/// refused by it; 32 and 64 with 2 say that it expired, or is not known.
fn fate(status: u32) -> Option<Fate> {
    match status {
        1 => Some(Fate::Delivered),
        2 | 16 => Some(Fate::Undelivered),
        34 => Some(Fate::Expired),
        _ => None,
    }
}

fn reply(fields: &Fields, call: &Call<'_>) -> Result<Posted, NotTaken> {
    let text = fields.get("text").ok_or_else(|| unreadable("neither key nor text is there"))?;
    if text.len() > TEXT_BYTES_MAX {
        return Err(unreadable("text is too long"));
    }
    let charset = fields.get("charset").unwrap_or(b"UTF-8");
    let text = decoded(text, charset).ok_or_else(|| unreadable("text is not in its charset"))?;
    let from = fields.get("from").and_then(|from| str::from_utf8(from).ok());
    let from = from.map(number).filter(|from| !from.is_empty());
    let id = fields.get("id").filter(|id| !id.is_empty());
    let id = echo::name_of(id.unwrap_or(call.query.as_bytes()));
    let meaning = Meaning::Text(text);
    Ok(Posted {
        message_id: format!("text/{id}"),
        replies: vec![Reply { channel: Channel::Sms, about: None, from, meaning, at: call.now }],
        ..Posted::default()
    })
}

/// E.164 where it can be; a short code or a name stays as it is.
fn number(text: &str) -> String {
    let plain: String = text.chars().filter(char::is_ascii_graphic).collect();
    match PhoneNumber::parse(&plain, None) {
        Some(number) => number.e164().to_owned(),
        None => plain,
    }
}

/// A text by the name that Kannel gives its charset.
fn decoded(bytes: &[u8], charset: &[u8]) -> Option<String> {
    let text = match charset.to_ascii_uppercase().as_slice() {
        b"" | b"UTF-8" | b"US-ASCII" | b"ASCII" => str::from_utf8(bytes).ok()?.to_owned(),
        b"ISO-8859-1" | b"LATIN1" => bytes.iter().copied().map(char::from).collect(),
        b"UTF-16BE" | b"UTF-16" | b"UCS-2" if bytes.len().is_multiple_of(2) => {
            let units = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            char::decode_utf16(units).collect::<Result<_, _>>().ok()?
        }
        _ => return None,
    };
    Some(text.replace('\0', ""))
}

/// The fields of a query, as bytes: a text may be in any charset.
struct Fields(Vec<(Vec<u8>, Vec<u8>)>);

impl Fields {
    fn of(query: &str) -> Fields {
        let field = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (unescaped(name), unescaped(value))
        };
        Fields(query.split('&').filter(|pair| !pair.is_empty()).map(field).collect())
    }

    fn get(&self, name: &str) -> Option<&[u8]> {
        let (_, value) = self.0.iter().find(|(known, _)| known == name.as_bytes())?;
        Some(value)
    }
}

fn unescaped(text: &str) -> Vec<u8> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let mut rest = text.as_bytes();
    let mut bytes = Vec::with_capacity(rest.len());
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        bytes.push(match (first, digit(after.first()), digit(after.get(1))) {
            (b'%', Some(high), Some(low)) => {
                rest = &after[2..];
                (high * 16 + low) as u8
            }
            (b'+', ..) => b' ',
            (byte, ..) => *byte,
        });
    }
    bytes
}

#[async_trait]
impl CallbackReader for Callback {
    async fn read(&self, call: &Call<'_>) -> Result<Posted, NotTaken> {
        self.posted(call)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;
    use reqwest::Method;
    use reqwest::header::HeaderMap;

    use super::*;
    use crate::provider::signature::Refused;

    const KEY: &str = "0123456789abcdef0123456789abcdef.2";
    const TOKEN: &str = "0123456789abcdef-_Z01234";

    fn callback() -> Callback {
        let dir = tempfile::tempdir().unwrap();
        let file = echo::token_file(dir.path(), TOKEN);
        Callback::new(Tokens::read("receipt_token_files", &[file]).unwrap())
    }

    fn read(query: &str) -> Result<Posted, NotTaken> {
        let call = Call {
            method: &Method::GET,
            target: "",
            query,
            headers: &HeaderMap::new(),
            body: b"",
            now: Timestamp::UNIX_EPOCH,
        };
        callback().posted(&call)
    }

    fn receipts(status: u32) -> Vec<Receipt> {
        let posted = read(&format!("token={TOKEN}&status={status}&key={KEY}")).unwrap();
        assert_eq!(posted.message_id, format!("{KEY}/{status}"));
        assert_eq!(posted.answer, Some(Answer { content_type: "text/plain", body: String::new() }));
        posted.receipts
    }

    fn said(query: &str) -> (Option<String>, String) {
        let mut posted = read(&format!("token={TOKEN}&{query}")).unwrap();
        let reply = posted.replies.remove(0);
        let Meaning::Text(text) = reply.meaning else { panic!("{reply:?}") };
        (reply.from, text)
    }

    #[test]
    fn a_receipt_counts_where_the_message_has_come_to_its_end() {
        for (status, fate) in [
            (1, Some(Fate::Delivered)),
            (2, Some(Fate::Undelivered)),
            (16, Some(Fate::Undelivered)),
            (34, Some(Fate::Expired)),
            (4, None),
            (8, None),
            (66, None),
            (0, None),
            (9_999, None),
        ] {
            let fates: Vec<Fate> = receipts(status).iter().map(|receipt| receipt.fate).collect();
            assert_eq!(fates, Vec::from_iter(fate), "{status}");
        }
        assert_eq!(receipts(1)[0].key, KEY.parse().unwrap());
    }

    #[test]
    fn a_text_is_read_in_its_charset() {
        let from = Some("+15558675310".to_owned());
        let ascii = said("from=%2B15558675310&text=STOP+please&charset=UTF-8&id=1");
        assert_eq!(ascii, (from, "STOP please".to_owned()));
        let chinese = said("from=8080&text=%90%00%8b%a2&charset=UTF-16BE&id=2");
        assert_eq!(chinese, (Some("8080".to_owned()), "退订".to_owned()));
        assert_eq!(said("text=%E9&charset=ISO-8859-1").1, "é");
        assert_eq!(said("text=%zz%4").1, "%zz%4");
    }

    #[test]
    fn the_same_text_again_is_the_same_posting() {
        let id = |query: &str| read(&format!("token={TOKEN}&{query}")).unwrap().message_id;
        assert_eq!(id("text=STOP&id=7"), id("text=STOP&id=7"));
        assert_ne!(id("text=STOP&id=7"), id("text=STOP&id=8"));
        assert_eq!(id("text=STOP&from=1"), id("text=STOP&from=1"));
    }

    #[test]
    fn what_is_not_kannels_is_refused() {
        for query in ["", "token=", "status=1&key=x", "token=0123456789abcdef-_", "Token=x"] {
            assert_eq!(read(query), Err(NotTaken::Unsigned(Refused::BadToken)), "{query}");
        }
        for (query, why) in [
            ("", "neither key nor text"),
            ("key=x&status=1", "key is no attempt key"),
            ("key=%FF&status=1", "key is no attempt key"),
            (&format!("key={KEY}"), "status is no number"),
            (&format!("key={KEY}&status=%25d"), "status is no number"),
            ("text=%FF&charset=UTF-8", "not in its charset"),
            ("text=x&charset=EBCDIC", "not in its charset"),
            ("text=x&charset=UTF-16BE", "not in its charset"),
            (&format!("text={}", "x".repeat(TEXT_BYTES_MAX + 1)), "too long"),
        ] {
            let told = read(&format!("token={TOKEN}&{query}"));
            let Err(NotTaken::Unreadable(told)) = told else { panic!("{query}: {told:?}") };
            assert!(told.contains(why), "{query}: {told}");
        }
    }

    proptest! {
        #[test]
        fn no_query_makes_it_panic(query in "\\PC{0,80}", rest in "(key|text|status|charset|[=&%+0-9a-f]){0,20}") {
            let _ = read(&query);
            let _ = read(&format!("token={TOKEN}&{rest}"));
        }
    }
}
