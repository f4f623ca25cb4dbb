//! What the linter finds, and that it finds nothing in what comes with Duebell.

use super::*;
use crate::message::Texts;

/// The findings in the built-in set with these files over it.
fn findings(files: &[(&str, &str)], operator: &Operator) -> Vec<String> {
    let mut texts: Texts = crate::message::built_in_texts();
    texts.extend(files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())));
    let (messages, problems) = Messages::compiled(texts);
    assert_eq!(problems, []);
    messages.lint(operator).iter().map(ToString::to_string).collect()
}

#[track_caller]
fn finds(file: &str, text: &str, told: &[&str]) {
    let found = findings(&[(file, text)], &Operator::default());
    assert_eq!(found.len(), told.len(), "{found:#?}");
    for (found, told) in found.iter().zip(told) {
        assert!(found.starts_with(told), "{told} is not in:\n{found}");
    }
}

#[test]
fn what_comes_with_duebell_has_nothing_to_find() {
    assert_eq!(findings(&[], &Operator::default()), [""; 0]);
}

#[test]
fn what_sells_or_threatens_is_found_on_its_line() {
    let sms = "en/soft/sms.txt";
    finds(
        sms,
        "{{ total }}\nA Special offer!",
        &["en/soft/sms.txt:2: \"offer\" sells", "en/soft/sms.txt:2: \"special offer\" sells"],
    );
    finds(sms, "Pay immediately.", &["en/soft/sms.txt:1: \"immediately\" presses or threatens"]);
    finds("zh-Hans/hard/sms.txt", "请立即缴费", &["zh-Hans/hard/sms.txt:1: \"立即\""]);
    finds("ar/hard/sms.txt", "ادفعوا فورًا", &["ar/hard/sms.txt:1: \"فورًا\""]);
    finds("hi/hard/voice.txt", "तुरंत भुगतान करें", &["hi/hard/voice.txt:1: \"तुरंत\""]);
    // Another language's word is none.
    finds("de/soft/sms.txt", "an offer {{ total }}", &[]);
    // Nor is what a variable is called, or a tag.
    finds("en/soft/email.html", "<p class='offer'>{# offer #}{{ total }}</p>", &[]);
}

#[test]
fn shouting_is_found_and_abbreviations_are_none() {
    let sms = "en/hard/sms.txt";
    finds(sms, "URGENT: {{ total }}", &["en/hard/sms.txt:1: \"URGENT\" is shouted"]);
    finds(sms, "PAY NOW", &["en/hard/sms.txt:1: \"PAY NOW\" is shouted"]);
    finds(sms, "Reply STOP. IBAN by SMS.", &[]);
    finds(sms, "Pay!\nToday!", &["en/hard/sms.txt:2: \"!\""]);
    finds(sms, "Thank you!", &[]);
}

#[test]
fn a_short_message_has_one_link_and_no_link_is_shortened() {
    let sms = "en/soft/sms.txt";
    finds(sms, "{{ operator.pay_url }} {{ reply_url }}", &[]);
    finds(
        sms,
        "{{ operator.pay_url }}\nhttps://a.example/x",
        &["en/soft/sms.txt:2: \"https://a.example/x\" is one link more"],
    );
    finds(sms, "Pay: https://BIT.ly/x", &["en/soft/sms.txt:1: \"bit.ly\" shortens"]);
    finds(
        "en/soft/email.html",
        "<a href=\"https://t.co/x\">{{ total }}</a>",
        &["en/soft/email.html:1: \"t.co\" shortens"],
    );
    let operator = Operator {
        pay_url: "https://bit.ly/{account}".to_owned(),
        content: toml::from_str("debt-advice = { en = 'A free gift: tinyurl.com/x' }").unwrap(),
        ..Operator::default()
    };
    let found = findings(&[], &operator);
    let begin = [
        "operator.content.debt-advice.en: \"free gift\" sells",
        "operator.content.debt-advice.en: \"tinyurl.com\" shortens",
        "operator.pay_url: \"bit.ly\" shortens",
    ];
    assert!(
        found.len() == 3 && found.iter().zip(begin).all(|(it, told)| it.starts_with(told)),
        "{found:#?}"
    );
}

#[test]
fn an_operators_own_words_are_found_too() {
    let own =
        "[[list]]\nkind = 'marketing'\nlanguage = 'en'\nsource = 'brand rules'\nwords = ['cheers']";
    let found = findings(
        &[("lint.toml", own), ("en/soft/sms.txt", "Cheers, {{ total }}")],
        &Operator::default(),
    );
    assert_eq!(found.len(), 1);
    assert!(found[0].ends_with("(brand rules)"), "{found:?}");
}

#[test]
fn the_longest_text_counts_and_what_doubles_its_price_is_shown() {
    let (messages, operator) = (Messages::built_in(), Operator::default());
    let size = |language| {
        let with = ("", "EUR".parse().unwrap());
        messages.longest_sms("soft", language, &operator, &[], with).unwrap()
    };
    let english = size("en");
    assert!(english.size.is_gsm && english.size.parts == 2, "{english:?}");
    assert_eq!(english.outside_gsm, [' '; 0]);
    let hindi = size("hi");
    assert!(!hindi.size.is_gsm && hindi.outside_gsm.contains(&'ब'), "{hindi:?}");
}
