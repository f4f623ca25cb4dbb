//! The presets that come with Duebell, embedded from `config/law`.

macro_rules! presets {
    ($($name:literal)*) => {
        &[$(($name, include_str!(concat!("../../../config/law/", $name, ".toml")))),*]
    };
}

/// (name, text).
pub const FILES: &[(&str, &str)] = presets![
    "au" "be" "br" "ca" "cn" "de" "eu-base" "global-strict" "in" "jp" "uk" "us-first-party" "us-fl"
    "us-ma" "us-ny" "us-nyc" "us-third-party"
];
