//! Keys of AWS, in a file that may change while we run.
//!
//! One file holds all of them: the keys of an instance's role change together
//! every few hours, and halves of two pairs sign nothing.

use std::path::Path;

use anyhow::{Context, ensure};
use serde::Deserialize;

use super::sigv4::Keys;
use crate::provider::secret::Secret;

/// As `aws configure export-credentials` and the metadata of an instance
/// write them.
#[derive(Deserialize)]
struct File {
    #[serde(rename = "AccessKeyId")]
    access_key_id: String,
    #[serde(rename = "SecretAccessKey")]
    secret_access_key: String,
    #[serde(rename = "SessionToken", alias = "Token")]
    session_token: Option<String>,
}

/// The keys that are good now.
///
/// # Errors
/// When the file holds no keys; says nothing of what it does hold.
pub fn open(path: &Path) -> anyhow::Result<Secret<Keys>> {
    let file = path.to_owned();
    Secret::open(vec![path.to_owned()], move || keys(&file))
}

fn keys(path: &Path) -> anyhow::Result<Keys> {
    let at = path.display();
    let text =
        std::fs::read(path).with_context(|| format!("could not read credentials_file {at}"))?;
    // The cause is dropped: it must not show what the file holds.
    let file: Option<File> = serde_json::from_slice(&text).ok();
    let file = file.with_context(|| {
        format!("credentials_file {at} is no JSON with AccessKeyId and SecretAccessKey")
    })?;
    let token = file.session_token.filter(|token| !token.is_empty());
    let parts = [Some(&file.access_key_id), Some(&file.secret_access_key), token.as_ref()];
    let is_plain = |part: &String| part.bytes().all(|byte| byte.is_ascii_graphic());
    ensure!(
        parts.into_iter().flatten().all(|part| !part.is_empty() && is_plain(part)),
        "credentials_file {at} has a key that is empty or not plain ASCII"
    );
    Ok(Keys {
        access_key_id: file.access_key_id,
        secret_access_key: file.secret_access_key,
        session_token: token,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_change_are_read_again_and_a_broken_file_keeps_the_last() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.json");
        let write = |text: &str| std::fs::write(&path, text).unwrap();
        write(r#"{"AccessKeyId": "A1", "SecretAccessKey": "s1"}"#);
        let credentials = open(&path).unwrap().attentive();
        let current = || {
            let keys = credentials.current();
            (keys.access_key_id.clone(), keys.session_token.clone())
        };
        assert_eq!(current(), ("A1".to_owned(), None));

        let role = r#"{"Code": "Success", "AccessKeyId": "A2", "SecretAccessKey": "s2",
                       "Token": "t", "Expiration": "2026-03-01T18:00:00Z"}"#;
        write(role);
        assert_eq!(current(), ("A2".to_owned(), Some("t".to_owned())));
        write("{\"AccessKeyId\": \"A3");
        assert_eq!(current().0, "A2");
        std::fs::remove_file(&path).unwrap();
        assert_eq!(current().0, "A2");
        write(r#"{"AccessKeyId": "A4", "SecretAccessKey": "s4", "SessionToken": "u"}"#);
        assert_eq!(current(), ("A4".to_owned(), Some("u".to_owned())));
    }

    #[test]
    fn a_file_without_keys_is_refused_without_showing_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.json");
        for text in [
            "",
            "s3cret",
            r#"{"AccessKeyId": "s3cret"}"#,
            r#"{"AccessKeyId": "", "SecretAccessKey": "s3cret"}"#,
            "{\"AccessKeyId\": \"A\", \"SecretAccessKey\": \"s3cret\\n\"}",
        ] {
            std::fs::write(&path, text).unwrap();
            let error = format!("{:#}", open(&path).err().unwrap());
            assert!(error.starts_with("credentials_file "), "{error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
    }
}
