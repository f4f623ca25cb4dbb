//! Encryption towards providers: rustls with ring, trusting whom the machine
//! trusts, or whom `SSL_CERT_FILE` names.

use std::sync::Arc;

use anyhow::{Context, ensure};
use rustls::{ClientConfig, RootCertStore};

/// How we speak to whom the machine trusts, in HTTP/1.1.
///
/// # Errors
/// When the machine trusts nobody.
pub fn client_config() -> anyhow::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    ensure!(
        !roots.is_empty(),
        "the machine trusts no certificate; install ca-certificates, or name a file in SSL_CERT_FILE"
    );
    let mut config =
        ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .context("could not prepare encryption")?
            .with_root_certificates(roots)
            .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
