//! Whether messages say what a law asks of them, by what they come to: each is
//! rendered with words that stand nowhere else, and these are looked for.
//!
//! A block holds where every sample shows it: one bill and two, with and
//! without a name, a bank account and a page of the subscriber's own.

use jiff::civil::{Date, date};

use super::locale::{Locale, Style};
use super::note::mark;
use super::{BillLine, MessageFacts, Messages, Operator, reply};
use crate::model::content::{Does, Prompt};
use crate::model::law::Block;
use crate::model::{AccountId, Channel, Content, Money, Severity};

const NAME: &str = "Zyqona Telecom";
const PHONE: &str = "+882 16 5550 1357";
const SITE: &str = "zyqona.example";
const DUE_ON: Date = date(2026, 2, 3);
const TODAY: Date = date(2026, 2, 10);
const PAGE: &str = "https://page.example/p/AaAaAaAaAaAaAaAaAaAaAaAaAaAaAaAaAaAa";

/// What the blocks of a law are for a message of this severity by this channel.
pub fn asked(law: &[Block], severity: Severity, channel: Channel) -> Vec<Block> {
    law.iter().copied().filter(|block| block.belongs(severity, channel)).collect()
}

/// A block that a message does not say.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unsaid {
    pub block: Block,
    /// The template that lacks it; `None` where the operator has no words for
    /// it yet.
    pub file: Option<String>,
}

/// One part of a message, as somebody reads or hears it.
struct Said {
    file: &'static str,
    text: String,
}

impl Messages {
    /// What of `asked` this message does not say.
    pub fn unsaid(
        &self,
        template: &str,
        channel: Channel,
        language: &str,
        operator: &Operator,
        asked: &[Block],
    ) -> Vec<Unsaid> {
        let lacks_words = |block: &Block| {
            let said = operator.content.said(*block, language, |_| String::new());
            !block.is_fact() && said.is_none()
        };
        let asked = asked.iter().copied().filter(|block| !operator.content.is_elsewhere(*block));
        let (wordless, asked): (Vec<Block>, Vec<Block>) = asked.partition(lacks_words);
        let unsaid = |block, file| Unsaid { block, file };
        let mut all: Vec<Unsaid> = wordless.into_iter().map(|block| unsaid(block, None)).collect();
        for sample in samples(operator) {
            let say = |asked: &[Block]| {
                let facts = sample.facts(language, asked);
                self.content(language, template, channel, &facts).ok()
            };
            let Some(content) = say(&asked) else { continue };
            let without = say(&[]).map_or(Vec::new(), |content| parts(&content));
            for (said, plain) in parts(&content).iter().zip(&without) {
                let holds = |block: Block| match (block, &content) {
                    (Block::OptOut, Content::Voice(prompt)) => has_key_to_stop(prompt),
                    (Block::OptOut, Content::Sms { text }) => reply::shows_how_to_stop(text),
                    // A mail says it in words of its own; that there are some
                    // is all that can be seen.
                    (Block::OptOut, Content::Email { .. }) => said.text != plain.text,
                    _ => sample.shows(&said.text, block, language, channel),
                };
                for block in asked.iter().copied().filter(|block| !holds(*block)) {
                    all.push(unsaid(block, Some(format!("{language}/{template}/{}", said.file))));
                }
            }
        }
        all.sort();
        all.dedup();
        all
    }
}

fn has_key_to_stop(prompt: &Prompt) -> bool {
    let keys = prompt.menu.iter().flat_map(|menu| &menu.keys);
    keys.into_iter().any(|key| key.does == Does::OptOut)
}

/// What a sample is rendered with.
struct Sample {
    operator: Operator,
    account: AccountId,
    name: &'static str,
    bills: Vec<BillLine>,
    reply_url: &'static str,
}

fn samples(operator: &Operator) -> Vec<Sample> {
    let bill = |id: &str, minor| BillLine {
        bill: id.into(),
        remaining: Money::new(minor, "EUR".parse().expect("the euro is in ISO 4217")),
        due_on: DUE_ON,
    };
    let one = vec![bill("zyq-1", 831_726)];
    let two = vec![bill("zyq-1", 831_726), bill("zyq-2", 29_475)];
    let sample = |bank: &str, name, bills, reply_url| Sample {
        operator: Operator {
            name: NAME.to_owned(),
            phone: PHONE.to_owned(),
            pay_url: format!("https://{SITE}/{{account}}"),
            bank: bank.to_owned(),
            content: operator.content.marked(),
        },
        account: "zyq-0".into(),
        name,
        bills,
        reply_url,
    };
    vec![
        sample("", "", one.clone(), ""),
        sample("Zyqona Bank", "Ana", one, PAGE),
        sample("", "Ana", two.clone(), PAGE),
        sample("Zyqona Bank", "", two, ""),
    ]
}

impl Sample {
    fn facts<'a>(&'a self, language: &'a str, asked: &'a [Block]) -> MessageFacts<'a> {
        MessageFacts {
            operator: &self.operator,
            name: self.name,
            account: &self.account,
            language,
            on: TODAY,
            bills: self.bills.clone(),
            reply_url: self.reply_url,
            asked,
        }
    }

    /// Whether `text` says what this sample has for the block.
    fn shows(&self, text: &str, block: Block, language: &str, channel: Channel) -> bool {
        let (locale, style) = (Locale::of(language), Style::of(channel));
        let has = |words: &str| text.contains(&plain(words));
        let amount = |minor| {
            let money = Money::new(minor, self.bills[0].remaining.currency);
            has(&locale.amount(money, style))
        };
        let all = || amount(self.bills.iter().map(|bill| bill.remaining.minor).sum());
        let each = || self.bills.iter().all(|bill| amount(bill.remaining.minor));
        let due = || has(&locale.date(DUE_ON, style));
        match block {
            Block::Identity => has(NAME),
            Block::Amount => all() || each(),
            Block::DueDate => due(),
            // That it is unpaid since then is the only one there is.
            Block::Reason => (all() || each()) && due(),
            Block::HowToPay => has(SITE),
            Block::Contact => has(PHONE),
            _ => has(&mark(block)),
        }
    }
}

/// Each part must hold by itself: some read the one, some the other.
fn parts(content: &Content) -> Vec<Said> {
    let said = |file, text: &str| Said { file, text: plain(text) };
    match content {
        Content::Sms { text } => vec![said("sms.txt", text)],
        Content::Voice(prompt) => vec![said("voice.txt", &prompt.words())],
        Content::Email { text, html, .. } => {
            // What stands in the head, such as the title, nobody reads.
            let body = html.find("<body").map_or(html.as_str(), |at| &html[at..]);
            let body = body.replace("&#x2f;", "/").replace("&#x27;", "'").replace("&amp;", "&");
            vec![said("email.txt", text), said("email.html", &body)]
        }
    }
}

/// With single plain spaces, however a locale groups its digits.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
