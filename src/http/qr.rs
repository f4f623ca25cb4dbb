//! QR codes: what a telephone's camera reads off a screen or a sheet of paper.

/// Light places around a code, without which readers do not find it.
const QUIET: usize = 4;

/// A QR code as the path of an SVG: its side with the quiet zone around it, and
/// a square of one for each dark place. `None` where the text is too long for
/// any code.
pub fn drawn(text: &str) -> Option<(usize, String)> {
    let code = qrcode::QrCode::new(text).ok()?;
    let width = code.width();
    let mut path = String::new();
    for (at, color) in code.to_colors().into_iter().enumerate() {
        if color == qrcode::Color::Dark {
            let (x, y) = (at % width + QUIET, at / width + QUIET);
            path.push_str(&format!("M{x} {y}h1v1h-1z"));
        }
    }
    Some((width + 2 * QUIET, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dark_place_is_drawn_inside_a_quiet_zone() {
        let text = "https://pay.example.net/4711";
        let (side, path) = drawn(text).unwrap();
        let code = qrcode::QrCode::new(text).unwrap();
        let dark = code.to_colors().into_iter().filter(|it| *it == qrcode::Color::Dark).count();
        assert_eq!((side, path.matches("h1v1h-1z").count()), (code.width() + 2 * QUIET, dark));
        // The corner of the first finder.
        assert!(path.starts_with("M4 4h1v1h-1zM5 4h1v1h-1z"), "{path}");
    }

    #[test]
    fn what_no_code_can_hold_is_not_drawn() {
        assert_eq!(drawn(&"x".repeat(8_000)), None);
    }
}
