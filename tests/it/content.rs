//! What laws ask messages to say: the templates that come with Duebell say it
//! under every preset, and who takes it out is told which file lacks what.

use std::collections::BTreeSet;
use std::path::Path;

use duebell::config;
use duebell::message::{self, Messages, Operator};
use duebell::model::law::Block;
use duebell::model::{Channel, Severity};

use crate::support::law::laws;

/// Words for all that templates cannot say by themselves.
const WORDS: &str = r#"
    caller-name = { en = "Ana of the accounts team is calling." }
    debt-advice = { en = "Free debt advice: advice.example." }
    hardship-link = { en = "Hard to pay? help.example." }
    suspension-date = { en = "From {+15} on we may restrict your service." }
    payment-plan = { en = "You may pay in instalments." }
    complaint-route = { en = "Complaints: ombudsman.example." }
    court-remedy = { en = "You may go to court against it." }
    suspension-rules = { en = "Emergency calls stay possible." }
    credit-bureau = { en = "After termination the debt may be reported." }
    restoration-time = { en = "Service is back a day after you pay." }
    reconnection-fee = { en = "Reconnection costs nothing." }
    header-and-template-id = "elsewhere"
"#;

fn operator(content: &str) -> Operator {
    Operator { content: toml::from_str(content).unwrap(), ..Operator::default() }
}

/// The built-in templates are called like the severities that they are for.
fn severities() -> [Severity; 3] {
    [Severity::Courtesy, Severity::Soft, Severity::Hard]
}

#[test]
fn the_templates_that_come_with_duebell_satisfy_every_preset() {
    let (messages, operator) = (Messages::built_in(), operator(WORDS));
    let mut seen = BTreeSet::new();
    for law in laws() {
        for (severity, channel) in
            severities().into_iter().flat_map(|it| Channel::ALL.map(|c| (it, c)))
        {
            let asked = message::asked(&law.terms.content.0, severity, channel);
            seen.extend(asked.iter().copied());
            let template = severity.as_str();
            for language in messages.languages(template, channel) {
                let unsaid = messages.unsaid(template, channel, &language, &operator, &asked);
                assert_eq!(unsaid, [], "{} {language}/{template} by {channel}", law.name);
            }
        }
    }
    assert_eq!(seen.len(), 19, "every block is asked for by some preset");
}

/// `duebell check` under these settings, over one scenario with these steps
/// and, where given, a template of the operator's.
fn problems(settings: &str, steps: &[(&str, &str)], template: Option<(&str, &str)>) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    std::fs::create_dir(at("policy")).unwrap();
    let mut scenario = "name = \"all\"\ndefault = true\n".to_owned();
    for (offset, (severity, channel)) in (1..).zip(steps) {
        scenario.push_str(&format!(
            "[[step]]\nname = \"{severity}{offset}\"\noffset_days = {}\nseverity = \"{severity}\"\n\
             channels = [\"{channel}\"]\n",
            offset * 10
        ));
    }
    std::fs::write(at("policy/all.toml"), scenario).unwrap();
    let mut all = format!("[paths]\npolicy = {:?}\n", at("policy"));
    if let Some((file, text)) = template {
        let path = at("messages").join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        all.push_str(&format!("messages = {:?}\n", at("messages")));
    }
    std::fs::write(at("config.toml"), format!("{all}{settings}")).unwrap();
    let problems = config::load(Some(Path::new(&at("config.toml"))), &[]).err();
    problems.unwrap_or_default().iter().map(ToString::to_string).collect()
}

const UK: &str = "[contact]\nlaw = \"uk\"\nvalues = { restore_hours = 24 }\n";

#[test]
fn what_only_the_operator_knows_is_asked_for_once_and_named() {
    let told = problems(UK, &[("soft", "sms"), ("soft", "email")], None);
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(
        told[0].starts_with("settings: operator.content.debt-advice is not set, and step soft1")
    );
    assert!(told[0].contains("law uk") && told[0].contains("[[contact.override]]"), "{told:#?}");
    assert!(told[1].starts_with("settings: operator.content.hardship-link is not set"));

    let words = "[operator.content]\nhardship-link = { en = \"help.example\" }\n";
    let advice = "debt-advice = \"elsewhere\"\n";
    assert_eq!(problems(&format!("{UK}{words}{advice}"), &[("soft", "sms")], None), [""; 0]);

    let less = "[contact]\nlaw = \"uk\"\nvalues = { restore_hours = 24 }\n\
        override = [{ key = \"content\", value = [\"identity\", \"amount\"], signed_off_by = \"GC\", \
        on = 2026-11-02, reason = \"letters say the rest\" }]\n";
    assert_eq!(problems(less, &[("soft", "sms")], None), [""; 0]);
}

#[test]
fn what_is_about_suspension_is_asked_of_its_notice_alone() {
    let canada = "[contact]\nlaw = \"ca\"\nvalues = { restore_hours = 24, terminate_days = 60 }\n";
    assert_eq!(problems(canada, &[("soft", "sms")], None), [""; 0]);
    let told = problems(canada, &[("soft", "sms"), ("hard", "sms")], None);
    let keys: Vec<&str> = told.iter().map(|line| line.split(' ').nth(1).unwrap()).collect();
    let expected = ["suspension-date", "payment-plan", "reconnection-fee"];
    assert_eq!(keys, expected.map(|block| format!("operator.content.{block}")));
}

/// Each takes one block out of a German text of which the rest is whole.
#[test]
fn a_template_that_leaves_something_out_is_named_with_what_it_leaves_out() {
    let law = "[contact]\nlaw = \"cn\"\nvalues = { content = [\"identity\", \"amount\", \"due-date\", \
        \"how-to-pay\", \"contact\", \"opt-out\"] }\n";
    let pieces = [
        ("identity", "{{ operator.name }}: "),
        ("amount", "{{ total }} "),
        ("due-date", "seit {{ due_on }}. "),
        ("how-to-pay", "{{ operator.pay_url }} "),
        ("contact", "{{ operator.phone }} "),
        ("opt-out", "{% if opt_out %}STOP{% endif %}"),
    ];
    let file = "de/soft/sms.txt";
    let without = |left_out: &str| {
        let text: String =
            pieces.iter().filter(|(block, _)| *block != left_out).map(|(_, text)| *text).collect();
        problems(law, &[("soft", "sms")], Some((file, &text)))
    };
    assert_eq!(without("nothing"), [""; 0]);
    for (block, _) in pieces {
        let told = without(block);
        let begin = format!("messages/{file}: does not always say {block}, and step soft1 of all");
        assert!(told.len() == 1 && told[0].starts_with(&begin), "{told:#?}");
    }
}

#[test]
fn saying_it_only_sometimes_is_not_saying_it() {
    let law = "[contact]\nlaw = \"cn\"\n";
    let lacks = |text: &str| problems(law, &[("soft", "sms")], Some(("de/soft/sms.txt", text)));
    let told = lacks("{{ operator.name }} {{ due_on }}{% if not many %}{{ total }}{% endif %}");
    assert!(told.len() == 1 && told[0].contains("does not always say amount"), "{told:#?}");
    // Each bill with its amount is the amount as well.
    let each = "{{ operator.name }} {% for bill in bills %}{{ bill.amount }} {{ bill.due_on }} {% endfor %}";
    assert_eq!(lacks(each), [""; 0]);
}

#[test]
fn a_mail_must_say_it_in_text_and_in_html() {
    let messages = Messages::built_in();
    let asked = [Block::HardshipLink, Block::OptOut];
    let operator = operator("hardship-link = { en = \"help.example\" }");
    assert_eq!(messages.unsaid("soft", Channel::Email, "en", &operator, &asked), []);
    let layout = "<body>{{ operator.name }}{% block message %}{% endblock %}</body>";
    let settings = format!(
        "{UK}[operator.content]\ndebt-advice = \"elsewhere\"\nhardship-link = {{ en = \"x\" }}\n"
    );
    let told = problems(&settings, &[("soft", "email")], Some(("layout.html", layout)));
    assert!(told.iter().all(|line| line.contains("/email.html: does not always say")), "{told:#?}");
    assert!(
        told.iter()
            .any(|line| line.contains("en/soft/email.html: does not always say hardship-link"))
    );
    assert!(told.iter().any(|line| line.contains("say contact")), "{told:#?}");
}

#[test]
fn a_day_of_suspension_leaves_the_days_of_notice_that_the_law_has() {
    let canada = |days: u16| {
        let settings = format!(
            "[contact]\nlaw = \"ca\"\nvalues = {{ restore_hours = 24, terminate_days = 60 }}\n\
             [operator.content]\npayment-plan = \"elsewhere\"\nreconnection-fee = \"elsewhere\"\n\
             suspension-date = {{ en = \"From {{+{days}}} on.\" }}\n"
        );
        problems(&settings, &[("soft", "sms"), ("hard", "sms")], None)
    };
    assert_eq!(canada(14), [""; 0]);
    let told = canada(13);
    assert!(told.len() == 1 && told[0].contains("the law ca has 14 days of notice"), "{told:#?}");
}

/// A set with Italian for one message, which shouts, over accounts in German
/// and in English.
#[test]
fn the_linter_shows_prices_faults_and_languages_that_are_missing() {
    let installation = crate::daemon::installation(&[("B1", crate::daemon::due_yesterday())], "");
    installation.write("messages/it/late1/sms.txt", "Da pagare:\n{{ total }} SUBITO");
    installation.write(
        "policy/all.toml",
        "name = \"all\"\ndefault = true\n[[step]]\nname = \"late1\"\noffset_days = 1\n\
         severity = \"soft\"\ntemplate = \"late1\"\nchannels = [\"sms\"]\n[[step]]\nname = \"late9\"\n\
         offset_days = 9\nseverity = \"soft\"\nchannels = [\"voice\"]\n",
    );
    let messages = format!("paths.messages={}", installation.at("messages"));
    let lint = |more: &[&str]| {
        let arguments = [&["--set", &messages, "message", "lint"], more].concat();
        installation.says(&arguments)
    };
    installation.says(&["--set", &messages, "sync"]);
    let told = lint(&["--price-per-part", "0.05", "--accounts"]);
    assert!(told.contains("late1      it        1 part"), "{told}");
    assert!(told.contains("costs 0.0500"), "{told}");
    assert!(told.contains("warning: it/late1/sms.txt:2: \"SUBITO\" is shouted"), "{told}");
    assert!(told.contains("warning: late1 by sms is not in de (accounts: 1)"), "{told}");
    assert!(told.contains("warning: soft by voice is not in it,"), "{told}");
    let json: serde_json::Value = serde_json::from_str(&lint(&["--json"])).unwrap();
    assert_eq!(json["sms"][0]["size"]["parts"], 1);
    assert_eq!(json["findings"][0]["line"], 2);
    // What `duebell check` tells is the same finding.
    let check = installation.says(&["--set", &messages, "check"]);
    assert!(
        check.contains("# warning: messages/it/late1/sms.txt:2: \"SUBITO\" is shouted"),
        "{check}"
    );
}
