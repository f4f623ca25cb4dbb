//! What nobody is judged by, told by its name: columns that no card may be built
//! on, signals that no rule may name.
//!
//! A column is refused where its name says that it holds what a person is,
//! instead of what the account did. What stands in for such a thing without
//! saying so (a postcode, a first name) cannot be seen here; `duebell score
//! fairness` shows what it does.

/// Names and the reason. A name of two words is found in either spelling
/// (`marital_status`, `maritalStatus`); the languages are those of the
/// messages that are written in Latin letters.
const REFUSED: &[(&[&str], &str)] = &[
    (
        &["sex", "gender", "genders", "geschlecht", "sexo", "genero", "sexe", "genre", "jinsia"],
        "nobody is served worse for their sex",
    ),
    (
        &[
            "age",
            "birth",
            "birthday",
            "birthdate",
            "dob",
            "alter",
            "geburtstag",
            "geburtsdatum",
            "edad",
            "nacimiento",
            "idade",
            "nascimento",
            "naissance",
            "umri",
        ],
        "nobody is served worse for their age",
    ),
    (
        &[
            "nationality",
            "citizenship",
            "citizen",
            "nation",
            "immigrant",
            "immigration",
            "migrant",
            "migration",
            "nationalitaet",
            "staatsangehoerigkeit",
            "nacionalidad",
            "ciudadania",
            "nacionalidade",
            "cidadania",
            "nationalite",
            "uraia",
        ],
        "nobody is served worse for where they come from",
    ),
    (
        &[
            "race",
            "racial",
            "ethnicity",
            "ethnic",
            "ethnie",
            "skin",
            "caste",
            "tribe",
            "raza",
            "raca",
            "etnia",
            "hautfarbe",
            "kabila",
        ],
        "nobody is served worse for their origin",
    ),
    (
        &["religion", "religious", "faith", "church", "konfession", "religiao", "dini"],
        "nobody is served worse for what they believe",
    ),
    (
        &["political", "politics", "party membership", "union membership", "trade union"],
        "opinions and memberships have nothing to do with bills",
    ),
    (
        &[
            "marital",
            "marriage",
            "married",
            "civil status",
            "familienstand",
            "estado civil",
            "matrimonial",
            "spouse",
            "divorced",
            "widowed",
            "pregnant",
            "pregnancy",
            "children",
        ],
        "nobody is served worse for how they live together",
    ),
    (
        &[
            "disability",
            "disabled",
            "handicap",
            "health",
            "illness",
            "diagnosis",
            "behinderung",
            "discapacidad",
            "deficiencia",
            "ulemavu",
        ],
        "nobody is served worse for their health",
    ),
    (
        &["sexual orientation", "orientation", "transgender"],
        "nobody is served worse for whom they love or who they are",
    ),
    (&["genetic", "biometric"], "bodies have nothing to do with bills"),
    (&["id", "uuid", "guid"], "an identifier says who somebody is, and nothing about how they pay"),
];

/// Why no card may be built on a column of this name; `None` where one may.
pub fn refused(column: &str) -> Option<&'static str> {
    let words = words(column);
    let is_there = |name: &str| {
        let name: Vec<&str> = name.split(' ').collect();
        words.windows(name.len()).any(|part| part == name)
    };
    REFUSED.iter().find(|(names, _)| names.iter().any(|name| is_there(name))).map(|it| it.1)
}

/// The words of a name: `maritalStatus`, `MARITAL-STATUS` and `marital_status`
/// have the same two.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_small = false;
    for c in name.chars() {
        let starts = was_small && c.is_uppercase();
        was_small = c.is_lowercase();
        if !c.is_alphanumeric() || starts {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphabetic()) {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_is_is_refused_however_it_is_spelt() {
        for name in [
            "SEX",
            "Gender",
            "age",
            "AGE_GROUP",
            "customerAge",
            "Date of Birth",
            "dob",
            "birth_date",
            "Nationality",
            "citizenship",
            "religion",
            "race",
            "ethnicity",
            "MARRIAGE",
            "marital_status",
            "maritalStatus",
            "MARITAL-STATUS",
            "civil status",
            "disability",
            "geschlecht",
            "edad",
            "ID",
            "customer_id",
            "sex2",
        ] {
            assert!(refused(name).is_some(), "{name}");
        }
    }

    #[test]
    fn what_an_account_did_is_not() {
        for name in [
            "ageing_bucket",
            "average_late",
            "usage",
            "message_count",
            "essex",
            "paid_amount",
            "tenure_months",
            "trace",
            "package",
            "mean_days_late",
            "PAY_0",
            "LIMIT_BAL",
            "idle",
            "union",
            "region",
        ] {
            assert_eq!(refused(name), None, "{name}");
        }
    }
}
