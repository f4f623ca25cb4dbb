//! What subscribers get from the templates that come with Duebell, and what
//! an operator is told about templates of his own.

use std::fs;
use std::path::Path;

use jiff::civil::{Date, date};
use proptest::prelude::*;

use super::locale::Locale;
use super::*;
use crate::model::content::{Does, Part, in_words};
use crate::model::sms::is_gsm;
use crate::model::{AccountId, BillId, Money};

const LANGUAGES: [&str; 9] = ["ar", "de", "en", "es", "fr", "hi", "pt", "sw", "zh-Hans"];
const TEMPLATES: [&str; 4] = ["arrangement", "courtesy", "hard", "soft"];
const DUE: Date = date(2026, 2, 3);

fn line(id: &str, minor: i64, code: &str) -> BillLine {
    let remaining = Money::new(minor, code.parse().unwrap());
    BillLine { bill: BillId::from(id), remaining, due_on: DUE }
}

/// Renders for `name` in `language` with `bills`.
fn content(
    language: &str,
    template: &str,
    channel: Channel,
    name: &str,
    bills: Vec<BillLine>,
) -> Content {
    let (operator, account) = (&Operator::default(), &AccountId::from("ACC-1001"));
    let on = date(2026, 2, 10);
    let facts =
        MessageFacts { operator, name, account, language, on, bills, reply_url: "", asked: &[] };
    Messages::built_in().render(template, channel, &facts).unwrap().content
}

fn sms(language: &str, template: &str, name: &str) -> String {
    content(language, template, Channel::Sms, name, vec![line("INV-7", 9760, "EUR")])
        .words()
        .into_owned()
}

#[track_caller]
fn assert_says(text: &str, facts: &[&str]) {
    let text = text.replace("&#x2f;", "/").replace("&#x27;", "'");
    for fact in facts {
        assert!(text.contains(fact), "{fact} is missing in:\n{text}");
    }
}

#[test]
fn every_message_says_what_to_pay_until_when_and_how() {
    for language in LANGUAGES {
        let locale = Locale::of(language);
        let bill = line("INV-7", 9760, "EUR");
        let amount = |style| locale.amount(bill.remaining, style);
        let due = locale.date(DUE, Style::Written);
        let (link, phone) = ("https://pay.example.net/ACC-1001", "+44 20 7946 0000");
        for template in TEMPLATES {
            let say = |channel| content(language, template, channel, "Ana", vec![bill.clone()]);
            assert_says(
                &say(Channel::Sms).words(),
                &["Example Telecom", "INV-7", &amount(Style::Sms), &due, link, phone],
            );
            assert_says(
                &say(Channel::Voice).words(),
                &["Example Telecom", "Ana", &amount(Style::Spoken), &due, "pay.example.net", phone],
            );
            let Content::Email { subject, text, html } = say(Channel::Email) else {
                panic!("an e-mail was asked for")
            };
            assert_says(&subject, &["Example Telecom"]);
            let amount = amount(Style::Written);
            let facts = ["Ana", "INV-7", &amount, &due, link, phone, "Example Bank"];
            assert_says(&text, &facts);
            assert_says(&html, &facts);
            let direction = if language == "ar" { "rtl" } else { "ltr" };
            assert_says(&html, &[&format!("<html lang=\"{language}\" dir=\"{direction}\">")]);
        }
    }
}

#[test]
fn two_currencies_are_named_apart_and_every_bill_is_listed() {
    let bills = vec![line("INV-7", 9760, "EUR"), line("INV-8", 500, "USD")];
    for language in LANGUAGES {
        let locale = Locale::of(language);
        for template in TEMPLATES {
            let mail = content(language, template, Channel::Email, "", bills.clone());
            let Content::Email { text, html, .. } = mail else { panic!("not an e-mail") };
            for bill in &bills {
                let amount = locale.amount(bill.remaining, Style::Written);
                assert_says(&text, &[bill.bill.as_str(), &amount]);
                assert_says(&html, &[bill.bill.as_str(), &amount]);
            }
        }
    }
}

#[test]
fn a_short_message_in_a_latin_script_costs_seven_bits_a_letter() {
    for language in ["de", "en", "es", "fr", "pt"] {
        for template in TEMPLATES {
            let text = sms(language, template, "Ana");
            assert!(is_gsm(&text), "{text}");
            // Two parts of a joined message carry 153 letters each.
            assert!(text.chars().count() <= 2 * 153, "{} letters: {text}", text.chars().count());
        }
    }
}

#[test]
fn a_message_leads_to_the_subscribers_own_page_where_there_is_one() {
    let (operator, account) = (&Operator::default(), &AccountId::from("ACC-1001"));
    let reply_url = "https://r.example.net/p/AaAaAaAaAaAaAaAaAaAaAaAaAaAaAaAaAaAa";
    for (language, template) in LANGUAGES.into_iter().flat_map(|it| TEMPLATES.map(|t| (it, t))) {
        let bills = vec![line("INV-7", 9760, "EUR")];
        let (name, on) = ("Ana", date(2026, 2, 10));
        let facts =
            MessageFacts { operator, name, account, language, on, bills, reply_url, asked: &[] };
        let render = |channel| Messages::built_in().render(template, channel, &facts);
        let text = render(Channel::Sms).unwrap().content.words().into_owned();
        // Last, so that no mark after it becomes a part of the link.
        assert!(
            text.ends_with(&format!(" {reply_url}")) || text.ends_with(&format!("：{reply_url}"))
        );
        if !matches!(language, "ar" | "hi" | "zh-Hans") {
            assert!(is_gsm(&text), "{text}");
            // With a link, a part more is allowed than without.
            assert!(text.chars().count() <= 3 * 153, "{} letters: {text}", text.chars().count());
        }
        let Content::Email { text, html, .. } = render(Channel::Email).unwrap().content else {
            panic!("not an e-mail")
        };
        assert_says(&text, &[reply_url]);
        assert_says(&html, &[reply_url]);
    }
}

#[test]
fn a_courtesy_reminder_in_english_fits_one_part() {
    let text = sms("en", "courtesy", "Ana");
    assert_eq!(
        text,
        "Example Telecom: bill INV-7 of €97.60 is due on 3 February 2026. \
         Pay: https://pay.example.net/ACC-1001 or call +44 20 7946 0000. \
         Already paid? Please ignore."
    );
    // The euro sign takes two of the 160 places.
    assert!(text.chars().count() < 160, "{}", text.chars().count());
}

#[test]
fn a_text_from_right_to_left_starts_there() {
    // The operator's Latin name comes first and would set the direction.
    assert!(sms("ar", "soft", "").starts_with("\u{200F}Example Telecom"));
    assert!(sms("en", "soft", "").starts_with("Example Telecom"));
}

#[test]
fn a_name_cannot_bring_markup_a_link_or_a_template() {
    let mail = |name| content("en", "soft", Channel::Email, name, vec![line("1", 1, "EUR")]);
    let Content::Email { text, html, subject } = mail("Ana <b>{{ total }}</b>\r\nBcc: x") else {
        panic!("not an e-mail")
    };
    assert!(!html.contains("<b>") && html.contains("&lt;b&gt;{{ total }}"), "{html}");
    assert!(text.contains("Ana <b>{{ total }}</b> Bcc: x"), "{text}");
    assert!(!subject.contains(['\r', '\n']));

    let Content::Email { text, html, .. } = mail("win at http://evil.example") else {
        panic!("not an e-mail")
    };
    assert!(text.starts_with("Hello,\n") && !text.contains("evil"), "{text}");
    assert!(!html.contains("evil"));
}

#[test]
fn an_unknown_language_is_answered_in_english() {
    let (operator, account) = (&Operator::default(), &AccountId::from("1"));
    let facts = |language| MessageFacts {
        operator,
        name: "",
        account,
        language,
        on: DUE,
        bills: vec![line("1", 100, "JPY")],
        reply_url: "",
        asked: &[],
    };
    let messages = Messages::built_in();
    for (tag, spoken) in [("xx", "en"), ("", "en"), ("zh-Hant-TW", "zh-Hans"), ("pt_BR", "pt")] {
        let rendered = messages.render("soft", Channel::Sms, &facts(tag)).unwrap();
        assert_eq!(rendered.language, spoken, "{tag}");
    }
    let nothing_owed = MessageFacts { bills: Vec::new(), ..facts("en") };
    let refused = messages.render("soft", Channel::Sms, &nothing_owed);
    assert!(matches!(refused, Err(RenderError::NoBills)));
    let refused = messages.render("final", Channel::Sms, &facts("en"));
    assert!(matches!(refused, Err(RenderError::UnknownTemplate { .. })));
    assert!(messages.has("soft", Channel::Voice) && !messages.has("final", Channel::Sms));
    assert_eq!(messages.templates(), BTreeSet::from(TEMPLATES));
}

#[test]
fn the_templates_that_come_with_duebell_have_no_problem() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/messages");
    let (texts, problems) = files::read(&directory);
    assert_eq!(problems, []);
    // What lies in the repository is what is embedded: no file forgotten.
    assert_eq!(texts, built_in_texts());
    assert!(Messages::load(&directory).is_ok());
}

/// Loads the built-in set with one file put over it.
fn problems_of(file: &str, text: &str) -> Vec<Problem> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    Messages::load(directory.path()).err().unwrap_or_default()
}

#[track_caller]
fn check(file: &str, text: &str, words: &[&str]) {
    let problems = problems_of(file, text);
    assert_eq!(problems.len(), 1, "{problems:#?}");
    assert_says(&problems[0].to_string(), words);
}

#[test]
fn a_mistake_is_found_before_anything_is_sent() {
    let sms = "de/soft/sms.txt";
    check(sms, "a\n{{ totl }}", &[sms, "line 2", "`totl`", "total", "bill.amount"]);
    check(sms, "{% if false %}{{ operator.fax }}{% endif %}", &["`operator.fax`"]);
    check(sms, "{% for bill in bills %}{{ bill.sum }}{% endfor %}", &["`bill.sum`", "line 1"]);
    check(sms, "{{ account }}{% if many %}{{ total|shout }}{% endif %}", &["shout"]);
    check(sms, "{{ total", &["line 1", "syntax"]);
    check(sms, "{{ totals }}", &["list"]);
    check(sms, "{% for i in range(90000) %}{{ i }}{% endfor %}", &["takes too long"]);
    check(sms, " \n", &["renders to nothing"]);
    check("ar/soft/sms.txt", "{# #}", &["renders to nothing"]);
    check("de/soft/email.html", "{{ name|safe }}", &["safe"]);
    let unescaped = "{{ account }}{% autoescape false %}{{ name }}{% endautoescape %}";
    check("de/soft/email.html", unescaped, &["markup"]);
    check("layout.html", "{{ operator.logo }}", &["layout.html", "`operator.logo`"]);
}

#[test]
fn a_file_that_would_never_be_used_is_a_problem() {
    check("de/soft/smss.txt", "x", &["is not used", "sms.txt"]);
    check("german/soft.txt", "x", &["is not used", "de"]);
    check("de/readme.md", "x", &["is not used"]);
    assert_eq!(problems_of(".git/x", "x"), []);
    assert_eq!(problems_of("de/soft/sms.txt~", "x"), []);
    assert!(!Messages::load(Path::new("/nowhere/at/all")).unwrap_err().is_empty());
}

#[test]
fn half_an_email_is_a_problem() {
    let problems = problems_of("it/soft/email.txt", "{{ total }}");
    let files: Vec<_> = problems.iter().map(|problem| problem.file.as_str()).collect();
    assert_eq!(files, ["it/soft/email.html", "it/soft/email.subject.txt"]);
}

#[test]
fn a_directory_adds_a_language_and_keeps_the_others() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir_all(directory.path().join("it/soft")).unwrap();
    fs::write(directory.path().join("it/soft/sms.txt"), "\u{FEFF}Da pagare: {{ total }}").unwrap();
    let messages = Messages::load(directory.path()).unwrap();
    let (operator, account) = (&Operator::default(), &AccountId::from("1"));
    let bills = vec![line("1", 1_234_550, "EUR")];
    let (name, language, on, reply_url) = ("", "it-IT", DUE, "");
    let facts =
        MessageFacts { operator, name, account, language, on, bills, reply_url, asked: &[] };
    let rendered = messages.render("soft", Channel::Sms, &facts).unwrap();
    assert_eq!(rendered.content.words(), "Da pagare: 12.345,50 €");
    assert_eq!(messages.render("hard", Channel::Sms, &facts).unwrap().language, "en");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_stands_in_the_billing_system_renders(
        name in any::<String>(),
        id in any::<String>(),
        language in prop::sample::select(LANGUAGES.to_vec()),
        template in prop::sample::select(TEMPLATES.to_vec()),
        minor in any::<i64>(),
    ) {
        for channel in Channel::ALL {
            let said = content(language, template, channel, &name, vec![line(&id, minor, "EUR")]);
            match &said {
                Content::Sms { .. } | Content::Voice(_) => {
                    let words = said.words();
                    prop_assert!(!words.chars().any(char::is_control), "{words:?}");
                }
                Content::Email { subject, .. } => {
                    prop_assert!(!subject.chars().any(char::is_control), "{subject:?}");
                }
            }
        }
    }

    #[test]
    fn whatever_tag_an_account_has_it_is_spoken_to(language in any::<String>()) {
        content(&language, "soft", Channel::Sms, "", vec![line("1", 1, "EUR")]);
    }
}

#[test]
fn a_call_has_the_same_keys_in_every_language_and_tells_a_machine_nothing() {
    for language in LANGUAGES {
        for template in TEMPLATES {
            let bill = line("INV-7", 9760, "EUR");
            let Content::Voice(prompt) =
                content(language, template, Channel::Voice, "Ana", vec![bill.clone()])
            else {
                panic!("a call was asked for")
            };
            let amounts = prompt.parts.iter().filter_map(|part| match part {
                Part::Amount { money, .. } => Some(*money),
                _ => None,
            });
            assert_eq!(amounts.collect::<Vec<_>>(), [bill.remaining], "{language}");
            assert!(prompt.parts.iter().any(|part| matches!(part, Part::Date { .. })));

            let menu = prompt.menu.as_ref().unwrap();
            let words = in_words(&menu.invitation);
            for key in &menu.keys {
                assert!(words.contains(key.digit), "{language} {}: {words}", key.digit);
                assert_eq!(key.answer.is_empty(), key.does == Does::Repeat);
            }
            let to_machine = in_words(&prompt.to_machine);
            assert_says(&to_machine, &["Example Telecom", "Ana", "+44 20 7946 0000"]);
            assert!(!to_machine.contains("97") && !to_machine.contains("INV"), "{to_machine}");
        }
    }
}

#[test]
fn what_is_wrong_around_a_call_is_found() {
    check("de/call/machine.txt", "Bitte {{ total }}", &["tells a machine"]);
    check("de/call/opt_out.txt", "{{ nmae }}", &["no variable `nmae`"]);
    check("de/call/opt_out.txt", " ", &["renders to nothing"]);
    check("de/call/sms.txt", "x", &["is not used", "machine.txt"]);
    let half = problems_of("it/call/machine.txt", "x");
    assert!(half.iter().all(|problem| problem.what.contains("a call needs")), "{half:#?}");
    assert_eq!(half.len(), 6);
    assert_eq!(problems_of("de/call/machine.txt", ""), []);
}
