//! What became of an SMS or a call, asked of the cloud by its own name for it:
//! where a report never came, or came while no process of ours knew the call.

use std::sync::Arc;

use anyhow::ensure;
use async_trait::async_trait;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use reqwest::Url;
use serde_json::Value;

use super::calls::{self, Product};
use super::code::CHINA;
use super::{Cloud, callback, number};
use crate::model::Channel;
use crate::provider::echo::{self, text};
use crate::provider::{Fate, Inquiry, Receipt, Untold};

/// The cloud's own records.
pub struct Details {
    pub(super) cloud: Arc<Cloud>,
    pub(super) sms_url: Url,
    pub(super) voice_url: Url,
    /// What our templates call by.
    pub(super) products: Vec<Product>,
}

#[async_trait]
impl Inquiry for Details {
    async fn inquire(&self, about: &Untold, now: Timestamp) -> anyhow::Result<Option<Receipt>> {
        let told = match about.channel {
            Channel::Sms => self.of_sms(about, now).await?,
            Channel::Voice => self.of_call(about, now).await?,
            Channel::Email | Channel::Letter => None,
        };
        Ok(told.map(|(fate, at)| Receipt { key: about.key, fate, at }))
    }
}

impl Details {
    async fn of_sms(
        &self,
        about: &Untold,
        now: Timestamp,
    ) -> anyhow::Result<Option<(Fate, Timestamp)>> {
        let Some(phone) = &about.phone else { return Ok(None) };
        let day = about.taken_at.to_zoned(TimeZone::fixed(CHINA));
        let parameters = [
            ("PhoneNumber", number(phone).to_owned()),
            ("BizId", about.provider_ref.clone()),
            ("SendDate", day.strftime("%Y%m%d").to_string()),
            ("PageSize", "10".to_owned()),
            ("CurrentPage", "1".to_owned()),
        ];
        let answer = self.ask(&self.sms_url, "QuerySendDetails", &parameters, now).await?;
        let details = answer.pointer("/SmsSendDetailDTOs/SmsSendDetailDTO");
        // The account may have sent others to that number.
        let key = about.key.to_string();
        let is_ours = |one: &&Value| text(one, "OutId").as_deref() == Some(&key);
        let ours = details.and_then(Value::as_array).and_then(|all| all.iter().find(is_ours));
        Ok(ours.and_then(|one| callback::sms_detail(one, now)))
    }

    async fn of_call(
        &self,
        about: &Untold,
        now: Timestamp,
    ) -> anyhow::Result<Option<(Fate, Timestamp)>> {
        // Which of them it was, nobody has written down.
        for product in &self.products {
            let call = (about.provider_ref.as_str(), about.taken_at);
            let asked = calls::detail(&self.cloud, &self.voice_url, *product, call, now).await?;
            if asked.is_some() {
                return Ok(asked);
            }
        }
        Ok(None)
    }

    async fn ask(
        &self,
        url: &Url,
        action: &str,
        parameters: &[(&str, String)],
        now: Timestamp,
    ) -> anyhow::Result<Value> {
        let parameters =
            parameters.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let answer = self.cloud.ask(url, action, &parameters, now).await?;
        let answer = echo::json(&answer.body).map_err(anyhow::Error::msg)?;
        let code = text(&answer, "Code").unwrap_or_default();
        ensure!(code == "OK", "the cloud does not tell");
        Ok(answer)
    }
}
