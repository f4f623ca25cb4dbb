//! Whatever a message holds, it stays where the template has it.

use proptest::prelude::*;
use serde_json::json;

use super::*;

const URL: &str = "https://api.example.org/v1/{name?}/send?to={to}&text={text?}";

fn filled(settings: Value, name: &str, text: &str) -> Result<Ready, SendOutcome> {
    let around = Around {
        url: URL,
        channels: &[Channel::Sms],
        secrets: Vec::new(),
        has_token: false,
        has_callback: false,
    };
    let plan = Plan::read(&serde_json::from_value(settings).unwrap(), &around).unwrap();
    let message = Outgoing::sms(name, text, "2026-03-01T19:00:00Z");
    let now = "2026-03-01T12:00:00Z".parse().unwrap();
    plan.fill(&message, "+4915123456789", now, "", &BTreeMap::new())
}

/// As the template has it: whole, or left out where there is nothing.
fn kept(value: &str) -> Option<&str> {
    Some(value).filter(|value| !value.trim().is_empty())
}

fn fields(encoded: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(encoded).into_owned().collect()
}

#[test]
fn a_host_is_split_off_and_holds_no_placeholder() {
    let of = |url: &str| split(url).map(|(base, target)| (base.to_string(), target));
    for (url, target) in [
        ("https://api.example.org", "/"),
        ("https://api.example.org?a={to}", "/?a={to}"),
        ("https://api.example.org/a/{key}?b=c", "/a/{key}?b=c"),
        ("https://api.example.org//{to}", "//{to}"),
    ] {
        let host = "https://api.example.org/".to_owned();
        assert_eq!(of(url), Ok((host, target.to_owned())), "{url}");
    }
    for url in ["https://{to}", "https://a.{to}/", "{to}", "https:/{to}", "https://a/#b", "api", ""]
    {
        assert!(of(url).is_err(), "{url}");
    }
}

proptest! {
    #[test]
    fn no_value_leaves_its_place(name in any::<String>(), text in any::<String>()) {
        let body = json!({"a": {"n": "{name?}"}, "b": ["{text?}", "end"]});
        let Ok(ready) = filled(json!({"json": body}), &name, &text) else {
            prop_assert!(name == "." || name == "..");
            return Ok(());
        };
        let read: Value = serde_json::from_slice(&ready.body).unwrap();
        prop_assert_eq!(read["a"].get("n").and_then(Value::as_str), kept(&name));
        let list: Vec<&str> = kept(&text).into_iter().chain(["end"]).collect();
        prop_assert_eq!(&read["b"], &json!(list));

        // The path has as many parts as the template, the query as many fields.
        prop_assert!(ready.uri.host().is_none());
        prop_assert_eq!(ready.uri.path().split('/').count(), 4);
        let expected = [
            ("to".to_owned(), "+4915123456789".to_owned()),
            ("text".to_owned(), kept(&text).unwrap_or_default().to_owned()),
        ];
        prop_assert_eq!(fields(ready.uri.query().unwrap_or_default().as_bytes()), expected);

        let form = json!({"form": {"n": "{name?}", "t": "{text?}"}});
        let Ok(ready) = filled(form, &name, &text) else { return Ok(()) };
        let some = |key: &str, value: &str| kept(value).map(|it| (key.to_owned(), it.to_owned()));
        let expected: Vec<_> = some("n", &name).into_iter().chain(some("t", &text)).collect();
        prop_assert_eq!(fields(&ready.body), expected);
    }
}
