//! Requests by template and answers by mapping, against an API that does as
//! it is told; what is wrong with a template, as `duebell check` says it.

use duebell::config;
use duebell::model::{Channel, Content};
use duebell::provider::http::{Http, Settings};
use duebell::provider::{Delay, Outgoing, Refusal, SendOutcome, Sender};
use serde_json::{Value, json};

use super::{KEY, mail_to, now};
use crate::support::peer::Peer;

fn api(status: u16, headers: Value, body: &str) -> Peer {
    Peer::start("http_script.py", &[&json!([status, headers, body]).to_string()])
}

/// A sender with these settings, whose `url` is a path here.
fn sender(port: u16, mut settings: Value) -> Http {
    let path = settings["url"].as_str().unwrap_or("/").to_owned();
    settings["url"] = format!("http://127.0.0.1:{port}{path}").into();
    let settings: Settings = serde_json::from_value(settings).unwrap();
    Http::connect("api", &settings).unwrap()
}

fn sms(name: &str, text: &str) -> Outgoing {
    let mut message = mail_to("anna");
    message.channel = Channel::Sms;
    message.content = Content::Sms { text: text.to_owned() };
    message.name = name.to_owned();
    message
}

#[tokio::test]
async fn a_json_body_holds_values_and_no_value_becomes_json() {
    let peer = api(200, json!({}), r#"{"data": {"id": 17}}"#);
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("login"), "c2VjcmV0\n").unwrap();
    let http = sender(
        peer.port,
        json!({
            "channels": ["sms"],
            "url": "/v1/{to_digits}/send?ref={key}&name={name}",
            "secret_files": {"login": dir.path().join("login")},
            "request": {
                "method": "PUT",
                "headers": {"Authorization": "Basic {secret.login}", "X-Lang": "{language}",
                            "X-Subject": "{subject?}"},
                "json": {
                    "messages": [{"to": "{to}", "body": "{text}", "flash": false, "parts": 3}],
                    "subject": "{subject?}",
                    "for": "{name}, {{to}}",
                    "until": "{expires_at}", "ttl": "{expires_in_s}", "minutes": "{expires_in_min}",
                },
            },
            "answer": {"id": "/data/id"},
        }),
    );
    let name = r#"A/../"},"x":{"y":"{to}&b=#"#;
    let text = "Offen: 1 €\r\nX-Evil: 1 {key}";
    let outcome = http.send(&sms(name, text), now()).await;
    assert_eq!(outcome, SendOutcome::Accepted { provider_ref: Some("17".to_owned()) });

    let kept = &peer.kept_json()[0];
    let encoded = "A%2F..%2F%22%7D%2C%22x%22%3A%7B%22y%22%3A%22%7Bto%7D%26b%3D%23";
    let path = format!("/v1/4915123456789/send?ref={KEY}&name={encoded}");
    assert_eq!((&kept["method"], &kept["path"]), (&json!("PUT"), &json!(path)));
    let headers = &kept["headers"];
    assert_eq!(headers["authorization"], "Basic c2VjcmV0");
    assert_eq!(headers["x-lang"], "de");
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(headers["idempotency-key"], KEY);
    assert!(headers.get("x-subject").is_none() && headers.get("x-evil").is_none());
    let body: Value = serde_json::from_str(kept["body"].as_str().unwrap()).unwrap();
    let expected = json!({
        "messages": [{"to": "+4915123456789", "body": text, "flash": false, "parts": 3}],
        "for": format!("{name}, {{to}}"),
        "until": "2026-03-01T19:00:00Z", "ttl": 25_200, "minutes": 420,
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn a_form_and_a_query_are_written_as_forms_and_queries_are() {
    let peer = api(200, json!({}), "OK");
    let form = json!({
        "channels": ["sms"],
        "request": {"form": {"to": "{to}", "text": "{text}", "tag": ["{channel}", "bill"],
                             "subject": "{subject?}"}},
    });
    let query = json!({
        "channels": ["sms"],
        "url": "?to={to}&text={text}",
        "request": {"method": "GET"},
    });
    let accepted = SendOutcome::Accepted { provider_ref: None };
    for settings in [form, query] {
        let outcome = sender(peer.port, settings).send(&sms("Zoë", "1 & 1 = 2 ü"), now()).await;
        assert_eq!(outcome, accepted);
    }
    let kept = peer.kept_json();
    assert_eq!(kept[0]["headers"]["content-type"], "application/x-www-form-urlencoded");
    let form = "tag=sms&tag=bill&text=1+%26+1+%3D+2+%C3%BC&to=%2B4915123456789";
    assert_eq!(kept[0]["body"], form);
    assert_eq!((&kept[1]["method"], &kept[1]["body"]), (&json!("GET"), &json!("")));
    let path = "/?to=%2B4915123456789&text=1%20%26%201%20%3D%202%20%C3%BC";
    assert_eq!(kept[1]["path"], path);
}

#[tokio::test]
async fn half_a_message_is_not_sent() {
    let peer = api(200, json!({}), "");
    let with = |request: Value| sender(peer.port, json!({"channels": ["sms"], "request": request}));
    let rejected = |note: &str| SendOutcome::Rejected {
        because: Refusal::BadContent,
        note: format!("http: {note}"),
    };
    let json = with(json!({"json": {"to": "{to}", "a": [{"who": "Dear {name}"}]}}));
    let outcome = json.send(&sms(" ", "x"), now()).await;
    assert_eq!(outcome, rejected("request.json /a/0/who has an empty {name}"));
    let form = with(json!({"form": {"to": "{to}", "text": "{text}"}}));
    let outcome = form.send(&sms("Zoë", ""), now()).await;
    assert_eq!(outcome, rejected("request.form text has an empty {text}"));
    let header = with(json!({"headers": {"X-Name": "{name}"}, "form": {"to": "{to}"}}));
    let outcome = header.send(&sms("Anna\r\nX-Evil: 1", "x"), now()).await;
    assert_eq!(outcome, rejected("request.headers x-name cannot hold what the message has"));
    let path = sender(
        peer.port,
        json!({"channels": ["sms"], "url": "/a/{name}/b?to={to}", "request": {}}),
    );
    let outcome = path.send(&sms("..", "x"), now()).await;
    assert_eq!(outcome, rejected("url cannot hold what the message has"));

    let mut nobody = sms("Zoë", "x");
    nobody.to.phone = None;
    let outcome = json.send(&nobody, now()).await;
    assert!(matches!(outcome, SendOutcome::Rejected { because: Refusal::BadRecipient, .. }));
    assert_eq!(peer.kept("json").len(), 0);
}

#[tokio::test]
async fn a_message_is_good_for_as_long_as_the_provider_can_say() {
    let peer = api(200, json!({}), "");
    let request = json!({"json": {"to": "{to}", "ttl": "{expires_in_s}", "at": "{expires_at}"},
                         "valid_min_s": 60, "valid_max_s": 3_600});
    let http = sender(peer.port, json!({"channels": ["sms"], "request": request}));
    let mut message = sms("Zoë", "x");
    http.send(&message, now()).await;
    let body: Value = serde_json::from_str(peer.kept_json()[0]["body"].as_str().unwrap()).unwrap();
    assert_eq!((&body["ttl"], &body["at"]), (&json!(3_600), &json!("2026-03-01T13:00:00Z")));

    message.expires_at = "2026-03-01T12:00:59Z".parse().unwrap();
    let outcome = http.send(&message, now()).await;
    assert!(matches!(outcome, SendOutcome::Deferred { because: Delay::Down, .. }), "{outcome:?}");
    assert_eq!(peer.kept("json").len(), 1);
}

#[tokio::test]
async fn nobody_is_led_elsewhere() {
    let elsewhere = api(200, json!({}), "");
    let there = format!("http://127.0.0.1:{}/", elsewhere.port);
    for location in ["http://169.254.169.254/latest/meta-data/", there.as_str(), "/here"] {
        for status in [301, 302, 303, 307, 308] {
            let peer = api(status, json!({"Location": location}), "");
            let request = json!({"form": {"to": "{to}"}});
            let http = sender(peer.port, json!({"channels": ["sms"], "request": request}));
            let outcome = http.send(&sms("Zoë", "x"), now()).await;
            let is_accepted = matches!(outcome, SendOutcome::Accepted { .. });
            assert!(!is_accepted, "{outcome:?}");
            assert_eq!(peer.kept("json").len(), 1, "{status} {location}");
        }
    }
    assert_eq!(elsewhere.kept("json").len(), 0);
}

/// What is wrong with `[provider.api]`, as `duebell check` says it.
fn wrong(table: &str) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.toml");
    let text = format!("[provider.api]\nkind = \"http\"\nchannels = [\"sms\"]\n{table}");
    std::fs::write(&file, text).unwrap();
    let problems = config::load(Some(&file), &[]).err().unwrap_or_default();
    problems.iter().map(|problem| problem.to_string()).filter(|it| it.contains("api.")).collect()
}

#[track_caller]
fn check(table: &str, parts: &[&str]) {
    let url = if table.contains("url =") { "" } else { "url = \"https://api.example.org/send\"\n" };
    let found = wrong(&format!("{url}{table}"));
    assert_eq!(found.len(), 1, "{table}: {found:?}");
    for part in parts {
        assert!(found[0].contains(part), "{table}: {}", found[0]);
    }
}

#[test]
fn what_is_wrong_with_a_template_is_told_with_file_field_value_and_mend() {
    let to = "to = \"{to}\"";
    check(
        "[provider.api.request.json]\nto = \"{to}\"\nx = [{ y = \"{tu}\" }]",
        &["config.toml: provider.api.request.json /x/0/y = \"{tu}\": there is no {tu}; write one"],
    );
    check(
        &format!("[provider.api.request]\nheaders = {{ A = \"{{x\" }}\nform = {{ {to} }}"),
        &["provider.api.request.headers A = \"{x\"", "write {{ or }}"],
    );
    check(
        &format!("[provider.api.request]\nform = {{ {to}, k = \"{{secret.key}}\" }}"),
        &["provider.api.request.form k =", "secret_files has no key; name its file there"],
    );
    check(
        &format!("[provider.api.request]\nform = {{ {to}, u = \"{{callback_url}}\" }}"),
        &["provider.api.request.form u =", "set receipts = true here, and public_url"],
    );
    check(
        &format!("[provider.api.request]\nform = {{ {to}, t = \"{{html}}\" }}"),
        &["provider.api.request.form t =", "sms has nothing for it; write a ?"],
    );
    check("[provider.api.request]\nform = { a = \"b\" }", &["provider.api.request says nowhere"]);
    check(
        &format!("[provider.api.request]\nmethod = \"GET\"\nform = {{ {to} }}"),
        &["provider.api.request.method is GET", "query of url"],
    );
    check(
        &format!("[provider.api.request]\nform = {{ {to} }}\njson = {{ {to} }}"),
        &["provider.api.request.form stands beside json; keep one"],
    );
    check(
        &format!("[provider.api.request]\nform = {{ {to} }}\nheaders = {{ Host = \"x\" }}"),
        &["provider.api.request.headers has \"Host\"", "leave it out"],
    );
    check(
        &format!(
            "[provider.api.request]\nform = {{ {to} }}\nheaders.Authorization = \"Basic eA==\""
        ),
        &["provider.api.request.headers has \"Authorization\" written out", "secret_files"],
    );
    check(
        &format!("[provider.api.request]\nform = {{ {to} }}\nsurprise = 1"),
        &["config.toml: provider.api.request", "unknown field `surprise`"],
    );
    check(
        &format!("[provider.api.request]\nform = {{ {to} }}\n[provider.api.answer]\nid = \"id\""),
        &["provider.api.answer.id", "write one such as /messages/0/id"],
    );
}

#[test]
fn the_host_is_the_operators_alone() {
    for url in ["https://{name}.example.org/", "https://{to}/", "{key}://x/", "https://a@{to}"] {
        let table = format!("url = \"{url}\"\n[provider.api.request.form]\nto = \"{{to}}\"");
        check(&table, &["provider.api.url has a placeholder before its path; write the host out"]);
    }
    let good = "url = \"https://api.example.org/{key}\"\n[provider.api.request.form]\na = \"{to}\"";
    assert_eq!(wrong(good), [""; 0]);
}
