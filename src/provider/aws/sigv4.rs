//! AWS Signature Version 4: the `Authorization` of one request.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>.
//! Pure: keys and time are given.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use jiff::{Timestamp, tz::TimeZone};
use sha2::{Digest, Sha256};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Who signs. Never shown: there is no `Debug`.
pub struct Keys {
    pub access_key_id: String,
    pub secret_access_key: String,
    /// Of keys that are good for some hours; sent as `x-amz-security-token`.
    pub session_token: Option<String>,
}

/// What the signature is good for.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    pub region: &'a str,
    pub service: &'a str,
}

/// What is signed.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    pub method: &'a str,
    /// Encoded as it is sent.
    pub path: &'a str,
    /// Encoded, and in order of the names; empty for none.
    pub query: &'a str,
    /// In order of their names, which are in lower case. `host` and
    /// `x-amz-date` are among them.
    pub headers: &'a [(&'a str, &'a str)],
    pub body: &'a [u8],
}

/// The instant as the header `x-amz-date` has it.
pub fn date(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// The header `Authorization` of a request that is sent `at`.
pub fn authorization(
    keys: &Keys,
    scope: Scope<'_>,
    at: Timestamp,
    request: &Request<'_>,
) -> String {
    let names: Vec<&str> = request.headers.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    let date = date(at);
    let day = &date[..8];
    let Scope { region, service } = scope;
    let scope = format!("{day}/{region}/{service}/aws4_request");
    let digest = hex(&Sha256::digest(canonical(request, &names)));
    let to_sign = format!("{ALGORITHM}\n{date}\n{scope}\n{digest}");

    let mut key = format!("AWS4{}", keys.secret_access_key).into_bytes();
    for part in [day, region, service, "aws4_request"] {
        key = keyed(&key, part);
    }
    let signature = hex(&keyed(&key, &to_sign));
    let id = &keys.access_key_id;
    format!("{ALGORITHM} Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}")
}

fn canonical(request: &Request<'_>, names: &str) -> String {
    let Request { method, path, query, headers, body } = *request;
    let mut text = format!("{method}\n{path}\n{query}\n");
    for (name, value) in headers {
        // Spaces around a value and runs of them inside do not count.
        let words: Vec<&str> = value.split(' ').filter(|word| !word.is_empty()).collect();
        text.push_str(&format!("{name}:{}\n", words.join(" ")));
    }
    text.push_str(&format!("\n{names}\n{}", hex(&Sha256::digest(body))));
    text
}

fn keyed(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a text takes all that is written");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published test suite and the published example have these.
    fn keys() -> Keys {
        Keys {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
            session_token: None,
        }
    }

    #[track_caller]
    fn check(service: &str, request: &Request<'_>, expected: &str) {
        let scope = Scope { region: "us-east-1", service };
        let at = "2015-08-30T12:36:00Z".parse().unwrap();
        let header = authorization(&keys(), scope, at, request);
        let signature = header.rsplit_once("Signature=").unwrap().1;
        assert_eq!(signature, expected, "{header}");
    }

    const PLAIN: Request<'static> = Request {
        method: "GET",
        path: "/",
        query: "",
        headers: &[("host", "example.amazonaws.com"), ("x-amz-date", "20150830T123600Z")],
        body: b"",
    };

    #[test]
    fn the_published_vectors_are_met() {
        check(
            "service",
            &PLAIN,
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        );
        check(
            "service",
            &Request { method: "POST", ..PLAIN },
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
        );
        let headers = &[
            ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
            ("host", "iam.amazonaws.com"),
            ("x-amz-date", "20150830T123600Z"),
        ];
        let query = "Action=ListUsers&Version=2010-05-08";
        check(
            "iam",
            &Request { query, headers, ..PLAIN },
            "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
        );
    }

    #[test]
    fn the_header_names_who_signs_what_for_which_service() {
        let scope = Scope { region: "eu-central-1", service: "ses" };
        let at = "2026-03-01T12:00:00.9Z".parse().unwrap();
        let header = authorization(&keys(), scope, at, &PLAIN);
        let start = "AWS4-HMAC-SHA256 \
                     Credential=AKIDEXAMPLE/20260301/eu-central-1/ses/aws4_request, \
                     SignedHeaders=host;x-amz-date, Signature=";
        assert!(header.starts_with(start), "{header}");
        assert_eq!(date(at), "20260301T120000Z");
    }
}
