//! The first time, and whoever lets people in.

use super::{Answer, Guest, House, code, hidden};

#[track_caller]
fn leads(answer: &Answer, place: &str) {
    assert_eq!((answer.status, answer.place()), (303, place), "{}", answer.body);
}

/// Chooses a password, sets the second factor up, and has the codes.
async fn comes_in(guest: &mut Guest<'_>, name: &str, start: &str) -> Answer {
    leads(&guest.knock(name, start).await, "/console/welcome");
    let fields = "password=a+calm+river+at+dusk&again=a+calm+river+at+dusk";
    guest.fill("/welcome", "/welcome", fields).await;
    let page = guest.get("/welcome/code").await.body;
    let code = code(&shown(&page), guest.house.now());
    guest.fill("/welcome/code", "/welcome/code", &format!("code={code}")).await
}

/// The key as the page has it for those who type.
#[track_caller]
fn shown(page: &str) -> String {
    let groups = page.split("<code class=\"secret\">").nth(1).expect("a key");
    groups.split('<').next().unwrap().replace(' ', "")
}

#[tokio::test]
async fn the_first_time_asks_for_a_password_a_second_step_and_nothing_less() {
    let house = House::open().await;
    let start = house.newcomer("cho", "viewer").await;
    let mut cho = house.guest();
    leads(&cho.knock("cho", &start).await, "/console/welcome");
    // No step is left out.
    leads(&cho.get("/me").await, "/console/sign-in?next=%2Fme");
    leads(&cho.get("/welcome/code").await, "/console/welcome?next=%2F");
    leads(&cho.get("/sign-in/code").await, "/console/welcome");
    let token = hidden(&cho.get("/welcome").await.body, "token");
    leads(
        &cho.post("/welcome/code", &format!("token={token}&code=000000")).await,
        "/console/welcome",
    );
    let same = format!("password={start}&again={start}");
    let refused = cho.fill("/welcome", "/welcome", &same).await;
    assert!(refused.body.contains("the password that you have"), "{}", refused.body);
    let fields = "password=a+calm+river+at+dusk&again=a+calm+river+at+dusk";
    leads(&cho.fill("/welcome", "/welcome", fields).await, "/console/welcome/code?next=%2F");

    let page = cho.get("/welcome/code").await.body;
    let key = shown(&page);
    // Seen again, it is the same; nothing of it is kept yet.
    assert_eq!(shown(&cho.get("/welcome/code").await.body), key);
    assert_eq!(house.store.people().find("cho").await.unwrap().unwrap().secret, None);
    let wrong = cho.fill("/welcome/code", "/welcome/code", "code=000000").await;
    assert!(wrong.status == 422 && wrong.body.contains("clock of your telephone"));
    let right = format!("code={}", code(&key, house.now()));
    let codes = cho.fill("/welcome/code", "/welcome/code", &right).await;
    assert_eq!((codes.status, codes.body.matches("<li><code>").count()), (200, 10));
    assert_eq!(cho.get("/me").await.status, 200);
    // The start password is worth nothing from then on.
    assert_eq!(house.guest().knock("cho", &start).await.status, 422);
    leads(&house.guest().knock("cho", "a calm river at dusk").await, "/console/sign-in/code");
    let kept = house.store.people().find("cho").await.unwrap().unwrap();
    assert_eq!((kept.recovery.len(), kept.start_until), (10, None));
    let first = codes.body.split("<li><code>").nth(1).unwrap().split('<').next().unwrap();
    assert!(!kept.recovery.iter().any(|hash| hash.contains(first)));
}

#[tokio::test]
async fn an_admin_adds_somebody_and_the_start_password_is_seen_once() {
    let house = House::open().await;
    house.person("root", "admin").await;
    let mut root = house.signed_in("root").await;
    let fields = "name=Dee&role=maker&role=viewer";
    let started = root.fill("/people", "/people", fields).await;
    assert_eq!(started.status, 200, "{}", started.body);
    let password = started.body.split("<code class=\"secret\">").nth(1).unwrap();
    let password = password.split('<').next().unwrap().to_owned();
    assert!(root.get("/people/dee").await.body.contains("Has a start password"));
    assert!(!root.get("/people/dee").await.body.contains(&password));
    let mut dee = house.guest();
    assert_eq!(comes_in(&mut dee, "dee", &password).await.status, 200);
    assert_eq!(dee.get("/people").await.status, 403);
    for (fields, said) in [
        ("name=dee&role=viewer", "dee is there already"),
        ("name=a+b&role=viewer", "That is no name"),
        ("name=eve", "at least one role"),
        ("name=eve&role=owner", "at least one role"),
    ] {
        let refused = root.fill("/people", "/people", fields).await;
        assert!(refused.status == 422 && refused.body.contains(said), "{fields}");
    }
}

#[tokio::test]
async fn an_admin_changes_others_and_not_themselves() {
    let house = House::open().await;
    house.person("root", "admin").await;
    house.person("dee", "viewer").await;
    let mut root = house.signed_in("root").await;
    let mut dee = house.signed_in("dee").await;
    for act in ["roles", "disable", "reset", "sessions"] {
        let path = format!("/people/root/{act}");
        let refused = root.fill("/people", &path, "role=checker").await;
        assert!(refused.status == 422 && refused.body.contains("about yourself"), "{act}");
    }
    assert_eq!(root.get("/people").await.status, 200);
    let done = root.fill("/people/dee", "/people/dee/roles", "role=auditor").await;
    leads(&done, "/console/people/dee?said=said_roles");
    let roles = house.store.people().find("dee").await.unwrap().unwrap().roles;
    assert_eq!(roles.to_string(), "auditor");

    leads(
        &root.fill("/people/dee", "/people/dee/sessions", "").await,
        "/console/people/dee?said=said_sessions",
    );
    leads(&dee.get("/me").await, "/console/sign-in?next=%2Fme");
    root.fill("/people/dee", "/people/dee/disable", "").await;
    assert_eq!(house.guest().knock("dee", super::PASSWORD).await.status, 422);
    root.fill("/people/dee", "/people/dee/enable", "").await;
    leads(&house.guest().knock("dee", super::PASSWORD).await, "/console/sign-in/code");

    // A reset takes the second step away with the password, never alone.
    let reset = root.fill("/people/dee", "/people/dee/reset", "").await;
    let password = shown(&reset.body);
    assert_eq!(house.guest().knock("dee", super::PASSWORD).await.status, 422);
    assert_eq!(comes_in(&mut house.guest(), "dee", &password).await.status, 200);
    assert_eq!(root.get("/people/nobody").await.status, 404);
}
