//! Currencies to read and to hear: symbols, and names for voices.
//!
//! Small tables for the languages that come with Duebell, after CLDR. A
//! currency that is not here keeps its ISO code, which everybody can look up.

/// The symbol of a currency to a reader of `primary`; its code where none is
/// common.
pub fn symbol<'a>(code: &'a str, primary: &str, region: Option<&str>) -> &'a str {
    let at_home = match (primary, region) {
        // In the Americas the bare dollar is one's own.
        ("es", Some(region)) if region != "ES" => Some(own_dollar(code, region)),
        ("en" | "fr", Some(region @ ("AU" | "CA" | "NZ"))) => own_dollar(code, region).into(),
        _ => None,
    };
    if let Some(symbol) = at_home.flatten() {
        return symbol;
    }
    match (code, primary) {
        ("EUR", "es") if region.is_some_and(|region| region != "ES") => code,
        ("EUR", "de") if region == Some("CH") => code,
        ("EUR", _) => "€",
        ("USD", "en") if matches!(region, None | Some("US" | "IN")) => "$",
        ("USD", "de" | "hi") => "$",
        ("KES", "sw") => "Ksh",
        ("TZS", "sw") => "TSh",
        ("USD", "fr") => "$US",
        ("USD", "es") if region.is_some_and(|region| region != "ES") => code,
        ("USD", "en" | "es" | "pt" | "sw" | "zh" | "ar") => "US$",
        ("GBP", "en" | "de" | "hi" | "pt" | "sw" | "zh") => "£",
        ("GBP", "fr") => "£GB",
        ("GBP", "ar") => "UK£",
        ("JPY", "en") if matches!(region, None | Some("US")) => "¥",
        ("JPY", "de") => "¥",
        ("JPY", "en" | "hi" | "pt" | "sw" | "zh" | "ar") => "JP¥",
        ("CNY", "zh") => "¥",
        ("CNY", "en" | "de" | "hi" | "pt" | "sw" | "ar") => "CN¥",
        ("INR", "en" | "de" | "fr" | "hi" | "pt" | "sw" | "zh" | "ar") => "₹",
        ("BRL", "en" | "de" | "fr" | "hi" | "pt" | "sw" | "zh" | "ar") => "R$",
        ("CLP", "fr") => "$CL",
        ("MXN", "fr") => "$MX",
        ("MXN", "en" | "pt" | "zh" | "ar") => "MX$",
        ("KWD", "ar") => "د.ك.\u{200F}",
        ("AED", "ar") => "د.إ.\u{200F}",
        ("SAR", "ar") => "ر.س.\u{200F}",
        ("EGP", "ar") => "ج.م.\u{200F}",
        _ => code,
    }
}

/// The bare dollar, for a region's own currency.
fn own_dollar(code: &str, region: &str) -> Option<&'static str> {
    let own = matches!(
        (region, code),
        ("MX", "MXN")
            | ("AR", "ARS")
            | ("CL", "CLP")
            | ("CO", "COP")
            | ("UY", "UYU")
            | ("AU", "AUD")
            | ("CA", "CAD")
            | ("NZ", "NZD")
    );
    own.then_some("$")
}

/// The name of a currency for a voice, in the number that `magnitude` minor
/// units of `unit` to the whole ask for.
pub fn spoken<'a>(code: &'a str, primary: &str, magnitude: u64, unit: u64) -> &'a str {
    let one = match primary {
        "fr" | "pt" => magnitude < 2 * unit,
        _ => magnitude == unit,
    };
    let (singular, plural) = match (primary, code) {
        ("en", "EUR") => ("euro", "euros"),
        ("en", "USD") => ("US dollar", "US dollars"),
        ("en", "GBP") => ("pound", "pounds"),
        ("en", "CHF") => ("Swiss franc", "Swiss francs"),
        ("en", "INR") => ("rupee", "rupees"),
        ("en", "BRL") => ("real", "reais"),
        ("en", "JPY") => ("yen", "yen"),
        ("en", "CNY") => ("yuan", "yuan"),
        ("de", "EUR") => ("Euro", "Euro"),
        ("de", "USD") => ("US-Dollar", "US-Dollar"),
        ("de", "GBP") => ("Pfund", "Pfund"),
        ("de", "CHF") => ("Schweizer Franken", "Schweizer Franken"),
        ("es", "EUR") => ("euro", "euros"),
        ("es", "USD") => ("dólar", "dólares"),
        ("es", "MXN" | "COP" | "CLP" | "ARS") => ("peso", "pesos"),
        ("fr", "EUR") => ("euro", "euros"),
        ("fr", "USD") => ("dollar américain", "dollars américains"),
        ("fr", "CHF") => ("franc suisse", "francs suisses"),
        ("fr", "XOF" | "XAF") => ("franc CFA", "francs CFA"),
        ("pt", "BRL") => ("real", "reais"),
        ("pt", "EUR") => ("euro", "euros"),
        ("pt", "USD") => ("dólar", "dólares"),
        ("zh", "CNY") => ("元", "元"),
        ("zh", "USD") => ("美元", "美元"),
        ("zh", "EUR") => ("欧元", "欧元"),
        ("hi", "INR") => ("रुपया", "रुपये"),
        ("hi", "USD") => ("अमेरिकी डॉलर", "अमेरिकी डॉलर"),
        ("hi", "EUR") => ("यूरो", "यूरो"),
        ("sw", "KES" | "TZS" | "UGX") => ("shilingi", "shilingi"),
        ("sw", "USD") => ("dola za Marekani", "dola za Marekani"),
        ("sw", "EUR") => ("yuro", "yuro"),
        // Arabic counts in six ways; the invariable form is always understood.
        ("ar", "USD") => ("دولار أمريكي", "دولار أمريكي"),
        ("ar", "EUR") => ("يورو", "يورو"),
        ("ar", "EGP") => ("جنيه مصري", "جنيه مصري"),
        ("ar", "SAR") => ("ريال سعودي", "ريال سعودي"),
        ("ar", "AED") => ("درهم إماراتي", "درهم إماراتي"),
        ("ar", "KWD") => ("دينار كويتي", "دينار كويتي"),
        _ => (code, code),
    };
    if one { singular } else { plural }
}
