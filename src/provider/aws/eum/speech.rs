//! A prompt as Amazon Polly reads it, and who reads it.
//!
//! <https://docs.aws.amazon.com/polly/latest/dg/supportedtags.html>. Amounts and
//! dates are written as the language of the call has them, and Polly's voice
//! of that language reads them so; it has no mark for currencies.

use std::collections::BTreeMap;

use crate::model::content::Part;

/// Polly's longest break, in milliseconds.
const PAUSE_MAX: u32 = 10_000;

/// The parts as SSML; `None` where nothing is said.
pub fn ssml(parts: &[Part]) -> Option<String> {
    let is_silent = |part: &Part| part.words().trim().is_empty();
    if parts.iter().all(is_silent) {
        return None;
    }
    let said: String = parts.iter().map(spoken).collect();
    Some(format!("<speak>{said}</speak>"))
}

fn spoken(part: &Part) -> String {
    match part {
        Part::Text(words) | Part::Amount { words, .. } | Part::Date { words, .. } => escaped(words),
        Part::Digits(digits) => {
            format!(r#"<say-as interpret-as="digits">{}</say-as>"#, escaped(digits))
        }
        Part::Pause(ms) => format!(r#"<break time="{}ms"/>"#, ms.min(&PAUSE_MAX)),
    }
}

/// Names come from billing data, and may hold what XML has another use for or
/// none at all.
fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut said, letter| {
        match letter {
            '&' => said.push_str("&amp;"),
            '<' => said.push_str("&lt;"),
            '>' => said.push_str("&gt;"),
            '"' => said.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => {}
            letter if letter.is_control() => said.push(' '),
            letter => said.push(letter),
        }
        said
    })
}

/// The voice of a language, or of the nearest one that has it: `zh-Hans-CN`,
/// `zh-Hans`, `zh`.
pub fn voice<'a>(voices: &'a BTreeMap<String, String>, language: &str) -> Option<&'a str> {
    let mut tag = language;
    loop {
        if let Some((_, voice)) = voices.iter().find(|(key, _)| key.eq_ignore_ascii_case(tag)) {
            return Some(voice);
        }
        tag = tag.rsplit_once('-')?.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Money;

    #[test]
    fn each_part_is_said_and_nothing_in_it_is_a_mark() {
        let money = Money { minor: 123_450, currency: "EUR".parse().unwrap() };
        let parts = [
            Part::Text("Müller & <Söhne>\u{7}, ".into()),
            Part::Amount { money, words: "1.234,50 €".into() },
            Part::Pause(60_000),
            Part::Digits("0042".into()),
            Part::Date { date: jiff::civil::date(2026, 3, 1), words: "1. März".into() },
        ];
        let said = "<speak>Müller &amp; &lt;Söhne&gt; , 1.234,50 €<break time=\"10000ms\"/>\
                    <say-as interpret-as=\"digits\">0042</say-as>1. März</speak>";
        assert_eq!(ssml(&parts).as_deref(), Some(said));
        assert_eq!(ssml(&[Part::Pause(500), Part::Text(" ".into())]), None);
        assert_eq!(ssml(&[]), None);
    }

    #[test]
    fn the_nearest_voice_speaks() {
        let voices = [("zh-Hans", "ZHIYU"), ("pt", "INES"), ("pt-BR", "CAMILA")];
        let voices = voices.map(|(language, voice)| (language.into(), voice.into())).into();
        for (language, expected) in [
            ("zh-Hans", Some("ZHIYU")),
            ("zh-hans-CN", Some("ZHIYU")),
            ("zh", None),
            ("pt-AO", Some("INES")),
            ("pt-BR", Some("CAMILA")),
            ("", None),
        ] {
            assert_eq!(voice(&voices, language), expected, "{language}");
        }
    }
}
