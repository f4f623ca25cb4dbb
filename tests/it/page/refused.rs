//! Who gets no page, and what is not taken on it.

use super::*;

async fn nothing_was_said(world: &World) {
    assert_eq!(world.settled().await.len(), 0);
    assert_eq!(world.suppressed().await, []);
    assert_eq!(world.holds().await, []);
}

#[tokio::test]
async fn a_scanner_that_follows_every_link_changes_nothing() {
    let world = World::open().await;
    let path = world.path();
    let stop = world.path_of(world.link(Purpose::Stop, Channel::Email));
    let page = world.get(&path).await;
    let mut links: Vec<String> = page
        .body
        .split("href=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .filter(|link| link.starts_with('?'))
        .map(|link| format!("{path}{link}"))
        .collect();
    assert!(links.len() >= 7, "{links:?}");
    links.extend([path.clone(), stop]);
    for act in ["promise", "paid", "dispute", "hardship", "call", "stop", "stop_all", "wrong"] {
        links.push(format!("{path}?said={act}"));
        links.push(format!("{path}?act={act}&by=2026-03-13&List-Unsubscribe=One-Click"));
    }
    for link in links {
        assert_eq!(world.get(&link).await.status, 200, "{link}");
        let head = format!("HEAD {link} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        assert_eq!(world.ask(&head).await.status, 200);
    }
    nothing_was_said(&world).await;
    assert_eq!(world.by_noon().await, [Channel::Sms]);
}

#[tokio::test]
async fn a_link_that_is_not_ours_opens_nothing_and_an_old_one_says_so() {
    let world = World::open().await;
    let path = world.path();
    let other = Links::new(&["x".repeat(40)], "https://r.example.net/p/", 30).unwrap();
    let forged = format!("/p/{}", other.token(world.link(Purpose::Page, Channel::Sms)));
    for wrong in [&forged, "/p/x", "/p/%00", &path[..path.len() - 1], &format!("{path}A")] {
        let answer = world.get(wrong).await;
        assert_eq!(answer.status, 404, "{wrong}");
        assert!(answer.body.contains("This page does not exist"), "{}", answer.body);
        assert!(answer.body.contains("+44 20 7946 0000") && !answer.body.contains("50.00"));
        let answer = world.post(wrong, "", "act=stop_all").await;
        assert_eq!(answer.status, 404, "{wrong}");
    }
    // A link of ours, to what nobody was reminded of or is forgotten.
    let gone = Link {
        reminder: ReminderId::first_of("2026-03-10".parse().unwrap()),
        ..world.link(Purpose::Page, Channel::Sms)
    };
    assert_eq!(world.get(&world.path_of(gone)).await.status, 404);

    world.clock.set(at("2026-04-10T12:00Z"));
    let german = format!(
        "GET {path} HTTP/1.1\r\nhost: a\r\naccept-language: xx,de-AT;q=0.9\r\nconnection: close\r\n\r\n"
    );
    let answer = world.ask(&german).await;
    assert_eq!(answer.status, 410);
    assert!(answer.body.contains("Dieser Link ist abgelaufen"), "{}", answer.body);
    assert_eq!(world.post(&path, "", "act=stop_all").await.status, 410);
    nothing_was_said(&world).await;
}

#[tokio::test]
async fn without_keys_there_is_no_page() {
    let world = World::open().await;
    let mut closed = World::open().await;
    closed.bench.workshop.links = None;
    assert!(duebell::app::page(&closed.bench.workshop, &Settings::default()).is_none());
    drop(world);
}

#[tokio::test]
async fn a_foreign_site_sends_nothing_in_the_subscribers_name() {
    let world = World::open().await;
    let path = world.path();
    let form = hidden(&world.get(&path).await.body, "form");
    let body = format!("form={form}&act=stop_all");
    for origin in [
        "origin: https://evil.example\r\n",
        "origin: null\r\nsec-fetch-site: cross-site\r\n",
        "sec-fetch-site: same-site\r\n",
    ] {
        assert_eq!(world.post(&path, origin, &body).await.status, 403, "{origin}");
    }
    // A form that the page did not give out, or gave to another.
    for form in ["", "1.x", "1773124200.AAAAAAAAAAAAAAAA"] {
        let answer = world.post(&path, "", &format!("form={form}&act=stop_all")).await;
        assert_eq!(answer.status, 422);
        assert!(answer.body.contains("Please send it once more"));
    }
    let by_mail = world.path_of(world.link(Purpose::Page, Channel::Email));
    let other = world.post(&by_mail, "", &body).await;
    assert_eq!(other.status, 422);
    nothing_was_said(&world).await;
    // As browsers send it from our own page.
    let own = "origin: null\r\nsec-fetch-site: same-origin\r\n";
    assert_eq!(world.post(&path, own, &body).await.status, 303);
    // A page that lay open overnight is sent again.
    world.clock.set(at("2026-03-11T06:31Z"));
    assert_eq!(world.post(&path, own, &body).await.status, 422);
}

#[tokio::test]
async fn what_the_rules_or_the_room_do_not_allow_is_told_where_it_was_written() {
    let world = World::open().await;
    let path = world.path();
    let form = hidden(&world.get(&path).await.body, "form");
    let long = "x".repeat(501);
    for (fields, says, kept) in [
        (
            "act=promise&by=2026-03-09",
            "Choose a day from 10 March 2026 to 24 March 2026",
            "2026-03-09",
        ),
        ("act=promise&by=2026-03-25", "Choose a day from", "2026-03-25"),
        ("act=promise&by=soon", "Choose a day from", "soon"),
        ("act=promise&by=2026-03-13&amount=0", "Write an amount such as €50.00", "value=\"0\""),
        ("act=promise&by=2026-03-13&amount=-5", "Write an amount", "value=\"-5\""),
        ("act=promise&by=2026-03-13&amount=many", "Write an amount", "many"),
        ("act=dispute&words=+%0A", "Please write a few words.", "aria-invalid"),
        (&format!("act=dispute&words={long}"), "That is too long.", &long),
        (&format!("act=paid&reference={long}"), "That is too long.", "open"),
    ] {
        let answer = world.post(&path, "", &format!("form={form}&{fields}")).await;
        assert_eq!(answer.status, 422, "{fields}");
        assert!(answer.body.contains(says), "{says} is missing in:\n{}", answer.body);
        assert!(answer.body.contains(kept), "{kept} was lost:\n{}", answer.body);
    }
    for (body, status) in
        [("", 400), ("act=fly", 400), ("\u{0}\u{1}%%%", 400), (&*"x".repeat(20_000), 413)]
    {
        assert_eq!(world.post(&path, "", body).await.status, status);
    }
    nothing_was_said(&world).await;
}

#[tokio::test]
async fn who_sends_too_much_is_asked_to_wait_and_others_are_not() {
    let world = World::with(Settings { posts_per_hour: 3, ..Settings::default() }).await;
    for _ in 0..3 {
        world.say("act=call&words=x").await;
    }
    let path = world.path();
    let answer = world.post(&path, "", "act=call").await;
    assert_eq!(answer.status, 429);
    assert!(answer.head.contains("retry-after: 3600") && answer.body.contains("in an hour"));
    assert_eq!(world.get(&path).await.status, 200);
    world.clock.set(at("2026-03-10T07:31Z"));
    world.say("act=call&words=x").await;
    assert_eq!(world.settled().await.len(), 1);
}
