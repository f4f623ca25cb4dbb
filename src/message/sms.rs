//! What keeps a short message short: [`crate::model::sms`] says what it costs.

/// The text on one line with plain single spaces: the no-break and thin spaces
/// that CLDR groups digits with lie outside the alphabet.
pub fn on_one_line(text: &str) -> String {
    text.split(|letter: char| letter.is_whitespace() || letter.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sms::is_gsm;

    #[test]
    fn grouping_spaces_do_not_double_the_price() {
        assert!(!is_gsm("1\u{202F}234,50\u{A0}€"));
        let plain = on_one_line("1\u{202F}234,50\u{A0}€\r\n\tzu zahlen\n");
        assert_eq!(plain, "1 234,50 € zu zahlen");
        assert!(is_gsm(&plain));
        assert!(!is_gsm("₹") && !is_gsm("á") && !is_gsm("’"));
    }
}
