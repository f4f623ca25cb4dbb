//! Where the made-up subscribers live, and what people, firms, bills and
//! numbers look like there.
//!
//! Nobody real must be reached. Addresses are in the domains that RFC 2606
//! reserves. Telephone numbers come from ranges kept free for fiction
//! (Bundesnetzagentur, Mitteilung 148/2021; 555-0100 to 555-0199 in North
//! America) wherever there is one that libphonenumber takes for valid. In the
//! other countries they only have the form of a number: this population is
//! for the sandbox and must not be given to a real provider.

/// One place with its ways.
#[derive(Debug)]
pub struct Place {
    /// How many of a hundred subscribers live here.
    pub weight: i64,
    pub language: &'static str,
    pub zone: &'static str,
    pub currency: &'static str,
    /// The monthly bill of an ordinary account, in minor units, from and to.
    pub bill: (i64, i64),
    pub people: &'static People,
    /// The beginning of an e-mail address.
    pub mailbox: &'static str,
    /// Ranges of telephone numbers in the order of use: the beginning, and how
    /// many digits follow.
    pub phones: &'static [(&'static str, u32)],
}

/// What people and firms are called.
#[derive(Debug)]
pub struct People {
    pub given: &'static [&'static str],
    pub family: &'static [&'static str],
    /// `{given}` and `{family}` in their order.
    pub person: &'static str,
    pub firms: &'static [&'static str],
}

const GERMAN: People = People {
    given: &[
        "Jürgen", "Anna", "Björn", "Käthe", "Lukas", "Zoë", "Ömer", "Sophie", "Grażyna", "Uwe",
    ],
    family: &[
        "Müller",
        "Schmidt",
        "Weiß",
        "Yılmaz",
        "Krüger",
        "Großmann",
        "Kowalski",
        "Böhm",
        "Vogt",
    ],
    person: "{given} {family}",
    firms: &["{family} Logistik GmbH", "Bäckerei {family}", "{family} & Söhne KG"],
};
const ENGLISH: People = People {
    given: &["James", "Mary", "Aisha", "Liam", "Chloé", "Diego", "Grace", "Noah", "Siobhán", "Wei"],
    family: &[
        "Smith", "O'Brien", "Nguyen", "Johnson", "García", "Patel", "Brown", "MacLeod", "Kim",
    ],
    person: "{given} {family}",
    firms: &["{family} Freight Inc.", "{family} & Daughters LLC", "{family} Dental Group"],
};
const SPANISH: People = People {
    given: &["María", "José", "Íñigo", "Lucía", "Álvaro", "Nuria", "Begoña", "Hugo", "Concepción"],
    family: &[
        "López",
        "Núñez",
        "García Ibáñez",
        "Martín",
        "Muñoz",
        "Peña",
        "Sánchez",
        "Echeverría",
    ],
    person: "{given} {family}",
    firms: &["Transportes {family} S.L.", "Panadería {family}", "{family} Asesores S.A."],
};
const FRENCH: People = People {
    given: &["Éloïse", "François", "Inès", "Loïc", "Mélanie", "Noël", "Zoé", "Thibault", "Maël"],
    family: &["Lefèvre", "Dubois", "Benoît", "Garçon", "Moreau", "Nguyễn", "Châtelain", "Girard"],
    person: "{given} {family}",
    firms: &["Transports {family} SARL", "Boulangerie {family}", "{family} Conseil SAS"],
};
const PORTUGUESE: People = People {
    given: &["João", "Conceição", "Thiago", "Letícia", "Antônio", "Inês", "Caetano", "Luísa"],
    family: &["da Silva", "Gonçalves", "Araújo", "Souza", "Magalhães", "Assunção", "Nakamura"],
    person: "{given} {family}",
    firms: &["{family} Logística Ltda.", "Padaria {family}", "{family} Engenharia S.A."],
};
const CHINESE: People = People {
    given: &["芳", "伟", "秀英", "建国", "子涵", "丽", "浩然", "欣怡", "志强"],
    family: &["王", "李", "张", "刘", "陈", "欧阳", "赵", "司马", "黄"],
    person: "{family}{given}",
    firms: &["{family}氏贸易有限公司", "{family}记餐饮", "{family}氏物流集团"],
};
const ARABIC: People = People {
    given: &["محمد", "فاطمة", "أحمد", "مريم", "يوسف", "نورة", "عبد الله", "ليلى"],
    family: &["الحداد", "المنصوري", "بن علي", "الصباح", "العلوي", "النجار", "الهاشمي"],
    person: "{given} {family}",
    firms: &["شركة {family} للتجارة", "مخبز {family}", "مجموعة {family} للنقل"],
};

const GERMAN_PHONES: &[(&str, u32)] = &[
    ("+4917139200", 2),
    ("+49176040690", 2),
    ("+493023125", 3),
    ("+494066969", 3),
    ("+498999998", 3),
    ("+492214710", 3),
    ("+496990009", 3),
    ("+4915500", 6),
];

const fn place(
    weight: i64,
    (language, zone, currency): (&'static str, &'static str, &'static str),
    bill: (i64, i64),
    people: &'static People,
    mailbox: &'static str,
    phones: &'static [(&'static str, u32)],
) -> Place {
    Place { weight, language, zone, currency, bill, people, mailbox, phones }
}

pub const PLACES: &[Place] = &[
    place(24, ("de", "Europe/Berlin", "EUR"), (1499, 7999), &GERMAN, "kunde", GERMAN_PHONES),
    place(
        10,
        ("en", "America/New_York", "USD"),
        (2500, 14500),
        &ENGLISH,
        "customer",
        &[("+121255501", 2), ("+171855501", 2), ("+161755501", 2), ("+1267555", 4)],
    ),
    place(
        5,
        ("en", "America/Los_Angeles", "USD"),
        (2500, 14500),
        &ENGLISH,
        "customer",
        &[("+131055501", 2), ("+141555501", 2), ("+120655501", 2), ("+1503555", 4)],
    ),
    place(3, ("en", "Asia/Tokyo", "JPY"), (2980, 14800), &ENGLISH, "resident", &[("+818000", 6)]),
    place(13, ("es", "Europe/Madrid", "EUR"), (1990, 6990), &SPANISH, "cliente", &[("+34600", 6)]),
    place(10, ("fr", "Europe/Paris", "EUR"), (999, 5999), &FRENCH, "abonne", &[("+33600", 6)]),
    place(
        5,
        ("fr", "Africa/Casablanca", "MAD"),
        (9900, 49900),
        &FRENCH,
        "abonne",
        &[("+212600", 6)],
    ),
    place(
        11,
        ("pt", "America/Sao_Paulo", "BRL"),
        (4990, 24990),
        &PORTUGUESE,
        "assinante",
        &[("+55119000", 5)],
    ),
    place(
        3,
        ("pt", "Europe/Lisbon", "EUR"),
        (1499, 5999),
        &PORTUGUESE,
        "assinante",
        &[("+351910", 6)],
    ),
    place(
        8,
        ("zh-Hans", "Asia/Shanghai", "CNY"),
        (3900, 39900),
        &CHINESE,
        "yonghu",
        &[("+8613800", 6)],
    ),
    place(4, ("ar", "Asia/Dubai", "AED"), (12500, 64900), &ARABIC, "mushtarik", &[("+971500", 6)]),
    place(2, ("ar", "Asia/Kuwait", "KWD"), (5000, 35000), &ARABIC, "mushtarik", &[("+965500", 5)]),
    place(
        2,
        ("ar", "Africa/Casablanca", "MAD"),
        (9900, 49900),
        &ARABIC,
        "mushtarik",
        &[("+212650", 6)],
    ),
];

/// Domains that belong to nobody (RFC 2606).
pub const DOMAINS: &[&str] = &["example.org", "example.net", "example.com"];

impl Place {
    /// The telephone number of the `nth` subscriber here. Each has one of its
    /// own until all ranges are used up; then numbers repeat.
    pub fn phone(&self, nth: u64) -> String {
        let sizes = || self.phones.iter().map(|(_, digits)| 10_u64.pow(*digits));
        let mut left = nth % sizes().sum::<u64>();
        for ((beginning, digits), size) in self.phones.iter().zip(sizes()) {
            if left < size {
                return format!("{beginning}{left:0width$}", width = *digits as usize);
            }
            left -= size;
        }
        unreachable!("what is left is less than the sum of the sizes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Currency, PhoneNumber};

    #[test]
    fn every_place_exists_and_every_range_holds_valid_numbers() {
        assert_eq!(PLACES.iter().map(|place| place.weight).sum::<i64>(), 100);
        for place in PLACES {
            assert!(jiff::tz::TimeZone::get(place.zone).is_ok(), "{}", place.zone);
            assert!(place.currency.parse::<Currency>().is_ok(), "{}", place.currency);
            for nth in [0, 1, 99, 150, 199, 200, 250, 350, 700, 3_333, 5_199, 5_200, 9_999] {
                let number = place.phone(nth);
                assert!(PhoneNumber::parse(&number, None).is_some(), "{number}");
            }
        }
    }

    #[test]
    fn the_first_germans_have_numbers_that_are_kept_for_fiction() {
        let germans = &PLACES[0];
        let drama = &GERMAN_PHONES[..GERMAN_PHONES.len() - 1];
        for nth in 0..5_200 {
            let number = germans.phone(nth);
            assert!(drama.iter().any(|(range, _)| number.starts_with(range)), "{number}");
        }
    }
}
