//! Whether Twilio wrote it: `X-Twilio-Signature`.
//!
//! The URL that Twilio called, then every field of the form, sorted, name and
//! value one after the other: an HMAC of that, with SHA-1 and the auth token
//! or, where `X-Twilio-Webhooks-Signature-Settings` says so, with SHA-256 and
//! a shared key. Of a JSON body the URL's query has the digest. The URL is the
//! public one: what a proxy made of it on its way to us was not signed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Url;
use reqwest::header::CONTENT_TYPE;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::form::Form;
use crate::provider::signature::Refused;
use crate::provider::{Call, NotTaken};

const SIGNATURE: &str = "x-twilio-signature";
const SETTINGS: &str = "x-twilio-webhooks-signature-settings";

/// More than Twilio posts, texts of ten parts included.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// The keys, and the URLs that may have been signed.
pub struct Signatures {
    token: Hmac<Sha1>,
    shared: Vec<Hmac<Sha256>>,
    /// Ours, with the port and without: Twilio does both. None where it does
    /// not call us, and then nothing fits.
    urls: Vec<String>,
}

impl Signatures {
    /// For what is posted to `url`.
    pub fn new(url: Option<&Url>, token: &str, shared: &[String]) -> Signatures {
        let both = |url: &Url| {
            let host = url.host_str().unwrap_or_default();
            let port = url.port_or_known_default().unwrap_or_default();
            let at = |port: &str| format!("{}://{host}{port}{}", url.scheme(), url.path());
            [at(""), at(&format!(":{port}"))]
        };
        let any_length = "HMAC takes keys of any length";
        Signatures {
            token: Hmac::new_from_slice(token.as_bytes()).expect(any_length),
            shared: shared
                .iter()
                .map(|secret| Hmac::new_from_slice(secret.as_bytes()).expect(any_length))
                .collect(),
            urls: url.into_iter().flat_map(both).collect(),
        }
    }

    /// The query and the form of a call that Twilio made; of a JSON body, the
    /// form is empty.
    ///
    /// # Errors
    /// Where anybody may have made it.
    pub fn checked(&self, call: &Call<'_>) -> Result<(Form, Form), NotTaken> {
        if call.body.len() > BODY_BYTES_MAX {
            return Err(NotTaken::Unreadable(format!("more than {BODY_BYTES_MAX} bytes")));
        }
        let header = |name: &'static str| {
            let value = call.headers.get(name);
            value.map(|value| value.to_str().map_err(|_| Refused::NoneFits)).transpose()
        };
        let theirs = header(SIGNATURE)?.ok_or(Refused::Missing(SIGNATURE))?;
        let theirs = STANDARD.decode(theirs).map_err(|_| Refused::NoneFits)?;
        let algorithm = algorithm(header(SETTINGS)?.unwrap_or_default());
        let query = Form::read(call.query.as_bytes()).ok_or(Refused::NoneFits)?;
        let form = match body(call)? {
            // What cannot be read cannot have been signed.
            Body::Form => Form::read(call.body).ok_or(Refused::NoneFits)?,
            Body::Json => {
                let digest = query.get("bodySHA256").ok_or(Refused::NoneFits)?;
                is_digest(digest, call.body).then(Form::default).ok_or(Refused::NoneFits)?
            }
        };
        let fields = sorted(&form);
        let fits = self.urls.iter().any(|url| {
            let mut signed = url.clone();
            if !call.query.is_empty() {
                signed = signed + "?" + call.query;
            }
            signed += &fields;
            // Both compare in constant time.
            match algorithm {
                "HMAC_SHA1" => fits(&self.token, &signed, &theirs),
                "HMAC_SHA256" => self.shared.iter().any(|key| fits(key, &signed, &theirs)),
                _ => false,
            }
        });
        if fits { Ok((query, form)) } else { Err(Refused::NoneFits.into()) }
    }
}

fn fits<M: Mac + Clone>(key: &M, signed: &str, theirs: &[u8]) -> bool {
    let mut mac = key.clone();
    mac.update(signed.as_bytes());
    mac.verify_slice(theirs).is_ok()
}

/// `key=…,algorithm=…`; without it is that of the auth token.
fn algorithm(settings: &str) -> &str {
    let mut parts = settings.split(',').filter_map(|part| part.split_once('='));
    let found = parts.find(|(name, value)| name.trim() == "algorithm" && !value.trim().is_empty());
    found.map_or("HMAC_SHA1", |(_, value)| value.trim())
}

/// Each name, and each value of it, once.
fn sorted(form: &Form) -> String {
    let mut pairs: Vec<&(String, String)> = form.0.iter().collect();
    pairs.sort();
    pairs.dedup();
    pairs.into_iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]).collect()
}

fn is_digest(hex: &str, body: &[u8]) -> bool {
    let ours: String = Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect();
    ours.eq_ignore_ascii_case(hex)
}

enum Body {
    Form,
    Json,
}

fn body(call: &Call<'_>) -> Result<Body, NotTaken> {
    let text = call.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let text = text.unwrap_or_default().to_ascii_lowercase();
    let mut parts = text.split(';').map(str::trim);
    let body = match parts.next() {
        Some("application/x-www-form-urlencoded") => Body::Form,
        Some("application/json") => Body::Json,
        _ => return Err(NotTaken::Unreadable("the body is neither a form nor JSON".to_owned())),
    };
    let is_utf8 = |charset: &str| matches!(charset.trim_matches('"'), "utf-8" | "utf8");
    if parts.any(|part| part.strip_prefix("charset=").is_some_and(|name| !is_utf8(name))) {
        return Err(NotTaken::Unreadable("the charset is not UTF-8".to_owned()));
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use reqwest::Method;
    use reqwest::header::HeaderMap;

    use super::*;

    const QUERY: &str = "foo=1&bar=2";
    const FORM: &str = "CallSid=CA1234567890ABCDE&Digits=1234&From=%2B14158675309\
                        &To=%2B18005551212&Caller=%2B14158675309";
    const JSON: &str = r#"{"property": "value", "boolean": true}"#;

    fn checked(url: &str, query: &str, kind: &str, body: &str, signature: &str) -> bool {
        let url: Url = url.parse().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, kind.parse().unwrap());
        headers.insert(SIGNATURE, signature.parse().unwrap());
        let call = Call {
            method: &Method::POST,
            target: "",
            query,
            headers: &headers,
            body: body.as_bytes(),
            now: Timestamp::UNIX_EPOCH,
        };
        Signatures::new(Some(&url), "12345", &[]).checked(&call).is_ok()
    }

    #[test]
    fn the_examples_of_twilios_library_hold() {
        let form = "application/x-www-form-urlencoded; charset=UTF-8";
        let with_port = "https://mycompany.com:1234/myapp.php";
        let without = "https://mycompany.com/myapp.php";
        let of_form = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
        let with_443 = "kvajT1Ptam85bY51eRf/AJRuM3w=";
        let of_json = "a9nBmqA0ju/hNViExpshrM61xv4=";
        let digest = "bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
        let with_digest = format!("{QUERY}&{digest}");
        assert!(checked(without, QUERY, form, FORM, of_form));
        assert!(checked(with_port, QUERY, form, FORM, of_form));
        assert!(checked(without, QUERY, form, FORM, with_443));
        assert!(checked(without, &with_digest, "application/json", JSON, of_json));
        assert!(!checked(with_port, QUERY, form, FORM, with_443));
        assert!(!checked(without, "foo=1", form, FORM, of_form));
        assert!(!checked(without, &with_digest, "application/json", "{}", of_json));
    }
}
