//! Recorded keys, boxes, signatures and hashes.
use kosmos::grid::sealed::{SealError, Sealed, notary_hash, open, seal, shared_key};
use kosmos::tfchain::{KeyPair, PublicKey};

use super::{bytes, key, load, text};

#[test]
fn recorded_keys_are_converted() {
    for case in load("key_conversion.json") {
        let public = PublicKey::Ed25519(key(&case, "ed25519_public"));
        let converted = public.agreement_key().unwrap();
        assert_eq!(converted, key(&case, "curve25519_public"), "{case}");
        if case["ed25519_seed"].is_string() {
            let pair = KeyPair::from_secret_seed(&key(&case, "ed25519_seed"));
            assert_eq!(*pair.public_key(), public);
            assert_eq!(*pair.agreement_secret(), key(&case, "curve25519_private"));
        }
    }
}

#[test]
fn recorded_boxes_are_made_and_opened() {
    for case in load("reservation_crypto.json") {
        let user = KeyPair::from_secret_seed(&key(&case, "user_ed25519_seed"));
        let broker = KeyPair::from_secret_seed(&key(&case, "broker_ed25519_seed"));
        let plain = bytes(&case, "plaintext");
        let nonce: [u8; 24] = bytes(&case, "nonce").try_into().unwrap();
        let shared = shared_key(&user, broker.public_key()).unwrap();
        assert_eq!(*shared, key(&case, "shared_key"));
        let sealed = Sealed::new(&plain, &user, broker.public_key(), nonce).unwrap();
        assert_eq!(sealed.content, bytes(&case, "encrypted"), "{case}");
        assert_eq!(sealed.signature.to_string(), text(&case, "signature"));
        assert!(sealed.is_signed_by(user.public_key()));
        assert!(!sealed.is_signed_by(broker.public_key()));
        let id = case["threebot_identifier"].as_u64().unwrap();
        let hash = notary_hash(id, &sealed.content).to_string();
        assert_eq!(hash, text(&case, "notary_hash"));
        assert_eq!(hex::encode(hash), text(&case, "transaction_data_hex"));
        // The broker opens it, and so does the one who locked it.
        for (own, other) in [(&broker, &user), (&user, &broker)] {
            let opened = open(&sealed.content, own, other.public_key()).unwrap();
            assert_eq!(*opened, plain);
        }
    }
}

#[test]
fn what_was_changed_does_not_open() {
    let user = KeyPair::from_secret_seed(&[1; 32]);
    let broker = KeyPair::from_secret_seed(&[2; 32]);
    let content = seal(b"reservation", &user, broker.public_key(), [3; 24]).unwrap();
    for at in 0..content.len() {
        let mut changed = content.clone();
        changed[at] ^= 1;
        assert_eq!(
            open(&changed, &broker, user.public_key()).unwrap_err(),
            SealError::Opened
        );
    }
    for length in 0..40 {
        assert_eq!(
            open(&content[..length], &broker, user.public_key()).unwrap_err(),
            SealError::Short(length)
        );
    }
    let other = KeyPair::from_secret_seed(&[4; 32]);
    assert!(open(&content, &other, user.public_key()).is_err());
    // A key of small order would give everybody the same lock.
    let mut identity = [0; 32];
    identity[0] = 1;
    let weak = PublicKey::Ed25519(identity);
    assert_eq!(shared_key(&user, &weak).unwrap_err(), SealError::Key);
    assert_eq!(
        shared_key(&user, &PublicKey::Nil).unwrap_err(),
        SealError::Key
    );
}
