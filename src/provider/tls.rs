//! Encryption towards providers: rustls with ring, trusting whom the machine
//! trusts, or whom `SSL_CERT_FILE` names.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, ensure};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

/// How we speak to whom the machine trusts, in HTTP/1.1.
///
/// # Errors
/// When the machine trusts nobody.
pub fn client_config() -> anyhow::Result<ClientConfig> {
    let mut config = trusting(None)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// How we speak to whom the machine trusts, and to whoever shows a certificate
/// of this PEM file, the setting `ca_file`.
///
/// # Errors
/// When nobody is trusted, or the file holds no certificate.
pub fn trusting(ca_file: Option<&Path>) -> anyhow::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = ca_file {
        let unreadable = || format!("ca_file {} holds no certificate", path.display());
        for certificate in CertificateDer::pem_file_iter(path).with_context(unreadable)? {
            roots.add(certificate.with_context(unreadable)?).with_context(unreadable)?;
        }
        ensure!(!roots.is_empty(), unreadable());
    }
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    ensure!(
        !roots.is_empty(),
        "the machine trusts no certificate; install ca-certificates, or name a file in SSL_CERT_FILE"
    );
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()
        .context("could not prepare encryption")?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
