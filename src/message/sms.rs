//! What a short message can carry cheaply.
//!
//! A text within the GSM 03.38 alphabet takes 160 characters to a part; one
//! character outside it makes the whole text UCS-2, 70 to a part, and nobody
//! notices until the invoice comes.

/// GSM 03.38, default alphabet (without its control characters) and extension.
const ALPHABET: &str = "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
                        ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà\
                        €^{}\\[~]|";

/// Whether a phone network sends every character of `text` in seven bits.
pub fn is_gsm(text: &str) -> bool {
    text.chars().all(|letter| ALPHABET.contains(letter))
}

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

    #[test]
    fn grouping_spaces_do_not_double_the_price() {
        assert!(!is_gsm("1\u{202F}234,50\u{A0}€"));
        let plain = on_one_line("1\u{202F}234,50\u{A0}€\r\n\tzu zahlen\n");
        assert_eq!(plain, "1 234,50 € zu zahlen");
        assert!(is_gsm(&plain));
        assert!(!is_gsm("₹") && !is_gsm("á") && !is_gsm("’"));
    }
}
