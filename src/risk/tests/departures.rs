//! Estimates by the figures, and why accounts went.

use proptest::prelude::*;
use proptest::sample::select;

use crate::model::cause::DebtClass;
use crate::model::departure::How;
use crate::model::evidence::{Complaint, EvidenceFeed, Outage, PortRequest, Topic};
use crate::model::{Channel, Tier};
use crate::risk::churn::{Codes, Kind};
use crate::risk::estimate::{Means, Yardsticks, estimate, worth_of_call};
use crate::risk::value::Way;

use super::generate::dossiers;
use super::*;

fn means(yardsticks: &Yardsticks) -> Means<'_> {
    Means { yardsticks, tolerance: 0 }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn an_estimate_says_of_a_contact_what_the_figures_say(
        dossier in dossiers(), class in select(DebtClass::ALL.to_vec()), owed in 0..2_000_000_i64,
    ) {
        let yardsticks = Yardsticks::built_in();
        let it = estimate(&means(&yardsticks), &dossier, class, None, TODAY);
        for way in &it.ways {
            let currency = it.currency.unwrap();
            let by_channel = Way::Channel(way.channel);
            let worth = yardsticks.figures.worth(owed, currency, class, None, by_channel).unwrap();
            prop_assert_eq!((worth.saves, worth.costs), (way.saves_of(owed), way.costs));
            prop_assert_eq!(worth.is_worth_it(), way.is_worth_it(owed));
            // The figures that come with Duebell are guesses.
            prop_assert!(!it.is_too_dear(way.channel, owed, currency));
        }
        prop_assert!(it.says_like(&it) && it.decides_like(&it));
    }

    #[test]
    fn whoever_went_has_a_code_and_the_malicious_have_no_way_back(
        mut dossier in dossiers(), class in select(DebtClass::ALL.to_vec()), is_barred: bool,
    ) {
        let codes = Codes::built_in();
        prop_assert_eq!(codes.attribute(&dossier, class, 0, TODAY), None);
        let contract = &mut dossier.evidence.contract;
        if is_barred { contract.barred_on = Some(TODAY) } else { contract.ended_on = Some(TODAY) }
        let went = codes.attribute(&dossier, class, 0, TODAY);
        prop_assert_eq!(went.is_some(), dossier.feeds.has(EvidenceFeed::Contracts));
        let Some(went) = went else { return Ok(()) };
        prop_assert_eq!(went.how == How::Barred, is_barred);
        prop_assert_eq!(codes.get(&went.code.name), Some(&went.code));
        if is_barred {
            prop_assert_eq!(&went.code, codes.barred(class));
            prop_assert!(!went.code.kind.is_active());
        }
        if went.code.kind == Kind::Malicious {
            prop_assert!(!went.code.win_back && class == DebtClass::Malicious);
        }
    }
}

#[test]
fn what_we_did_wrong_goes_before_what_others_do_better() {
    let codes = Codes::built_in();
    let code = |dossier: &Dossier| {
        codes.attribute(dossier, DebtClass::Malicious, 0, TODAY).unwrap().code.name
    };
    let mut dossier = account(&[Late(0), Late(0)]);
    dossier.evidence.contract.ended_on = Some(TODAY);
    assert_eq!(code(&dossier), "not_said");
    dossier.evidence.porting = vec![PortRequest { on: plus_days(TODAY, -9), withdrawn_on: None }];
    assert_eq!(code(&dossier), "number_ported");
    let outage = |from: i32, through: i32| Outage {
        area: "here".into(),
        starts_on: plus_days(TODAY, from),
        ends_on: Some(plus_days(TODAY, through)),
    };
    dossier.evidence.outages = vec![outage(-40, -39)];
    assert_eq!(code(&dossier), "number_ported");
    dossier.evidence.outages.push(outage(-20, -20));
    assert_eq!(code(&dossier), "network_fault");
    let complaint = Complaint {
        topic: Topic::Conduct,
        opened_on: plus_days(TODAY, -30),
        closed_on: Some(plus_days(TODAY, -20)),
        satisfied: Some(true),
        answered_on: None,
    };
    dossier.evidence.complaints = vec![complaint.clone()];
    assert_eq!(code(&dossier), "network_fault");
    dossier.evidence.complaints = vec![Complaint { satisfied: Some(false), ..complaint }];
    assert_eq!(code(&dossier), "care_fault");
    // Whoever goes owing did not choose to.
    let mut owing = account(&[Late(0), Nothing]);
    owing.evidence = dossier.evidence;
    assert_eq!(code(&owing), "barred_malicious");
}

#[test]
fn a_call_is_about_what_is_owed_for_days_and_says_what_it_is_worth() {
    let yardsticks = Yardsticks::built_in();
    let means = means(&yardsticks);
    let mut dossier = account(&[Late(0), Nothing]);
    dossier.tier = Some(Tier::Key);
    let it = estimate(&means, &dossier, DebtClass::Unknown, None, TODAY);
    assert_eq!(it.ways.len(), Channel::ALL.len());
    // Due on the first, two weeks ago; 15 percent may be lost, a call saves 15 of them.
    let (owed, worth) = worth_of_call(&means, &dossier, &it, 14, TODAY).unwrap();
    assert_eq!((owed, worth.unwrap().saves), (2_000, 45));
    assert_eq!(worth_of_call(&means, &dossier, &it, 15, TODAY), None);
}
