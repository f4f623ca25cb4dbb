//! What a template says by itself: its text without variables, conditions and
//! markup, on the lines where it stands.

/// The source with everything between Jinja's braces blanked out.
pub fn without_code(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(start) = rest.find('{') {
        let end = match rest[start..].chars().nth(1) {
            Some('{') => "}}",
            Some('%') => "%}",
            Some('#') => "#}",
            _ => {
                out.push_str(&rest[..=start]);
                rest = &rest[start + 1..];
                continue;
            }
        };
        out.push_str(&rest[..start]);
        let code = &rest[start..];
        let length = code.find(end).map_or(code.len(), |at| at + end.len());
        blank(&code[..length], &mut out);
        rest = &code[length..];
    }
    out.push_str(rest);
    out
}

/// The words alone: of HTML, what is outside of tags.
pub fn literal(file: &str, source: &str) -> String {
    let text = without_code(source);
    if !file.ends_with(".html") {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(start) = rest.find('<') {
        out.push_str(&rest[..start]);
        let length = rest[start..].find('>').map_or(rest.len() - start, |at| at + 1);
        blank(&rest[start..start + length], &mut out);
        rest = &rest[start + length..];
    }
    out.push_str(rest);
    out
}

/// A mark that is no word, and the line breaks, so that lines keep their
/// numbers.
fn blank(code: &str, out: &mut String) {
    out.push('\u{FFFC}');
    out.extend(code.chars().filter(|letter| *letter == '\n'));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_numbers_and_code_is_no_word() {
        let source = "a {{ sale }}\n{% if offer\n%}b{# win #}{ c <b>d</b>\n{{ open";
        assert_eq!(without_code(source), "a \u{FFFC}\n\u{FFFC}\nb\u{FFFC}{ c <b>d</b>\n\u{FFFC}");
        let html = literal("x.html", "<p class=\"SALE\">Hello<br\n>you</p>");
        assert_eq!(html, "\u{FFFC}Hello\u{FFFC}\nyou\u{FFFC}");
    }
}
