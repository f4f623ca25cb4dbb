//! Every room of the console, with everybody who might come: what is not
//! allowed is refused. The rooms come from the router's own list, so a new one
//! is in here from its first day.

use duebell::http::console::{Room, rooms};
use duebell::model::staff::{Permit, Role};

use super::{Answer, Guest, House};

/// Whoever is at the door.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Who {
    Nobody,
    /// Signed in when they were disabled.
    Disabled,
    /// Has shown the password alone.
    Half,
    With(Role),
}

/// One person for each role, one for each other state, and one to be acted on.
async fn peopled() -> House {
    let house = House::open().await;
    for role in Role::ALL {
        house.person(role.as_str(), role.as_str()).await;
    }
    for name in ["half", "zed"] {
        house.person(name, "viewer").await;
    }
    // Everything there is, and none of it any more.
    house.person("gone", "viewer,operator,maker,checker,admin,auditor").await;
    house
}

impl Who {
    fn all() -> Vec<Who> {
        let others = [Who::Nobody, Who::Disabled, Who::Half];
        others.into_iter().chain(Role::ALL.map(Who::With)).collect()
    }

    async fn guest(self, house: &House) -> Guest<'_> {
        match self {
            Who::Nobody => house.guest(),
            Who::Half => house.session("half", false).await,
            Who::With(role) => house.session(role.as_str(), true).await,
            Who::Disabled => {
                let people = house.store.people();
                people.let_in("gone", true, &house.doer()).await.unwrap();
                people.let_in("gone", false, &house.doer()).await.unwrap();
                // Not even a session that outlived it.
                house.session("gone", true).await
            }
        }
    }

    fn may(self, permit: Permit) -> bool {
        match (self, permit) {
            (_, Permit::Anyone) | (Who::Half, Permit::Entering) => true,
            (Who::With(role), permit) => role.may(permit),
            _ => false,
        }
    }
}

/// The room's path, with somebody in the place of a name.
fn path(room: &Room) -> String {
    // The console's own address has no slash at its end.
    let path = if room.path == "/" { "" } else { room.path };
    path.replace("{name}", "zed").replace("{id}", "zed")
}

async fn asks(guest: &mut Guest<'_>, room: &Room) -> Answer {
    let path = path(room);
    match room.method.as_str() {
        "GET" => guest.get(&path).await,
        _ => guest.post(&path, &format!("token={}", guest.token)).await,
    }
}

#[tokio::test]
async fn every_room_lets_in_whoever_may_and_nobody_else() {
    let house = peopled().await;
    let (mut let_in, mut refused) = (0, 0);
    for room in rooms() {
        for who in Who::all() {
            let answer = asks(&mut who.guest(&house).await, &room).await;
            let told = format!("{who:?} {} {}: {}", room.method, room.path, answer.status);
            let place = answer.place();
            let leads_to_door =
                place == "/console/sign-in" || place.starts_with("/console/sign-in?next=");
            if who.may(room.permit) {
                let is_refused = matches!(answer.status, 401 | 403) || leads_to_door;
                assert!(!is_refused && answer.status < 500, "{told}");
                let_in += 1;
                continue;
            }
            refused += 1;
            match (who, room.permit) {
                // They are in already.
                (Who::With(_), Permit::Entering) => {
                    assert_eq!(answer.place(), "/console", "{told}")
                }
                (Who::With(_), _) => assert_eq!(answer.status, 403, "{told}"),
                _ if room.method == "GET" => assert!(leads_to_door, "{told}"),
                _ => assert_eq!(answer.status, 401, "{told}"),
            }
        }
    }
    assert!(let_in > 80 && refused > 80, "{let_in} and {refused} were looked at");
}

#[tokio::test]
async fn what_is_refused_has_changed_nothing() {
    let house = peopled().await;
    let before = house.store.people().all().await.unwrap();
    for room in rooms().into_iter().filter(|room| room.method == "POST") {
        for who in Who::all().into_iter().filter(|who| !who.may(room.permit)) {
            let mut guest = who.guest(&house).await;
            let more = "&role=admin&language=zh-Hans&password=a+calm+river+at+night\
                        &again=a+calm+river+at+night";
            guest.post(&path(&room), &format!("token={}{more}", guest.token)).await;
        }
    }
    let strip = |mut all: Vec<duebell::store::Person>| {
        all.iter_mut().for_each(|one| one.disabled_at = None);
        all
    };
    assert_eq!(strip(house.store.people().all().await.unwrap()), strip(before));
}

/// Who may, for each room that changes something.
fn acts() -> Vec<(Room, Who)> {
    let posts = rooms().into_iter().filter(|room| room.method == "POST");
    posts
        .map(|room| {
            let mut all = Who::all().into_iter().rev();
            let who = all.find(|who| who.may(room.permit)).expect("somebody may");
            (room, who)
        })
        .collect()
}

#[tokio::test]
async fn no_form_of_another_site_is_taken_by_any_room() {
    let house = peopled().await;
    for (room, who) in acts() {
        for said in [
            "",
            "origin: null\r\n",
            "origin: https://evil.example\r\n",
            "origin: https://d.example.net.evil.example\r\n",
            "origin: https://d.example.net\r\nsec-fetch-site: cross-site\r\n",
            "origin: https://d.example.net\r\nsec-fetch-site: same-site\r\n",
            "sec-fetch-site: none\r\n",
        ] {
            let mut guest = who.guest(&house).await;
            let body = format!("token={}", guest.token);
            let answer = guest.ask("POST", &path(&room), said, &body).await;
            assert_eq!(answer.status, 403, "{} {said:?}", room.path);
            assert!(answer.body.contains("not sent from a page of the console"));
        }
    }
}

#[tokio::test]
async fn no_form_without_the_token_of_its_session_is_taken_by_any_room() {
    let house = peopled().await;
    for (room, who) in acts().into_iter().filter(|(room, _)| room.permit != Permit::Anyone) {
        let other = who.guest(&house).await.token;
        for token in ["", "x", &other] {
            let mut guest = who.guest(&house).await;
            let answer = guest.post(&path(&room), &format!("token={token}")).await;
            assert_eq!(answer.status, 403, "{} {token:?}", room.path);
            assert!(answer.body.contains("a sign-in that is over"), "{}", answer.body);
        }
    }
}

const ALWAYS: [(&str, &str); 4] = [
    (
        "content-security-policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
         connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    ("referrer-policy", "same-origin"),
    ("x-content-type-options", "nosniff"),
    ("x-robots-tag", "noindex, nofollow"),
];

#[track_caller]
fn is_armoured(told: &str, answer: &Answer) {
    for (name, value) in ALWAYS {
        assert_eq!(answer.header(name), Some(value), "{told}: {}", answer.head);
    }
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{told}");
    // No cookie but ours, and ours in one way alone.
    if let Some(cookie) = answer.header("set-cookie") {
        let (name, rest) = cookie.split_once('=').unwrap();
        let (_, rest) = rest.split_once("; ").unwrap();
        let attributes = "Path=/; Secure; HttpOnly; SameSite=Strict";
        assert_eq!(name, "__Host-duebell", "{told}");
        assert_eq!(rest.trim_end_matches("; Max-Age=0"), attributes, "{told}");
    }
}

#[tokio::test]
async fn every_answer_of_every_room_has_the_headers_that_keep_it() {
    let house = peopled().await;
    let mut cookies = 0;
    for room in rooms() {
        for who in Who::all() {
            let answer = asks(&mut who.guest(&house).await, &room).await;
            is_armoured(&format!("{who:?} {}", room.path), &answer);
            cookies += usize::from(answer.header("set-cookie").is_some());
        }
        let wrong = who_may(&house, &room).await.ask("DELETE", &path(&room), "", "").await;
        is_armoured(&format!("DELETE {}", room.path), &wrong);
    }
    assert!(cookies > 5, "{cookies} cookies were looked at");
    let mut ann = house.session("viewer", true).await;
    let slash = ann.get("/").await;
    assert_eq!((slash.status, slash.place()), (303, "/console"));
    is_armoured("a slash at the end", &slash);
    let nowhere = ann.get("/nowhere").await;
    assert_eq!(nowhere.status, 404);
    is_armoured("nowhere", &nowhere);
    let long = ann.post("/me/language", &"a".repeat(64 * 1024 + 1)).await;
    assert_eq!(long.status, 413);
    is_armoured("too long", &long);
}

async fn who_may<'h>(house: &'h House, room: &Room) -> Guest<'h> {
    let mut all = Who::all().into_iter().rev();
    all.find(|who| who.may(room.permit)).expect("somebody may").guest(house).await
}

#[tokio::test]
async fn style_and_script_are_files_that_may_be_kept() {
    let house = House::open().await;
    let page = house.guest().get("/sign-in").await.body;
    let mut seen = 0;
    for part in page.split("/console/assets/").skip(1) {
        let name = part.split('"').next().unwrap();
        let file = house.guest().get(&format!("/assets/{name}")).await;
        assert_eq!(file.status, 200, "{name}");
        assert_eq!(file.header("cache-control"), Some("public, max-age=31536000, immutable"));
        let kind = file.header("content-type").unwrap();
        assert!(kind.starts_with("text/css") || kind.starts_with("text/javascript"), "{kind}");
        seen += 1;
    }
    assert_eq!(seen, 2);
    assert!(!page.contains("style=") && !page.contains("<style"), "{page}");
}
