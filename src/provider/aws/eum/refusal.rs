//! What the refusals of AWS End User Messaging mean.
//!
//! Names and reasons are those of the service's model (`botocore`,
//! pinpoint-sms-voice-v2, 2022-03-31).

use crate::provider::Refusal;
use crate::provider::aws::answer::{Means, Said};

/// `None` where all services have it in common.
pub fn means(said: &Said) -> Option<Means> {
    Some(match (said.error.as_str(), said.reason.as_str()) {
        ("ConflictException", "DESTINATION_PHONE_NUMBER_OPTED_OUT") => {
            Means::Refused(Refusal::OptedOut)
        }
        // The operator's own rules, prices and identities, where they concern
        // this number alone: the next channel does not wait for a mend.
        (
            "ConflictException",
            "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION"
            | "DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE",
        )
        | ("ServiceQuotaExceededException", "DAILY_DESTINATION_CALL_LIMIT")
        | (
            "ValidationException",
            "COUNTRY_CODE_MISMATCH"
            | "COUNTRY_NOT_ENABLED"
            | "DESTINATION_COUNTRY_BLOCKED"
            | "INTERNATIONAL_SENDING_NOT_SUPPORTED"
            | "INVALID_IDENTITY_FOR_DESTINATION_COUNTRY"
            | "PRICE_OVER_THRESHOLD"
            | "SENDER_ID_NOT_REGISTERED"
            | "SENDER_ID_NOT_SUPPORTED"
            | "SENDER_ID_REQUIRES_REGISTRATION",
        ) => Means::Refused(Refusal::OurAccount),
        ("ValidationException", reason) => field(said, reason),
        // An identity that is not there or not of that kind, an account that
        // is shut or has spent its month, a number that a sandbox does not know.
        (
            "ConflictException" | "ServiceQuotaExceededException" | "ResourceNotFoundException",
            _,
        ) => Means::OurAccount,
        _ => return None,
    })
}

/// Of a request that is not as it must be, the field says whose fault that is.
fn field(said: &Said, reason: &str) -> Means {
    let is_at_fault = |name: &str| said.fields.iter().any(|field| field == name);
    match reason {
        _ if is_at_fault("DestinationPhoneNumber") => Means::Refused(Refusal::BadRecipient),
        _ if is_at_fault("MessageBody") => Means::Refused(Refusal::BadContent),
        "CANNOT_PARSE"
        | "FIELD_VALIDATION_FAILED"
        | "INVALID_PARAMETER"
        | "INVALID_REQUEST"
        | "MAXIMUM_SIZE_EXCEEDED"
            if said.fields.is_empty() =>
        {
            Means::Refused(Refusal::BadContent)
        }
        "" | "OTHER" => Means::Unknown,
        _ => Means::OurAccount,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::aws::answer::check;

    #[test]
    fn each_refusal_leads_to_its_own_outcome() {
        for (error, reason, expected) in [
            ("ConflictException", "DESTINATION_PHONE_NUMBER_OPTED_OUT", "OptedOut"),
            (
                "ConflictException",
                "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION",
                "OurAccount",
            ),
            ("ConflictException", "NO_ORIGINATION_IDENTITIES_FOUND", "Down, ours"),
            ("ConflictException", "DESTINATION_PHONE_NUMBER_NOT_VERIFIED", "Down, ours"),
            ("ConflictException", "MESSAGE_TYPE_MISMATCH", "Down, ours"),
            ("ConflictException", "RESOURCE_NOT_ACTIVE", "Down, ours"),
            ("ServiceQuotaExceededException", "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT", "Down, ours"),
            ("ServiceQuotaExceededException", "DAILY_DESTINATION_CALL_LIMIT", "OurAccount"),
            ("AccessDeniedException", "ACCOUNT_DISABLED", "Down, ours"),
            ("ResourceNotFoundException", "", "Down, ours"),
            ("ThrottlingException", "", "Throttled"),
            ("ValidationException", "PRICE_OVER_THRESHOLD", "OurAccount"),
            ("ValidationException", "SENDER_ID_NOT_REGISTERED", "OurAccount"),
            ("ValidationException", "CANNOT_PARSE", "BadContent"),
            ("ValidationException", "VOICE_CAPABILITY_NOT_AVAILABLE", "Down, ours"),
            ("ValidationException", "A_BRAND_NEW_REASON", "Down, ours"),
            ("ValidationException", "OTHER", "Down"),
            ("BrandNewException", "", "Down"),
            ("ExpiredTokenException", "", "Down, ours"),
        ] {
            let body =
                format!(r#"{{"__type": "{error}", "Message": "+49 15", "Reason": "{reason}"}}"#);
            check(means, 400, &body, expected);
        }
        check(means, 500, r#"{"__type": "InternalServerException"}"#, "Ambiguous");
    }

    #[test]
    fn the_field_says_whose_fault_it_is() {
        for (field, expected) in [
            ("DestinationPhoneNumber", "BadRecipient"),
            ("MessageBody", "BadContent"),
            ("MaxPrice", "Down, ours"),
            ("OriginationIdentity", "Down, ours"),
        ] {
            let body = format!(
                r#"{{"__type": "ValidationException", "Reason": "FIELD_VALIDATION_FAILED",
                    "Fields": [{{"Name": "{field}", "Message": "+49 15 does not fit"}}]}}"#
            );
            check(means, 400, &body, expected);
        }
    }
}
