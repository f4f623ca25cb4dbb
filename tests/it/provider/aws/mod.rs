//! Amazon's services against the contract, and against peers that we did not
//! write: Amazon's own client library, which makes every signature again and
//! knows every field, and moto.

mod eum;
mod moto;
mod ses;
mod sns;

use std::path::PathBuf;

use crate::support::peer::Peer;

const AMAZON: &str = "aws.py";
const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:duebell";

/// A file with keys in a directory of its own, which outlives the test.
fn keys(text: &str) -> PathBuf {
    let path = tempfile::tempdir().unwrap().keep().join("keys.json");
    std::fs::write(&path, text).unwrap();
    path
}

/// Keys that the peer knows.
fn known() -> PathBuf {
    keys(r#"{"AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": "s3cret/key+"}"#)
}

/// Those of a role, good for some hours.
const ROLE: &str = r#"{"AccessKeyId": "ASIAROLE", "SecretAccessKey": "role/s3cret",
    "Token": "session-t0ken==", "Expiration": "2026-03-01T18:00:00Z"}"#;

/// Nothing was wrong with any request that the peer got.
#[track_caller]
fn all_fit(peer: &Peer, count: usize) {
    let kept = peer.kept_json();
    assert_eq!(kept.len(), count, "nothing is sent twice or elsewhere");
    for one in kept {
        assert_eq!(one["unsigned"], serde_json::Value::Null, "{one:#}");
        assert_eq!(one["unfit"], serde_json::json!([]), "{one:#}");
    }
}
