//! What a subscriber wishes on the page, and what is refused there with words.

use duebell::model::Wishes;
use duebell::model::law::Terms;
use duebell::policy::ContactRules;
use duebell::store::PlanStore;

use super::acts::assert_says;
use super::*;

/// Under a law that is open from eight to eight, but on Sundays.
async fn open() -> World {
    let terms = serde_json::json!({ "party": "first", "hours": { "mon-sat": "08:00-20:00" } });
    let terms: Terms = serde_json::from_value(terms).unwrap();
    World::under(Settings::default(), ContactRules::new(&terms, [], None)).await
}

async fn wishes(world: &World) -> Wishes {
    let facts = world.bench.store.facts(&[key("A")], "2026-03-10".parse().unwrap()).await;
    facts.unwrap().remove(0).account.wishes
}

/// Sends a form that the page does not take; what it says to that.
async fn refused(world: &World, fields: &str) -> Answer {
    let path = world.path();
    let form = hidden(&world.get(&path).await.body, "form");
    let answer = world.post(&path, "", &format!("form={form}&{fields}")).await;
    assert_eq!(answer.status, 422, "{}", answer.body);
    assert_eq!(world.settled().await.len(), 0);
    answer
}

#[tokio::test]
async fn hours_that_are_wished_are_shown_and_kept_at_once() {
    let world = open().await;
    let page = world.say("act=hours&day=mon&day=tue&day=wed&from=11:00&until=12:00").await;
    let says = "We get in touch with you at these times only: Monday – Wednesday 11:00–12:00.";
    assert_says(&page, says);
    let lines = world.settled().await;
    assert_eq!((lines.len(), lines[0].meaning.as_str()), (1, "wish"));
    assert_eq!(world.bench.waiting().await, [""; 0]);
    assert_eq!(wishes(&world).await.hours.unwrap().to_string(), "mon-wed=11:00-12:00");
    assert_says(&world.get(&world.path()).await, says);
    // Today is a Tuesday.
    assert_eq!(world.by_noon().await, [Channel::Sms]);
    assert_eq!(world.carrier.given()[0].2, at("2026-03-10T11:00Z"));

    world.clock.set(at("2026-03-10T13:00Z"));
    let page = world.say("act=any_time").await;
    assert!(!page.body.contains("at these times only:"), "{}", page.body);
    world.settled().await;
    assert_eq!(wishes(&world).await.hours, None);
}

#[tokio::test]
async fn hours_that_the_law_leaves_nothing_of_are_refused_and_others_are_named() {
    let world = open().await;
    for fields in ["day=sun&from=10:00&until=12:00", "day=mon&from=21:00&until=00:00"] {
        let page = refused(&world, &format!("act=hours&{fields}")).await;
        assert_says(
            &page,
            "We may not get in touch with you at that time. Choose another, such as 09:00–20:00.",
        );
    }
    // What was written stands there still.
    let page = refused(&world, "act=hours&day=sun&from=10:00&until=12:00").await;
    for kept in ["value=\"sun\" checked", "value=\"10:00\"", "value=\"12:00\""] {
        assert!(page.body.contains(kept), "{kept} is missing in:\n{}", page.body);
    }
    for fields in [
        "from=10:00&until=12:00",
        "day=mon&from=12:00&until=10:00",
        "day=mon&from=12:00&until=12:00",
        "day=mon&from=&until=12:00",
        "day=mon&from=noon&until=13:00",
        "day=someday&from=10:00&until=12:00",
    ] {
        let page = refused(&world, &format!("act=hours&{fields}")).await;
        assert_says(&page, "Choose one day at least, and a time that ends after it begins.");
    }
    assert_eq!(wishes(&world).await, Wishes::default());
}

#[tokio::test]
async fn a_channel_that_is_wished_goes_first() {
    let world = open().await;
    let page = world.say("act=channel&channel=email").await;
    assert_says(&page, "You would like to get an e-mail first.");
    world.settled().await;
    assert_eq!(world.by_noon().await, [Channel::Email]);

    // It was said on one page; another says the opposite on the same day.
    world.clock.set(at("2026-03-10T13:00Z"));
    world.say("act=channel&channel=").await;
    world.settled().await;
    world.clock.set(at("2026-03-10T14:00Z"));
    world.say("act=channel&channel=email").await;
    world.settled().await;
    assert_eq!(wishes(&world).await.channel, Some(Channel::Email));
}

#[tokio::test]
async fn only_what_the_page_offers_may_be_wished() {
    let world = open().await;
    for fields in ["act=channel&channel=pigeon", "act=language&language=xx", "act=language"] {
        refused(&world, fields).await;
    }
    world.say("act=stop").await;
    world.settled().await;
    let page = world.get(&world.path()).await.body;
    assert!(page.contains("<option value=\"email\"") && !page.contains("<option value=\"sms\""));
}

#[tokio::test]
async fn whoever_wishes_for_a_language_is_answered_and_reminded_in_it() {
    let mut world = open().await;
    world.bench.workshop.providers = duebell::app::sandboxed(&world.bench.sandbox);
    // It was read in German, by the link below.
    let path = format!("{}?l=de", world.path());
    let form = hidden(&world.get(&path).await.body, "form");
    let answer = world.post(&path, "", &format!("form={form}&act=language&language=fr")).await;
    assert!(answer.head.contains("location: ?said=language\r\n"), "{}", answer.head);
    let page = world.get(&format!("{}?said=language", world.path())).await;
    assert_says(&page, "Votre facture");
    world.settled().await;
    assert_says(&world.get(&world.path()).await, "<option value=\"fr\" lang=\"fr\" selected>");
    world.bench.round(OPEN).await;
    assert_eq!(world.bench.messages()[0].language, "fr");
}
