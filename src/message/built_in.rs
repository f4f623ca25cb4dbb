//! The templates that come with Duebell, embedded from `config/messages`.

/// The files of each language, with their paths below `config/messages`.
macro_rules! embedded {
    ($($language:literal)*) => {
        &[
            file!("layout.html"),
            $(
                file!($language, "/call/menu.txt"),
                file!($language, "/call/goodbye.txt"),
                file!($language, "/call/machine.txt"),
                file!($language, "/call/send_link.txt"),
                file!($language, "/call/promise.txt"),
                file!($language, "/call/wrong_number.txt"),
                file!($language, "/call/opt_out.txt"),
                file!($language, "/courtesy/sms.txt"),
                file!($language, "/courtesy/voice.txt"),
                file!($language, "/courtesy/email.subject.txt"),
                file!($language, "/courtesy/email.txt"),
                file!($language, "/courtesy/email.html"),
                file!($language, "/soft/sms.txt"),
                file!($language, "/soft/voice.txt"),
                file!($language, "/soft/email.subject.txt"),
                file!($language, "/soft/email.txt"),
                file!($language, "/soft/email.html"),
                file!($language, "/arrangement/sms.txt"),
                file!($language, "/arrangement/voice.txt"),
                file!($language, "/arrangement/email.subject.txt"),
                file!($language, "/arrangement/email.txt"),
                file!($language, "/arrangement/email.html"),
                file!($language, "/hard/sms.txt"),
                file!($language, "/hard/voice.txt"),
                file!($language, "/hard/email.subject.txt"),
                file!($language, "/hard/email.txt"),
                file!($language, "/hard/email.html"),
            )*
        ]
    };
}

macro_rules! file {
    ($($part:literal),*) => {
        (concat!($($part),*), include_str!(concat!("../../config/messages/", $($part),*)))
    };
}

/// (path, text).
pub const FILES: &[(&str, &str)] = embedded!["ar" "de" "en" "es" "fr" "hi" "pt" "sw" "zh-Hans"];

/// The words of the subscriber's own page, in each language: (path, text).
pub const PAGES: &[(&str, &str)] = &[
    file!("ar", "/page.toml"),
    file!("de", "/page.toml"),
    file!("en", "/page.toml"),
    file!("es", "/page.toml"),
    file!("fr", "/page.toml"),
    file!("hi", "/page.toml"),
    file!("pt", "/page.toml"),
    file!("sw", "/page.toml"),
    file!("zh-Hans", "/page.toml"),
];

/// What every other language falls back to.
pub const ENGLISH_PAGE: &str = include_str!("../../config/messages/en/page.toml");
