//! What the law in force asks messages to say, and whether those that
//! scenarios use say it: in every language, on every channel of every step.

use std::collections::{BTreeMap, BTreeSet};

use super::{Laws, Loaded, Problem, Settings};
use crate::message::{self, Messages, Unsaid};
use crate::model::law::{AtLeast, Block};
use crate::model::{Channel, Severity};
use crate::policy::law::Law;
use crate::policy::{Scenario, Step};

/// What to do where the law asks for more than the operator means to say.
const LOOSER: &str = "or sign off less as a [[contact.override]] of content";

impl Loaded {
    /// What the laws ask of this message, wherever a scenario uses it.
    pub fn asked(&self, template: &str, channel: Channel) -> Vec<Block> {
        let mut all = BTreeSet::new();
        for scenario in &self.scenarios {
            let law = &self.laws.of(&scenario.name).terms.content.0;
            for step in
                scenario.steps.iter().filter(|step| templates(step).any(|it| it == template))
            {
                if step.channels.contains(&channel) {
                    all.extend(message::asked(law, step.severity, channel));
                }
            }
        }
        all.into_iter().collect()
    }
}

/// The message sets of a step: its own, and the offer of an arrangement that
/// takes the place of a soft one's.
fn templates(step: &Step) -> impl Iterator<Item = &str> {
    let is_offer = step.severity == Severity::Soft && !step.is_notice();
    let mut templates = vec![step.template()];
    templates.extend(is_offer.then_some(message::ARRANGEMENT));
    templates.into_iter()
}

/// Every block that some message lacks, by the file that is to be mended.
pub fn unsaid(
    scenarios: &[(String, Scenario)],
    laws: &Laws,
    messages: &Messages,
    settings: &Settings,
) -> Vec<Problem> {
    let mut found: BTreeMap<Unsaid, String> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for (_, scenario) in scenarios {
        let law = laws.of(&scenario.name);
        for step in &scenario.steps {
            for channel in &step.channels {
                let asked = message::asked(&law.terms.content.0, step.severity, *channel);
                let place = format!("step {}", step.name);
                for template in templates(step) {
                    if !seen.insert((template, *channel, asked.clone())) {
                        continue;
                    }
                    for language in messages.languages(template, *channel) {
                        let operator = &settings.operator;
                        let lacks =
                            messages.unsaid(template, *channel, &language, operator, &asked);
                        for one in lacks {
                            let (scenario, law) = (&scenario.name, &law.name);
                            let of = || format!("{place} of {scenario} under the law {law}");
                            found.entry(one).or_insert_with(of);
                        }
                    }
                }
            }
        }
    }
    let mut problems: Vec<Problem> =
        found.into_iter().map(|(one, place)| told(&one, &place)).collect();
    problems.extend(scenarios.iter().filter_map(|(_, one)| too_soon(laws.of(&one.name), settings)));
    problems.dedup();
    problems
}

/// A day of suspension that the law's days of notice leave no time for.
fn too_soon(law: &Law, settings: &Settings) -> Option<Problem> {
    let block = Block::SuspensionDate;
    let AtLeast(notice) = law.terms.notice_days.filter(|_| law.terms.content.0.contains(&block))?;
    let soonest = settings.operator.content.soonest(block).filter(|it| u32::from(*it) < notice)?;
    let what = format!(
        "names the day in {soonest} days, and the law {} has {notice} days of notice; write {{+{notice}}} or later",
        law.name
    );
    Some(Problem::in_file("settings", &format!("operator.content.{block}"), &what))
}

fn told(Unsaid { block, file }: &Unsaid, place: &str) -> Problem {
    match file {
        None => Problem::in_file(
            "settings",
            &format!("operator.content.{block}"),
            &format!(
                "is not set, and {place} asks for it; write it as {{ en = \"…\" }}, or \"elsewhere\" \
                 where you see to it otherwise, {LOOSER}"
            ),
        ),
        Some(file) => Problem::in_file(
            &format!("messages/{file}"),
            "",
            &format!(
                "does not always say {block}, and {place} asks for it; {}, set operator.content.{block} \
                 = \"elsewhere\" where it is said in other words, {LOOSER}",
                mend(*block)
            ),
        ),
    }
}

fn mend(block: Block) -> &'static str {
    match block {
        Block::Identity => "write {{ operator.name }}",
        Block::Amount => "write {{ total }}",
        Block::DueDate => "write {{ due_on }}",
        Block::Reason => "write {{ total }} and {{ due_on }}",
        Block::HowToPay => {
            "write {{ operator.pay_url }}, or {{ operator.pay_site }} where it is spoken"
        }
        Block::Contact => "write {{ operator.phone }}",
        Block::OptOut => "write {% if opt_out %}, which word or key stops these, {% endif %}",
        _ => "write {% for note in notes %}{{ note }} {% endfor %}",
    }
}
