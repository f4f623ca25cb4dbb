//! Moratoriums: holds by area or cohort, where something has happened to many
//! at once, a flood or a failed bill run.

use jiff::civil::Date;
use serde::Serialize;

use super::{Account, Hold, HoldKind};

/// A stop for everybody who lives in an area, belongs to a segment, or both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moratorium {
    pub id: String,
    /// A place as the accounts feed names it; with a `*` at its end, every
    /// place that begins so. `None`: everywhere.
    pub area: Option<String>,
    /// `None`: every segment.
    pub segment: Option<String>,
    /// First day, at the subscriber's place.
    pub starts_on: Date,
    /// Last day, at the subscriber's place.
    pub ends_on: Date,
    pub owner: String,
    pub reason: String,
}

impl Moratorium {
    /// Whether it is about this account, on whatever day.
    pub fn covers(&self, account: &Account) -> bool {
        self.covers_place(&account.area, &account.segment)
    }

    /// Whether it is about accounts that live there and belong to that segment.
    pub fn covers_place(&self, lives: &str, segment: &str) -> bool {
        let is_there = |area: &String| match area.strip_suffix('*') {
            Some(start) => lives.starts_with(start),
            None => lives == *area,
        };
        self.area.as_ref().is_none_or(is_there)
            && self.segment.as_ref().is_none_or(|it| *it == segment)
    }

    /// Whether it holds those whom it covers back on their local day `day`.
    pub fn is_on(&self, day: Date) -> bool {
        self.starts_on <= day && day <= self.ends_on
    }

    /// What it is to an account that it covers.
    pub fn hold(&self) -> Hold {
        Hold {
            id: self.id.clone(),
            kind: HoldKind::Moratorium,
            bill: None,
            starts_on: self.starts_on,
            ends_on: Some(self.ends_on),
            amount: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use jiff::tz::TimeZone;

    use super::*;
    use crate::model::{AccountId, Bucket, Contacts, Tier, Wishes};

    fn covers(area: Option<&str>, segment: Option<&str>, lives: &str, belongs: &str) -> bool {
        let account = Account {
            bucket: Bucket::of("A"),
            id: AccountId::from("A"),
            name: String::new(),
            language: "en".to_owned(),
            zone: TimeZone::UTC,
            tier: Tier::Ordinary,
            segment: belongs.to_owned(),
            area: lives.to_owned(),
            person: None,
            agreed: Vec::new(),
            contacts: Contacts::default(),
            suppressed: Vec::new(),
            wishes: Wishes::default(),
        };
        let (starts_on, ends_on) = (date(2026, 3, 1), date(2026, 3, 31));
        let (id, owner, reason) = ("m1".to_owned(), "Ann".to_owned(), "the flood".to_owned());
        let (area, segment) = (area.map(str::to_owned), segment.map(str::to_owned));
        Moratorium { id, area, segment, starts_on, ends_on, owner, reason }.covers(&account)
    }

    #[test]
    fn it_is_about_an_area_a_segment_or_the_one_within_the_other() {
        assert!(covers(Some("21073"), None, "21073", "prepaid"));
        assert!(covers(Some("21*"), None, "21073", "prepaid"));
        assert!(!covers(Some("2107"), None, "21073", "prepaid"));
        assert!(covers(None, Some("prepaid"), "21073", "prepaid"));
        assert!(!covers(None, Some("prepaid"), "21073", "family"));
        assert!(covers(Some("21*"), Some("prepaid"), "21073", "prepaid"));
        assert!(!covers(Some("21*"), Some("prepaid"), "40210", "prepaid"));
    }

    #[test]
    fn whose_place_nobody_knows_lives_in_none() {
        assert!(!covers(Some("21073"), None, "", "prepaid"));
    }
}
