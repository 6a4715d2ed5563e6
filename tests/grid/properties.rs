//! Whatever goes in comes out; whatever comes from outside is read or refused.
use kosmos::grid::gedis::{Call, Value};
use kosmos::grid::notary::{HASH, STORED};
use kosmos::grid::reservation::{DiskType, Mode, Password, Reservation, Wanted};
use kosmos::grid::sealed::{open, seal};
use kosmos::tfchain::KeyPair;
use proptest::collection::vec;
use proptest::prelude::*;

fn wanted() -> impl Strategy<Value = Wanted> {
    let place = "[a-z0-9._-]{0,40}";
    let modes = prop_oneof![Just(Mode::Seq), Just(Mode::User), Just(Mode::Direct)];
    let disks = prop_oneof![Just(DiskType::Hdd), Just(DiskType::Ssd)];
    prop_oneof![
        (1..3_u32, place, proptest::option::of(".{0,300}")).prop_map(
            |(size, location, organization)| Wanted::Vm {
                size,
                location,
                organization
            }
        ),
        (1..3_u32, place).prop_map(|(size, location)| Wanted::S3 { size, location }),
        (1..u32::MAX, place, disks, modes, ".{0,70000}").prop_map(
            |(size, location, disk_type, mode, password)| Wanted::Namespace {
                size,
                location,
                disk_type,
                mode,
                password: Password::new(password),
            }
        ),
        (".{0,40}", vec(".{0,40}", 0..20)).prop_map(|(domain, backend_urls)| {
            Wanted::ReverseProxy {
                domain,
                backend_urls,
            }
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn reservations_survive(wanted in wanted(), email in ".{0,40}", created in 0..u64::from(u32::MAX) * 4,
            duration in proptest::option::of(1..2_147_483_647_u32)) {
        let reservation = Reservation { duration, email, created, wanted };
        prop_assert_eq!(Reservation::unpack(&reservation.pack()), Ok(reservation));
    }

    #[test]
    fn boxes_open(plain in vec(any::<u8>(), 0..300), nonce in any::<[u8; 24]>()) {
        let (a, b) = (KeyPair::from_secret_seed(&[1; 32]), KeyPair::from_secret_seed(&[2; 32]));
        let content = seal(&plain, &a, b.public_key(), nonce).unwrap();
        prop_assert_eq!(content.len(), plain.len() + 40);
        let opened = open(&content, &b, a.public_key()).unwrap();
        prop_assert_eq!(&*opened, &plain);
    }

    #[test]
    fn objects_survive(hash in "[^\0]{0,80}", id in "[^\0]{0,80}", a in vec(any::<u8>(), 0..600), b in vec(any::<u8>(), 0..100)) {
        let values = vec![Value::Text(hash), Value::Text(id), Value::Data(a), Value::Data(b)];
        prop_assert_eq!(STORED.read_object(&STORED.object(&values)).unwrap(), values.clone());
        prop_assert_eq!(STORED.read_argument(&STORED.argument(&values)).unwrap(), values.clone());
        prop_assert_eq!(STORED.read_msgpack(&STORED.msgpack(&values, Some(3))).unwrap(), values.clone());
        prop_assert_eq!(STORED.read_json(STORED.json(&values, None).as_bytes()).unwrap(), values);
    }

    #[test]
    fn nothing_panics(bytes in vec(any::<u8>(), 0..300), cut in 0..80_usize) {
        let _ = Reservation::unpack(&bytes);
        let _ = HASH.read_argument(&bytes);
        let _ = HASH.read_msgpack(&bytes);
        let _ = HASH.read_json(&bytes);
        let _ = Call::read(&[bytes.clone(), bytes.clone(), bytes.clone()]);
        // A good start leads deeper.
        let mut object = STORED.object(&vec![Value::Data(bytes.clone()); 4]);
        object.truncate(object.len().saturating_sub(cut));
        let _ = STORED.read_object(&object);
        let mut object = HASH.object(&[]);
        object.truncate(17);
        object.extend(bytes);
        let _ = HASH.read_object(&object);
    }
}
