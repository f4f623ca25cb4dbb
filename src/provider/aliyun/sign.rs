//! Signatures of requests to Alibaba Cloud: ACS3-HMAC-SHA256, the third
//! version of the OpenAPI signature,
//! <https://help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature>.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

const ALGORITHM: &str = "ACS3-HMAC-SHA256";

/// Who asks.
pub struct AccessKey {
    pub id: String,
    pub secret: String,
}

/// What is signed of a request to `/`.
pub struct Signed<'a> {
    pub method: &'a str,
    /// As [`canonical_query`] writes it, and as it is sent.
    pub query: &'a str,
    /// Names in lower case, each once, in the order of the alphabet.
    pub headers: &'a [(&'a str, &'a str)],
    pub body: &'a [u8],
}

/// The value of `Authorization`.
pub fn authorization(key: &AccessKey, signed: &Signed<'_>) -> String {
    let mut headers = String::new();
    for (name, value) in signed.headers {
        let _ = writeln!(headers, "{name}:{}", value.trim());
    }
    let names: Vec<&str> = signed.headers.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    let Signed { method, query, body, .. } = signed;
    let request = format!("{method}\n/\n{query}\n{headers}\n{names}\n{}", hash(body));
    let to_sign = format!("{ALGORITHM}\n{}", hash(request.as_bytes()));
    let mut mac: Hmac<Sha256> =
        Hmac::new_from_slice(key.secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(to_sign.as_bytes());
    let signature = hex(&mac.finalize().into_bytes());
    format!("{ALGORITHM} Credential={},SignedHeaders={names},Signature={signature}", key.id)
}

/// The parameters in the order of their names, escaped as RFC 3986 has it.
pub fn canonical_query(parameters: &[(String, String)]) -> String {
    let mut sorted: Vec<&(String, String)> = parameters.iter().collect();
    sorted.sort();
    let pair = |(name, value): &&(String, String)| format!("{}={}", escaped(name), escaped(value));
    sorted.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// The SHA-256 of a body, as `x-acs-content-sha256` has it.
pub fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(byte.into())
            }
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_example_is_signed_alike() {
        let key = AccessKey {
            id: "YourAccessKeyId".to_owned(),
            secret: "YourAccessKeySecret".to_owned(),
        };
        let parameters = [
            ("RegionId".to_owned(), "cn-shanghai".to_owned()),
            (
                "ImageId".to_owned(),
                "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd".to_owned(),
            ),
        ];
        let empty = hash(b"");
        let signed = Signed {
            method: "POST",
            query: &canonical_query(&parameters),
            headers: &[
                ("host", "ecs.cn-shanghai.aliyuncs.com"),
                ("x-acs-action", "RunInstances"),
                ("x-acs-content-sha256", &empty),
                ("x-acs-date", "2023-10-26T10:22:32Z"),
                ("x-acs-signature-nonce", "3156853299f313e23d1673dc12e1703d"),
                ("x-acs-version", "2014-05-26"),
            ],
            body: b"",
        };
        assert_eq!(
            authorization(&key, &signed),
            "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;\
             x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature=\
             06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
        );
    }

    #[test]
    fn a_query_is_in_order_and_leaves_nothing_to_be_escaped_again() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let parameters =
            [pair("b", "ä ~-_."), pair("MenuKeyMap.1.Key", "1"), pair("a", r#"{"x":"1+2*3&4"}"#)];
        let expected = "MenuKeyMap.1.Key=1&a=%7B%22x%22%3A%221%2B2%2A3%264%22%7D&b=%C3%A4%20~-_.";
        assert_eq!(canonical_query(&parameters), expected);
    }
}
