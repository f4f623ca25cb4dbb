//! GSM 03.38: the alphabet of short messages, one octet to a character
//! ("unpacked"), which is how SMPP carries it (3GPP 23.038).

/// The default alphabet by its codes; 0x1B is the escape.
const DEFAULT: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u{1B}ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
                       ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// What follows the escape.
const EXTENSION: [(char, u8); 10] = [
    ('\u{C}', 0x0A),
    ('^', 0x14),
    ('{', 0x28),
    ('}', 0x29),
    ('\\', 0x2F),
    ('[', 0x3C),
    ('~', 0x3D),
    (']', 0x3E),
    ('|', 0x40),
    ('€', 0x65),
];
const ESCAPE: u8 = 0x1B;

/// The code or codes of a character; `None` where the alphabet has it not.
pub fn codes(letter: char) -> Option<([u8; 2], usize)> {
    if letter == '\u{1B}' {
        return None;
    }
    if let Some(code) = DEFAULT.chars().position(|known| known == letter) {
        return Some(([code as u8, 0], 1));
    }
    let (_, code) = EXTENSION.iter().find(|(known, _)| *known == letter)?;
    Some(([ESCAPE, *code], 2))
}

/// What others wrote in it. An octet that is none of the alphabet is a
/// replacement character; an escape before nothing known is a space.
pub fn decoded(bytes: &[u8]) -> String {
    let alphabet: Vec<char> = DEFAULT.chars().collect();
    let mut bytes = bytes.iter().copied();
    let mut text = String::new();
    while let Some(byte) = bytes.next() {
        let letter = match byte {
            ESCAPE => {
                let code = bytes.next();
                let known = EXTENSION.iter().find(|(_, extension)| Some(*extension) == code);
                known.map_or(' ', |(letter, _)| *letter)
            }
            byte => alphabet.get(usize::from(byte)).copied().unwrap_or('\u{FFFD}'),
        };
        text.push(letter);
    }
    text
}
