//! TwiML: what Twilio is told to say, and to listen for.

use reqwest::Url;

use super::script::Script;
use crate::model::content::Part;

/// How long a key is waited for, in seconds.
const KEY_WITHIN_S: u32 = 8;

/// The answer to a text: nothing is said.
pub const NOTHING: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response/>";

/// Parts as the inside of `<Say>`. Amounts and dates are said as they are
/// spelled in their language, which every voice can; digits one by one.
pub fn ssml(parts: &[Part]) -> String {
    let part = |part: &Part| match part {
        Part::Text(words) | Part::Amount { words, .. } | Part::Date { words, .. } => escaped(words),
        Part::Digits(digits) => {
            format!("<say-as interpret-as=\"digits\">{}</say-as>", escaped(digits))
        }
        Part::Pause(milliseconds) => format!("<break time=\"{milliseconds}ms\"/>"),
    };
    parts.iter().map(part).collect()
}

/// Says these texts and listens for one key, which goes to `next`; without,
/// only says them.
pub fn said(script: &Script, texts: &[&str], next: Option<&Url>) -> String {
    let says: String = texts.iter().map(|text| say(script, text)).collect();
    match next {
        Some(next) => response(&format!(
            "<Gather input=\"dtmf\" numDigits=\"1\" timeout=\"{KEY_WITHIN_S}\" \
             actionOnEmptyResult=\"true\" method=\"POST\" action=\"{}\">{says}</Gather>",
            escaped(next.as_str())
        )),
        None => response(&says),
    }
}

/// Leaves the text on a machine, and asks `next` once it is left.
pub fn left(script: &Script, next: &Url) -> String {
    let says = say(script, &script.to_machine);
    let redirect = escaped(next.as_str());
    response(&format!("{says}<Redirect method=\"POST\">{redirect}</Redirect>"))
}

pub fn hang_up() -> String {
    response("<Hangup/>")
}

fn say(script: &Script, text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let voice = script.voice.as_deref().map(escaped);
    let voice = voice.map_or(String::new(), |voice| format!(" voice=\"{voice}\""));
    format!("<Say language=\"{}\"{voice}>{text}</Say>", escaped(&script.language))
}

fn response(inside: &str) -> String {
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>{inside}</Response>")
}

/// Without what XML takes for its own, and without what it cannot hold.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\u{FFFE}' | '\u{FFFF}' => {}
            letter if letter.is_control() => out.push(' '),
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_said_and_never_read_as_markup() {
        let parts = [
            Part::Text("Ana <b> & \"Co\"\u{0}".to_owned()),
            Part::Digits("4711".to_owned()),
            Part::Pause(500),
        ];
        assert_eq!(
            ssml(&parts),
            "Ana &lt;b&gt; &amp; &quot;Co&quot; \
             <say-as interpret-as=\"digits\">4711</say-as><break time=\"500ms\"/>"
        );
    }
}
