//! The recorded calls of both revisions.
use kosmos::grid::reservation::{Kind, Locations, Password, Request, Reservation};
use kosmos::tfchain::Amount;
use serde_json::Value;

use super::{bytes, load, text, wait};

/// The clock of the recordings.
const NOW: u64 = 1_561_000_000;

/// The locations that the recordings take for valid.
struct Known;

impl Locations for Known {
    async fn is_valid(&self, location: &str) -> bool {
        [
            "freefarm.s3-storage",
            "ac1f6b84a330",
            "green_edge_cloud.austria.vienna",
            "kristof-farm",
        ]
        .contains(&location)
    }
}

fn request(case: &Value, later: bool) -> Request {
    let kind = match text(case, "call") {
        "reserve_zos_vm" => Kind::Vm,
        "reserve_s3" => Kind::S3,
        "reserve_zdb_namespace" => Kind::Namespace,
        "reserve_reverse_proxy" => Kind::ReverseProxy,
        other => panic!("{other}"),
    };
    let args = &case["args"];
    let mut request = Request::new(kind, text(args, "email"));
    for (name, value) in args.as_object().unwrap() {
        let words = || value.as_str().unwrap_or_default().to_owned();
        match name.as_str() {
            "threebot_id" | "email" => {}
            "location" => request.location = words(),
            "size" => {
                let number = value.as_i64();
                request.size = number.unwrap_or_else(|| words().parse().unwrap());
            }
            "disk_type" => request.disk_type = words(),
            "mode" => request.mode = words(),
            "password" => request.password = Password::new(words()),
            "domain" => request.domain = words(),
            "backend_urls" => {
                request.backend_urls = match value {
                    Value::Array(urls) => {
                        let text = |url: &Value| url.as_str().unwrap().to_owned();
                        urls.iter().map(text).collect()
                    }
                    _ => vec![words()],
                }
            }
            "duration" => request.duration = value.as_i64(),
            "organization" => request.organization = Some(words()),
            other => panic!("{other}"),
        }
    }
    if later && request.duration.is_none() {
        request.duration = Some(1);
    }
    request
}

fn replay(file: &str, later: bool) {
    let mut good = 0;
    for case in load(file) {
        let outcome = wait(request(&case, later).check(&Known, NOW));
        if case["ok"] == false {
            let error = outcome.expect_err(&case.to_string());
            assert_eq!(error.to_string(), text(&case, "error"), "{case}");
            continue;
        }
        let reservation = outcome.unwrap_or_else(|error| panic!("{error}: {case}"));
        let packed = reservation.pack();
        assert_eq!(hex::encode(&packed), text(&case, "msgpack"), "{case}");
        let price = Amount::parse_units(text(&case, "amount_units")).unwrap();
        assert_eq!(reservation.price(), Some(price.clone()), "{case}");
        assert_eq!(Amount::parse_tft(text(&case, "amount_tft")), Ok(price));
        let fields = &case["packed_fields"];
        assert_eq!(text(fields, "type"), reservation.kind().as_str());
        assert_eq!(Reservation::unpack(&packed), Ok(reservation), "{case}");
        good += 1;
    }
    assert!(good > 5);
}

#[test]
fn recorded_calls_are_packed_and_refused_alike() {
    replay("reservations.json", false);
}

#[test]
fn recorded_calls_of_the_later_revision_too() {
    replay("reservations_later.json", true);
}

#[test]
fn what_the_box_holds_is_a_reservation() {
    for case in load("reservation_crypto.json") {
        if !text(&case, "label").starts_with("reserve_") {
            continue;
        }
        let packed = bytes(&case, "plaintext");
        let reservation = Reservation::unpack(&packed).unwrap();
        assert_eq!(reservation.pack(), packed, "{case}");
        assert_eq!(reservation.duration, None);
        assert_eq!(
            reservation.expiry(reservation.created),
            reservation.created + 604_800
        );
    }
}

#[test]
fn the_order_of_the_checks_is_the_one_of_the_original() {
    // Everything is wrong; what is put right in turn uncovers the next.
    let mut request = Request::new(Kind::Namespace, "nobody");
    request.disk_type = "tape".into();
    request.mode = "guess".into();
    request.size = 0;
    request.location = "nowhere".into();
    request.duration = Some(0);
    let say = |request: &Request| {
        wait(request.clone().check(&Known, NOW))
            .map(|_| ())
            .unwrap_err()
            .to_string()
    };
    assert_eq!(say(&request), "Invalid email :nobody");
    request.email = "  ".into();
    assert_eq!(say(&request), "could not find enum:'tape' in 'UNKNOWN'");
    request.disk_type = "HDD".into();
    assert_eq!(say(&request), "could not find enum:'guess' in 'UNKNOWN'");
    request.mode = "User".into();
    assert_eq!(say(&request), "field 'size' cannot be empty");
    request.size = 3;
    assert_eq!(say(&request), "location 'nowhere' is not valid");
    request.location = "kristof-farm".into();
    assert_eq!(say(&request), "field 'email' cannot be empty");
    request.email = " User@Mail.com ".into();
    assert_eq!(
        say(&request),
        "reservation duration has to be 1 month or more"
    );
    request.duration = Some(2);
    let done = wait(request.check(&Known, NOW)).unwrap();
    assert_eq!(done.email, "user@mail.com");
    assert_eq!(done.price(), Some(Amount::from_units(6 * 83_300_000)));
    assert_eq!(done.gives(), "3 GB on hdd");
}

#[test]
fn an_extension_is_packed_in_its_order() {
    let extension = Request::extension("ab12", "User@mail.com", 3).unwrap();
    let packed = extension.pack();
    assert_eq!(
        hex::encode(&packed),
        "84a474797065a9657874656e73696f6ea86475726174696f6e03ae7472616e73616374696f6e5f6964a461623132a5656d61696cad75736572406d61696c2e636f6d"
    );
    assert_eq!(Reservation::unpack(&packed), Ok(extension));
    let error = Request::extension("ab12", "user@mail.com", 0).unwrap_err();
    assert_eq!(
        error.to_string(),
        "reservation duration has to be 1 month or more"
    );
}

#[test]
fn a_password_is_not_shown() {
    let mut request = Request::new(Kind::Namespace, "user@mail.com");
    request.password = Password::new("open sesame");
    request.location = "kristof-farm".into();
    assert!(!format!("{request:?}").contains("sesame"));
    let done = wait(request.check(&Known, NOW)).unwrap();
    assert!(!format!("{done:?}").contains("sesame"));
}

#[test]
fn what_no_broker_should_take_is_refused() {
    for (hex, expected) in [
        ("80", "a reservation of type '' is not known"),
        ("90", "these bytes are no packed reservation"),
        (
            "81a474797065a3666f6f",
            "a reservation of type 'foo' is not known",
        ),
        ("81a474797065a2766d", "the reservation has no size"),
        (
            "82a474797065a2766da473697a6503",
            "size of the reservation is 3; 1 or 2",
        ),
        (
            "82a474797065a2766da473697a65ff",
            "size of the reservation is -1; 1 or more",
        ),
        (
            "81a474797065a2766d00",
            "these bytes are no packed reservation",
        ),
    ] {
        let error = Reservation::unpack(&hex::decode(hex).unwrap()).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}
