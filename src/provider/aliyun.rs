//! SMS and calls through Alibaba Cloud: Dysmsapi and Dyvmsapi 2017-05-25.
//!
//! The cloud sends nothing but its own, reviewed templates. The settings say
//! which of them stands for which of ours, and what goes into its gaps.
//!
//! Requests are not idempotent and carry no expiry. SMS bring the attempt's
//! key back (`OutId`). A call's `OutId` has room for 15 bytes, too few for a
//! key: it gets a short token, whose key is kept in memory (`calls`).

mod callback;
mod calls;
mod code;
mod details;
mod sign;
mod template;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use reqwest::Url;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

use self::callback::Callback;
use self::calls::{Calls, Poll, Product};
use self::details::Details;
use self::sign::AccessKey;
pub use self::template::{KeyMeans, MenuKey, Spoken, Template};
use super::api::{ApiAnswer, ApiClient, NoAnswer, base_url, secret};
use super::echo::Tokens;
use super::kinds::{Adapter, Connected, Site, Wrong};
use super::secret::Secret;
use super::{CallbackReader, Capabilities, Delay, Inquiry, Outgoing, ReceiptReader, Refusal};
use super::{SendOutcome, Sender};
use crate::model::Channel;

const VERSION: &str = "2017-05-25";
const FORM: &str = "application/x-www-form-urlencoded";

/// In the settings as `[provider.aliyun]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The endpoint for SMS.
    pub url: String,
    /// The endpoint for calls.
    pub voice_url: String,
    pub access_key_id: String,
    /// A file with the secret of that key.
    pub access_key_secret_file: Option<PathBuf>,
    /// The signature that SMS are sent under.
    pub sign_name: String,
    /// The number that is shown to those who are called; calls with a menu
    /// need one.
    pub caller: Option<String>,
    /// How often a call says its text, 1 to 3.
    pub play_times: u8,
    /// How long a call waits for a key.
    pub key_timeout_ms: u32,
    /// It posts receipts to us. Without, acceptance is all that is known of
    /// an SMS.
    pub receipts: bool,
    /// Files with the token that its URL carries; two while they change.
    pub receipt_token_files: Vec<PathBuf>,
    /// A call without a receipt for this long is asked about, again and
    /// again; 0 for never.
    pub ask_after_s: u32,
    /// For an answer, once connected.
    pub timeout_ms: u32,
    /// Which of their templates stands for which of ours.
    pub templates: Vec<Template>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            url: "https://dysmsapi.aliyuncs.com/".to_owned(),
            voice_url: "https://dyvmsapi.aliyuncs.com/".to_owned(),
            access_key_id: String::new(),
            access_key_secret_file: None,
            sign_name: String::new(),
            caller: None,
            play_times: 2,
            key_timeout_ms: 5_000,
            receipts: false,
            receipt_token_files: Vec::new(),
            ask_after_s: 600,
            timeout_ms: 10_000,
            templates: Vec::new(),
        }
    }
}

impl Settings {
    fn carries(&self, channel: Channel) -> bool {
        self.templates.iter().any(|template| template.channel == channel)
    }

    fn asks(&self) -> bool {
        self.carries(Channel::Voice) && self.ask_after_s > 0
    }
}

/// Requests to the cloud: signed, once, and answered or not.
struct Cloud {
    client: ApiClient,
    key: Secret<AccessKey>,
}

type Parameters = Vec<(String, String)>;

impl Cloud {
    /// # Errors
    /// When there was no answer.
    async fn ask(
        &self,
        url: &Url,
        action: &str,
        parameters: &Parameters,
        now: Timestamp,
    ) -> Result<ApiAnswer, NoAnswer> {
        let query = sign::canonical_query(parameters);
        let nonce = format!("{:032x}", rand::random::<u128>());
        let date = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let hash = sign::hash(b"");
        let host = match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (host, _) => host.unwrap_or_default().to_owned(),
        };
        let signed = sign::Signed {
            method: "POST",
            query: &query,
            headers: &[
                ("accept", "application/json"),
                ("content-type", FORM),
                ("host", &host),
                ("x-acs-action", action),
                ("x-acs-content-sha256", &hash),
                ("x-acs-date", &date),
                ("x-acs-signature-nonce", &nonce),
                ("x-acs-version", VERSION),
            ],
            body: b"",
        };
        let authorization = sign::authorization(&self.key.current(), &signed);
        let mut headers = HeaderMap::new();
        for (name, value) in signed.headers.iter().filter(|(name, _)| name.starts_with("x-acs")) {
            if let (Ok(name), Ok(value)) =
                (name.parse::<HeaderName>(), HeaderValue::from_str(value))
            {
                headers.insert(name, value);
            }
        }
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let authorization = HeaderValue::try_from(authorization).map_err(|_| NoAnswer::NotSent)?;
        headers.insert(AUTHORIZATION, authorization);
        let mut url = url.clone();
        url.set_query(Some(&query));
        self.client.post(url, headers, FORM, Vec::new()).await
    }
}

/// Sends through Alibaba Cloud.
pub struct Aliyun {
    name: String,
    settings: Settings,
    sms_url: Url,
    voice_url: Url,
    cloud: Arc<Cloud>,
    calls: Arc<Calls>,
}

fn rejected(because: Refusal, what: &str) -> SendOutcome {
    SendOutcome::Rejected { because, note: format!("aliyun: {what}") }
}

impl Aliyun {
    /// Checks the settings and reads the secret.
    ///
    /// # Errors
    /// What is wrong with them, beginning with the key.
    pub fn connect(name: &str, settings: &Settings) -> anyhow::Result<Aliyun> {
        ensure!(
            !settings.templates.is_empty(),
            "templates is empty; add [[provider.{name}.templates]]"
        );
        ensure!(!settings.access_key_id.is_empty(), "access_key_id is empty");
        ensure!(settings.timeout_ms > 0, "timeout_ms is 0; allow some time, such as 10000");
        let file = settings.access_key_secret_file.as_ref();
        let file = file.ok_or_else(|| anyhow::anyhow!("access_key_secret_file is not set"))?;
        let (id, path) = (settings.access_key_id.clone(), file.clone());
        let key = Secret::open(vec![file.clone()], move || {
            Ok(AccessKey { id: id.clone(), secret: secret("access_key_secret_file", &path)? })
        })?;
        let client = ApiClient::new(Duration::from_millis(settings.timeout_ms.into()))?;
        Ok(Aliyun {
            name: name.to_owned(),
            settings: settings.clone(),
            sms_url: base_url("url", &settings.url)?,
            voice_url: base_url("voice_url", &settings.voice_url)?,
            cloud: Arc::new(Cloud { client, key }),
            calls: Arc::default(),
        })
    }

    /// What the cloud is asked for an SMS.
    fn sms(&self, message: &Outgoing, template: &Template) -> Result<Parameters, SendOutcome> {
        let phone = message.to.phone.as_ref().map(|phone| phone.e164());
        let phone = phone.ok_or_else(|| rejected(Refusal::BadRecipient, "no usable number"))?;
        let mut parameters = vec![
            ("PhoneNumbers".to_owned(), number(phone).to_owned()),
            ("SignName".to_owned(), self.settings.sign_name.clone()),
            ("TemplateCode".to_owned(), template.code.clone()),
            ("OutId".to_owned(), message.key.to_string()),
        ];
        let filled = template::filled(&template.variables, message)?;
        parameters.extend(filled.map(|filled| ("TemplateParam".to_owned(), filled)));
        Ok(parameters)
    }

    /// What the cloud is asked for a call, and of which product it is then.
    fn call(
        &self,
        message: &Outgoing,
        template: &Template,
    ) -> Result<(Product, Parameters), SendOutcome> {
        let phone = message.to.phone.as_ref().and_then(|phone| mainland(phone.e164()));
        let phone =
            phone.ok_or_else(|| rejected(Refusal::BadRecipient, "no number of the mainland"))?;
        let product = if template.menu.is_empty() { Product::Tts } else { Product::Ivr };
        let (code, filled_in) = match product {
            Product::Tts => ("TtsCode", "TtsParam"),
            Product::Ivr => ("StartCode", "StartTtsParams"),
        };
        let mut parameters = vec![
            ("CalledNumber".to_owned(), phone.to_owned()),
            (code.to_owned(), template.code.clone()),
            ("PlayTimes".to_owned(), self.settings.play_times.to_string()),
            ("OutId".to_owned(), calls::token(message.key)),
        ];
        let filled = template::filled(&template.variables, message)?;
        parameters.extend(filled.map(|filled| (filled_in.to_owned(), filled)));
        let caller = self.settings.caller.as_ref();
        parameters.extend(caller.map(|caller| ("CalledShowNumber".to_owned(), caller.clone())));
        if product == Product::Ivr {
            let timeout_ms = self.settings.key_timeout_ms.to_string();
            parameters.push(("Timeout".to_owned(), timeout_ms));
            template::add_menu(template, message, &mut parameters)?;
        }
        Ok((product, parameters))
    }
}

/// A number as the cloud writes it: the mainland's go without their country.
fn number(e164: &str) -> &str {
    mainland(e164).unwrap_or_else(|| e164.trim_start_matches('+'))
}

/// The eleven digits of a mobile or fixed number of mainland China.
fn mainland(e164: &str) -> Option<&str> {
    e164.strip_prefix("+86")
}

impl Adapter for Aliyun {
    const KIND: &'static str = "aliyun";
    type Settings = Settings;

    fn carries(settings: &Settings) -> Vec<Channel> {
        [Channel::Sms, Channel::Voice]
            .into_iter()
            .filter(|channel| settings.carries(*channel))
            .collect()
    }

    fn problems(settings: &Settings, site: &Site) -> Vec<Wrong> {
        let mut wrong = template::problems(settings);
        if settings.receipts && !site.listens {
            let what =
                "is true, and nothing listens for them; set http.listen, such as 127.0.0.1:8470";
            wrong.push(("receipts", what.to_owned()));
        }
        if settings.receipts && settings.receipt_token_files.is_empty() {
            let what = "is empty; name a file with the token that the cloud's URL carries";
            wrong.push(("receipt_token_files", what.to_owned()));
        }
        if settings.carries(Channel::Sms) && settings.sign_name.is_empty() {
            wrong.push(("sign_name", "is empty; write the approved signature".to_owned()));
        }
        if !(1..=3).contains(&settings.play_times) {
            wrong.push(("play_times", "is not 1 to 3".to_owned()));
        }
        wrong
    }

    fn connect(name: &str, settings: Settings, _: &Site) -> anyhow::Result<Connected> {
        let aliyun = Aliyun::connect(name, &settings)?;
        let mut callbacks: Option<Arc<dyn CallbackReader>> = None;
        if settings.receipts {
            let tokens = Tokens::read("receipt_token_files", &settings.receipt_token_files)?;
            let keys = template::keys(&settings);
            callbacks = Some(Arc::new(Callback { tokens, keys, calls: aliyun.calls.clone() }));
        }
        let reader = settings.asks().then(|| {
            Arc::new(Poll {
                cloud: aliyun.cloud.clone(),
                url: aliyun.voice_url.clone(),
                calls: aliyun.calls.clone(),
                every: SignedDuration::from_secs(settings.ask_after_s.into()),
            }) as Arc<dyn ReceiptReader>
        });
        let inquiry = Some(Arc::new(Details {
            cloud: aliyun.cloud.clone(),
            sms_url: aliyun.sms_url.clone(),
            voice_url: aliyun.voice_url.clone(),
            products: Product::of(&settings.templates),
        }) as Arc<dyn Inquiry>);
        let aliyun = Arc::new(aliyun);
        Ok(Connected { callbacks, reader, inquiry, ..Connected::sending(aliyun) })
    }
}

#[async_trait]
impl Sender for Aliyun {
    fn name(&self) -> &str {
        &self.name
    }

    /// One for both channels: an SMS that nothing is posted about must not
    /// wait for a receipt because calls are asked about.
    fn capabilities(&self) -> Capabilities {
        let settings = &self.settings;
        let receipts = settings.receipts || (settings.asks() && !settings.carries(Channel::Sms));
        Capabilities { receipts, own_templates: true, ..Capabilities::default() }
    }

    async fn send(&self, message: &Outgoing, now: Timestamp) -> SendOutcome {
        let Some(template) = template::of(&self.settings.templates, message) else {
            return SendOutcome::Deferred {
                because: Delay::Down,
                wait: None,
                note: format!("our settings: no template for this {}", message.channel),
            };
        };
        match message.channel {
            Channel::Sms => match self.sms(message, template) {
                Ok(parameters) => self.outcome(&self.sms_url, "SendSms", &parameters, now).await,
                Err(outcome) => outcome,
            },
            Channel::Voice => {
                let (product, parameters) = match self.call(message, template) {
                    Ok(call) => call,
                    Err(outcome) => return outcome,
                };
                // Before it is placed: a report may come before the answer.
                self.calls.begin(message.key, product, now);
                let action = product.action();
                let outcome = self.outcome(&self.voice_url, action, &parameters, now).await;
                self.calls.ended(message.key, &outcome);
                outcome
            }
            Channel::Email | Channel::Letter => {
                rejected(Refusal::BadContent, "it carries neither e-mail nor letters")
            }
        }
    }
}

impl Aliyun {
    async fn outcome(
        &self,
        url: &Url,
        action: &str,
        parameters: &Parameters,
        now: Timestamp,
    ) -> SendOutcome {
        self.cloud.key.heeded(match self.cloud.ask(url, action, parameters, now).await {
            Ok(answer) => code::outcome(&answer, now),
            Err(none) => none.outcome("aliyun"),
        })
    }
}
