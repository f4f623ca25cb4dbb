//! The certificates that SNS signs with, fetched from SNS alone.
//!
//! A certificate is believed because of where it comes from: https from a host
//! of SNS. What a posting names is not asked before it is known to be such.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::Url;
use reqwest::header::HeaderMap;
use ring::signature::{RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, UnparsedPublicKey};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{
    AlgorithmIdentifier, CertificateDer, InvalidSignature, SignatureVerificationAlgorithm, alg_id,
};
use webpki::EndEntityCert;
use webpki::ring::RSA_PKCS1_2048_8192_SHA256;

use crate::provider::NotTaken;
use crate::provider::api::{ApiAnswer, ApiClient};
use crate::provider::aws::is_region;
use crate::provider::reach::Place;
use crate::provider::signature::Refused;

/// SNS waits fifteen seconds for our answer.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// A certificate is fetched again after this long, so that one which SNS has
/// withdrawn is not believed for ever.
const AGE_MAX: SignedDuration = SignedDuration::from_hours(24);
/// SNS has one for each region and changes it every few months.
const KEPT_MAX: usize = 16;

const STRANGE: Refused = Refused::Stranger("SigningCertURL is no certificate of SNS");

/// Fetches certificates and keeps them.
pub struct Certificates {
    api: ApiClient,
    elsewhere: Option<Url>,
    kept: Mutex<Vec<Kept>>,
    /// One at a time: a stranger can make us ask SNS, but not much.
    fetching: tokio::sync::Mutex<()>,
}

struct Kept {
    url: Url,
    certificate: Arc<CertificateDer<'static>>,
    fetched_at: Timestamp,
}

impl Certificates {
    /// With `elsewhere`, what SNS would be asked is asked there; what counts
    /// as a URL of SNS does not change with it.
    ///
    /// # Errors
    /// When the machine trusts no certificate.
    pub fn new(elsewhere: Option<Url>) -> anyhow::Result<Certificates> {
        Ok(Certificates {
            // Anybody can post a URL. Private addresses are left in: SNS may be
            // reached by an endpoint in the operator's own network.
            api: ApiClient::within(Place::Private, ANSWER_MAX)?,
            elsewhere,
            kept: Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
        })
    }

    /// The certificate at a URL of SNS.
    ///
    /// # Errors
    /// Where the URL is none of SNS, or SNS does not answer.
    pub async fn at(
        &self,
        url: &str,
        now: Timestamp,
    ) -> Result<Arc<CertificateDer<'static>>, NotTaken> {
        let is_file = |url: &Url| url.path().ends_with(".pem") && url.query().is_none();
        let url = of_sns(url).filter(is_file).ok_or(STRANGE)?;
        if let Some(kept) = self.find(&url, now) {
            return Ok(kept);
        }
        let _one = self.fetching.lock().await;
        // Whoever waited may find what the other has fetched.
        if let Some(kept) = self.find(&url, now) {
            return Ok(kept);
        }
        let answer = self.get(url.as_str()).await?;
        if answer.status != 200 {
            let what = format!("the certificate of SNS could not be fetched: {}", answer.status);
            return Err(NotTaken::NotNow(what));
        }
        let certificate = CertificateDer::from_pem_slice(&answer.body);
        let certificate = Arc::new(certificate.map_err(|_| STRANGE)?);
        let mut all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|kept| kept.url != url);
        if all.len() >= KEPT_MAX {
            all.remove(0);
        }
        all.push(Kept { url, certificate: certificate.clone(), fetched_at: now });
        Ok(certificate)
    }

    fn find(&self, url: &Url, now: Timestamp) -> Option<Arc<CertificateDer<'static>>> {
        let all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = all.iter().find(|kept| kept.url == *url)?;
        (now.duration_since(kept.fetched_at) < AGE_MAX).then(|| kept.certificate.clone())
    }

    /// Asks SNS for what is at a URL of its own.
    ///
    /// # Errors
    /// Where the URL is another's, or SNS does not answer.
    pub async fn get(&self, url: &str) -> Result<ApiAnswer, NotTaken> {
        let mut url = of_sns(url).ok_or(Refused::Stranger("a URL is none of SNS"))?;
        if let Some(elsewhere) = &self.elsewhere {
            let mut there = elsewhere.clone();
            there.set_path(url.path());
            there.set_query(url.query());
            url = there;
        }
        let answer = self.api.get(url, HeaderMap::new()).await;
        answer.map_err(|none| NotTaken::NotNow(format!("SNS cannot be asked: {none}")))
    }
}

/// A URL of SNS: https at `sns.<region>.amazonaws.com`, or `.com.cn`.
fn of_sns(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let region = url.host_str()?.strip_prefix("sns.")?;
    let region = region.strip_suffix(".cn").unwrap_or(region).strip_suffix(".amazonaws.com")?;
    let is_plain = url.scheme() == "https"
        && url.port().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    (is_plain && is_region(region)).then_some(url)
}

/// How SNS signs, by the version that it names.
pub fn algorithm(version: &str) -> Option<&'static dyn SignatureVerificationAlgorithm> {
    match version {
        "1" => Some(&Sha1),
        "2" => Some(RSA_PKCS1_2048_8192_SHA256),
        _ => None,
    }
}

/// Whether the owner of the certificate signed the text.
///
/// # Errors
/// Where not.
pub fn verify(
    certificate: &CertificateDer<'_>,
    algorithm: &dyn SignatureVerificationAlgorithm,
    text: &[u8],
    signature: &[u8],
) -> Result<(), Refused> {
    let certificate = EndEntityCert::try_from(certificate).map_err(|_| STRANGE)?;
    certificate.verify_signature(algorithm, text, signature).map_err(|_| Refused::NoneFits)
}

/// RSA over SHA-1, as SNS signs where a topic is not told otherwise. Nobody
/// gains by a collision here: the texts are written by SNS.
#[derive(Debug)]
struct Sha1;

impl SignatureVerificationAlgorithm for Sha1 {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, public_key)
            .verify(message, signature)
            .map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::RSA_ENCRYPTION
    }

    /// Asked for of signatures on certificates; we verify none of them.
    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::RSA_ENCRYPTION
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hosts_of_sns_are_asked() {
        for good in [
            "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0a.pem",
            "https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-0a.pem",
            "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=1",
        ] {
            assert!(of_sns(good).is_some(), "{good}");
        }
        for bad in [
            "http://sns.eu-central-1.amazonaws.com/x.pem",
            "https://sns.eu-central-1.amazonaws.com:8443/x.pem",
            "https://sns.eu-central-1.amazonaws.com.example.org/x.pem",
            "https://sns.eu-central-1.amazonaws.com@example.org/x.pem",
            "https://me@sns.eu-central-1.amazonaws.com/x.pem",
            "https://example.org/sns.eu-central-1.amazonaws.com/x.pem",
            "https://evil.sns.eu-central-1.amazonaws.com/x.pem",
            "https://sns.evil.example.amazonaws.com/x.pem",
            "https://sns.amazonaws.com/x.pem",
            "https://bucket.s3.amazonaws.com/x.pem",
            "https://sns.eu-central-1.amazonaws.com.cn.cn/x.pem",
            "file:///etc/passwd",
            "",
        ] {
            assert!(of_sns(bad).is_none(), "{bad}");
        }
    }
}
