//! What a message may say: the facts of one account, as template variables.
//!
//! Values are data, never templates: they are cleaned here, and a template
//! cannot make them anything else.

use std::collections::BTreeMap;

use jiff::civil::Date;
use minijinja::value::Value;

use super::language;
use super::locale::{Locale, Style};
use super::name::{cleaned, greeting};
use super::operator::Operator;
use super::spoken;
use crate::model::content::{FACTS, TemplateFacts};
use crate::model::law::Block;
use crate::model::{AccountId, BillId, Channel, Money, billing, money};

/// The facts behind one message.
#[derive(Debug, Clone)]
pub struct MessageFacts<'a> {
    pub operator: &'a Operator,
    /// As the billing system has it; unfit names give a neutral greeting.
    pub name: &'a str,
    pub account: &'a AccountId,
    /// BCP 47 tag; it also says how amounts and dates are written.
    pub language: &'a str,
    /// The subscriber's local day.
    pub on: Date,
    /// What is still owed; at least one bill.
    pub bills: Vec<BillLine>,
    /// Where the subscriber may answer; empty where there is no such page.
    pub reply_url: &'a str,
    /// What the law asks this message to hold.
    pub asked: &'a [Block],
}

/// One unpaid bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillLine {
    pub bill: BillId,
    pub remaining: Money,
    pub due_on: Date,
}

/// Every variable that a template may name, as `undeclared_variables` spells
/// them. Variables of one bill exist inside `{% for bill in bills %}`.
pub const VARIABLES: &[&str] = &[
    "operator.name",
    "operator.phone",
    "operator.pay_url",
    "operator.pay_site",
    "operator.bank",
    "name",
    "account",
    "bills",
    "totals",
    "total",
    "due_on",
    "days_past_due",
    "is_overdue",
    "many",
    "pause",
    "reply_url",
    "notes",
    "opt_out",
    "language",
    "direction",
];

/// Every variable of one bill.
pub const BILL_VARIABLES: &[&str] = &["id", "amount", "due_on", "days_past_due", "is_overdue"];

/// What is written here is read by eye or by ear; each wants other marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Medium {
    pub style: Style,
    pub is_html: bool,
}

/// Keeps a telephone number in order inside text that runs from right to left.
const LEFT_TO_RIGHT_MARK: char = '\u{200E}';

impl MessageFacts<'_> {
    /// The variables, as written in `spoken` (the language of the template).
    ///
    /// The subscriber's own tag decides about amounts and dates where it is a
    /// variant of that language: `de-CH` in a German text, but not `ja` in an
    /// English one.
    pub(super) fn variables(&self, spoken: &str, medium: Medium) -> Value {
        let is_variant = language::same_language(self.language, spoken);
        let locale = Locale::of(if is_variant { self.language } else { spoken });
        let rtl = language::is_right_to_left(spoken);

        let sums = money::totals(self.bills.iter().map(|line| line.remaining));
        let totals: Vec<String> =
            sums.into_iter().map(|sum| amount(sum, &locale, medium)).collect();
        let due_on = self.bills.iter().map(|line| line.due_on).min().unwrap_or(self.on);

        let mut all: BTreeMap<&str, Value> = self.when(due_on, &locale, medium);
        all.insert("operator", self.operator(rtl, medium));
        all.insert("name", greeting(self.name).into());
        all.insert("account", identifier(self.account.as_str(), medium).into());
        all.insert("pause", pause(medium).into());
        all.insert("reply_url", cleaned(self.reply_url).into());
        all.insert("notes", self.notes(spoken, &locale, medium).into());
        let has_own_words = self.operator.content.is_elsewhere(Block::OptOut);
        all.insert("opt_out", (self.asked.contains(&Block::OptOut) && !has_own_words).into());
        all.insert("bills", self.bills(&locale, medium));
        all.insert("total", locale.list(&totals).into());
        all.insert("totals", totals.into());
        all.insert("many", (self.bills.len() > 1).into());
        all.insert("language", spoken.into());
        all.insert("direction", if rtl { "rtl" } else { "ltr" }.into());
        Value::from(all)
    }

    /// The pieces of the message, for a provider that has templates of its own.
    pub fn for_template(&self, template: &str, spoken: &str, channel: Channel) -> TemplateFacts {
        let medium = Medium { style: Style::of(channel), is_html: false };
        let all = self.variables(spoken, medium);
        let word = |name: &&'static str| {
            let text = match *name {
                "bill_count" => self.bills.len().to_string(),
                name => {
                    let within = |value: Value, part| value.get_attr(part).unwrap_or_default();
                    name.split('.').fold(all.clone(), within).to_string()
                }
            };
            (*name, text)
        };
        let words = FACTS.iter().map(word).collect();
        TemplateFacts { template: template.to_owned(), words }
    }

    fn operator(&self, rtl: bool, medium: Medium) -> Value {
        let mut phone = cleaned(&self.operator.phone);
        // HTML says so with `dir`; plain text has only marks, speech none.
        if rtl && !medium.is_html && medium.style != Style::Spoken {
            phone.insert(0, LEFT_TO_RIGHT_MARK);
        }
        Value::from(BTreeMap::from([
            ("name", Value::from(cleaned(&self.operator.name))),
            ("phone", phone.into()),
            ("pay_url", cleaned(&self.operator.pay_link(self.account)).into()),
            ("pay_site", cleaned(self.operator.pay_site()).into()),
            ("bank", cleaned(&self.operator.bank).into()),
        ]))
    }

    /// What the law asks for and the operator has words for, in its order.
    fn notes(&self, spoken: &str, locale: &Locale, medium: Medium) -> Vec<String> {
        let day = |days: u16| date(billing::plus_days(self.on, days.into()), locale, medium);
        let said = |block: &Block| self.operator.content.said(*block, spoken, day);
        self.asked.iter().filter_map(said).collect()
    }

    fn bills(&self, locale: &Locale, medium: Medium) -> Value {
        let mut lines: Vec<&BillLine> = self.bills.iter().collect();
        // The oldest first: that is the one to pay first.
        lines.sort_by(|a, b| (a.due_on, &a.bill).cmp(&(b.due_on, &b.bill)));
        let bill = |line: &BillLine| {
            let mut all = self.when(line.due_on, locale, medium);
            all.insert("id", identifier(line.bill.as_str(), medium).into());
            all.insert("amount", amount(line.remaining, locale, medium).into());
            Value::from(all)
        };
        lines.into_iter().map(bill).collect::<Vec<Value>>().into()
    }

    /// The variables that hang on a due date.
    fn when(&self, due_on: Date, locale: &Locale, medium: Medium) -> BTreeMap<&'static str, Value> {
        let days = billing::days_between(due_on, self.on);
        BTreeMap::from([
            ("due_on", date(due_on, locale, medium).into()),
            ("days_past_due", days.into()),
            ("is_overdue", (days > 0).into()),
        ])
    }
}

// What is spoken says of itself what it is.

fn amount(money: Money, locale: &Locale, medium: Medium) -> String {
    let words = locale.amount(money, medium.style);
    if medium.style == Style::Spoken { spoken::amount(money, &words) } else { words }
}

fn date(date: Date, locale: &Locale, medium: Medium) -> String {
    let words = locale.date(date, medium.style);
    if medium.style == Style::Spoken { spoken::date(date, &words) } else { words }
}

fn identifier(text: &str, medium: Medium) -> String {
    let text = cleaned(text);
    if medium.style == Style::Spoken { spoken::identifier(&text) } else { text }
}

fn pause(medium: Medium) -> String {
    if medium.style == Style::Spoken { spoken::pause() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::model::Currency;

    #[test]
    fn the_pieces_are_written_as_the_message_writes_them() {
        let operator = Operator::default();
        let account = AccountId::from("A-1");
        let currency: Currency = "CNY".parse().unwrap();
        let line = |id: &str, minor, due_on| BillLine {
            bill: id.into(),
            remaining: Money::new(minor, currency),
            due_on,
        };
        let bills = vec![line("1", 12_345, date(2026, 3, 1)), line("2", 100, date(2026, 2, 20))];
        let on = date(2026, 3, 2);
        let (name, language) = ("王小明", "zh");
        let facts = MessageFacts {
            operator: &operator,
            name,
            account: &account,
            language,
            on,
            bills,
            reply_url: "",
            asked: &[],
        };
        let pieces = facts.for_template("soft", "zh", Channel::Sms);
        let piece = |name: &str| pieces.words[name].as_str();
        assert_eq!(pieces.template, "soft");
        assert_eq!((piece("name"), piece("account")), ("王小明", "A-1"));
        assert!(piece("total").contains("124.45"), "{}", piece("total"));
        assert!(piece("due_on").contains("20"), "{}", piece("due_on"));
        assert_eq!((piece("days_past_due"), piece("bill_count")), ("10", "2"));
        assert_eq!(piece("operator.pay_url"), "https://pay.example.net/A-1");
        assert_eq!(
            (piece("operator.name"), piece("operator.pay_site")),
            ("Example Telecom", "pay.example.net")
        );
        for name in FACTS {
            assert!(!piece(name).is_empty(), "{name}");
        }
    }
}
